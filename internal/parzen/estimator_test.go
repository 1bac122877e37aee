package parzen

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

type goldenCase struct {
	Name string
	Dims []struct {
		Low, High, Step float64
		Log             bool
		Categories      int
	}
	Obs, Xs, Sigma  [][]float64
	LogPDF          []float64 `json:"log_pdf"`
	Weights         []float64
	Prior           float64
	Clip, Endpoints bool
}

func (g *goldenCase) estimator() (*Estimator, float64) {
	var dims []Dim
	jacobian := 0.0
	for _, s := range g.Dims {
		switch {
		case s.Categories > 0:
			dims = append(dims, Categories(s.Categories))
		case s.Step > 0:
			dims = append(dims, Grid(s.Low, s.High, s.Step, s.Log))
		default:
			dims = append(dims, Range(s.Low, s.High, s.Log))
			jacobian -= math.Log(dims[len(dims)-1].Width())
		}
	}
	o := Options{Prior: g.Prior, Endpoints: g.Endpoints}
	if !g.Clip {
		o.Finest = -1
	}
	e := New(dims, o)
	e.Set(upTo(len(g.Obs)), func(i int, x []float64) { copy(x, g.Obs[i]) })
	if n := len(g.Obs); n > 0 {
		w := make([]float64, n)
		for i := range w { // Optuna's are normalised
			w[i] = g.Weights[i] * g.Prior / g.Weights[n]
		}
		e.SetWeights(w)
	}
	return e, jacobian
}

func upTo(n int) []int {
	keys := make([]int, n)
	for i := range keys {
		keys[i] = i
	}
	return keys
}

// The densities are Optuna's: testdata/parzen.py.
func TestAsOptuna(t *testing.T) {
	raw, err := os.ReadFile("testdata/parzen.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Cases []goldenCase }
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 20 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	for _, g := range golden.Cases {
		e, jacobian := g.estimator()
		got := make([]float64, len(g.Xs))
		e.LogDensities(got, slices.Concat(g.Xs...))
		for q, want := range g.LogPDF {
			if one := e.LogDensity(g.Xs[q]); one != got[q] {
				t.Errorf("%s: LogDensity(%v) = %v, among others %v", g.Name, g.Xs[q], one, got[q])
			}
			if math.Abs(got[q]+jacobian-want) > 1e-10*max(1, math.Abs(want)) {
				t.Errorf("%s: density at %v is %.14g, Optuna's %.14g", g.Name, g.Xs[q], got[q]+jacobian, want)
			}
		}
		for j, sigma := range g.Sigma {
			for i := range g.Obs {
				if len(sigma) == 0 {
					continue // categories
				}
				got, want := e.sigma[i*len(g.Dims)+j]*e.dims[j].Width(), sigma[i]
				if math.Abs(got-want) > 1e-10*want {
					t.Errorf("%s: width of kernel %d in dimension %d is %v, Optuna's %v", g.Name, i, j, got, want)
				}
			}
		}
	}
}

// Numbers of Optuna 5 as published with its behaviour.
func TestAsOptunaByHand(t *testing.T) {
	f := Range(0, 1, false)
	for _, c := range []struct {
		d    Dim
		obs  []float64
		xs   []float64
		want []float64
	}{
		{f, []float64{.1, .5, .9}, []float64{0, .5, 1}, []float64{-0.197866910965, 0.088305040251, -0.197866910965}},
		{f, []float64{.5}, []float64{0, .5, 1}, []float64{-0.205619405884, 0.100101461312, -0.205619405884}},
		{f, nil, []float64{0, .5, 1}, []float64{-0.084022199509, 0.040977800491, -0.084022199509}},
		{f, []float64{.1, .5, .50001, .9}, []float64{0, .5, 1}, []float64{-0.258557627015, 0.119354559984, -0.258537497316}},
		{Grid(1, 10, 1, false), []float64{1, 3, 8}, []float64{1, 5, 10}, []float64{-1.914580737051, -2.367591471655, -2.733760212489}},
		{Grid(1, 16, 1, true), []float64{2, 4}, []float64{1, 8, 16}, []float64{-1.354785902488, -3.424774850944, -4.711653845949}},
		{Categories(3), []float64{0, 0, 2}, []float64{0, 1, 2}, []float64{-0.741937344729, -1.658228076604, -1.098612288668}},
	} {
		e := New([]Dim{c.d}, Options{})
		e.Set(upTo(len(c.obs)), func(i int, x []float64) { x[0] = c.obs[i] })
		for k, x := range c.xs {
			if got := e.LogDensity([]float64{x}); math.Abs(got-c.want[k]) > 1e-11 {
				t.Errorf("%+v, points %v: density at %v is %.12f, want %.12f", c.d, c.obs, x, got, c.want[k])
			}
		}
	}
}

func randomDim(r *rand.Rand) Dim {
	switch r.IntN(6) {
	case 0:
		return Range(-3, 4, false)
	case 1:
		return Range(1e-6, 10, true)
	case 2:
		return Grid(-2, 3, 0.5, false)
	case 3:
		return Grid(1, 90, 1, r.IntN(2) == 0)
	case 4:
		return Grid(1, 12, 1, true)
	}
	return Categories(1 + r.IntN(5))
}

func randomOptions(r *rand.Rand) Options {
	return Options{
		Rule: Rule(r.IntN(2)), Width: []float64{0, 0.5, 2}[r.IntN(3)], Finest: []float64{0, 10, -1, 1000}[r.IntN(4)],
		Endpoints: r.IntN(2) == 0, Prior: []float64{0, 0.2, -1, 3}[r.IntN(4)], Spread: []float64{0, 2}[r.IntN(2)],
	}
}

// point draws a point that may lie on, between or beside the others, or lack
// coordinates.
func randomPoint(r *rand.Rand, dims []Dim, x []float64) {
	for j := range x {
		u := r.Float64()*1.1 - 0.05
		if r.IntN(3) == 0 {
			u = 0.4 + 0.001*float64(r.IntN(3))
		}
		if !dims[j].Numeric() {
			u = r.Float64() * dims[j].Size()
		}
		x[j] = dims[j].Value(u)
		if dims[j].Numeric() && r.IntN(20) == 0 {
			x[j] += 0.02 * dims[j].Width()
		}
		if r.IntN(15) == 0 {
			x[j] = math.NaN()
		}
	}
}

// A density integrates to one over the space: exactly summed over grids and
// categories, by Gauss–Legendre quadrature over ranges.
func TestIntegratesToOne(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		dims := []Dim{randomDim(r), randomDim(r)}
		if seed%3 == 0 {
			dims = dims[:1]
		}
		o := randomOptions(r)
		if o.Finest < 0 {
			o.Finest = 0 // needles would need finer quadrature
		}
		e := New(dims, o)
		n := r.IntN(30)
		e.Set(upTo(n), func(_ int, x []float64) { randomPoint(r, dims, x) })
		total := integrate(e, nil)
		if math.Abs(total-1) > 2e-6 {
			t.Errorf("seed %d: the density of %d points over %+v integrates to %v", seed, n, dims, total)
		}
	}
}

