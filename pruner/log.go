package pruner

import (
	"math"
	"math/big"
)

// roundedLog returns the float64 nearest to ln x, x ≥ 1 and finite. math.Log is
// off by one place for some x, and differs between architectures; the number of
// Hyperband's brackets must be the same for all workers, Python's included.
func roundedLog(x float64) float64 {
	m, e := math.Frexp(x) // ½ ≤ m < 1
	sum := new(big.Float).SetPrec(logPrec).SetInt64(int64(e))
	sum.Mul(sum, atanh2(1, 3)) // ln 2 = 2 artanh ⅓
	t := new(big.Float).SetPrec(logPrec).SetFloat64(m)
	one := big.NewFloat(1).SetPrec(logPrec)
	num := new(big.Float).Sub(t, one)
	num.Quo(num, t.Add(t, one))
	out, _ := sum.Add(sum, atanh2Series(num)).Float64() // ln m = 2 artanh((m−1)/(m+1))
	return out
}

// logPrec is the precision of the sums in bits.
const logPrec = 160

// atanh2 returns 2 artanh(a/b).
func atanh2(a, b int64) *big.Float {
	z := new(big.Float).SetPrec(logPrec).SetInt64(a)
	return atanh2Series(z.Quo(z, new(big.Float).SetInt64(b)))
}

// atanh2Series returns 2 artanh z = 2(z + z³/3 + z⁵/5 + …), |z| ≤ ⅓.
func atanh2Series(z *big.Float) *big.Float {
	sum := new(big.Float).SetPrec(logPrec)
	square := new(big.Float).Mul(z, z)
	power := new(big.Float).Set(z)
	for k := int64(1); k < 120; k += 2 { // 3^-120 < 2^-160
		term := new(big.Float).Quo(power, new(big.Float).SetInt64(k))
		sum.Add(sum, term)
		power.Mul(power, square)
	}
	return sum.Add(sum, sum)
}
