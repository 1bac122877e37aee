package hone_test

import (
	"context"
	"errors"
	"maps"
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

// A network is a storage that several workers reach, each through a link of its
// own that can be cut.
type network struct {
	*storage.Memory
	mu    sync.Mutex
	beats map[string]int64
}

func newNetwork() *network {
	return &network{Memory: storage.NewMemory(), beats: make(map[string]int64)}
}

// A link is what one worker sees of a network.
type link struct {
	*network
	cut atomic.Bool
}

var errCut = errors.New("the link is cut")

func (l *link) InMemory() bool { return false }

func (l *link) Beat(ctx context.Context, study int64, worker string, seq int64, trials []int64) error {
	if l.cut.Load() {
		return errCut
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beats[worker] = seq
	return nil
}

func (l *link) Beats(context.Context, int64) (map[string]int64, error) {
	if l.cut.Load() {
		return nil, errCut
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.beats), nil
}

func (l *link) Trials(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
	if l.cut.Load() {
		return nil, errCut
	}
	return l.Memory.Trials(ctx, study, after, include)
}

func (l *link) SetState(ctx context.Context, trial int64, state storage.State, values []float64) (bool, error) {
	if l.cut.Load() {
		return false, errCut
	}
	return l.Memory.SetState(ctx, trial, state, values)
}

// workers returns n studies on one network, each with a link of its own.
func workers(t *testing.T, n int, o hone.LeaseOptions) ([]*hone.Study, []*link) {
	t.Helper()
	net := newNetwork()
	studies, links := make([]*hone.Study, n), make([]*link, n)
	for i := range n {
		links[i] = &link{network: net}
		s, err := hone.NewStudy(&hone.Options{Name: "s", Storage: links[i], LoadIfExists: true, Seed: 1, Sampler: new(sampler.Random), Lease: o})
		if err != nil {
			t.Fatal(err)
		}
		studies[i] = s
	}
	return studies, links
}

// A slow worker is no lost worker: a trial of an hour stays its own.
func TestLivingWorkerKeepsItsTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		studies, _ := workers(t, 3, hone.LeaseOptions{})
		var wg sync.WaitGroup
		for _, s := range studies {
			wg.Go(func() {
				if err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
					select {
					case <-time.After(time.Hour):
						return 1, nil
					case <-tr.Context().Done():
						return 0, context.Cause(tr.Context())
					}
				}, &hone.OptimizeOptions{TotalTrials: 6}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := states(t, studies[0]); got[hone.Complete] != 6 || len(got) != 1 {
			t.Errorf("states %v", got)
		}
	})
}

// A worker whose link is cut is given up; its trial is run again by another, with
// the same parameters; when the link is mended, the worker learns that it has
// lost the trial, and what it brings is not counted.
func TestLostWorkerIsReplacedAndFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		studies, links := workers(t, 2, hone.LeaseOptions{})
		begun := make(chan float64)
		var cause atomic.Value
		var wg sync.WaitGroup
		wg.Go(func() {
			err := studies[0].OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
				x := tr.SuggestFloat("x", 0, 1)
				begun <- x
				<-tr.Context().Done()
				cause.Store(context.Cause(tr.Context()))
				return -1, nil // a result that would be the best
			}, &hone.OptimizeOptions{Trials: 1})
			if err != nil {
				t.Errorf("the lost worker's call: %v", err)
			}
		})
		x := <-begun
		links[0].cut.Store(true)
		start := time.Now()
		var again float64
		err := studies[1].OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
			v := tr.SuggestFloat("x", 0, 1)
			if tr.Number() == 1 {
				again = v
			}
			return v, nil
		}, &hone.OptimizeOptions{TotalTrials: 1})
		if err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < 10*time.Second || waited > 13*time.Second {
			t.Errorf("given up after %v; the lease is 10 s", waited)
		}
		if again != x {
			t.Errorf("run again with %v instead of %v", again, x)
		}
		links[0].cut.Store(false)
		wg.Wait()
		if err, _ := cause.Load().(error); !errors.Is(err, hone.ErrLeaseLost) {
			t.Errorf("the lost worker's context ended with %v", err)
		}
		trials, err := studies[1].Trials()
		if err != nil || len(trials) != 2 || trials[0].State != hone.Failed || trials[0].SystemAttrs[storage.AttrLost] == nil ||
			trials[1].State != hone.Complete || trials[1].SystemAttrs["failed_trial"] != 0 {
			t.Errorf("%+v, %v", trials, err)
		}
		if best, err := studies[0].BestValue(); err != nil || best != x {
			t.Errorf("best %v, %v: the late result was counted", best, err)
		}
	})
}

