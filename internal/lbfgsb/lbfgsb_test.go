package lbfgsb

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

func rosenbrock(x, g []float64, _ float64) float64 {
	clear(g)
	f := 0.0
	for i := range len(x) - 1 {
		a, b := x[i+1]-x[i]*x[i], 1-x[i]
		f += 100*a*a + b*b
		g[i] += -400*x[i]*a - 2*b
		g[i+1] += 200 * a
	}
	return f
}

func quadratic(x, g []float64, _ float64) float64 {
	sum, f := 0.0, 0.0
	for _, v := range x {
		sum += v
	}
	for i, v := range x {
		a := math.Pow(10, 3*float64(i)/float64(max(len(x)-1, 1)))
		c := 2 * math.Sin(1+float64(i))
		f += a * (v - c) * (v - c) / 2
		g[i] = a*(v-c) + sum
	}
	return f + sum*sum/2
}

func trig(x, g []float64, _ float64) float64 {
	f := 0.0
	for i, v := range x {
		w := 1 + 0.1*float64(i)
		f += math.Cos(w*v) + 0.05*v*v
		g[i] = -w*math.Sin(w*v) + 0.1*v
		if i > 0 {
			f += 0.1 * x[i-1] * v
			g[i] += 0.1 * x[i-1]
		}
		if i+1 < len(x) {
			g[i] += 0.1 * x[i+1]
		}
	}
	return f
}

// The minima are SciPy's (testdata/make.py).
func TestMinimaOfSciPy(t *testing.T) {
	data, err := os.ReadFile("testdata/minima.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name                   string
		Start, Lower, Upper, X []float64
		F                      float64
		Evaluations            int
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	functions := map[string]Func{"rosenbrock": rosenbrock, "quadratic": quadratic, "trig": trig}
	var w Workspace
	for _, c := range cases {
		x := append([]float64(nil), c.Start...)
		res := w.Minimize(functions[c.Name], x, c.Lower, c.Upper, &Options{Iterations: 1000, GradientTolerance: 1e-8, FunctionTolerance: 1e-16})
		if math.Abs(res.F-c.F) > 1e-9*max(1, math.Abs(c.F)) {
			t.Errorf("%s in %d dimensions: minimum %.12g, want %.12g", c.Name, len(x), res.F, c.F)
		}
		for i := range x {
			if math.Abs(x[i]-c.X[i]) > 1e-4 {
				t.Errorf("%s in %d dimensions: x[%d] = %.9g, want %.9g", c.Name, len(x), i, x[i], c.X[i])
			}
		}
		if !res.Converged {
			t.Errorf("%s in %d dimensions did not report convergence", c.Name, len(x))
		}
		if res.Evaluations > 3*c.Evaluations+20 {
			t.Errorf("%s in %d dimensions: %d evaluations, SciPy needs %d", c.Name, len(x), res.Evaluations, c.Evaluations)
		}
	}
}

// Every point that is evaluated lies in the box, and the first-order conditions
// hold where the search ends.
func TestStaysInTheBox(t *testing.T) {
	for seed := range 50 {
		n := 1 + seed%7
		lo, hi, x := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range x {
			lo[i] = math.Sin(float64(seed*13 + i*7))
			hi[i] = lo[i] + math.Abs(math.Cos(float64(seed*5+i)))
			x[i] = 3 * math.Sin(float64(seed+i)) // may lie outside
		}
		f := func(x, g []float64, _ float64) float64 {
			for i := range x {
				if x[i] < lo[i] || x[i] > hi[i] {
					t.Fatalf("seed %d: x[%d] = %v outside [%v, %v]", seed, i, x[i], lo[i], hi[i])
				}
			}
			return trig(x, g, 0)
		}
		res := Minimize(f, x, lo, hi, &Options{Iterations: 500, FunctionTolerance: 1e-16, GradientTolerance: 1e-7})
		g := make([]float64, n)
		if got := f(x, g, 0); got != res.F {
			t.Errorf("seed %d: reported %v, the point has %v", seed, res.F, got)
		}
		for i := range x {
			if x[i] > lo[i] && g[i] > 1e-4 || x[i] < hi[i] && g[i] < -1e-4 {
				t.Errorf("seed %d: gradient %v at x[%d] = %v in [%v, %v]", seed, g[i], i, x[i], lo[i], hi[i])
			}
		}
	}
}

// A function that is undefined on part of the box is minimised on the rest.
func TestUndefinedRegion(t *testing.T) {
	f := func(x, g []float64, _ float64) float64 {
		g[0] = 1 - 1/x[0]
		return x[0] - math.Log(x[0]) // NaN below 0, minimum 1 at 1
	}
	x := []float64{0.01}
	res := Minimize(f, x, []float64{math.Inf(-1)}, []float64{math.Inf(1)}, nil)
	if math.Abs(res.F-1) > 1e-8 || math.Abs(x[0]-1) > 1e-3 {
		t.Errorf("minimum %v at %v, want 1 at 1", res.F, x[0])
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		x[0] = 0.5
		res = Minimize(func(_, g []float64, _ float64) float64 { g[0] = 1; return bad }, x, []float64{0}, []float64{1}, nil)
		if x[0] != 0.5 || res.Evaluations != 1 || res.Converged {
			t.Errorf("start with value %v: moved to %v after %d evaluations", bad, x[0], res.Evaluations)
		}
	}
}

// A search that has used its evaluations stops, and no search is worse than its
// start.
func TestBudget(t *testing.T) {
	lo, hi := []float64{-5, -5, -5}, []float64{5, 5, 5}
	for budget := 1; budget < 30; budget++ {
		x := []float64{-1.2, 1, 2}
		before := rosenbrock(x, make([]float64, 3), 0)
		res := Minimize(rosenbrock, x, lo, hi, &Options{Evaluations: budget, Iterations: 1000})
		if res.Evaluations > budget || res.F > before {
			t.Errorf("budget %d: %d evaluations, from %v to %v", budget, res.Evaluations, before, res.F)
		}
	}
}

// The gradient is not looked at where the value is above the limit.
func TestGradientAboveTheLimit(t *testing.T) {
	lo, hi := []float64{-5, -5, -5}, []float64{5, 5, 5}
	want, x := []float64{-1.2, 1, 2}, []float64{-1.2, 1, 2}
	all := Minimize(rosenbrock, want, lo, hi, nil)
	left := 0
	res := Minimize(func(x, g []float64, limit float64) float64 {
		v := rosenbrock(x, g, limit)
		if v > limit {
			left++
			for i := range g {
				g[i] = math.NaN()
			}
		}
		return v
	}, x, lo, hi, nil)
	if res != all || x[0] != want[0] || x[1] != want[1] || x[2] != want[2] || left == 0 {
		t.Errorf("%+v at %v with %d gradients left out, %+v at %v with all", res, x, left, all, want)
	}
}

func BenchmarkRosenbrock10(b *testing.B) {
	lo, hi, x := make([]float64, 10), make([]float64, 10), make([]float64, 10)
	for i := range lo {
		lo[i], hi[i] = -5, 5
	}
	var w Workspace
	for b.Loop() {
		for i := range x {
			x[i] = -1
		}
		w.Minimize(rosenbrock, x, lo, hi, nil)
	}
}
