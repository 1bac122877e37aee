package qmc

import "math/bits"

// Sobol returns coordinate dim of point index of Sobol's sequence, in [0, 1).
// Points come in Gray code order, as in SciPy and in Joe and Kuo's program:
// (0, 0, …), (½, ½, …), (¾, ¼, …). The sequence has period 2^32.
//
// Dimensions from [Dimensions] on repeat the earlier ones with the points in
// another order, which still keeps every aligned block of 2^k points together.
func Sobol(index uint64, dim int) float64 {
	return float64(sobol(index, dim)) * 0x1p-32
}

// OwenSobol returns coordinate dim of point index of Sobol's sequence under
// Owen's nested uniform scrambling, in the open interval (0, 1). Seeds and
// dimensions are scrambled independently of one another. Every coordinate is
// uniform, and the first 2^k points remain a digital net: as evenly spread as
// the plain ones, without their alignment.
//
// The permutation tree of Owen (1995) is not stored: one hash in which a bit
// depends only on the bits above it serves as all its permutations. Laine and
// Karras, "Stratified sampling for stochastic transparency", Comput. Graph.
// Forum 30 (2011); Burley, "Practical hash-based Owen scrambling", J. Comput.
// Graph. Tech. 9(4) (2020), section 3.
func OwenSobol(index uint64, dim int, seed uint64) float64 {
	x := scramble(sobol(index, dim), uint32(Hash(seed, uint64(dim))))
	return (float64(x) + 0.5) * 0x1p-32
}

// OwenSobolPoint sets dst to point index of the scrambled sequence of
// len(dst) dimensions: dst[j] = OwenSobol(index, j, seed).
func OwenSobolPoint(dst []float64, index, seed uint64) {
	for j := range dst {
		dst[j] = OwenSobol(index, j, seed)
	}
}

// sobol returns the coordinate as a 32-bit fraction.
func sobol(index uint64, dim int) uint32 {
	n := uint32(index)
	if block := dim / Dimensions; block > 0 {
		// Padding (Burley 2020, section 4): a nested uniform shuffle of the
		// index carries each aligned block of 2^k points to another.
		n = scramble(n, uint32(Hash(paddingSeed, uint64(block))))
		dim %= Dimensions
	}
	v := &directions()[dim]
	var x uint32
	for gray := n ^ n>>1; gray != 0; gray &= gray - 1 {
		x ^= v[bits.TrailingZeros32(gray)]
	}
	return x
}

// paddingSeed keeps the shuffles of the dimensions beyond the table apart from
// the scrambles of any small seed. Its digits are those of the golden ratio.
const paddingSeed = 0x9e3779b97f4a7c15

// scramble applies one nested uniform permutation, chosen by key, to a 32-bit
// binary fraction. Each bit is flipped or not by a hash of the bits above it.
//
// In the reversed word these are the bits below it, and addition and
// multiplication carry upward only. Constants: Vegdahl, "Building a better LK
// hash", 2021, https://psychopath.io/post/2021_01_30_building_a_better_lk_hash.
func scramble(x, key uint32) uint32 {
	x = bits.Reverse32(x)
	x ^= x * 0x3d20adea
	x += key
	x *= key>>16 | 1
	x ^= x * 0x05526c56
	x ^= x * 0x53a22864
	return bits.Reverse32(x)
}

// Hash mixes a seed and a number into 64 bits, keys for [Permute] for example: two
// rounds of SplitMix64
// (Steele, Lea and Flood, OOPSLA 2014, doi:10.1145/2660193.2660195).
func Hash(seed, n uint64) uint64 {
	return mix(mix(seed+0x9e3779b97f4a7c15) + n*0x9e3779b97f4a7c15)
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
