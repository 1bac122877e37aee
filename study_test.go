package hone_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

func TestNewStudy(t *testing.T) {
	minimize, both := []hone.Direction{hone.Minimize}, []hone.Direction{hone.Minimize, hone.Maximize}
	for _, c := range []struct {
		name string
		o    *hone.Options
		want []hone.Direction
		says string
	}{
		{"nil options", nil, minimize, ""},
		{"zero options", &hone.Options{}, minimize, ""},
		{"maximise", &hone.Options{Direction: hone.Maximize}, []hone.Direction{hone.Maximize}, ""},
		{"two", &hone.Options{Directions: both, MetricNames: []string{"loss", "accuracy"}}, both, ""},
		{"one in the list", &hone.Options{Directions: minimize}, minimize, ""},
		{"both fields", &hone.Options{Direction: hone.Minimize, Directions: minimize}, nil, "give one of them"},
		{"no directions", &hone.Options{Directions: []hone.Direction{}}, nil, "empty"},
		{"unset in the list", &hone.Options{Directions: []hone.Direction{hone.Minimize, hone.Unset}}, nil, "Directions[1] is unset"},
		{"unknown direction", &hone.Options{Direction: 9}, nil, "direction(9)"},
		{"metric names", &hone.Options{MetricNames: []string{"a", "b"}}, nil, "2 names for 1 objectives"},
		{"long name", &hone.Options{Name: strings.Repeat("x", 600)}, nil, "600 bytes"},
		{"bad sampler", &hone.Options{Sampler: &sampler.Grid{Values: map[string][]any{"x": {}}}}, nil, `Grid.Values["x"] is empty`},
		{"bad lease", &hone.Options{Lease: hone.LeaseOptions{Beat: time.Minute}}, nil, "LeaseOptions.Lost"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := hone.NewStudy(c.o)
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("error %v lacks %q", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.Directions(), c.want) || !strings.HasPrefix(s.Name(), "no-name-") || s.Seed() == 0 {
				t.Errorf("directions %v, name %q, seed %d", s.Directions(), s.Name(), s.Seed())
			}
		})
	}
}

func TestLoadStudy(t *testing.T) {
	ctx := context.Background()
	mem := storage.NewMemory()
	first := newStudy(t, &hone.Options{Name: "a", Storage: mem, Seed: 99, Direction: hone.Maximize, MetricNames: []string{"acc"}})
	if err := first.Optimize(parabola, 5); err != nil {
		t.Fatal(err)
	}
	for name, load := range map[string]func() (*hone.Study, error){
		"LoadStudy":    func() (*hone.Study, error) { return hone.LoadStudy(ctx, mem, "a", nil) },
		"the only one": func() (*hone.Study, error) { return hone.LoadStudy(ctx, mem, "", nil) },
		"same direction": func() (*hone.Study, error) {
			return hone.LoadStudy(ctx, mem, "a", &hone.Options{Direction: hone.Maximize})
		},
		"LoadIfExists": func() (*hone.Study, error) {
			return hone.NewStudy(&hone.Options{Name: "a", Storage: mem, LoadIfExists: true, Seed: 1})
		},
		"with the options": func() (*hone.Study, error) {
			return hone.LoadStudy(ctx, mem, "a", &hone.Options{Sampler: new(sampler.Random)})
		},
	} {
		s, err := load()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		best, err := s.BestValue()
		want, wantErr := first.BestValue()
		if s.Seed() != 99 || err != nil || wantErr != nil || best != want || !slices.Equal(s.MetricNames(), []string{"acc"}) {
			t.Errorf("%s: seed %d, best %v (%v), metrics %v", name, s.Seed(), best, err, s.MetricNames())
		}
	}
	if _, err := hone.NewStudy(&hone.Options{Name: "a", Storage: mem, LoadIfExists: true, Direction: hone.Minimize}); err == nil || !strings.Contains(err.Error(), "[maximize]") {
		t.Errorf("another direction: %v", err)
	}
	newStudy(t, &hone.Options{Name: "b", Storage: mem})
	if _, err := hone.LoadStudy(ctx, mem, "", nil); !errors.Is(err, hone.ErrStudyNotFound) || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("no name, two studies: %v", err)
	}

	// One that Python made has no seed: it gets one from its name, always the same.
	if _, err := mem.CreateStudy(ctx, "python", []storage.Direction{storage.Minimize}); err != nil {
		t.Fatal(err)
	}
	p1, err1 := hone.LoadStudy(ctx, mem, "python", nil)
	p2, err2 := hone.LoadStudy(ctx, mem, "python", nil)
	if err1 != nil || err2 != nil || p1.Seed() != p2.Seed() || p1.Seed() == 0 {
		t.Errorf("seeds of a study without one: %v %v", err1, err2)
	}
}

