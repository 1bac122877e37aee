package gp

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

type gold struct {
	Kinds    []int
	X        [][]float64
	Y        []float64
	Theta    []float64
	Bias     float64
	LML      float64
	Gradient []float64
	Q        [][]float64
	Mu       []float64
	Sigma    []float64
}

// loadGolds reads the numbers of scikit-learn and NumPy (testdata/make.py).
func loadGolds(t *testing.T) []gold {
	t.Helper()
	data, err := os.ReadFile("testdata/regression.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []gold
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 6 {
		t.Fatalf("only %d cases", len(cases))
	}
	return cases
}

func (g *gold) data() *Data {
	kinds := make([]Kind, len(g.Kinds))
	for j, k := range g.Kinds {
		kinds[j] = Kind(k)
	}
	d := NewData(kinds)
	for _, x := range g.X {
		d.Append(x)
	}
	return d
}

// flat is a prior without influence.
func flat(dims int, bias float64) *Prior {
	p := &Prior{Bias: bias}
	for range dims + 2 {
		p.Mean = append(p.Mean, 0)
		p.SD = append(p.SD, math.Inf(1))
		p.Lower = append(p.Lower, -12)
		p.Upper = append(p.Upper, 5)
	}
	return p
}

func near(got, want, tol float64) bool { return math.Abs(got-want) <= tol*max(1, math.Abs(want)) }

func TestLikelihoodAgainstScikitLearn(t *testing.T) {
	var f Fitter
	for i, g := range loadGolds(t) {
		gradient := make([]float64, len(g.Theta))
		got := f.LogPosterior(g.data(), g.Y, g.Theta, flat(len(g.Kinds), g.Bias), gradient)
		if !near(got, g.LML, 1e-10) {
			t.Errorf("case %d: log likelihood %.15g, want %.15g", i, got, g.LML)
		}
		for j := range gradient {
			if !near(gradient[j], g.Gradient[j], 1e-8) {
				t.Errorf("case %d: gradient[%d] = %.12g, want %.12g", i, j, gradient[j], g.Gradient[j])
			}
		}
		if again := f.LogPosterior(g.data(), g.Y, g.Theta, flat(len(g.Kinds), g.Bias), nil); again != got {
			t.Errorf("case %d: %v without gradient, %v with it", i, again, got)
		}
	}
}

// On its way to a standard deviation, Finish asks with bounds that come down to it, and
// stops where it is told to.
func TestFinish(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, n := range []int{1, 31, 32, 33, 64, 150} {
		m, _ := randomModel(t, rng, n, make([]Kind, 3), 0)
		var s, stopped Scratch
		r2 := make([]float64, n)
		for range 20 {
			x := randomPoint(rng, m.data.kinds)
			_, want := m.Predict(&s, x)
			m.Distances(r2, x)
			_, glance := m.Glance(&s, r2)
			var bounds []float64
			sigma, ok := m.Finish(&s, func(bound float64) bool {
				bounds = append(bounds, bound)
				return true
			})
			if sigma != want || !ok || glance < want {
				t.Fatalf("%d points: %v, %v after %v, want %v", n, sigma, ok, glance, want)
			}
			if len(bounds) != (n-1)/finishRows {
				t.Fatalf("%d points: asked %d times", n, len(bounds))
			}
			for i, b := range bounds {
				if !(b > want) || i > 0 && b > bounds[i-1] {
					t.Fatalf("%d points: bounds %v of %v", n, bounds, want)
				}
				asked := 0
				m.Glance(&stopped, r2)
				if _, ok := m.Finish(&stopped, func(bound float64) bool { asked++; return bound > b }); ok || asked > i+1 {
					t.Fatalf("%d points: asked %d times, %v, with %v as the limit of %v", n, asked, ok, b, bounds)
				}
			}
		}
	}
}

func TestPredictionsAgainstScikitLearn(t *testing.T) {
	for i, g := range loadGolds(t) {
		m, err := NewModel(g.data(), g.Theta, g.Bias)
		if err != nil {
			t.Fatal(err)
		}
		m.SetValues(g.Y)
		var s Scratch
		for q, x := range g.Q {
			mu, sigma := m.Predict(&s, x)
			if !near(mu, g.Mu[q], 1e-9) || !near(sigma, g.Sigma[q], 1e-9) {
				t.Errorf("case %d: %.12g ± %.12g, want %.12g ± %.12g", i, mu, sigma, g.Mu[q], g.Sigma[q])
			}
			r2 := make([]float64, m.Len())
			m.Distances(r2, x)
			a, bound := m.Glance(&s, r2)
			goOn := func(float64) bool { return true }
			if b, ok := m.Finish(&s, goOn); a != mu || b != sigma || !ok || bound < sigma {
				t.Errorf("case %d: Glance gives %v ± (%v ≤ %v), Predict %v ± %v", i, a, b, bound, mu, sigma)
			}
		}
		if m.Jitter() != 0 {
			t.Errorf("case %d: jitter %v", i, m.Jitter())
		}
	}
}

// The gradient of the prior's density agrees with differences, with a tail and
// without, and a fixed entry stays.
func TestPriorGradientAndBounds(t *testing.T) {
	var f Fitter
	for i, g := range loadGolds(t) {
		d, p := g.data(), flat(len(g.Kinds), g.Bias)
		for j := range p.Mean {
			p.Mean[j], p.SD[j] = 0.3-0.2*float64(j), 0.5+0.1*float64(j)
		}
		if i%2 == 1 {
			p.Tail = make([]float64, len(p.Mean))
			p.Tail[0] = 0.5
		}
		gradient := make([]float64, len(g.Theta))
		f.LogPosterior(d, g.Y, g.Theta, p, gradient)
		for j := range gradient {
			const h = 1e-4
			at := append([]float64(nil), g.Theta...)
			at[j] += h
			up := f.LogPosterior(d, g.Y, at, p, nil)
			at[j] -= 2 * h
			down := f.LogPosterior(d, g.Y, at, p, nil)
			if !near(gradient[j], (up-down)/(2*h), 1e-5) {
				t.Errorf("case %d: gradient[%d] = %v, differences give %v", i, j, gradient[j], (up-down)/(2*h))
			}
		}
		p.Lower[1], p.Upper[1] = -0.7, -0.7
		theta := append([]float64(nil), g.Theta...)
		theta[1] = -0.7
		before := f.LogPosterior(d, g.Y, theta, p, nil)
		after := f.Maximize(d, g.Y, theta, p)
		if !(after > before) || theta[1] != -0.7 {
			t.Errorf("case %d: density from %v to %v, fixed entry at %v", i, before, after, theta[1])
		}
		if again := f.LogPosterior(d, g.Y, theta, p, nil); again != after {
			t.Errorf("case %d: Maximize reports %v, the point has %v", i, after, again)
		}
	}
}

// With a tail a hyperparameter costs as much as without one below its mean, and less
// above.
func TestPriorTail(t *testing.T) {
	p := &Prior{Mean: []float64{1, 1}, SD: []float64{2, 2}, Tail: []float64{0.5, 0}}
	for _, c := range []struct {
		j    int
		t    float64
		want float64
	}{{0, -3, -2}, {0, 1, 0}, {0, 5, -0.25 * math.Log(1+4/0.5)}, {0, 21, -0.25 * math.Log(1+100/0.5)}, {1, 5, -2}} {
		if v, _ := p.at(c.j, c.t); !near(v, c.want, 1e-15) {
			t.Errorf("hyperparameter %d at %v: %v, want %v", c.j, c.t, v, c.want)
		}
	}
}

// A fit finds the hyperparameters that made the data, as far as the data tells.
func TestFitRecoversHyperparameters(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n = 150
	want := []float64{math.Log(0.3), math.Log(1.5), math.Log(2), math.Log(0.01)}
	d := NewData([]Kind{Numeric, Nominal})
	for range n {
		d.Append([]float64{rng.Float64(), float64(rng.IntN(3))})
	}
	m, err := NewModel(d, want, 0)
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float64, n)
	z := make([]float64, n)
	for i := range z {
		z[i] = rng.NormFloat64()
	}
	for i := range y { // a sample of the process: y = L·z
		y[i] = dot(m.l.row(i), z[:i+1])
	}
	theta := []float64{0, 0, 0, -3}
	var f Fitter
	found := f.Maximize(d, y, theta, flat(2, 0))
	if truth := f.LogPosterior(d, y, want, flat(2, 0), nil); !(found >= truth) {
		t.Errorf("the fit has log likelihood %v, the truth %v", found, truth)
	}
	// One sample of 150 points fixes a short lengthscale and the noise well, the
	// scale and the Hamming length only roughly.
	for j, tol := range []float64{0.6, 1.5, 1.5, 0.5} {
		if math.Abs(theta[j]-want[j]) > tol {
			t.Errorf("theta[%d] = %.3f, data made with %.3f", j, theta[j], want[j])
		}
	}
}

