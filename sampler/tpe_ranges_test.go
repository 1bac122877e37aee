package sampler_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// Where ranges change with each trial, what is remembered of tried points and of densities is
// what a sampler that has just been made finds out.
func TestTPERangesThatChange(t *testing.T) {
	objective := func(tr *hone.Trial) (float64, error) {
		most := tr.SuggestInt("most", 1, 4)
		return float64(tr.SuggestInt("n", most-4, most) + tr.SuggestStepInt("step", 0, 6, 1+tr.Number()/20%3)), nil
	}
	trials := func(fresh bool) []string {
		st := storage.NewMemory()
		s, err := hone.NewStudy(&hone.Options{Name: "s", Storage: st, Seed: 3, Sampler: new(sampler.TPE)})
		if err != nil {
			t.Fatal(err)
		}
		for range 120 {
			if fresh {
				if s, err = hone.LoadStudy(t.Context(), st, "s", &hone.Options{Sampler: new(sampler.TPE)}); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Optimize(objective, 1); err != nil {
				t.Fatal(err)
			}
		}
		all, err := s.Trials()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, f := range all {
			out = append(out, fmt.Sprint(f.Params))
		}
		return out
	}
	if warm, fresh := trials(false), trials(true); !slices.Equal(warm, fresh) {
		t.Errorf("a warm sampler chose\n%v\nfresh ones\n%v", warm, fresh)
	}
}
