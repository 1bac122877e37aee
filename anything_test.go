package hone_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
)

// anything is a value of the kinds that break arithmetic.
func anything(rng *rand.Rand) float64 {
	odd := []float64{math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 0, math.Copysign(0, -1), 1e15 + rng.Float64()}
	if k := rng.IntN(2 * len(odd)); k < len(odd) {
		return odd[k]
	}
	return rng.NormFloat64()
}

var errAnything = errors.New("anything")

// A chaos is a study in which everything occurs at random: one objective or several,
// spaces with conditions, ranges that change, constraints that none or few satisfy,
// and results of all kinds.
type chaos struct {
	seed                    uint64
	directions              []hone.Direction
	floats, ints            int
	width                   func(number int) float64
	smooth                  bool
	constrained, infeasible bool
}

func newChaos(seed uint64) (*chaos, *hone.Options, *hone.OptimizeOptions) {
	rng := rand.New(rand.NewPCG(seed, 7))
	c := &chaos{seed: seed, floats: rng.IntN(4), ints: rng.IntN(4), smooth: rng.IntN(2) == 0, constrained: rng.IntN(3) > 0, infeasible: rng.IntN(4) == 0}
	for range max(1, rng.IntN(8)-3) {
		c.directions = append(c.directions, []hone.Direction{hone.Minimize, hone.Maximize}[rng.IntN(2)])
	}
	c.width = []func(int) float64{func(int) float64 { return 1 }, func(n int) float64 { return float64(1 + n%7) }, func(int) float64 { return 1e300 }}[rng.IntN(3)]
	samplers := []sampler.Sampler{nil, nil, nil, &sampler.TPE{}, &sampler.TPE{Optuna: true}, &sampler.QMC{}, &sampler.PartialFixed{Fixed: map[string]any{"kind": "b"}}}
	if len(c.directions) == 1 {
		samplers = append(samplers, &sampler.CMAES{})
	}
	pruners := []pruner.Pruner{nil, &pruner.Percentile{StartupTrials: 1}, &pruner.SuccessiveHalving{}, &pruner.Hyperband{}, &pruner.Patient{Patience: 1}, &pruner.Wilcoxon{}}
	return c, &hone.Options{Directions: c.directions, Seed: seed + 1, Sampler: samplers[rng.IntN(len(samplers))], Pruner: pruners[rng.IntN(len(pruners))]},
		&hone.OptimizeOptions{Trials: 10 + rng.IntN(40), Workers: 1 + rng.IntN(4), Catch: func(err error) bool { return errors.Is(err, errAnything) }}
}

func (c *chaos) objective(t *hone.Trial) ([]float64, error) {
	rng := rand.New(rand.NewPCG(c.seed, uint64(t.Number())))
	sum := 0.0
	for i := range c.floats {
		w := c.width(t.Number())
		sum += t.SuggestFloat("x"+strconv.Itoa(i), -w, w)
	}
	for i := range c.ints {
		sum += float64(t.SuggestInt("n"+strconv.Itoa(i), 0, 3))
	}
	if t.SuggestCategorical("kind", "a", "b") == "a" {
		sum += math.Log(t.SuggestLogFloat("rate", 1e-300, 1e300))
	} else if t.SuggestBool("more") {
		sum += t.SuggestStepFloat("step", 0, 1, 0.25)
	}
	if c.constrained && rng.IntN(4) > 0 {
		v := anything(rng)
		if c.infeasible {
			v = 1 + math.Abs(v)
		}
		if !math.IsNaN(v) { // which is an error
			t.SetConstraint("c", v)
		}
	}
	if len(c.directions) == 1 {
		for step := range rng.IntN(5) {
			t.Report(step, anything(rng))
			if t.ShouldPrune() {
				return nil, hone.ErrPruned
			}
		}
	}
	switch rng.IntN(12) {
	case 0:
		return nil, errAnything
	case 1:
		return nil, hone.ErrPruned
	}
	values := make([]float64, len(c.directions))
	for i := range values {
		values[i] = anything(rng)
		if c.smooth {
			values[i] = sum * float64(i+1)
		}
	}
	return values, nil
}

// No data panics the library or stops a study.
func TestAnything(t *testing.T) {
	studies := uint64(60)
	if testing.Short() {
		studies = 12
	}
	for seed := range studies {
		c, o, run := newChaos(seed)
		what := fmt.Sprintf("seed %d, %T, %T, %d objectives", seed, o.Sampler, o.Pruner, len(c.directions))
		s, err := hone.NewStudy(o)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if len(c.directions) > 1 {
			err = s.OptimizeMultiContext(context.Background(), c.objective, run)
		} else {
			err = s.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
				v, err := c.objective(t)
				if err != nil {
					return 0, err
				}
				return v[0], nil
			}, run)
		}
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		trials, err := s.Trials()
		if err != nil || len(trials) != run.Trials {
			t.Errorf("%s: %d trials of %d, %v", what, len(trials), run.Trials, err)
		}
		if len(c.directions) > 1 {
			if _, err = s.ParetoFront(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		} else if _, err = s.BestTrial(); err != nil && !errors.Is(err, hone.ErrNoTrials) && !errors.Is(err, hone.ErrNoFeasible) {
			t.Errorf("%s: %v", what, err)
		}
		later, err := hone.NewStudy(&hone.Options{Directions: c.directions})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if _, err := later.WarmStart(s, nil); err != nil {
			t.Errorf("%s: warm start: %v", what, err)
		}
	}
}

// One seed gives one study, whichever the pruner, with and without a name.
func TestSeedRepeatsWithPruners(t *testing.T) {
	for _, name := range []string{"", "named"} {
		for _, fresh := range []func() pruner.Pruner{
			func() pruner.Pruner { return nil }, func() pruner.Pruner { return &pruner.SuccessiveHalving{} },
			func() pruner.Pruner { return &pruner.Hyperband{} }, func() pruner.Pruner { return &pruner.Hyperband{MaxResource: 9} },
		} {
			var runs [2]string
			for i := range runs {
				s, err := hone.NewStudy(&hone.Options{Name: name, Seed: 7, Sampler: &sampler.TPE{}, Pruner: fresh()})
				if err != nil {
					t.Fatal(err)
				}
				err = s.Optimize(func(t *hone.Trial) (float64, error) {
					x := t.SuggestFloat("x", 0, 1)
					for step := range 9 {
						t.Report(step+1, x+float64(step))
						if t.ShouldPrune() {
							return 0, hone.ErrPruned
						}
					}
					return x, nil
				}, 40)
				if err != nil {
					t.Fatal(err)
				}
				trials, err := s.Trials()
				if err != nil {
					t.Fatal(err)
				}
				runs[i] = fmt.Sprint(trials)
			}
			if runs[0] != runs[1] {
				t.Errorf("name %q, %T: two runs with one seed differ", name, fresh())
			}
		}
	}
}
