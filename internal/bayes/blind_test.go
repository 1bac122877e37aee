package bayes

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A model to which everything is noise does not go from corner to corner alone: every
// other point is a neighbour of a good one. One that sees something has no need of it.
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
		neighbours := 0
		for range 10 {
			got := (&Engine{}).Propose(p, rand.New(rand.NewPCG(5, uint64(len(p.Points)))))
			if got.How == "neighbour" {
				neighbours++
				if len(p.Points)%2 != 0 {
					t.Errorf("%s: a neighbour after %d points", name, len(p.Points))
				}
				nearest := math.Inf(1)
				for _, i := range p.ranking()[:nearBest] {
					nearest = min(nearest, p.Space.nearest(got.Point, p.Points[i:i+1], -1))
				}
				if !(nearest > 0 && nearest < 1) {
					t.Errorf("%s: a neighbour at a squared distance of %v", name, nearest)
				}
			}
			add()
		}
		if neighbours != c.want {
			t.Errorf("%s: %d of 10 points are neighbours, want %d", name, neighbours, c.want)
		}
		// A belief says where to look.
		if name == "noise" {
			p.Belief = func([]float64) float64 { return 0 }
			for range 4 {
				if got := (&Engine{}).Propose(p, rand.New(rand.NewPCG(6, uint64(len(p.Points))))); got.How == "neighbour" {
					t.Error("a neighbour, with a belief")
				}
				add()
			}
		}
	}
}
