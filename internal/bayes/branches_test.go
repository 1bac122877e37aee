package bayes

import (
	"math"
	"math/rand/v2"
	"testing"
)

// branched is a choice of three: one with a number, one with a choice of two of
// which the second brings a number along, one with nothing.
func branched() *Space {
	return &Space{
		Dims: []Dim{{Kind: Nominal, Cells: 3}, {}, {Kind: Nominal, Cells: 2}, {}},
		Groups: []Group{
			{Dims: []int{1}, Parent: 0, On: map[int]bool{0: true, 1: false, 2: false}},
			{Dims: []int{2}, Parent: 0, On: map[int]bool{0: false, 1: true, 2: false}},
			{Dims: []int{3}, Parent: 2, On: map[int]bool{0: false, 1: true}},
		},
	}
}

func TestNeglected(t *testing.T) {
	nan := math.NaN()
	first := func(u float64) []float64 { return []float64{0, u, nan, nan} }
	plain, nested, empty := []float64{1, nan, 0, nan}, []float64{1, nan, 1, 0.5}, []float64{2, nan, nan, nan}
	repeat := func(x []float64, n int) (out [][]float64) {
		for range n {
			out = append(out, x)
		}
		return out
	}
	for _, c := range []struct {
		name    string
		points  [][]float64
		pending [][]float64
		want    []float64 // what decides; nil: no branch
		best    float64
	}{
		{"even", append(append(repeat(first(0.2), 2), repeat(plain, 2)...), repeat(nested, 2)...), nil, nil, 0},
		{"one is left behind", append(repeat(first(0.2), 8), nested), nil, []float64{1, nan, 1, nan}, 8},
		{"the others are full", append(repeat(first(0.2), 8), plain, empty), nil, nil, 0},
		{"one under way counts", append(repeat(first(0.2), 6), nested), [][]float64{nested}, nil, 0},
		{"a trial that lacks a parameter is in no branch", append(repeat(first(0.2), 8), []float64{nan, nan, nan, nan}, []float64{1, nan, nan, nan}), nil, nil, 0},
	} {
		st := &state{points: c.points, values: [][]float64{make([]float64, len(c.points))}, allowed: make([]bool, len(c.points))}
		for i := range c.points {
			st.values[0][i], st.allowed[i] = float64(i), true
		}
		b := st.neglected(&Problem{Space: branched(), Points: c.points, Pending: c.pending})
		switch {
		case (b == nil) != (c.want == nil):
			t.Errorf("%s: branch %+v, want that of %v", c.name, b, c.want)
		case b != nil && (key(b.at) != key(c.want) || b.best != c.best):
			t.Errorf("%s: branch at %v with best %v, want %v and %v", c.name, b.at, b.best, c.want, c.best)
		}
	}
}

// A branch whose few first points are bad is not given up: its optimum is in a valley.
// The others have what they need.
func TestBranchesShare(t *testing.T) {
	s := branched()
	f := func(x []float64) float64 {
		switch {
		case x[0] == 0:
			return 1 + x[1]*x[1]
		case x[0] == 1 && x[2] == 1:
			return 10 * math.Abs(x[3]-0.77)
		case x[0] == 1:
			return 5
		}
		return 2
	}
	for _, limits := range []bool{false, true} {
		found := 0
		for seed := range uint64(6) {
			p := &Problem{Space: s, Values: make([][]float64, 1)}
			if limits {
				p.Limits = make([][]float64, 1)
			}
			counts, best := make(map[[2]float64]int), math.Inf(1)
			var e Engine
			for n := range 40 {
				x := e.Propose(p, rand.New(rand.NewPCG(seed, uint64(n)))).Point
				p.Points = append(p.Points, x)
				p.Values[0] = append(p.Values[0], f(x))
				if limits {
					p.Limits[0] = append(p.Limits[0], x[0]-1.5) // all but the empty branch
				}
				if math.IsNaN(x[2]) {
					counts[[2]float64{x[0], -1}]++
				} else {
					counts[[2]float64{x[0], x[2]}]++
				}
				best = min(best, f(x))
			}
			if counts[[2]float64{0, -1}] < 4 || counts[[2]float64{1, 1}] < 4 || counts[[2]float64{2, -1}] > 1 || counts[[2]float64{1, 0}] > 1 {
				t.Errorf("limits %v, seed %d: trials by branch: %v", limits, seed, counts)
			}
			if best < 0.5 {
				found++
			}
		}
		if found < 5 {
			t.Errorf("limits %v: the valley was found in %d of 6 studies", limits, found)
		}
	}
}
