package gp

import "math"

// matern writes s²·M(r) to k and −2·∂(s²·M)/∂(r²) to slope, for the squared
// distances in k, which it overwrites. slope may be nil. With q = √5·r:
//
//	M = (1 + q + q²/3)·e^{−q},   −2·∂M/∂(r²) = (5/3)·(1 + q)·e^{−q}
//
// Nothing is divided by r, so both hold at r = 0. GPML eq. 4.17.
func matern(k, slope []float64, s2 float64) {
	if slope == nil {
		for i, r2 := range k {
			q2 := 5 * r2
			q := math.Sqrt(q2)
			e := s2 * expNeg(q)
			k[i] = (1+q)*e + q2*(1.0/3)*e
		}
		return
	}
	slope = slope[:len(k)]
	for i, r2 := range k {
		q2 := 5 * r2
		q := math.Sqrt(q2)
		e := s2 * expNeg(q)
		a := (1 + q) * e
		k[i] = a + q2*(1.0/3)*e
		slope[i] = 5.0 / 3 * a
	}
}

// Constants of expNeg: 256/ln 2, and ln 2/256 in two parts.
const (
	perLog2 = 256 / math.Ln2
	log2Hi  = 0.002707606172407395 // ln 2/256 without its lowest 22 bits, so that k·log2Hi is exact for k < 2²²
	log2Lo  = 1.6548911585192516e-12
	shifter = 3 << 51 // adding it rounds a float64 to a whole number in its low bits
)

// powers[i] is 2^(−i/256), in bits.
var powers = func() (t [256]uint64) {
	for i := range t {
		t[i] = math.Float64bits(math.Exp2(-float64(i) / 256))
	}
	return t
}()

// expNeg returns e^{−q} for q ≥ 0 to about an ulp, 0 from 708 on and NaN for NaN.
// It is math.Exp without the call and the cases that do not arise here: kernel
// rows are the larger part of a fit of a hundred points.
//
// P. T. P. Tang, "Table-driven implementation of the exponential function in IEEE
// floating-point arithmetic", 1989, https://doi.org/10.1145/63522.214389.
func expNeg(q float64) float64 {
	if !(q < 708) {
		if q != q {
			return q
		}
		return 0
	}
	f := q*perLog2 + shifter
	k := math.Float64bits(f) & (1<<20 - 1)
	f -= shifter
	r := f*log2Hi - q + f*log2Lo // −q + k·ln2/256, |r| ≤ ln2/512: the series leaves out 4e-17
	p := 1 + r*(1+r*(1.0/2+r*(1.0/6+r*(1.0/24))))
	return p * math.Float64frombits(powers[k&255]-k>>8<<52)
}
