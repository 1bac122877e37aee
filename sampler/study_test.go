package sampler_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/pruner"
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

// Sixteen workers, 24 combinations: each runs once, and then the study ends.
func TestBruteForceStudy(t *testing.T) {
	for seed := range uint64(20) {
		s, err := hone.NewStudy(&hone.Options{Seed: seed + 1, Sampler: &sampler.BruteForce{}})
		if err != nil {
			t.Fatal(err)
		}
		objective := func(t *hone.Trial) (float64, error) {
			a, b := t.SuggestBool("a"), t.SuggestInt("b", 0, 2)
			runtime.Gosched()
			c := t.SuggestCategorical("c", "w", "x", "y", "z")
			v := float64(b + len(c))
			if a {
				v++
			}
			return v, nil
		}
		if err := s.OptimizeContext(context.Background(), objective, &hone.OptimizeOptions{Workers: 16}); err != nil {
			t.Fatal(err)
		}
		trials, err := s.Trials()
		if err != nil {
			t.Fatal(err)
		}
		points := make(map[string]int)
		for _, tr := range trials {
			if tr.State == hone.Complete {
				points[fmt.Sprint(tr.Params)]++
			}
		}
		if len(points) != 24 || len(trials) != 24 {
			t.Errorf("seed %d: %d combinations in %d trials", seed, len(points), len(trials))
		}
	}
}

// What a study cannot do with a sampler or pruner is an error before its first
// trial, or names the parameter.
func TestStudyBadInput(t *testing.T) {
	nan := math.NaN()
	for want, o := range map[string]*hone.Options{
		"Grid.Values is empty":                  {Sampler: &sampler.Grid{Values: map[string][]any{}}},
		`Grid.Values["a"] is empty`:             {Sampler: &sampler.Grid{Values: map[string][]any{"a": {}}}},
		"PartialFixed.Fixed is empty":           {Sampler: &sampler.PartialFixed{}},
		`PartialFixed.Fixed["a"] is NaN`:        {Sampler: &sampler.PartialFixed{Fixed: map[string]any{"a": nan}}},
		"Hyperband.MaxResource is 1, below":     {Pruner: &pruner.Hyperband{MinResource: 2, MaxResource: 1}},
		"Threshold.Lower and Threshold.Upper":   {Pruner: &pruner.Threshold{}},
		"Patient.Pruner: pruner: Median.Warmup": {Pruner: &pruner.Patient{Pruner: &pruner.Median{WarmupSteps: -1}}},
	} {
		if _, err := hone.NewStudy(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	continuous := func(t *hone.Trial) (float64, error) { return t.SuggestFloat("lr", 0, 1), nil }
	for want, smp := range map[string]sampler.Sampler{
		`BruteForce: "lr" has the domain Float(0, 1)`: &sampler.BruteForce{},
		`Grid: "lr" has the domain Float(0, 1)`:       &sampler.Grid{},
		`Grid.Values["lr"] has 5: it lies outside`:    &sampler.Grid{Values: map[string][]any{"lr": {5.0}}},
		`PartialFixed.Fixed["lr"] is 5`:               &sampler.PartialFixed{Fixed: map[string]any{"lr": 5.0}},
	} {
		s, err := hone.NewStudy(&hone.Options{Sampler: smp})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Optimize(continuous, 3); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	// A million combinations are begun at once.
	for _, smp := range []sampler.Sampler{&sampler.Grid{}, &sampler.BruteForce{}, &sampler.QMC{}} {
		s, err := hone.NewStudy(&hone.Options{Sampler: smp})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Optimize(func(t *hone.Trial) (float64, error) {
			return float64(t.SuggestInt("a", 1, 1000) + t.SuggestInt("b", 1, 1000)), nil
		}, 50)
		if err != nil {
			t.Errorf("%T: %v", smp, err)
		}
	}
}

// Reports out of order, twice, NaN and infinite reach every pruner, and a negative
// step is an error.
func TestReportsReachPruners(t *testing.T) {
	high := 1e9
	for _, p := range []pruner.Pruner{
		&pruner.Median{StartupTrials: 1}, &pruner.Percentile{StartupTrials: 1}, &pruner.SuccessiveHalving{}, &pruner.SuccessiveHalving{MinResource: 1},
		&pruner.Hyperband{}, &pruner.Hyperband{MaxResource: 9}, &pruner.Threshold{Upper: &high}, &pruner.Patient{Patience: 1}, &pruner.Wilcoxon{},
	} {
		s, err := hone.NewStudy(&hone.Options{Sampler: &sampler.Random{}, Pruner: p, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Optimize(func(t *hone.Trial) (float64, error) {
			for i, step := range []int{7, 3, 3, 0, 100, 8} {
				value := []float64{1, math.NaN(), 2, math.Inf(1), 1, math.Inf(-1)}[(i+t.Number())%6]
				t.Report(step, value)
				if t.ShouldPrune() {
					return 0, hone.ErrPruned
				}
			}
			return float64(t.Number()), nil
		}, 40)
		if err != nil {
			t.Errorf("%T: %v", p, err)
		}
		err = s.Optimize(func(t *hone.Trial) (float64, error) { t.Report(-1, 0); return 0, nil }, 1)
		if err == nil || !strings.Contains(err.Error(), "step is negative") {
			t.Errorf("%T: negative step: %v", p, err)
		}
	}
}
