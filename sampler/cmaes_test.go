package sampler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

func TestCMAES(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return &sampler.CMAES{} })
}

func TestCMAESVariants(t *testing.T) {
	for name, fresh := range map[string]func() sampler.Sampler{
		"separable": func() sampler.Sampler { return &sampler.CMAES{Separable: true, NoActive: true} },
		"rates":     func() sampler.Sampler { return &sampler.CMAES{AdaptRates: true, IPOP: true} },
		"small":     func() sampler.Sampler { return &sampler.CMAES{Population: 2, Sigma: 1, NoWarmStart: true} },
		"no restarts, a start": func() sampler.Sampler {
			return &sampler.CMAES{NoRestarts: true, Start: map[string]any{"x": 2.0, "p0": 0.5, "unknown": "?"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			samplertest.Options{Budget: 150}.Run(t, fresh)
		})
	}
}

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
	q := l.query(t)
	if !t.asked {
		t.asked = true
		if j, ok := l.sampler().(sampler.JointSampler); ok && len(q.History.Space()) > 0 {
			if t.joint, err = j.SampleJoint(context.Background(), q, q.History.Space()); err != nil {
				panic(err)
			}
			if l.trace != nil {
				l.trace(q, t.joint)
			}
		}
	}
	v, ok := t.joint[name]
	if !ok || !d.Contains(v) {
		if v, err = l.sampler().Sample(context.Background(), q, name, d); err != nil {
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

// TestCMAESIsAFunctionOfTheHistory: over thousands of trials with several
// workers, restarts, failed and pruned trials and a condition, a sampler that is
// new for a call gives the same answer as the one that served the whole study.
func TestCMAESIsAFunctionOfTheHistory(t *testing.T) {
	for _, c := range []struct {
		name      string
		workers   int
		trials    int
		objective func(t *labTrial) float64
		fresh     func() *sampler.CMAES
	}{
		{"floats", 1, 3000, func(t *labTrial) float64 { return labSphere(t.floats(2)) }, func() *sampler.CMAES { return &sampler.CMAES{} }},
		{"mixed", 7, 2000, labMixed, func() *sampler.CMAES { return &sampler.CMAES{} }},
		{"many workers", 40, 1500, func(t *labTrial) float64 { return labEllipsoid(t.floats(4)) }, func() *sampler.CMAES { return &sampler.CMAES{AdaptRates: true} }},
		{"ipop", 3, 1500, labMixed, func() *sampler.CMAES { return &sampler.CMAES{IPOP: true, Separable: true} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(5, c.workers, one(c.fresh()), c.objective)
			l.outcomes = func(number int) storage.State {
				return []storage.State{storage.Complete, storage.Complete, storage.Complete, storage.Pruned, storage.Failed, storage.Complete, storage.Complete}[number*number%7]
			}
			checked := 0
			l.trace = func(q *sampler.Query, got map[string]float64) {
				if q.Trial.Number > 60 && q.Trial.Number%97 != 0 {
					return
				}
				again := *q
				trial := q.Trial.Clone()
				trial.SystemAttrs = nil // without the note of the call that it repeats
				again.Trial = &trial
				var noted string
				again.SetAttr = func(key string, value any) error {
					noted = fmt.Sprint(key, value)
					return nil
				}
				again.History = shuffled(q.History)
				again.Rand = rand.New(rand.NewPCG(1, 1))
				want, err := c.fresh().SampleJoint(context.Background(), &again, again.History.Space())
				if err != nil {
					t.Fatal(err)
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("trial %d: the warm sampler chose %v, a fresh one with a shuffled history %v", q.Trial.Number, got, want)
				}
				if text, ok := q.Trial.SystemAttrs.Get("hone:cma"); ok != (noted != "") || ok && !strings.Contains(text, strings.TrimPrefix(noted, "hone:cma")) {
					t.Fatalf("trial %d: the warm sampler noted %q, a fresh one %q", q.Trial.Number, text, noted)
				}
				checked++
			}
			l.run(c.trials)
			if checked < 30 {
				t.Errorf("only %d trials were compared", checked)
			}
			if perTrial := float64(l.noted) / float64(c.trials); perTrial > 20 {
				t.Errorf("%.0f bytes of notes a trial", perTrial)
			}
		})
	}
}

// shuffled returns a history with the same trials in another order.
func shuffled(h *storage.History) *storage.History {
	trials := slices.Clone(h.Trials())
	rand.New(rand.NewPCG(3, uint64(h.Len()))).Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
	return storage.NewHistory(1, trials...)
}
