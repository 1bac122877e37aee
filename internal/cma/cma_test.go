package cma

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gohone/hone/internal/eigen"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// run asks and tells for some generations and returns the best value.
func run(c *CMA, rng *rand.Rand, generations int, f func([]float64) float64) float64 {
	s := make([]Solution, c.Population())
	best := math.Inf(1)
	for range generations {
		for i := range s {
			c.Ask(rng, &s[i])
			s[i].Value = f(s[i].X)
			best = min(best, s[i].Value)
		}
		c.Tell(s)
	}
	return best
}

// TestAskDistribution: samples have the mean and covariance of the state.
func TestAskDistribution(t *testing.T) {
	const n, draws = 3, 200000
	cov := []float64{4, 1, 0, 1, 2, -0.5, 0, -0.5, 0.25}
	c := New(Options{Mean: []float64{1, -2, 3}, Sigma: 0.5, Cov: cov})
	rng := newRand(1)
	var s Solution
	mean, second := make([]float64, n), make([]float64, n*n)
	for range draws {
		c.Ask(rng, &s)
		for i := range n {
			d := s.X[i] - c.Mean()[i]
			mean[i] += d / draws
			for j := range n {
				second[i*n+j] += d * (s.X[j] - c.Mean()[j]) / draws
			}
		}
	}
	for i := range n {
		std := 0.5 * math.Sqrt(cov[i*n+i])
		if math.Abs(mean[i]) > 5*std/math.Sqrt(draws) { // false alarms: 6e-7 each
			t.Errorf("coordinate %d: mean off by %v", i, mean[i])
		}
		if !near(c.Std(i), std, 1e-12) {
			t.Errorf("Std(%d) = %v, want %v", i, c.Std(i), std)
		}
		for j := range n {
			if want := 0.25 * cov[i*n+j]; math.Abs(second[i*n+j]-want) > 0.02 {
				t.Errorf("covariance %d,%d is %v, want %v", i, j, second[i*n+j], want)
			}
		}
	}
}

// naive is one update written matrix by matrix from the tutorial, without
// margin, categories or rates: eq. 41–47.
type naive struct {
	m, ps, pc []float64
	sigma     float64
	c         [][]float64
	g         int
}

func (s *naive) tell(xs [][]float64, r *rates) {
	n := len(s.m)
	flat := make([]float64, 0, n*n)
	for _, row := range s.c {
		flat = append(flat, row...)
	}
	values, vectors := make([]float64, n), make([]float64, n*n)
	eigen.Symmetric(flat, n, values, vectors, make([]float64, n))
	invRoot := func(y []float64) []float64 { // C^−½ y
		out := make([]float64, n)
		for k := range n {
			p := 0.0
			for j := range n {
				p += vectors[k*n+j] * y[j]
			}
			for j := range n {
				out[j] += p / math.Sqrt(values[k]) * vectors[k*n+j]
			}
		}
		return out
	}
	norm := func(y []float64) float64 { return math.Sqrt(dot(y, y)) }
	ys := make([][]float64, len(xs))
	yw := make([]float64, n)
	for k, x := range xs {
		ys[k] = make([]float64, n)
		for j := range n {
			ys[k][j] = (x[j] - s.m[j]) / s.sigma
			if k < r.mu {
				yw[j] += r.weights[k] * ys[k][j]
			}
		}
	}
	chi := math.Sqrt(float64(n)) * (1 - 1/(4*float64(n)) + 1/(21*float64(n*n)))
	white := invRoot(yw)
	s.g++
	for j := range n {
		s.m[j] += s.sigma * yw[j]
		s.ps[j] = (1-r.cSigma)*s.ps[j] + math.Sqrt(r.cSigma*(2-r.cSigma)*r.muEff)*white[j]
	}
	h := 0.0
	if norm(s.ps)/math.Sqrt(1-math.Pow(1-r.cSigma, 2*float64(s.g))) < (1.4+2/float64(n+1))*chi {
		h = 1
	}
	s.sigma *= math.Exp(r.cSigma / r.dSigma * (norm(s.ps)/chi - 1))
	for j := range n {
		s.pc[j] = (1-r.cc)*s.pc[j] + h*math.Sqrt(r.cc*(2-r.cc)*r.muEff)*yw[j]
	}
	next := make([][]float64, n)
	for i := range n {
		next[i] = make([]float64, n)
		for j := range n {
			v := (1 + r.c1*(1-h)*r.cc*(2-r.cc) - r.c1 - r.cMu*r.sum) * s.c[i][j]
			v += r.c1 * s.pc[i] * s.pc[j]
			for k, w := range r.weights {
				if w < 0 {
					w *= float64(n) / math.Pow(norm(invRoot(ys[k])), 2)
				}
				v += r.cMu * w * ys[k][i] * ys[k][j]
			}
			next[i][j] = v
		}
	}
	s.c = next
}

