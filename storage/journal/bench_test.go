package journal_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
)

// oneTrial is what a study does to a storage for a trial of five floats.
func oneTrial(ctx context.Context, st *journal.Storage, study int64) error {
	t, _, err := st.Claim(ctx, study, storage.Claim{})
	if err != nil {
		return err
	}
	for i := range 5 {
		p := storage.Param{Name: fmt.Sprint("x", i), Value: float64(t.Number) / 1000, Dist: distributions.Float{Low: 0, High: 1e6}}
		if err := st.SetParam(ctx, t.ID, p); err != nil {
			return err
		}
	}
	_, err = st.SetState(ctx, t.ID, storage.Complete, []float64{float64(t.Number)})
	return err
}

func openBench(b *testing.B) (*journal.Storage, int64) {
	dir := os.Getenv("HONE_BENCH_DIR") // a folder on the disk to be measured
	if dir == "" {
		dir = b.TempDir()
	}
	path := filepath.Join(dir, fmt.Sprintf("bench-%d.log", os.Getpid()))
	os.Remove(path)
	st, err := journal.Open(path, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		st.Close()
		os.Remove(path)
		os.RemoveAll(path + ".hone")
	})
	id, err := st.CreateStudy(b.Context(), "s", []storage.Direction{storage.Minimize})
	if err != nil {
		b.Fatal(err)
	}
	return st, id
}

// BenchmarkSync is one append and sync of the disk: what the other figures are
// to be held against.
func BenchmarkSync(b *testing.B) {
	dir := os.Getenv("HONE_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	f, err := os.CreateTemp(dir, "sync")
	if err != nil {
		b.Fatal(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	line := make([]byte, 1400)
	for b.Loop() {
		if _, err := f.Write(line); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTrial is a trial of five floats, by one worker and by eight.
func BenchmarkTrial(b *testing.B) {
	for _, workers := range []int{1, 8} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			st, study := openBench(b)
			before := st.Stats().Syncs
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for range workers {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for left.Add(-1) >= 0 {
						if err := oneTrial(b.Context(), st, study); err != nil {
							b.Error(err)
							return
						}
					}
				}()
			}
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(st.Stats().Syncs-before)/float64(b.N), "syncs/trial")
		})
	}
}
