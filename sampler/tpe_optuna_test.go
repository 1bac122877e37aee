package sampler

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

type tpeGolden struct {
	Space map[string]json.RawMessage
	Cases []struct {
		Name       string
		Directions []string
		Trials     []tpeGoldenTrial
		Running    []tpeGoldenTrial
		Below      []int
		Above      []int
		Scores     []struct {
			Names []string
			Xs    [][]float64
			Score []float64
		}
	}
}

type tpeGoldenTrial struct {
	Number      int
	State       string
	Values      []float64
	Params      map[string]float64
	Reports     [][2]*float64
	Constraints map[string]float64
}

func (g *tpeGoldenTrial) trial(space map[string]distributions.Distribution) *storage.Trial {
	t := &storage.Trial{ID: int64(g.Number), Number: g.Number, Values: g.Values}
	t.State = map[string]storage.State{"COMPLETE": storage.Complete, "PRUNED": storage.Pruned, "FAIL": storage.Failed, "": storage.Running}[g.State]
	for _, name := range sortedNames(g.Params) {
		t.Params = append(t.Params, storage.Param{Name: name, Value: g.Params[name], Dist: space[name]})
	}
	for _, r := range g.Reports {
		v := math.NaN()
		if r[1] != nil {
			v = *r[1]
		}
		t.Reports = append(t.Reports, storage.Report{Step: int(*r[0]), Value: v})
	}
	for _, name := range sortedNames(g.Constraints) {
		t.SystemAttrs = append(t.SystemAttrs, storage.Attr{Key: storage.AttrConstraintPrefix + name, Value: fmt.Sprint(g.Constraints[name])})
	}
	return t
}

// With Optuna set, trials are divided and points are scored as Optuna 5 does it:
// testdata/tpe.py.
func TestTPEAsOptuna(t *testing.T) {
	raw, err := os.ReadFile("testdata/tpe.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden tpeGolden
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 15 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	space := make(map[string]distributions.Distribution)
	for name, text := range golden.Space {
		if space[name], err = distributions.Unmarshal(string(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			q := &Query{Study: "s", Seed: 1, Rand: rand.New(rand.NewPCG(1, 1))}
			for _, d := range c.Directions {
				q.Directions = append(q.Directions, map[string]storage.Direction{"minimize": storage.Minimize, "maximize": storage.Maximize}[d])
			}
			var trials []*storage.Trial
			for i := range c.Trials {
				trials = append(trials, c.Trials[i].trial(space))
			}
			rand.New(rand.NewPCG(2, 2)).Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
			q.History = storage.NewHistory(len(c.Directions), trials...)
			for i := range c.Running {
				q.Running = append(q.Running, c.Running[i].trial(space))
			}
			q.Trial = &storage.Trial{Number: 1000, State: storage.Running}
			s := &TPE{Optuna: true}
			r, err := s.rules(len(q.Directions))
			if err != nil {
				t.Fatal(err)
			}
			v := s.view(q, &r)
			if err := v.divide(); err != nil {
				t.Fatal(err)
			}
			if got := numbers(v.good); !slices.Equal(got, c.Below) {
				t.Errorf("good trials %v, Optuna's %v", got, c.Below)
			}
			rest := numbers(v.other)
			for _, u := range v.under() {
				rest = append(rest, u.trial.Number)
			}
			if !slices.Equal(rest, c.Above) {
				t.Errorf("other trials %v, Optuna's %v", rest, c.Above)
			}
			for _, sc := range c.Scores {
				domains := make([]distributions.Distribution, len(sc.Names))
				for j, name := range sc.Names {
					domains[j] = space[name]
				}
				m := v.study.model(&r, sc.Names, domains)
				if err := v.load(m); err != nil {
					t.Fatal(err)
				}
				m.xs = slices.Concat(sc.Xs...)
				m.score()
				for i, want := range sc.Score {
					if math.Abs(m.l[i]-want) > 1e-10*max(1, math.Abs(want)) {
						t.Errorf("score of %v at %v is %.14g, Optuna's %.14g", sc.Names, sc.Xs[i], m.l[i], want)
					}
				}
				v.unload(m)
			}
		})
	}
}

func numbers(rows []tpeRow) []int {
	out := []int{}
	for _, r := range rows {
		out = append(out, r.number)
	}
	slices.Sort(out)
	return out
}

// Numbers of Optuna's as published with its behaviour.
func TestTPEWeightsAsOptuna(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 1, 10: 1, 11: 2, 100: 10, 249: 25, 251: 25} {
		if got := gammaOptuna(n); got != want {
			t.Errorf("%d of %d trials are good, want %d", got, n, want)
		}
	}
	for n, want := range map[int][]float64{26: {0.0384615, 1}, 30: {0.0333333, 0.275, 0.516667, 0.758333, 1}, 3: {1, 1, 1}} {
		w := recency(n)
		if len(w) != n || w[n-1] != 1 {
			t.Errorf("weights of %d trials: %v", n, w)
		}
		for i := range want {
			if math.Abs(w[i]-want[i]) > 1e-6 {
				t.Errorf("weight %d of %d is %v, want %v", i, n, w[i], want[i])
			}
		}
	}
	got := reference([][]float64{{1, -2, 0}, {3, -1, -5}})
	for k, want := range []float64{3.3, -0.9, 1e-12} {
		if math.Abs(got[k]-want) > 1e-15 {
			t.Errorf("reference point %v, want 3.3, -0.9, 1e-12", got)
		}
	}
}
