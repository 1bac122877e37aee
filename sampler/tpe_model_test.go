package sampler

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// The complete trials that come next after the good ones lose weight, the first
// most, and the others share it. Infeasible ones, trials under way, and those that lack a
// parameter are others, however good. A single failure tells nothing.
func TestTPESoftens(t *testing.T) {
	d := distributions.Float{Low: 0, High: 1}
	domains := map[string]distributions.Distribution{"x": d, "y": d}
	var trials []*storage.Trial
	for i := range 100 {
		tr := &storage.Trial{Number: i, State: storage.Complete, Values: []float64{float64(i)}}
		tr.Params = []storage.Param{{Name: "x", Value: float64(i) / 100, Dist: d}, {Name: "y", Value: 0.5, Dist: d}}
		switch {
		case i == 20:
			tr.Params = tr.Params[:1]
		case i == 30:
			tr.SystemAttrs = storage.Attrs{{Key: storage.AttrConstraintPrefix + "c", Value: "1"}}
		case i == 40:
			tr.State, tr.Values = storage.Failed, nil
		}
		trials = append(trials, tr)
	}
	rand.New(rand.NewPCG(2, 2)).Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
	q := &Query{
		Study: "s", Directions: []storage.Direction{storage.Minimize}, History: storage.NewHistory(1, trials...), Rand: rand.New(rand.NewPCG(1, 1)),
		Trial:   &storage.Trial{Number: 1000, State: storage.Running},
		Running: []*storage.Trial{{Number: 500, State: storage.Running, Params: trials[50].Params}},
	}
	s := &TPE{Decomposition: TPEUnivariate}
	r, err := s.rules(1)
	if err != nil {
		t.Fatal(err)
	}
	v := s.view(q, &r)
	m := v.study.model(&r, []string{"x", "y"}, []distributions.Distribution{domains["x"], domains["y"]})
	if err := v.load(m); err != nil {
		t.Fatal(err)
	}
	ones := make([]float64, len(m.keys))
	for i := range ones {
		ones[i] = 1
	}
	w := v.soften(m, ones)
	good := gammaHone(99)
	if len(v.good) != good || len(w) != 100-good-2+1 {
		t.Fatalf("%d good trials and %d others, want %d and %d", len(v.good), len(w), good, 100-good-1)
	}
	sum, full := 0.0, w[len(w)-1]
	next, border := 0, 3*float64(good)
	for i, number := range m.keys {
		sum += w[i]
		want := 1.0
		if number != 30 && number != 500 {
			next++
			want = min(float64(next)/border, 1)
		}
		if math.Abs(w[i]/full-want) > 1e-12 {
			t.Errorf("trial %d has %v of the full weight, want %v", number, w[i]/full, want)
		}
		if ones[i] != 1 {
			t.Fatal("the weights that were given have changed")
		}
	}
	if math.Abs(sum-float64(len(w))) > 1e-9 {
		t.Errorf("the weights sum to %v, before to %d", sum, len(w))
	}

	// With one's own weights, with Optuna and with several objectives there is no border.
	for _, s := range []*TPE{{Weights: func(n int) []float64 { return ones[:n] }}, {Optuna: true}} {
		if r, err := s.rules(1); err != nil || r.soft != 0 {
			t.Error(fmt.Sprintf("%+v", s), "has a border of", r.soft, err)
		}
	}
}

// Parameters that occur together are chosen together, also when a range changes
// from trial to trial, which in Optuna leaves the parameter by itself. Those of a
// branch form a group of their own.
func TestTPEGroups(t *testing.T) {
	d := distributions.Float{Low: 0, High: 1}
	var trials []*storage.Trial
	for i := range 40 {
		wide := distributions.Float{Low: 0, High: 1 + float64(i%5)}
		tr := &storage.Trial{Number: i, State: storage.Complete, Values: []float64{float64(i % 7)}, Params: []storage.Param{
			{Name: "x", Value: 0.5, Dist: wide}, {Name: "y", Value: 0.5, Dist: d},
		}}
		if i%2 == 0 {
			tr.Params = append(tr.Params, storage.Param{Name: "a1", Value: 0.1, Dist: d}, storage.Param{Name: "a2", Value: 0.2, Dist: d})
		} else {
			tr.Params = append(tr.Params, storage.Param{Name: "b", Value: 0.3, Dist: d})
		}
		trials = append(trials, tr)
	}
	history := storage.NewHistory(1, trials...)
	q := &Query{
		Directions: []storage.Direction{storage.Minimize}, History: history, Rand: rand.New(rand.NewPCG(1, 1)), Trial: &storage.Trial{Number: 1000, State: storage.Running},
	}
	for _, c := range []struct {
		s    *TPE
		want string
	}{
		{&TPE{}, "[[a1 a2] [b] [x y]]"},
		{&TPE{Optuna: true, Decomposition: TPEGrouped}, "[[a1 a2] [b] [x y]]"},
		{&TPE{Optuna: true}, "[[y]]"},
		{&TPE{Decomposition: TPEUnivariate}, "[[a1] [a2] [b] [x] [y]]"},
	} {
		r, err := c.s.rules(1)
		if err != nil {
			t.Fatal(err)
		}
		v := c.s.view(q, &r)
		if got := fmt.Sprint(v.study.groups(history.Space(), r.spaces)); got != c.want {
			t.Errorf("%+v: groups %s, want %s", c.s, got, c.want)
		}
		if r.spaces != TPEGrouped {
			continue
		}
		// Every trial has its place in the group's densities, whatever its range.
		m := v.study.model(&r, []string{"x", "y"}, []distributions.Distribution{d, d})
		if err := v.load(m); err != nil {
			t.Fatal(err)
		}
		if n := m.good.Len() + m.other.Len(); n != len(trials) {
			t.Errorf("%+v: %d of %d trials are in the densities of x and y", c.s, n, len(trials))
		}
	}
}
