package testfunc

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPublishedOptima: at the published points, which lie in the space and are
// feasible, the functions take the published values.
func TestPublishedOptima(t *testing.T) {
	for _, p := range append(All(), Michalewicz(2), Michalewicz(10), Schwefel(30), Levy(30), DixonPrice(10)) {
		if p.Objectives > 1 {
			continue
		}
		if len(p.Points) == 0 {
			t.Errorf("%s: no optimal point", p.Name)
		}
		for _, x := range p.Points {
			values, constraints := p.Eval(x)
			if got := values[0] - p.Best; math.Abs(got) > p.Tolerance+1e-12*math.Abs(p.Best) {
				t.Errorf("%s: at %v the value is %v, %g off the published %v", p.Name, x, values[0], got, p.Best)
			}
			if len(values) != 1 || len(constraints) != p.Constraints || len(x) != len(p.Params) {
				t.Errorf("%s: %d values, %d constraints, %d parameters", p.Name, len(values), len(constraints), len(x))
			}
			for i, c := range constraints {
				if !(c <= 1e-6*math.Max(1, math.Abs(p.Best))) { // rounded as published
					t.Errorf("%s: constraint %d is %g at the optimum", p.Name, i, c)
				}
			}
			for i, q := range p.Params {
				if !(x[i] >= q.Low && x[i] <= q.High) || q.Kind != Float && x[i] != math.Round(x[i]) {
					t.Errorf("%s: parameter %s is %v at the optimum, the domain %v to %v", p.Name, q.Name, x[i], q.Low, q.High)
				}
			}
		}
	}
}

// TestNothingBetter: no random point, and none that is near an optimum, is
// better than it. (Constraints are allowed the rounding of the published points.)
func TestNothingBetter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range All() {
		if p.Objectives > 1 {
			continue
		}
		for i := range 20000 {
			x := p.Random(rng)
			if i%2 == 0 { // near: some coordinates changed, by small or large steps
				near := slices.Clone(p.Points[rng.IntN(len(p.Points))])
				scale := math.Pow(10, -5*rng.Float64())
				for j, q := range p.Params {
					switch {
					case rng.IntN(3) > 0:
					case q.Kind == Float:
						near[j] = min(max(near[j]+scale*(q.High-q.Low)*rng.NormFloat64(), q.Low), q.High)
					default:
						near[j] = x[j]
					}
				}
				x = near
			}
			values, constraints := p.Eval(x)
			if !slices.ContainsFunc(constraints, func(c float64) bool { return !(c <= 0) }) && values[0] < p.Best-1e-9*math.Max(1, math.Abs(p.Best)) {
				t.Errorf("%s: %v at %v is below %v", p.Name, values[0], x, p.Best)
				break
			}
		}
	}
}

// TestSane: names are unique, values finite, evaluations repeatable, points of
// Random in the space, and inactive parameters without effect.
func TestSane(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	names := make(map[string]bool)
	for _, p := range All() {
		if names[p.Name] {
			t.Errorf("two problems are called %s", p.Name)
		}
		names[p.Name] = true
		params := make(map[string]bool)
		for _, q := range p.Params {
			if params[q.Name] || !(q.Low < q.High) {
				t.Errorf("%s: parameter %+v", p.Name, q)
			}
			params[q.Name] = true
		}
		for range 300 {
			x := p.Random(rng)
			for i, q := range p.Params {
				if !(x[i] >= q.Low && x[i] <= q.High) || q.Kind != Float && x[i] != math.Round(x[i]) {
					t.Fatalf("%s: random %s is %v", p.Name, q.Name, x[i])
				}
			}
			a, ca := p.Eval(x)
			for i, v := range append(slices.Clone(a), ca...) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("%s: value %d at %v is %v", p.Name, i, x, v)
				}
			}
			if len(a) != p.Objectives || len(ca) != p.Constraints {
				t.Fatalf("%s: %d values, %d constraints", p.Name, len(a), len(ca))
			}
			y := slices.Clone(x)
			for i := range y {
				if !p.Active(i, x) {
					y[i] = p.Params[i].At(rng.Float64())
				}
			}
			if b, cb := p.Eval(y); !slices.Equal(a, b) || !slices.Equal(ca, cb) {
				t.Fatalf("%s: inactive parameters change the value at %v", p.Name, x)
			}
		}
	}
}

