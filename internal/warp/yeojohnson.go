package warp

import "math"

// The exponents that FitYeoJohnson considers.
const (
	minLambda = -2
	maxLambda = 4
)

// YeoJohnson returns the power transform of v with exponent lambda: a smooth,
// increasing function with value 0 and slope 1 at 0; lambda = 1 is the identity, a
// smaller one draws in large values, a larger one very negative values.
//
// I.-K. Yeo, R. A. Johnson, "A new family of power transformations to improve
// normality or symmetry", Biometrika 87(4), 2000, eq. 2.1,
// https://doi.org/10.1093/biomet/87.4.954.
func YeoJohnson(v, lambda float64) float64 {
	if v >= 0 {
		return power(math.Log1p(v), lambda)
	}
	return -power(math.Log1p(-v), 2-lambda)
}

// power returns (e^{pl} − 1)/p, which is l when p is 0.
func power(l, p float64) float64 {
	if math.Abs(p) < 1e-12 {
		return l
	}
	return math.Expm1(p*l) / p
}

// FitYeoJohnson returns the exponent in [−2, 4] under which the transformed values
// are likeliest to be a normal sample (Yeo & Johnson, eq. 3.1), to about 1e-4. The
// values should be standardised. Fewer than three distinct values, or values
// that are not finite, give 1, the identity.
func FitYeoJohnson(y []float64) float64 {
	// For each value: ln(1+|v|), with the sign of v. Then each likelihood costs one
	// exponential a value.
	logs := make([]float64, len(y))
	slope := 0.0
	distinct, a, b := 0, 0.0, 0.0
	for i, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 1
		}
		switch {
		case distinct == 0:
			a, distinct = v, 1
		case distinct == 1 && v != a:
			b, distinct = v, 2
		case distinct == 2 && v != a && v != b:
			distinct = 3
		}
		logs[i] = math.Copysign(math.Log1p(math.Abs(v)), v)
		slope += logs[i]
	}
	if distinct < 3 {
		return 1
	}
	z := make([]float64, len(y))
	n := float64(len(y))
	loss := func(lambda float64) float64 {
		mean, variance := 0.0, 0.0
		for i, l := range logs {
			if l >= 0 {
				z[i] = power(l, lambda)
			} else {
				z[i] = -power(-l, 2-lambda)
			}
			mean += z[i] / n
		}
		for _, v := range z {
			variance += (v - mean) * (v - mean) / n
		}
		return n/2*math.Log(variance) - (lambda-1)*slope
	}
	const step = 0.5
	best, at := math.Inf(1), 1.0
	for lambda := float64(minLambda); lambda <= maxLambda; lambda += step {
		if f := loss(lambda); f < best {
			best, at = f, lambda
		}
	}
	return golden(loss, max(minLambda, at-step), min(maxLambda, at+step), 1e-4)
}

// golden returns the minimum of f in [lo, hi] to within tol by golden sections
// (J. Kiefer, 1953, https://doi.org/10.2307/2032161).
func golden(f func(float64) float64, lo, hi, tol float64) float64 {
	const ratio = 0.6180339887498949
	x1, x2 := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	f1, f2 := f(x1), f(x2)
	for hi-lo > tol {
		if f1 <= f2 {
			hi, x2, f2 = x2, x1, f1
			x1 = hi - ratio*(hi-lo)
			f1 = f(x1)
		} else {
			lo, x1, f1 = x1, x2, f2
			x2 = lo + ratio*(hi-lo)
			f2 = f(x2)
		}
	}
	return (lo + hi) / 2
}
