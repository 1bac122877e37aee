package sampler_test

import (
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
)

// BenchmarkStudy is a whole study of 1,000 trials of ten floats: what a sampler
// costs beside the rest.
func BenchmarkStudy(b *testing.B) {
	names := []string{"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9"}
	for name, fresh := range map[string]func() sampler.Sampler{
		"Random": func() sampler.Sampler { return &sampler.Random{} },
		"Sobol":  func() sampler.Sampler { return &sampler.QMC{} },
		"Halton": func() sampler.Sampler { return &sampler.QMC{Halton: true} },
	} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				s, err := hone.NewStudy(&hone.Options{Seed: 1, Sampler: fresh()})
				if err != nil {
					b.Fatal(err)
				}
				err = s.Optimize(func(t *hone.Trial) (float64, error) {
					sum := 0.0
					for _, n := range names {
						x := t.SuggestFloat(n, -5, 5)
						sum += x * x
					}
					return sum, nil
				}, 1000)
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