// A storage that nobody reached for a while, as when its server was restarted, is
// no reason to take anybody for lost.
func TestOutageForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		studies, links := workers(t, 3, hone.LeaseOptions{})
		var wg sync.WaitGroup
		for _, s := range studies {
			wg.Go(func() {
				if err := s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
					select {
					case <-time.After(5 * time.Minute):
						return 1, nil
					case <-tr.Context().Done():
						return 0, context.Cause(tr.Context())
					}
				}, &hone.OptimizeOptions{TotalTrials: 3}); err != nil {
					t.Error(err)
				}
			})
		}
		for _, outage := range []time.Duration{9 * time.Second, 30 * time.Second, time.Minute} {
			time.Sleep(20 * time.Second)
			for _, l := range links {
				l.cut.Store(true)
			}
			time.Sleep(outage)
			for _, l := range links {
				l.cut.Store(false)
			}
		}
		wg.Wait()
		if got := states(t, studies[0]); got[hone.Complete] != 3 || len(got) != 1 {
			t.Errorf("states %v", got)
		}
	})
}

// Ask and tell has leases too, and tells of a lost one.
func TestTellAfterTheLeaseWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		studies, links := workers(t, 2, hone.LeaseOptions{})
		tr, err := studies[0].Ask(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // it is kept alive
		if err := studies[1].OptimizeContext(ctx, parabola, &hone.OptimizeOptions{Trials: 1}); err != nil {
			t.Fatal(err)
		}
		if got := states(t, studies[1]); got[hone.Running] != 1 || got[hone.Complete] != 1 {
			t.Fatalf("states %v", got)
		}
		links[0].cut.Store(true)
		if err := studies[1].OptimizeContext(ctx, parabola, &hone.OptimizeOptions{TotalTrials: 2}); err != nil {
			t.Fatal(err)
		}
		links[0].cut.Store(false)
		tr.Context() // so that it can learn why
		time.Sleep(3 * time.Second)
		if err := studies[0].Tell(ctx, tr, 1); !errors.Is(err, hone.ErrLeaseLost) || !errors.Is(err, hone.ErrTrialFinished) {
			t.Errorf("tell: %v", err)
		}
	})
}

// A worker that has lost its trial may learn so from the storage, before its next
// beat. That is no failure of the objective: the call goes on with the next trial
// and ends without an error.
func TestTrialLostBetweenBeats(t *testing.T) {
	for name, use := range map[string]func(*hone.Trial) error{
		"suggest":    func(tr *hone.Trial) error { tr.SuggestFloat("y", 0, 1); return nil },
		"report":     func(tr *hone.Trial) error { tr.Report(1, 1); return nil },
		"attribute":  func(tr *hone.Trial) error { tr.SetUserAttr("k", 1); return nil },
		"constraint": func(tr *hone.Trial) error { tr.SetConstraint("k", 1); return nil },
		"recovered": func(tr *hone.Trial) error {
			defer func() { recover() }()
			tr.SuggestFloat("y", 0, 1)
			return nil
		},
		"nothing": func(*hone.Trial) error { return nil },
		"error":   func(*hone.Trial) error { return errors.New("an objective's own") },
		"pruned":  func(*hone.Trial) error { return hone.ErrPruned },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				studies, links := workers(t, 2, hone.LeaseOptions{})
				begun, mended := make(chan struct{}), make(chan struct{})
				var cause error
				var wg sync.WaitGroup
				wg.Go(func() {
					err := studies[0].OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
						x := tr.SuggestFloat("x", 0, 1)
						if tr.Number() > 0 {
							return x, nil
						}
						close(begun)
						<-mended
						defer func() { cause = context.Cause(tr.Context()) }()
						if err := use(tr); err != nil {
							return 0, err
						}
						return -1, nil
					}, &hone.OptimizeOptions{Trials: 3})
					if err != nil {
						t.Errorf("the call ended with %v", err)
					}
				})
				<-begun
				time.Sleep(500 * time.Millisecond) // away from the beats
				links[0].cut.Store(true)
				if err := studies[1].OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
					return tr.SuggestFloat("x", 0, 1), nil
				}, &hone.OptimizeOptions{TotalTrials: 1}); err != nil {
					t.Fatal(err)
				}
				links[0].cut.Store(false)
				close(mended)
				wg.Wait()
				trials, err := studies[1].Trials()
				if err != nil || len(trials) != 4 {
					t.Fatalf("%d trials, %v", len(trials), err)
				}
				for i, f := range trials {
					if want := map[bool]hone.State{true: hone.Failed, false: hone.Complete}[i == 0]; f.State != want || (f.SystemAttrs[storage.AttrLost] != nil) != (i == 0) {
						t.Errorf("trial %d is %s, %v", i, f.State, f.SystemAttrs)
					}
				}
				if name != "nothing" && name != "error" && name != "pruned" && !errors.Is(cause, hone.ErrLeaseLost) {
					t.Errorf("the trial's context ended with %v", cause)
				}
			})
		})
	}
}

