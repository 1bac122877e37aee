package samplertest_test

import (
	"context"
	"math"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

// random draws evenly: the smallest sampler there is.
type random struct{}

func (random) Sample(_ context.Context, q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
	return d.FromUnit(q.Rand.Float64()), nil
}

// climber draws near the best trial so far: the smallest sampler that learns.
type climber struct{}

func (c *climber) Sample(_ context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	return c.choose(q, c.best(q), name, d), nil
}

// best returns the best complete trial, of equals the first.
func (c *climber) best(q *sampler.Query) *storage.Trial {
	var best *storage.Trial
	sign := q.Directions[0].Sign()
	for _, t := range q.History.Trials() {
		if t.State != storage.Complete || len(t.Values) == 0 || math.IsNaN(t.Values[0]) {
			continue
		}
		if best == nil || sign*t.Values[0] < sign*best.Values[0] || t.Values[0] == best.Values[0] && t.Number < best.Number {
			best = t
		}
	}
	return best
}

func (c *climber) choose(q *sampler.Query, best *storage.Trial, name string, d distributions.Distribution) float64 {
	u := q.Rand.Float64()
	n := q.History.Len()
	if best == nil || n < 10 || n%5 == 0 {
		return d.FromUnit(u)
	}
	p, ok := best.Param(name)
	if !ok {
		return d.FromUnit(u)
	}
	return d.FromUnit(d.ToUnit(p.Value) + 0.5*math.Pow(float64(n)/10, -1.2)*q.Rand.NormFloat64())
}

func TestRandom(t *testing.T) {
	samplertest.Options{Blind: true}.Run(t, func() sampler.Sampler { return random{} })
}

func TestClimber(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return &climber{} })
}