// randomModel returns a model of n points in the given kinds.
func randomModel(t testing.TB, rng *rand.Rand, n int, kinds []Kind, bias float64) (*Model, []float64) {
	d := NewData(kinds)
	for range n {
		d.Append(randomPoint(rng, kinds))
	}
	theta := make([]float64, d.hyperparameters())
	for j := range theta {
		theta[j] = -0.5 + 0.5*rng.NormFloat64()
	}
	theta[Noise(len(kinds))] = -5
	for b := range d.bent {
		theta[len(kinds)+2+b] = 2 + 3*rng.Float64()
	}
	m, err := NewModel(d, theta, bias)
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float64, n)
	for i := range y {
		y[i] = rng.NormFloat64()
	}
	m.SetValues(y)
	return m, y
}

func randomPoint(rng *rand.Rand, kinds []Kind) []float64 {
	x := make([]float64, len(kinds))
	for j, k := range kinds {
		if x[j] = rng.Float64(); k == Nominal {
			x[j] = math.Floor(5 * x[j])
		}
	}
	return x
}

func TestGradientAgainstDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	kinds := []Kind{Numeric, Nominal, Bent, Numeric}
	var s Scratch
	for n := range 25 {
		m, _ := randomModel(t, rng, n+1, kinds, 0.5*float64(n%2))
		x, g := randomPoint(rng, kinds), make([]float64, len(kinds))
		const a, b = 0.7, -1.3
		m.Predict(&s, x)
		m.Gradient(&s, g, x, a, b)
		for j, k := range kinds {
			want := 0.0
			if k != Nominal {
				const h = 1e-5
				at := append([]float64(nil), x...)
				at[j] += h
				mu1, sigma1 := m.Predict(&s, at)
				at[j] -= 2 * h
				mu0, sigma0 := m.Predict(&s, at)
				want = (a*(mu1-mu0) + b*(sigma1-sigma0)) / (2 * h)
			}
			if !near(g[j], want, 2e-6) {
				t.Errorf("n %d: gradient[%d] = %v, want %v", n+1, j, g[j], want)
			}
		}
	}
}

