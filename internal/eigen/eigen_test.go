package eigen

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// TestSymmetric compares with LAPACK's algorithm in gonum, and checks that the
// vectors are orthonormal and rebuild the matrix.
func TestSymmetric(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 5, 10, 40, 101} {
		for _, kind := range []string{"dense", "graded", "identity", "zero", "low rank", "diagonal", "tiny"} {
			a := make([]float64, n*n)
			scale := func(i int) float64 { return 1 }
			rank := n
			switch kind {
			case "graded":
				scale = func(i int) float64 { return math.Pow(10, -6*float64(i)/float64(n)) }
			case "low rank":
				rank = (n + 1) / 2
			case "tiny":
				scale = func(int) float64 { return 1e-100 }
			}
			switch kind {
			case "identity", "diagonal":
				for i := range n {
					a[i*n+i] = 1
					if kind == "diagonal" {
						a[i*n+i] = rng.NormFloat64()
					}
				}
			case "zero":
			default:
				for range rank {
					u := make([]float64, n)
					for i := range u {
						u[i] = rng.NormFloat64() * scale(i)
					}
					for i := range n {
						for j := range n {
							a[i*n+j] += u[i] * u[j]
						}
					}
				}
			}
			values, v := make([]float64, n), make([]float64, n*n)
			kept := slices.Clone(a)
			if !Symmetric(a, n, values, v, make([]float64, n)) {
				t.Fatalf("%s %d: no convergence", kind, n)
			}
			if !slices.Equal(a, kept) {
				t.Fatalf("%s %d: the matrix was changed", kind, n)
			}
			norm := 0.0
			for _, x := range a {
				norm = math.Max(norm, math.Abs(x))
			}
			tol := 1e-13 * norm * float64(n)
			var ref mat.EigenSym
			if norm == 0 {
				norm = 1
			}
			unit := slices.Clone(a) // the reference does not scale
			floats.Scale(1/norm, unit)
			if !ref.Factorize(mat.NewSymDense(n, unit), false) {
				t.Fatal("reference failed")
			}
			want, got := ref.Values(nil), slices.Clone(values)
			floats.Scale(norm, want)
			slices.Sort(got)
			for i := range n {
				if math.Abs(got[i]-want[i]) > tol {
					t.Errorf("%s %d: eigenvalue %d is %v, want %v", kind, n, i, got[i], want[i])
				}
			}
			for i := range n {
				for j := range n {
					dot, sum := 0.0, 0.0
					for k := range n {
						dot += v[i*n+k] * v[j*n+k]
						sum += v[k*n+i] * values[k] * v[k*n+j]
					}
					if i == j {
						dot--
					}
					if math.Abs(dot) > 1e-13*float64(n) {
						t.Fatalf("%s %d: rows %d and %d: off by %g from orthonormal", kind, n, i, j, dot)
					}
					if math.Abs(sum-a[i*n+j]) > tol {
						t.Fatalf("%s %d: element %d,%d rebuilt as %v, want %v", kind, n, i, j, sum, a[i*n+j])
					}
				}
			}
		}
	}
}

func TestSymmetricRefusesNaN(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		a := []float64{1, 0, 0, 0, 1, 0, bad, 0, 1}
		if Symmetric(a, 3, make([]float64, 3), make([]float64, 9), make([]float64, 3)) {
			t.Errorf("a matrix with %v was decomposed", bad)
		}
	}
}

func BenchmarkEigen(b *testing.B) {
	for _, n := range []int{10, 40, 200} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			a := make([]float64, n*n)
			for i := range n {
				for j := range i + 1 {
					x := rng.NormFloat64()
					a[i*n+j], a[j*n+i] = x, x
				}
				a[i*n+i] += float64(n)
			}
			values, v, w := make([]float64, n), make([]float64, n*n), make([]float64, n)
			for b.Loop() {
				Symmetric(a, n, values, v, w)
			}
		})
	}
}
