package qmc

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Every aligned block of 2^k points has one point in each of 2^k equal
// intervals of every dimension, scrambled or not, beyond the table too: the
// property of a (0, 1)-sequence in base 2.
func TestSobolStratified(t *testing.T) {
	for _, dim := range []int{0, 1, 5, 100, Dimensions - 1, Dimensions, 3*Dimensions + 7} {
		for _, k := range []int{1, 3, 6, 10} {
			n := uint64(1) << k
			for _, block := range []uint64{0, 1, 37} {
				plain, owen := make([]bool, n), make([]bool, n)
				for i := block * n; i < (block+1)*n; i++ {
					plain[int(Sobol(i, dim)*float64(n))] = true
					owen[int(OwenSobol(i, dim, 5)*float64(n))] = true
				}
				for c := range n {
					if !plain[c] || !owen[c] {
						t.Fatalf("dimension %d, block %d of %d: cell %d is empty (filled: plain %t, scrambled %t)", dim, block, n, c, plain[c], owen[c])
					}
				}
			}
		}
	}
}

// The same for Halton in the powers of its base.
func TestHaltonStratified(t *testing.T) {
	for dim, base := range map[int]uint64{0: 2, 1: 3, 2: 5, 3: 7, 4: 11, 25: 101} {
		n := base * base
		for _, block := range []uint64{0, 1, 12} {
			plain, scrambled := make([]bool, n), make([]bool, n)
			for i := block * n; i < (block+1)*n; i++ {
				plain[int(Halton(i, dim)*float64(n)+1e-9)] = true
				scrambled[int(ScrambledHalton(i, dim, 5)*float64(n))] = true
			}
			for c := range n {
				if !plain[c] || !scrambled[c] {
					t.Fatalf("base %d, block %d: cell %d is empty", base, block, c)
				}
			}
		}
	}
}

