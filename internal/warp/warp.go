// Package warp changes the values of an objective, which is minimised, into
// values that a Gaussian process can model: finite, of zero mean and unit
// variance, with the long tail of bad values folded in and the distances among
// the good values kept.
//
// [Output] is the whole pipeline; the steps are [Finite], [HalfRank],
// [Standardize] and [YeoJohnson].
package warp

import (
	"cmp"
	"math"
	"slices"
)

// winsor is the number of standard deviations beyond which [Output] clips.
const winsor = 6

// tiny is a number below which squares begin to lose digits.
const tiny = 1e-140

// Output writes to dst the warped values of y, in this order: values that are not
// finite are replaced, the worse half is replaced by normal scores, the whole is
// standardised, made symmetric by the Yeo-Johnson transform with the likeliest
// exponent, standardised again and clipped at six standard deviations. The order
// of the values is kept (ties may appear, never a swap). dst and y may be the same
// slice; their lengths must agree, otherwise Output panics. Constant values become
// zeros.
func Output(dst, y []float64) {
	Finite(dst, y)
	HalfRank(dst, dst)
	Standardize(dst, dst)
	lambda := FitYeoJohnson(dst)
	for i, v := range dst {
		dst[i] = YeoJohnson(v, lambda)
	}
	Standardize(dst, dst)
	for i, v := range dst {
		dst[i] = max(-winsor, min(winsor, v))
	}
}

// Finite writes y to dst with NaN and +Inf replaced by a value half a range worse
// than the worst finite one, and −Inf by one half a range better than the best.
// With no finite value at all, they become 1, 1 and −1. Numbers too large for
// their squares to be summed are scaled down together with the others.
//
// X. Song et al., "The Vizier Gaussian process bandit algorithm", 2024,
// arXiv:2408.11527, section 4.1 (infeasible values).
func Finite(dst, y []float64) {
	if len(dst) != len(y) {
		panic("warp: slices differ in length")
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range y {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	scale := 1.0
	if lo > hi {
		lo, hi = 0, 0
	} else if big := max(math.Abs(lo), math.Abs(hi)); big > 1e100 {
		scale = 1 / big
		lo, hi = lo*scale, hi*scale
	}
	half := (hi - lo) / 2
	if half == 0 {
		half = max(1, math.Abs(hi)/2)
	}
	for i, v := range y {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 1):
			dst[i] = hi + half
		case math.IsInf(v, -1):
			dst[i] = lo - half
		default:
			dst[i] = v * scale
		}
	}
}

// HalfRank writes y to dst with each value above the median m replaced by
// m + s·Φ⁻¹(rank/n), where s is the root mean square distance of the good half
// from m and the rank is the mid-rank. However bad the bad values are, they look
// like the upper half of a normal sample, and the good half keeps its distances.
// (A transform by ranks of both halves would hide how good the best value is.)
// The values must be finite.
//
// Song et al., 2024, arXiv:2408.11527, section 4.1 (half-rank warping).
func HalfRank(dst, y []float64) {
	n := len(y)
	if len(dst) != n {
		panic("warp: slices differ in length")
	}
	if n == 0 {
		return
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(y[a], y[b]) })
	m := (y[order[(n-1)/2]] + y[order[n/2]]) / 2
	sum, good, widest := 0.0, 0, 0.0
	for _, v := range y {
		if v <= m {
			sum += (v - m) * (v - m)
			good++
			widest = max(widest, m-v)
		}
	}
	if 0 < widest && widest < tiny { // whose squares are lost
		sum = 0
		for _, v := range y {
			if v <= m {
				sum += (v - m) / widest * ((v - m) / widest)
			}
		}
	} else {
		widest = 1
	}
	s := widest * math.Sqrt(sum/float64(good))
	if !(s > 0) { // the good half is one value: any unit will do
		s = max(1, math.Abs(m)*1e-3)
	}
	for first := 0; first < n; {
		v, last := y[order[first]], first
		for last+1 < n && y[order[last+1]] == v {
			last++
		}
		w := v
		if v > m {
			p := (float64(first+last)/2 + 0.5) / float64(n)
			w = m + s*math.Sqrt2*math.Erfinv(2*p-1)
		}
		for i := first; i <= last; i++ {
			dst[order[i]] = w
		}
		first = last + 1
	}
}

// Standardize writes (y − mean)/sd to dst and returns both, sd being the root of
// the mean square distance (divided by n). Where all values are equal to within
// rounding, four units of the last place of the largest, dst is zero and sd is 0. The values must be finite.
func Standardize(dst, y []float64) (mean, sd float64) {
	if len(dst) != len(y) {
		panic("warp: slices differ in length")
	}
	if len(y) == 0 {
		return 0, 0
	}
	n, biggest := float64(len(y)), 0.0
	for _, v := range y {
		mean += v / n
		biggest = max(biggest, math.Abs(v))
	}
	if 0 < biggest && biggest < tiny {
		for i, v := range y {
			dst[i] = v / biggest
		}
		mean, sd = Standardize(dst, dst)
		return mean * biggest, sd * biggest
	}
	for _, v := range y {
		sd += (v - mean) * (v - mean) / n
	}
	sd = math.Sqrt(sd)
	if sd <= 1e-14*biggest { // the mean is no better than that
		first := y[0]
		lo, hi := slices.Min(y), slices.Max(y)
		if hi-lo <= 4*0x1p-52*biggest {
			clear(dst)
			return mean, 0
		}
		for i, v := range y {
			dst[i] = (v - first) / (hi - lo)
		}
		mean, sd = Standardize(dst, dst)
		return first + mean*(hi-lo), sd * (hi - lo)
	}
	for i, v := range y {
		dst[i] = (v - mean) / sd
	}
	return mean, sd
}
