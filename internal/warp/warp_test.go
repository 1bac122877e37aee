package warp

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

type golds struct {
	Y, Half, Standard []float64
	Lam, LogLik       float64
	At                map[string][]float64
}

// loadGolds reads SciPy's numbers (testdata/make.py).
func loadGolds(t *testing.T) []golds {
	t.Helper()
	data, err := os.ReadFile("testdata/warps.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []golds
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 8 {
		t.Fatalf("only %d cases", len(cases))
	}
	return cases
}

func compare(t *testing.T, what string, got, want []float64, tol float64) {
	t.Helper()
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tol*max(1, math.Abs(want[i]))) {
			t.Errorf("%s[%d] = %.15g, want %.15g", what, i, got[i], want[i])
			return
		}
	}
}

func TestStepsAgainstSciPy(t *testing.T) {
	for n, c := range loadGolds(t) {
		what := "case " + strconv.Itoa(n)
		got := make([]float64, len(c.Y))
		HalfRank(got, c.Y)
		compare(t, what+": half-rank", got, c.Half, 1e-12)
		Standardize(got, c.Y)
		compare(t, what+": standardised", got, c.Standard, 1e-12)
		for lambda, want := range c.At {
			l, err := strconv.ParseFloat(lambda, 64)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range c.Standard {
				got[i] = YeoJohnson(v, l)
			}
			compare(t, what+": Yeo-Johnson "+lambda, got, want, 1e-12)
		}
		want := min(maxLambda, max(minLambda, c.Lam))
		if l := FitYeoJohnson(c.Standard); math.Abs(l-want) > 1e-3 {
			t.Errorf("%s: exponent %v, want %v", what, l, want)
		}
	}
}

// Output keeps the order, is finite, standard, and does not depend on unit or
// origin of the objective nor on the order of the trials.
func TestOutput(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		y, z, w := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range y {
			y[i] = math.Exp(4*rng.NormFloat64()) + float64(rng.IntN(2))
		}
		Output(z, y)
		sum, sq := 0.0, 0.0
		for i := range z {
			sum += z[i]
			sq += z[i] * z[i]
			for j := range z {
				if y[i] < y[j] && z[i] > z[j] {
					t.Fatalf("n %d: %v < %v became %v, %v", n, y[i], y[j], z[i], z[j])
				}
			}
		}
		if n > 1 && (math.Abs(sum) > 1e-6*float64(n) || math.Abs(sq/float64(n)-1) > 1e-6) {
			t.Errorf("n %d: mean %v, mean square %v", n, sum/float64(n), sq/float64(n))
		}
		shifted := make([]float64, n)
		for i := range y {
			shifted[i] = 1024*y[n-1-i] - 64
		}
		Output(w, shifted)
		slices.Reverse(w)
		compare(t, "shifted, scaled and reversed", w, z, 1e-6)
	}
}

// The unit of the objective does not matter, however small it is, nor how bad the
// worst value is.
func TestUnits(t *testing.T) {
	y := []float64{3, 1, 4, 1.5, 9, 2.5, 6, 5, 3.5, 8}
	for name, apply := range map[string]func(dst, y []float64){
		"Output":      Output,
		"Standardize": func(dst, y []float64) { Standardize(dst, y) },
	} {
		want := make([]float64, len(y))
		apply(want, y)
		got, z := make([]float64, len(y)), make([]float64, len(y))
		for _, unit := range []float64{1e-100, 1e-139, 1e-145, 1e-160, 1e-200, 1e-300, 1e-307} {
			for i := range y {
				z[i] = y[i] * unit
			}
			apply(got, z)
			compare(t, name+" in units of "+strconv.FormatFloat(unit, 'g', -1, 64), got, want, 1e-6)
		}
	}
	// Nor does the origin, as long as values differ by more than rounding.
	want, got := make([]float64, len(y)), make([]float64, len(y))
	Standardize(want, y)
	for i := range y {
		got[i] = 1e6 + y[i]*0x1p-30
	}
	Standardize(got, got)
	compare(t, "far away", got, want, 1e-3)
	for i := range y {
		got[i] = 1e6 + float64(i%2)*0x1p-31
	}
	if _, sd := Standardize(got, got); sd != 0 || got[1] != 0 {
		t.Errorf("rounding became %v, standard deviation %v", got, sd)
	}

	bad := append([]float64{20}, y...)
	want, got = make([]float64, len(bad)), make([]float64, len(bad))
	Output(want, bad)
	for _, v := range []float64{1e30, 1e99, 1e140, 1e200, 1e300, 1.7e308} {
		bad[0] = v
		Output(got, bad)
		compare(t, "with "+strconv.FormatFloat(v, 'g', -1, 64), got, want, 1e-6)
	}
}

func TestDegenerate(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	cases := map[string][]float64{
		"empty":            {},
		"one":              {3},
		"constant":         {2, 2, 2, 2},
		"large constant":   {1e300, 1e300, 1e300},
		"only NaN":         {nan, nan},
		"only infinite":    {inf, -inf, inf},
		"infinite":         {1, 2, inf, -inf, nan, 3},
		"outlier above":    {1, 2, 3, 4, 1e308, 5},
		"outlier below":    {1, 2, 3, 4, -1e308, 5},
		"both extremes":    {-math.MaxFloat64, math.MaxFloat64, 0},
		"subnormal":        {5e-324, 1e-323, 0, 1.5e-323},
		"mostly the best":  {0, 0, 0, 0, 0, 7, 9},
		"two values":       {0, 1, 0, 1},
		"far from nothing": {1e15, 1e15 + 1, 1e15 + 2, 1e15 + 3},
	}
	for name, y := range cases {
		z := make([]float64, len(y))
		Output(z, y)
		for i, v := range z {
			if math.IsNaN(v) || math.Abs(v) > winsor {
				t.Errorf("%s: %v became %v", name, y[i], v)
			}
			for j := range z {
				if y[i] < y[j] && z[i] > z[j] {
					t.Errorf("%s: %v and %v became %v and %v", name, y[i], y[j], z[i], z[j])
				}
			}
		}
	}
	z := make([]float64, 6)
	Output(z, cases["infinite"])
	if !(z[3] < z[0] && z[0] < z[1] && z[1] < z[5] && z[5] < z[2] && z[2] == z[4]) {
		t.Errorf("−Inf, 1, 2, 3, +Inf and NaN became %v, %v, %v, %v, %v, %v", z[3], z[0], z[1], z[5], z[2], z[4])
	}
}

func FuzzOutput(f *testing.F) {
	f.Add(1.0, 2.0, math.Inf(1), -5.0, 1e300)
	f.Add(math.NaN(), 0.0, 0.0, 1e-320, -1e308)
	f.Fuzz(func(t *testing.T, a, b, c, d, e float64) {
		y := []float64{a, b, c, d, e, a + b, c, e / 2}
		z := make([]float64, len(y))
		Output(z, y)
		for i, v := range z {
			if math.IsNaN(v) || math.Abs(v) > winsor {
				t.Errorf("%v became %v (of %v)", y[i], v, y)
			}
			for j := range z {
				if y[i] < y[j] && z[i] > z[j] {
					t.Errorf("%v and %v became %v and %v", y[i], y[j], z[i], z[j])
				}
			}
		}
	})
}

func BenchmarkOutput100(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	y, z := make([]float64, 100), make([]float64, 100)
	for i := range y {
		y[i] = math.Exp(rng.NormFloat64())
	}
	for b.Loop() {
		Output(z, y)
	}
}
