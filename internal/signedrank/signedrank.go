// Package signedrank computes p-values of Wilcoxon's signed-rank test: are
// paired differences centred at zero, or above it?
package signedrank

import (
	"math"
	"slices"
)

// Greater returns the one-sided p-value of the signed-rank test for the
// alternative that the differences d tend to be above zero: the probability,
// were each difference as likely negative as positive, of a rank sum of the
// positive ones as large as the one at hand. For the other alternative, negate
// the differences.
//
// Zeros count half to either side ("zsplit"); equal magnitudes get their mean
// rank. The p-value is that of SciPy 1.17 (method "auto"): exact when there are
// at most 50 differences, no zeros and no ties, or at most 13 with them;
// otherwise the normal approximation with the variance corrected for ties,
// without continuity correction.
//
// d is read only. Infinite differences rank highest. NaN in d, or no difference
// at all, gives NaN.
//
// Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bull. 1
// (1945), 80–83. Pratt, "Remarks on zeros and ties in the Wilcoxon signed rank
// procedures", J. Am. Stat. Assoc. 54 (1959), 655–667.
func Greater(d []float64) float64 {
	n := len(d)
	for _, x := range d {
		if math.IsNaN(x) {
			return math.NaN()
		}
	}
	if n == 0 {
		return math.NaN()
	}
	r := rank(d)
	switch {
	case n <= 50 && !r.ties && r.zeros == 0, n <= 13:
		return exact(r)
	}
	return normal(r, n)
}

// ranks describes the magnitudes of a sample.
type ranks struct {
	// quarters are the ranks of the non-zero differences, times four: mean
	// ranks are halves, and half a zero's rank is a quarter.
	quarters []int
	positive int     // four times the rank sum of the positive ones, zeros by half
	zeroHalf int     // what the zeros add to it
	zeros    int     // how many
	ties     bool    // some magnitudes are equal
	tieSum   float64 // Σ t³−t over groups of t equal magnitudes
}

func rank(d []float64) ranks {
	sorted := slices.Clone(d)
	slices.SortFunc(sorted, func(a, b float64) int {
		switch a, b := math.Abs(a), math.Abs(b); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	r := ranks{quarters: make([]int, 0, len(d))}
	for i := 0; i < len(sorted); {
		j := i + 1
		for j < len(sorted) && math.Abs(sorted[j]) == math.Abs(sorted[i]) {
			j++
		}
		t := float64(j - i)
		r.ties = r.ties || j-i > 1
		r.tieSum += t*t*t - t
		q := 2 * (i + 1 + j) // four times the mean of the ranks i+1 … j
		for ; i < j; i++ {
			switch {
			case sorted[i] == 0:
				r.zeros++
				r.zeroHalf += q / 2
				continue
			case sorted[i] > 0:
				r.positive += q
			}
			r.quarters = append(r.quarters, q)
		}
	}
	r.positive += r.zeroHalf
	return r
}

// exact counts the assignments of signs whose positive rank sum is at least the
// one at hand. The counts are whole numbers up to 2^50 and so exact in float64.
func exact(r ranks) float64 {
	total := 0
	for _, q := range r.quarters {
		total += q
	}
	count := make([]float64, total+1) // count[s]: assignments with sum s
	count[0] = 1
	reach := 0
	for _, q := range r.quarters {
		for s := reach; s >= 0; s-- {
			count[s+q] += count[s]
		}
		reach += q
	}
	var above float64
	for s := max(0, r.positive-r.zeroHalf); s <= total; s++ {
		above += count[s]
	}
	return above / math.Exp2(float64(len(r.quarters)))
}

// normal is the upper tail of the standardised rank sum.
func normal(r ranks, n int) float64 {
	c := float64(n)
	mean := c * (c + 1) / 4
	variance := (c*(c+1)*(2*c+1) - r.tieSum/2) / 24
	z := (float64(r.positive)/4 - mean) / math.Sqrt(variance)
	return math.Erfc(z/math.Sqrt2) / 2
}
