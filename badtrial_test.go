package hone_test

import (
	"context"
	"errors"
	"fmt"
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

func noMap() map[int]int { return nil }

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
		{"69 NaN", func(t *hone.Trial) (float64, error) { t.SuggestInt("size", 1024, 1024); return math.NaN(), nil }, "objective returned NaN for size=1024"},
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
	t.Run("27, 28 and 38 domains with a warning", func(t *testing.T) {
		for _, c := range []struct {
			d    distributions.Distribution
			says string
		}{
			{distributions.Float{Low: 0, High: 1, Step: 5}, "always low"},
			{distributions.Int{Low: 0, High: 3, Step: 4}, "always low"},
			{distributions.Float{Low: 0, High: 1.05, Step: 0.1}, "Float(0, 1, step 0.1)"},
			{distributions.Int{Low: 1, High: 10, Step: 4}, "Int(1, 9, step 4)"},
			{distributions.Categorical{Choices: []any{"a", 1, true}}, "choices 1 and 2, 1 and true, are one to workers in Python"},
			{distributions.Categorical{Choices: []any{2, 2.0}}, "Python"},
			{distributions.Float{Low: 0, High: 1, Step: 0.1}, ""},
			{distributions.Categorical{Choices: []any{0, 2.5, true, "1", nil}}, ""},
		} {
			logger, out := logs(t)
			s := newStudy(t, &hone.Options{Logger: logger})
			if err := s.Optimize(func(tr *hone.Trial) (float64, error) {
				_, err := tr.Suggest("x", c.d)
				return 0, err
			}, 3); err != nil {
				t.Errorf("%v: %v", c.d, err)
			}
			want := 1
			if c.says == "" {
				want = 0
			}
			if strings.Count(out.String(), "level=WARN") != want || !strings.Contains(out.String(), c.says) {
				t.Errorf("%v: the log has not %d warning with %q:\n%s", c.d, want, c.says, out)
			}
		}
	})
	t.Run("62 added trial that ended before it began", func(t *testing.T) {
		logger, out := logs(t)
		s := newStudy(t, &hone.Options{Logger: logger})
		end := time.Now()
		f := hone.FrozenTrial{State: hone.Complete, Values: []float64{1}, Started: end.Add(time.Second), Finished: end}
		if err := s.AddTrial(f); err != nil || strings.Count(out.String(), "finished before it started") != 1 {
			t.Errorf("%v\n%s", err, out)
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
		if err == nil || f.State != hone.Failed || !strings.Contains(err.Error(), "low 2 is above high 1; swap them (badtrial_test.go:") {
			t.Errorf("%+v, %v", f, err)
		}
	})
}
