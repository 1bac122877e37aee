package bayes

import (
	"math"
	"math/rand/v2"
	"testing"
)

// alikeSpace has three coordinates with three categories each, three that are true
// or false, one of which exists only with category 0 of the first, and a float.
func alikeSpace() *Space {
	three, flag := Dim{Kind: Nominal, Cells: 3}, Dim{Kind: Nominal, Cells: 2}
	return &Space{
		Dims:   []Dim{three, flag, three, {}, three, flag, flag},
		Groups: []Group{{Dims: []int{5}, Parent: 0, On: map[int]bool{0: true, 1: false, 2: false}}},
		Alike:  [][]int{{0, 2, 4}, {1, 5, 6}},
	}
}

func TestTally(t *testing.T) {
	s := alikeSpace()
	if s.seen() != 7+1+3+1 {
		t.Fatalf("the model sees %d coordinates", s.seen())
	}
	z := make([]float64, s.seen())
	s.encode(z, []float64{1, 0, 2, 0.3, 1, nan, 1})
	step := 1 / math.Sqrt(6)
	for c, want := range []float64{0, 2 * step, step, step} {
		if got := z[8+c]; math.Abs(got-want) > 1e-15 {
			t.Errorf("tally %d is %v, want %v", c, got, want)
		}
	}
	// What moved says is what encode does.
	rng := rand.New(rand.NewPCG(1, 1))
	x, to := make([]float64, 7), make([]float64, s.seen())
	for range 200 {
		s.random(x, nil, rng)
		s.encode(z, x)
		j := []int{0, 1, 2, 4, 6, 3}[rng.IntN(6)]
		from := x[j]
		x[j] = s.Dims[j].random(rng)
		s.moved(j, from, x[j], func(place int, step float64) { z[place] += step })
		s.encode(to, x)
		for k := s.firstTally(); k < len(z); k++ {
			if math.Abs(z[k]-to[k]) > 1e-15 {
				t.Fatalf("coordinate %d from %v to %v: tallies %v, want %v", j, from, x[j], z[8:], to[8:])
			}
		}
	}
}

func TestSweepTallies(t *testing.T) {
	s := alikeSpace()
	s.Groups = nil
	checkSweeps(t, s, func(x []float64) float64 { return x[0] + x[2] - x[4] + x[1] + x[3] })
}

// What a category does in one place tells what it does in another: with tallies the
// best network of seven layers is found sooner.
func TestTallyHelps(t *testing.T) {
	effect := []float64{3, 0, 1, 2, 4}
	f := func(x []float64) ([]float64, []float64) {
		sum := 0.0
		for j, v := range x {
			sum += (1 + 0.1*float64(j)) * effect[int(v)]
		}
		return []float64{sum}, nil
	}
	regret := func(alike bool) float64 {
		total := 0.0
		for seed := range uint64(6) {
			s := &Space{}
			for range 7 {
				s.Dims = append(s.Dims, Dim{Kind: Nominal, Cells: 5})
			}
			if alike {
				s.Alike = [][]int{{0, 1, 2, 3, 4, 5, 6}}
			}
			r := &run{p: Problem{Space: s}, engine: &Engine{}, seed: seed, f: f}
			for range 25 {
				r.step(t)
			}
			best := math.Inf(1)
			for _, v := range r.p.Values[0] {
				best = min(best, v)
			}
			total += best
		}
		return total
	}
	if with, without := regret(true), regret(false); with > 0.7*without {
		t.Errorf("regret after 25 points is %v with tallies, %v without", with, without)
	}
}
