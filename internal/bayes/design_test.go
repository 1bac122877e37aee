package bayes

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Start points keep nearer to the middle in a space of many coordinates, counted as
// they exist; coordinates of few values and kept ones are left alone.
func TestDesignOfManyDims(t *testing.T) {
	many := func(n int) *Space {
		s := &Space{Dims: make([]Dim, n)}
		s.Dims[0] = Dim{Kind: Ordinal, Cells: 2}
		s.Groups = []Group{{Dims: []int{n - 1}, Parent: 0, On: map[int]bool{0: true, 1: false}}}
		return s
	}
	for _, c := range []struct {
		dims  int
		width float64 // without the last coordinate, then with it
		with  float64
	}{
		{manyDims, designWidth, designWidth},
		{manyDims + 1, designWidth, narrowWidth},
		{manyDims + 2, narrowWidth, narrowWidth},
	} {
		s := many(c.dims)
		kept := make([]bool, c.dims)
		kept[1] = true
		far, cells := make(map[bool]float64), make(map[float64]bool)
		for seed := range uint64(30) {
			x := make([]float64, c.dims)
			x[1] = 0.99
			other := make([]float64, c.dims)
			other[0] = float64(seed % 2)
			s.design(x, kept, [][]float64{other}, nil, rand.New(rand.NewPCG(seed, 6)))
			cells[x[0]] = true
			if x[1] != 0.99 {
				t.Fatalf("a kept coordinate is %v", x[1])
			}
			last := math.IsNaN(x[c.dims-1])
			for _, v := range x[2 : c.dims-1] {
				far[!last] = max(far[!last], 2*math.Abs(v-0.5))
			}
		}
		for with, want := range map[bool]float64{false: c.width, true: c.with} {
			if f := far[with]; f > want || f < 0.9*want {
				t.Errorf("%d coordinates, the last one %v: the farthest is at %v of the range, want %v", c.dims, with, f, want)
			}
		}
		if len(cells) != 2 {
			t.Errorf("cells %v of two", cells)
		}
	}
}