// A model that grew and one made anew give the same bits.
func TestAppendedIsNew(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 11))
	kinds := []Kind{Numeric, Bent, Nominal}
	for _, start := range []int{0, 1, 2, 3, 5, 8, 21} {
		grown, _ := randomModel(t, rng, start, kinds, 0.3)
		for added := range 12 {
			x := randomPoint(rng, kinds)
			if added%5 == 4 && start > 0 { // a duplicate, nearly singular with little noise
				grown.given.At(x, 0)
			}
			if err := grown.Append(x); err != nil {
				t.Fatal(err)
			}
			fresh, err := NewModel(grown.given, grown.theta, 0.3)
			if err != nil {
				t.Fatal(err)
			}
			y := make([]float64, grown.Len())
			for i := range y {
				y[i] = math.Sin(float64(i))
			}
			grown.SetValues(y)
			fresh.SetValues(y)
			var s Scratch
			q := randomPoint(rng, kinds)
			mu, sigma := grown.Predict(&s, q)
			if mu2, sigma2 := fresh.Predict(&s, q); mu2 != mu || sigma2 != sigma {
				t.Fatalf("%d + %d points: %v ± %v grown, %v ± %v new", start, added+1, mu, sigma, mu2, sigma2)
			}
		}
	}
}

// Duplicates without noise need jitter; a grown model meets the need later than a
// new one and still ends the same.
func TestJitter(t *testing.T) {
	kinds := []Kind{Numeric, Numeric}
	theta := []float64{0, 0, 0, math.Inf(-1)} // no noise at all
	grown, err := NewModel(NewData(kinds), theta, 0)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 40 {
		x := randomPoint(rng, kinds)
		if i%3 == 2 {
			grown.data.At(x, i-1)
		}
		if err := grown.Append(x); err != nil {
			t.Fatal(err)
		}
		fresh, err := NewModel(grown.data, theta, 0)
		if err != nil {
			t.Fatal(err)
		}
		if fresh.Jitter() != grown.Jitter() || (i >= 2) != (grown.Jitter() > 0) {
			t.Fatalf("%d points: jitter %v grown, %v new", i+1, grown.Jitter(), fresh.Jitter())
		}
	}
	d := NewData(kinds)
	d.Append([]float64{0.1, 0.2})
	d.Append([]float64{math.NaN(), 0.2})
	if _, err := NewModel(d, []float64{0, 0, 0, 0}, 0); !errors.Is(err, ErrNotPositive) {
		t.Errorf("a point that is NaN: error %v, want ErrNotPositive", err)
	}
}