// integrate sums or integrates over the dimensions beyond those of x.
func integrate(e *Estimator, x []float64) float64 {
	j := len(x)
	if j == len(e.dims) {
		return math.Exp(e.LogDensity(x))
	}
	d := &e.dims[j]
	total := 0.0
	if size := d.Size(); size > 0 {
		for k := 0.0; k < size; k++ {
			v := k
			if d.Numeric() {
				v = d.At(k)
			}
			total += integrate(e, append(x, v))
		}
		return total
	}
	// Two points on each of the intervals integrate polynomials of degree 3.
	const intervals = 250
	for i := range intervals {
		for _, s := range []float64{-1, 1} {
			u := (float64(i) + 0.5 + s/(2*math.Sqrt(3))) / intervals
			total += integrate(e, append(x, d.Value(u))) / (2 * intervals)
		}
	}
	return total
}

// The density agrees with a direct sum over kernels, each computed by itself.
func TestLogDensityIsTheSumOfKernels(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		var dims []Dim
		for range 1 + r.IntN(9) {
			dims = append(dims, randomDim(r))
		}
		e := New(dims, randomOptions(r))
		n := r.IntN(150)
		e.Set(upTo(n), func(_ int, x []float64) { randomPoint(r, dims, x) })
		w := make([]float64, n)
		for i := range w {
			w[i] = r.Float64() * float64(r.IntN(3))
		}
		e.SetWeights(w)
		x := make([]float64, len(dims))
		for range 5 {
			for j := range x {
				x[j] = dims[j].Value(r.Float64() * max(1, float64(dims[j].categories)))
			}
			got, want := e.LogDensity(x), directLogDensity(e, w, x)
			if !near(got, want) && math.Abs(got-want) > 1e-9 {
				t.Errorf("seed %d, %d points: LogDensity(%v) = %v, the sum is %v", seed, n, x, got, want)
			}
		}
	}
}