func TestTellIsTheTutorials(t *testing.T) {
	for _, n := range []int{1, 2, 5} {
		rng := newRand(uint64(n))
		mean := make([]float64, n)
		for j := range mean {
			mean[j] = 3 * rng.NormFloat64()
		}
		c := New(Options{Mean: mean, Sigma: 2})
		ref := &naive{m: slices.Clone(mean), ps: make([]float64, n), pc: make([]float64, n), sigma: 2}
		for i := range n {
			ref.c = append(ref.c, make([]float64, n))
			ref.c[i][i] = 1
		}
		s := make([]Solution, c.Population())
		for g := range 60 {
			xs := make([][]float64, len(s))
			for i := range s {
				c.Ask(rng, &s[i])
				s[i].Value = ellipsoid(append([]float64{0.5}, s[i].X...))
				xs[i] = s[i].X
			}
			slices.SortFunc(xs, func(a, b []float64) int {
				if ellipsoid(append([]float64{0.5}, a...)) < ellipsoid(append([]float64{0.5}, b...)) {
					return -1
				}
				return 1
			})
			c.Tell(s)
			ref.tell(xs, c.base)
			if !near(c.Sigma(), ref.sigma, 1e-8) {
				t.Fatalf("n=%d, generation %d: σ is %v, want %v", n, g, c.Sigma(), ref.sigma)
			}
			for i := range n {
				if math.Abs(c.mean[i]-ref.m[i]) > 1e-8 {
					t.Fatalf("n=%d, generation %d: m is %v, want %v", n, g, c.mean, ref.m)
				}
				for j := range n {
					if !near(c.cov[i*n+j], ref.c[i][j], 1e-7) {
						t.Fatalf("n=%d, generation %d: C[%d][%d] is %v, want %v", n, g, i, j, c.cov[i*n+j], ref.c[i][j])
					}
				}
			}
		}
	}
}

// TestInvariance: what counts is the order of values alone, and the search
// moves with the coordinates.
func TestInvariance(t *testing.T) {
	const n = 4
	trace := func(shift, scale float64, f func([]float64) float64) []float64 {
		mean := slices.Repeat([]float64{shift}, n)
		c := New(Options{Mean: mean, Sigma: scale})
		run(c, newRand(5), 50, func(x []float64) float64 {
			y := make([]float64, n)
			for j := range y {
				y[j] = (x[j] - shift) / scale
			}
			return f(y)
		})
		out := []float64{c.Sigma() / scale}
		for _, m := range c.Mean() {
			out = append(out, (m-shift)/scale)
		}
		return out
	}
	f := func(x []float64) float64 { return rosenbrock(x) }
	want := trace(0, 1, f)
	for name, got := range map[string][]float64{
		"moved":      trace(1024, 1, f),
		"scaled":     trace(0, 1./1024, f),
		"logarithm":  trace(0, 1, func(x []float64) float64 { return math.Log(f(x)) }),
		"with steps": trace(0, 1, func(x []float64) float64 { return 1e9 + f(x) }),
	} {
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-5*(1+math.Abs(want[i])) {
				t.Errorf("%s: ended at %v, want %v", name, got, want)
				break
			}
		}
	}
}