// slowStart is a sampler that notes something when a trial begins, which takes
// it long the first time.
type slowStart struct {
	sampler.Random
	wait func()
}

func (s *slowStart) Start(ctx context.Context, q *sampler.Query) error {
	s.wait()
	return q.SetAttr("note", 1)
}

// A trial that is lost before its objective has begun is not the objective's, nor
// the user's: the next one takes its place, for Optimize and for Ask.
func TestTrialLostBeforeItBegan(t *testing.T) {
	for name, begin := range map[string]func(*hone.Study) error{
		"Optimize": func(s *hone.Study) error { return s.Optimize(parabola, 1) },
		"Ask": func(s *hone.Study) error {
			tr, err := s.Ask(context.Background(), []hone.Param{{Name: "x", Distribution: distributions.Float{Low: 0, High: 1}}})
			if err != nil {
				return err
			}
			return s.Tell(context.Background(), tr, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				studies, links := workers(t, 1, hone.LeaseOptions{})
				begun, mended := make(chan struct{}), make(chan struct{})
				slow := &slowStart{wait: sync.OnceFunc(func() { close(begun); <-mended })}
				s, err := hone.LoadStudy(context.Background(), &link{network: links[0].network}, "s", &hone.Options{Sampler: slow})
				if err != nil {
					t.Fatal(err)
				}
				errs := make(chan error)
				go func() { errs <- begin(s) }()
				<-begun
				id, err := links[0].FindStudy(context.Background(), "s")
				if err != nil {
					t.Fatal(err)
				}
				recs, err := links[0].Trials(context.Background(), id, -1, nil)
				if err != nil || len(recs) != 1 {
					t.Fatalf("%d trials, %v", len(recs), err)
				}
				retry := &storage.Trial{State: storage.Waiting}
				if done, err := links[0].Requeue(context.Background(), recs[0].ID, recs[0].Holder(), []storage.Attr{{Key: storage.AttrLost, Value: `"x"`}}, retry); err != nil || !done {
					t.Fatalf("requeue: %v, %v", done, err)
				}
				close(mended)
				if err := <-errs; err != nil {
					t.Error(err)
				}
				if got := states(t, studies[0]); got[hone.Complete] != 1 || got[hone.Failed] != 1 || len(got) != 2 {
					t.Errorf("states %v", got)
				}
			})
		})
	}
}

// A trial that kills its workers is not tried for ever.
func TestRetriesAreBounded(t *testing.T) {
	for _, c := range []struct{ option, want int }{{0, 4}, {1, 2}, {-1, 1}} {
		synctest.Test(t, func(t *testing.T) {
			studies, links := workers(t, 6, hone.LeaseOptions{MaxRetries: c.option})
			if err := studies[5].Enqueue(map[string]any{"x": 0.5}, nil); err != nil {
				t.Fatal(err)
			}
			runs := 0
			for i := range 5 {
				tr, err := studies[i].Ask(context.Background(), nil)
				if err != nil {
					t.Fatal(err)
				}
				if tr.SuggestFloat("x", 0, 1) == 0.5 {
					runs++
				}
				links[i].cut.Store(true)
				// Somebody has to look for what was lost.
				watch, err := studies[5].Ask(context.Background(), nil)
				if err != nil {
					t.Fatal(err)
				}
				watch.SuggestFloat("x", 0, 1)
				time.Sleep(15 * time.Second)
				if err := studies[5].Tell(context.Background(), watch, 1); err != nil {
					t.Fatal(err)
				}
				if n := states(t, studies[5])[hone.Waiting]; n == 0 {
					break
				}
			}
			if runs != c.want {
				t.Errorf("MaxRetries %d: run %d times, want %d", c.option, runs, c.want)
			}
			for _, l := range links {
				l.cut.Store(false)
			}
			time.Sleep(time.Minute)
		})
	}
}