// directLogDensity computes the mixture as its definition says, from the widths of
// e alone.
func directLogDensity(e *Estimator, w, x []float64) float64 {
	n := len(e.keys)
	prior := e.opt.Prior
	if n == 0 {
		prior = 1
	}
	total := prior
	for _, v := range w {
		total += v
	}
	if total == 0 {
		prior, total = 1, 1
	}
	log := math.Inf(-1)
	for i := 0; i <= n; i++ {
		s := math.Log(prior / total)
		if i < n {
			s = math.Log(w[i] / total)
		}
		for j := range e.dims {
			d := &e.dims[j]
			mu, sigma := 0.5, 1.0
			known := i < n && !math.IsNaN(e.place[i*len(e.dims)+j])
			if known {
				mu, sigma = e.place[i*len(e.dims)+j], e.sigma[i*len(e.dims)+j]
			}
			switch {
			case !d.Numeric() && !known:
				s -= math.Log(d.Size())
			case !d.Numeric():
				p := e.opt.Spread / float64(n+1)
				if x[j] == mu {
					s += math.Log((1 + p) / (1 + p*d.Size()))
				} else {
					s += math.Log(p / (1 + p*d.Size()))
				}
			case d.step > 0:
				mid, width := d.cell(x[j])
				s += massAround((mid-mu)/sigma, width/sigma) - LogMass(-mu/sigma, (1-mu)/sigma)
			default:
				u := d.Unit(x[j])
				s += LogPDF((u-mu)/sigma) - math.Log(sigma) - LogMass(-mu/sigma, (1-mu)/sigma)
			}
		}
		log = logAdd(log, s)
	}
	return log
}

// However an estimator came to hold its points, it answers the same, to the bit.
func TestChangesLeaveNoTrace(t *testing.T) {
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 3))
		var dims []Dim
		for range 1 + r.IntN(6) {
			dims = append(dims, randomDim(r))
		}
		o := randomOptions(r)
		points := make([][]float64, 220)
		for i := range points {
			points[i] = make([]float64, len(dims))
			randomPoint(r, dims, points[i])
		}
		warm := New(dims, o)
		x := make([]float64, len(dims))
		for step := range 60 {
			var keys []int
			for i := range points {
				// Mostly the ones before step, some come and go.
				if i < 3*step != (r.IntN(40) == 0) {
					keys = append(keys, i)
				}
			}
			at := func(i int, x []float64) { copy(x, points[keys[i]]) }
			warm.Set(keys, at)
			if r.IntN(3) == 0 && len(keys) > 0 {
				k := r.IntN(len(keys))
				warm.Remove(keys[k])
				keys = slices.Delete(keys, k, k+1)
			}
			fresh := New(dims, o)
			fresh.Set(keys, at)
			for j := range x {
				x[j] = dims[j].Value(r.Float64() * max(1, float64(dims[j].categories)))
			}
			if got, want := warm.LogDensity(x), fresh.LogDensity(x); got != want {
				t.Fatalf("seed %d, step %d, %d points: density %v, of a fresh estimator %v", seed, step, len(keys), got, want)
			}
			s := r.Uint64()
			a, b := slices.Clone(x), slices.Clone(x)
			warm.Sample(rand.New(rand.NewPCG(s, 0)), a)
			fresh.Sample(rand.New(rand.NewPCG(s, 0)), b)
			if !slices.Equal(a, b) {
				t.Fatalf("seed %d, step %d: drew %v, a fresh estimator %v", seed, step, a, b)
			}
		}
	}
}

