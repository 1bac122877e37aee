package bayes

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSamples(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	p := &Problem{
		Points: [][]float64{{0}, {0.1}, {0.2}, {0.3}},
		Values: [][]float64{{5, nan, 7, inf}},
		Limits: [][]float64{{-1, nan, nan, 2}},
	}
	same := func(points [][]float64, want ...float64) {
		t.Helper()
		if !slices.EqualFunc(points, want, func(x []float64, w float64) bool { return x[0] == w }) {
			t.Errorf("points %v, want %v", points, want)
		}
	}
	points, known, samples := p.samples(p.Points, p.outputs())
	same(points, 0, 0.2, 0.1, 0.3)
	same(samples[0].points, 0, 0.2)
	same(samples[1].points, 0, 0.2, 0.3) // that it is unknown of one that did not fail says something
	same(samples[2].points, 0, 0.2, 0.1, 0.3)
	if known != 2 || len(samples) != 3 {
		t.Errorf("%d points did not fail, %d outputs", known, len(samples))
	}
	for k, want := range [][]float64{{5, 7}, {-1, nan, 2}, {-1, -1, 1, 1}} {
		if !slices.EqualFunc(samples[k].values, want, func(a, b float64) bool { return a == b || a != a && b != b }) {
			t.Errorf("output %d is %v, want %v", k, samples[k].values, want)
		}
	}
	for _, values := range [][]float64{{1, 2, 3, 4}, {nan, inf, nan, nan}} {
		p := &Problem{Points: p.Points, Values: [][]float64{values}}
		if n := len(p.outputs()); n != 1 {
			t.Errorf("%d outputs with the values %v, want 1", n, values)
		}
	}
}

// failing returns a problem in two dimensions: a bowl at (0.5, 0.5), known at 40 points by
// chance but those that fail.
func failing(fails func(x []float64, rng *rand.Rand) bool) *Problem {
	rng := rand.New(rand.NewPCG(1, 40))
	p := &Problem{Space: &Space{Dims: []Dim{{Kind: Continuous}, {Kind: Continuous}}}, Values: make([][]float64, 1)}
	for range 40 {
		x := []float64{rng.Float64(), rng.Float64()}
		y := (x[0]-0.5)*(x[0]-0.5) + (x[1]-0.5)*(x[1]-0.5)
		if fails(x, rng) {
			y = math.NaN()
		}
		p.Points = append(p.Points, x)
		p.Values[0] = append(p.Values[0], y)
	}
	return p
}

// Where points fail by chance, the next one is where it would be without these.
func TestFailuresByChance(t *testing.T) {
	p := failing(func(_ []float64, rng *rand.Rand) bool { return rng.IntN(3) == 0 })
	for seed := range uint64(10) {
		x := new(Engine).Propose(p, rand.New(rand.NewPCG(seed, 1))).Point
		if d := math.Hypot(x[0]-0.5, x[1]-0.5); d > 0.1 {
			t.Errorf("seed %d: proposes %v, %v away from the optimum", seed, x, d)
		}
	}
}

// Where all points on one side fail, the optimum among them, the next one is beside the
// border.
func TestFailuresOnOneSide(t *testing.T) {
	p := failing(func(x []float64, _ *rand.Rand) bool { return x[0] < 0.6 })
	for seed := range uint64(10) {
		x := new(Engine).Propose(p, rand.New(rand.NewPCG(seed, 1))).Point
		if x[0] < 0.55 || x[0] > 0.7 || math.Abs(x[1]-0.5) > 0.2 {
			t.Errorf("seed %d: proposes %v", seed, x)
		}
	}
}

func TestMadeUp(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{nil, inf},
		{[]float64{1, 2, 1e9, 1.5, 1e9}, 1e9},
		{[]float64{1, 2, 3.5, 3.5}, 3.5},
		{[]float64{1, 2, 2.5, 2.5}, inf},               // not far enough
		{[]float64{1, 2, 1e9}, inf},                    // once
		{[]float64{1, 1, 9, 9}, inf},                   // of the others nothing is known
		{[]float64{nan, 1, 2, 9, inf, 9, inf, nan}, 9}, // beside other failures
		{[]float64{-inf, 2, 9, 9}, inf},
		{[]float64{-1e308, 1e308, 1.7e308, 1.7e308}, inf},
		{[]float64{inf, nan}, inf},
	} {
		if got := madeUp(c.values); got != c.want {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}

// A value that is made up is as good as a failure.
func TestMadeUpFails(t *testing.T) {
	p := failing(func(x []float64, _ *rand.Rand) bool { return x[0] < 0.6 })
	want := new(Engine).Propose(p, rand.New(rand.NewPCG(1, 1))).Point
	for i, y := range p.Values[0] {
		if math.IsNaN(y) {
			p.Values[0][i] = 5
		}
	}
	if got := new(Engine).Propose(p, rand.New(rand.NewPCG(1, 1))).Point; !slices.Equal(got, want) {
		t.Errorf("proposes %v with the value 5, %v with failures", got, want)
	}
}
