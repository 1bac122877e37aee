package downstream

import (
	"context"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
)

// Elite looks around the best trial so far: half of the values are drawn at
// random, the others from a tenth of the range around the best one.
type Elite struct{}

// Sample implements [sampler.Sampler].
func (Elite) Sample(_ context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	best, at := 0.0, -1
	for i, v := range q.History.Value(0) {
		v *= q.Directions[0].Sign()
		// NaN is no result; of equals the first number, whatever the order.
		if v == v && (at < 0 || v < best || v == best && q.History.Trial(i).Number < q.History.Trial(at).Number) {
			best, at = v, i
		}
	}
	u := q.Rand.Float64()
	if at >= 0 && q.Rand.IntN(2) == 0 {
		if p, ok := q.History.Trial(at).Param(name); ok {
			u = min(max(d.ToUnit(p.Value)+(u-0.5)/10, 0), 1)
		}
	}
	return d.FromUnit(u), nil
}
