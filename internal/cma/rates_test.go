package cma

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// reference is testdata/pycma.json, written by testdata/pycma.py.
type reference struct {
	Tasks []struct {
		Function    string
		Population  int
		Runs        int
		Successes   int
		Median      float64
		Evaluations []int
	}
	Parameters []struct {
		N, Population      int
		Weights            []float64
		MuEff, C1, CMu, CC float64
	}
}

func readReference(t *testing.T) reference {
	t.Helper()
	var ref reference
	text, err := os.ReadFile("testdata/pycma.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &ref); err != nil {
		t.Fatal(err)
	}
	return ref
}

func near(a, b, tol float64) bool { return math.Abs(a-b) <= tol*(1+math.Abs(b)) }

// TestRates compares with the parameters of pycma.
func TestRates(t *testing.T) {
	for _, p := range readReference(t).Parameters {
		r := newRates(p.N, p.Population, true, false)
		if !near(r.muEff, p.MuEff, 1e-12) || !near(r.c1, p.C1, 1e-12) || !near(r.cMu, p.CMu, 1e-12) || !near(r.cc, p.CC, 1e-12) {
			t.Errorf("n=%d λ=%d: μeff, c1, cμ, cc are %v %v %v %v, want %v %v %v %v", p.N, p.Population,
				r.muEff, r.c1, r.cMu, r.cc, p.MuEff, p.C1, p.CMu, p.CC)
		}
		for i, w := range p.Weights {
			if !near(r.weights[i], w, 1e-12) {
				t.Errorf("n=%d λ=%d: weight %d is %v, want %v", p.N, p.Population, i, r.weights[i], w)
			}
		}
	}
}

// TestRatesSane: whatever the dimension and the population, the update of C
// is a mixture, and weights are ordered.
func TestRatesSane(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 100, 1000} {
		for _, lambda := range []int{2, 3, 4, 5, 10, 101, 5000} {
			for _, separable := range []bool{false, true} {
				r := newRates(n, lambda, true, separable)
				if r.c1+r.cMu > 1 || r.c1 <= 0 || r.cMu < 0 || r.cc <= 0 || r.cc > 1 || r.cSigma <= 0 || r.cSigma >= 1 || r.dSigma < 1 {
					t.Errorf("n=%d λ=%d separable=%v: %+v", n, lambda, separable, r)
				}
				pos, sum := 0.0, 0.0
				for i, w := range r.weights {
					if w != w || i > 0 && w > r.weights[i-1] || (i < r.mu) != (w > 0) {
						t.Fatalf("n=%d λ=%d: weights %v", n, lambda, r.weights)
					}
					pos += max(w, 0)
					sum += w
				}
				if !near(pos, 1, 1e-12) || !near(sum, r.sum, 1e-9) {
					t.Errorf("n=%d λ=%d: positive weights sum to %v, all to %v, not %v", n, lambda, pos, sum, r.sum)
				}
			}
		}
	}
}
