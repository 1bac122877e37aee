package hone_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

func parabola(t *hone.Trial) (float64, error) {
	x := t.SuggestFloat("x", -10, 10)
	return (x - 2) * (x - 2), nil
}

func states(t testing.TB, s *hone.Study) map[hone.State]int {
	t.Helper()
	trials, err := s.Trials()
	if err != nil {
		t.Fatal(err)
	}
	count := make(map[hone.State]int)
	for i, f := range trials {
		if f.Number != i {
			t.Errorf("trial %d has number %d", i, f.Number)
		}
		count[f.State]++
	}
	return count
}

func TestOptimizeRunsSoManyTrials(t *testing.T) {
	for _, n := range []int{0, 1, 57} {
		for _, workers := range []int{0, 1, 2, 8} {
			s := newStudy(t, nil)
			o := &hone.OptimizeOptions{Trials: n, Workers: workers}
			if n == 0 { // of OptimizeContext it means: no limit
				if err := s.Optimize(parabola, 0); err != nil {
					t.Fatal(err)
				}
			} else if err := s.OptimizeContext(context.Background(), parabola, o); err != nil {
				t.Fatal(err)
			}
			if got := states(t, s)[hone.Complete]; got != n {
				t.Errorf("%d workers: %d trials complete, want %d", workers, got, n)
			}
		}
	}
}

func TestFirstErrorEndsTheCall(t *testing.T) {
	boom := errors.New("boom")
	s := newStudy(t, nil)
	err := s.Optimize(func(tr *hone.Trial) (float64, error) {
		if tr.Number() == 3 {
			return 0, boom
		}
		return 1, nil
	}, 10)
	if !errors.Is(err, boom) || !strings.Contains(err.Error(), "trial 3") {
		t.Errorf("error %v", err)
	}
	if got := states(t, s); got[hone.Complete] != 3 || got[hone.Failed] != 1 {
		t.Errorf("states %v", got)
	}
}

func TestCatchDecides(t *testing.T) {
	harmless, serious := errors.New("harmless"), errors.New("serious")
	s := newStudy(t, nil)
	err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
		switch tr.Number() {
		case 1, 2:
			return 0, harmless
		case 5:
			return 0, serious
		}
		return 1, nil
	}, &hone.OptimizeOptions{Trials: 10, Catch: func(err error) bool { return errors.Is(err, harmless) }})
	if !errors.Is(err, serious) {
		t.Errorf("error %v", err)
	}
	if got := states(t, s); got[hone.Complete] != 3 || got[hone.Failed] != 3 {
		t.Errorf("states %v", got)
	}
}

func TestTimeoutBeginsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudy(t, nil)
		err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
			time.Sleep(300 * time.Millisecond)
			return 1, nil
		}, &hone.OptimizeOptions{Timeout: time.Second, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if got := states(t, s); got[hone.Complete] != 8 || len(got) != 1 {
			t.Errorf("states %v; 2 workers begin 4 trials each within a second", got)
		}
	})
}

func TestTrialTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudy(t, nil)
		release := make(chan struct{})
		err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
			switch tr.Number() {
			case 0: // heeds its context
				<-tr.Context().Done()
				return 0, context.Cause(tr.Context())
			case 1: // does not
				<-release
				return 7, nil
			case 2: // late, with a value
				time.Sleep(150 * time.Millisecond)
				return 7, nil
			}
			return 1, nil
		}, &hone.OptimizeOptions{Trials: 6, TrialTimeout: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if got := states(t, s); got[hone.Failed] != 3 || got[hone.Complete] != 3 {
			t.Errorf("states %v", got)
		}
		close(release)
		synctest.Wait()
		if got := states(t, s); got[hone.Failed] != 3 || got[hone.Complete] != 3 {
			t.Errorf("after the abandoned objective returned: states %v", got)
		}
		trials, err := s.Trials()
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprint(trials[1].SystemAttrs[storage.AttrError]); !strings.Contains(text, "left behind") {
			t.Errorf("the abandoned trial says %s", text)
		}
		if text := trials[0].SystemAttrs[storage.AttrError]; text != "the trial ran out of time (OptimizeOptions.TrialTimeout)" {
			t.Errorf("the one that returned the cause says %s", text)
		}
	})
}

// slow is Random, and takes its time.
type slow struct {
	sampler.Random
	takes time.Duration
}

func (s slow) Sample(ctx context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	time.Sleep(s.takes)
	return s.Random.Sample(ctx, q, name, d)
}