// Draws follow the density: Pearson's test over cells of one dimension. The limit
// is the 1 − 1e-6 quantile of the chi-squared distribution with 9 degrees of
// freedom, 45.1, and the streams are fixed: 60 cases raise a false alarm with a
// probability of 6e-5.
func TestSamplesFollowTheDensity(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 4))
		d := randomDim(r)
		e := New([]Dim{d}, randomOptions(r))
		e.Set(upTo(r.IntN(12)), func(_ int, x []float64) { randomPoint(r, []Dim{d}, x) })
		const cells, draws = 10, 20000
		cell := func(x float64) int {
			if !d.Numeric() {
				return int(x)
			}
			return int(min(d.Unit(x)*cells, cells-1))
		}
		want := make([]float64, cells)
		if size := d.Size(); size > 0 {
			for k := 0.0; k < size; k++ {
				v := k
				if d.Numeric() {
					v = d.At(k)
				}
				want[cell(v)] += math.Exp(e.LogDensity([]float64{v}))
			}
		} else {
			const fine = 40000
			for i := range fine {
				v := d.Value((float64(i) + 0.5) / fine)
				want[cell(v)] += math.Exp(e.LogDensity([]float64{v})) / fine
			}
		}
		got := make([]float64, cells)
		x := make([]float64, 1)
		for range draws {
			e.Sample(r, x)
			got[cell(x[0])]++
		}
		chi := 0.0
		for c := range cells {
			if expected := want[c] * draws; expected > 5 {
				chi += (got[c] - expected) * (got[c] - expected) / expected
			} else if got[c] > expected+20 {
				t.Errorf("seed %d, %+v: %v draws in cell %d, expected %v", seed, d, got[c], c, expected)
			}
		}
		if chi > 45.1 {
			t.Errorf("seed %d, %+v: chi-squared %v; drew %v, expected %v × %d", seed, d, chi, got, want, draws)
		}
	}
}

func TestNoAllocationPerCandidate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	dims := []Dim{Range(0, 1, false), Range(1e-3, 1, true), Grid(1, 10, 1, false), Grid(1, 1000, 1, false), Categories(4)}
	e := New(dims, Options{})
	e.Set(upTo(100), func(_ int, x []float64) { randomPoint(r, dims, x) })
	xs, dst := make([]float64, 24*len(dims)), make([]float64, 24)
	e.LogDensities(dst, xs)
	if n := testing.AllocsPerRun(20, func() {
		for q := range dst {
			e.Sample(r, xs[q*len(dims):(q+1)*len(dims)])
		}
		e.LogDensities(dst, xs)
	}); n > 0 {
		t.Errorf("%v allocations for 24 candidates", n)
	}
}

func TestOddEstimators(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, d := range []Dim{
		Range(-math.MaxFloat64, math.MaxFloat64, false), Range(0, 5e-324, false), Range(5e-324, math.MaxFloat64, true), Range(1, math.Nextafter(1, 2), true),
		Grid(-1e300, 1e300, 1e299, false), Grid(0, math.MaxInt32, 1, false), Grid(1, math.MaxInt64, 1, true), Categories(1), Categories(1000),
	} {
		for _, n := range []int{0, 1, 2, 50} {
			for _, same := range []bool{false, true} {
				e := New([]Dim{d}, Options{})
				e.Set(upTo(n), func(i int, x []float64) {
					x[0] = d.Value(r.Float64() * max(1, float64(d.categories)))
					if same {
						x[0] = d.Value(0.7)
					}
					switch i % 10 {
					case 3:
						x[0] = math.Inf(1)
					case 5:
						x[0] = -math.MaxFloat64
					case 7:
						x[0] = math.NaN()
					}
				})
				x := make([]float64, 1)
				for range 50 {
					e.Sample(r, x)
					if math.IsNaN(d.Unit(x[0])) || d.Numeric() && !(x[0] >= d.low && x[0] <= d.high) {
						t.Fatalf("%+v with %d points: drew %v", d, n, x[0])
					}
					if v := e.LogDensity(x); math.IsNaN(v) || math.IsInf(v, 0) {
						t.Fatalf("%+v with %d points: density at %v, which was drawn, is %v", d, n, x[0], v)
					}
				}
			}
		}
	}
	e := New([]Dim{Range(0, 1, false)}, Options{})
	for _, x := range []float64{-0.1, 1.1, math.NaN(), math.Inf(1)} {
		if v := e.LogDensity([]float64{x}); !math.IsInf(v, -1) {
			t.Errorf("density at %v, outside of [0, 1], is %v", x, v)
		}
	}
}

func BenchmarkLogDensities(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run("", func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			dims := make([]Dim, 10)
			for j := range dims {
				dims[j] = Range(0, 1, false)
			}
			e := New(dims, Options{})
			e.Set(upTo(n), func(_ int, x []float64) {
				for j := range x {
					x[j] = 0.5 + 0.1*r.NormFloat64()
				}
			})
			xs, dst := make([]float64, 240), make([]float64, 24)
			for b.Loop() {
				for q := range dst {
					e.Sample(r, xs[q*10:q*10+10])
				}
				e.LogDensities(dst, xs)
			}
		})
	}
}
