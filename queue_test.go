package hone_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// A meter counts the trials that are read.
type meter struct {
	*storage.Memory
	read atomic.Int64
}

func (m *meter) Trials(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
	trials, err := m.Memory.Trials(ctx, study, after, include)
	m.read.Add(int64(len(trials)))
	return trials, err
}

// A counter is Random, and notes how many finished trials it was shown.
type counter struct {
	sampler.Random
	seen int
}

func (c *counter) Sample(ctx context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	c.seen = q.History.Len()
	return c.Random.Sample(ctx, q, name, d)
}

// queueOf returns two studies on one storage in which n trials wait.
func queueOf(t *testing.T, n int) (m *meter, a, b *hone.Study) {
	t.Helper()
	m = &meter{Memory: storage.NewMemory()}
	a = newStudy(t, &hone.Options{Name: "queue", Storage: m, Sampler: new(counter)})
	b = newStudy(t, &hone.Options{Name: "queue", Storage: m, LoadIfExists: true})
	for i := range n {
		if err := a.Enqueue(map[string]any{"x": float64(i)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return m, a, b
}

// A trial may not read the whole queue.
func TestLongQueue(t *testing.T) {
	const n = 2000
	m, a, _ := queueOf(t, n)
	if each := m.read.Swap(0) / n; each > 50 {
		t.Errorf("%d trials are read to put one into the queue", each)
	}
	if err := a.Optimize(parabola, n); err != nil {
		t.Fatal(err)
	}
	if each := m.read.Load() / n; each > 50 {
		t.Errorf("%d trials are read to run one", each)
	}
	trials, err := a.Trials()
	if err != nil || len(trials) != n {
		t.Fatalf("%d trials, %v", len(trials), err)
	}
	for i, f := range trials {
		if f.State != hone.Complete || f.Params["x"] != float64(i) {
			t.Fatalf("trial %d is %s with %v", i, f.State, f.Params)
		}
	}
}

// What others do with a queue is noticed at the next look, however much it is.
func TestQueueThatOthersWorkOn(t *testing.T) {
	const n = 500
	_, a, b := queueOf(t, n)
	if err := b.Optimize(parabola, n-1); err != nil {
		t.Fatal(err)
	}
	if err := a.Optimize(func(tr *hone.Trial) (float64, error) { return tr.SuggestFloat("y", 0, 1), nil }, 1); err != nil {
		t.Fatal(err)
	}
	if seen := a.Sampler().(*counter).seen; seen != n-1 {
		t.Errorf("the sampler saw %d finished trials of %d", seen, n-1)
	}
}

// A trial that somebody takes from the middle of the queue is noticed as well.
func TestQueueOutOfOrder(t *testing.T) {
	ctx := context.Background()
	const n = 300
	m, a, _ := queueOf(t, n)
	trials, err := m.Memory.Trials(ctx, 0, -1, nil)
	if err != nil || len(trials) != n {
		t.Fatalf("%d trials, %v", len(trials), err)
	}
	for _, i := range []int{150, 299} {
		if _, err := m.SetState(ctx, trials[i].ID, storage.Running, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := m.SetState(ctx, trials[i].ID, storage.Complete, []float64{-float64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if best, err := a.BestTrial(); err != nil || best.Number != 299 {
		t.Errorf("best trial %+v, %v", best, err)
	}
	if err := a.OptimizeContext(ctx, parabola, &hone.OptimizeOptions{TotalTrials: n}); err != nil {
		t.Fatal(err)
	}
	if got := states(t, a); got[hone.Complete] != n || len(got) != 1 {
		t.Errorf("states %v", got)
	}
}
