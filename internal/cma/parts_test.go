package cma

import (
	"math"
	"slices"
	"testing"
)

// TestMargin: after the correction a cell that the mean is not in keeps its
// probability: alpha at an end of the range, alpha/2 on either side inside,
// where what the mean's own cell had stays nearly the same (arXiv:2205.13482).
func TestMargin(t *testing.T) {
	rng := newRand(4)
	for range 2000 {
		n := 4
		c := New(Options{Mean: make([]float64, n), Sigma: 1, Cell: integers(1)})
		alpha := 1 / float64(n*c.Population())
		c.sigma = math.Exp(8*rng.Float64() - 7)
		for j := range n {
			c.mean[j] = 24*rng.Float64() - 12
			c.scale[j] = 1
		}
		before := slices.Clone(c.mean)
		c.correctMargin()
		if c.mean[0] != before[0] || c.scale[0] != 1 {
			t.Fatal("the continuous coordinate was changed")
		}
		for j := 1; j < n; j++ {
			lo, hi, _ := integers(1)(j, before[j])
			std := c.Std(j)
			below, above := upperTail((c.mean[j]-lo)/std), upperTail((hi-c.mean[j])/std)
			const tol = 1e-9
			switch {
			case math.IsInf(lo, -1):
				if above < alpha-tol {
					t.Fatalf("mean %v → %v: above the first cell %v", before[j], c.mean[j], above)
				}
			case math.IsInf(hi, 1):
				if below < alpha-tol {
					t.Fatalf("mean %v → %v: below the last cell %v", before[j], c.mean[j], below)
				}
			case below < alpha/2-tol || above < alpha/2-tol:
				t.Fatalf("mean %v → %v, std %v: below %v, above %v, want %v", before[j], c.mean[j], std, below, above, alpha/2)
			}
			if lo2, hi2, _ := integers(1)(j, c.mean[j]); lo2 != lo || hi2 != hi {
				t.Fatalf("the mean left its cell: %v → %v", before[j], c.mean[j])
			}
		}
	}
}

// TestMarginMatters: without the margin binary variables freeze, and a wrong
// one stays wrong (EllipsoidOneMax of arXiv:2205.13482).
func TestMarginMatters(t *testing.T) {
	binary := func(j int, v float64) (lo, hi float64, ok bool) {
		if v < 0.5 {
			return math.Inf(-1), 0.5, j >= 10
		}
		return 0.5, math.Inf(1), j >= 10
	}
	solved := func(cell func(int, float64) (float64, float64, bool)) int {
		count := 0
		for seed := range uint64(20) {
			mean := slices.Repeat([]float64{math.NaN()}, 20)
			for j := 10; j < 20; j++ {
				mean[j] = 0.5
			}
			if search(Options{Mean: mean, Sigma: 1, Cell: cell}, seed, 20000, func(s *Solution) float64 {
				v := ellipsoid2(s.X[:10])
				for _, x := range s.X[10:] {
					if x < 0.5 {
						v++
					}
				}
				return v
			}) > 0 {
				count++
			}
		}
		return count
	}
	if with, without := solved(binary), solved(nil); with < 19 || without > 10 {
		t.Errorf("of 20 runs %d succeed with the margin, %d without", with, without)
	}
}

