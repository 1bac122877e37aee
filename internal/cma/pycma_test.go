package cma

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func sphere(x []float64) float64 { return dot(x, x) }

func ellipsoid(x []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += math.Pow(10, 6*float64(i)/float64(len(x)-1)) * v * v
	}
	return s
}

func rosenbrock(x []float64) float64 {
	s := 0.0
	for i := range len(x) - 1 {
		a, b := x[i+1]-x[i]*x[i], 1-x[i]
		s += 100*a*a + b*b
	}
	return s
}

func rastrigin(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += 10 + v*v - 10*math.Cos(2*math.Pi*v)
	}
	return s
}

// boxed is f on [−100, 100]ⁿ, reached through [0, 1]ⁿ as a sampler does it.
func boxed(f func([]float64) float64) func(*Solution) float64 {
	var x []float64
	return func(s *Solution) float64 {
		x = x[:0]
		for _, v := range s.X {
			x = append(x, 200*Fold(v)-100)
		}
		return f(x)
	}
}

// evaluations counts as testdata/pycma.py does: 10 dimensions, start uniform
// in [−5, 5]¹⁰, step size 2, bounds ±100, no restarts; −1 is a failure.
func evaluations(f func([]float64) float64, population int, seed uint64) int {
	rng := rand.New(rand.NewPCG(seed, 0))
	start := make([]float64, 10)
	for j := range start {
		start[j] = (10*rng.Float64() - 5 + 100) / 200
	}
	c := New(Options{Mean: start, Sigma: 2. / 200, Population: population})
	g := boxed(f)
	s := make([]Solution, population)
	for count := 0; ; {
		for i := range s {
			c.Ask(rng, &s[i])
			s[i].Value = g(&s[i])
			if count++; s[i].Value <= 1e-8 {
				return count
			}
		}
		c.Tell(s)
		// In a basin of width 1 for good, or in Rosenbrock's other minimum.
		spread := 200 * c.Sigma() * slices.Max(c.roots)
		if spread < 1e-4 && s[c.order[0]].Value > 0.1 || c.Stop() != "" {
			return -1
		}
	}
}

// wilson is the 95 % interval of a success rate.
func wilson(k, n int) (lo, hi float64) {
	const z = 1.959964
	p, m := float64(k)/float64(n), float64(n)
	mid := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return mid - half, mid + half
}

// TestAgainstPycma: as many evaluations as pycma needs, within 5 %, and its
// success rates within their 95 % intervals, 200 runs each. Seeds are fixed.
// With -short a quarter of the runs and a tolerance of 10 %.
func TestAgainstPycma(t *testing.T) {
	functions := map[string]func([]float64) float64{"sphere": sphere, "ellipsoid": ellipsoid, "rosenbrock": rosenbrock, "rastrigin": rastrigin}
	for _, task := range readReference(t).Tasks {
		runs, tol := task.Runs, 0.05
		if testing.Short() {
			runs, tol = runs/4, 0.1
		}
		var ok []int
		for r := range runs {
			if k := evaluations(functions[task.Function], task.Population, uint64(r+1)); k > 0 {
				ok = append(ok, k)
			}
		}
		slices.Sort(ok)
		median := 0
		if len(ok) > 0 {
			median = ok[len(ok)/2]
		}
		t.Logf("%s, population %d: median of %d evaluations, %d of %d runs; pycma %v, %d of %d", task.Function, task.Population,
			median, len(ok), runs, task.Median, task.Successes, task.Runs)
		if task.Function != "rastrigin" && math.Abs(float64(median)/task.Median-1) > tol {
			t.Errorf("%s: median of %d evaluations, pycma needs %v", task.Function, median, task.Median)
		}
		lo, hi := wilson(task.Successes, task.Runs)
		if rate := float64(len(ok)) / float64(runs); !testing.Short() && (rate < lo-1e-9 || rate > hi+1e-9) {
			t.Errorf("%s: success rate %v, pycma has %v to %v", task.Function, rate, lo, hi)
		}
	}
}
