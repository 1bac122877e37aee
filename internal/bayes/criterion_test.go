package bayes

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gohone/hone/internal/hypervolume"
)

// criteria are of each kind, with the number of outputs that they take.
func criteria() map[string]struct {
	c criterion
	m int
} {
	front := [][]float64{{-1, 1}, {-0.2, 0.1}, {0.8, -1.5}}
	return map[string]struct {
		c criterion
		m int
	}{
		"improvement":             {improvement{-0.7, 0}, 1},
		"improvement under noise": {improvement{-0.7, 0.3}, 1},
		"confidence":              {confidence{1.8}, 1},
		"exploration":             {exploration{1.8, 0.1}, 1},
		"volume":                  {newVolume(front, []float64{1.2, 1.4}, bent, 1), 2},
		"constrained":             {constrained{objective: improvement{-0.7, 0}, from: 1}, 3},
		"constrained volume":      {constrained{objective: newVolume(front, []float64{1.2, 1.4}, bent, 1), from: 2}, 3},
		"feasibility":             {constrained{objective: nil, from: 1}, 2},
		"constrained under noise": {constrained{objective: improvement{-0.7, 0}, from: 1, nugget: 0.4}, 3},
	}
}

// Lengths as the values are, and by a scale that is not a straight line.
func straight(_ int, z float64) float64 { return z }
func bent(k int, z float64) float64     { return math.Exp(float64(k+1) * z) }

// Derivatives agree with differences, and bounds hold.
func TestCriteria(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for name, k := range criteria() {
		c, m := k.c, k.m
		dMu, dSigma, scrap := make([]float64, m), make([]float64, m), make([]float64, m)
		for range 200 {
			mu, sigma := make([]float64, m), make([]float64, m)
			for i := range mu {
				mu[i], sigma[i] = 2*rng.NormFloat64(), math.Exp(rng.NormFloat64()-1)
			}
			v := c.value(mu, sigma, dMu, dSigma)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%s(%v, %v) = %v", name, mu, sigma, v)
			}
			if b := c.bound(mu, sigma); !(b >= v-1e-12*max(1, math.Abs(v))) {
				t.Fatalf("%s(%v, %v) = %v is above its bound %v", name, mu, sigma, v, b)
			}
			less := make([]float64, m)
			for i := range less {
				less[i] = sigma[i] * (1 - 0.5*rng.Float64())
			}
			if w, b := c.value(mu, less, scrap, make([]float64, m)), c.bound(mu, sigma); !(b >= w-1e-12*max(1, math.Abs(w))) {
				t.Fatalf("%s(%v, %v) = %v is above the bound %v for %v", name, mu, less, w, b, sigma)
			}
			for i := range mu {
				for what, x := range map[string][]float64{"mu": mu, "sigma": sigma} {
					const h = 1e-6
					old := x[i]
					x[i] = old + h
					up := c.value(mu, sigma, scrap, make([]float64, m))
					x[i] = old - h
					down := c.value(mu, sigma, scrap, make([]float64, m))
					x[i] = old
					got, want := dMu[i], (up-down)/(2*h)
					if what == "sigma" {
						got = dSigma[i]
					}
					if math.Abs(got-want) > 1e-4*max(1, math.Abs(want)) {
						t.Fatalf("%s(%v, %v): derivative %v for %s[%d], differences say %v", name, mu, sigma, got, what, i, want)
					}
				}
			}
		}
	}
}

// Without uncertainty, the expected improvement of the hypervolume is that of the
// hypervolume; with it, the mean over draws.
func TestVolume(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	for m := 2; m <= 4; m++ {
		reference := make([]float64, m)
		for k := range reference {
			reference[k] = 1
		}
		var front [][]float64
		for len(front) < 5 {
			f := make([]float64, m)
			for k := range f {
				f[k] = rng.Float64()
			}
			keep := true
			for _, g := range front {
				keep = keep && !below(f, g) && !below(g, f)
			}
			if keep {
				front = append(front, f)
			}
		}
		before := hypervolume.Volume(front, reference)
		c := newVolume(front, reference, straight, 1)
		dMu, dSigma := make([]float64, m), make([]float64, m)
		for range 50 {
			x, sure, unsure := make([]float64, m), make([]float64, m), make([]float64, m)
			for k := range x {
				x[k], sure[k], unsure[k] = rng.Float64(), 1e-7, 0.2
			}
			want := hypervolume.Volume(append(append([][]float64(nil), front...), x), reference) - before
			if got := math.Exp(c.value(x, sure, dMu, dSigma)); math.Abs(got-want) > 1e-5 {
				t.Fatalf("%d objectives: improvement %v at %v, want %v", m, got, x, want)
			}
			const draws = 400
			sum, squares := 0.0, 0.0
			for range draws {
				y := make([]float64, m)
				for k := range y {
					y[k] = min(x[k]+0.2*rng.NormFloat64(), 1)
				}
				v := hypervolume.Volume(append(append([][]float64(nil), front...), y), reference) - before
				sum += v / draws
				squares += v * v / draws
			}
			se := math.Sqrt(max(squares-sum*sum, 0)/draws) + 1e-4
			if got := math.Exp(c.value(x, unsure, dMu, dSigma)); math.Abs(got-sum) > 5*se {
				t.Errorf("%d objectives: expected improvement %v at %v, %d draws say %v ± %v", m, got, x, draws, sum, se)
			}
		}
	}
}

// below reports whether a is nowhere above b.
func below(a, b []float64) bool {
	for k := range a {
		if a[k] > b[k] {
			return false
		}
	}
	return true
}
