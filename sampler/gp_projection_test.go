package sampler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

func TestGPProjection(t *testing.T) {
	samplertest.Options{Trials: 10}.Run(t, func() sampler.Sampler { return &sampler.GP{Projection: 1} })
}

// manyNumbers is an objective of floats, integers, a constant one, a choice and a
// branch, in which two directions matter.
func manyNumbers(tr *hone.Trial) (float64, error) {
	u, v := 0.0, 0.0
	for i := range 10 {
		x := tr.SuggestFloat(fmt.Sprint("x", i), -1, 1)
		k := float64(tr.SuggestInt(fmt.Sprint("k", i), 0, 40))/20 - 1
		u, v = u+x-k, v+x+k
	}
	tr.SuggestInt("one", 3, 3)
	sum := math.Pow(u-4, 2) + math.Pow(v+3, 2)
	if tr.SuggestCategorical("kind", "a", "b") == "b" {
		sum += tr.SuggestFloat("more", 0, 1)
	}
	return sum, nil
}

// A projected study that goes on with another sampler has the trials of one that was
// not interrupted, and they are not those of a study without a projection.
func TestGPProjectionResumes(t *testing.T) {
	options := func(projection int) *hone.Options {
		return &hone.Options{Name: "a", Seed: 5, Sampler: &sampler.GP{Projection: projection}}
	}
	whole := gpStudy(t, options(4), 30, manyNumbers)
	st := storage.NewMemory()
	var parts []hone.FrozenTrial
	for range 3 {
		o := options(4)
		o.Storage, o.LoadIfExists = st, true
		parts = gpStudy(t, o, 10, manyNumbers)
	}
	for i := range whole {
		if !reflect.DeepEqual(whole[i].Params, parts[i].Params) || !reflect.DeepEqual(whole[i].SystemAttrs["hone:gp"], parts[i].SystemAttrs["hone:gp"]) {
			t.Fatalf("trial %d: %v and %v", i, whole[i].Params, parts[i].Params)
		}
	}
	plain := gpStudy(t, options(0), 30, manyNumbers)
	for i := range whole {
		if same := reflect.DeepEqual(whole[i].Params, plain[i].Params); same != (i < 10) {
			t.Fatalf("trial %d: the projection, of more than 2·4 trials, made no difference or one too early: %v", i, same)
		}
	}
	// Hyperparameters of the whole space say nothing of components: who takes up a
	// study of a plain GP learns anew, at a number of trials at which that one would
	// not.
	const n = 22
	var history []*storage.Trial
	for i := range n {
		history = append(history, storedTrial(t, plain[i]))
	}
	for projection, want := range map[int]bool{0: false, 4: true} {
		q := gpQuery(storage.NewHistory(1, history...), n)
		noted := false
		q.SetAttr = func(key string, _ any) error { noted = noted || key == "hone:gp"; return nil }
		if _, err := (&sampler.GP{Projection: projection}).SampleJoint(context.Background(), q, q.History.Space()); err != nil || noted != want {
			t.Errorf("projection %d: learned %v, error %v", projection, noted, err)
		}
	}
}

func storedTrial(t *testing.T, f hone.FrozenTrial) *storage.Trial {
	t.Helper()
	s := &storage.Trial{ID: int64(f.Number), Number: f.Number, State: storage.Complete, Values: f.Values}
	for name, d := range f.Distributions {
		v, err := d.Internal(f.Params[name])
		if err != nil {
			t.Fatal(err)
		}
		s.Params = append(s.Params, storage.Param{Name: name, Value: v, Dist: d})
	}
	for key, v := range f.SystemAttrs {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		s.SystemAttrs = s.SystemAttrs.With(key, string(text))
	}
	return s
}

