package samplertest_test

import (
	"math"
	"slices"
	"strconv"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// Values that a sampler chooses, and data that it meets.
var brokenValues = []breakage{
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
}
