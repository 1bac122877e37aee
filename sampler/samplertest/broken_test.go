package samplertest_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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

var brokenSamplers = []struct {
	name  string
	take  func(b *broken)
	check string // the check that must fail
	says  string // what it must say
}{
	{"integers are not rounded", func(b *broken) {
		b.alone(func(q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
			if i, ok := d.(distributions.Int); ok {
				return float64(i.Low) + q.Rand.Float64()*float64(i.High-i.Low), nil
			}
			return d.FromUnit(q.Rand.Float64()), nil
		})
	}, "InDomain", "not in the domain Int"},
	{"the upper end is passed by joint values", func(b *broken) {
		joint := b.joint
		b.joint = func(q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
			out, err := joint(q, space)
			for name, v := range out {
				if space[name].FromUnit(1) == v {
					out[name]++
				}
			}
			return out, err
		}
	}, "InDomain", "SampleJoint chose"},
	{"names are expected to be known", func(b *broken) {
		b.alone(func(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
			if q.History.Len() > 0 {
				d = q.History.Space()[name]
			}
			return d.FromUnit(q.Rand.Float64()), nil
		})
	}, "InDomainAlone", "Sample panicked"},
	{"categories do not go with logarithms", func(b *broken) {
		b.joint = func(_ *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
			log, cat := false, false
			for _, d := range space {
				_, c := d.(distributions.Categorical)
				f, _ := d.(distributions.Float)
				log, cat = log || f.Log, cat || c
			}
			if log && cat {
				return nil, errRefused
			}
			return nil, nil
		}
	}, "Combinations", "nothing was asked that a sampler may refuse"},
	{"the width is computed", func(b *broken) {
		b.alone(func(q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
			if f, ok := d.(distributions.Float); ok && f.Step == 0 && !f.Log {
				return f.Low + q.Rand.Float64()*(f.High-f.Low), nil
			}
			return d.FromUnit(q.Rand.Float64()), nil
		})
	}, "NarrowDomains", "not in the domain Float"},
	{"a hundred categories are too many", func(b *broken) {
		b.onSample(func(_ *sampler.Query, _ string, d distributions.Distribution) error {
			if n, ok := d.Size(); ok && n == 100 {
				return errRefused
			}
			return nil
		})
	}, "NarrowDomains", "refused"},
	{"single values spoil the rest", func(b *broken) {
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			for _, d := range q.History.Space() {
				if d.Single() {
					return errRefused
				}
			}
			return nil
		})
	}, "SingleDomains", "refused"},
	{"the ends are not reached", func(b *broken) {
		b.alone(func(q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
			return d.FromUnit(0.2 + 0.6*q.Rand.Float64()), nil
		})
	}, "BothEnds", "lower end"},
	{"the upper end is not reached", func(b *broken) {
		b.alone(func(q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
			if i, ok := d.(distributions.Int); ok && i.Step == 1 && !i.Log { // rand.IntN(high − low)
				return float64(i.Low + q.Rand.IntN(i.High-i.Low)), nil
			}
			return d.FromUnit(q.Rand.Float64()), nil
		})
	}, "BothEnds", "never reached the upper end"},
	{"what was learned stays inside", func(b *broken) {
		b.alone(func(q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
			return d.FromUnit(0.25 + 0.5*q.Rand.Float64()), nil
		})
	}, "FollowsToTheEnds", "never reached it"},
	{"it sits still", func(b *broken) {
		b.alone(func(_ *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
			return d.FromUnit(0.5), nil
		})
	}, "OneParameter", "all ran at"},
	{"sixty parameters are too many", func(b *broken) {
		b.joint = func(_ *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
			if len(space) > 50 {
				return nil, errRefused
			}
			return nil, nil
		}
	}, "ManyParameters", "refused"},
	{"the first range stands", func(b *broken) {
		b.alone(func(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
			for _, t := range q.History.Trials() {
				if p, ok := t.Param(name); ok {
					d = p.Dist
					break
				}
			}
			return d.FromUnit(q.Rand.Float64()), nil
		})
	}, "ChangingSpace", "not in the domain"},
	{"all trials must have all parameters", func(b *broken) {
		b.onSample(func(q *sampler.Query, name string, _ distributions.Distribution) error {
			for _, v := range q.History.Column(name) {
				if math.IsNaN(v) {
					return errRefused
				}
			}
			return nil
		})
	}, "ConditionalSpace", "refused"},
	{"some trial must have all parameters", func(b *broken) {
		b.joint = func(q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
			for _, t := range q.History.Trials() {
				if len(t.Params) >= len(space) {
					return nil, nil
				}
			}
			return nil, errRefused
		}
	}, "DisjointBranches", "refused"},
	{"the space is that of the first trial", func(b *broken) {
		b.onSample(func(q *sampler.Query, name string, _ distributions.Distribution) error {
			if q.History.Len() > 0 {
				if _, ok := q.History.Trial(0).Param(name); !ok {
					return errRefused
				}
			}
			return nil
		})
	}, "LateParameter", "refused"},
	{"enqueued values are chosen again", func(b *broken) {
		b.joint = func(q *sampler.Query, _ map[string]distributions.Distribution) (map[string]float64, error) {
			out := make(map[string]float64)
			for name, d := range q.History.Space() {
				out[name] = d.FromUnit(q.Rand.Float64())
			}
			return out, nil
		}
	}, "EnqueuedValues", "not in the space that it was given"},
	{"someone must have succeeded", func(b *broken) {
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			if q.History.Len() > 12 && best(q) == nil {
				return errRefused
			}
			return nil
		})
	}, "FailedTrials", "refused"},
	{"pruned trials have a value", func(b *broken) {
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			for _, t := range q.History.Trials() {
				if t.State == storage.Pruned && t.Values[0] > 0 {
					break
				}
			}
			return nil
		})
	}, "PrunedTrials", "index out of range"},
	{"values are finite", func(b *broken) {
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			for _, v := range q.History.Value(0) {
				if math.IsInf(v, 0) {
					return errRefused
				}
			}
			return nil
		})
	}, "InfiniteValues", "refused"},
	{"values are of some size", func(b *broken) {
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			sum := 0.0
			for _, v := range q.History.Value(0) {
				if !math.IsNaN(v) {
					sum += v * v
				}
			}
			if math.IsInf(sum, 0) {
				return errRefused
			}
			return nil
		})
	}, "Outliers", "refused"},
	{"where nothing is learned nothing is tried", func(b *broken) {
		b.alone(func(q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
			v := q.History.Value(0)
			if len(v) > 5 && slices.Min(v) == slices.Max(v) {
				return d.FromUnit(0.5), nil
			}
			return d.FromUnit(q.Rand.Float64()), nil
		})
	}, "ConstantObjective", "points only"},
	{"several objectives surprise it", func(b *broken) {
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			if len(q.Directions) > 1 {
				return errRefused
			}
			return nil
		})
	}, "MultiObjective", "refused"},
	{"no value is NaN", func(b *broken) {
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			for _, t := range q.History.Trials() {
				for _, v := range t.Values {
					if math.IsNaN(v) {
						panic("NaN")
					}
				}
			}
			return nil
		})
	}, "OddData", "panicked: NaN"},
	{"indices of categories are used as they are", func(b *broken) {
		b.onSample(func(q *sampler.Query, name string, d distributions.Distribution) error {
			if n, ok := d.Size(); ok {
				counts := make([]int, n)
				for _, v := range q.History.Column(name) {
					if _, ok := d.(distributions.Categorical); ok && !math.IsNaN(v) {
						counts[int(v)]++
					}
				}
			}
			return nil
		})
	}, "OddData", "index out of range"},
	{"stored values lie in the domain", func(b *broken) {
		b.alone(func(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
			if t := best(q); t != nil {
				if p, ok := t.Param(name); ok && q.Rand.IntN(2) == 0 {
					return p.Value, nil // try the best value again
				}
			}
			return d.FromUnit(q.Rand.Float64()), nil
		})
	}, "OddData", "usual trials and"},
	{"notes are trusted", func(b *broken) {
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			for _, t := range q.History.Trials() {
				if text, ok := t.SystemAttrs.Get("hone:careful"); ok {
					if _, err := strconv.Atoi(text); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}, "OddNotes", "replaced by"},
	{"notes are not its own", func(b *broken) {
		b.start = func(q *sampler.Query) error {
			if q.SetAttr == nil {
				return nil
			}
			return q.SetAttr("careful", 1)
		}
	}, "InDomain", "must begin with hone:"},
	{"it always takes notes", func(b *broken) {
		b.start = func(q *sampler.Query) error { return q.SetAttr("hone:careful", 1) }
	}, "NothingToNoteWith", "Start panicked"},
	{"values are sorted in place", func(b *broken) {
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			slices.Sort(q.History.Value(0))
			return nil
		})
	}, "HistoryUntouched", "read only"},
	{"the space is used up", func(b *broken) {
		b.joint = func(_ *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
			clear(space)
			return nil, nil
		}
	}, "HistoryUntouched", "SampleJoint changed the space"},
	{"running trials are changed", func(b *broken) {
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			for _, t := range q.Running {
				t.Values = []float64{0} // a constant liar
			}
			return nil
		})
	}, "HistoryUntouched", "changed running trial"},
	{"a generator of its own", func(b *broken) {
		b.alone(func(_ *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
			return d.FromUnit(rand.Float64()), nil
		})
	}, "Repeatable", "no generator of its own"},
	{"maps are ranged over", func(b *broken) {
		b.joint = func(q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
			out := make(map[string]float64)
			for name, d := range space {
				out[name] = d.FromUnit(q.Rand.Float64())
			}
			return out, nil
		}
	}, "Repeatable", "trial"},
	{"memory that is no cache", func(b *broken) {
		var n atomic.Int64
		b.alone(func(q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
			u := q.Rand.Float64() + float64(n.Add(1)%7)/7
			return d.FromUnit(u - math.Floor(u)), nil
		})
	}, "Repeatable", "may be dropped at any time"},
	{"the best is remembered, whoever asks", func(b *broken) {
		var mu sync.Mutex
		var top *storage.Trial
		b.alone(func(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
			mu.Lock()
			defer mu.Unlock()
			if t := best(q); t != nil && (top == nil || t.Values[0] < top.Values[0]) {
				top = t
			}
			return near(q, top, name, d), nil
		})
	}, "OldSnapshot", "only the query may matter"},
	{"the last is the latest", func(b *broken) {
		b.alone(func(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
			var last *storage.Trial
			if n := q.History.Len(); n > 0 {
				last = q.History.Trial(n - 1)
			}
			return near(q, last, name, d), nil
		})
	}, "ShuffledHistory", "order in which trials became known"},
	{"ties go to whoever came first", func(b *broken) {
		b.alone(func(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
			var first *storage.Trial
			for _, t := range q.History.Trials() {
				if t.State == storage.Complete && (first == nil || t.Values[0] < first.Values[0]) {
					first = t
				}
			}
			return near(q, first, name, d), nil
		})
	}, "ShuffledHistory", "ties"},
	{"always the same seed", func(b *broken) {
		b.alone(func(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
			return d.FromUnit(rand.New(rand.NewPCG(uint64(q.Trial.Number), uint64(len(name)+len(q.Trial.Params)))).Float64()), nil
		})
	}, "SeedMatters", "randomness comes from Query.Rand"},
	{"running trials are not looked at", func(b *broken) {
		b.alone(func(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
			return d.FromUnit(rand.New(rand.NewPCG(q.Seed, uint64(q.History.Len()<<8|len(q.Trial.Params)))).Float64()), nil
		})
	}, "Running", "both under way"},
	{"running trials have parameters", func(b *broken) {
		b.onSample(func(q *sampler.Query, _ string, _ distributions.Distribution) error {
			for _, t := range q.Running {
				if math.IsInf(t.Params[0].Value, 0) {
					break
				}
			}
			return nil
		})
	}, "RunningOddly", "panicked"},
	{"callers share a variable", func(b *broken) {
		var shared atomic.Uint64
		b.alone(func(q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
			shared.Store(math.Float64bits(q.Rand.Float64()))
			for range 20 {
				runtime.Gosched()
			}
			return d.FromUnit(math.Float64frombits(shared.Load())), nil
		})
	}, "Concurrent", "asked beside others"},
	{"repeats are declared away", func(b *broken) {
		b.alone(random{}.sample)
		b.noRepeats = true
	}, "NoRepeats", "the sampler declares NoRepeats"},
	{"exhausted before the end", func(b *broken) {
		b.exhausted = func(q *sampler.Query) (bool, error) { return q.History.Len() > 20, nil }
	}, "NoRepeats", "exhausted after 21 of 24 points"},
	{"never exhausted", func(b *broken) {
		b.exhausted = func(*sampler.Query) (bool, error) { return false, nil }
	}, "NoRepeats", "Exhausted does not say so"},
	{"repeats of what is under way", func(b *broken) {
		joint := b.joint
		b.joint = func(q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
			c := *q
			c.Running = nil
			return joint(&c, space)
		}
	}, "NoRepeatsInParallel", "did or does"},
	{"it does not learn", func(b *broken) { b.alone(random{}.sample) }, "BetterThanRandom", "to minimize"},
	{"it minimises only", func(b *broken) {
		joint, sample := b.joint, b.sample
		b.joint = func(q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
			c := *q
			c.Directions = []storage.Direction{storage.Minimize}
			return joint(&c, space)
		}
		b.sample = func(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
			c := *q
			c.Directions = []storage.Direction{storage.Minimize}
			return sample(&c, name, d)
		}
	}, "BetterThanRandom", "to maximize"},
}

func (r random) sample(q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	return r.Sample(context.Background(), q, name, d)
}

// Each promise is seen to break.
func TestBrokenSamplers(t *testing.T) {
	for _, c := range brokenSamplers {
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
