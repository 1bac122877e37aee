package storage_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/storagetest"
)

func TestMemory(t *testing.T) {
	storagetest.Run(t, storagetest.Options{Open: func(testing.TB) storage.Storage { return storage.NewMemory() }})
}

func TestMemoryIsInMemory(t *testing.T) {
	var st storage.Storage = storage.NewMemory()
	if m, ok := st.(storage.InMemory); !ok || !m.InMemory() {
		t.Error("Memory does not say that it holds all trials in memory")
	}
}

// fill makes and finishes n trials of ten floats.
func fill(tb testing.TB, m *storage.Memory, study int64, n int) {
	tb.Helper()
	ctx := context.Background()
	var d distributions.Distribution = distributions.Float{Low: 0, High: 1}
	names := make([]string, 10)
	for i := range names {
		names[i] = fmt.Sprint("x", i)
	}
	values := []float64{1}
	for range n {
		t, err := m.CreateTrial(ctx, study, nil)
		if err != nil {
			tb.Fatal(err)
		}
		for i, name := range names {
			if err := m.SetParam(ctx, t.ID, storage.Param{Name: name, Value: float64(i) / 16, Dist: d}); err != nil {
				tb.Fatal(err)
			}
		}
		if _, err := m.SetState(ctx, t.ID, storage.Complete, values); err != nil {
			tb.Fatal(err)
		}
	}
}

func newStudy(tb testing.TB, m *storage.Memory) int64 {
	tb.Helper()
	id, err := m.CreateStudy(context.Background(), "", []storage.Direction{storage.Minimize})
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// A trial of ten floats takes at most a kilobyte and few allocations, after ten
// trials as after ten thousand.
func TestMemoryPerTrial(t *testing.T) {
	m := storage.NewMemory()
	study := newStudy(t, m)
	fill(t, m, study, 10)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const n = 10_000
	fill(t, m, study, n)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if per := float64(after.HeapAlloc-before.HeapAlloc) / n; per > 1024 {
		t.Errorf("a trial of ten floats holds %.0f bytes, want at most 1024", per)
	}
	if per := float64(after.Mallocs-before.Mallocs) / n; per > 6 {
		t.Errorf("a trial of ten floats takes %.1f allocations, want at most 6", per)
	}
	runtime.KeepAlive(m)
}

// Reading what is new costs what is new.
func TestMemoryFollowsForNothing(t *testing.T) {
	m := storage.NewMemory()
	study := newStudy(t, m)
	fill(t, m, study, 5000)
	last := int64(4999)
	if n := testing.AllocsPerRun(100, func() {
		if ts, err := m.Trials(context.Background(), study, last, nil); err != nil || len(ts) != 0 {
			t.Fatalf("%d trials, %v", len(ts), err)
		}
	}); n > 0 {
		t.Errorf("asking for what is new when nothing is allocates %v times", n)
	}
	if ts, err := m.Trials(context.Background(), study, last-3, []int64{7}); err != nil || len(ts) != 4 || ts[0].ID != 7 {
		t.Errorf("%d trials, %v", len(ts), err)
	}
}

func BenchmarkMemoryTrial(b *testing.B) {
	for _, held := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(held, "-held"), func(b *testing.B) {
			m := storage.NewMemory()
			study := newStudy(b, m)
			fill(b, m, study, held)
			b.ReportAllocs()
			b.ResetTimer()
			fill(b, m, study, b.N)
		})
	}
}

func BenchmarkMemoryClaim(b *testing.B) {
	m := storage.NewMemory()
	study := newStudy(b, m)
	attrs := []storage.Attr{{Key: storage.AttrLease, Value: `"w"`}}
	values := []float64{1}
	b.ReportAllocs()
	for b.Loop() {
		t, ok, err := m.Claim(context.Background(), study, storage.Claim{Budget: 1 << 30, Attrs: attrs})
		if err != nil || !ok {
			b.Fatal(ok, err)
		}
		if _, err := m.SetState(context.Background(), t.ID, storage.Complete, values); err != nil {
			b.Fatal(err)
		}
	}
}
