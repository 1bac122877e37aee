package bayes

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A model to which everything is noise does not go from corner to corner alone: every
// other point is drawn by chance. One that sees something draws none.
func TestBlind(t *testing.T) {
	for name, c := range map[string]struct {
		f    func(x []float64, rng *rand.Rand) float64
		want int // of ten points
	}{
		"noise":  {func(_ []float64, rng *rand.Rand) float64 { return rng.NormFloat64() }, 5},
		"sphere": {func(x []float64, _ *rand.Rand) float64 { return math.Pow(x[0]-0.3, 2) + math.Pow(x[1]-0.6, 2) }, 0},
	} {
		rng := rand.New(rand.NewPCG(4, 4))
		p := &Problem{Space: &Space{Dims: make([]Dim, 2)}, Values: [][]float64{nil}}
		add := func() {
			x := make([]float64, 2)
			for j := range x {
				x[j] = rng.Float64()
			}
			p.Points = append(p.Points, x)
			p.Values[0] = append(p.Values[0], c.f(x, rng))
		}
		for range 40 {
			add()
		}
		chance := 0
		for range 10 {
			got := (&Engine{}).Propose(p, rand.New(rand.NewPCG(5, uint64(len(p.Points)))))
			if got.How == "chance" {
				chance++
				if len(p.Points)%2 != 0 {
					t.Errorf("%s: a point by chance after %d points", name, len(p.Points))
				}
				for j, v := range got.Point {
					if !(v > 0 && v < 1) {
						t.Errorf("%s: coordinate %d of a point by chance is %v", name, j, v)
					}
				}
			}
			add()
		}
		if chance != c.want {
			t.Errorf("%s: %d of 10 points by chance, want %d", name, chance, c.want)
		}
		// A belief says where to look.
		if name == "noise" {
			p.Belief = func([]float64) float64 { return 0 }
			for range 4 {
				if got := (&Engine{}).Propose(p, rand.New(rand.NewPCG(6, uint64(len(p.Points))))); got.How == "chance" {
					t.Error("by chance, with a belief")
				}
				add()
			}
		}
	}
}
