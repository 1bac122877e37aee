package downstream

import (
	"context"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
)

// forgetful is Elite without its last line of care: it returns a place in the unit
// interval instead of a value of the domain.
type forgetful struct{ Elite }

func (f forgetful) Sample(ctx context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	v, err := f.Elite.Sample(ctx, q, name, d)
	return d.ToUnit(v), err
}
