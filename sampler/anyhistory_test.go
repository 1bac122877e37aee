package sampler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// anyHistory asks a sampler for a trial after so many of any kind: parameters that come
// and go and change their domains, results that are no numbers, trials under way.
func anyHistory(t *testing.T, s sampler.JointSampler, seed uint64, size int, shape uint8) {
	rng := rand.New(rand.NewPCG(seed, 5))
	domains := []distributions.Distribution{
		distributions.Float{Low: -1, High: 1}, distributions.Float{Low: 1e-9, High: 1e9, Log: true}, distributions.Float{Low: 0, High: 1, Step: 0.25},
		distributions.Float{Low: -math.MaxFloat64, High: math.MaxFloat64}, distributions.Float{Low: 5e-324, High: 1e300, Log: true},
		distributions.Int{Low: -3, High: 3}, distributions.Int{Low: 1, High: math.MaxInt32, Log: true}, distributions.Int{Low: math.MinInt32, High: math.MaxInt32},
		distributions.Categorical{Choices: []any{"a", "b", "c"}}, distributions.Int{Low: 4, High: 4},
	}
	odd := []float64{0, math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e300, 5e-324, 1, 2, 3}
	value := func() float64 {
		if rng.IntN(2) == 0 {
			return odd[rng.IntN(len(odd))]
		}
		return rng.NormFloat64()
	}
	directions := []storage.Direction{storage.Minimize, storage.Maximize}[:1+int(shape)%2]
	dims := 1 + int(shape>>1)%5
	regular := seed%4 == 0 // all trials have the same parameters
	record := func(n int) *storage.Trial {
		tr := &storage.Trial{ID: int64(n), Number: n, State: []storage.State{storage.Complete, storage.Complete, storage.Complete, storage.Pruned, storage.Failed}[rng.IntN(5)]}
		for j := range dims {
			d := domains[(j+int(shape>>4))%len(domains)]
			if !regular && rng.IntN(6) == 0 {
				d = domains[rng.IntN(len(domains))]
			}
			if regular || rng.IntN(5) > 0 {
				tr.Params = append(tr.Params, storage.Param{Name: fmt.Sprint("p", j), Value: d.FromUnit(rng.Float64()), Dist: d})
			}
		}
		for range directions {
			tr.Values = append(tr.Values, value())
		}
		every := 1 + rng.IntN(3)
		for i := range rng.IntN(4) {
			tr.Reports = append(tr.Reports, storage.Report{Step: i * every, Value: value()})
		}
		if shape&8 > 0 {
			tr.SystemAttrs = storage.Attrs{{Key: storage.AttrConstraintPrefix + "c", Value: fmt.Sprint(rng.NormFloat64())}}
		}
		return tr
	}
	var trials []*storage.Trial
	for n := range size {
		trials = append(trials, record(n))
	}
	h := storage.NewHistory(len(directions), trials...)
	q := gpQuery(h, size+1)
	q.Directions = directions
	running := record(size + 2)
	running.State, running.Values = storage.Running, nil
	q.Running = []*storage.Trial{running}
	q.SetAttr = func(_ string, value any) error {
		_, err := json.Marshal(value)
		return err
	}
	space := h.Space()
	out, err := s.SampleJoint(context.Background(), q, space)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range out {
		if !space[name].Contains(v) {
			t.Fatalf("%s is %v, not in %v", name, v, space[name])
		}
		q.Trial.Params = append(q.Trial.Params, storage.Param{Name: name, Value: v, Dist: space[name]})
		if rng.IntN(2) == 0 {
			break
		}
	}
	for range 3 {
		d, name := domains[rng.IntN(9)], fmt.Sprint("p", rng.IntN(dims+1))
		if v, err := s.Sample(context.Background(), q, name, d); err != nil || !d.Contains(v) {
			t.Fatalf("%s is %v, not in %v, error %v", name, v, d, err)
		}
	}
}