// An objective that waits for a slow sampler is not left behind.
func TestTrialTimeoutBesideASlowSampler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStudy(t, &hone.Options{Sampler: slow{takes: 10 * time.Second}})
		err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
			tr.SuggestFloat("x", 0, 1)
			time.Sleep(900 * time.Millisecond) // a clean end takes time
			return 0, tr.Context().Err()
		}, &hone.OptimizeOptions{Trials: 2, TrialTimeout: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		trials, err := s.Trials()
		if err != nil || len(trials) != 2 {
			t.Fatalf("%d trials, %v", len(trials), err)
		}
		for _, f := range trials {
			text := fmt.Sprint(f.SystemAttrs[storage.AttrError])
			if f.State != hone.Failed || !strings.Contains(text, "out of time") || strings.Contains(text, "left behind") {
				t.Errorf("trial %d is %s: %s", f.Number, f.State, text)
			}
		}
	})
}

// TestCancelDrains cancels at a random moment with workers of all kinds under
// way: no trial may be left running.
func TestCancelDrains(t *testing.T) {
	for seed := range 30 {
		synctest.Test(t, func(t *testing.T) {
			s := newStudy(t, nil)
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Duration(seed*37)*time.Millisecond, cancel)
			release := make(chan struct{})
			err := s.OptimizeContext(ctx, func(tr *hone.Trial) (float64, error) {
				switch tr.Number() % 4 {
				case 0:
					select {
					case <-time.After(20 * time.Millisecond):
						return 1, nil
					case <-tr.Context().Done():
						return 0, tr.Context().Err()
					}
				case 1:
					time.Sleep(50 * time.Millisecond)
					return 1, nil
				case 2:
					time.Sleep(70 * time.Millisecond)
					return 0, hone.ErrPruned
				}
				if tr.Number() > 40 {
					<-release
				}
				return 1, nil
			}, &hone.OptimizeOptions{Workers: 5})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
			// A trial that was cut waits again, unless a worker that had not heard of the end
			// has taken it meanwhile.
			trials, err := s.Trials()
			if err != nil {
				t.Fatal(err)
			}
			retries := make(map[any]int)
			for _, f := range trials {
				retries[f.SystemAttrs["failed_trial"]]++
			}
			for _, f := range trials {
				if f.State == hone.Running || f.State == hone.Failed && retries[f.Number] != 1 {
					t.Errorf("trial %d is %v, tried again %d times", f.Number, f.State, retries[f.Number])
				}
			}
			close(release)
			synctest.Wait()
		})
	}
}

func TestCallbacksAreSerialisedAndSeeTheResult(t *testing.T) {
	s := newStudy(t, nil)
	var inside atomic.Int32
	seen := 0
	o := &hone.OptimizeOptions{Trials: 200, Workers: 8, Callbacks: []func(*hone.Study, hone.FrozenTrial){
		func(s *hone.Study, f hone.FrozenTrial) {
			if inside.Add(1) != 1 {
				t.Error("two callbacks at once")
			}
			defer inside.Add(-1)
			seen++
			trials, err := s.Trials()
			if err != nil || trials[f.Number].State != hone.Complete || trials[f.Number].Values[0] != f.Values[0] {
				t.Errorf("trial %d is not stored when its callback runs: %v", f.Number, err)
			}
		},
	}}
	if err := s.OptimizeContext(context.Background(), parabola, o); err != nil {
		t.Fatal(err)
	}
	if seen != 200 {
		t.Errorf("%d callbacks", seen)
	}
}

func TestCallbackStops(t *testing.T) {
	s := newStudy(t, nil)
	err := s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{Callbacks: []func(*hone.Study, hone.FrozenTrial){
		func(s *hone.Study, f hone.FrozenTrial) {
			if f.Number == 4 {
				s.Stop()
			}
		},
	}})
	if err != nil || states(t, s)[hone.Complete] != 5 {
		t.Errorf("%v, states %v", err, states(t, s))
	}
	if err := s.Optimize(parabola, 3); err != nil || states(t, s)[hone.Complete] != 8 {
		t.Errorf("a later call: %v, states %v", err, states(t, s))
	}
}

func TestCallbackPanicNamesIt(t *testing.T) {
	s := newStudy(t, nil)
	err := s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{Trials: 5, Callbacks: []func(*hone.Study, hone.FrozenTrial){
		func(*hone.Study, hone.FrozenTrial) { panic("oh no") },
	}})
	if err == nil || !strings.Contains(err.Error(), "Callbacks[0]") || !strings.Contains(err.Error(), "oh no") {
		t.Errorf("error %v", err)
	}
	if got := states(t, s); got[hone.Complete] != 1 {
		t.Errorf("states %v", got)
	}
}