// Python's trials carry no lease: they hold no budget and are not judged.
func TestTrialsWithoutALeaseAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		studies, links := workers(t, 1, hone.LeaseOptions{})
		id, err := links[0].FindStudy(ctx, "s")
		if err != nil {
			t.Fatal(err)
		}
		python, err := links[0].CreateTrial(ctx, id, nil)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := studies[0].OptimizeContext(ctx, func(*hone.Trial) (float64, error) {
			time.Sleep(20 * time.Second)
			return 1, nil
		}, &hone.OptimizeOptions{TotalTrials: 3}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 61*time.Second {
			t.Errorf("took %v: it waited", took)
		}
		rec, err := links[0].Trial(ctx, python.ID)
		if got := states(t, studies[0]); err != nil || rec.State != storage.Running || got[hone.Complete] != 3 {
			t.Errorf("%v, %v, states %v", rec.State, err, got)
		}
	})
}

// forgetful loses trials, as a server does that crashed before it had written them.
type forgetful struct {
	*link
	gone sync.Map
}

func (f *forgetful) SetParam(ctx context.Context, trial int64, p storage.Param) error {
	if _, ok := f.gone.Load(trial); ok {
		return storage.ErrTrialNotFound
	}
	return f.link.SetParam(ctx, trial, p)
}

func (f *forgetful) Trials(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
	all, err := f.link.Trials(ctx, study, after, include)
	return slices.DeleteFunc(slices.Clone(all), func(t storage.Trial) bool { _, ok := f.gone.Load(t.ID); return ok }), err
}

// A trial that the server has lost is no failure of the objective either.
func TestTrialLostByTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, links := workers(t, 1, hone.LeaseOptions{})
		f := &forgetful{link: links[0]}
		s, err := hone.LoadStudy(context.Background(), f, "s", &hone.Options{Sampler: new(sampler.Random)})
		if err != nil {
			t.Fatal(err)
		}
		var cause error
		if err := s.Optimize(func(tr *hone.Trial) (float64, error) {
			if tr.Number() == 1 {
				ids, err := links[0].Trials(context.Background(), 0, -1, nil)
				if err != nil || len(ids) != 2 {
					t.Fatal(len(ids), err)
				}
				f.gone.Store(ids[1].ID, true)
				defer func() { cause = context.Cause(tr.Context()) }()
			}
			return tr.SuggestFloat("x", 0, 1), nil
		}, 3); err != nil {
			t.Error(err)
		}
		if trials, err := s.Trials(); err != nil || len(trials) != 2 || !errors.Is(cause, hone.ErrLeaseLost) {
			t.Errorf("%d trials, %v; the context ended with %v", len(trials), err, cause)
		}
	})
}

// When others that know of no budget have used it up, a call does not leave the
// trial of a worker that is gone behind; it does not wait for one that lives.
func TestBudgetUsedUpByOthers(t *testing.T) {
	for _, gone := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			ctx := context.Background()
			studies, links := workers(t, 2, hone.LeaseOptions{})
			tr, err := studies[0].Ask(ctx, nil)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			links[0].cut.Store(gone)
			id, err := links[1].FindStudy(ctx, "s")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := links[1].CreateTrial(ctx, id, &storage.Trial{State: storage.Complete, Values: []float64{1}}); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if err := studies[1].OptimizeContext(ctx, parabola, &hone.OptimizeOptions{TotalTrials: 1, Workers: 2}); err != nil {
				t.Fatal(err)
			}
			took, got := time.Since(start), states(t, studies[1])
			if gone && (got[hone.Failed] != 1 || got[hone.Waiting] != 1 || took > 13*time.Second) || !gone && (got[hone.Running] != 1 || took > 5*time.Second) {
				t.Errorf("gone %v: %v after %v", gone, got, took)
			}
			links[0].cut.Store(false)
			if err := studies[0].TellFailed(ctx, tr); gone != errors.Is(err, hone.ErrTrialFinished) {
				t.Errorf("gone %v: %v", gone, err)
			}
		})
	}
}

func TestLeaseOptions(t *testing.T) {
	for _, c := range []struct {
		o    hone.LeaseOptions
		says string
	}{
		{hone.LeaseOptions{Beat: -1}, "Beat is -1ns"},
		{hone.LeaseOptions{Lost: -time.Second}, "Lost is -1s"},
		{hone.LeaseOptions{Beat: 10 * time.Second}, "not above"},
	} {
		if _, err := hone.NewStudy(&hone.Options{Lease: c.o}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}
