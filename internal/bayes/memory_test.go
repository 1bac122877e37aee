package bayes

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Of ten coordinates two matter. Once that is learned, points that differ in the other
// eight alone count as the same, so that all combinations of the two are tried.
func TestIdleCoordinates(t *testing.T) {
	s := &Space{Dims: []Dim{{Kind: Nominal, Cells: 5}, {Kind: Ordinal, Cells: 5}}}
	for range 4 {
		s.Dims = append(s.Dims, Dim{Kind: Nominal, Cells: 3}, Dim{Kind: Ordinal, Cells: 9})
	}
	idle := 0
	for seed := range uint64(3) {
		rough := rand.New(rand.NewPCG(seed, 9)).Perm(25)
		cell := func(x []float64) int { return 5*int(x[0]) + s.Dims[1].Cell(x[1]) }
		r := newRun(s, seed, func(x []float64) ([]float64, []float64) {
			return []float64{float64(rough[cell(x)])}, nil
		})
		best := math.Inf(1)
		for range 60 {
			r.step(t)
			best = min(best, r.p.Values[0][len(r.p.Points)-1])
		}
		if best > 0 {
			t.Errorf("seed %d: the best of 25 combinations was not found in 60 points, but the one at place %v", seed, best)
		}
		for j, is := range new(Engine).state(&r.p).idle(s) {
			if is && j < 2 {
				t.Errorf("seed %d: coordinate %d is left out of account", seed, j)
			}
			if is {
				idle++
			}
		}
	}
	if idle < 12 { // of 24
		t.Errorf("%d coordinates of 24 that do nothing are left out of account", idle)
	}
}

// When all combinations of what matters were tried, the points that follow are not drawn by
// chance: with noise, they go on at the good ones.
func TestIdleWhenAllIsTried(t *testing.T) {
	s := &Space{Dims: []Dim{{Kind: Nominal, Cells: 3}, {Kind: Nominal, Cells: 3}}}
	for range 4 {
		s.Dims = append(s.Dims, Dim{Kind: Nominal, Cells: 4})
	}
	good, late := 0, 0
	for seed := range uint64(4) {
		noise := rand.New(rand.NewPCG(seed, 4))
		r := newRun(s, seed, func(x []float64) ([]float64, []float64) {
			return []float64{x[0] + x[1] + 0.05*noise.NormFloat64()}, nil
		})
		for range 50 {
			r.step(t)
		}
		for _, x := range r.p.Points[25:] {
			late++
			if x[0]+x[1] <= 1 { // three of nine
				good++
			}
		}
	}
	if 4*good < 3*late {
		t.Errorf("of %d points after the 25th %d are at good combinations", late, good)
	}
}

// A coordinate is not left out of account while its tally, or another model, sees it, nor
// if others depend on it or it does on others.
func TestIdleIsCareful(t *testing.T) {
	s := alikeSpace()
	rng := rand.New(rand.NewPCG(3, 1))
	p := &Problem{Space: s, Values: make([][]float64, 1), Limits: make([][]float64, 1)}
	for range 40 {
		x := make([]float64, len(s.Dims))
		s.random(x, nil, rng)
		p.Points = append(p.Points, x)
		p.Values[0] = append(p.Values[0], x[3])
		p.Limits[0] = append(p.Limits[0], x[3]-0.5)
	}
	var e Engine
	st := e.state(p)
	mean := s.prior(st.points).Mean
	set := func(k, at int, length float64) {
		theta := st.models[k].Theta()
		theta[at] = length
	}
	for k := range st.models {
		for at := range len(s.Dims) + 1 + 4 {
			set(k, at, mean[at]+idleLength+0.1)
		}
	}
	check := func(what string, want ...bool) {
		t.Helper()
		got := st.idle(s)
		for j := range want {
			if (got != nil && got[j]) != want[j] {
				t.Errorf("%s: coordinate %d is idle: %v", what, j, !want[j])
			}
		}
	}
	check("nothing is seen", false, true, true, true, true, false, true)
	set(1, 3, mean[3])
	check("a constraint sees one", false, true, true, false, true, false, true)
	set(0, s.firstTally()+1, mean[s.firstTally()+1])
	check("a tally is seen", false, true, false, false, false, false, true)
}