// TestSeparable: the diagonal form solves a separable ellipsoid of high
// dimension far faster than the full one (Ros and Hansen 2008).
func TestSeparable(t *testing.T) {
	const n = 40
	count := func(separable bool) int {
		c := New(Options{Mean: slices.Repeat([]float64{1}, n), Sigma: 1, Separable: separable})
		for g := 1; ; g++ {
			if run(c, newRand(uint64(g)), 1, ellipsoid) < 1e-8 || g > 10000 {
				return g
			}
		}
	}
	if diagonal, full := count(true), count(false); diagonal*2 > full {
		t.Errorf("%d generations with a diagonal, %d with a full covariance", diagonal, full)
	}
}

// TestDiagonalFor: a separable ellipsoid is learnt as fast as with a diagonal, and
// one that is not is solved all the same.
func TestDiagonalFor(t *testing.T) {
	const n = 20
	count := func(o Options, f func([]float64) float64) int {
		o.Mean, o.Sigma = slices.Repeat([]float64{1}, n), 1
		c := New(o)
		for g := 1; ; g++ {
			if run(c, newRand(uint64(g)), 1, f) < 1e-8 || g > 10000 {
				return g
			}
		}
	}
	paired := func(x []float64) float64 { // turned by 45° in pairs
		y := make([]float64, n)
		for i := 0; i < n; i += 2 {
			y[i/2], y[n/2+i/2] = (x[i]+x[i+1])/math.Sqrt2, (x[i]-x[i+1])/math.Sqrt2
		}
		return ellipsoid(y)
	}
	phase := Options{DiagonalFor: 500}
	if first, diagonal := count(phase, ellipsoid), count(Options{Separable: true}, ellipsoid); first != diagonal {
		t.Errorf("%d generations with a first phase that is diagonal, %d with a diagonal", first, diagonal)
	}
	if first, full := count(phase, paired), count(Options{}, paired); first > 2*full+500 || first > 10000 {
		t.Errorf("turned: %d generations with a first phase that is diagonal, %d without", first, full)
	}
}

// TestExternal: a solution from far away moves the distribution no further
// than the longest plausible step, unless it is passed off as a sample.
func TestExternal(t *testing.T) {
	const n = 5
	for _, external := range []bool{true, false} {
		c := New(Options{Mean: make([]float64, n), Sigma: 1})
		rng := newRand(3)
		s := make([]Solution, c.Population())
		for i := range s {
			c.Ask(rng, &s[i])
			s[i].Value = 1 + sphere(s[i].X)
		}
		s[4] = Solution{X: slices.Repeat([]float64{1000}, n), Value: 0, External: external}
		c.Tell(s)
		moved := math.Sqrt(sphere(c.Mean()))
		limit := math.Sqrt(n) + 2*float64(n)/float64(n+2)
		if external && moved > limit {
			t.Errorf("the mean moved by %v", moved)
		}
		if !external && moved < 100 {
			t.Errorf("the mean moved by %v only", moved)
		}
	}
}

// TestOrder: tiers come before values, NaN last within a tier, and the order in
// which solutions are told does not matter when their values differ.
func TestOrder(t *testing.T) {
	s := []Solution{
		{Value: math.NaN()}, {Tier: 1, Value: -5}, {Value: 3}, {Value: math.Inf(1)}, {Value: math.Inf(-1)},
		{Tier: 2, Value: math.NaN()}, {Value: 3}, {Tier: 1, Value: -6}, {Tier: 2},
	}
	c := New(Options{Categories: []int{2}})
	c.rank(s)
	if want := []int{4, 2, 6, 3, 0, 7, 1, 8, 5}; !slices.Equal(c.order, want) {
		t.Errorf("order %v, want %v", c.order, want)
	}
	a := New(Options{Mean: []float64{1, 2, 3}, Sigma: 1, Categories: []int{3, 4}})
	b := New(Options{Mean: []float64{1, 2, 3}, Sigma: 1, Categories: []int{3, 4}})
	rng := newRand(9)
	for range 20 {
		p := make([]Solution, a.Population())
		for i := range p {
			a.Ask(rng, &p[i])
			p[i].Value = sphere(p[i].X) + float64(p[i].C[0])
		}
		a.Tell(p)
		slices.Reverse(p)
		b.Tell(p)
	}
	if !slices.Equal(a.Mean(), b.Mean()) || a.Sigma() != b.Sigma() || !slices.Equal(a.cats.q[0], b.cats.q[0]) {
		t.Errorf("told backwards: mean %v, σ %v instead of %v, %v", b.Mean(), b.Sigma(), a.Mean(), a.Sigma())
	}
}

