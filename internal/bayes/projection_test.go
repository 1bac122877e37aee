package bayes

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// Points that vary along two directions of five, and by a hair along a third, have
// these as their components, in this order, whichever matrix of products is the
// smaller one.
func TestPrincipal(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	axes := [][]float64{{0.6, 0.8, 0, 0, 0}, {-0.8, 0.6, 0, 0, 0}, {0, 0, 0, 1, 0}}
	for _, n := range []int{4, 40} {
		points := make([][]float64, n)
		for i := range points {
			points[i] = []float64{0.5, 0.5, 0.25, 0.5, 0.75}
			for c, size := range []float64{0.3, 0.05, 0.001} {
				if i < 2 { // the weights of the first points are the largest
					size *= float64(2*i - 1)
				} else {
					size *= rng.NormFloat64()
				}
				for j, a := range axes[c] {
					points[i][j] += size * a
				}
			}
		}
		p := project(points, []int{0, 1, 2, 3, 4}, 4)
		if n == 40 && len(p.axes) != 3 {
			t.Fatalf("%d points of rank 3 have %d components", n, len(p.axes))
		}
		for i, a := range p.axes {
			for k, b := range p.axes {
				want := 0.0
				if i == k {
					want = 1
				}
				if math.Abs(dot(a, b)-want) > 1e-9 {
					t.Errorf("%d points: components %d and %d have product %v", n, i, k, dot(a, b))
				}
			}
			if math.Abs(a[2]) > 1e-6 || math.Abs(a[4]) > 1e-6 {
				t.Errorf("%d points: component %d moves what does not vary: %v", n, i, a)
			}
		}
		if n == 40 {
			for c, tolerance := range []float64{0.05, 0.05, 0.01} {
				if along := math.Abs(dot(p.axes[c], axes[c])); along < 1-tolerance {
					t.Errorf("component %d is %v, want %v", c, p.axes[c], axes[c])
				}
			}
		}
	}
}

// Components are of what varies: constant coordinates have none, and points that are
// all the same, none at all.
func TestProjectConstant(t *testing.T) {
	points := [][]float64{{0.1, 0.5, nan}, {0.4, 0.5, nan}, {0.2, 0.5, nan}}
	p := project(points, []int{0, 1, 2}, 2)
	if len(p.axes) != 1 || math.Abs(p.axes[0][0]) < 1-1e-12 {
		t.Errorf("components %v, want the first coordinate", p.axes)
	}
	if p := project([][]float64{points[0], points[0]}, []int{0, 1, 2}, 2); len(p.axes) != 0 {
		t.Errorf("components %v of one point", p.axes)
	}
}

// wideSpace has coordinates of each kind, and branches.
func wideSpace() *Space {
	s := branching()
	for range 5 {
		s.Dims = append(s.Dims, Dim{}, Dim{Kind: Ordinal, Cells: 9}, Dim{Kind: Ordinal, Cells: 100})
	}
	s.Dims = append(s.Dims, Dim{Kind: Ordinal, Cells: 1}, Dim{Kind: Nominal, Cells: 3})
	return s
}

// Which coordinates are projected: numbers that all points have.
func TestNumeric(t *testing.T) {
	s := wideSpace()
	for _, j := range s.numeric() {
		d := s.Dims[j]
		if d.Kind == Nominal || d.Kind == Ordinal && d.Cells == 1 {
			t.Errorf("coordinate %d is projected: %+v", j, d)
		}
		for _, g := range s.Groups {
			if g.Parent == j || slices.Contains(g.Dims, j) {
				t.Errorf("coordinate %d is projected: it belongs to %+v", j, g)
			}
		}
	}
	if n := len(s.numeric()); n < 15 {
		t.Errorf("%d coordinates are projected", n)
	}
}

