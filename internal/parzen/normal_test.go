package parzen

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// near reports whether got is want to a relative error of 1e-10, or an absolute
// one of 1e-12 for values near zero.
func near(got, want float64) bool {
	return got == want || math.Abs(got-want) <= 1e-10*math.Abs(want)+1e-12
}

// The numbers are SciPy's and mpmath's: testdata/normal.py.
func TestNormalGolden(t *testing.T) {
	raw, err := os.ReadFile("testdata/normal.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden map[string][][]float64
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func(x []float64) float64{
		"log_cdf":       func(x []float64) float64 { return LogCDF(x[0]) },
		"log_mass":      func(x []float64) float64 { return LogMass(x[0], x[1]) },
		"inverse":       func(x []float64) float64 { return InvLogCDF(x[0]) },
		"scipy_log_pdf": func(x []float64) float64 { return LogPDF(x[0]) - LogMass(x[1], x[2]) },
		"scipy_quantile": func(x []float64) float64 {
			return Quantile(x[0], x[1], x[2])
		},
	} {
		if len(golden[name]) == 0 {
			t.Errorf("no golden numbers for %s", name)
		}
		for _, row := range golden[name] {
			args, want := row[:len(row)-1], row[len(row)-1]
			if got := f(args); !near(got, want) {
				t.Errorf("%s(%v) = %.17g, want %.17g", name, args, got, want)
			}
		}
	}
}

// Numbers of Optuna 5, from a run of it.
func TestNormalAsOptuna(t *testing.T) {
	for _, c := range []struct{ got, want float64 }{
		{InvLogCDF(math.Log(1e-300)), -37.047096299361},
		{InvLogCDF(math.Log(1e-10)), -6.361340902404},
		{InvLogCDF(math.Log(.5)), 0},
		{InvLogCDF(math.Log(.999999)), 4.753424308817},
		{LogMass(-40, -39), -765.0831565644},
		{LogMass(3, 4), -6.631467786538},
		{LogMass(-1, 1), -0.381715146302},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("got %.13g, want %.13g", c.got, c.want)
		}
	}
}

// The two ways to compute a mass meet where one takes over from the other, and
// masses of neighbouring intervals add up.
func TestLogMassIsContinuous(t *testing.T) {
	for m := -45.0; m <= 45; m += 0.37 {
		for _, h := range []float64{1e-9, 1e-4, 0.9 * narrow, 1.1 * narrow, 0.5, 3} {
			h /= max(1, math.Abs(m))
			whole := LogMass(m-h/2, m+h/2)
			parts := logAdd(LogMass(m-h/2, m), LogMass(m, m+h/2))
			// The two halves share a rounded end: allow for its last digit.
			if tol := 1e-10 + 4e-16*math.Abs(m)/h; math.Abs(whole-parts) > tol {
				t.Errorf("LogMass(%v ± %v) = %v, its halves give %v", m, h/2, whole, parts)
			}
		}
	}
}

func TestInverseOfLogCDF(t *testing.T) {
	for x := -60.0; x <= 8; x += 0.013 {
		if got := InvLogCDF(LogCDF(x)); math.Abs(got-x) > 1e-12*max(1, math.Abs(x))+1e-16*math.Exp(min(x*x/2, 700))*3 {
			t.Fatalf("InvLogCDF(LogCDF(%v)) = %v", x, got)
		}
	}
}

func TestQuantileStaysInside(t *testing.T) {
	for _, a := range []float64{-1e300, -1e6, -50, -3, 0, 2, 40, 1e5} {
		for _, w := range []float64{0, 1e-300, 1e-12, 1e-5, 0.3, 4, 1e8, 1e300} {
			last := math.Inf(-1)
			for _, p := range []float64{0, 1e-300, 1e-9, 0.25, 0.5, 0.75, 1 - 1e-9, 1} {
				x := Quantile(p, a, a+w)
				if !(x >= a && x <= a+w) {
					t.Errorf("Quantile(%v, %v, %v) = %v", p, a, a+w, x)
				}
				if x < last-1e-9*math.Abs(last) {
					t.Errorf("Quantile(%v, %v, %v) = %v, below that of a smaller p, %v", p, a, a+w, x, last)
				}
				last = x
			}
		}
	}
	if x := Quantile(math.NaN(), 0, 1); !math.IsNaN(x) {
		t.Errorf("Quantile(NaN) = %v", x)
	}
}

func TestNormalOddArguments(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct{ got, want float64 }{
		{LogCDF(inf), 0}, {LogCDF(-inf), -inf}, {LogMass(-inf, inf), 0}, {LogMass(1, 1), -inf}, {LogMass(-inf, 0), -ln2},
		{InvLogCDF(0), inf}, {InvLogCDF(-inf), -inf},
	} {
		if c.got != c.want {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	for i, v := range []float64{LogCDF(nan), LogMass(2, 1), InvLogCDF(0.1), InvLogCDF(nan)} {
		if !math.IsNaN(v) {
			t.Errorf("case %d: got %v, want NaN", i, v)
		}
	}
}