// TestGardner1: the optimum on the bound of the constraint, found in one variable.
func TestGardner1(t *testing.T) {
	p := Gardner1()
	best := math.Inf(1)
	for x := 10*math.Pi/3 - 6; x <= 6; x += 1e-5 {
		best = min(best, p.Value([]float64{x, 10*math.Pi/3 - x}))
	}
	if math.Abs(best-p.Best) > 1e-9 {
		t.Errorf("best value %v, want %v", p.Best, best)
	}
}

// TestOrthogonal: rows are orthonormal, and lengths stay.
func TestOrthogonal(t *testing.T) {
	for _, n := range []int{1, 2, 10, 60} {
		m := orthogonal(n, rand.New(rand.NewPCG(5, uint64(n))))
		for i := range m {
			for j := range m {
				want := 0.0
				if i == j {
					want = 1
				}
				if math.Abs(dot(m[i], m[j])-want) > 1e-13 {
					t.Fatalf("n=%d: rows %d and %d: %v", n, i, j, dot(m[i], m[j]))
				}
			}
		}
	}
}

// TestRotate: a sphere stays one, an ellipsoid is no longer separable.
func TestRotate(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	p := Rotate(Sphere(6), 3)
	for range 100 {
		x, want := p.Random(rng), 0.0
		for i := range x {
			want += math.Pow(x[i]-p.Points[0][i], 2)
		}
		if got := p.Value(x); math.Abs(got-want) > 1e-10 {
			t.Fatalf("rotated sphere: %v, want %v", got, want)
		}
	}
	mixedPart := func(p *Problem) float64 { // f(a+b) − f(a) − f(b) + f(0) about the optimum
		at := func(a, b float64) float64 {
			x := slices.Clone(p.Points[0])
			x[0] += a
			x[1] += b
			return p.Value(x)
		}
		return at(0.1, 0.1) - at(0.1, 0) - at(0, 0.1) + at(0, 0)
	}
	if v := mixedPart(Ellipsoid(6)); math.Abs(v) > 1e-9 {
		t.Errorf("the plain ellipsoid is not separable: %v", v)
	}
	if v := mixedPart(Rotate(Ellipsoid(6), 3)); math.Abs(v) < 1 {
		t.Errorf("the rotated ellipsoid is separable: %v", v)
	}
}

// TestMove: values go along, and no problem of the suite is solved in the middle of its
// box.
func TestMove(t *testing.T) {
	p, q := Rosenbrock(4), Move(Rosenbrock(4), 5)
	for i, x := range [][]float64{{0, 0, 0, 0}, {1, -2, 0.5, 3}} {
		y := make([]float64, len(x))
		for j := range y {
			y[j] = x[j] + q.Points[0][j] - p.Points[0][j]
		}
		if a, b := p.Value(x), q.Value(y); math.Abs(a-b) > 1e-9*(1+a) {
			t.Errorf("point %d: %v, moved %v", i, a, b)
		}
	}
	rng := rand.New(rand.NewPCG(6, 6))
	for _, p := range All() {
		if p.Objectives > 1 || len(p.Params) == 53 { // Ackley-53 is as published
			continue
		}
		x := make([]float64, len(p.Params))
		for i := range x {
			x[i] = p.Params[i].At(0.5)
		}
		v, constraints := p.Eval(x)
		if slices.ContainsFunc(constraints, func(c float64) bool { return c > 0 }) {
			continue
		}
		median := make([]float64, 101)
		for i := range median {
			w, _ := p.Eval(p.Random(rng))
			median[i] = w[0]
		}
		slices.Sort(median)
		if regret := (v[0] - p.Best) / (median[50] - p.Best); regret < 1e-3 {
			t.Errorf("%s: the middle of the box has regret %.2g", p.Name, regret)
		}
	}
}