// TestCategorical: draws follow the probabilities, which sum to one and stay
// above the margin whatever is told.
func TestCategorical(t *testing.T) {
	p := [][]float64{{0.5, 0.3, 0.2}, {0.9, 0.1}}
	c := newCategorical([]int{3, 2}, p, 0)
	counts := [2][3]float64{}
	rng := newRand(1)
	const draws = 100000
	for range draws {
		for v, k := range c.draw(rng, nil) {
			counts[v][k] += 1. / draws
		}
	}
	for v := range p {
		for k, want := range p[v] {
			// The margin (0.145 for two) lifts the last; tolerance is 5 sigma.
			if want < 0.15 {
				want = 1 - math.Sqrt(0.73)
			}
			if v == 1 && k == 0 {
				want = math.Sqrt(0.73)
			}
			if math.Abs(counts[v][k]-want) > 0.008 {
				t.Errorf("variable %d, category %d: drawn with frequency %v, want %v", v, k, counts[v][k], want)
			}
		}
	}
	c = newCategorical([]int{1, 2, 7, 10000}, nil, 3)
	leave := 1 - math.Pow(0.73, 1./7)
	for g := range 300 {
		s := make([]Solution, 8)
		order := make([]int, len(s))
		for i := range s {
			s[i].C = c.draw(rng, nil)
			if g < 200 {
				s[i].C = []int{0, 1, 6, g % 3}
			}
			order[i] = i
		}
		c.update(s, order)
		for v, q := range c.q {
			sum := 0.0
			for _, p := range q {
				sum += p
				if !(p >= leave/max(1, float64(len(q)-1))*(1-1e-9)) && len(q) > 1 {
					t.Fatalf("generation %d, variable %d: probability %v", g, v, p)
				}
			}
			if math.Abs(sum-1) > 1e-9 {
				t.Fatalf("generation %d, variable %d: probabilities sum to %v", g, v, sum)
			}
		}
		if g == 199 && (c.q[1][1] < 0.9 || c.q[2][6] < 0.9) {
			t.Errorf("after 200 generations of category 6 its probability is %v", c.q[2][6])
		}
	}
}

// TestWarmStart: mean, determinant and covariance by hand, and a search that
// begins at the right place is faster.
func TestWarmStart(t *testing.T) {
	mean, sigma, cov := WarmStart([][]float64{{0, 0}, {2, 0}, {1, 3}, {1, 1}}, 0.5)
	// Deviations −1 1 0 0 and −1 −1 2 0: covariance [[.5, 0], [0, 1.5]] + 0.25.
	if !slices.Equal(mean, []float64{1, 1}) {
		t.Errorf("mean %v", mean)
	}
	want := []float64{0.75, 0, 0, 1.75}
	for i, w := range want {
		if !near(sigma*sigma*cov[i], w, 1e-12) {
			t.Errorf("σ²C is %v·%v, want %v", sigma*sigma, cov, want)
		}
	}
	if det := cov[0]*cov[3] - cov[1]*cov[2]; !near(det, 1, 1e-12) {
		t.Errorf("det C = %v", det)
	}
	f := func(x []float64) float64 {
		y := slices.Clone(x)
		for j := range y {
			y[j] -= 0.7
		}
		return ellipsoid(y)
	}
	rng := newRand(1)
	var xs [][]float64
	for range 20 {
		x := make([]float64, 6)
		for j := range x {
			x[j] = 0.7 + 0.05*rng.NormFloat64()/math.Pow(10, 3*float64(j)/5)
		}
		xs = append(xs, x)
	}
	mean, sigma, cov = WarmStart(xs, 0.01)
	warm := run(New(Options{Mean: mean, Sigma: sigma, Cov: cov}), newRand(2), 60, f)
	cold := run(New(Options{Mean: slices.Repeat([]float64{0.5}, 6), Sigma: 0.2}), newRand(2), 60, f)
	if warm > cold/10 {
		t.Errorf("warm %v, cold %v", warm, cold)
	}
	for _, xs := range [][][]float64{{{}}, {{math.NaN(), 1}}, {{1, 2}}} {
		mean, sigma, cov := WarmStart(xs, 0.1)
		New(Options{Mean: mean, Sigma: sigma, Cov: cov})
	}
}

