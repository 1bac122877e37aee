package acq

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

func near(got, want, tol float64) bool {
	return math.Abs(got-want) <= tol*max(1e-300, math.Abs(want)) || math.Abs(got-want) < 1e-16
}

// The numbers are mpmath's with 80 digits (testdata/make.py).
func TestTails(t *testing.T) {
	data, err := os.ReadFile("testdata/tails.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Z, LogH, DLogH, LogCDF, DLogCDF float64 }
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 30 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		// Only where h = 1 does the logarithm itself lose digits.
		h, dh := LogH(c.Z)
		if !near(h, c.LogH, 1e-13) || !near(dh, c.DLogH, 2e-13) {
			t.Errorf("LogH(%v) = %.17g, %.17g, want %.17g, %.17g", c.Z, h, dh, c.LogH, c.DLogH)
		}
		p, dp := LogCDF(c.Z)
		if !near(p, c.LogCDF, 1e-13) || !near(dp, c.DLogCDF, 1e-13) {
			t.Errorf("LogCDF(%v) = %.17g, %.17g, want %.17g, %.17g", c.Z, p, dp, c.LogCDF, c.DLogCDF)
		}
	}
}

// The derivatives agree with central differences, at the seam of the two formulas
// and far into the tail too.
func TestGradients(t *testing.T) {
	functions := map[string]func(mu, sigma float64) (float64, float64, float64){
		"LogEI":       func(m, s float64) (float64, float64, float64) { return LogEI(m, s, 0.3) },
		"LogFeasible": LogFeasible,
		"Bound":       func(m, s float64) (float64, float64, float64) { return Bound(m, s, 1.8) },
		"Explore":     func(m, s float64) (float64, float64, float64) { return Explore(m, s, 1.8, 0.25, 10) },
	}
	for name, f := range functions {
		for _, mu := range []float64{-3, -0.2, 0, 0.31, 1, 2.8, 5.3, 40, 1000} {
			for _, sigma := range []float64{1e-3, 0.1, 0.5, 1, 3} {
				v, dm, ds := f(mu, sigma)
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Fatalf("%s(%v, %v) = %v", name, mu, sigma, v)
				}
				hm, hs := 1e-5*max(sigma, math.Abs(mu)*1e-2), 1e-5*sigma
				a, _, _ := f(mu+hm, sigma)
				b, _, _ := f(mu-hm, sigma)
				c, _, _ := f(mu, sigma+hs)
				d, _, _ := f(mu, sigma-hs)
				gm, gs := (a-b)/(2*hm), (c-d)/(2*hs)
				// Differences of values near −5·10¹¹ keep few digits.
				tol := 1e-5 + 4e-16*math.Abs(v)/(1e-5*math.Abs(dm*max(sigma, math.Abs(mu)*1e-2))+1e-300)
				if math.Abs(gm-dm) > max(tol*math.Abs(dm), 1e-7) {
					t.Errorf("%s(%v, %v): d/dmu %v, differences give %v", name, mu, sigma, dm, gm)
				}
				tol = 1e-5 + 4e-16*math.Abs(v)/(1e-5*math.Abs(ds*sigma)+1e-300)
				if math.Abs(gs-ds) > max(tol*math.Abs(ds), 1e-7) {
					t.Errorf("%s(%v, %v): d/dsigma %v, differences give %v", name, mu, sigma, ds, gs)
				}
			}
		}
	}
}

// Expected improvement is what its name says: the mean of the improvement, here by
// the trapezoidal rule.
func TestLogEIIsTheExpectedImprovement(t *testing.T) {
	for _, c := range [][3]float64{{0, 1, 0}, {1, 0.5, 0.2}, {-1, 2, 0.7}, {3, 1, 0}} {
		mu, sigma, best := c[0], c[1], c[2]
		sum, steps := 0.0, 400000
		lo := mu - 12*sigma
		w := (best - lo) / float64(steps)
		for i := range steps {
			f := lo + (float64(i)+0.5)*w
			z := (f - mu) / sigma
			sum += (best - f) * math.Exp(-z*z/2) / (sigma * math.Sqrt(2*math.Pi)) * w
		}
		if got, _, _ := LogEI(mu, sigma, best); math.Abs(got-math.Log(sum)) > 1e-8 {
			t.Errorf("LogEI(%v, %v, %v) = %v, the integral gives %v", mu, sigma, best, got, math.Log(sum))
		}
	}
}

// Between −10⁶ and 40 LogH and LogCDF rise without a step.
func TestMonotone(t *testing.T) {
	lastH, lastP := math.Inf(-1), math.Inf(-1)
	for i := range 200000 {
		z := 40 - math.Expm1((1-float64(i)/200000)*math.Log(1e6+41))
		h, dh := LogH(z)
		p, dp := LogCDF(z)
		if !(h >= lastH) || !(p >= lastP-1e-15) || !(dh > 0) || !(dp >= 0) {
			t.Fatalf("at z = %v: %v after %v, %v after %v, slopes %v, %v", z, h, lastH, p, lastP, dh, dp)
		}
		lastH, lastP = h, p
	}
}

func BenchmarkLogEI(b *testing.B) {
	s := 0.0
	for i := range b.N {
		v, _, _ := LogEI(float64(i%64)/4, 1, 0)
		s += v
	}
	if math.IsNaN(s) {
		b.Fatal("NaN")
	}
}
