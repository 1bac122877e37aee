package sampler

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gohone/hone/internal/hypervolume"
	"github.com/gohone/hone/storage"
)

// The division by several objectives that is brought up to date, trial by trial, is the one
// that the whole history gives.
func TestTPEFrontsAreACache(t *testing.T) {
	for name, value := range map[string]func(rng *rand.Rand, k int, base []float64) float64{
		"a large front": func(_ *rand.Rand, k int, base []float64) float64 {
			return math.Pow(base[k], 2) / (base[0]*base[0] + base[1]*base[1] + base[2]*base[2])
		},
		"near a front": func(_ *rand.Rand, k int, base []float64) float64 {
			return math.Pow(base[k], 2)/(base[0]*base[0]+base[1]*base[1]+base[2]*base[2]) + base[3]/20
		},
		"in a cube": func(_ *rand.Rand, k int, base []float64) float64 { return base[k] },
		"whole":     func(_ *rand.Rand, k int, base []float64) float64 { return math.Floor(4 * base[k]) },
		"all one":   func(*rand.Rand, int, []float64) float64 { return 3 },
		"in a row":  func(_ *rand.Rand, k int, base []float64) float64 { return base[0] },
		"rising":    func(_ *rand.Rand, k int, base []float64) float64 { return base[k] - base[4] },
		"odd numbers": func(rng *rand.Rand, k int, base []float64) float64 {
			return []float64{base[k], math.Inf(1), math.Inf(-1), math.NaN(), 0}[rng.IntN(5)]
		},
	} {
		for m := 2; m <= 3; m++ {
			t.Run(fmt.Sprint(name, m), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(m), 9))
				directions := []storage.Direction{storage.Minimize, storage.Maximize, storage.Minimize}[:m]
				log := storage.NewLog(m)
				s := &TPE{}
				r, err := s.rules(m)
				if err != nil {
					t.Fatal(err)
				}
				stood := 0
				for i := range 300 {
					tr := &storage.Trial{ID: int64(i), Number: i ^ 3, State: storage.Complete} // not quite in order
					base := []float64{rng.Float64(), rng.Float64(), rng.Float64(), rng.Float64(), float64(i) / 300}
					for k, d := range directions {
						tr.Values = append(tr.Values, d.Sign()*value(rng, k, base))
					}
					switch rng.IntN(12) {
					case 0:
						tr.State = storage.Pruned
					case 1:
						tr.State = storage.Failed
					case 2:
						tr.SystemAttrs = storage.Attrs{{Key: storage.AttrConstraintPrefix + "c", Value: "1.5"}}
					}
					log.Append(tr)
					if rng.IntN(4) == 0 {
						continue // two at a time, or more
					}
					q := &Query{Directions: directions, History: log.History(), Trial: &storage.Trial{Number: 1000}}
					v := s.view(q, &r)
					n := min(r.gamma(v.finished), v.finished)
					var before *hypervolume.Choice
					if f := v.study.fronts; f != nil {
						before = f.choice
					}
					got := v.best(n)
					if want := v.bestOf(n); !slices.Equal(got, want) {
						t.Fatalf("after %d trials: %v, want %v", i+1, got, want)
					}
					if f := v.study.fronts; f.choice != nil && f.choice == before {
						stood++
					}
				}
				if name == "a large front" && m == 3 && stood < 50 {
					t.Errorf("the choice stood %d times", stood)
				}
			})
		}
	}
}
