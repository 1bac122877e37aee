package sampler

import (
	"context"

	"github.com/gohone/hone/distributions"
)

// Auto is the default sampler. It chooses an algorithm by what the study looks
// like. Today that is always Random.
type Auto struct {
	random Random
}

// Sample implements [Sampler].
func (a *Auto) Sample(ctx context.Context, q *Query, name string, d distributions.Distribution) (float64, error) {
	return a.random.Sample(ctx, q, name, d)
}
