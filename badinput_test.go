package hone_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// newStudy returns a study in memory with a fixed seed.
func newStudy(t testing.TB, o *hone.Options) *hone.Study {
	t.Helper()
	if o == nil {
		o = new(hone.Options)
	}
	if o.Seed == 0 {
		o.Seed = 7
	}
	if o.Sampler == nil {
		o.Sampler = new(sampler.Random)
	}
	s, err := hone.NewStudy(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// once runs one trial and returns what Optimize says and the trial.
func once(t testing.TB, s *hone.Study, f hone.Objective) (hone.FrozenTrial, error) {
	t.Helper()
	err := s.OptimizeContext(context.Background(), f, &hone.OptimizeOptions{Trials: 1})
	trials, readErr := s.Trials()
	if readErr != nil || len(trials) == 0 {
		t.Fatalf("no trial: %v", readErr)
	}
	return trials[len(trials)-1], err
}

// suggests returns an objective that asks for one parameter.
func suggests(name string, d distributions.Distribution) func(*hone.Study) error {
	return func(s *hone.Study) error {
		return s.Optimize(func(t *hone.Trial) (float64, error) {
			_, err := t.Suggest(name, d)
			return 0, err
		}, 1)
	}
}

func optimize(f hone.Objective) func(*hone.Study) error {
	return func(s *hone.Study) error { return s.Optimize(f, 1) }
}

func logs(t testing.TB) (*slog.Logger, *strings.Builder) {
	var b strings.Builder
	return slog.New(slog.NewTextHandler(&b, nil)), &b
}

type palette struct{ Name string }

// TestBadInput goes through the list of 96 bad inputs that a first-class
// optimiser answers well. Rows are named by their number in that list. Elsewhere
// are: 9, 14, 15 (limits of databases), 46's widening (categories do not change),
// 63 (there is no CSV import), 93–96 (URLs, databases, files, servers).
func TestBadInput(t *testing.T) {
	f := func(low, high, step float64, log bool) distributions.Float {
		return distributions.Float{Low: low, High: high, Step: step, Log: log}
	}
	i := func(low, high, step int, log bool) distributions.Int {
		return distributions.Int{Low: low, High: high, Step: step, Log: log}
	}
	cat := func(choices ...any) distributions.Categorical { return distributions.Categorical{Choices: choices} }
	many := make([]any, 1_000_001)
	for k := range many {
		many[k] = k
	}
	x := func(t *hone.Trial) (float64, error) { return t.SuggestFloat("x", 0, 1), nil }
	for _, c := range []struct {
		name string
		do   func(s *hone.Study) error
		is   error    // what errors.Is finds
		says []string // what the text holds; nil: no error
	}{
		{"1 empty name", suggests("", f(0, 1, 0, false)), hone.ErrInvalidName, []string{"empty"}},
		{"2 long name", suggests(strings.Repeat("n", 513), f(0, 1, 0, false)), hone.ErrInvalidName, []string{"513 bytes", "512"}},
		{"3 NUL", suggests("a\x00b", f(0, 1, 0, false)), hone.ErrInvalidName, []string{"NUL"}},
		{"4 UTF-8", suggests("a\xffb", f(0, 1, 0, false)), hone.ErrInvalidName, []string{"UTF-8"}},
		{"5 newline", suggests("a\nb\x1b", f(0, 1, 0, false)), nil, nil},
		{"6 emoji", suggests("🦊", f(0, 1, 0, false)), nil, nil},
		{"7 script", suggests("<script>alert(1)</script>", cat("<script>", "b")), nil, nil},
		{"8 SQL", suggests("'; DROP TABLE trials;--%s`\\", f(0, 1, 0, false)), nil, nil},
		{"10 proto", suggests("__proto__", f(0, 1, 0, false)), nil, nil},
		{"11 existing study", func(s *hone.Study) error {
			_, err := hone.NewStudy(&hone.Options{Name: s.Name(), Storage: s.Storage()})
			return err
		}, hone.ErrDuplicateStudy, []string{"LoadIfExists"}},
		{"12 missing study", func(s *hone.Study) error {
			newStudy(t, &hone.Options{Name: "cache", Storage: s.Storage()})
			_, err := hone.LoadStudy(context.Background(), s.Storage(), "cahce", nil)
			return err
		}, hone.ErrStudyNotFound, []string{`"cahce"`, `"cache"`}},
		{"13 channel as attribute", optimize(func(t *hone.Trial) (float64, error) { t.SetUserAttr("c", make(chan int)); return 0, nil }), nil, []string{"chan int", "badinput_test.go"}},
		{"13 func as attribute", func(s *hone.Study) error { return s.SetUserAttr("f", func() {}) }, nil, []string{"func()"}},
		{"13 NaN in attribute", optimize(func(t *hone.Trial) (float64, error) {
			t.SetUserAttr("v", []float64{math.NaN()})
			return 0, nil
		}), nil, []string{"NaN", "JSON"}},

		{"16 low above high", suggests("x", f(1, 0, 0, false)), nil, []string{"low 1 is above high 0"}},
		{"17 one value", suggests("x", f(1, 1, 0, false)), nil, nil},
		{"18 NaN bound", suggests("x", f(math.NaN(), 1, 0, false)), nil, []string{"NaN"}},
		{"19 infinite bound", suggests("x", f(0, math.Inf(1), 0, false)), nil, []string{"Inf"}},
		{"20 width overflows", suggests("x", f(-1e308, 1e308, 0, false)), nil, nil},
		{"21 subnormal", suggests("x", f(5e-324, 1e-320, 0, false)), nil, nil},
		{"22 log from 0", suggests("x", f(0, 1, 0, true)), nil, []string{"log", "above 0"}},
		{"23 log int from 0", suggests("x", i(0, 9, 1, true)), nil, []string{"log"}},
		{"24 log with step", suggests("x", f(1, 2, 0.5, true)), nil, []string{"log", "step"}},
		{"25 negative step", suggests("x", f(0, 1, -1, false)), nil, []string{"step -1"}},
		{"25 zero step", optimize(func(t *hone.Trial) (float64, error) { return t.SuggestStepFloat("x", 0, 1, 0), nil }), nil, []string{"step is 0"}},
		{"26 NaN step", suggests("x", f(0, 1, math.NaN(), false)), nil, []string{"step NaN"}},
		{"26 infinite step", suggests("x", f(0, 1, math.Inf(1), false)), nil, []string{"step"}},
		{"27 step above range", suggests("x", f(0, 1, 5, false)), nil, nil},
		{"30 step too small", suggests("x", f(1e17, 1.0000000000000001e18, 1e-3, false)), nil, []string{"step"}},
		{"31 int low above high", suggests("x", i(3, 2, 1, false)), nil, []string{"low 3 is above high 2"}},
		{"32 int beyond 2^53", suggests("x", i(math.MinInt, math.MaxInt, 1, false)), nil, []string{"2^53"}},
		{"33 int range of 2^53", suggests("x", i(0, int(min(int64(1)<<53, math.MaxInt)), 1, false)), nil, nil},
		{"34 negative int step", suggests("x", i(0, 9, -2, false)), nil, []string{"step -2"}},
		{"34 zero int step", optimize(func(t *hone.Trial) (float64, error) { return float64(t.SuggestStepInt("x", 0, 9, 0)), nil }), nil, []string{"step is 0"}},
		{"35 no choices", optimize(func(t *hone.Trial) (float64, error) { t.SuggestCategorical("x"); return 0, nil }), nil, []string{"choice"}},
		{"36 one choice", suggests("x", cat("only")), nil, nil},
		{"37 duplicate choices", suggests("x", cat("a", "b", "a")), nil, []string{`"a"`}},
		{"38 1, 1.0 and true", suggests("x", cat(1, 1.0, true)), nil, nil},
		{"39 nil choice", suggests("x", cat(nil, "a")), nil, nil},
		{"40 NaN choice", suggests("x", cat(math.NaN(), 1.0)), nil, nil},
		{"41 slice choice", suggests("x", cat([]int{1}, "a")), nil, []string{"[]int"}},
		{"41 struct choice", suggests("x", cat(palette{}, "a")), nil, []string{"palette"}},
		{"42 a million choices", suggests("x", cat(many...)), nil, []string{"choices"}},
		{"43 other kind", func(s *hone.Study) error {
			return errors.Join(s.Optimize(x, 1), s.Optimize(func(t *hone.Trial) (float64, error) { return float64(t.SuggestInt("x", 0, 1)), nil }, 1))
		}, hone.ErrIncompatible, []string{"Float(0, 1)", "Int(0, 1)"}},
		{"44 log changed", func(s *hone.Study) error {
			return errors.Join(suggests("x", f(1, 2, 0, false))(s), suggests("x", f(1, 2, 0, true))(s))
		}, hone.ErrIncompatible, []string{"log"}},
		{"45 other range", func(s *hone.Study) error {
			return errors.Join(s.Optimize(x, 1), suggests("x", f(5, 6, 0, false))(s))
		}, nil, nil},
		{"46 other choices", func(s *hone.Study) error {
			return errors.Join(suggests("x", cat("lru", "lfu"))(s), suggests("x", cat("lru", "lfu", "arc"))(s))
		}, hone.ErrIncompatible, []string{"lru", "arc"}},
		{"49 ten thousand parameters", optimize(func(t *hone.Trial) (float64, error) {
			for k := range 10_000 {
				t.SuggestFloat(fmt.Sprint("x", k), 0, 1)
			}
			return 0, nil
		}), nil, nil},
		{"51 suggest after the end", func(s *hone.Study) error {
			var kept *hone.Trial
			if err := s.Optimize(func(t *hone.Trial) (float64, error) { kept = t; return 0, nil }, 1); err != nil {
				return err
			}
			_, err := kept.Suggest("late", f(0, 1, 0, false))
			return err
		}, hone.ErrTrialFinished, []string{"late"}},
		{"52 unexported field", optimize(func(t *hone.Trial) (float64, error) {
			var c struct {
				rate float64 `hone:"lr,low=0,high=1"`
			}
			t.SuggestStruct(&c)
			return c.rate, nil
		}), nil, []string{".rate", "not exported"}},
		{"52 unsupported type", optimize(func(t *hone.Trial) (float64, error) {
			var c struct {
				Tags map[string]int `hone:"tags"`
			}
			t.SuggestStruct(&c)
			return 0, nil
		}), nil, []string{".Tags", "map[string]int"}},
		{"52 unknown option", optimize(func(t *hone.Trial) (float64, error) {
			var c struct {
				Rate float64 `hone:"lr,min=0"`
			}
			t.SuggestStruct(&c)
			return 0, nil
		}), nil, []string{".Rate", `"min=0"`}},
		{"52 not a struct", optimize(func(t *hone.Trial) (float64, error) { t.SuggestStruct(3); return 0, nil }), nil, []string{"pointer to a struct", "int"}},

		{"53 enqueue unknown category", func(s *hone.Study) error {
			return errors.Join(suggests("x", cat("a", "b"))(s), s.Enqueue(map[string]any{"x": "c"}, nil))
		}, nil, []string{"enqueue", `"x"`, "c"}},
		{"54 enqueue out of range", func(s *hone.Study) error {
			return errors.Join(s.Optimize(x, 1), s.Enqueue(map[string]any{"x": 99.0}, nil), s.Optimize(x, 1))
		}, nil, nil},
		{"55 enqueue wrong type", func(s *hone.Study) error {
			return errors.Join(s.Optimize(x, 1), s.Enqueue(map[string]any{"x": "big"}, nil))
		}, nil, []string{"enqueue", `"x"`, "big"}},
		{"56 enqueue NaN", func(s *hone.Study) error { return s.Enqueue(map[string]any{"x": math.NaN()}, nil) }, nil, []string{"NaN"}},
		{"57 enqueue nil", func(s *hone.Study) error {
			return errors.Join(s.Enqueue(nil, nil), s.Optimize(x, 1))
		}, nil, nil},
		{"59 add without values", func(s *hone.Study) error { return s.AddTrial(hone.FrozenTrial{State: hone.Complete}) }, nil, []string{"values"}},
		{"60 add without distributions", func(s *hone.Study) error {
			return s.AddTrial(hone.FrozenTrial{State: hone.Complete, Values: []float64{1}, Params: map[string]any{"x": 1.0}})
		}, nil, []string{`"x"`, "distribution"}},
		{"61 add outside the domain", func(s *hone.Study) error {
			return s.AddTrial(hone.FrozenTrial{State: hone.Complete, Values: []float64{1}, Params: map[string]any{"x": 9.0},
				Distributions: map[string]distributions.Distribution{"x": f(0, 1, 0, false)}})
		}, nil, []string{`"x"`, "9", "outside"}},
		{"62 add with end before start", func(s *hone.Study) error {
			now := time.Now()
			return s.AddTrial(hone.FrozenTrial{State: hone.Complete, Values: []float64{1}, Started: now, Finished: now.Add(-time.Second)})
		}, nil, []string{"before it started"}},

		{"64 nil objective", func(s *hone.Study) error { return s.Optimize(nil, 0) }, nil, []string{"nil"}},
		{"65 panic with nil", optimize(func(*hone.Trial) (float64, error) { panic(nil) }), nil, []string{"trial 0", "panicked"}},
		{"65 panic with a string", optimize(func(*hone.Trial) (float64, error) { panic("ouch") }), nil, []string{"trial 0", "ouch", "badinput_test.go"}},
		{"65 panic with an error", optimize(func(*hone.Trial) (float64, error) { panic(fmt.Errorf("wrapped: %w", context.DeadlineExceeded)) }), context.DeadlineExceeded, []string{"wrapped"}},
		{"65 index out of range", optimize(func(*hone.Trial) (float64, error) { var s []int; return float64(s[len(s)]), nil }), nil, []string{"index out of range"}},
		{"66 Goexit", optimize(func(*hone.Trial) (float64, error) { runtime.Goexit(); return 0, nil }), nil, []string{"trial 0", "Goexit"}},
		{"67 error", optimize(func(*hone.Trial) (float64, error) { return 0, context.Canceled }), context.Canceled, []string{"trial 0"}},
		{"69 NaN", optimize(func(t *hone.Trial) (float64, error) { return math.NaN(), nil }), nil, nil},
		{"72 minus zero", optimize(func(t *hone.Trial) (float64, error) { return math.Copysign(0, -1), nil }), nil, nil},
		{"74 cancelled before", func(s *hone.Study) error {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			err := s.OptimizeContext(ctx, x, nil)
			if trials, readErr := s.Trials(); readErr != nil || len(trials) != 0 {
				return fmt.Errorf("%d trials were made (%v)", len(trials), readErr)
			}
			return err
		}, context.Canceled, []string{"no trial was begun"}},
		{"78 tell twice", func(s *hone.Study) error {
			tr, err := s.Ask(context.Background(), nil)
			return errors.Join(err, s.Tell(context.Background(), tr, 1), s.Tell(context.Background(), tr, 1))
		}, hone.ErrTrialFinished, []string{"trial 0"}},
		{"79 attach unknown number", func(s *hone.Study) error { _, err := s.Attach(context.Background(), 5); return err }, hone.ErrTrialNotFound, []string{"trial 5"}},
		{"80 attach a waiting trial", func(s *hone.Study) error {
			_, err := s.Attach(context.Background(), 0)
			if err == nil {
				return errors.New("no error on an empty study")
			}
			if err := s.Enqueue(nil, nil); err != nil {
				return err
			}
			_, err = s.Attach(context.Background(), 0)
			return err
		}, nil, []string{"waiting"}},
		{"81 tell NaN", func(s *hone.Study) error {
			tr, err := s.Ask(context.Background(), nil)
			if err != nil {
				return err
			}
			err = s.Tell(context.Background(), tr, math.NaN())
			return errors.Join(err, s.Tell(context.Background(), tr, 1)) // it goes on
		}, nil, []string{"NaN"}},
		{"83 negative step", optimize(func(t *hone.Trial) (float64, error) { t.Report(-1, 0); return 0, nil }), nil, []string{"step -1", "negative", "badinput_test.go"}},
		{"85 report NaN", optimize(func(t *hone.Trial) (float64, error) { t.Report(0, math.NaN()); t.ShouldPrune(); return 0, nil }), nil, nil},
		{"89 constraint NaN", optimize(func(t *hone.Trial) (float64, error) { t.SetConstraint("c", math.NaN()); return 0, nil }), nil, []string{`"c"`, "NaN"}},
		{"90 negative workers", func(s *hone.Study) error {
			return s.OptimizeContext(context.Background(), x, &hone.OptimizeOptions{Trials: 1, Workers: -1})
		}, nil, []string{"Workers is -1"}},
		{"90 negative trials", func(s *hone.Study) error { return s.Optimize(x, -1) }, nil, []string{"Trials is -1"}},
		{"90 negative budget", func(s *hone.Study) error {
			return s.OptimizeContext(context.Background(), x, &hone.OptimizeOptions{TotalTrials: -3})
		}, nil, []string{"TotalTrials is -3"}},
		{"90 negative timeout", func(s *hone.Study) error {
			return s.OptimizeContext(context.Background(), x, &hone.OptimizeOptions{Trials: 1, Timeout: -time.Second})
		}, nil, []string{"Timeout is -1s"}},
		{"90 no workers means one", func(s *hone.Study) error {
			return s.OptimizeContext(context.Background(), x, &hone.OptimizeOptions{Trials: 1})
		}, nil, nil},
		{"92 best of an empty study", func(s *hone.Study) error { _, err := s.BestTrial(); return err }, hone.ErrNoTrials, []string{s0}},
		{"92 best of an infeasible study", func(s *hone.Study) error {
			err := s.Optimize(func(t *hone.Trial) (float64, error) { t.SetConstraint("c", 1); return 0, nil }, 2)
			_, best := s.BestValue()
			return errors.Join(err, best)
		}, hone.ErrNoFeasible, []string{s0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStudy(t, &hone.Options{Name: s0})
			err := c.do(s)
			if c.says == nil {
				if err != nil {
					t.Fatalf("unexpected error: %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error is not %q: %v", c.is, err)
			}
			for _, text := range c.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error lacks %q: %v", text, err)
				}
			}
		})
	}
}

func noMap() map[int]int { return nil }

// s0 is the name of the studies above, which errors are to tell.
const s0 = "study of bad input"

// TestBadInputFailsTheTrial has the cases in which Optimize goes on, or in which
// the trial that was recorded matters.
func TestBadInputFailsTheTrial(t *testing.T) {
	goOn := &hone.OptimizeOptions{Trials: 1, Catch: func(error) bool { return true }}
	attr := func(f hone.FrozenTrial) string { return fmt.Sprint(f.SystemAttrs[storage.AttrError]) }

	for _, c := range []struct {
		name string
		f    hone.Objective
		says string
	}{
		{"65 panic", func(*hone.Trial) (float64, error) { panic("ouch") }, "ouch"},
		{"66 Goexit", func(*hone.Trial) (float64, error) { runtime.Goexit(); return 0, nil }, "Goexit"},
		{"67 error", func(*hone.Trial) (float64, error) { return 0, errors.New("no luck") }, "no luck"},
		{"69 NaN", func(t *hone.Trial) (float64, error) { t.SuggestInt("size", 1024, 1024); return math.NaN(), nil }, "size:1024"},
		{"nil map", func(t *hone.Trial) (float64, error) { noMap()[0] = 1; return 0, nil }, "nil map"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStudy(t, nil)
			if err := s.OptimizeContext(context.Background(), c.f, goOn); err != nil {
				t.Fatalf("the call ended with %v", err)
			}
			trials, err := s.Trials()
			if err != nil || len(trials) != 1 || trials[0].State != hone.Failed || len(trials[0].Values) != 0 {
				t.Fatalf("trials %+v, %v", trials, err)
			}
			if !strings.Contains(attr(trials[0]), c.says) {
				t.Errorf("the trial's error lacks %q: %s", c.says, attr(trials[0]))
			}
			if err := s.Optimize(func(*hone.Trial) (float64, error) { return 1, nil }, 1); err != nil {
				t.Errorf("the study does not go on: %v", err)
			}
		})
	}

	t.Run("66 Goexit with several workers", func(t *testing.T) {
		s := newStudy(t, nil)
		o := &hone.OptimizeOptions{Trials: 50, Workers: 4, Catch: goOn.Catch}
		if err := s.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
			if t.Number()%2 == 0 {
				runtime.Goexit()
			}
			return 1, nil
		}, o); err != nil {
			t.Fatal(err)
		}
		trials, err := s.Trials()
		failed := 0
		for _, f := range trials {
			if f.State == hone.Failed {
				failed++
			}
		}
		if err != nil || len(trials) != 50 || failed != 25 {
			t.Errorf("%d trials, %d failed, %v", len(trials), failed, err)
		}
	})
	t.Run("68 error that wraps ErrPruned", func(t *testing.T) {
		f, err := once(t, newStudy(t, nil), func(tr *hone.Trial) (float64, error) {
			tr.Report(1, 5)
			tr.Report(0, 9)
			return 0, fmt.Errorf("enough: %w", hone.ErrPruned)
		})
		if err != nil || f.State != hone.Pruned || len(f.Values) != 1 || f.Values[0] != 5 {
			t.Errorf("%+v, %v", f, err)
		}
	})
	t.Run("70 infinities", func(t *testing.T) {
		for _, v := range []float64{math.Inf(1), math.Inf(-1)} {
			f, err := once(t, newStudy(t, nil), func(*hone.Trial) (float64, error) { return v, nil })
			if err != nil || f.State != hone.Complete || f.Values[0] != v {
				t.Errorf("%+v, %v", f, err)
			}
		}
	})
	t.Run("71 and 73 wrong number of values", func(t *testing.T) {
		for _, values := range [][]float64{nil, {1}, {1, 2, 3}} {
			s := newStudy(t, &hone.Options{Directions: []hone.Direction{hone.Minimize, hone.Maximize}})
			if err := s.OptimizeMulti(func(*hone.Trial) ([]float64, error) { return values, nil }, 1); err != nil {
				t.Fatal(err)
			}
			trials, err := s.Trials()
			want := fmt.Sprintf("%d values for 2 objectives", len(values))
			if err != nil || trials[0].State != hone.Failed || !strings.Contains(attr(trials[0]), want) {
				t.Errorf("%+v, %v", trials, err)
			}
		}
	})
	t.Run("47 and 48 name twice", func(t *testing.T) {
		logger, out := logs(t)
		_, err := once(t, newStudy(t, &hone.Options{Logger: logger}), func(tr *hone.Trial) (float64, error) {
			a, b := tr.SuggestFloat("x", 0, 1), tr.SuggestFloat("x", 0, 1)
			c := tr.SuggestFloat("x", 5, 6)
			if a != b || a != c {
				return 0, fmt.Errorf("%v, %v, %v", a, b, c)
			}
			return a, nil
		})
		if err != nil || strings.Count(out.String(), "another range") != 1 {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("28 and 29 grids of floats", func(t *testing.T) {
		s := newStudy(t, &hone.Options{Sampler: new(sampler.Grid)})
		seen := map[string]bool{}
		if err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
			v := tr.SuggestStepFloat("x", 0, 1.05, 0.1)
			seen[fmt.Sprint(v)] = true
			return v, nil
		}, nil); err != nil {
			t.Fatal(err)
		}
		for _, want := range strings.Fields("0 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1") {
			if !seen[want] {
				t.Errorf("%s is missing in %v", want, seen)
			}
		}
		if len(seen) != 11 {
			t.Errorf("%d values: %v", len(seen), seen)
		}
	})
	t.Run("50 conditional parameter", func(t *testing.T) {
		s := newStudy(t, nil)
		if err := s.Optimize(func(tr *hone.Trial) (float64, error) {
			if tr.Number() == 17 {
				return tr.SuggestFloat("rare", 0, 1), nil
			}
			return tr.SuggestFloat("usual", 0, 1), nil
		}, 40); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("58 enqueued parameter that is never asked for", func(t *testing.T) {
		logger, out := logs(t)
		s := newStudy(t, &hone.Options{Logger: logger})
		if err := s.Enqueue(map[string]any{"typo": 1.0, "x": 0.5}, nil); err != nil {
			t.Fatal(err)
		}
		f, err := once(t, s, func(tr *hone.Trial) (float64, error) { return tr.SuggestFloat("x", 0, 1), nil })
		if err != nil || f.Params["x"] != 0.5 || !strings.Contains(out.String(), "parameter=typo") {
			t.Errorf("%+v, %v\n%s", f, err, out)
		}
	})
	t.Run("75 cancelled in the middle", func(t *testing.T) {
		s := newStudy(t, nil)
		ctx, cancel := context.WithCancel(context.Background())
		err := s.OptimizeContext(ctx, func(tr *hone.Trial) (float64, error) {
			tr.SuggestFloat("x", 0, 1)
			cancel()
			<-tr.Context().Done()
			return 0, tr.Context().Err()
		}, nil)
		trials, readErr := s.Trials()
		if !errors.Is(err, context.Canceled) || readErr != nil || len(trials) != 2 {
			t.Fatalf("%v, %v, %+v", err, readErr, trials)
		}
		cut, again := trials[0], trials[1]
		if cut.State != hone.Failed || cut.SystemAttrs[storage.AttrLost] == nil || again.State != hone.Waiting {
			t.Errorf("%+v\n%+v", cut, again)
		}
		f, err := once(t, s, func(tr *hone.Trial) (float64, error) { return tr.SuggestFloat("x", 0, 1), nil })
		if err != nil || f.Number != 1 || f.Params["x"] != cut.Params["x"] {
			t.Errorf("it was not run again with its value %v: %+v, %v", cut.Params["x"], f, err)
		}
	})
	t.Run("76 deadline of a trial", func(t *testing.T) {
		s := newStudy(t, nil)
		err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
			<-tr.Context().Done()
			return 0, tr.Context().Err()
		}, &hone.OptimizeOptions{Trials: 2, TrialTimeout: time.Millisecond})
		trials, readErr := s.Trials()
		if err != nil || readErr != nil || len(trials) != 2 || trials[0].State != hone.Failed || !strings.Contains(attr(trials[0]), "TrialTimeout") {
			t.Errorf("%v, %v, %+v", err, readErr, trials)
		}
	})
	t.Run("77 all trials fail", func(t *testing.T) {
		// Catch says to go on, so Optimize does; MaxFailures is the way out.
		s := newStudy(t, nil)
		boom := func(*hone.Trial) (float64, error) { return 0, errors.New("boom") }
		err := s.OptimizeContext(context.Background(), boom, &hone.OptimizeOptions{Trials: 100, Catch: goOn.Catch, Stop: []hone.StopRule{hone.MaxFailures(20)}})
		trials, readErr := s.Trials()
		if err != nil || readErr != nil || len(trials) != 20 {
			t.Errorf("%v, %v, %d trials", err, readErr, len(trials))
		}
	})
	t.Run("84 step reported twice", func(t *testing.T) {
		logger, out := logs(t)
		f, err := once(t, newStudy(t, &hone.Options{Logger: logger}), func(tr *hone.Trial) (float64, error) {
			tr.Report(3, 1)
			tr.Report(3, 2)
			return 0, nil
		})
		if err != nil || f.IntermediateValues[3] != 1 || !strings.Contains(out.String(), "reported twice") {
			t.Errorf("%+v, %v\n%s", f, err, out)
		}
	})
	t.Run("86 and 87 reports out of order, and none", func(t *testing.T) {
		f, err := once(t, newStudy(t, nil), func(tr *hone.Trial) (float64, error) {
			if tr.ShouldPrune() {
				return 0, errors.New("pruned before the first report")
			}
			tr.Report(5, 5)
			tr.Report(2, 2)
			tr.ShouldPrune()
			return 0, nil
		})
		if err != nil || f.IntermediateValues[2] != 2 || f.IntermediateValues[5] != 5 {
			t.Errorf("%+v, %v", f, err)
		}
	})
	t.Run("88 pruning with several objectives", func(t *testing.T) {
		s := newStudy(t, &hone.Options{Directions: []hone.Direction{hone.Minimize, hone.Minimize}, Pruner: new(pruner.Median)})
		for _, f := range []func(*hone.Trial){func(tr *hone.Trial) { tr.Report(0, 1) }, func(tr *hone.Trial) { tr.ShouldPrune() }} {
			err := s.OptimizeMulti(func(tr *hone.Trial) ([]float64, error) { f(tr); return []float64{1, 2}, nil }, 1)
			if !errors.Is(err, hone.ErrMultiObjective) {
				t.Errorf("%v", err)
			}
		}
		if _, err := s.BestTrial(); !errors.Is(err, hone.ErrMultiObjective) || !strings.Contains(err.Error(), "ParetoFront") {
			t.Errorf("92 best of several objectives: %v", err)
		}
		if err := s.Optimize(func(*hone.Trial) (float64, error) { return 0, nil }, 1); !errors.Is(err, hone.ErrMultiObjective) || !strings.Contains(err.Error(), "OptimizeMulti") {
			t.Errorf("Optimize with several objectives: %v", err)
		}
	})
	t.Run("91 no limit", func(t *testing.T) {
		logger, out := logs(t)
		s := newStudy(t, &hone.Options{Logger: logger})
		err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
			if tr.Number() == 9 {
				tr.Study().Stop()
			}
			return 0, nil
		}, nil)
		if err != nil || strings.Count(out.String(), "no limit") != 1 {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("recovered panic of a Suggest", func(t *testing.T) {
		f, err := once(t, newStudy(t, nil), func(tr *hone.Trial) (v float64, err error) {
			defer func() { recover() }()
			tr.SuggestFloat("x", 2, 1)
			return 0, nil
		})
		if err == nil || f.State != hone.Failed || !strings.Contains(err.Error(), "low 2 is above high 1 (badinput_test.go:") {
			t.Errorf("%+v, %v", f, err)
		}
	})
}
