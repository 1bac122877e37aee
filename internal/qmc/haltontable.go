package qmc

import "sync"

// A HaltonTable gives the coordinates of [ScrambledHalton] for one seed, the same to
// the bit, at a fraction of the cost: the digit permutations of the small bases are
// written down when a dimension is first asked for, some kilobytes in all. The zero
// value is the table of seed 0. It may be used by any number of goroutines.
type HaltonTable struct {
	Seed uint64 // not to be changed after the first use
	dims [smallBases]haltonDimension
}

const (
	// smallBases is the number of primes up to largestBase.
	smallBases  = 18
	largestBase = 64
)

// A haltonDimension has the digits of one base, D of them, where D is the least
// number for which base^D ≥ 2^32.
type haltonDimension struct {
	once    sync.Once
	base    uint32
	images  [][]uint8 // images[k][d] is the image of d as digit k
	power   []uint64  // power[k] = base^(D−k)
	zeros   []uint64  // zeros[k] is what zeros in the digits from k on add to the numerator
	uniform float64   // what comes after the last digit, in its units
}

// At returns ScrambledHalton(index, dim, t.Seed).
func (t *HaltonTable) At(index uint64, dim int) float64 {
	if dim >= smallBases || index >= 1<<32 {
		return ScrambledHalton(index, dim, t.Seed)
	}
	d := &t.dims[dim]
	d.once.Do(func() { d.fill(t.Seed, dim) })
	num, k := uint64(0), 0
	for n := uint32(index); n > 0; n /= d.base {
		num = num*uint64(d.base) + uint64(d.images[k][n%d.base])
		k++
	}
	num = num*d.power[k] + d.zeros[k]
	return min((float64(num)+d.uniform)/float64(d.power[0]), 1-0x1p-53)
}

func (d *haltonDimension) fill(seed uint64, dim int) {
	base := prime(dim)
	key := Hash(seed, uint64(dim))
	d.base, d.uniform = uint32(base), haltonTail(key)
	for den := uint64(1); den < 1<<32; den *= base {
		images := make([]uint8, base)
		for i := range images {
			images[i] = uint8(Permute(uint64(i), base, Hash(key, uint64(len(d.images)))))
		}
		d.images = append(d.images, images)
	}
	n := len(d.images)
	d.power, d.zeros = make([]uint64, n+1), make([]uint64, n+1)
	d.power[n] = 1
	for k := n - 1; k >= 0; k-- {
		d.power[k] = d.power[k+1] * base
		d.zeros[k] = d.zeros[k+1] + uint64(d.images[k][0])*d.power[k+1]
	}
}
