package sampler_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
)

// failingFive returns the mean log10 of the best values of 20 studies of n trials of a bowl in five
// dimensions, whose optimum lies 0.05 from the border of what does not fail in region.
func failingFive(t *testing.T, n int, fails func(x []float64, rng *rand.Rand) bool) float64 {
	t.Helper()
	best, _ := failingBowl(t, 5, 0.25, n, func() sampler.Sampler { return new(sampler.CMAES) }, fails)
	return best
}

// Failures by chance cost CMAES its trials and little more, also when most of them fail, and
// a region that fails is left.
func TestCMAESFails(t *testing.T) {
	whole := failingFive(t, 200, func([]float64, *rand.Rand) bool { return false })
	third := failingFive(t, 300, func(_ []float64, rng *rand.Rand) bool { return rng.IntN(3) == 0 })
	most := failingFive(t, 800, func(_ []float64, rng *rand.Rand) bool { return rng.IntN(4) > 0 })
	region := failingFive(t, 300, func(x []float64, _ *rand.Rand) bool { return x[0] > 0.3 })
	for what, best := range map[string]float64{"a third failing by chance, 300": third, "three of four, 800": most, "70 percent of the space, 300": region} {
		if best > whole+0.2 {
			t.Errorf("%s trials: the best is 10^%.2f on average, of 200 trials that do not fail 10^%.2f", what, best, whole)
		}
	}
}

// Whatever fails, samplers go on, choose new points, and find what there is.
func TestFailingStudies(t *testing.T) {
	no := errors.New("no")
	outcomes := map[string]func(n int, v []float64) ([]float64, error){
		"all fail":          func(int, []float64) ([]float64, error) { return nil, no },
		"every second":      func(n int, v []float64) ([]float64, error) { return v, []error{nil, no}[n%2] },
		"all but the first": func(n int, v []float64) ([]float64, error) { return v, []error{nil, no}[min(n, 1)] },
		"nine of ten":       func(n int, v []float64) ([]float64, error) { return v, []error{nil, no}[min(n%10, 1)] },
		"not a number": func(n int, v []float64) ([]float64, error) {
			v[0] = []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e9, v[0]}[n%5]
			return v, nil
		},
		"pruned without a report": func(n int, v []float64) ([]float64, error) {
			return v, []error{nil, hone.ErrPruned, no}[n%3]
		},
	}
	samplers := map[string]func() sampler.Sampler{
		"TPE": func() sampler.Sampler { return new(sampler.TPE) }, "TPE as in Optuna": func() sampler.Sampler { return &sampler.TPE{Optuna: true} },
		"TPE one by one": func() sampler.Sampler { return &sampler.TPE{Decomposition: sampler.TPEUnivariate, Others: -1} },
		"CMAES":          func() sampler.Sampler { return new(sampler.CMAES) },
	}
	for what, outcome := range outcomes {
		for name, fresh := range samplers {
			for _, objectives := range []int{1, 2} {
				for _, workers := range []int{1, 5} {
					if objectives > 1 && name == "CMAES" {
						continue
					}
					study, err := hone.NewStudy(&hone.Options{Seed: 3, Sampler: fresh(), Directions: minimized(objectives)})
					if err != nil {
						t.Fatal(err)
					}
					err = study.OptimizeMultiContext(t.Context(), func(tr *hone.Trial) ([]float64, error) {
						i, j, c := tr.SuggestInt("i", 0, 9), tr.SuggestInt("j", 0, 9), tr.SuggestBool("c")
						v := []float64{float64((i-3)*(i-3) + (j-5)*(j-5)), float64(i + j)}[:objectives]
						if !c {
							v[0]++
						}
						tr.SetConstraint("sum", float64(i+j-12))
						return outcome(tr.Number(), v)
					}, &hone.OptimizeOptions{Trials: 150, Workers: workers, Catch: func(error) bool { return true }})
					if err != nil {
						t.Fatalf("%s, %s: %v", what, name, err)
					}
					trials, err := study.Trials()
					if err != nil || len(trials) != 150 {
						t.Fatalf("%s, %s: %d trials, %v", what, name, len(trials), err)
					}
					times, most := make(map[string]int), 0
					for _, tr := range trials {
						key := fmt.Sprint(tr.Params)
						times[key]++
						most = max(most, times[key])
					}
					// The first trials of several workers do not know the space yet.
					if limit := map[bool]int{true: 1 + min(workers-1, 2), false: 60}[name == "TPE" || name == "TPE one by one"]; most > limit {
						t.Errorf("%s, %s, %d objectives, %d workers: one point was tried %d times, want %d at most", what, name, objectives, workers, most, limit)
					}
					if what == "all fail" && most > 30 {
						t.Errorf("%s, %s: one point was tried %d times", what, name, most)
					}
				}
			}
		}
	}
}

func minimized(n int) []hone.Direction {
	out := make([]hone.Direction, n)
	for i := range out {
		out[i] = hone.Minimize
	}
	return out
}