// TestClone: a copy goes the same way as the original, and what happens to one
// leaves the other alone.
func TestClone(t *testing.T) {
	f := func(x []float64) float64 { return rosenbrock(x) + math.Abs(math.Round(x[2])) }
	for _, o := range []Options{{}, {Separable: true}, {AdaptRates: true}, {AdaptRates: true, Separable: true}, {Cell: integers(2)}, {DiagonalFor: 50, AdaptRates: true}} {
		o.Mean, o.Sigma, o.Categories = []float64{1, 2, 3}, 1, []int{2, 4}
		for _, generations := range []int{0, 1, 30, 300} { // beyond a chunk of the progress
			a := New(o)
			run(a, newRand(1), generations, f)
			b := a.Clone()
			run(b.Clone(), newRand(3), 10, f) // leaves no trace
			run(a, newRand(2), 40, f)
			run(b, newRand(2), 40, f)
			if !slices.Equal(a.Mean(), b.Mean()) || a.Sigma() != b.Sigma() || !slices.Equal(a.cats.q[1], b.cats.q[1]) || a.Stop() != b.Stop() || a.progress.len() != b.progress.len() {
				t.Errorf("after %d generations the copy went to %v, %v, the original to %v, %v", generations, b.Mean(), b.Sigma(), a.Mean(), a.Sigma())
			}
		}
	}
}

// TestOddSizes: a generation may have any size.
func TestOddSizes(t *testing.T) {
	c := New(Options{Mean: slices.Repeat([]float64{3}, 5), Sigma: 1})
	rng := newRand(2)
	best := math.Inf(1)
	for g := range 400 {
		s := make([]Solution, g%13)
		for i := range s {
			c.Ask(rng, &s[i])
			s[i].Value = ellipsoid(s[i].X)
			best = min(best, s[i].Value)
		}
		before := c.Generation()
		c.Tell(s)
		if got, want := c.Generation()-before, min(len(s)/2, 1); got != want {
			t.Fatalf("%d solutions made %d generations", len(s), got)
		}
	}
	if best > 1e-8 {
		t.Errorf("best value %v", best)
	}
}

// TestOneDimension, and no numeric dimension at all.
func TestOneDimension(t *testing.T) {
	c := New(Options{Mean: []float64{5}, Sigma: 1})
	if best := run(c, newRand(1), 100, func(x []float64) float64 { return (x[0] - 2) * (x[0] - 2) }); best > 1e-12 {
		t.Errorf("best value %v", best)
	}
	c = New(Options{})
	run(c, newRand(1), 3, func([]float64) float64 { return 0 })
}