func TestGoexitOfACallbackEndsTheCall(t *testing.T) {
	s := newStudy(t, nil)
	err := s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{Trials: 5, Callbacks: []func(*hone.Study, hone.FrozenTrial){
		func(*hone.Study, hone.FrozenTrial) { runtime.Goexit() },
	}})
	if got := states(t, s); err == nil || !strings.Contains(err.Error(), "Callbacks[0]") || got[hone.Complete] != 1 {
		t.Errorf("error %v, states %v", err, got)
	}
}

func TestPanicOfCatchEndsTheCall(t *testing.T) {
	s := newStudy(t, nil)
	boom := errors.New("boom")
	err := s.OptimizeContext(context.Background(), func(*hone.Trial) (float64, error) { return 0, boom },
		&hone.OptimizeOptions{Trials: 5, Catch: func(error) bool { panic("oh no") }})
	if got := states(t, s); !errors.Is(err, boom) || !strings.Contains(err.Error(), "oh no") || got[hone.Failed] != 1 {
		t.Errorf("error %v, states %v", err, got)
	}
}

// A context may end for a reason of the user's own. Both the reason and that it
// ended are told.
func TestCauseOfTheEnd(t *testing.T) {
	reason := errors.New("the machine is needed")
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	s := newStudy(t, nil)
	for _, want := range []int{1, 1} { // the second time it has ended before
		err := s.OptimizeContext(ctx, func(tr *hone.Trial) (float64, error) {
			cancel(reason)
			return 1, nil
		}, nil)
		if got := states(t, s); !errors.Is(err, reason) || !errors.Is(err, context.Canceled) || got[hone.Complete] != want {
			t.Errorf("error %v, states %v", err, got)
		}
	}
}

func TestStopRules(t *testing.T) {
	values := []float64{9, 5, 6, 7, 4, 8, 8, 8, 1, 0}
	for _, c := range []struct {
		name string
		rule hone.StopRule
		want int
	}{
		{"target", hone.TargetReached(4), 5},
		{"no improvement", hone.NoImprovement(3), 8},
		{"own", func(_ *hone.Study, f hone.FrozenTrial) bool { return f.Number == 1 }, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStudy(t, nil)
			err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) { return values[tr.Number()], nil },
				&hone.OptimizeOptions{Trials: len(values), Stop: []hone.StopRule{c.rule}})
			if got := states(t, s)[hone.Complete]; err != nil || got != c.want {
				t.Errorf("%d trials, want %d (%v)", got, c.want, err)
			}
		})
	}
}

func TestTotalTrials(t *testing.T) {
	t.Run("counts what was done before", func(t *testing.T) {
		s := newStudy(t, nil)
		if err := s.Optimize(parabola, 7); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{TotalTrials: 20, Workers: 3}); err != nil {
				t.Fatal(err)
			}
			if got := states(t, s)[hone.Complete]; got != 20 {
				t.Errorf("%d trials", got)
			}
		}
	})
	t.Run("counts pruned and failed ones", func(t *testing.T) {
		s := newStudy(t, nil)
		err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
			switch tr.Number() % 3 {
			case 0:
				return 0, hone.ErrPruned
			case 1:
				return 0, errors.New("boom")
			}
			return 1, nil
		}, &hone.OptimizeOptions{TotalTrials: 30, Catch: func(error) bool { return true }})
		if got := states(t, s); err != nil || got[hone.Pruned] != 10 || got[hone.Failed] != 10 || got[hone.Complete] != 10 {
			t.Errorf("%v, states %v", err, got)
		}
	})
	t.Run("is shared by studies on one storage", func(t *testing.T) {
		mem := storage.NewMemory()
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				s, err := hone.NewStudy(&hone.Options{Name: "shared", Storage: mem, LoadIfExists: true, Sampler: new(sampler.Random)})
				if err == nil {
					err = s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{TotalTrials: 500, Workers: 4})
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		s, err := hone.LoadStudy(context.Background(), mem, "shared", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := states(t, s); got[hone.Complete] != 500 || len(got) != 1 {
			t.Errorf("states %v", got)
		}
	})
	t.Run("does not wait for the dead where nobody beats", func(t *testing.T) {
		plain := struct{ storage.Storage }{storage.NewMemory()} // as Optuna's gRPC server
		open := func() *hone.Study {
			s, err := hone.NewStudy(&hone.Options{Name: "plain", Storage: plain, LoadIfExists: true, Sampler: new(sampler.Random)})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		dead, begun := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			err := open().OptimizeContext(context.Background(), func(*hone.Trial) (float64, error) {
				close(begun)
				<-dead
				return 1, nil
			}, &hone.OptimizeOptions{TotalTrials: 3, Trials: 1})
			if err != nil {
				t.Error(err)
			}
		})
		<-begun
		s := open()
		if err := s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{TotalTrials: 3}); err != nil {
			t.Fatal(err)
		}
		if got := states(t, s); got[hone.Complete] != 3 || got[hone.Running] != 1 {
			t.Errorf("states %v", got)
		}
		close(dead)
		wg.Wait()
	})
	t.Run("does not count trials that were cut off", func(t *testing.T) {
		s := newStudy(t, nil)
		ctx, cancel := context.WithCancel(context.Background())
		err := s.OptimizeContext(ctx, func(tr *hone.Trial) (float64, error) {
			if tr.Number() == 5 {
				cancel()
				<-tr.Context().Done()
				return 0, tr.Context().Err()
			}
			return 1, nil
		}, &hone.OptimizeOptions{TotalTrials: 12})
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if err := s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{TotalTrials: 12}); err != nil {
			t.Fatal(err)
		}
		if got := states(t, s); got[hone.Complete] != 12 || got[hone.Failed] != 1 || len(got) != 2 {
			t.Errorf("states %v", got)
		}
	})
}