// TestAdaptRates: on a noisy sphere the adapted rates let the search come
// closer than it does without (arXiv:2304.03473).
func TestAdaptRates(t *testing.T) {
	distance := func(adapt bool) float64 {
		var d []float64
		for seed := range uint64(9) {
			c := New(Options{Mean: slices.Repeat([]float64{3}, 10), Sigma: 2, AdaptRates: adapt})
			rng := newRand(seed)
			run(c, rng, 3000, func(x []float64) float64 { return sphere(x) + 1*rng.NormFloat64() })
			d = append(d, sphere(c.Mean()))
		}
		slices.Sort(d)
		return d[4]
	}
	if adapted, plain := distance(true), distance(false); adapted > plain/4 {
		t.Errorf("median square distance to the optimum: %v adapted, %v plain", adapted, plain)
	}
}

func TestStop(t *testing.T) {
	for _, c := range []struct {
		name string
		want Reason
		o    Options
		f    func([]float64) float64
	}{
		{"sphere", "", Options{}, nil}, // any of the three of convergence
		{"constant", EqualValues, Options{}, func([]float64) float64 { return 7 }},
		{"offset", EqualValues, Options{}, func(x []float64) float64 { return 100 + sphere(x) }},
		{"linear", TolXUp, Options{}, func(x []float64) float64 { return x[0] }},
		{"noise", Stagnation, Options{}, func(x []float64) float64 { return math.Mod(math.Abs(sphere(x))*1e9, 1) }},
		{"infinite", EqualValues, Options{}, func([]float64) float64 { return math.Inf(1) }},
		{"integers", EqualValues, Options{Cell: integers(0)}, func(x []float64) float64 { return math.Abs(math.Round(x[0])) }},
	} {
		c.o.Mean, c.o.Sigma = []float64{3, 3, 3}, 1
		s := New(c.o)
		f := c.f
		if f == nil {
			f = func(x []float64) float64 { return sphere([]float64{x[0] - 1, x[1] - 1, x[2] - 1}) }
		}
		rng := newRand(1)
		generations := 0
		for s.Stop() == "" && generations < 10000 {
			run(s, rng, 1, f)
			generations++
		}
		got := s.Stop()
		if got == "" {
			t.Errorf("%s: no end after %d generations", c.name, generations)
		}
		if c.want != "" && got != c.want {
			t.Errorf("%s: stopped for %q, want %q", c.name, got, c.want)
		}
	}
	// Converged functions are converged.
	s := New(Options{Mean: []float64{3, 3, 3}, Sigma: 1})
	best := math.Inf(1)
	for s.Stop() == "" {
		best = min(best, run(s, newRand(uint64(s.Generation())), 1, func(x []float64) float64 { return ellipsoid(x) }))
	}
	if best > 1e-20 {
		t.Errorf("stopped for %q at %v", s.Stop(), best)
	}
}

func TestRestarts(t *testing.T) {
	r := Restarts{Policy: IPOP, Population: 10, Sigma: 0.3}
	for k := range 2 * (maxDoublings + 1) {
		population, sigma := r.Next(newRand(1), 1000)
		if want := 10 << ((k + 1) % (maxDoublings + 1)); population != want || sigma != 0.3 || r.Limit() != 0 {
			t.Errorf("restart %d: population %d, step size %v, limit %d, want %d", k, population, sigma, r.Limit(), want)
		}
	}
	// Both kinds of BIPOP get the same share, within one run of the large kind.
	r = Restarts{Policy: BIPOP, Population: 10, Sigma: 0.3}
	rng := newRand(2)
	used := 1000
	var large, small, largest int
	for k := range 200 {
		population, sigma := r.Next(rng, used)
		used = 50 * population
		switch {
		case sigma == 0.3 && population >= 20 || population == 10 && r.Limit() == 0:
			large += used
			largest = max(largest, used)
		default:
			if population > largest/100 || population < 2 || sigma > 0.3 || sigma < 0.003 || r.Limit() == 0 {
				t.Errorf("restart %d: small run of population %d, step size %v, limit %d", k, population, sigma, r.Limit())
			}
			used = min(used, r.Limit())
			small += used
		}
	}
	if small < large-2*largest || small > large {
		t.Errorf("evaluations: %d in large, %d in small runs", large, small)
	}
}
