package cma

import (
	"math"
	"testing"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ x, want float64 }{
		{0.5, 0.5}, {0.05, 0.05}, {0.95, 0.95}, {0.3, 0.3}, // identity
		{-0.05, 0}, {1.05, 1}, // turning points
		{0, 0.0125}, {1, 0.9875}, // a²/4a
		{-0.1, 0.0125}, {-0.15, 0.05}, {-0.4, 0.3}, // the way back
		{1.15, 0.95}, {1.6, 0.5}, {0.5 + 2.2, 0.5}, {0.3 - 22, 0.3},
	} {
		if got := Fold(c.x); math.Abs(got-c.want) > 1e-14 {
			t.Errorf("Fold(%v) = %v, want %v", c.x, got, c.want)
		}
	}
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -math.MaxFloat64} {
		if got := Fold(x); !(got >= 0 && got <= 1) {
			t.Errorf("Fold(%v) = %v", x, got)
		}
	}
}

// TestFoldSmooth: value and slope are continuous, also across the joints.
func TestFoldSmooth(t *testing.T) {
	const h = 1e-6
	slope := func(x float64) float64 { return (Fold(x+h) - Fold(x-h)) / (2 * h) }
	for x := -3.0; x < 3; x += 1e-3 {
		if step := math.Abs(slope(x+1e-3) - slope(x)); step > 1.1e-3/(2*foldEdge) {
			t.Fatalf("the slope jumps by %v at %v", step, x)
		}
	}
}

func TestUnfold(t *testing.T) {
	for u := 0.0; u <= 1; u += 1.0 / 512 {
		for near := -3.0; near < 3; near += 0.01 {
			x := Unfold(u, near)
			if math.Abs(Fold(x)-u) > 1e-14 {
				t.Fatalf("Fold(Unfold(%v, %v)) = %v", u, near, Fold(x))
			}
			// None of the neighbouring preimages is closer.
			for _, other := range []float64{x + 2.2, x - 2.2, -0.1 - x, 2.1 - x} {
				if math.Abs(Fold(other)-u) < 1e-12 && math.Abs(other-near) < math.Abs(x-near)-1e-12 {
					t.Fatalf("Unfold(%v, %v) = %v, but %v is closer", u, near, x, other)
				}
			}
		}
	}
	for _, near := range []float64{math.NaN(), math.Inf(1), 1e300} {
		if x := Unfold(0.25, near); math.Abs(Fold(x)-0.25) > 1e-12 {
			t.Errorf("Unfold(0.25, %v) = %v", near, x)
		}
	}
	for _, u := range []float64{-1, 2} {
		if x := Unfold(u, 0.5); Fold(x) != min(max(u, 0), 1) {
			t.Errorf("Unfold(%v, 0.5) = %v", u, x)
		}
	}
}
