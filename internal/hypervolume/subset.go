package hypervolume

import (
	"math"
	"slices"
)

// Subset chooses k of the points so that they dominate a large volume, and returns
// their indices in the order of choice. Each is the one that adds most to those
// before it, the lexicographically smallest of several; that reaches 1−1/e of the
// best possible volume at least. Equal points are chosen once, before any of them
// is chosen again by rising index. Where ref is not finite, the k
// lexicographically smallest are returned.
//
// Guerreiro, Fonseca and Paquete, "Greedy Hypervolume Subset Selection in Low
// Dimensions", Evol. Comput. 24 (2016), 521–544, doi:10.1162/EVCO_a_00188.
// Contributions only fall as the set grows, so one that was computed earlier is a
// bound, and most need not be computed again: Minoux, "Accelerated Greedy
// Algorithms for Maximizing Submodular Set Functions", 1978.
func Subset(points [][]float64, k int, ref []float64) []int {
	k = min(k, len(points))
	if k <= 0 {
		return nil
	}
	unique := make([]int, len(points))
	for i := range unique {
		unique[i] = i
	}
	slices.SortStableFunc(unique, func(a, b int) int { return slices.Compare(points[a], points[b]) })
	unique = slices.CompactFunc(unique, func(a, b int) bool { return slices.Equal(points[a], points[b]) })
	if len(unique) <= k {
		chosen := slices.Clone(unique)
		for i := 0; len(chosen) < k; i++ {
			if !slices.Contains(unique, i) {
				chosen = append(chosen, i)
			}
		}
		return chosen
	}
	if slices.ContainsFunc(ref, func(v float64) bool { return math.IsInf(v, 0) || math.IsNaN(v) }) {
		return unique[:k]
	}

	bound := make([]float64, len(unique))
	exact := make([]int, len(unique)) // the number of points chosen when bound was computed
	for u, i := range unique {
		bound[u] = volumeOr0(box(points[i], ref))
	}
	taken := make([]bool, len(unique))
	var chosen []int
	var selected [][]float64
	limited := make([][]float64, 0, k)
	store := make([]float64, k*len(ref))
	for len(chosen) < k {
		best := -1
		for {
			best = -1
			for u := range unique {
				if !taken[u] && (best < 0 || bound[u] > bound[best]) {
					best = u
				}
			}
			if exact[best] == len(chosen) {
				break
			}
			bound[best] = min(bound[best], volumeOr0(exclusive(points[unique[best]], selected, ref, limited, store)))
			exact[best] = len(chosen)
		}
		taken[best] = true
		chosen = append(chosen, unique[best])
		selected = append(selected, points[unique[best]])
	}
	return chosen
}

// volumeOr0 makes a contribution comparable: infinite points may give NaN.
func volumeOr0(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}