// chiSquare compares counts with equal expectations. The bound is Wilson and
// Hilferty's approximation of the quantile at z = 5: a false alarm in 3·10^6.
func chiSquare(t *testing.T, what string, counts []int) {
	t.Helper()
	var total int
	for _, c := range counts {
		total += c
	}
	expected := float64(total) / float64(len(counts))
	var x2 float64
	for _, c := range counts {
		x2 += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	df := float64(len(counts) - 1)
	bound := df * math.Pow(1-2/(9*df)+5*math.Sqrt(2/(9*df)), 3)
	if x2 > bound {
		t.Errorf("%s: χ² is %.1f with %v degrees of freedom (bound %.1f)", what, x2, df, bound)
	}
}

// Over seeds, each coordinate of each point is uniform, and the same point's
// coordinates in two dimensions, or two points' in one, are independent as far
// as their own stratification allows.
func TestScrambleUniform(t *testing.T) {
	for name, at := range map[string]func(uint64, int, uint64) float64{"Sobol": OwenSobol, "Halton": ScrambledHalton} {
		for _, index := range []uint64{0, 1, 1000} {
			for _, dim := range []int{0, 1, 2, 9} {
				single, pair := make([]int, 32), make([]int, 64)
				for seed := range uint64(20000) {
					u, v := at(index, dim, seed), at(index, dim+1, seed)
					single[int(u*32)]++
					pair[int(u*8)*8+int(v*8)]++
				}
				chiSquare(t, fmt.Sprintf("%s point %d dimension %d", name, index, dim), single)
				chiSquare(t, fmt.Sprintf("%s point %d dimensions %d, %d", name, index, dim, dim+1), pair)
			}
		}
	}
}

// A nested uniform permutation: the highest bit in which two words differ is
// the highest in which their images differ, and each bit below it is flipped
// independently with probability one half, for any two words.
func TestScrambleNested(t *testing.T) {
	for _, x := range []uint32{0, 1, 0x80000000, 0xdeadbeef} {
		for bit := range 32 {
			y := x ^ 1<<bit
			var flips [32]int
			const keys = 4096
			for k := range uint64(keys) {
				diff := scramble(x, uint32(Hash(k, 0))) ^ scramble(y, uint32(Hash(k, 0)))
				if diff>>bit != 1 {
					t.Fatalf("words %#x and %#x: images differ by %#x", x, y, diff)
				}
				for b := range bit {
					flips[b] += int(diff >> b & 1)
				}
			}
			for b := range bit {
				// Standard deviation 32 of 4096 fair flips. A hash of four
				// multiplications is not perfect: 15 % from fair is let pass.
				if f := flips[b]; math.Abs(float64(f)-keys/2) > 0.15*keys/2 {
					t.Errorf("words %#x and %#x: bit %d differs in %d of %d", x, y, b, f, keys)
				}
			}
		}
	}
}

// Permute is a bijection. Over keys, each image of 0 is as likely as any other,
// and so is each distance from it to the image of 1.
func TestPermute(t *testing.T) {
	for _, n := range []uint64{2, 3, 5, 7, 11, 13, 31, 61, 67, 101, 257, 541} {
		for k := range uint64(50) {
			seen := make([]bool, n)
			for i := range n {
				j := Permute(i, n, Hash(k, n))
				if seen[j] {
					t.Fatalf("n=%d, key %d: %d is taken twice", n, k, j)
				}
				seen[j] = true
			}
		}
		images, distances := make([]int, n), make([]int, n)
		for k := range uint64(20000) {
			a, b := Permute(0, n, Hash(k, n)), Permute(1, n, Hash(k, n))
			images[a]++
			distances[(b+n-a)%n]++
		}
		chiSquare(t, fmt.Sprintf("image of 0 among %d", n), images)
		if n > 2 {
			chiSquare(t, fmt.Sprintf("distance of the images of 0 and 1 among %d", n), distances[1:])
		}
	}
}

func TestPrimes(t *testing.T) {
	// The n-th primes of the tables, counted from 0.
	for n, want := range map[int]uint64{0: 2, 1: 3, 24: 97, 167: 997, 999: 7919, 9999: 104729} {
		if got := prime(n); got != want {
			t.Errorf("prime(%d) = %d, want %d", n, got, want)
		}
	}
}

// The largest indexes and dimensions stay inside the cube.
func TestExtremes(t *testing.T) {
	for _, index := range []uint64{0, 1<<32 - 1, 1 << 32, 1<<53 + 1, math.MaxUint64} {
		for _, dim := range []int{0, 1, 1110, 1111, 5000} {
			for name, u := range map[string]float64{"Sobol": Sobol(index, dim), "Halton": Halton(index, dim)} {
				if !(u >= 0 && u < 1) {
					t.Errorf("%s(%d, %d) = %v", name, index, dim, u)
				}
			}
			for seed := range uint64(100) {
				for name, u := range map[string]float64{"OwenSobol": OwenSobol(index, dim, seed), "ScrambledHalton": ScrambledHalton(index, dim, seed)} {
					if !(u > 0 && u < 1) {
						t.Errorf("%s(%d, %d, %d) = %v", name, index, dim, seed, u)
					}
				}
			}
		}
	}
}

// The table is the function, to the bit.
func TestHaltonTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for seed := range uint64(5) {
		table := &HaltonTable{Seed: seed * seed * 977}
		for _, dim := range []int{0, 1, 2, 3, 9, smallBases - 1, smallBases, 300} {
			index := []uint64{0, 1, 2, 1<<32 - 1, 1 << 32, math.MaxUint64}
			for n := range uint64(200) {
				index = append(index, n, rng.Uint64()>>(n%64))
			}
			for _, i := range index {
				if got, want := table.At(i, dim), ScrambledHalton(i, dim, table.Seed); got != want {
					t.Fatalf("seed %d, dimension %d, point %d: %v, want %v", table.Seed, dim, i, got, want)
				}
			}
		}
	}
	if prime(smallBases-1) > largestBase || prime(smallBases) <= largestBase {
		t.Errorf("the bases up to %d are not %d", largestBase, smallBases)
	}
}

func BenchmarkHaltonTable10(b *testing.B) {
	table := &HaltonTable{Seed: 1}
	for i := range b.N {
		for j := range 10 {
			table.At(uint64(i), j)
		}
	}
}

func BenchmarkOwenSobolPoint10(b *testing.B) {
	x := make([]float64, 10)
	for i := range b.N {
		OwenSobolPoint(x, uint64(i), 1)
	}
}

func BenchmarkScrambledHaltonPoint10(b *testing.B) {
	x := make([]float64, 10)
	for i := range b.N {
		ScrambledHaltonPoint(x, uint64(i), 1)
	}
}
