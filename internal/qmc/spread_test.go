package qmc

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// squaredL2Star is Warnock's formula for the square of the L2 star discrepancy.
func squaredL2Star(points [][]float64) float64 {
	n, d := float64(len(points)), len(points[0])
	var single, double float64
	for _, x := range points {
		p := 1.0
		for _, u := range x {
			p *= 1 - u*u
		}
		single += p
		for _, y := range points {
			p := 1.0
			for j := range d {
				p *= 1 - max(x[j], y[j])
			}
			double += p
		}
	}
	return math.Pow(3, -float64(d)) - math.Pow(2, 1-float64(d))*single/n + double/(n*n)
}

// gfunction is that of Saltelli and Sobol' (1995) with a_j = j; its integral is 1.
func gfunction(x []float64) float64 {
	p := 1.0
	for j, u := range x {
		a := float64(j + 1)
		p *= (math.Abs(4*u-2) + a) / (1 + a)
	}
	return p
}

// oscillatory is family 1 of Genz (1984) with w = 0.3, c_j = 9/d.
func oscillatory(x []float64) float64 {
	var sum float64
	for _, u := range x {
		sum += u
	}
	return math.Cos(2*math.Pi*0.3 + 9/float64(len(x))*sum)
}

func oscillatoryIntegral(d int) float64 {
	ic := complex(0, 9/float64(d))
	factor := (cmplx.Exp(ic) - 1) / ic
	return real(cmplx.Exp(complex(0, 2*math.Pi*0.3)) * cmplx.Pow(factor, complex(float64(d), 0)))
}

func meanError(points [][]float64, f func([]float64) float64, integral float64) float64 {
	var sum float64
	for _, x := range points {
		sum += f(x)
	}
	e := sum/float64(len(points)) - integral
	return e * e
}

func meanStd(v []float64) (mean, std float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	for _, x := range v {
		std += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(std / float64(len(v)-1))
}

// Discrepancy and integration error of the first 2^k points are those of SciPy's
// scrambled engines: the means over seeds differ by less than four and a half
// standard errors. Seeds are fixed; were they drawn afresh, one of the 54
// comparisons would fail by chance in about 1 of 2,000 runs (more for the
// heavy-tailed squared errors).
func TestSpreadEqualsSciPy(t *testing.T) {
	var rows []struct {
		Engine                              string
		D, N, Seeds                         int
		Discrepancy, Gfunction, Oscillatory [2]float64 // mean, standard deviation
	}
	readJSON(t, "spread.json", &rows)
	seeds := 150
	if testing.Short() {
		seeds = 50
	}
	for _, row := range rows {
		sample := OwenSobolPoint
		if row.Engine == "Halton" {
			sample = ScrambledHaltonPoint
		}
		stats := make([][]float64, 3)
		points := make([][]float64, row.N)
		for seed := range seeds {
			for i := range points {
				points[i] = make([]float64, row.D)
				sample(points[i], uint64(i), uint64(seed))
			}
			stats[0] = append(stats[0], squaredL2Star(points))
			stats[1] = append(stats[1], meanError(points, gfunction, 1))
			stats[2] = append(stats[2], meanError(points, oscillatory, oscillatoryIntegral(row.D)))
		}
		for i, want := range [][2]float64{row.Discrepancy, row.Gfunction, row.Oscillatory} {
			name := []string{"squared L2 star discrepancy", "g-function error", "oscillatory error"}[i]
			mean, std := meanStd(stats[i])
			z := (mean - want[0]) / math.Hypot(std/math.Sqrt(float64(seeds)), want[1]/math.Sqrt(float64(row.Seeds)))
			t.Logf("%s d=%d n=%d %s: %.3g, SciPy %.3g, z=%.1f", row.Engine, row.D, row.N, name, mean, want[0], z)
			if math.Abs(z) > 4.5 {
				t.Errorf("%s d=%d n=%d %s: mean %v, SciPy's %v, z=%.1f", row.Engine, row.D, row.N, name, mean, want[0], z)
			}
		}
	}
}

// The comparison above would notice points that are merely random.
func TestSpreadBeatsRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, sample := range map[string]func([]float64, uint64, uint64){"Sobol": OwenSobolPoint, "Halton": ScrambledHaltonPoint} {
		var qmc, random float64
		for seed := range uint64(20) {
			a, b := make([][]float64, 256), make([][]float64, 256)
			for i := range a {
				a[i], b[i] = make([]float64, 5), make([]float64, 5)
				sample(a[i], uint64(i), seed)
				for j := range b[i] {
					b[i][j] = rng.Float64()
				}
			}
			qmc += squaredL2Star(a)
			random += squaredL2Star(b)
		}
		t.Logf("%s d=5 n=256: squared discrepancy %.3g, of random points %.3g", name, qmc/20, random/20)
		if qmc > random/3 {
			t.Errorf("%s: squared discrepancy %v, of random points %v", name, qmc/20, random/20)
		}
	}
}
