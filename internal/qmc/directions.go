package qmc

import (
	_ "embed"
	"sync"
)

// Dimensions is the number of dimensions that have direction numbers of their
// own: all primitive polynomials up to degree 13, the dimensions for which Joe
// and Kuo's numbers have Sobol's property A.
const Dimensions = 1111

// joekuo holds the initial direction numbers of the set new-joe-kuo-6 for the
// dimensions 2 to 1111, packed by testdata/joekuo.py, which says how. Licence:
// LICENSE-joe-kuo.
//
//go:embed joekuo.bin
var joekuo []byte

// degrees[s-1] is the number of primitive polynomials over GF(2) of degree s:
// φ(2^s−1)/s.
var degrees = [...]int{1, 1, 2, 2, 6, 6, 18, 16, 48, 60, 176, 144, 630}

// directions returns the direction numbers v_1…v_32 of every dimension as
// binary fractions scaled by 2^32: v[dim][i-1].
var directions = sync.OnceValue(func() [][32]uint32 {
	v := make([][32]uint32, 1, Dimensions)
	for i := range 32 { // dimension 1: van der Corput in base 2
		v[0][i] = 1 << (31 - i)
	}
	in := bitReader{data: joekuo}
	for i, count := range degrees {
		s := i + 1
		for range count {
			a := in.read(s - 1)
			var m [32]uint32
			m[0] = 1
			for i := 2; i <= s; i++ {
				m[i-1] = in.read(i-1)<<1 | 1
			}
			v = append(v, extend(s, a, m))
		}
	}
	return v
})

// extend continues the first s direction numbers m to 32 by the recurrence of
// the primitive polynomial of degree s whose inner coefficients are the bits of
// a, highest degree first (Joe and Kuo 2008, eq. 2).
func extend(s int, a uint32, m [32]uint32) [32]uint32 {
	var v [32]uint32
	for i := range s {
		v[i] = m[i] << (31 - i)
	}
	for i := s; i < 32; i++ {
		v[i] = v[i-s] ^ v[i-s]>>s
		for k := 1; k < s; k++ {
			if a>>(s-1-k)&1 == 1 {
				v[i] ^= v[i-k]
			}
		}
	}
	return v
}

// A bitReader reads numbers from a stream of bits, least significant first.
type bitReader struct {
	data []byte
	pos  int // in bits
}

func (r *bitReader) read(width int) uint32 {
	var x uint32
	for k := range width {
		x |= uint32(r.data[r.pos/8]>>(r.pos%8)&1) << k
		r.pos++
	}
	return x
}
