package sampler_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

func TestGrid(t *testing.T) {
	samplertest.Options{Blind: true, Discrete: true, FixedSpace: true}.Run(t, func() sampler.Sampler { return new(sampler.Grid) })
}

func TestGridSettings(t *testing.T) {
	big := make([]any, 1<<20)
	for i := range big {
		big[i] = i
	}
	for _, c := range []struct {
		name   string
		values map[string][]any
		says   string // "": fine
	}{
		{"none", nil, ""},
		{"some", map[string][]any{"x": {1, 2.5, "c", nil, true}}, ""},
		{"no parameters", map[string][]any{}, "Grid.Values is empty"},
		{"no values", map[string][]any{"x": {}}, `Grid.Values["x"] is empty`},
		{"NaN", map[string][]any{"x": {1.0, math.NaN()}}, `Grid.Values["x"][1] is NaN`},
		{"twice", map[string][]any{"x": {1, 2, 1}}, `Grid.Values["x"] has 1 twice`},
		{"slice", map[string][]any{"x": {[]int{1}}}, "type []int"},
	} {
		err := (&sampler.Grid{Values: c.values}).Validate(nil)
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.says)
		}
	}
}

// query returns a query for one trial with a history of the given trials.
func query(number int, trials ...*storage.Trial) *sampler.Query {
	return &sampler.Query{
		Study:      "test",
		Directions: []storage.Direction{storage.Minimize},
		Trial:      &storage.Trial{Number: number},
		History:    storage.NewHistory(1, trials...),
		Rand:       rand.New(rand.NewPCG(1, uint64(number))),
		SetAttr:    func(string, any) error { return nil },
	}
}

func TestGridAnswersWhatItCannotDo(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name   string
		values map[string][]any
		d      distributions.Distribution
		says   string
	}{
		{"continuous", nil, distributions.Float{Low: 0, High: 1}, "give Grid.Values, or the domain a step"},
		{"unknown name", map[string][]any{"y": {1}}, distributions.Int{Low: 0, High: 1, Step: 1}, `lacks "x" (it has "y")`},
		{"outside", map[string][]any{"x": {7}}, distributions.Int{Low: 0, High: 1, Step: 1}, `has 7: it lies outside Int(0, 1)`},
		{"wrong type", map[string][]any{"x": {"a"}}, distributions.Int{Low: 0, High: 1, Step: 1}, `Grid.Values["x"] has a`},
	} {
		_, err := (&sampler.Grid{Values: c.values}).Sample(ctx, query(0), "x", c.d)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.says)
		}
	}
}

// A grid with a parameter that the objective does not ask for, or not in every trial,
// or with a value twice, would have no end. What was run before the grid is let pass.
func TestGridWithoutEnd(t *testing.T) {
	d := distributions.Int{Low: 1, High: 5, Step: 1}
	ask := func(names ...string) []storage.Param {
		var out []storage.Param
		for _, name := range names {
			out = append(out, storage.Param{Name: name, Dist: d})
		}
		return out
	}
	start := func(g *sampler.Grid, number int, h *storage.History) error {
		q := query(number)
		q.History = h
		return g.Start(t.Context(), q)
	}
	for _, c := range []struct {
		name   string
		values map[string][]any
		says   string
	}{
		{"a name never asked for", map[string][]any{"a": {1, 2}, "typo": {1, 2, 3}}, `Grid.Values has "typo", which trial 3 did not ask for; leave it out`},
		{"not in every trial", nil, `Grid has "b", which trial 3 did not ask for`},
	} {
		g := &sampler.Grid{Values: c.values}
		log := storage.NewLog(1)
		for number := range 3 { // of another sampler
			log.Append(runTrial(t, &sampler.Random{}, log.History(), nil, number, 1, ask("a", "b")...))
		}
		if err := start(g, 3, log.History()); err != nil {
			t.Errorf("%s: what was run before: %v", c.name, err)
		}
		log.Append(runTrial(t, g, log.History(), nil, 3, 1, ask("a")...))
		if err := start(g, 4, log.History()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.says)
		}
	}
	g := &sampler.Grid{Values: map[string][]any{"a": {1, 1.0}}}
	q := query(1)
	if _, err := g.Sample(t.Context(), q, "a", d); err == nil || !strings.Contains(err.Error(), `Grid.Values["a"] has 1 (int) and 1 (float64), which are the same value of Int(1, 5)`) {
		t.Errorf("a value twice: %v", err)
	}
}

