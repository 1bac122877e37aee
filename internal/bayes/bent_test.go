package bayes

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// unscaled is a space of two ranges over five decades, one of few cells, one that is
// logarithmic already or begins at 0, and a nominal.
func unscaled() *Space {
	return &Space{Dims: []Dim{{Ratio: 1e5}, {Kind: Ordinal, Cells: 1000, Ratio: 1000}, {Kind: Ordinal, Cells: 5, Ratio: 1e3}, {}, {Kind: Nominal, Cells: 3}}}
}

func TestBentCoordinates(t *testing.T) {
	s := unscaled()
	if got := s.bent(); !reflect.DeepEqual(got, []int{0, 1}) {
		t.Fatalf("bent are %v", got)
	}
	p := s.prior(nil)
	n := s.seen()
	if len(p.Mean) != s.Hyperparameters() || len(p.Mean) != n+4 || p.Upper[n+2] != math.Log(1e5) || p.Upper[n+3] != math.Log(1e3) {
		t.Errorf("prior of %d hyperparameters, bounds %v", len(p.Mean), p.Upper)
	}
	if f := failurePrior(p, n); f.Lower[n+2] != 0 || f.Lower[0] <= p.Lower[0] {
		t.Errorf("lower bounds of failure %v", f.Lower)
	}
	if got := s.numeric(); !reflect.DeepEqual(got, []int{2, 3}) {
		t.Errorf("projected are %v", got)
	}
}

func TestSweepSeesBent(t *testing.T) {
	checkSweeps(t, unscaled(), func(x []float64) float64 { return math.Abs(math.Log10(x[0]+1e-5)+3) + x[1] + x[2] + x[4] })
}

// The optimum lies at a hundredth and a thousandth of ranges over five decades.
func TestFindsTheBottomOfDecades(t *testing.T) {
	f := func(x []float64) float64 {
		a, b := math.Log10(x[0]+1e-5)+2, math.Log10(x[1]+1e-5)+3
		return a*a + b*b
	}
	mean := func(ratio float64) (sum float64) {
		for seed := range uint64(5) {
			r := newRun(&Space{Dims: []Dim{{Ratio: ratio}, {Ratio: ratio}}}, seed, func(x []float64) ([]float64, []float64) { return []float64{f(x)}, nil })
			for range 25 {
				r.step(t)
			}
			sum += math.Log10(slices.Min(r.p.Values[0])) / 5
		}
		return sum
	}
	doubted, believed := mean(1e5), mean(0)
	if !(doubted < -2) || !(doubted < believed-0.5) {
		t.Errorf("mean log10 of the best value %.2f, where the scale is believed %.2f", doubted, believed)
	}
}

// The first points spread over the scale that is believed in, and are whole cells.
func TestStartPointsOverDecades(t *testing.T) {
	s := &Space{Dims: []Dim{{Ratio: 1e6}, {Kind: Ordinal, Cells: 1000, Ratio: 1000}, {}}}
	rng := rand.New(rand.NewPCG(1, 2))
	var points [][]float64
	for range 8 {
		x := make([]float64, 3)
		s.design(x, nil, points, nil, rng)
		points = append(points, x)
	}
	// Half way to a logarithm, the middle of six decades is at 1/(1 + 1000^½).
	if want := 1 / (1 + math.Sqrt(1000)); math.Abs(points[0][0]-want) > 1e-9 || points[0][2] != 0.5 {
		t.Errorf("the first point is %v, the middle %v", points[0], want)
	}
	low := 0
	for _, x := range points {
		if x[1] != s.Dims[1].Snap(x[1]) {
			t.Errorf("%v is between cells", x[1])
		}
		if x[0] < points[0][0] {
			low++
		}
	}
	if low < 2 || low > 6 {
		t.Errorf("%d of 8 points are below the middle of the scale", low)
	}
}