// TestBadNumbers: nothing that may be told or configured breaks the state.
func TestBadNumbers(t *testing.T) {
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, -math.MaxFloat64, 0, math.SmallestNonzeroFloat64, 1e160}
	rng := newRand(1)
	check := func(what string, c *CMA) {
		t.Helper()
		var s Solution
		c.Ask(rng, &s)
		for _, x := range append(s.X, c.Sigma()) {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("%s: sample %v, σ %v", what, s.X, c.Sigma())
			}
		}
		c.Stop()
	}
	for _, a := range odd {
		for _, o := range []Options{
			{Mean: []float64{a, 1}, Sigma: 1},
			{Mean: []float64{1, 1}, Sigma: a},
			{Mean: []float64{1, 1}, Sigma: 1, Cov: []float64{a, 0, a, 1}},
			{Mean: []float64{1, 1}, Sigma: 1, Cov: []float64{a, 0, a, 1}, Separable: true},
			{Mean: []float64{1, 1}, Sigma: 1, Cov: []float64{0, 0, 0, 0}},
			{Mean: []float64{1, 1}, Sigma: 1, Cov: []float64{1, 0, 2, 1}},
		} {
			check("configured", New(o))
		}
		for _, o := range []Options{{}, {Separable: true}, {AdaptRates: true}, {AdaptRates: true, Separable: true}, {Cell: integers(1)}, {DiagonalFor: 20, AdaptRates: true}} {
			o.Mean, o.Sigma, o.Categories = []float64{1, 1}, 1, []int{3}
			c := New(o)
			for g := range 100 {
				s := make([]Solution, c.Population())
				for i := range s {
					c.Ask(rng, &s[i])
					s[i].Value = odd[rng.IntN(len(odd))]
					if g%3 == i {
						s[i].X[i%2] = odd[rng.IntN(len(odd))]
						s[i].External = g%2 == 0
					}
				}
				c.Tell(s)
				check("told", c)
			}
		}
	}
}

// TestRepairs: eigenvalues 4 and −1 are lifted such that the lower becomes
// 4/1e14.
func TestRepairs(t *testing.T) {
	for _, separable := range []bool{false, true} {
		c := New(Options{Mean: []float64{0, 0}, Sigma: 1, Cov: []float64{4, 0, 0, -1}, Separable: separable})
		r := slices.Clone(c.roots)
		slices.Sort(r)
		if math.Abs(r[1]-math.Sqrt(5)) > 1e-6 || math.Abs(r[0]-2e-7) > 1e-9 {
			t.Errorf("separable %v: roots of the eigenvalues %v", separable, r)
		}
		if c.Stop() != Condition {
			t.Errorf("separable %v: stop says %q", separable, c.Stop())
		}
	}
}

func FuzzTell(f *testing.F) {
	f.Add(uint64(1), []byte{1, 2, 3, 200, 7}, uint8(3))
	f.Add(uint64(2), []byte{0, 0, 0, 0}, uint8(255))
	f.Fuzz(func(t *testing.T, seed uint64, values []byte, kind uint8) {
		n := 1 + int(kind>>5)
		o := Options{Mean: make([]float64, n), Sigma: 1, Separable: kind&1 != 0, AdaptRates: kind&2 != 0, Positive: kind&16 != 0}
		if kind&4 != 0 {
			o.Cell = integers(n / 2)
		}
		if kind&8 != 0 {
			o.Categories = []int{1, 2, 5}
		}
		c := New(o)
		rng := newRand(seed)
		odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, 1e300}
		for len(values) > 0 {
			k := min(len(values), 1+int(values[0])%9)
			s := make([]Solution, k)
			for i := range s {
				c.Ask(rng, &s[i])
				b := values[i]
				s[i].Value = float64(b)
				if b < 5 {
					s[i].Value = odd[b]
				}
				if b >= 250 {
					s[i].X[0], s[i].External = s[i].X[0]*1e9, b == 255
				}
				s[i].Tier = int(b) % 3
			}
			values = values[k:]
			c.Tell(s)
			c.Stop()
		}
		var s Solution
		c.Ask(rng, &s)
		for _, x := range s.X {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("sample %v", s.X)
			}
		}
	})
}

func BenchmarkGeneration(b *testing.B) {
	for _, n := range []int{10, 40} {
		b.Run([]string{"n10", "n40"}[n/40], func(b *testing.B) {
			c := New(Options{Mean: make([]float64, n), Sigma: 1})
			s := make([]Solution, c.Population())
			rng := newRand(1)
			for b.Loop() {
				for i := range s {
					c.Ask(rng, &s[i])
					s[i].Value = ellipsoid(s[i].X)
				}
				c.Tell(s)
			}
		})
	}
}
