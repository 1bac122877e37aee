package sampler_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

func TestAuto(t *testing.T) {
	// It begins with GP, whose model begins at four trials.
	samplertest.Options{Trials: 10}.Run(t, func() sampler.Sampler { return new(sampler.Auto) })
}

// choice returns what Auto notes with the next trial of a study that has run n
// trials at random.
func choice(t *testing.T, n int, directions []hone.Direction, f hone.MultiObjective) string {
	t.Helper()
	st := storage.NewMemory()
	for _, smp := range []sampler.Sampler{&sampler.Random{}, nil} {
		s, err := hone.NewStudy(&hone.Options{Name: "a", Seed: 1, Directions: directions, Storage: st, Sampler: smp, LoadIfExists: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.OptimizeMulti(f, n); err != nil {
			t.Fatal(err)
		}
		if smp != nil {
			n = 1
			continue
		}
		trials, err := s.Trials()
		if err != nil {
			t.Fatal(err)
		}
		note, _ := trials[len(trials)-1].SystemAttrs["hone:auto"].(string)
		return note
	}
	panic("unreachable")
}

func TestAutoChooses(t *testing.T) {
	one := []hone.Direction{hone.Minimize}
	many := func(m int) ([]hone.Direction, hone.MultiObjective) {
		var ds []hone.Direction
		for range m {
			ds = append(ds, hone.Maximize)
		}
		return ds, func(tr *hone.Trial) ([]float64, error) {
			x, out := tr.SuggestFloat("x", 0, 1), make([]float64, m)
			for k := range out {
				out[k] = math.Pow(x, float64(k+1))
			}
			return out, nil
		}
	}
	numbers := func(tr *hone.Trial) ([]float64, error) {
		x, y := tr.SuggestFloat("x", -5, 5), tr.SuggestLogFloat("y", 1e-3, 1e3)
		return []float64{x*x + math.Pow(math.Log(y), 2)}, nil
	}
	kinds := func(tr *hone.Trial) ([]float64, error) {
		tr.SuggestCategorical("kind", "a", "b")
		return numbers(tr)
	}
	condition := func(tr *hone.Trial) ([]float64, error) {
		if tr.SuggestFloat("z", 0, 1) < 0.5 {
			return []float64{1000}, nil
		}
		return numbers(tr)
	}
	halfWay := func(tr *hone.Trial) ([]float64, error) {
		if tr.SuggestFloat("x", -5, 5) > 4.5 {
			return nil, hone.ErrPruned
		}
		return numbers(tr)
	}
	wide := func(tr *hone.Trial) ([]float64, error) {
		sum := 0.0
		for i := range 400 {
			sum += tr.SuggestFloat(fmt.Sprint("x", i), 0, 1)
		}
		return []float64{sum}, nil
	}
	two, onTwo := many(2)
	four, onFour := many(4)
	five, onFive := many(5)
	for _, c := range []struct {
		name       string
		n          int
		directions []hone.Direction
		f          hone.MultiObjective
		want       string
	}{
		{"few trials", 20, one, numbers, "GP: fewer than"},
		{"some hundred trials", 300, one, numbers, "GP: in turns with TPE"},
		{"one trial later", 301, one, numbers, "GP: in turns with TPE"},
		{"two trials later", 302, one, numbers, "TPE: in turns with GP"},
		{"many trials of numbers", 640, one, numbers, "CMAES: "},
		{"many trials of numbers, some pruned half way", 640, one, halfWay, "CMAES: "},
		{"few trials with a category", 20, one, kinds, "GP: "},
		{"a category", 640, one, kinds, "TPE: the space has categories"},
		{"few trials with a condition", 20, one, condition, "GP: "},
		{"a condition", 640, one, condition, "TPE: the space has categories, conditions"},
		{"400 parameters", 30, one, wide, "TPE: too many trials or parameters for GP"},
		{"two objectives", 20, two, onTwo, "GP: "},
		{"two objectives, many trials", 300, two, onTwo, "TPE: several objectives"},
		{"four objectives", 20, four, onFour, "GP: "},
		{"five objectives", 20, five, onFive, "TPE: more than four objectives"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := choice(t, c.n, c.directions, c.f); !strings.HasPrefix(got, c.want) {
				t.Errorf("chose %q, want %q", got, c.want)
			}
		})
	}
}

// The choice is logged, with the reason that is noted.
func TestAutoLogs(t *testing.T) {
	var log bytes.Buffer
	s, err := hone.NewStudy(&hone.Options{Name: "a", Seed: 1, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Optimize(func(tr *hone.Trial) (float64, error) { return tr.SuggestFloat("x", 0, 1), nil }, 3); err != nil {
		t.Fatal(err)
	}
	trials, err := s.Trials()
	if err != nil {
		t.Fatal(err)
	}
	note, _ := trials[2].SystemAttrs["hone:auto"].(string)
	if want := fmt.Sprintf("trial=2 choice=%q", note); note == "" || !strings.Contains(log.String(), want) {
		t.Errorf("noted %q, logged:\n%s", note, log.String())
	}
}

// A study goes on in another process as if nothing had happened, also where one
// algorithm follows another.
func TestAutoResumes(t *testing.T) {
	f := func(tr *hone.Trial) (float64, error) {
		x, y := tr.SuggestFloat("x", -5, 5), tr.SuggestLogFloat("y", 1e-3, 1e3)
		return x*x + math.Pow(math.Log(y), 2), nil
	}
	grow := func(parts ...int) []hone.FrozenTrial {
		st := storage.NewMemory()
		first, err := hone.NewStudy(&hone.Options{Name: "a", Seed: 1, Storage: st, Sampler: &sampler.Random{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Optimize(f, 240); err != nil {
			t.Fatal(err)
		}
		var trials []hone.FrozenTrial
		for _, n := range parts {
			trials = gpStudy(t, &hone.Options{Name: "a", Storage: st, LoadIfExists: true}, n, f)
		}
		return trials
	}
	whole, parts := grow(24), grow(7, 5, 12) // from GP to turns with TPE after the tenth
	for i := range whole {
		if !reflect.DeepEqual(whole[i].Params, parts[i].Params) {
			t.Fatalf("trial %d: %v and %v", i, whole[i].Params, parts[i].Params)
		}
	}
}

// FuzzAuto gives Auto histories of any kind, as long as takes it through all its algorithms.
func FuzzAuto(f *testing.F) {
	for i := range uint64(12) {
		f.Add(i, uint8(i*21), uint8(i*37))
	}
	f.Fuzz(func(t *testing.T, seed uint64, size, shape uint8) {
		anyHistory(t, new(sampler.Auto), seed, 3*int(size), shape)
	})
}
