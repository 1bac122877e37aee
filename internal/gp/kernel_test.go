package gp

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestExpNeg(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 500000 {
		q := 708 * rng.Float64()
		if i%2 == 0 {
			q = math.Exp(20*rng.Float64() - 14)
		}
		if q >= 708 {
			continue
		}
		if got, want := expNeg(q), math.Exp(-q); math.Abs(got-want) > 6e-16*want {
			t.Fatalf("expNeg(%v) = %v, want %v", q, got, want)
		}
	}
	if expNeg(0) != 1 || expNeg(708) != 0 || expNeg(math.Inf(1)) != 0 || !math.IsNaN(expNeg(math.NaN())) {
		t.Error("expNeg at 0, 708, +Inf and NaN:", expNeg(0), expNeg(708), expNeg(math.Inf(1)), expNeg(math.NaN()))
	}
}

// The kernels, unrolled, in blocks and in assembly, agree with plain loops for every
// length.
func TestFactorAgainstPlainLoops(t *testing.T) {
	defer func(was bool) { assembly = was }(assembly)
	for _, assembly = range []bool{false, true} {
		for n := range 19 {
			testFactor(t, n)
		}
		for _, n := range []int{31, 32, 33, 36, 63, 64, 65, 98, 131} {
			testFactor(t, n)
		}
	}
}

func testFactor(t *testing.T, n int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, uint64(n)))
	a := make([][]float64, n) // a random positive definite matrix, and its plain factor
	b := make([][]float64, n)
	for i := range n {
		b[i] = make([]float64, n)
		for j := range n {
			b[i][j] = rng.NormFloat64()
		}
	}
	for i := range n {
		a[i] = make([]float64, n)
		for j := range n {
			for k := range n {
				a[i][j] += b[i][k] * b[j][k]
			}
		}
		a[i][i]++
	}
	var f factor
	f.reset(n)
	for i := range n {
		if !f.append(a[i][:i+1], 0) {
			t.Fatalf("n %d: row %d has no pivot", n, i)
		}
	}
	for i := range n {
		for j := range i + 1 {
			s := 0.0
			for k := range j + 1 {
				s += f.row(i)[k] * f.row(j)[k]
			}
			if !near(s, a[i][j], 1e-12) {
				t.Errorf("n %d: (L·Lᵀ)[%d][%d] = %v, want %v", n, i, j, s, a[i][j])
			}
		}
	}
	x, y := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	for i := range n {
		y[i] = 0
		for j := range n {
			y[i] += a[i][j] * x[j]
		}
	}
	f.solve(y)
	f.solveTransposed(y)
	for i := range x {
		if !near(y[i], x[i], 1e-9) {
			t.Errorf("n %d: solution[%d] = %v, want %v", n, i, y[i], x[i])
		}
	}
	inv := make([]float64, n*(n+1)/2)
	f.inverse(inv, make([]float64, n*n))
	for i := range n {
		for j := range n {
			s, want := 0.0, 0.0
			for k := range n {
				lo, hi := min(j, k), max(j, k)
				s += a[i][k] * inv[hi*(hi+1)/2+lo]
			}
			if i == j {
				want = 1
			}
			if !near(s, want, 1e-9) {
				t.Errorf("n %d: (A·A⁻¹)[%d][%d] = %v", n, i, j, s)
			}
		}
	}
	if n > 0 && f.append(append(append([]float64(nil), a[0]...), a[0][0]), 1e-9) {
		t.Errorf("n %d: a repeated row was given a pivot", n)
	}
	if f.n != n {
		t.Errorf("n %d: %d rows after a failed append", n, f.n)
	}
}

func BenchmarkLogPosterior(b *testing.B) {
	for _, n := range []int{25, 100, 300} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			m, y := randomModel(b, rng, n, make([]Kind, 10), 0)
			p, g := flat(10, 0), make([]float64, 12)
			var f Fitter
			for b.Loop() {
				f.LogPosterior(m.data, y, m.theta, p, g)
			}
		})
	}
}

func BenchmarkPredict(b *testing.B) {
	for _, n := range []int{25, 100, 300, 1000} {
		rng := rand.New(rand.NewPCG(1, 2))
		m, _ := randomModel(b, rng, n, make([]Kind, 10), 0)
		x, g := randomPoint(rng, m.data.kinds), make([]float64, 10)
		var s Scratch
		b.Run("value"+strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				m.Predict(&s, x)
			}
		})
		b.Run("gradient"+strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				m.Predict(&s, x)
				m.Gradient(&s, g, x, 1, 1)
			}
		})
	}
}
