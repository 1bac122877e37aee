package gp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A whole bend turns the place in a range into the place of the logarithm; none leaves it
// be, and the derivatives are those of differences, where the formula changes, too.
func TestBend(t *testing.T) {
	for _, low := range []float64{1e-5, 0.01, 0.5} {
		for _, v := range []float64{low, 2 * low, math.Sqrt(low), 0.9, 1} {
			u, _, _ := Bend((v-low)/(1-low), -math.Log(low))
			if want := 1 - math.Log(v)/math.Log(low); !near(u, want, 1e-12) {
				t.Errorf("%v in [%v, 1] is at %v, its logarithm at %v", v, low, u, want)
			}
		}
	}
	for _, a := range []float64{0, 1e-4, 1e-3 - 1e-12, 1e-3 + 1e-12, 0.1, 3, 20} {
		for _, x := range []float64{-0.5, 0, 1e-3, 0.1, 0.5, 0.99, 1, 2} {
			u, dx, da := Bend(x, a)
			if a == 0 && u != x || (x == 0 || x == 1) && !near(u, x, 1e-12) {
				t.Errorf("Bend(%v, %v) = %v", x, a, u)
			}
			if back := Straighten(u, a); x <= 1 && !near(back, x, 1e-9) {
				t.Errorf("Bend(%v, %v) = %v, its inverse %v", x, a, u, back)
			}
			h := 1e-5 * (math.Abs(x) + math.Exp(-a))
			up, _, _ := Bend(x+h, a)
			if down, _, _ := Bend(x-h, a); x != 0 && !near(dx, (up-down)/(2*h), 1e-5) {
				t.Errorf("Bend(%v, %v): slope %v, differences give %v", x, a, dx, (up-down)/(2*h))
			}
			h = min(1e-5, a/2, math.Abs(a-1e-3)/2)
			up, _, _ = Bend(x, a+h)
			if down, _, _ := Bend(x, a-h); h > 1e-6 && !near(da, (up-down)/(2*h), 1e-5) {
				t.Errorf("Bend(%v, %v): derivative by the bend %v, differences give %v", x, a, da, (up-down)/(2*h))
			}
		}
	}
}

func TestBentPosterior(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	kinds := []Kind{Bent, Numeric, Nominal, Bent}
	for n := 2; n < 20; n += 3 {
		m, y := randomModel(t, rng, n, kinds, 1)
		p := flat(len(kinds)+2, 1) // two bends more
		var f Fitter
		gradient := make([]float64, len(m.theta))
		f.LogPosterior(m.given, y, m.theta, p, gradient)
		for j := range m.theta {
			const h = 1e-5
			at := append([]float64(nil), m.theta...)
			at[j] += h
			up := f.LogPosterior(m.given, y, at, p, nil)
			at[j] -= 2 * h
			if down := f.LogPosterior(m.given, y, at, p, nil); !near(gradient[j], (up-down)/(2*h), 1e-5) {
				t.Errorf("%d points: gradient[%d] = %v, differences give %v", n, j, gradient[j], (up-down)/(2*h))
			}
		}
	}
}

// Data of a logarithm in one coordinate and a straight line in another say so.
func TestBendIsLearned(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const whole = 4 * math.Ln10
	d := NewData([]Kind{Bent, Bent})
	var y []float64
	for range 40 {
		x := []float64{Straighten(rng.Float64(), whole), rng.Float64()}
		d.Append(x)
		u, _, _ := Bend(x[0], whole)
		y = append(y, math.Sin(5*u)+math.Cos(4*x[1]))
	}
	p := &Prior{
		Mean: []float64{-1, -1, 0, -5, whole / 2, whole / 2}, SD: []float64{1, 1, 1, 2, whole / 2, whole / 2},
		Lower: []float64{-5, -5, -3, -14, 0, 0}, Upper: []float64{3, 3, 3, 0, whole, whole}, Bias: 1,
	}
	theta := append([]float64(nil), p.Mean...)
	var f Fitter
	f.Maximize(d, y, theta, p)
	if !(theta[4] > 0.8*whole) || !(theta[5] < 0.2*whole) {
		t.Errorf("bends %.2f and %.2f, the data's are %.2f and 0", theta[4], theta[5], whole)
	}
}
