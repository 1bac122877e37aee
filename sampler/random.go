package sampler

import (
	"context"

	"github.com/gohone/hone/distributions"
)

// Random draws every value independently and uniformly from its domain: on the
// logarithmic scale for one that has it, each of the values alike for integers,
// steps and categories. It has no settings.
//
// Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 13
// (2012), 281–305, on why this is a better base line than a grid.
type Random struct{}

// Sample implements [Sampler].
func (*Random) Sample(_ context.Context, q *Query, _ string, d distributions.Distribution) (float64, error) {
	return d.FromUnit(q.Rand.Float64()), nil
}
