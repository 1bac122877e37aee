package gp

import "math"

// Bend maps a coordinate x to u = ln(1 + x·(eᵃ − 1))/a, which leaves 0 and 1 where they
// are, and returns the derivatives of u by x and by a ≥ 0. With a = 0 it is x itself. If
// x is the place of a number in a positive range, and a the logarithm of the ratio of the
// range's ends, it is the place on a logarithmic scale. Below 0 it is x.
func Bend(x, a float64) (u, dx, da float64) {
	switch {
	case x < 0:
		return x, 1, 0
	case a < 1e-3: // u·a is what generates the cumulants of a coin that shows 1 with probability x
		q, skew := x*(1-x), 1-2*x
		return x + a*q*(0.5+skew*a/6), 1 + a*skew/2, q * (0.5 + skew*a/3)
	}
	e := math.Expm1(a)
	in := 1 + x*e
	u = math.Log(in) / a
	return u, e / (a * in), (x*(e+1)/in - u) / a
}

// Straighten returns the x that [Bend] maps to u.
func Straighten(u, a float64) float64 {
	if u < 0 || a == 0 {
		return u
	}
	return math.Expm1(a*u) / math.Expm1(a)
}
