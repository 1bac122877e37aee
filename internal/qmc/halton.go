package qmc

import "math/bits"

// Halton returns coordinate dim of point index of Halton's sequence, in [0, 1):
// the digits of index in base p mirrored at the radix point, where p is prime
// number dim, counted from 0. There is no largest dimension, but high ones are
// so strongly correlated with their neighbours that [ScrambledHalton] should be
// preferred from about the sixth on.
func Halton(index uint64, dim int) float64 {
	base := prime(dim)
	// Numerator and denominator are exact integers, so that one rounding is
	// made. The loop stops before the denominator overflows, which is long
	// after the digits that a float64 can hold.
	num, den := uint64(0), uint64(1)
	for index > 0 {
		hi, next := bits.Mul64(den, base)
		if hi != 0 {
			break
		}
		num, den = num*base+index%base, next
		index /= base
	}
	return min(float64(num)/float64(den), 1-0x1p-53)
}

// ScrambledHalton returns coordinate dim of point index of Halton's sequence
// under random digit permutations, in the open interval (0, 1): digit k of the
// mirrored number is replaced by its image under a permutation of its own,
// chosen by seed, dimension and k. Trailing zeros are permuted, too, so that every
// coordinate is uniform, that of point 0 included.
//
// Owen, "A randomized Halton algorithm in R", 2017, arXiv:1706.02808.
func ScrambledHalton(index uint64, dim int, seed uint64) float64 {
	base := prime(dim)
	k := Hash(seed, uint64(dim))
	num, den := uint64(0), uint64(1)
	// Beyond 2^32 points' worth of digits, the images of zeros are the digits of
	// one uniform number.
	for digit := uint64(0); (index > 0 || den < 1<<32) && den <= 1<<52/base; digit++ {
		num = num*base + Permute(index%base, base, Hash(k, digit))
		den *= base
		index /= base
	}
	return min((float64(num)+haltonTail(k))/float64(den), 1-0x1p-53)
}

// haltonTail returns a number in (0, 1) that stands for the digits after the last.
func haltonTail(key uint64) float64 { return (float64(Hash(key, 1<<32)>>53) + 0.5) * 0x1p-11 }

// ScrambledHaltonPoint sets dst to point index of the scrambled sequence of
// len(dst) dimensions: dst[j] = ScrambledHalton(index, j, seed).
func ScrambledHaltonPoint(dst []float64, index, seed uint64) {
	for j := range dst {
		dst[j] = ScrambledHalton(index, j, seed)
	}
}

// Permute returns the image of i, 0 ≤ i < n, under a permutation of 0…n-1 that
// is chosen by key: a shuffle with random access.
func Permute(i, n, key uint64) uint64 {
	switch {
	case n == 2:
		return i ^ mix(key)&1
	case n <= largestBase:
		return rank(i, n, key)
	}
	return feistel(i, n, key)
}

// rank is the place of i when 0…n-1 are sorted by a hash: a uniformly random
// permutation.
func rank(i, n, key uint64) uint64 {
	var r uint64
	for j, h := uint64(0), mix(key^i); j < n; j++ {
		if mix(key^j) < h {
			r++
		}
	}
	return r
}

// feistel costs the same for every n: a Feistel network on the smallest even
// number of bits that holds n values, walked until it lands below n. That is a
// bijection for any round function. Black and Rogaway, "Ciphers with arbitrary
// finite domains", CT-RSA 2002, doi:10.1007/3-540-45760-7_9. Six rounds leave no
// trace in the pairs of images for the bases that come here.
func feistel(i, n, key uint64) uint64 {
	half := uint(bits.Len64(n-1)+1) / 2
	mask := uint64(1)<<half - 1
	for {
		l, r := i>>half, i&mask
		for round := range uint64(6) {
			l, r = r, l^mix(key^(r|round<<32))&mask
		}
		if i = l<<half | r; i < n {
			return i
		}
	}
}
