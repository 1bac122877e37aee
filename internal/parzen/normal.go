package parzen

import "math"

const (
	logSqrt2Pi = 0.918938533204672741780329736406 // ½ ln 2π
	ln2        = math.Ln2

	// narrow bounds (b−a)·max(1, |m|) for intervals around m whose mass is
	// computed by a series: there, the difference of two values of the
	// distribution function would lose digits.
	narrow = 0.1
)

// LogPDF returns the logarithm of the standard normal density at x.
func LogPDF(x float64) float64 { return -0.5*x*x - logSqrt2Pi }

// LogCDF returns ln Φ(x), where Φ is the standard normal distribution function.
// Both tails keep full relative precision.
func LogCDF(x float64) float64 {
	switch {
	case x > 0:
		return math.Log1p(-0.5 * math.Erfc(x/math.Sqrt2))
	case x > -36 || math.IsNaN(x):
		return math.Log(0.5 * math.Erfc(-x/math.Sqrt2))
	case math.IsInf(x, -1):
		return x
	}
	// Φ(x) = φ(x)/|x| · (1 − 1/x² + 3/x⁴ − 15/x⁶ + …), Abramowitz and Stegun,
	// 26.2.12. The first term left out is 105/x⁸ < 4e-11, and it is added to a
	// logarithm below −650.
	r := 1 / (x * x)
	return LogPDF(x) - math.Log(-x) + math.Log1p(r*(-1+r*(3-15*r)))
}

// LogMass returns ln(Φ(b) − Φ(a)): the logarithm of the standard normal mass of
// [a, b]. It is −Inf for a = b and NaN for a > b. Neither far tails nor narrow
// intervals lose precision.
func LogMass(a, b float64) float64 {
	switch {
	case a >= b:
		if a == b {
			return math.Inf(-1)
		}
		return math.NaN()
	case a > 0: // by symmetry, in the left tail
		a, b = -b, -a
	}
	if h, m := b-a, 0.5*a+0.5*b; h*max(1, -m) < narrow {
		return around(m, h)
	}
	if b > 0 {
		// One side each, so that nothing cancels.
		outside := 0.5 * (math.Erfc(-a/math.Sqrt2) + math.Erfc(b/math.Sqrt2))
		if outside < 0.5 {
			return math.Log1p(-outside)
		}
		return math.Log(0.5 * (math.Erf(b/math.Sqrt2) + math.Erf(-a/math.Sqrt2)))
	}
	if a > -36 {
		return math.Log(0.5 * (math.Erfc(-b/math.Sqrt2) - math.Erfc(-a/math.Sqrt2)))
	}
	low, high := LogCDF(a), LogCDF(b)
	return high + log1mexp(low-high)
}

// massAround returns the logarithm of the mass of the interval of width h around
// m. The interval may be narrower than the numbers at m are apart.
func massAround(m, h float64) float64 {
	if h*max(1, math.Abs(m)) < narrow {
		return around(m, h)
	}
	return LogMass(m-0.5*h, m+0.5*h)
}

func around(m, h float64) float64 {
	return LogPDF(m) + math.Log(h) + math.Log1p(bulge(m*m, h*h))
}

// bulge returns what the mean density over an interval of width h around m exceeds
// the density at m by, relatively; m2 is m² and h2 is h². It is Taylor's series,
// Σ He₂ₖ(m)·h²ᵏ/(4ᵏ(2k+1)!), with Hermite's polynomials, to k = 3.
func bulge(m2, h2 float64) float64 {
	q := h2 / 24
	he2 := m2 - 1
	he4 := m2*(m2-6) + 3
	he6 := m2*(m2*(m2-15)+45) - 15
	return q * (he2 + q*(0.3*he4+q*(3.0/70)*he6))
}

// log1mexp returns ln(1 − eˣ) for x ≤ 0.
//
// Mächler, "Accurately Computing log(1 − exp(−|a|))", 2012.
func log1mexp(x float64) float64 {
	if x > -ln2 {
		return math.Log(-math.Expm1(x))
	}
	return math.Log1p(-math.Exp(x))
}

// InvLogCDF returns the x with ln Φ(x) = y, for y ≤ 0: −Inf for −Inf and +Inf for
// 0.
func InvLogCDF(y float64) float64 {
	switch {
	case y > 0 || math.IsNaN(y):
		return math.NaN()
	case y == 0:
		return math.Inf(1)
	case math.IsInf(y, -1):
		return y
	case y > -ln2:
		return -InvLogCDF(log1mexp(y))
	}
	var x float64
	if y > -3 {
		x = math.Sqrt2 * math.Erfinv(2*math.Exp(y)-1)
	} else {
		// From Φ(x) ≈ φ(x)/|x|, twice over.
		s := -2 * (y + logSqrt2Pi)
		x = -math.Sqrt(max(s-math.Log(max(s, 1)), 0.1))
	}
	// Halley's iteration on f(x) = ln Φ(x) − y: with g = f′ = φ/Φ,
	// f″ = −g·(x + g).
	for range 20 {
		log := LogCDF(x)
		g := math.Exp(LogPDF(x) - log)
		step := (log - y) / g
		step /= 1 + 0.5*step*(x+g)
		x -= step
		if math.Abs(step) <= 1e-15*math.Abs(x)+1e-300 || math.Abs(step) < 1e-9*math.Abs(x) && math.Abs(log-y) < 1e-15*math.Abs(y) {
			break
		}
	}
	return x
}

// Quantile returns the point of [a, b] below which the standard normal
// distribution, truncated to [a, b], has the mass p in [0, 1].
func Quantile(p, a, b float64) float64 {
	switch {
	case math.IsNaN(p) || a > b:
		return math.NaN()
	case p <= 0 || a == b:
		return a
	case p >= 1:
		return b
	}
	if a+b > 0 { // by symmetry, where the lower tail is the heavy one
		return -Quantile(1-p, -b, -a)
	}
	m, h := 0.5*a+0.5*b, b-a
	var x float64
	if h*max(1, -m) < 1e-4 {
		// There, the density is that of an exponential distribution to 1e-9.
		if t := m * h; math.Abs(t) < 1e-12 {
			x = a + p*h
		} else {
			x = a - math.Log1p(p*math.Expm1(-t))/m
		}
	} else {
		x = InvLogCDF(logAdd(LogCDF(a), math.Log(p)+LogMass(a, b)))
	}
	return min(max(x, a), b)
}

// logAdd returns ln(eˣ + eʸ).
func logAdd(x, y float64) float64 {
	if x < y {
		x, y = y, x
	}
	if math.IsInf(x, -1) {
		return x
	}
	return x + math.Log1p(math.Exp(y-x))
}
