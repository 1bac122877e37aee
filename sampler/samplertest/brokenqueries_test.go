package samplertest_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// What a sampler's answer depends on, and how good it is.
var brokenQueries = []breakage{
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
	{"notes never settle", func(b *broken) {
		b.start = func(q *sampler.Query) error {
			if q.SetAttr == nil {
				return nil
			}
			old, _ := q.Trial.SystemAttrs.Get("hone:careful")
			return q.SetAttr("hone:careful", len(old))
		}
	}, "InDomain", "Start notes something else each time"},
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
	{"repeats of what was enqueued", func(b *broken) {
		joint, exhausted := b.joint, b.exhausted
		own := func(q *sampler.Query) *sampler.Query { // without what was enqueued
			c := *q
			var trials []*storage.Trial
			for _, t := range q.History.Trials() {
				if _, fixed := t.SystemAttrs.Get(storage.AttrFixedParams); !fixed {
					trials = append(trials, t)
				}
			}
			c.History = storage.NewHistory(q.History.Objectives(), trials...)
			return &c
		}
		b.joint = func(q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
			return joint(own(q), space)
		}
		b.exhausted = func(q *sampler.Query) (bool, error) { return exhausted(own(q)) }
	}, "NoRepeatsOfEnqueued", "trial 0 was enqueued"},
	{"what is under way may still fail", func(b *broken) {
		exhausted := b.exhausted
		b.exhausted = func(q *sampler.Query) (bool, error) {
			c := *q
			c.Running = nil
			return exhausted(&c)
		}
	}, "NoRepeatsInParallel", "or are under way"},
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
