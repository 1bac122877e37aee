package sampler_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

func TestPartialFixed(t *testing.T) {
	for name, base := range map[string]func() sampler.Sampler{
		"TPE":        func() sampler.Sampler { return &sampler.TPE{} },
		"Random":     func() sampler.Sampler { return &sampler.Random{} },
		"QMC":        func() sampler.Sampler { return &sampler.QMC{} },
		"BruteForce": func() sampler.Sampler { return &sampler.BruteForce{} },
	} {
		t.Run(name, func(t *testing.T) {
			samplertest.Options{Blind: true, Discrete: name == "BruteForce"}.Run(t, func() sampler.Sampler {
				return &sampler.PartialFixed{Fixed: map[string]any{"nobody asks for it": 1}, Base: base()}
			})
		})
	}
}

func TestPartialFixedValues(t *testing.T) {
	params := []storage.Param{
		float("x", 0, 1),
		{Name: "n", Dist: distributions.Int{Low: 1, High: 9}},
		{Name: "c", Dist: distributions.Categorical{Choices: []any{"a", "b", nil}}},
		float("y", 0, 1),
	}
	for name, base := range map[string]sampler.Sampler{"Random": &sampler.Random{}, "QMC": &sampler.QMC{}, "Auto": nil} {
		s := &sampler.PartialFixed{Fixed: map[string]any{"n": 4, "c": nil, "x": 0.25}, Base: base}
		log := storage.NewLog(1)
		ys := make(map[float64]bool)
		for number := range 20 {
			tr := runTrial(t, s, log.History(), nil, number, 1, params...)
			if got := fmt.Sprint(values(tr)[:3]); got != "[0.25 4 2]" {
				t.Fatalf("%s, trial %d: %s", name, number, got)
			}
			ys[tr.Params[3].Value] = true
			log.Append(tr)
		}
		if len(ys) != 20 {
			t.Errorf("%s: 20 trials have %d values of the free parameter", name, len(ys))
		}
	}
}

// joint chooses everything together and remembers what it was shown.
type joint struct {
	sampler.Random
	t *testing.T
}

func (j *joint) SampleJoint(_ context.Context, q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	if _, ok := space["n"]; ok || len(space) != 1 {
		j.t.Errorf("the base sampler is asked for %v", space)
	}
	if p, ok := q.Trial.Param("n"); !ok || p.Value != 4 {
		j.t.Errorf("the base sampler sees the trial with %v", q.Trial.Params)
	}
	return map[string]float64{"x": 0.125}, nil
}

func TestPartialFixedJoint(t *testing.T) {
	params := []storage.Param{float("x", 0, 1), {Name: "n", Dist: distributions.Int{Low: 1, High: 9}}}
	s := &sampler.PartialFixed{Fixed: map[string]any{"n": 4}, Base: &joint{t: t}}
	first := runTrial(t, &sampler.Random{}, storage.NewHistory(1), nil, 0, 1, params...)
	got := runTrial(t, s, storage.NewHistory(1, first), nil, 1, 1, params...)
	if fmt.Sprint(values(got)) != "[0.125 4]" {
		t.Errorf("chosen: %v", values(got))
	}
	if len(got.Params) != 2 {
		t.Errorf("the trial was changed: %v", got.Params)
	}
}

// The study ends when the part of the space that is left is done.
func TestPartialFixedBruteForce(t *testing.T) {
	inner := product(2, 3, 4)
	fixed := map[string]any{"p1": "c2"}
	s := &sampler.PartialFixed{Fixed: fixed, Base: &sampler.BruteForce{}}
	if !s.NoRepeats() {
		t.Error("the base sampler's word is lost")
	}
	nested := &sampler.PartialFixed{Fixed: map[string]any{"p0": "c1"}, Base: &sampler.PartialFixed{Fixed: map[string]any{"p0": "c0", "p1": "c2"}, Base: &sampler.BruteForce{}}}
	check(t, "one in another", crew{space: inner, workers: 2, seed: 3, fresh: func() sampler.Sampler { return nested }}.run(t), 4, 0)
	for _, workers := range []int{1, 4} {
		c := crew{space: inner, workers: workers, seed: 3, fresh: func() sampler.Sampler {
			return &sampler.PartialFixed{Fixed: fixed, Base: &sampler.BruteForce{}}
		}}
		done := c.run(t)
		check(t, fmt.Sprintf("%d workers", workers), done, 8, 0)
		for leaf := range done {
			if !strings.Contains(leaf, "p1=2") {
				t.Errorf("%q was run", leaf)
			}
		}
	}
}

// QMC repeats none of the points that are left while one of them is untried, whether
// what is fixed has few values or a continuum of them, and whatever was run before.
func TestPartialFixedQMC(t *testing.T) {
	params := []storage.Param{
		{Name: "c", Dist: distributions.Categorical{Choices: []any{"a", "b", "c"}}},
		{Name: "n", Dist: distributions.Int{Low: 1, High: 6}},
		float("x", 0, 1),
		{Name: "flag", Dist: distributions.Categorical{Choices: []any{false, true}}},
	}
	for seed := range uint64(20) {
		base := &sampler.QMC{Halton: seed%2 == 1}
		s := &sampler.PartialFixed{Fixed: map[string]any{"c": "b", "x": 0.25}, Base: base}
		log := storage.NewLog(1)
		for number := range 5 { // which fix nothing
			log.Append(runTrial(t, base, log.History(), nil, number, seed, params...))
		}
		seen := make(map[string]bool)
		for number := 5; number < 17; number++ {
			tr := runTrial(t, s, log.History(), nil, number, seed, params...)
			log.Append(tr)
			seen[fmt.Sprint(values(tr))] = true
		}
		if len(seen) != 12 {
			t.Errorf("seed %d: 12 trials at %d of the 12 points that are left", seed, len(seen))
		}
	}
}

func TestPartialFixedBadInput(t *testing.T) {
	minimize := []storage.Direction{storage.Minimize}
	for want, s := range map[string]*sampler.PartialFixed{
		"PartialFixed.Fixed is empty":                        {Base: &sampler.Random{}},
		`PartialFixed.Fixed["x"] is NaN`:                     {Fixed: map[string]any{"x": math.NaN()}},
		`PartialFixed.Fixed["x"] is of type []int`:           {Fixed: map[string]any{"x": []int{1}}},
		"PartialFixed.Base is a Grid":                        {Fixed: map[string]any{"x": 1}, Base: &sampler.Grid{}},
		"PartialFixed.Base: sampler: PartialFixed.Fixed is ": {Fixed: map[string]any{"x": 1}, Base: &sampler.PartialFixed{}},
	} {
		if err := s.Validate(minimize); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	ok := &sampler.PartialFixed{Fixed: map[string]any{"n": 4, "c": "z"}}
	if err := ok.Validate(minimize); err != nil {
		t.Error(err)
	}
	q := &sampler.Query{Study: "s", History: storage.NewHistory(1), Trial: &storage.Trial{}}
	for want, p := range map[string]storage.Param{
		`PartialFixed.Fixed["n"] is 4: it lies outside Int(5, 9)`:             {Name: "n", Dist: distributions.Int{Low: 5, High: 9}},
		`PartialFixed.Fixed["c"] is z: "z" is none of the choices ("a", "b")`: {Name: "c", Dist: distributions.Categorical{Choices: []any{"a", "b"}}},
	} {
		if _, err := ok.Sample(t.Context(), q, p.Name, p.Dist); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
