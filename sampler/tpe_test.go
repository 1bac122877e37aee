package sampler_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

func TestTPE(t *testing.T) {
	for name, fresh := range map[string]func() sampler.Sampler{
		"default":    func() sampler.Sampler { return &sampler.TPE{} },
		"Optuna":     func() sampler.Sampler { return &sampler.TPE{Optuna: true} },
		"univariate": func() sampler.Sampler { return &sampler.TPE{Decomposition: sampler.TPEUnivariate} },
		"group":      func() sampler.Sampler { return &sampler.TPE{Optuna: true, Decomposition: sampler.TPEGrouped} },
		"few others": func() sampler.Sampler { return &sampler.TPE{Others: 5, Scott: true, NoPrior: true, NoLiar: true} },
	} {
		t.Run(name, func(t *testing.T) { samplertest.Run(t, fresh) })
	}
}

// Settings out of range are named before the first trial.
func TestTPESettings(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for want, s := range map[string]*sampler.TPE{
		"TPE.StartupTrials is -1":              {StartupTrials: -1},
		"TPE.Candidates is -3":                 {Candidates: -3},
		"TPE.Candidates is 2000000":            {Candidates: 2e6},
		"TPE.Others is 2000000":                {Others: 2e6},
		"TPE.Decomposition is 9":               {Decomposition: 9},
		"TPE.PriorWeight is -1":                {PriorWeight: -1},
		"TPE.PriorWeight is NaN":               {PriorWeight: nan},
		"TPE.PriorWeight is +Inf":              {PriorWeight: inf},
		"TPE.PriorWeight is 1 and TPE.NoPrior": {PriorWeight: 1, NoPrior: true},
		"TPE.GoodWidth is NaN":                 {GoodWidth: nan},
		"TPE.OtherWidth is -2":                 {OtherWidth: -2},
		"TPE.Finest is 0.5":                    {Finest: 0.5},
		"TPE.Crossover is 1.5":                 {Crossover: 1.5},
		"TPE.Crossover is NaN":                 {Crossover: nan},
	} {
		_, err := hone.NewStudy(&hone.Options{Sampler: s})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for want, s := range map[string]*sampler.TPE{
		"TPE.Gamma(10) is -1":               {StartupTrials: 10, Gamma: func(int) int { return -1 }},
		"TPE.Weights(2) returned 3 weights": {StartupTrials: 10, Weights: func(n int) []float64 { return make([]float64, n+1) }},
		"TPE.Weights(2) sum to 0":           {StartupTrials: 10, Weights: func(n int) []float64 { return make([]float64, n) }},
		"TPE.Weights(2)[0] is NaN":          {StartupTrials: 10, Weights: func(n int) []float64 { return []float64{nan, 1}[:n] }},
	} {
		study, err := hone.NewStudy(&hone.Options{Sampler: s, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		err = study.Optimize(func(t *hone.Trial) (float64, error) { return t.SuggestFloat("x", 0, 1), nil }, 11)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// One worker and one seed: the same study, bit for bit.
func TestTPEStudyRepeats(t *testing.T) {
	for _, optuna := range []bool{false, true} {
		var first []hone.FrozenTrial
		for range 2 {
			study, err := hone.NewStudy(&hone.Options{Name: "a", Sampler: &sampler.TPE{Optuna: optuna}, Seed: 7})
			if err != nil {
				t.Fatal(err)
			}
			err = study.Optimize(func(t *hone.Trial) (float64, error) {
				x := t.SuggestFloat("x", -1, 1)
				if t.SuggestCategorical("branch", "a", "b") == "a" {
					x += float64(t.SuggestInt("n", 0, 5))
				}
				return x, nil
			}, 80)
			if err != nil {
				t.Fatal(err)
			}
			trials, err := study.Trials()
			if err != nil {
				t.Fatal(err)
			}
			for i := range trials {
				if first == nil {
					break
				}
				if !reflect.DeepEqual(trials[i].Params, first[i].Params) {
					t.Fatalf("trial %d has %v, at first %v", i, trials[i].Params, first[i].Params)
				}
			}
			first = trials
		}
	}
}

// A history of ten thousand trials at one point, with one value.
func TestTPEIdenticalTrials(t *testing.T) {
	domains := map[string]distributions.Distribution{
		"x": distributions.Float{Low: 0, High: 1}, "n": distributions.Int{Low: 0, High: 3, Step: 1}, "c": distributions.Categorical{Choices: []any{"a", "b"}},
	}
	log := storage.NewLog(1)
	for i := range 10_000 {
		log.Append(&storage.Trial{Number: i, State: storage.Complete, Values: []float64{1}, Params: []storage.Param{
			{Name: "x", Value: 0.25, Dist: domains["x"]}, {Name: "n", Value: 2, Dist: domains["n"]}, {Name: "c", Value: 0, Dist: domains["c"]},
		}})
	}
	for _, s := range []*sampler.TPE{{}, {Optuna: true}} {
		seen := make(map[float64]bool)
		for i := range 20 {
			q := &sampler.Query{
				Directions: []storage.Direction{storage.Minimize}, History: log.History(), Rand: rand.New(rand.NewPCG(1, uint64(i))),
				Trial: &storage.Trial{Number: 10_000 + i, State: storage.Running},
			}
			got, err := s.SampleJoint(context.Background(), q, domains)
			if err != nil {
				t.Fatal(err)
			}
			for name, d := range domains {
				if v, ok := got[name]; !ok || !d.Contains(v) {
					t.Errorf("%s is %v, %v", name, v, ok)
				}
			}
			seen[got["x"]] = true
		}
		if len(seen) < 19 {
			t.Errorf("%d different values of x in 20 trials", len(seen))
		}
	}
}

// Feasible trials lead, and the best point lies where the constraint allows it.
func TestTPEConstraint(t *testing.T) {
	for _, optuna := range []bool{false, true} {
		study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.TPE{Optuna: optuna}, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		err = study.Optimize(func(t *hone.Trial) (float64, error) {
			x, y := t.SuggestFloat("x", 0, 1), t.SuggestFloat("y", 0, 1)
			t.SetConstraint("sum", 1.2-x-y) // the unconstrained optimum violates it
			return x + y, nil
		}, 80)
		if err != nil {
			t.Fatal(err)
		}
		trials, err := study.Trials()
		if err != nil {
			t.Fatal(err)
		}
		violation := 0.0
		for _, tr := range trials[40:] {
			violation += max(tr.Constraints["sum"], 0) / 40
		}
		best, err := study.BestValue()
		if err != nil {
			t.Fatal(err)
		}
		// At random, the violation is 0.29 on average.
		if violation > 0.14 || best > 1.26 {
			t.Errorf("Optuna %v: the last 40 trials violate the constraint by %v on average, the best value is %v", optuna, violation, best)
		}
	}
}

// A branch that is better gets more trials, and its own parameters are learnt.
func TestTPEConditional(t *testing.T) {
	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.TPE{}, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		switch t.SuggestCategorical("model", "a", "b", "c") {
		case "a":
			x := t.SuggestFloat("ax", -1, 1)
			return 1 + x*x, nil
		case "b":
			x, y := t.SuggestFloat("bx", -1, 1), t.SuggestLogFloat("by", 1e-4, 1)
			return math.Abs(x-0.5) + math.Abs(math.Log10(y)+2), nil
		}
		return 2, nil
	}, 120)
	if err != nil {
		t.Fatal(err)
	}
	trials, err := study.Trials()
	if err != nil {
		t.Fatal(err)
	}
	b := 0
	for _, tr := range trials[60:] {
		if tr.Params["model"] == "b" {
			b++
		}
	}
	best, err := study.BestValue()
	if err != nil {
		t.Fatal(err)
	}
	if b < 35 || best > 0.1 {
		t.Errorf("%d of the last 60 trials take the better branch, the best value is %v", b, best)
	}
}

// Trials under way keep others away: suggestions beside a running one at the best
// place lie elsewhere more often than without it.
func TestTPELiar(t *testing.T) {
	d := distributions.Float{Low: 0, High: 1}
	space := map[string]distributions.Distribution{"x": d}
	log := storage.NewLog(1)
	for i := range 15 {
		x := (float64(i) + 0.5) / 15
		log.Append(&storage.Trial{Number: i, State: storage.Complete, Values: []float64{math.Abs(x - 0.7)}, Params: []storage.Param{{Name: "x", Value: x, Dist: d}}})
	}
	near := func(running ...*storage.Trial) int {
		n := 0
		s := &sampler.TPE{}
		for i := range 200 {
			q := &sampler.Query{
				Directions: []storage.Direction{storage.Minimize}, History: log.History(), Rand: rand.New(rand.NewPCG(1, uint64(i))), Running: running,
				Trial: &storage.Trial{Number: 100, State: storage.Running},
			}
			got, err := s.SampleJoint(context.Background(), q, space)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got["x"]-0.7) < 0.03 {
				n++
			}
		}
		return n
	}
	alone := near()
	told := near(&storage.Trial{Number: 60, State: storage.Running, Params: []storage.Param{{Name: "x", Value: 0.7, Dist: d}}})
	noted := near(&storage.Trial{Number: 60, State: storage.Running, SystemAttrs: storage.Attrs{{Key: "hone:tpe", Value: `{"x": 0.7}`}}})
	unreadable := near(&storage.Trial{Number: 60, State: storage.Running, SystemAttrs: storage.Attrs{{Key: "hone:tpe", Value: `{"x": `}}})
	if told >= alone || noted != told || unreadable != alone {
		t.Errorf("near the best place: %d alone, %d beside a trial there, %d beside one that is noted, %d beside an unreadable note", alone, told, noted, unreadable)
	}
}

// With workers, what was chosen for a trial is noted for the others.
func TestTPENotes(t *testing.T) {
	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.TPE{}, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	objective := func(t *hone.Trial) (float64, error) {
		return t.SuggestFloat("x", 0, 1) + t.SuggestFloat("y", 0, 1), nil
	}
	if err := study.Optimize(objective, 12); err != nil {
		t.Fatal(err)
	}
	first, err := study.Ask(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := study.Ask(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := second.SuggestFloat("x", 0, 1)
	trials, err := study.Trials()
	if err != nil {
		t.Fatal(err)
	}
	note, ok := trials[second.Number()].SystemAttrs["hone:tpe"].(map[string]any)
	if !ok || note["x"] != x || note["y"] != second.SuggestFloat("y", 0, 1) {
		t.Errorf("trial %d has the note %v and the parameters %v", second.Number(), note, second.Params())
	}
	for _, tr := range []*hone.Trial{first, second} {
		if err := study.Tell(ctx, tr, 1); err != nil {
			t.Fatal(err)
		}
	}
}

// A study allocates little: 100 MB at most for 1,000 trials of ten floats.
func TestTPEAllocates(t *testing.T) {
	var before, after runtime.MemStats
	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.TPE{}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&before)
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		sum := 0.0
		for i := range 10 {
			x := t.SuggestFloat(fmt.Sprint("x", i), -5, 5)
			sum += x * x
		}
		return sum, nil
	}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if mb := float64(after.TotalAlloc-before.TotalAlloc) / 1e6; mb > 100 {
		t.Errorf("%.0f MB", mb)
	}
}

// Whatever stands in a history, a value of the domain comes back.
func FuzzTPE(f *testing.F) {
	f.Add([]byte("a history of some trials that make no sense at all, with 0 and 1 and 2"), uint64(1))
	f.Add([]byte{0, 255, 3, 128, 7, 7, 7, 7, 7, 7, 7, 7, 90, 12, 45, 200, 201, 202, 31, 32, 33, 34, 35, 36}, uint64(2))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		next := func() byte {
			if len(data) == 0 {
				return 0
			}
			b := data[0]
			data = data[1:]
			return b
		}
		odd := []float64{0, 1, -1, 0.5, math.NaN(), math.Inf(1), math.Inf(-1), 1e308, -1e308, 5e-324, 3, 1e6}
		number := func() float64 {
			b := next()
			if int(b) < len(odd) {
				return odd[b]
			}
			return float64(b)/16 - 4
		}
		domains := []distributions.Distribution{
			distributions.Float{Low: 0, High: 1}, distributions.Float{Low: 1e-9, High: 1e9, Log: true}, distributions.Float{Low: -2, High: 2, Step: 0.25},
			distributions.Int{Low: -3, High: 3, Step: 1}, distributions.Int{Low: 1, High: int(min(int64(1)<<40, math.MaxInt)), Step: 1, Log: true}, distributions.Int{Low: 0, High: int(min(int64(1)<<50, math.MaxInt)), Step: 1},
			distributions.Float{Low: -math.MaxFloat64, High: math.MaxFloat64}, distributions.Float{Low: 0, High: 5e-324},
			distributions.Categorical{Choices: []any{"a", "b", "c"}}, distributions.Categorical{Choices: make([]any, 1000)}, distributions.Int{Low: 5, High: 6, Step: 1},
		}
		names := []string{"a", "b", "c", "d", "e"}
		directions := []storage.Direction{storage.Minimize, storage.Maximize, storage.Minimize}[:1+next()%3]
		log := storage.NewLog(len(directions))
		make1 := func(i int, states int) *storage.Trial {
			tr := &storage.Trial{Number: i, State: []storage.State{storage.Complete, storage.Complete, storage.Pruned, storage.Failed}[int(next())%states]}
			for _, name := range names[:1+next()%5] {
				if next()%8 == 0 {
					continue
				}
				tr.Params = append(tr.Params, storage.Param{Name: name, Value: number(), Dist: domains[int(name[0]-'a')+5*int(next()%2)]})
			}
			if tr.State != storage.Failed {
				for range directions {
					tr.Values = append(tr.Values, number())
				}
			}
			if next()%4 == 0 {
				tr.Reports = []storage.Report{{Step: int(next() % 5), Value: number()}}
				tr.SystemAttrs = storage.Attrs{{Key: storage.AttrConstraintPrefix + "k", Value: fmt.Sprint(number())}, {Key: "hone:tpe", Value: string([]byte{'{', next(), '}'})}}
			}
			return tr
		}
		n := int(next()) % 64
		for i := range n {
			log.Append(make1(i, 4))
		}
		history := log.History()
		for k, s := range []*sampler.TPE{{}, {Optuna: true}, {Others: 3, Decomposition: sampler.TPEUnivariate}, {NoPrior: true, Decomposition: sampler.TPECommon, Endpoints: true}} {
			q := &sampler.Query{
				Directions: directions, History: history, Seed: seed, Rand: rand.New(rand.NewPCG(seed, uint64(k))), Trial: &storage.Trial{Number: n + 3, State: storage.Running},
			}
			for i := range int(next() % 3) {
				r := make1(n+i, 1)
				r.State, r.Values = storage.Running, nil
				q.Running = append(q.Running, r)
			}
			space := make(map[string]distributions.Distribution)
			for name, d := range history.Space() {
				if !d.Single() {
					space[name] = d
				}
			}
			got, err := s.SampleJoint(context.Background(), q, space)
			if err != nil {
				t.Fatal(err)
			}
			for name, v := range got {
				if d, ok := space[name]; !ok || !d.Contains(v) {
					t.Errorf("%+v: %q is %v, in %v", s, name, v, space[name])
				}
			}
			for i, d := range domains {
				v, err := s.Sample(context.Background(), q, names[i%5], d)
				if err != nil {
					t.Fatal(err)
				}
				if !d.Contains(v) {
					t.Errorf("%+v: %v is not in %v", s, v, d)
				}
			}
		}
	})
}

