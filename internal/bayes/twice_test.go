package bayes

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// rough is a space of ordinals of few and of many cells, a nominal and, where that has
// category 1, one more ordinal.
func rough() *Space {
	return &Space{
		Dims:   []Dim{{Kind: Ordinal, Cells: 8}, {Kind: Nominal, Cells: 2}, {Kind: Ordinal, Cells: 2}, {Kind: Ordinal, Cells: 5, Growth: 1}, {Kind: Ordinal, Cells: 50}, {Kind: Ordinal, Cells: 3}},
		Groups: []Group{{Dims: []int{5}, Parent: 1, On: map[int]bool{0: false, 1: true}}},
	}
}

func TestSeenTwice(t *testing.T) {
	s := rough()
	if s.seen() != 6+1+3 || s.firstTwice() != 7 || s.Hyperparameters() != 12 {
		t.Fatalf("the model sees %d coordinates", s.seen())
	}
	z := make([]float64, s.seen())
	s.encode(z, []float64{3. / 7, 0, 1, s.Dims[3].Position(4), 0.5, nan})
	if z[7] != 3 || z[8] != 4 || z[9] != -1 {
		t.Errorf("categories %v", z[7:])
	}
	p := s.prior(nil)
	if len(p.Mean) != 12 || len(p.Tail) != 12 || p.Tail[7] == 0 || p.Tail[9] != 0 {
		t.Errorf("prior: %d means, tails %v", len(p.Mean), p.Tail)
	}
	for len(s.Dims) <= twiceDims {
		s.Dims = append(s.Dims, Dim{Kind: Ordinal, Cells: 4})
	}
	if s.seen() != len(s.Dims)+1 {
		t.Errorf("of %d coordinates the model sees %d", len(s.Dims), s.seen())
	}
}

func TestSweepSeesTwice(t *testing.T) {
	s := rough()
	s.Groups = nil
	bumps := rand.New(rand.NewPCG(2, 2)).Perm(8)
	checkSweeps(t, s, func(x []float64) float64 { return float64(bumps[s.Dims[0].Cell(x[0])]) + x[3] + x[4] })
}

// checkSweeps checks that the promise that a sweep finds is that of the point which it moves
// to, when 20 points are known. All coordinates exist.
func checkSweeps(t *testing.T, s *Space, f func(x []float64) float64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(2, 1))
	p := &Problem{Space: s, Values: [][]float64{nil}}
	x := make([]float64, len(s.Dims))
	for range 20 {
		s.random(x, nil, rng)
		p.Points = append(p.Points, slices.Clone(x))
		p.Values[0] = append(p.Values[0], f(x)+0.1*rng.NormFloat64())
	}
	var e Engine
	st := e.state(p)
	crit, _ := st.criterion(p, rng)
	search := &search{space: s, models: st.models, crit: crit, x: st.ranked, rng: rng}
	search.prepare()
	moves := 0
	for range 50 {
		s.random(x, nil, rng)
		for _, j := range search.swept {
			from := x[j]
			v := search.sweep(x, j, search.value(x))
			if x[j] != from {
				moves++
			}
			if w := search.value(x); math.Abs(v-w) > 1e-9*(1+math.Abs(w)) {
				t.Fatalf("a sweep of coordinate %d says %v, it is %v", j, v, w)
			}
		}
	}
	if moves < 50 {
		t.Errorf("%d moves", moves)
	}
}

// Where an ordinal's cells have nothing to do with their neighbours, the model sees that, and
// finds the best of 1,000 combinations in 60 points.
func TestLearnsRoughOrdinals(t *testing.T) {
	d := Dim{Kind: Ordinal, Cells: 10}
	s := &Space{Dims: []Dim{d, d, d}}
	found := 0
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 5))
		rank := [][]int{rng.Perm(10), rng.Perm(10), rng.Perm(10)}
		r := newRun(s, seed, func(x []float64) ([]float64, []float64) {
			sum := 0
			for j := range x {
				sum += rank[j][d.Cell(x[j])]
			}
			return []float64{float64(sum)}, nil
		})
		for range 60 {
			r.step(t)
			if r.p.Values[0][len(r.p.Points)-1] == 0 {
				found++
				break
			}
		}
	}
	if found < 5 {
		t.Errorf("the best combination was found in %d of 6 studies", found)
	}
}
