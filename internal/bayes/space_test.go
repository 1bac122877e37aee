package bayes

import (
	"math"
	"math/rand/v2"
	"testing"
)

var nan = math.NaN()

// Cells have rising positions from 0 to 1, and each is the nearest to its own.
func TestDim(t *testing.T) {
	for _, d := range []Dim{
		{Kind: Ordinal, Cells: 2}, {Kind: Ordinal, Cells: 7}, {Kind: Ordinal, Cells: 1000, Growth: 1}, {Kind: Ordinal, Cells: 100, Growth: 0.05},
		{Kind: Ordinal, Cells: int(min(int64(1)<<40, math.MaxInt))}, {Kind: Nominal, Cells: 5},
	} {
		before := math.Inf(-1)
		for i := range min(d.Cells, 1000) {
			c := i
			if d.Cells > 1000 {
				c = d.Cells / 1000 * i
			}
			p := d.Position(c)
			if !(p > before) || d.Cell(p) != c || d.Snap(p) != p {
				t.Fatalf("%+v: cell %d is at %v, which is in cell %d", d, c, p, d.Cell(p))
			}
			before = p
		}
		if d.Kind == Ordinal && (d.Position(0) != 0 || d.Position(d.Cells-1) != 1) {
			t.Errorf("%+v: ends at %v and %v", d, d.Position(0), d.Position(d.Cells-1))
		}
		for _, v := range []float64{nan, math.Inf(-1), -3, math.Inf(1), 1e300} {
			if c := d.Cell(v); c < 0 || c >= d.Cells {
				t.Errorf("%+v: %v is in cell %d", d, v, c)
			}
		}
	}
	// On a logarithmic scale, cells are what a value rounds to: 1, 2, 3 … 9.
	d := Dim{Kind: Ordinal, Cells: 9, Growth: 1}
	for c, v := range []float64{1.2, 2.4, 3.49, 3.6, 5.1} {
		want := []int{0, 1, 2, 3, 4}[c]
		if got := d.Cell(math.Log(v) / math.Log(9)); got != want {
			t.Errorf("%v is in cell %d, want %d", v, got, want)
		}
	}
}

// A space with a branch: 0 chooses whether 1 exists, and 1, whether 2 does; 3
// comes and goes by no rule.
func branching() *Space {
	return &Space{
		Dims: []Dim{{Kind: Nominal, Cells: 3}, {Kind: Ordinal, Cells: 4}, {}, {}},
		Groups: []Group{
			{Dims: []int{3}, Parent: -1},
			{Dims: []int{1}, Parent: 0, On: map[int]bool{0: true, 1: false}},
			{Dims: []int{2}, Parent: 1, On: map[int]bool{0: false, 1: true, 2: true, 3: true}},
		},
	}
}

func TestSettle(t *testing.T) {
	s := branching()
	fill := func(j int) float64 { return s.Dims[j].Snap(0.3 * float64(j)) }
	for _, c := range []struct{ x, want []float64 }{
		{[]float64{0, 1, 0.5, 0.1}, []float64{0, 1, 0.5, 0.1}},
		{[]float64{1, 1, 0.5, 0.1}, []float64{1, nan, nan, 0.1}},
		{[]float64{2, nan, nan, nan}, []float64{2, s.Dims[1].Snap(0.3), 0.6, fill(3)}}, // a category that was not seen
		{[]float64{0, 0, 0.5, 0.1}, []float64{0, 0, nan, 0.1}},
	} {
		x := append([]float64(nil), c.x...)
		s.settle(x, nil, fill)
		if key(x) != key(c.want) {
			t.Errorf("%v became %v, want %v", c.x, x, c.want)
		}
	}
	x := []float64{1, 0.5, 0.5, 0.1}
	s.settle(x, []bool{false, true, true, false}, fill)
	if key(x) != key([]float64{1, 0.5, 0.5, 0.1}) {
		t.Errorf("coordinates that are kept became %v", x)
	}
}

// Random points lie in the space and reach every cell.
func TestRandom(t *testing.T) {
	s, rng := branching(), rand.New(rand.NewPCG(1, 1))
	seen := make(map[[2]int]bool)
	x := make([]float64, 4)
	for range 500 {
		s.random(x, nil, rng)
		for j, v := range x {
			if !math.IsNaN(v) && s.Dims[j].Snap(v) != v {
				t.Fatalf("coordinate %d is %v", j, v)
			}
		}
		if math.IsNaN(x[1]) != (x[0] == 1) || math.IsNaN(x[2]) != (x[0] == 1 || x[1] == 0) || math.IsNaN(x[3]) {
			t.Fatalf("%v is no point of the space", x)
		}
		seen[[2]int{int(x[0]), s.Dims[1].Cell(x[1])}] = true
	}
	if len(seen) != 9 {
		t.Errorf("%d of 9 pairs of cells", len(seen))
	}
}

// The first points: the middle, then such that lie far apart, but not far out where
// a range has many values.
func TestDesign(t *testing.T) {
	s := &Space{Dims: []Dim{{}, {}, {Kind: Ordinal, Cells: 5}, {Kind: Nominal, Cells: 4}}}
	spread := func(design bool) float64 {
		sum := 0.0
		for seed := range uint64(40) {
			rng := rand.New(rand.NewPCG(seed, 1))
			var points [][]float64
			least := math.Inf(1)
			for range 6 {
				x := make([]float64, 4)
				if design {
					s.design(x, nil, points, nil, rng)
				} else {
					s.random(x, nil, rng)
				}
				if len(points) > 0 {
					least = min(least, s.nearest(x, points, -1))
				} else if design && (x[0] != 0.5 || x[1] != 0.5 || x[2] != 0.5) {
					t.Fatalf("the first point is %v", x)
				}
				if design && (math.Abs(x[0]-0.5) > 0.5*designWidth || math.Abs(x[1]-0.5) > 0.5*designWidth) {
					t.Fatalf("%v is far from the middle", x)
				}
				points = append(points, x)
			}
			sum += least / 40
		}
		return sum
	}
	if d, r := spread(true), spread(false); d < 2*r {
		t.Errorf("the nearest two of six points are %v apart on average, of random ones %v", d, r)
	}
	// Coordinates that do not exist stay away.
	b := branching()
	b.Dims[1].Cells = 40
	b.Groups[2].On = nil
	rng := rand.New(rand.NewPCG(1, 8))
	for range 20 {
		x := make([]float64, 4)
		b.design(x, nil, [][]float64{{0, 0.5, 0.5, 0.5}}, nil, rng)
		if math.IsNaN(x[1]) != (x[0] == 1) {
			t.Fatalf("%v is no point of the space", x)
		}
	}
	// With a belief, draws follow its density: here that of a normal distribution.
	rng = rand.New(rand.NewPCG(1, 9))
	mean, square, n := 0.0, 0.0, 300.0
	for range int(n) {
		x := make([]float64, 1)
		(&Space{Dims: []Dim{{}}}).design(x, nil, nil, func(x []float64) float64 { return -math.Pow((x[0]-0.4)/0.1, 2) / 2 }, rng)
		mean += x[0] / n
		square += math.Pow(x[0]-0.4, 2) / n
	}
	// Standard errors are 0.1/√300 = 0.006 and 0.01·√2/√300 = 0.0008.
	if math.Abs(mean-0.4) > 0.024 || math.Abs(square-0.01) > 0.0035 {
		t.Errorf("believed points have mean %v and mean square %v, want 0.4 and 0.01", mean, square)
	}
}