// As long as all trials come out the same none of them is a good one, and the space is
// filled on.
func TestTPEFindsTheFirstSuccess(t *testing.T) {
	if n := withoutSuccess(t, 4, func() sampler.Sampler { return new(sampler.TPE) }, func() float64 { return 1 }); n > 1 {
		t.Errorf("in %d of 30 studies no trial of 80 succeeded where a share of 0.03 to 0.09 does", n)
	}
}

// A trial that failed before it had all its parameters says that what it had is bad.
func TestTPEFailsHalfWay(t *testing.T) {
	complete := 0
	for seed := range uint64(10) {
		for _, tr := range gpStudy(t, &hone.Options{Seed: seed + 1, Sampler: new(sampler.TPE)}, 50, func(tr *hone.Trial) (float64, error) {
			if c := tr.SuggestCategorical("c", "a", "b", "d"); c != "b" {
				return 0, fmt.Errorf("no %s", c)
			}
			x, y := tr.SuggestFloat("x", -1, 1), tr.SuggestFloat("y", -1, 1)
			return x*x + y*y, nil
		}) {
			if tr.State == hone.Complete {
				complete++
			}
		}
	}
	if complete < 200 {
		t.Errorf("%d of 500 trials are complete, by chance 167 are", complete)
	}
}

// failingBowl runs studies of a bowl in dims dimensions, whose bottom is at first, first +
// 0.1, …. It returns the mean log10 of the
// best values and the share of the trials of the second half that failed.
func failingBowl(t *testing.T, dims int, first float64, n int, fresh func() sampler.Sampler, fails func(x []float64, rng *rand.Rand) bool) (best, failed float64) {
	t.Helper()
	const seeds = 20
	for seed := range uint64(seeds) {
		least := float64(dims)
		rng := rand.New(rand.NewPCG(seed, 3))
		for i, tr := range gpStudy(t, &hone.Options{Seed: seed + 1, Sampler: fresh()}, n, func(tr *hone.Trial) (float64, error) {
			x, v := make([]float64, dims), 0.0
			for j := range x {
				x[j] = tr.SuggestFloat(fmt.Sprint("x", j), 0, 1)
				v += (x[j] - first - 0.1*float64(j)) * (x[j] - first - 0.1*float64(j))
			}
			if fails(x, rng) {
				return 0, fmt.Errorf("no")
			}
			least = min(least, v)
			return v, nil
		}) {
			if i >= n/2 && tr.State == hone.Failed {
				failed += 2 / float64(n) / seeds
			}
		}
		best += math.Log10(least) / seeds
	}
	return best, failed
}

// Failures by chance cost little more than their trials: 0.13 of a logarithm, 0.56 when they
// count against their places. A region that fails is left although the optimum lies near
// its border: without that all trials fail.
func TestTPEFails(t *testing.T) {
	tpe := func() sampler.Sampler { return new(sampler.TPE) }
	chance := func(_ []float64, rng *rand.Rand) bool { return rng.IntN(3) == 0 }
	whole, _ := failingBowl(t, 4, 0.3, 60, tpe, func([]float64, *rand.Rand) bool { return false })
	if best, _ := failingBowl(t, 4, 0.3, 90, tpe, chance); best > whole+0.3 {
		t.Errorf("a third failing by chance: the best of 90 trials is 10^%.2f on average, of 60 trials that do not fail 10^%.2f", best, whole)
	}
	region := func(x []float64, _ *rand.Rand) bool { return x[0] > 0.35 }
	best, failed := failingBowl(t, 4, 0.3, 90, tpe, region)
	if best > whole+0.3 || failed > 0.25 {
		t.Errorf("65 percent of the space failing: a share of %.2f of the second half of 90 trials did, the best is 10^%.2f on average, of 60 trials without failures 10^%.2f", failed, best, whole)
	}
}
