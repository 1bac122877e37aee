package hone_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/pruner"
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

// BenchmarkShouldPrune is a decision in a study of trials of 100 steps that all run to
// their end, with one worker and with eight: a cost that does not rise with the number
// of trials by more than its logarithm, whoever overtakes whom.
func BenchmarkShouldPrune(b *testing.B) {
	for name, fresh := range map[string]func() pruner.Pruner{
		"Median":            func() pruner.Pruner { return new(pruner.Median) },
		"SuccessiveHalving": func() pruner.Pruner { return &pruner.SuccessiveHalving{MinResource: 1} },
		"Hyperband":         func() pruner.Pruner { return new(pruner.Hyperband) },
		"Wilcoxon":          func() pruner.Pruner { return new(pruner.Wilcoxon) },
	} {
		for _, workers := range []int{1, 8} {
			for _, n := range []int{1_000, 10_000} {
				b.Run(fmt.Sprintf("%s/workers=%d/trials=%d", name, workers, n), func(b *testing.B) {
					for b.Loop() {
						s := newStudy(b, &hone.Options{Sampler: new(sampler.Random), Pruner: fresh()})
						err := s.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
							x := t.SuggestFloat("x", 0, 1)
							for step := range 100 {
								t.Report(step, x+float64(step%7)/10)
								t.ShouldPrune()
							}
							return x, nil
						}, &hone.OptimizeOptions{Trials: n, Workers: workers})
						if err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n*100), "ns/decision")
				})
			}
		}
	}
}