// A grid of a million points costs what is visited, not what there is.
func TestGridOfAMillion(t *testing.T) {
	values := make([]any, 1000)
	for i := range values {
		values[i] = i
	}
	g := &sampler.Grid{Values: map[string][]any{"a": values, "b": values}}
	if err := g.Validate(nil); err != nil {
		t.Fatal(err)
	}
	d := distributions.Int{Low: 0, High: 999, Step: 1}
	q := query(123_456)
	if err := g.Start(context.Background(), q); err != nil {
		t.Fatal(err)
	}
	a, err1 := g.Sample(context.Background(), q, "a", d)
	b, err2 := g.Sample(context.Background(), q, "b", d)
	if err1 != nil || err2 != nil || a != 456 || b != 123 {
		t.Errorf("cell 123,456 is (%v, %v), want (456, 123): %v %v", a, b, err1, err2)
	}
}

func TestGridPassesOverWhatOthersTried(t *testing.T) {
	d := distributions.Int{Low: 0, High: 2, Step: 1}
	done := func(number int, x float64, lost bool) *storage.Trial {
		tr := &storage.Trial{Number: number, State: storage.Complete, Values: []float64{0}, Params: []storage.Param{{Name: "x", Value: x, Dist: d}}}
		if lost {
			tr.State, tr.Values = storage.Failed, nil
			tr.SystemAttrs = storage.Attrs{{Key: storage.AttrLost, Value: `"gone"`}}
		}
		return tr
	}
	g := new(sampler.Grid)
	for _, c := range []struct {
		name    string
		trials  []*storage.Trial
		running []*storage.Trial
		want    any // the noted cell, nil for none, "exhausted"
	}{
		{"own number is free", []*storage.Trial{done(0, 1, false)}, nil, nil},
		{"own number is taken", []*storage.Trial{done(0, 2, false)}, nil, 0},
		{"others run", []*storage.Trial{done(0, 2, false)}, []*storage.Trial{{Number: 0}}, 1},
		{"a lost trial does not count", []*storage.Trial{done(0, 0, false), done(1, 2, true)}, nil, nil},
		{"nothing left", []*storage.Trial{done(0, 0, false), done(1, 2, false)}, []*storage.Trial{{Number: 1}}, "exhausted"},
	} {
		q := query(2, c.trials...)
		q.Running = c.running
		var noted any
		q.SetAttr = func(_ string, v any) error { noted = v; return nil }
		if err := g.Start(context.Background(), q); err != nil {
			noted = "exhausted"
			if !strings.Contains(err.Error(), "exhausted") {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if noted != c.want {
			t.Errorf("%s: cell %v, want %v", c.name, noted, c.want)
		}
	}
}

// Each cell exactly once, whatever dies: workers in four processes, some of them
// killed at any moment.
func TestGridKilled(t *testing.T) {
	for _, workers := range []int{1, 2, 5, 16} {
		for seed := range uint64(25) {
			for _, lose := range []int{0, 5, 10, 50} {
				c := crew{space: product(2, 3, 4), workers: workers, procs: 4, wait: true, seed: seed, lose: lose,
					fresh: func() sampler.Sampler { return &sampler.Grid{} }}
				check(t, fmt.Sprintf("%d workers, seed %d, one turn of %d kills", workers, seed, lose), c.run(t), 24, 0)
				c.fresh = func() sampler.Sampler {
					return &sampler.Grid{Values: map[string][]any{"p0": {"c1", "c0"}, "p1": {"c0", "c1", "c2"}, "p2": {"c3", "c0", "c1", "c2"}}}
				}
				check(t, fmt.Sprintf("%d workers, seed %d, one turn of %d kills, values listed", workers, seed, lose), c.run(t), 24, 0)
			}
			if t.Failed() {
				return
			}
		}
	}
}