// A study that is resumed goes on as if it had never stopped.
func TestResume(t *testing.T) {
	mem := storage.NewMemory()
	s := newStudy(t, &hone.Options{Name: "x", Storage: mem, Seed: 5})
	whole := newStudy(t, &hone.Options{Seed: 5})
	if err := errors.Join(s.Optimize(mixed, 17), whole.Optimize(mixed, 40)); err != nil {
		t.Fatal(err)
	}
	again, err := hone.LoadStudy(context.Background(), mem, "x", &hone.Options{Sampler: new(sampler.Random)})
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Optimize(mixed, 23); err != nil {
		t.Fatal(err)
	}
	got, err1 := dump(again)
	want, err2 := dump(whole)
	if err1 != nil || err2 != nil || got != want {
		t.Errorf("resumed and whole studies differ (%v, %v):\n%s\n%s", err1, err2, got, want)
	}
}

func TestDeleteCopyAndSummaries(t *testing.T) {
	ctx := context.Background()
	mem, other := storage.NewMemory(), storage.NewMemory()
	s := newStudy(t, &hone.Options{Name: "from", Storage: mem})
	if err := errors.Join(s.Optimize(mixed, 10), s.SetUserAttr("who", "me"), s.Enqueue(map[string]any{"x": 1.5}, nil)); err != nil {
		t.Fatal(err)
	}
	for _, target := range []struct {
		to   storage.Storage
		name string
	}{{other, ""}, {mem, "copy"}} {
		if err := hone.CopyStudy(ctx, mem, "from", target.to, target.name); err != nil {
			t.Fatal(err)
		}
		c, err := hone.LoadStudy(ctx, target.to, cmpOr(target.name, "from"), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err1 := c.Trials()
		want, err2 := s.Trials()
		attrs, err3 := c.UserAttrs()
		if err := errors.Join(err1, err2, err3); err != nil || !reflect.DeepEqual(got, want) || attrs["who"] != "me" || c.Seed() != s.Seed() {
			t.Errorf("the copy differs (%v)", err)
		}
	}
	if err := hone.CopyStudy(ctx, mem, "from", other, ""); !errors.Is(err, hone.ErrDuplicateStudy) {
		t.Errorf("copy onto a taken name: %v", err)
	}
	sums, err := hone.StudySummaries(ctx, mem)
	best, bestErr := s.BestTrial()
	if err != nil || bestErr != nil || len(sums) != 2 || sums[0].Name != "from" || sums[0].Trials != 11 || sums[0].ByState[hone.Waiting] != 1 ||
		sums[0].Best == nil || sums[0].Best.Number != best.Number || sums[0].Started.IsZero() || sums[0].UserAttrs["who"] != "me" {
		t.Errorf("summaries %+v, %v", sums, err)
	}
	if err := hone.DeleteStudy(ctx, mem, "from"); err != nil {
		t.Fatal(err)
	}
	if err := hone.DeleteStudy(ctx, mem, "from"); !errors.Is(err, hone.ErrStudyNotFound) {
		t.Errorf("second delete: %v", err)
	}
	if err := s.Optimize(parabola, 1); !errors.Is(err, hone.ErrStudyNotFound) {
		t.Errorf("optimize a deleted study: %v", err)
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func TestBestIsBestFeasible(t *testing.T) {
	s := newStudy(t, &hone.Options{Direction: hone.Maximize})
	values, violations := []float64{5, 9, 7, 7, 6}, []float64{0, 1, -1, 0, -3}
	if err := s.Optimize(func(tr *hone.Trial) (float64, error) {
		tr.SetConstraint("c", violations[tr.Number()])
		return values[tr.Number()], nil
	}, 5); err != nil {
		t.Fatal(err)
	}
	best, err := s.BestTrial()
	if err != nil || best.Number != 2 || best.Constraints["c"] != -1 {
		t.Errorf("best %+v, %v", best, err)
	}
	if got := best.SystemAttrs[storage.AttrConstraintPrefix+"c"]; got != -1.0 {
		t.Errorf("stored as %v", got)
	}
}

func TestParetoFront(t *testing.T) {
	s := newStudy(t, &hone.Options{Directions: []hone.Direction{hone.Minimize, hone.Maximize}})
	points := [][]float64{{1, 1}, {2, 2}, {2, 1}, {3, 3}, {1, 1}, {0, 9}, {0.5, math.Inf(1)}, {4, 0}}
	infeasible := map[int]bool{5: true}
	if err := s.OptimizeMulti(func(tr *hone.Trial) ([]float64, error) {
		if infeasible[tr.Number()] {
			tr.SetConstraint("c", 1)
		}
		return points[tr.Number()], nil
	}, len(points)); err != nil {
		t.Fatal(err)
	}
	front, err := s.ParetoFront()
	var numbers []int
	for _, f := range front {
		numbers = append(numbers, f.Number)
	}
	if err != nil || !slices.Equal(numbers, []int{6}) {
		t.Errorf("front %v, %v", numbers, err)
	}

	s = newStudy(t, &hone.Options{Directions: []hone.Direction{hone.Minimize, hone.Minimize}})
	points = [][]float64{{1, 4}, {2, 2}, {4, 1}, {3, 3}, {2, 2}, {1, 5}}
	if err := s.OptimizeMulti(func(tr *hone.Trial) ([]float64, error) { return points[tr.Number()], nil }, len(points)); err != nil {
		t.Fatal(err)
	}
	front, err = s.ParetoFront()
	numbers = nil
	for _, f := range front {
		numbers = append(numbers, f.Number)
	}
	if err != nil || !slices.Equal(numbers, []int{0, 1, 2, 4}) {
		t.Errorf("front %v, %v; equal points are both on it", numbers, err)
	}
}

// The front is what the definition says, with ties and infinities too.
func TestParetoFrontByDefinition(t *testing.T) {
	inf := math.Inf(1)
	for objectives := 1; objectives <= 3; objectives++ {
		for seed := range uint64(40) {
			rng := rand.New(rand.NewPCG(seed, uint64(objectives)))
			directions := make([]hone.Direction, objectives)
			for k := range directions {
				directions[k] = []hone.Direction{hone.Minimize, hone.Maximize}[rng.IntN(2)]
			}
			points := make([][]float64, 30)
			for i := range points {
				for range objectives {
					points[i] = append(points[i], []float64{-inf, -1, 0, 1, 2, 3, 4, inf}[rng.IntN(8)])
				}
			}
			dominates := func(a, b []float64) bool {
				better := false
				for k, d := range directions {
					x, y := d.Sign()*a[k], d.Sign()*b[k]
					if x > y {
						return false
					}
					better = better || x < y
				}
				return better
			}
			var want, got []int
			for i, p := range points {
				if !slices.ContainsFunc(points, func(q []float64) bool { return dominates(q, p) }) {
					want = append(want, i)
				}
			}
			s := newStudy(t, &hone.Options{Directions: directions})
			if err := s.OptimizeMulti(func(tr *hone.Trial) ([]float64, error) { return points[tr.Number()], nil }, len(points)); err != nil {
				t.Fatal(err)
			}
			front, err := s.ParetoFront()
			for _, f := range front {
				got = append(got, f.Number)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("directions %v, seed %d: front %v, %v, want %v", directions, seed, got, err, want)
			}
		}
	}
}

func TestAskTellAttach(t *testing.T) {
	ctx := context.Background()
	mem := storage.NewMemory()
	here := newStudy(t, &hone.Options{Name: "s", Storage: mem})
	there, err := hone.LoadStudy(ctx, mem, "s", nil)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := here.Ask(ctx, []hone.Param{{Name: "x", Distribution: distributions.Float{Low: 0, High: 1}}, {Name: "n", Distribution: distributions.Int{Low: 1, High: 4}}})
	if err != nil {
		t.Fatal(err)
	}
	if p := tr.Params(); len(p) != 2 || p["x"].(float64) < 0 || p["n"].(int) < 1 {
		t.Errorf("params %v", p)
	}
	attached, err := there.Attach(ctx, tr.Number())
	if err != nil || !maps.Equal(attached.Params(), tr.Params()) {
		t.Fatalf("attached %v, %v", attached, err)
	}
	if err := here.Tell(ctx, attached, 1); err == nil || !strings.Contains(err.Error(), "belongs to study") {
		t.Errorf("tell the wrong study: %v", err)
	}
	if err := there.Tell(ctx, attached, 1, 2); err == nil || !strings.Contains(err.Error(), "2 values for 1 objectives") {
		t.Errorf("tell too many values: %v", err)
	}
	if err := there.Tell(ctx, attached, 3); err != nil {
		t.Fatal(err)
	}
	if err := here.Tell(ctx, tr, 4); !errors.Is(err, hone.ErrTrialFinished) {
		t.Errorf("told in two places: %v", err)
	}
	if v, err := here.BestValue(); err != nil || v != 3 {
		t.Errorf("best %v, %v", v, err)
	}
	if _, err := there.Attach(ctx, 0); !errors.Is(err, hone.ErrTrialFinished) {
		t.Errorf("attach a finished trial: %v", err)
	}
	for _, tell := range []func(*hone.Trial) error{
		func(tr *hone.Trial) error { tr.Report(2, 7); return here.TellPruned(ctx, tr) },
		func(tr *hone.Trial) error { return here.TellFailed(ctx, tr) },
	} {
		tr, err := here.Ask(ctx, nil)
		if err == nil {
			err = tell(tr)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	trials, err := here.Trials()
	if err != nil || trials[1].State != hone.Pruned || trials[1].Values[0] != 7 || trials[2].State != hone.Failed {
		t.Errorf("%+v, %v", trials, err)
	}
	g := newStudy(t, &hone.Options{Sampler: &sampler.Grid{Values: map[string][]any{"x": {1}}}})
	if tr, err = g.Ask(ctx, []hone.Param{{Name: "x", Distribution: distributions.Int{Low: 0, High: 5}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Ask(ctx, nil); !errors.Is(err, sampler.ErrExhausted) {
		t.Errorf("ask an exhausted grid: %v", err)
	}
	if _, err := g.Ask(ctx, []hone.Param{{Name: "", Distribution: nil}}); err == nil {
		t.Error("ask for nothing")
	}
	_ = tr
}

func TestEnqueue(t *testing.T) {
	s := newStudy(t, nil)
	if err := errors.Join(
		s.Enqueue(map[string]any{"x": 1.25, "kind": "b"}, &hone.EnqueueOptions{UserAttrs: map[string]any{"from": "me"}}),
		s.Enqueue(map[string]any{"x": 1.25, "kind": "b"}, &hone.EnqueueOptions{SkipIfExists: true}),
		s.Enqueue(map[string]any{"x": 2}, nil), // an int for a float is fine
	); err != nil {
		t.Fatal(err)
	}
	if err := s.Optimize(func(tr *hone.Trial) (float64, error) {
		tr.SuggestCategorical("kind", "a", "b")
		return tr.SuggestFloat("x", 0, 3), nil
	}, 3); err != nil {
		t.Fatal(err)
	}
	if err := s.Enqueue(map[string]any{"x": 1.25, "kind": "b"}, &hone.EnqueueOptions{SkipIfExists: true}); err != nil {
		t.Fatal(err)
	}
	trials, err := s.Trials()
	if err != nil || len(trials) != 3 || trials[0].Params["x"] != 1.25 || trials[0].Params["kind"] != "b" || trials[0].UserAttrs["from"] != "me" || trials[1].Params["x"] != 2.0 {
		t.Errorf("%+v, %v", trials, err)
	}
}

type color string

const (
	red  color = "red"
	blue color = "blue"
)

func TestChoosePickAndStruct(t *testing.T) {
	type inner struct {
		Beta float32 `hone:"beta,low=0.5,high=0.75,step=0.25"`
	}
	type config struct {
		Rate  float64 `hone:"lr,low=1e-5,high=0.1,log"`
		Depth uint8   `hone:",low=1,high=3"`
		Act   string  `hone:"act,choices=relu|tanh"`
		Size  int     `hone:"size,choices=16|64"`
		Bias  bool    `hone:"bias"`
		Opt   inner   `hone:"opt"`
		Other int
	}
	s := newStudy(t, nil)
	seen := make(map[string]int)
	if err := s.Optimize(func(tr *hone.Trial) (float64, error) {
		c := config{Other: 5}
		tr.SuggestStruct(&c)
		if c.Rate < 1e-5 || c.Rate > 0.1 || c.Depth < 1 || c.Depth > 3 || c.Other != 5 || (c.Opt.Beta != 0.5 && c.Opt.Beta != 0.75) {
			return 0, fmt.Errorf("%+v", c)
		}
		seen[c.Act]++
		seen[fmt.Sprint(c.Size)]++
		seen[fmt.Sprint(c.Bias)]++
		seen[string(hone.Choose(tr, "color", red, blue))]++
		seen[fmt.Sprint(hone.Choose(tr, "f", 0.5, 2))]++
		f := hone.Pick(tr, "func", map[string]func(float64) float64{"sin": math.Sin, "exp": math.Exp})
		return f(1), nil
	}, 60); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"relu", "tanh", "16", "64", "true", "false", "red", "blue", "0.5", "2"} {
		if seen[want] == 0 {
			t.Errorf("%s never came: %v", want, seen)
		}
	}
	trials, err := s.Trials()
	if err != nil {
		t.Fatal(err)
	}
	p := trials[0].Params
	kinds := map[string]string{"lr": "float64", "Depth": "int", "act": "string", "size": "int", "bias": "bool", "opt.beta": "float64", "color": "string", "f": "float64", "func": "string"}
	for name, want := range kinds {
		if got := fmt.Sprintf("%T", p[name]); got != want {
			t.Errorf("%s is stored as %s, want %s", name, got, want)
		}
	}
}

func TestAddTrial(t *testing.T) {
	s := newStudy(t, nil)
	if err := s.Optimize(mixed, 8); err != nil {
		t.Fatal(err)
	}
	want, err := s.Trials()
	if err != nil {
		t.Fatal(err)
	}
	other := newStudy(t, nil)
	for _, f := range want {
		if err := other.AddTrial(f); err != nil {
			t.Fatal(err)
		}
	}
	got, err := other.Trials()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("added trials differ from their source (%v):\n%+v\n%+v", err, got[0], want[0])
	}
	n := 0
	for f, err := range other.AllTrials() {
		if err != nil || f.Number != n {
			t.Errorf("%d: %+v, %v", n, f, err)
		}
		if n++; n == 3 {
			break
		}
	}
}

func TestAttributesComeBackAsJSONHasThem(t *testing.T) {
	s := newStudy(t, nil)
	f, err := once(t, s, func(tr *hone.Trial) (float64, error) {
		tr.SetUserAttr("int", 5)
		tr.SetUserAttr("float", 2.0)
		tr.SetUserAttr("list", []string{"a"})
		tr.SetUserAttr("struct", struct{ A, B int }{1, 2})
		tr.SetUserAttr("nil", nil)
		tr.SetUserAttr("big", uint64(math.MaxUint64))
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"int": 5, "float": 2.0, "list": []any{"a"}, "struct": map[string]any{"A": 1, "B": 2}, "nil": nil, "big": json.Number("18446744073709551615")}
	if !reflect.DeepEqual(f.UserAttrs, want) {
		t.Errorf("got %#v\nwant %#v", f.UserAttrs, want)
	}
	f.UserAttrs["int"] = 6 // a copy
	if again, err := s.Trials(); err != nil || again[0].UserAttrs["int"] != 5 {
		t.Errorf("a change of a FrozenTrial reached the study: %v, %v", again, err)
	}
}

func TestExports(t *testing.T) {
	s := newStudy(t, &hone.Options{MetricNames: []string{"loss"}})
	if err := s.Optimize(func(tr *hone.Trial) (float64, error) {
		tr.SetUserAttr("note", "=1+1")
		tr.SetUserAttr("list", []int{1, 2})
		tr.SetConstraint("c", math.Inf(-1))
		x := tr.SuggestFloat("x", 0, 1)
		if tr.Number() == 1 {
			tr.SuggestCategorical("only, here", "a", "b")
			tr.Report(3, math.NaN())
			return 0, hone.ErrPruned
		}
		return x, nil
	}, 2); err != nil {
		t.Fatal(err)
	}
	trials, err := s.Trials()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := s.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v: %q", err, b.String())
	}
	want := []string{"number", "state", "loss", "started", "finished", "seconds", "params_only, here", "params_x", "user_list", "user_note"}
	if !slices.Equal(rows[0], want) {
		t.Errorf("header %q", rows[0])
	}
	if rows[1][1] != "complete" || rows[1][2] != fmt.Sprint(trials[0].Values[0]) || rows[1][6] != "" || rows[1][8] != "[1,2]" || rows[1][9] != "'=1+1" {
		t.Errorf("row %q", rows[1])
	}
	if rows[2][1] != "pruned" || rows[2][2] != "" || rows[2][6] == "" {
		t.Errorf("row %q", rows[2])
	}

	b.Reset()
	if err := s.WriteJSONL(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%q", lines)
	}
	for i, line := range lines {
		var v struct {
			Number      int
			State       string
			Values      []float64
			Params      map[string]any
			Constraints map[string]any
			Reports     map[string]any `json:"intermediate_values"`
			Started     time.Time
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if v.Number != i || v.Params["x"] != trials[i].Params["x"] || v.Constraints["c"] != "-Infinity" || v.Started.IsZero() {
			t.Errorf("%s", line)
		}
		if i == 1 && v.Reports["3"] != "NaN" {
			t.Errorf("%s", line)
		}
	}
}

// A study that is deleted under its workers stops them, and the error says so.
func TestDeletedUnderWorkers(t *testing.T) {
	st := storage.NewMemory()
	s := newStudy(t, &hone.Options{Name: "gone", Storage: st, Sampler: new(sampler.Random)})
	err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
		x := tr.SuggestFloat("x", 0, 1)
		if tr.Number() == 10 {
			if err := hone.DeleteStudy(context.Background(), st, "gone"); err != nil {
				return 0, err
			}
		}
		return x, nil
	}, &hone.OptimizeOptions{Trials: 1000, Workers: 4})
	if !errors.Is(err, hone.ErrStudyNotFound) && !errors.Is(err, hone.ErrTrialNotFound) {
		t.Errorf("error %v", err)
	}
	if err := s.Optimize(parabola, 1); !errors.Is(err, hone.ErrStudyNotFound) || !strings.Contains(err.Error(), `study "gone" was deleted`) {
		t.Errorf("error %v", err)
	}
}
