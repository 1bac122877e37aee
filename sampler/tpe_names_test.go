package sampler_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// Names that hold the number of a trial are not all chosen ahead in every trial, which
// cost a look at all trials for each: 2,000 trials took 20 s. What trials share is.
func TestTPENamesThatNeverComeBack(t *testing.T) {
	const n = 1200
	d := distributions.Float{Low: 0, High: 1}
	for _, c := range []struct {
		each, branches int // trials with one such name; branches of other names
		min, max       int // names chosen together
	}{
		{1, 0, 1, 1},
		{2, 0, 256, 256},
		{1, 60, 61, 61},
		{n, 60, 62, 62},         // an ordinary space: all, as ever
		{n / 4, 60, 65, 65},     // in as many groups as that, still
		{n / 300, 60, 256, 256}, // the rarest ones are left out
	} {
		t.Run(fmt.Sprint(c.each, c.branches), func(t *testing.T) {
			log := storage.NewLog(1)
			rng := rand.New(rand.NewPCG(1, 1))
			param := func(name string) storage.Param {
				return storage.Param{Name: name, Value: rng.Float64(), Dist: d}
			}
			for i := range n {
				params := []storage.Param{param("y"), param(fmt.Sprint("x", i/c.each))}
				if c.branches > 0 {
					params = append(params, param(fmt.Sprint("branch", i%c.branches)))
				}
				log.Append(&storage.Trial{Number: i, State: storage.Complete, Values: []float64{rng.Float64()}, Params: params})
			}
			h := log.History()
			q := &sampler.Query{
				Directions: []storage.Direction{storage.Minimize}, History: h, Rand: rand.New(rand.NewPCG(1, 2)),
				Trial: &storage.Trial{Number: n, State: storage.Running},
			}
			s := new(sampler.TPE)
			got, err := s.SampleJoint(t.Context(), q, h.Space())
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := got["y"]; !ok || len(got) < c.min || len(got) > c.max {
				t.Errorf("%d names are chosen together, want %d to %d, y among them: %t", len(got), c.min, c.max, ok)
			}
			if v, err := s.Sample(t.Context(), q, "x7", d); err != nil || !d.Contains(v) {
				t.Errorf("one of them by itself: %v, %v", v, err)
			}
		})
	}
}
