package samplertest_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
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

func (climber) Sample(_ context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	return near(q, best(q), name, d), nil
}

// best returns the best complete trial, of equals the first.
func best(q *sampler.Query) *storage.Trial {
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

// near draws near a trial, now and then and in the beginning anywhere.
func near(q *sampler.Query, best *storage.Trial, name string, d distributions.Distribution) float64 {
	u, n := q.Rand.Float64(), q.History.Len()
	if best == nil || n < 10 || n%5 == 0 {
		return d.FromUnit(u)
	}
	p, ok := best.Param(name)
	if !ok {
		return d.FromUnit(u)
	}
	return d.FromUnit(d.ToUnit(p.Value) + 0.5*math.Pow(float64(n)/10, -1.2)*q.Rand.NormFloat64())
}

// careful is a climber with all that a sampler can have. In small discrete
// spaces it tries every point once.
type careful struct{ climber }

var (
	_ sampler.JointSampler = careful{}
	_ sampler.Starter      = careful{}
	_ sampler.Exhauster    = careful{}
	_ sampler.Validator    = careful{}
	_ sampler.NoRepeater   = careful{}
)

func (careful) Validate([]storage.Direction) error { return nil }
func (careful) NoRepeats() bool                    { return true }

// Start notes something, without a need.
func (careful) Start(_ context.Context, q *sampler.Query) error {
	if q.SetAttr == nil {
		return nil
	}
	return q.SetAttr("hone:careful", q.History.Len())
}

// points lists the points of a space of at most 100; nil: it has more.
func points(space map[string]distributions.Distribution) []map[string]float64 {
	out := []map[string]float64{{}}
	for _, name := range slices.Sorted(maps.Keys(space)) {
		d := space[name]
		n, ok := d.Size()
		if !ok || n*len(out) > 100 {
			return nil
		}
		var next []map[string]float64
		for _, p := range out {
			for k := range n {
				v := float64(k)
				switch d := d.(type) {
				case distributions.Int:
					v = float64(d.Low + k*max(d.Step, 1))
				case distributions.Float:
					v = d.FromUnit((v + 0.5) / float64(n))
				}
				q := maps.Clone(p)
				q[name] = v
				next = append(next, q)
			}
		}
		out = next
	}
	return out
}

// untried returns the points of a space that no trial has run or runs at. ok is
// false if the space is large.
func untried(q *sampler.Query, space map[string]distributions.Distribution) (free []map[string]float64, ok bool) {
	all := points(space)
	if all == nil || len(space) == 0 {
		return nil, false
	}
	tried := make(map[string]bool)
	for _, t := range slices.Concat(q.History.Trials(), q.Running) {
		p := make(map[string]float64)
		for _, x := range t.Params {
			if _, ok := space[x.Name]; ok {
				p[x.Name] = x.Value
			}
		}
		tried[fmt.Sprint(p)] = true
	}
	return slices.DeleteFunc(all, func(p map[string]float64) bool { return tried[fmt.Sprint(p)] }), true
}

func (careful) Exhausted(_ context.Context, q *sampler.Query) (bool, error) {
	free, ok := untried(q, q.History.Space())
	return ok && len(free) == 0, nil
}

func (careful) SampleJoint(_ context.Context, q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	if free, ok := untried(q, space); ok && len(free) > 0 {
		return free[q.Rand.IntN(len(free))], nil
	}
	b, out := best(q), make(map[string]float64)
	for _, name := range slices.Sorted(maps.Keys(space)) {
		if !strings.HasPrefix(name, "p5") { // some it leaves to Sample
			out[name] = near(q, b, name, space[name])
		}
	}
	return out, nil
}

func TestRandom(t *testing.T) {
	samplertest.Options{Blind: true}.Run(t, func() sampler.Sampler { return random{} })
}

func TestClimber(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return climber{} })
}

func TestCareful(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return careful{} })
}

func TestDiscrete(t *testing.T) {
	o := samplertest.Options{Discrete: true, FixedSpace: true, Trials: 15, Budget: 80}
	o.Run(t, func() sampler.Sampler { return picky{} })
}

// picky refuses continuous domains, and changes of the space.
type picky struct{ climber }

func (p picky) Sample(ctx context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	if _, ok := d.Size(); !ok {
		return 0, fmt.Errorf("picky: %q has the continuous domain %s", name, d)
	}
	old, ok := q.History.Space()[name]
	if ok != (len(q.History.Space()) > 0) || ok && !distributions.Equal(old, d) {
		return 0, fmt.Errorf("picky: %q has a domain of its own, %s", name, d)
	}
	return p.climber.Sample(ctx, q, name, d)
}

func TestFailuresOfASoundSampler(t *testing.T) {
	if got := samplertest.Failures(t, func() sampler.Sampler { return careful{} }); len(got) > 0 {
		t.Errorf("a sound sampler fails: %q", got)
	}
}
