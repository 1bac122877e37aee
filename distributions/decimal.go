package distributions

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// A grid such as 0, 0.1, 0.2, … is meant in decimals, and in binary its values are
// only nearly multiples of the step: 3·0.1 is 0.30000000000000004. The functions
// of this file compute with the decimals that the shortest printed forms show.

// steps returns (v − low)/step, computed without overflow.
func steps(low, v, step float64) float64 {
	if w := v - low; w-w == 0 { // finite
		return w / step
	}
	return (v/2 - low/2) / (step / 2)
}

// maxDecimals is the number of decimals up to which a power of ten is a float64.
const maxDecimals = 22

var pow10 = [maxDecimals + 1]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// maxDigits bounds the numerators of decimals. Up to it, that is up to 15 digits,
// no two decimals read as the same float64.
const maxDigits = 1e15

// scaled returns the whole number m for which the decimal m/10ᵈ reads as x. ok is
// false if there is none below maxDigits.
func scaled(x float64, d int) (m float64, ok bool) {
	m = math.RoundToEven(x * pow10[d])
	// The quotient of two exact float64s is correctly rounded, as reading is.
	return m, math.Abs(m) < maxDigits && m/pow10[d] == x
}

// decimalAt returns low + k·step in decimals, rounded once. ok is false if the
// three have too many digits for that; k is a whole number.
func decimalAt(low, step, k float64) (v float64, ok bool) {
	for d := 0; d <= maxDecimals; d++ {
		s, ok := scaled(step, d)
		if !ok {
			continue
		}
		l, ok := scaled(low, d)
		if !ok {
			continue
		}
		p := k * s
		return (l + p) / pow10[d], math.Abs(p) <= maxExact && math.Abs(l+p) <= maxExact // both exact
	}
	return 0, false
}

// lastOnGrid returns the largest low + k·step that is at most high, in exact
// decimal arithmetic on the shortest printed forms. A high that is the float64
// nearest to a value of the grid stays, so that the result, taken for high, comes
// out again; Optuna lowers such a high by another step when bounds have more than
// 15 digits. What is not finite, not in order or not positive gives high.
func lastOnGrid(low, high, step float64) float64 {
	if !finite(low) || !finite(high) || !finite(step) || !(step > 0) || !(low < high) {
		return high
	}
	for d := 0; d <= maxDecimals; d++ { // the usual case, without big numbers
		s, ok1 := scaled(step, d)
		l, ok2 := scaled(low, d)
		h, ok3 := scaled(high, d)
		if ok1 && ok2 && ok3 {
			return (h - math.Mod(h-l, s)) / pow10[d]
		}
	}
	l, le := digits(low)
	h, he := digits(high)
	s, se := digits(step)
	e := min(le, he, se)
	shift(l, le-e)
	shift(h, he-e)
	shift(s, se-e)
	over := new(big.Int).Sub(h, l)
	over.Rem(over, s)
	below := h.Sub(h, over)
	if above := new(big.Int).Add(below, s); decimal(above, e) == high {
		return high
	}
	return decimal(below, e)
}

// decimal returns the float64 nearest to m·10ᵉ.
func decimal(m *big.Int, e int) float64 {
	v, _ := strconv.ParseFloat(m.String()+"e"+strconv.Itoa(e), 64) // an infinity when too large
	return v
}

// digits returns m and e with x = m·10ᵉ, m holding the digits of x's shortest form.
func digits(x float64) (m *big.Int, e int) {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', -1, 64), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	m, _ = new(big.Int).SetString(whole+fraction, 10)
	e, _ = strconv.Atoi(exponent)
	return m, e - len(fraction)
}

// shift multiplies m by 10ⁿ, n ≥ 0.
func shift(m *big.Int, n int) {
	m.Mul(m, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
}
