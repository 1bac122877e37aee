package sampler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// A lab runs a study of one objective with a number of workers whose trials take
// random times, on a clock of its own. It hands queries to samplers as a study
// does.
type lab struct {
	seed     uint64
	workers  int
	sampler  func() sampler.Sampler // the one for the next call
	log      *storage.Log
	running  []*labTrial
	number   int
	now      float64
	clock    *rand.Rand
	trace    func(q *sampler.Query, got map[string]float64) // sees every call of SampleJoint
	noted    int                                            // bytes of notes
	space    func(t *labTrial) float64                      // the objective
	outcomes func(number int) storage.State
}

type labTrial struct {
	l     *lab
	rec   storage.Trial
	rand  *rand.Rand
	joint map[string]float64
	asked bool
	ends  float64
	value float64
}

func newLab(seed uint64, workers int, s func() sampler.Sampler, objective func(t *labTrial) float64) *lab {
	return &lab{seed: seed, workers: workers, sampler: s, log: storage.NewLog(1), clock: rand.New(rand.NewPCG(seed, 99)), space: objective}
}

// one returns the same sampler each time.
func one(s sampler.Sampler) func() sampler.Sampler { return func() sampler.Sampler { return s } }

func (l *lab) query(t *labTrial) *sampler.Query {
	q := &sampler.Query{
		Study: "lab", Seed: l.seed, Directions: []storage.Direction{storage.Minimize},
		Trial: &t.rec, History: l.log.History(), Rand: t.rand, SetAttr: t.note,
	}
	for _, o := range l.running {
		if o != t {
			c := o.rec.Clone()
			q.Running = append(q.Running, &c)
		}
	}
	return q
}

func (t *labTrial) note(key string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	t.l.noted += len(key) + len(text)
	t.rec.SystemAttrs = slices.Clip(t.rec.SystemAttrs).With(key, string(text))
	return nil
}

func (t *labTrial) suggest(name string, d distributions.Distribution) float64 {
	l := t.l
	d, err := distributions.Normalize(d)
	if err != nil {
		panic(err)
	}
	if !t.asked {
		t.asked = true
		space := l.log.History().Space()
		if j, ok := l.sampler().(sampler.JointSampler); ok && len(space) > 0 {
			q := l.query(t)
			if t.joint, err = j.SampleJoint(context.Background(), q, space); err != nil {
				panic(err)
			}
			if l.trace != nil {
				l.trace(q, t.joint)
			}
		}
	}
	v, ok := t.joint[name]
	if !ok || !d.Contains(v) {
		if v, err = l.sampler().Sample(context.Background(), l.query(t), name, d); err != nil {
			panic(err)
		}
	}
	t.rec.Params = append(t.rec.Params, storage.Param{Name: name, Value: v, Dist: d})
	return v
}

// run runs n trials and returns the values in the order in which they ended.
func (l *lab) run(n int) []float64 {
	var out []float64
	for range n {
		if len(l.running) >= l.workers {
			out = append(out, l.finish())
		}
		t := &labTrial{l: l, rand: rand.New(rand.NewPCG(l.seed, uint64(l.number)))}
		t.rec = storage.Trial{ID: int64(l.number), Number: l.number, State: storage.Running}
		l.number++
		t.value = l.space(t)
		t.ends = l.now + math.Exp(0.5*l.clock.NormFloat64())
		l.running = append(l.running, t)
	}
	if l.workers == 1 {
		out = append(out, l.finish())
	}
	return out
}

// finish ends the trial that is due first.
func (l *lab) finish() float64 {
	k := 0
	for i, t := range l.running {
		if t.ends < l.running[k].ends {
			k = i
		}
	}
	t := l.running[k]
	l.now = t.ends
	l.running = slices.Delete(slices.Clone(l.running), k, k+1)
	rec := t.rec.Clone()
	rec.State = storage.Complete
	if l.outcomes != nil {
		rec.State = l.outcomes(rec.Number)
	}
	if rec.State == storage.Pruned {
		rec.Reports = []storage.Report{{Step: rec.Number % 5, Value: t.value}}
	}
	if rec.State != storage.Failed {
		rec.Values = []float64{t.value}
	}
	l.log.Append(&rec)
	return t.value
}

// floats suggests n floats from −5 to 5.
func (t *labTrial) floats(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = t.suggest(fmt.Sprint("x", i), distributions.Float{Low: -5, High: 5})
	}
	return x
}

func labSphere(x []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += math.Pow(v-float64(i%3)+0.3, 2)
	}
	return s
}

func labEllipsoid(x []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += math.Pow(10, 4*float64(i)/float64(len(x)-1)) * v * v
	}
	return s
}

// labMixed has a parameter of each kind, a condition, and local optima.
func labMixed(t *labTrial) float64 {
	x := t.suggest("x", distributions.Float{Low: -5, High: 5})
	y := t.suggest("y", distributions.Float{Low: 1e-4, High: 1, Log: true})
	k := t.suggest("k", distributions.Int{Low: -4, High: 12})
	l := t.suggest("l", distributions.Int{Low: 1, High: 1000, Log: true})
	s := t.suggest("s", distributions.Float{Low: 0, High: 2, Step: 0.25})
	c := t.suggest("c", distributions.Categorical{Choices: []any{"a", "b", "c", "d"}})
	v := x*x + math.Pow(math.Log10(y)+2, 2) + math.Pow(k-7, 2)/10 + math.Pow(math.Log10(l)-1, 2) + math.Abs(s-1.25)
	if c != 2 {
		v += 1 + math.Sin(3*x)
	}
	if c == 1 {
		v += t.suggest("only b", distributions.Float{Low: 0, High: 1})
	}
	return v
}
