package hone_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
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

// elsewhere are the numbers of the list below that are no concern of this package.
var elsewhere = map[int]string{
	9:  "storage/rdb: names that a database's collation takes for one",
	14: "storage/rdb: attributes longer than a column",
	15: "the dashboard: 100,000 attributes are listed lazily",
	63: "there is no import of CSV",
	82: "TellPruned takes no values",
	93: "storage/open: addresses",
	94: "storage/rdb: what a database holds that makes no sense",
	95: "storage/journal: files that are no journal",
	96: "storage/grpcstore and the dashboard: requests",
}

// TestBadInputIsWhole holds the names of the rows below against the list's numbers.
func TestBadInputIsWhole(t *testing.T) {
	rows := make(map[int]bool)
	for _, name := range []string{"badinput_test.go", "badtrial_test.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range regexp.MustCompile(`(?m)^\t+(?:\{|t\.Run\()"((?:\d+(?:, | and | ))+)`).FindAllSubmatch(text, -1) {
			for _, digits := range regexp.MustCompile(`\d+`).FindAll(row[1], -1) {
				n, err := strconv.Atoi(string(digits))
				if err != nil {
					t.Fatal(err)
				}
				rows[n] = true
			}
		}
	}
	for n := 1; n <= 96; n++ {
		if _, ok := elsewhere[n]; ok == rows[n] {
			t.Errorf("number %d: row %v, elsewhere %v", n, rows[n], ok)
		}
	}
}

// TestBadInput goes through the list of 96 bad inputs that a first-class optimiser
// answers well, with TestBadInputFailsTheTrial. Rows are named by their number in
// that list. Choices are never widened (46).
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
	beyond := []string{"2^53"}
	if strconv.IntSize == 32 {
		beyond = nil // no int is
	}
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
		}, hone.ErrStudyNotFound, []string{`"cahce"`, `did you mean "cache"`}},
		{"13 channel as attribute", optimize(func(t *hone.Trial) (float64, error) { t.SetUserAttr("c", make(chan int)); return 0, nil }), nil, []string{"chan int", "badinput_test.go"}},
		{"13 func as attribute", func(s *hone.Study) error { return s.SetUserAttr("f", func() {}) }, nil, []string{"func()"}},
		{"13 NaN in attribute", optimize(func(t *hone.Trial) (float64, error) {
			t.SetUserAttr("v", []float64{math.NaN()})
			return 0, nil
		}), nil, []string{"NaN", "JSON"}},

		{"16 low above high", suggests("x", f(1, 0, 0, false)), nil, []string{"low 1 is above high 0; swap them"}},
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
		{"32 int beyond 2^53", suggests("x", i(math.MinInt, math.MaxInt, 1, false)), nil, beyond},
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
		{"52 float without low", optimize(func(t *hone.Trial) (float64, error) {
			var c struct {
				Rate float64 `hone:"lr,high=1"`
			}
			t.SuggestStruct(&c)
			return 0, nil
		}), nil, []string{".Rate", "low= is missing", "low= and high="}},
		{"52 int without high", optimize(func(t *hone.Trial) (float64, error) {
			var c struct {
				Layers int `hone:",low=1,high="`
			}
			t.SuggestStruct(&c)
			return 0, nil
		}), nil, []string{".Layers", "high= is missing", "low= and high="}},
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
		{"55 enqueue what cannot be stored", func(s *hone.Study) error {
			return s.Enqueue(map[string]any{"a": 1, "f": func() {}}, nil)
		}, nil, []string{"enqueue", `"f"`, "func()", "float64, int, string or bool"}},
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
		}, nil, nil},

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
		{"92 best of a study whose trials have failed", func(s *hone.Study) error {
			err := s.Optimize(func(t *hone.Trial) (float64, error) { t.SuggestInt("n", 3, 3); return math.NaN(), nil }, 2)
			_, best := s.BestTrial()
			return errors.Join(err, best)
		}, hone.ErrNoTrials, []string{s0, "2 failed; trial 1: objective returned NaN for n=3"}},
		{"92 best of a study whose parameters make no sense", func(s *hone.Study) error {
			err := s.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) { return t.SuggestFloat("x", 2, 1), nil }, &hone.OptimizeOptions{Trials: 2, Catch: func(error) bool { return true }})
			_, best := s.BestTrial()
			return errors.Join(err, best)
		}, hone.ErrNoTrials, []string{`2 failed; trial 1: suggest "x": low 2 is above high 1`}},
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

// s0 is the name of the studies above, which errors are to tell.
const s0 = "study of bad input"