// With a projection, as without: proposals lie in the space, no two are the same,
// and they do not depend on what the engine remembers, nor on earlier problems.
func TestProjectionIsACache(t *testing.T) {
	s := wideSpace()
	f := func(x []float64) ([]float64, []float64) { return []float64{sumOfSquares(s, x)}, nil }
	warm := newRun(s, 6, f)
	warm.p.Components = 3
	projected := 0
	for i := range 30 {
		warm.p.Pending, warm.p.Kept, warm.p.Base = nil, nil, nil
		if i%5 == 4 {
			warm.p.Pending = [][]float64{slices.Clone(warm.p.Points[1])}
		}
		if i%7 == 6 {
			warm.p.Kept, warm.p.Base = make([]bool, len(s.Dims)), make([]float64, len(s.Dims))
			last := len(s.Dims) - 4 // a number that is projected
			warm.p.Kept[last], warm.p.Base[last] = true, s.Dims[last].Snap(0.9)
		}
		cold := *warm
		cold.engine = new(Engine)
		if p := new(Engine).projected(&warm.p); p != &warm.p {
			projected++
		}
		a, b := warm.next(t), cold.next(t)
		if key(a.Point) != key(b.Point) || a.How != b.How || !reflect.DeepEqual(a.Fits, b.Fits) {
			t.Fatalf("after %d points: %+v and %+v", i, a, b)
		}
		if warm.p.Kept != nil && a.Point[len(s.Dims)-4] != warm.p.Base[len(s.Dims)-4] {
			t.Fatalf("after %d points: a kept coordinate is %v", i, a.Point[len(s.Dims)-4])
		}
		warm.step(t)
	}
	if projected < 20 || projected > 24 {
		t.Errorf("%d of 30 proposals had a projection", projected)
	}
}

// Where there is nothing to project, proposals are those without a projection.
func TestProjectionOfLittle(t *testing.T) {
	few := &Space{Dims: []Dim{{}, {}, {Kind: Nominal, Cells: 4}}}
	nominal := &Space{Dims: []Dim{{Kind: Nominal, Cells: 5}, {Kind: Nominal, Cells: 4}, {Kind: Nominal, Cells: 3}}}
	for name, s := range map[string]*Space{"few numbers": few, "no numbers": nominal, "branches": branching()} {
		f := func(x []float64) ([]float64, []float64) { return []float64{sumOfSquares(s, x)}, nil }
		plain, with := newRun(s, 1, f), newRun(s, 1, f)
		with.p.Components = 2
		for i := range 12 {
			if a, b := plain.step(t), with.step(t); key(a.Point) != key(b.Point) {
				t.Fatalf("%s, proposal %d: %v and %v", name, i, a.Point, b.Point)
			}
		}
	}
}

// Derivatives of the promise with respect to the coordinates agree with differences.
func TestProjectionGradient(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	s := &Space{Dims: make([]Dim, 12)}
	r := newRun(s, 2, func(x []float64) ([]float64, []float64) { return []float64{sumOfSquares(s, x)}, nil })
	r.p.Components = 4
	for range 16 {
		r.step(t)
	}
	e := new(Engine)
	p := e.projected(&r.p)
	st := e.state(p)
	if p.Space.projection == nil || st == nil {
		t.Fatal("no projection")
	}
	q := &search{space: p.Space, models: st.models, crit: improvement{best: 0}, x: st.ranked, rng: rng}
	q.prepare()
	x, g := make([]float64, 12), make([]float64, 12)
	for range 5 {
		for j := range x {
			x[j] = 0.2 + 0.6*rng.Float64()
		}
		v := q.gradient(x, g, math.Inf(-1))
		if w := q.value(x); math.Abs(v-w) > 1e-9*(1+math.Abs(v)) {
			t.Fatalf("value %v and %v", v, w)
		}
		for j := range x {
			const h = 1e-5
			y := slices.Clone(x)
			y[j] = x[j] + h
			up := q.value(y)
			y[j] = x[j] - h
			if d := (up - q.value(y)) / (2 * h); math.Abs(d-g[j]) > 1e-4*(1+math.Abs(d)) {
				t.Errorf("coordinate %d: derivative %v, by differences %v", j, g[j], d)
			}
		}
	}
}

// A valley in two directions of forty, neither of which is a coordinate, is found.
func TestProjectionFindsTheBottom(t *testing.T) {
	s := &Space{Dims: make([]Dim, 40)}
	f := func(x []float64) ([]float64, []float64) {
		u, v := 0.0, 0.0
		for j, a := range x {
			u += (a - 0.5) * []float64{0.2, -0.2}[j%2]
			v += (a - 0.5) * []float64{0.2, 0.2, -0.2, -0.2}[j%4]
		}
		return []float64{math.Pow(u-0.5, 2) + math.Pow(v+0.4, 2)}, nil
	}
	for seed := range seeds(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newRun(s, seed, f)
			r.p.Components = 4
			for range 40 {
				r.step(t)
			}
			if best := slices.Min(r.p.Values[0]); best > 0.01 { // 0.41 in the middle
				t.Errorf("the best of 40 proposals is %v", best)
			}
		})
	}
}
