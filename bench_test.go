package hone_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
)

var axes = [10]string{"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9"}

func sphere(t *hone.Trial) (float64, error) {
	sum := 0.0
	for _, name := range axes {
		x := t.SuggestFloat(name, -5, 5)
		sum += x * x
	}
	return sum, nil
}

// BenchmarkStudy runs whole studies in memory: Random, 10 floats, one worker.
// ns/trial at 100,000 trials beside that at 1,000 tells whether a trial's cost
// rises with the number of those before it; held-B/trial is what stays allocated.
func BenchmarkStudy(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint("trials=", n), func(b *testing.B) {
			b.ReportAllocs()
			var held float64
			for b.Loop() {
				s := newStudy(b, &hone.Options{Sampler: new(sampler.Random)})
				before := heap()
				if err := s.Optimize(sphere, n); err != nil {
					b.Fatal(err)
				}
				held = float64(heap()-before) / float64(n)
				runtime.KeepAlive(s)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/trial")
			b.ReportMetric(held, "held-B/trial")
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkNoParameters runs an objective that asks for nothing, with 8 workers.
func BenchmarkNoParameters(b *testing.B) {
	s := newStudy(b, nil)
	b.ReportAllocs()
	b.ResetTimer()
	err := s.OptimizeContext(context.Background(), func(*hone.Trial) (float64, error) { return 1, nil },
		&hone.OptimizeOptions{Trials: b.N, Workers: 8})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "trials/s")
}