// TestObserve: noise has the standard deviation that is given, and none by default.
func TestObserve(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	p := Observed(Sphere(2), 3)
	sum, squares := 0.0, 0.0
	const n = 100000
	for range n {
		v, _ := p.Observe([]float64{1, 2}, rng)
		sum += v[0] - 5
		squares += (v[0] - 5) * (v[0] - 5)
	}
	if mean, std := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 0.05 || math.Abs(std-3) > 0.05 {
		t.Errorf("noise of mean %v and standard deviation %v", mean, std)
	}
	if v, _ := Sphere(2).Observe([]float64{1, 2}, rng); v[0] != 5 {
		t.Errorf("without noise: %v", v)
	}
}

// TestFronts: points of the fronts are attained, and dominate whatever else is.
func TestFronts(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	dominates := func(a, b []float64) bool {
		better := false
		for i := range a {
			if a[i] > b[i]+1e-9 {
				return false
			}
			better = better || a[i] < b[i]-1e-9
		}
		return better
	}
	for _, p := range Suite(Multi) {
		front, fine := p.Front(200), p.Front(2500)
		if len(front) < 200 {
			t.Errorf("%s: a front of %d points", p.Name, len(front))
		}
		for i, a := range front {
			for j := range a {
				if a[j] > p.Reference[j] {
					t.Errorf("%s: %v is beyond the reference point", p.Name, a)
				}
			}
			for _, b := range front[:i] {
				if dominates(a, b) || dominates(b, a) {
					t.Fatalf("%s: on the front, %v and %v", p.Name, a, b)
				}
			}
		}
		rest := 0.0
		if p.Name[0] == 'd' && p.Name != "dtlz7-7" {
			rest = 0.5
		}
		for range 500 {
			x := p.Random(rng)
			v, _ := p.Eval(x)
			for _, f := range front {
				if dominates(v, f) {
					t.Fatalf("%s: %v at %v dominates %v of the front", p.Name, v, x, f)
				}
			}
			// With the other parameters at their optimum the front is met, but for
			// the points of it that others dominate.
			first := 1
			if p.Objectives == 3 {
				first = 2
			}
			for i := first; i < len(x); i++ {
				x[i] = rest
			}
			v, _ = p.Eval(x)
			dominated := false
			near := math.Inf(1)
			for _, f := range fine {
				d := 0.0
				for j := range f {
					d = max(d, math.Abs(f[j]-v[j]))
				}
				near = min(near, d)
				dominated = dominated || dominates(f, v)
			}
			if !dominated && near > 0.12 {
				t.Fatalf("%s: %v at %v is not near the front (%v)", p.Name, v, x, near)
			}
		}
	}
}

// TestFrontAreas: hypervolumes under the reference point (1, 1) that are known in
// closed form: 2/3 for ZDT1 and ZDT4, 1/3 for ZDT2.
func TestFrontAreas(t *testing.T) {
	for k, want := range map[int]float64{1: 2. / 3, 4: 2. / 3, 2: 1. / 3} {
		area, last := 0.0, 0.0
		for _, f := range ZDT(k, 5).Front(100001) {
			area += (f[0] - last) * (1 - f[1])
			last = f[0]
		}
		if math.Abs(area-want) > 1e-4 {
			t.Errorf("ZDT%d: %v, want %v", k, area, want)
		}
	}
}

func FuzzDiscretize(f *testing.F) {
	f.Add(uint64(1), int8(3), int8(-4))
	f.Fuzz(func(t *testing.T, seed uint64, a, b int8) {
		if a == 1 || a == -1 || b == 1 || b == -1 {
			return
		}
		p := Discretize(Branin(), seed, int(a), int(b))
		if got := p.Value(p.Points[0]); math.Abs(got-p.Best) > 1e-9 {
			t.Errorf("%v at the optimum, want %v", got, p.Best)
		}
	})
}