func TestSamplerThatFails(t *testing.T) {
	s := newStudy(t, &hone.Options{Sampler: &sampler.Grid{Values: map[string][]any{"y": {1.0}}}})
	err := s.Optimize(parabola, 5)
	if err == nil || !strings.Contains(err.Error(), `lacks "x"`) {
		t.Errorf("error %v", err)
	}
	if got := states(t, s); got[hone.Failed] != 1 || len(got) != 1 {
		t.Errorf("states %v", got)
	}
}

func TestGridEndsTheStudy(t *testing.T) {
	for _, workers := range []int{1, 4, 16} {
		for _, g := range []*sampler.Grid{{}, {Values: map[string][]any{"a": {1, 2, 3}, "b": {0.0, 0.5, 1.0}, "c": {"x", "y"}}}} {
			s := newStudy(t, &hone.Options{Sampler: g})
			f := func(tr *hone.Trial) (float64, error) {
				tr.SuggestInt("a", 1, 3)
				tr.SuggestStepFloat("b", 0, 1, 0.5)
				tr.SuggestCategorical("c", "x", "y")
				return 1, nil
			}
			if err := s.Optimize(f, 5); err != nil { // then it is resumed
				t.Fatal(err)
			}
			if err := s.OptimizeContext(context.Background(), f, &hone.OptimizeOptions{Workers: workers}); err != nil {
				t.Fatal(err)
			}
			trials, err := s.Trials()
			if err != nil {
				t.Fatal(err)
			}
			points := make(map[string]bool)
			complete := 0
			for _, f := range trials {
				if f.State == hone.Complete {
					complete++
					points[fmt.Sprint(f.Params)] = true
				}
			}
			if complete != 18 || len(points) != 18 {
				t.Errorf("%d workers, values %v: %d complete trials, %d points, want 18", workers, g.Values, complete, len(points))
			}
		}
	}
}

func TestHistoryIsNotCopiedForATrial(t *testing.T) {
	// The cost of a trial may not rise with the number of those before it.
	s := newStudy(t, nil)
	if err := s.Optimize(parabola, 1000); err != nil {
		t.Fatal(err)
	}
	early := testing.AllocsPerRun(100, func() { _ = s.Optimize(parabola, 1) })
	if err := s.Optimize(parabola, 20000); err != nil {
		t.Fatal(err)
	}
	late := testing.AllocsPerRun(100, func() { _ = s.Optimize(parabola, 1) })
	if late > early+3 {
		t.Errorf("%v allocations for a trial after 1,000, %v after 21,000", early, late)
	}
	if n := slices.Max([]float64{early, late}); n > 60 {
		t.Errorf("%v allocations for a call of one trial", n)
	}
}

// A taker finds its point taken in the first two trials.
type taker struct {
	sampler.Random
	calls int
}

func (s *taker) Start(_ context.Context, q *sampler.Query) error {
	s.calls++
	if q.Trial.Number < 2 {
		return sampler.ErrContended
	}
	return nil
}

// A trial that finds no point of its own is taken back, and another is begun.
func TestContendedTrialIsTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		smp := new(taker)
		s := newStudy(t, &hone.Options{Sampler: smp})
		if err := s.Optimize(parabola, 1); err != nil {
			t.Fatal(err)
		}
		trials, err := s.Trials()
		if err != nil || len(trials) != 3 || trials[0].SystemAttrs[storage.AttrLost] == nil || trials[1].SystemAttrs[storage.AttrLost] == nil || trials[2].State != hone.Complete {
			t.Errorf("%v, %v", trials, err)
		}
		if smp.calls != 17 {
			t.Errorf("Start was called %d times, want 8 for each trial that gives up, and one", smp.calls)
		}
	})
}
