package parzen

import (
	"math"
	"testing"
)

func TestExpNeg(t *testing.T) {
	for i := range 700_000 {
		x := -float64(i) / 1000 * (1 + 1e-7*float64(i%10))
		if x < -700 {
			continue
		}
		if got, want := expNeg(x), math.Exp(x); math.Abs(got-want) > 4e-16*want {
			t.Fatalf("expNeg(%v) = %v, want %v", x, got, want)
		}
	}
	if expNeg(0) != 1 {
		t.Errorf("expNeg(0) = %v", expNeg(0))
	}
}

func BenchmarkExpNeg(b *testing.B) {
	s, x := 0.0, 0.0
	for b.Loop() {
		s += expNeg(x)
		if x -= 0.37; x < -30 {
			x = 0
		}
	}
	if s < 0 {
		b.Fatal(s)
	}
}

func BenchmarkMathExp(b *testing.B) {
	s, x := 0.0, 0.0
	for b.Loop() {
		s += math.Exp(x)
		if x -= 0.37; x < -30 {
			x = 0
		}
	}
	if s < 0 {
		b.Fatal(s)
	}
}
