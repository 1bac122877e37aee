package testfunc

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
)

// simplex returns n points whose m coordinates are not negative and have the sum 1, always
// the same ones: the corners first, then points drawn evenly.
func simplex(n, m int) [][]float64 {
	rng := rand.New(rand.NewPCG(uint64(m), 0x73696d70))
	var out [][]float64
	for i := range n {
		w := make([]float64, m)
		if i < m {
			w[i] = 1
		} else {
			sum := 0.0
			for k := range w {
				w[k] = rng.ExpFloat64()
				sum += w[k]
			}
			for k := range w {
				w[k] /= sum
			}
		}
		out = append(out, w)
	}
	return out
}

// Sphered is the second problem of Deb, Thiele, Laumanns and Zitzler (see [DTLZ])
// with m objectives in n ≥ m parameters: the front is the part of the unit sphere that
// has no negative coordinate.
func Sphered(m, n int) *Problem {
	p := several(fmt.Sprintf("dtlz2-%d-%dobj", n, m), n, m, func(x []float64) []float64 {
		r := 1.0
		for _, v := range x[m-1:] {
			r += (v - 0.5) * (v - 0.5)
		}
		out := make([]float64, m)
		for k := m - 1; k > 0; k-- { // the last objective goes by the first angle
			sin, cos := math.Sincos(x[m-1-k] * math.Pi / 2)
			out[k] = r * sin
			r *= cos
		}
		out[0] = r
		return out
	}, 1.1, func(points int) [][]float64 {
		out := simplex(points, m)
		for _, w := range out {
			for k := range w {
				w[k] = math.Sqrt(w[k])
			}
		}
		return out
	})
	return p
}

// Bowls has m objectives in n parameters, 2^n ≥ m: the mean squares of the
// distances to m points. The optimal points are their convex hull.
func Bowls(m, n int) *Problem {
	centre := func(k, j int) float64 { // the corners of a cube, far ones first
		return 0.2 + 0.55*float64(bits.Reverse8(uint8(k*37))>>(j%8)&1) + 0.02*float64((k+j)%3)
	}
	f := func(x []float64) []float64 {
		out := make([]float64, m)
		for k := range out {
			for j, v := range x {
				d := v - centre(k, j)
				out[k] += d * d / float64(n)
			}
		}
		return out
	}
	at := func(w []float64) []float64 {
		x := make([]float64, n)
		for j := range x {
			for k, share := range w {
				x[j] += share * centre(k, j)
			}
		}
		return x
	}
	reference := 0.0
	for _, w := range simplex(m, m) {
		for _, v := range f(at(w)) {
			reference = max(reference, 1.1*v)
		}
	}
	return several(fmt.Sprintf("bowls-%d-%dobj", n, m), n, m, f, reference, func(points int) [][]float64 {
		var out [][]float64
		for _, w := range simplex(points, m) {
			out = append(out, f(at(w)))
		}
		return out
	})
}