// Shift moves one coordinate, in one go or in two.
func TestShift(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	kinds := []Kind{Numeric, Nominal, Bent}
	m, _ := randomModel(t, rng, 17, kinds, 0)
	x := randomPoint(rng, kinds)
	r2, got, want := make([]float64, 17), make([]float64, 17), make([]float64, 17)
	m.Distances(r2, x)
	for j := range kinds {
		to := randomPoint(rng, kinds)[j]
		m.Shift(got, r2, j, x[j], math.NaN())
		m.Shift(got, got, j, math.NaN(), to)
		y := append([]float64(nil), x...)
		y[j] = to
		m.Distances(want, y)
		for i := range want {
			if !near(got[i], want[i], 1e-13) {
				t.Errorf("coordinate %d, point %d: %v, want %v", j, i, got[i], want[i])
			}
		}
	}
}

// A point left out is a point that a model of the others predicts.
func TestLeaveOneOutAndFitted(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 13))
	kinds := []Kind{Numeric, Nominal, Numeric}
	for _, n := range []int{1, 2, 7, 20} {
		m, y := randomModel(t, rng, n, kinds, 1)
		mu, sigma, fitted := make([]float64, n), make([]float64, n), make([]float64, n)
		m.LeaveOneOut(mu, sigma, y)
		m.Fitted(fitted, y)
		x := make([]float64, len(kinds))
		var s Scratch
		for i := range n {
			others, z := NewData(kinds), []float64(nil)
			for k := range n {
				if k != i {
					m.data.At(x, k)
					others.Append(x)
					z = append(z, y[k])
				}
			}
			without, err := NewModel(others, m.theta, 1)
			if err != nil {
				t.Fatal(err)
			}
			without.SetValues(z)
			m.data.At(x, i)
			want, sd := without.Predict(&s, x)
			sd = math.Hypot(sd, math.Sqrt(m.NoiseVariance()))
			if !near(mu[i], want, 1e-8) || !near(sigma[i], sd, 1e-8) {
				t.Errorf("n %d: without point %d %v ± %v, want %v ± %v", n, i, mu[i], sigma[i], want, sd)
			}
			if want, _ := m.Predict(&s, x); !near(fitted[i], want, 1e-10) {
				t.Errorf("n %d: fitted %v at point %d, Predict gives %v", n, fitted[i], i, want)
			}
		}
	}
}

// A model that was moved to other data is the model of those data.
func TestRebase(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 15))
	kinds := []Kind{Bent, Nominal, Numeric}
	m, _ := randomModel(t, rng, 12, kinds, 0.5)
	points := make([][]float64, 12)
	for i := range points {
		points[i] = make([]float64, len(kinds))
		m.given.At(points[i], i)
	}
	for round := range 60 {
		switch round % 5 {
		case 0, 1:
			points = append(points, randomPoint(rng, kinds))
		case 2: // one that became known late
			at := rng.IntN(len(points))
			points = append(points[:at:at], append([][]float64{randomPoint(rng, kinds)}, points[at:]...)...)
		case 3:
			points = points[:len(points)-rng.IntN(3)]
		case 4: // a duplicate
			points = append(points, points[0])
		}
		d := NewData(kinds)
		for _, x := range points {
			d.Append(x)
		}
		if err := m.Rebase(d); err != nil {
			t.Fatal(err)
		}
		fresh, err := NewModel(d, m.theta, 0.5)
		if err != nil {
			t.Fatal(err)
		}
		y := make([]float64, len(points))
		for i := range y {
			y[i] = rng.NormFloat64()
		}
		m.SetValues(y)
		fresh.SetValues(y)
		var s Scratch
		q := randomPoint(rng, kinds)
		mu, sigma := m.Predict(&s, q)
		if mu2, sigma2 := fresh.Predict(&s, q); mu != mu2 || sigma != sigma2 || m.Jitter() != fresh.Jitter() {
			t.Fatalf("round %d: %v ± %v (jitter %v), a new model gives %v ± %v (%v)", round, mu, sigma, m.Jitter(), mu2, sigma2, fresh.Jitter())
		}
	}
}
