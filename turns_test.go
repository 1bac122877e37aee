package hone_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/honetest"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// A grouper is a link on which several trials begin in one step.
type grouper struct {
	*link
	gate chan struct{} // what the first worker waits for, if it is not nil
	slow time.Duration // of a claim

	mu     sync.Mutex
	groups []storage.Claim // what was asked for, and
	sizes  []int           // for how many
}

func newGrouper() *grouper { return &grouper{link: &link{network: newNetwork()}} }

// Trials is what a worker calls before it claims.
func (g *grouper) Trials(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
	if g.gate != nil {
		<-g.gate
	}
	return g.link.Trials(ctx, study, after, include)
}

func (g *grouper) Claim(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
	time.Sleep(g.slow)
	return g.link.Claim(ctx, study, c)
}

func (g *grouper) ClaimGroup(ctx context.Context, study int64, c storage.Claim, n int) (all []storage.Trial, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.groups, g.sizes = append(g.groups, c), append(g.sizes, n)
	for range n {
		t, ok, err := g.link.Claim(ctx, study, c)
		if err != nil || !ok {
			return all, err
		}
		all = append(all, t)
	}
	return all, nil
}

func (g *grouper) study(t *testing.T, smp sampler.Sampler) *hone.Study {
	t.Helper()
	s, err := hone.NewStudy(&hone.Options{Name: "s", Storage: g, LoadIfExists: true, Sampler: smp})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// all wants a study to have n trials that count.
func (g *grouper) all(t *testing.T, n int) {
	t.Helper()
	id, err := g.Memory.FindStudy(context.Background(), "s")
	if err != nil {
		t.Fatal(err)
	}
	trials, err := g.Memory.Trials(context.Background(), id, -1, nil)
	if err != nil {
		t.Fatal(err)
	}
	counts := 0
	for i, tr := range trials {
		if tr.Number != i {
			t.Errorf("the trial at position %d has the number %d", i, tr.Number)
		}
		if tr.Counts() {
			counts++
		}
	}
	if counts != n {
		t.Errorf("%d trials count, want %d", counts, n)
	}
}

// While one worker looks at the storage the others come to wait, and it begins trials
// for all of them.
func TestWorkersBeginTogether(t *testing.T) {
	for name, c := range map[string]struct {
		budget int
		sizes  []int // of the first groups
	}{
		"all":               {20, []int{8}},
		"budget runs short": {5, []int{8, 3, 2}}, // the others see for themselves that it is used up
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGrouper()
				s := g.study(t, new(sampler.Random))
				g.gate = make(chan struct{})
				hold := make(chan struct{})
				done := make(chan error)
				go func() {
					done <- s.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
						<-hold
						return float64(tr.Number()), nil
					}, &hone.OptimizeOptions{TotalTrials: c.budget, Workers: 8})
				}()
				synctest.Wait()
				close(g.gate)
				synctest.Wait()
				if !slices.Equal(g.sizes, c.sizes) {
					t.Errorf("groups of %v were asked for, want %v", g.sizes, c.sizes)
				}
				close(hold)
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				g.all(t, c.budget)
			})
		})
	}
}

// A trial that another worker has begun is the waiting one's own: it has its context,
// and its budget.
func TestTurnsAreOnesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGrouper()
		s := g.study(t, new(sampler.Random))
		g.gate = make(chan struct{})
		type key struct{}
		var wg sync.WaitGroup
		for i, budget := range []int{30, 30, 31} {
			wg.Go(func() {
				ctx := context.WithValue(context.Background(), key{}, i)
				if err := s.OptimizeContext(ctx, func(tr *hone.Trial) (float64, error) {
					if v := tr.Context().Value(key{}); v != i {
						t.Errorf("a trial of call %d has the context of call %v", i, v)
					}
					return 1, nil
				}, &hone.OptimizeOptions{TotalTrials: budget, Workers: 4}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Go(func() {
			tr, err := s.Ask(context.Background(), nil)
			if err == nil {
				err = s.Tell(context.Background(), tr, 1)
			}
			if err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(g.gate)
		wg.Wait()
		if len(g.groups) == 0 {
			t.Fatal("nothing was begun together")
		}
		most := map[int]int{0: 1, 30: 8, 31: 4} // workers by budget
		for i, c := range g.groups {
			if g.sizes[i] > most[c.Budget] {
				t.Errorf("a group of %d was asked for within a budget that %d workers have", g.sizes[i], most[c.Budget])
			}
		}
	})
}

// A sampler that is to see each trial begin sees each begin by itself.
func TestStartersBeginOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGrouper()
		s := g.study(t, &slowStart{wait: func() {}})
		g.gate = make(chan struct{})
		go func() {
			synctest.Wait()
			close(g.gate)
		}()
		if err := s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{TotalTrials: 20, Workers: 8}); err != nil {
			t.Fatal(err)
		}
		if len(g.sizes) > 0 {
			t.Errorf("groups of %v were begun", g.sizes)
		}
		g.all(t, 20)
	})
}

// Faults of the storage cost neither a trial nor a place in the budget when trials
// begin together.
func TestTogetherUnderFaults(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGrouper()
				g.slow = time.Millisecond
				st := honetest.Faulty(g, honetest.FailRandomly(seed, 0.05))
				if _, ok := storage.AsGroupClaimer(st); !ok {
					t.Fatal("a faulty storage hides that trials can begin together")
				}
				var s *hone.Study
				for try := 0; ; try++ {
					var err error
					if s == nil {
						s, err = hone.NewStudy(&hone.Options{Name: "s", Storage: st, LoadIfExists: true, Sampler: new(sampler.Random)})
					}
					if err == nil {
						err = s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{TotalTrials: 40, Workers: 8})
					}
					if err == nil {
						break
					}
					if !errors.Is(err, honetest.ErrFault) || try == 200 {
						t.Fatalf("try %d: %v", try, err)
					}
				}
				g.all(t, 40)
				if len(g.sizes) < 4 {
					t.Errorf("groups of %v were begun", g.sizes)
				}
			})
		})
	}
}
