package sampler_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
)

func TestAuto(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return new(sampler.Auto) })
}

// choices returns what Auto noted, in the order of the trials, repeats left out.
func choices(t *testing.T, n int, directions []hone.Direction, f hone.MultiObjective) ([]string, *hone.Study) {
	t.Helper()
	s, err := hone.NewStudy(&hone.Options{Seed: 1, Directions: directions})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.OptimizeMulti(f, n); err != nil {
		t.Fatal(err)
	}
	trials, err := s.Trials()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range trials {
		if note, ok := f.SystemAttrs["hone:auto"].(string); ok {
			if name, _, _ := strings.Cut(note, ":"); len(out) == 0 || out[len(out)-1] != name {
				out = append(out, name)
			}
		}
	}
	return out, s
}

func TestAutoChooses(t *testing.T) {
	one := []hone.Direction{hone.Minimize}
	two := []hone.Direction{hone.Minimize, hone.Minimize}
	numbers := func(tr *hone.Trial) ([]float64, error) {
		x, y := tr.SuggestFloat("x", -5, 5), tr.SuggestLogFloat("y", 1e-3, 1e3)
		return []float64{x*x + math.Pow(math.Log(y), 2)}, nil
	}
	for _, c := range []struct {
		name       string
		n          int
		directions []hone.Direction
		f          hone.MultiObjective
		want       string
	}{
		{"few trials", 30, one, numbers, "TPE"},
		{"many trials of numbers", 1100, one, numbers, "TPE CMAES"},
		{"a category", 1100, one, func(tr *hone.Trial) ([]float64, error) {
			tr.SuggestCategorical("kind", "a", "b")
			return numbers(tr)
		}, "TPE"},
		{"a condition", 1100, one, func(tr *hone.Trial) ([]float64, error) {
			if tr.SuggestFloat("z", 0, 1) < 0.5 {
				return []float64{1000}, nil
			}
			return numbers(tr)
		}, "TPE"},
		{"two objectives", 30, two, func(tr *hone.Trial) ([]float64, error) {
			v, err := numbers(tr)
			return []float64{v[0], -v[0]}, err
		}, "TPE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _ := choices(t, c.n, c.directions, c.f)
			if strings.Join(got, " ") != c.want {
				t.Errorf("chose %v, want %s", got, c.want)
			}
		})
	}
}
