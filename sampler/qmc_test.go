package sampler_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

func TestQMC(t *testing.T) {
	for name, fresh := range map[string]func() sampler.Sampler{
		"Sobol":            func() sampler.Sampler { return &sampler.QMC{} },
		"Halton":           func() sampler.Sampler { return &sampler.QMC{Halton: true} },
		"Sobol, published": func() sampler.Sampler { return &sampler.QMC{NoScramble: true} },
	} {
		t.Run(name, func(t *testing.T) {
			samplertest.Options{Blind: true}.Run(t, fresh)
		})
	}
}

// runTrial asks a sampler for the parameters of one trial, as a study would, and
// returns the trial as complete.
func runTrial(t *testing.T, s sampler.Sampler, h *storage.History, running []*storage.Trial, number int, seed uint64, params ...storage.Param) *storage.Trial {
	t.Helper()
	ctx := context.Background()
	tr := &storage.Trial{Number: number, State: storage.Running}
	q := &sampler.Query{
		Study: "s", Seed: seed, Directions: []storage.Direction{storage.Minimize}, Trial: tr, Running: running, History: h,
		Rand: rand.New(rand.NewPCG(seed, uint64(number))),
		SetAttr: func(key string, value any) error {
			tr.SystemAttrs = tr.SystemAttrs.With(key, fmt.Sprint(value))
			return nil
		},
	}
	if st, ok := s.(sampler.Starter); ok {
		if err := st.Start(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	var joint map[string]float64
	if j, ok := s.(sampler.JointSampler); ok && len(h.Space()) > 0 {
		var err error
		if joint, err = j.SampleJoint(ctx, q, h.Space()); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range params {
		v, ok := joint[p.Name]
		if !ok || !p.Dist.Contains(v) {
			var err error
			if v, err = s.Sample(ctx, q, p.Name, p.Dist); err != nil {
				t.Fatal(err)
			}
		}
		tr.Params = append(tr.Params, storage.Param{Name: p.Name, Value: v, Dist: p.Dist})
	}
	tr.State, tr.Values = storage.Complete, []float64{0}
	return tr
}

func values(tr *storage.Trial) []float64 {
	var out []float64
	for _, p := range tr.Params {
		out = append(out, p.Value)
	}
	return out
}

func float(name string, low, high float64) storage.Param {
	return storage.Param{Name: name, Dist: distributions.Float{Low: low, High: high}}
}

// The first points as published, on the scale of each parameter.
func TestQMCPublished(t *testing.T) {
	params := []storage.Param{
		float("x", -10, 10),
		{Name: "y", Dist: distributions.Float{Low: 1, High: 16, Log: true}},
		{Name: "n", Dist: distributions.Int{Low: 1, High: 4}},
		{Name: "c", Dist: distributions.Categorical{Choices: []any{"a", "b"}}},
	}
	for _, c := range []struct {
		s    sampler.Sampler
		want [][]float64
	}{
		// (0,0,0,0), (½,½,½,½), (¾,¼,¼,¼), (¼,¾,¾,¾)
		{&sampler.QMC{NoScramble: true}, [][]float64{{-10, 1, 1, 0}, {0, 4, 3, 1}, {5, 2, 2, 0}, {-5, 8, 4, 1}}},
		// (0,0,0,0), (½,⅓,1/5,1/7), (¼,⅔,2/5,2/7), (¾,1/9,3/5,3/7)
		{&sampler.QMC{NoScramble: true, Halton: true}, [][]float64{{-10, 1, 1, 0}, {0, 2.519842099789746, 1, 0}, {-5, 6.3496042078727974, 2, 0}, {5, 1.3607900001743767, 3, 0}}},
	} {
		for number, want := range c.want {
			got := values(runTrial(t, c.s, storage.NewHistory(1), nil, number, 1, params...))
			for j := range want {
				if d := got[j] - want[j]; d > 1e-12 || d < -1e-12 {
					t.Errorf("%+v: trial %d: got %v, want %v", c.s, number, got, want)
					break
				}
			}
		}
	}
}

// A trial's point follows from the study's seed and its number: not from what
// others did, nor from which process asks.
func TestQMCNeedsNoCoordination(t *testing.T) {
	params := []storage.Param{float("x", 0, 1), float("y", 0, 1)}
	log := storage.NewLog(1)
	one := &sampler.QMC{}
	for number := range 64 {
		a := runTrial(t, one, log.History(), nil, number, 7, params...)
		b := runTrial(t, &sampler.QMC{}, storage.NewHistory(1), nil, number, 7, params...)
		if fmt.Sprint(values(a)) != fmt.Sprint(values(b)) {
			t.Fatalf("trial %d: %v after %d others, %v alone", number, values(a), number, values(b))
		}
		log.Append(a)
	}
	other := runTrial(t, one, log.History(), nil, 3, 8, params...)
	same := runTrial(t, one, log.History(), nil, 3, 7, params...)
	if fmt.Sprint(values(other)) == fmt.Sprint(values(same)) {
		t.Error("another seed gives the same point")
	}
}

// 2^k trials have one in each of 2^k equal parts of every parameter; a branch, one
// in each as soon as it has that many; a parameter that appears late, from then on.
func TestQMCSpread(t *testing.T) {
	s := &sampler.QMC{}
	count := func(what string, n int, values []float64) {
		t.Helper()
		seen := make(map[int]bool)
		for _, v := range values {
			seen[int(v*float64(n))] = true
		}
		if len(seen) != n {
			t.Errorf("%s: %d values reach %d of %d parts", what, len(values), len(seen), n)
		}
	}
	var x, y, early, late []float64
	for number := range 64 {
		h := storage.NewHistory(1)
		params := []storage.Param{float("x", 0, 1), float("y", 0, 1)}
		if number >= 32 {
			params = []storage.Param{float("x", 0, 1), float("late", 0, 1), float("y", 0, 1)}
		}
		got := values(runTrial(t, s, h, nil, number, 1, params...))
		x = append(x, got[0])
		y = append(y, got[len(got)-1])
		if number >= 32 {
			late = append(late, got[1])
		} else {
			early = append(early, got[1])
		}
	}
	count("x", 64, x)
	count("y before the late parameter", 32, early)
	count("y after it", 32, y[32:])
	count("the late parameter", 32, late)

	var inBranch []float64
	for number := range 256 {
		h := storage.NewHistory(1)
		branch := storage.Param{Name: "branch", Dist: distributions.Categorical{Choices: []any{"a", "b", "c", "d"}}}
		got := values(runTrial(t, s, h, nil, number, 1, branch, float("inside", 0, 1)))
		if got[0] == 2 {
			inBranch = append(inBranch, got[1])
		}
	}
	if len(inBranch) != 64 {
		t.Errorf("%d of 256 trials in one of four branches", len(inBranch))
	}
	count("inside a branch", 64, inBranch)
}

// Discrete points are tried once each before any is repeated, whatever the shape
// of the space, with trials under way and failed ones in between.
func TestQMCDiscrete(t *testing.T) {
	choices := func(n int) distributions.Categorical {
		c := distributions.Categorical{}
		for i := range n {
			c.Choices = append(c.Choices, i)
		}
		return c
	}
	for name, params := range map[string][]storage.Param{
		"one":             {{Name: "a", Dist: distributions.Int{Low: 0, High: 99}}},
		"2 × 3 × 4":       {{Name: "a", Dist: choices(2)}, {Name: "b", Dist: choices(3)}, {Name: "c", Dist: choices(4)}},
		"log and step":    {{Name: "a", Dist: distributions.Int{Low: 1, High: 12, Log: true}}, {Name: "b", Dist: distributions.Float{Low: 0, High: 1, Step: 0.1}}},
		"with a constant": {{Name: "a", Dist: choices(9)}, {Name: "k", Dist: choices(1)}, {Name: "b", Dist: choices(9)}},
	} {
		size := 1
		for _, p := range params {
			n, _ := p.Dist.Size()
			size *= n
		}
		s := &sampler.QMC{}
		log := storage.NewLog(1)
		log.Append(runTrial(t, s, log.History(), nil, 0, 3, params...))
		seen := map[string]int{fmt.Sprint(values(log.History().Trial(0))): 0}
		var running []*storage.Trial
		for number := 1; number < size; number++ {
			tr := runTrial(t, s, log.History(), running, number, 3, params...)
			key := fmt.Sprint(values(tr))
			if other, ok := seen[key]; ok {
				t.Fatalf("%s: trial %d runs at %s as trial %d did, with %d of %d tried", name, number, key, other, len(seen), size)
			}
			seen[key] = number
			running = append(running, tr)
			if len(running) == 5 { // the oldest ends
				if number%7 == 0 {
					running[0].State, running[0].Values = storage.Failed, nil
				}
				log.Append(running[0])
				running = running[1:]
			}
		}
		for _, tr := range running {
			log.Append(tr)
		}
		runTrial(t, s, log.History(), nil, size, 3, params...) // goes on nevertheless
	}
}

// A space too large to keep account of is sampled all the same, as is an empty one.
func TestQMCLargeDiscrete(t *testing.T) {
	s := &sampler.QMC{}
	log := storage.NewLog(1)
	var params []storage.Param
	for i := range 60 {
		params = append(params, storage.Param{Name: fmt.Sprint("b", i), Dist: distributions.Categorical{Choices: []any{false, true}}})
	}
	for number := range 20 {
		log.Append(runTrial(t, s, log.History(), nil, number, 3, params...))
	}
	empty := storage.NewLog(1)
	for number := range 5 {
		empty.Append(runTrial(t, s, empty.History(), nil, number, 3))
	}
}
