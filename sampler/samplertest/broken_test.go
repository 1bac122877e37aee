package samplertest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

type (
	sampleFunc = func(q *sampler.Query, name string, d distributions.Distribution) (float64, error)
	jointFunc  = func(q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error)
)

// A broken sampler is a careful one that breaks one promise: its functions
// stand in for the methods.
type broken struct {
	sample    sampleFunc
	joint     jointFunc
	start     func(q *sampler.Query) error
	exhausted func(q *sampler.Query) (bool, error)
	validate  func(d []storage.Direction) error
	noRepeats bool
}

func (b *broken) Sample(_ context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	return b.sample(q, name, d)
}

func (b *broken) SampleJoint(_ context.Context, q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	return b.joint(q, space)
}
func (b *broken) Start(_ context.Context, q *sampler.Query) error             { return b.start(q) }
func (b *broken) Exhausted(_ context.Context, q *sampler.Query) (bool, error) { return b.exhausted(q) }
func (b *broken) Validate(d []storage.Direction) error                        { return b.validate(d) }
func (b *broken) NoRepeats() bool                                             { return b.noRepeats }

// breakIt returns fresh broken samplers.
func breakIt(take func(b *broken)) func() sampler.Sampler {
	return func() sampler.Sampler {
		ctx, c := context.Background(), careful{}
		b := &broken{
			sample: func(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
				return c.Sample(ctx, q, name, d)
			},
			joint: func(q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
				return c.SampleJoint(ctx, q, space)
			},
			start:     func(q *sampler.Query) error { return c.Start(ctx, q) },
			exhausted: func(q *sampler.Query) (bool, error) { return c.Exhausted(ctx, q) },
			validate:  c.Validate,
			noRepeats: true,
		}
		take(b)
		return b
	}
}

// alone has every value chosen with Sample, by f.
func (b *broken) alone(f sampleFunc) {
	b.sample = f
	b.joint = func(*sampler.Query, map[string]distributions.Distribution) (map[string]float64, error) {
		return nil, nil
	}
	b.exhausted = func(*sampler.Query) (bool, error) { return false, nil }
	b.noRepeats = false
}

// onSample refuses what check refuses, and goes on otherwise.
func (b *broken) onSample(check func(q *sampler.Query, name string, d distributions.Distribution) error) {
	sample, joint := b.sample, b.joint
	b.sample = func(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
		if err := check(q, name, d); err != nil {
			return 0, err
		}
		return sample(q, name, d)
	}
	b.joint = func(q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
		for name, d := range space {
			if err := check(q, name, d); err != nil {
				return nil, err
			}
		}
		return joint(q, space)
	}
}

var errRefused = errors.New("refused")

// A breakage is one way to break a sampler.
type breakage struct {
	name  string
	take  func(b *broken)
	check string // the check that must fail
	says  string // what it must say
}

func (r random) sample(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	return r.Sample(context.Background(), q, name, d)
}

// Each promise is seen to break.
func TestBrokenSamplers(t *testing.T) {
	for _, c := range slices.Concat(brokenValues, brokenQueries) {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			got := samplertest.FailuresOf(t, samplertest.Options{}, breakIt(c.take), c.check)
			if len(got) == 0 {
				t.Fatalf("%s passes", c.check)
			}
			if !slices.ContainsFunc(got, func(m string) bool { return strings.Contains(m, c.says) }) {
				t.Errorf("%s does not say %q, but %.300q", c.check, c.says, got)
			}
		})
	}
	// Unbroken, the same sampler passes.
	if got := samplertest.Failures(t, breakIt(func(*broken) {})); len(got) > 0 {
		t.Errorf("unbroken: %q", got)
	}
}

// What a sampler does not do is forgiven where it says so.
func TestRefusalsAreForgiven(t *testing.T) {
	single := breakIt(func(b *broken) {
		b.validate = func(d []storage.Direction) error {
			if len(d) > 1 {
				return errRefused
			}
			return nil
		}
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			if len(q.Directions) > 1 {
				return errRefused
			}
			return nil
		})
	})
	if got := samplertest.FailuresOf(t, samplertest.Options{}, single, "MultiObjective"); len(got) > 0 {
		t.Errorf("a sampler that refuses several objectives in Validate: %q", got)
	}
	blind := breakIt(func(b *broken) { b.alone(random{}.sample) })
	if got := samplertest.FailuresOf(t, samplertest.Options{Blind: true}, blind, "BetterThanRandom", "SeedMatters"); len(got) > 0 {
		t.Errorf("a sampler that draws at random: %q", got)
	}
}

// No check is without something that it finds.
func TestEveryCheckCanFail(t *testing.T) {
	broken := make(map[string]bool)
	for _, c := range slices.Concat(brokenValues, brokenQueries) {
		broken[c.check] = true
	}
	for _, name := range samplertest.Names() {
		if !broken[name] {
			t.Errorf("nothing is broken for %s to find", name)
		}
	}
}