// Trials that do not vary, that all fail, and spaces without numbers.
func TestGPProjectionBadInput(t *testing.T) {
	for name, f := range map[string]hone.Objective{
		"constant": func(tr *hone.Trial) (float64, error) { _, err := manyNumbers(tr); return 1, err },
		"all fail": func(tr *hone.Trial) (float64, error) { _, _ = manyNumbers(tr); return 0, fmt.Errorf("no") },
		"infinite": func(tr *hone.Trial) (float64, error) {
			v, err := manyNumbers(tr)
			return []float64{v, math.Inf(1), math.Inf(-1)}[tr.Number()%3], err
		},
		"infeasible": func(tr *hone.Trial) (float64, error) {
			v, err := manyNumbers(tr)
			tr.SetConstraint("c", 1+v)
			return v, err
		},
		"categories": func(tr *hone.Trial) (float64, error) {
			n := 0.0
			for i := range 4 {
				if tr.SuggestBool(fmt.Sprint("b", i)) {
					n++
				}
			}
			return n, nil
		},
		"every trial another parameter": func(tr *hone.Trial) (float64, error) {
			return tr.SuggestFloat(fmt.Sprint("x", tr.Number()%3), 0, 1) + tr.SuggestFloat("y", 0, 1), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			trials := gpStudy(t, &hone.Options{Seed: 2, Sampler: &sampler.GP{Projection: 2}}, 16, f)
			if len(trials) != 16 {
				t.Errorf("%d trials", len(trials))
			}
			for i, tr := range trials {
				for p, d := range tr.Distributions {
					if v, err := d.Internal(tr.Params[p]); err != nil || !d.Contains(v) {
						t.Fatalf("trial %d: %s is %v", i, p, tr.Params[p])
					}
				}
			}
		})
	}
	// Points of which all are the same, to the bit, have no components.
	space := manyFloats(6)
	var history []*storage.Trial
	for i := range 12 {
		tr := &storage.Trial{ID: int64(i), Number: i, State: storage.Complete, Values: []float64{float64(i)}}
		for name, d := range space {
			tr.Params = append(tr.Params, storage.Param{Name: name, Value: 0.5, Dist: d})
		}
		history = append(history, tr)
	}
	q := gpQuery(storage.NewHistory(1, history...), len(history))
	out, err := (&sampler.GP{Projection: 3}).SampleJoint(context.Background(), q, space)
	if err != nil || len(out) != 6 {
		t.Errorf("%v, error %v", out, err)
	}
}

func manyFloats(n int) map[string]distributions.Distribution {
	space := make(map[string]distributions.Distribution, n)
	for i := range n {
		space[fmt.Sprint("x", i)] = distributions.Float{Low: 0, High: 1}
	}
	return space
}

// BenchmarkGPProjection tells how far 100 trials come when results depend on two sums
// of thirty parameters each: the mean error after 25, 50 and 100 trials, four seeds.
func BenchmarkGPProjection(b *testing.B) {
	for _, projection := range []int{0, 4} {
		b.Run(fmt.Sprint("components=", projection), func(b *testing.B) {
			for b.Loop() {
				const seeds = 4
				errors := map[int]float64{25: 0, 50: 0, 100: 0}
				for seed := range uint64(seeds) {
					best := math.Inf(1)
					s, err := hone.NewStudy(&hone.Options{Seed: seed + 1, Sampler: &sampler.GP{Projection: projection}})
					if err != nil {
						b.Fatal(err)
					}
					err = s.Optimize(func(t *hone.Trial) (float64, error) {
						left, right := 0.0, 0.0
						for i := range 30 {
							left += t.SuggestFloat(fmt.Sprintf("left%d", i), -1, 1)
							right += t.SuggestFloat(fmt.Sprintf("right%d", i), -1, 1)
						}
						v := math.Pow(left-6, 2) + math.Pow(right+6, 2)
						best = min(best, v)
						if _, ok := errors[t.Number()+1]; ok {
							errors[t.Number()+1] += best / seeds
						}
						return v, nil
					}, 100)
					if err != nil {
						b.Fatal(err)
					}
				}
				for n, e := range errors {
					b.ReportMetric(e, fmt.Sprint("error@", n))
				}
			}
		})
	}
}
