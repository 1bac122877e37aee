package hypervolume

import (
	"container/heap"
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
	chosen, _ := Choose(points, k, ref)
	return chosen
}

// A Choice is what [Choose] knows of the points that it chose one after the other. It is
// read only.
type Choice struct {
	// Points are those that were chosen, in that order, Spare is how many different
	// points there were beside them.
	Points [][]float64
	Spare  int

	ref   []float64
	gains []float64 // what each added to the volume
}

// Choose is [Subset]. The choice is nil where there was none to make, all
// points or the smallest being taken.
func Choose(points [][]float64, k int, ref []float64) ([]int, *Choice) {
	k = min(k, len(points))
	if k <= 0 {
		return nil, nil
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
		return chosen, nil
	}
	if slices.ContainsFunc(ref, func(v float64) bool { return math.IsInf(v, 0) || math.IsNaN(v) }) {
		return unique[:k], nil
	}

	queue := make(bounds, len(unique))
	for u, i := range unique {
		queue[u] = bound{u, 0, volumeOr0(box(points[i], ref))}
	}
	heap.Init(&queue)
	c := &Choice{ref: slices.Clone(ref), Spare: len(unique) - k}
	var chosen []int
	limited := make([][]float64, 0, k)
	store := make([]float64, k*len(ref))
	for len(chosen) < k {
		best := &queue[0]
		p := points[unique[best.u]]
		if best.known < len(chosen) {
			best.value = min(best.value, volumeOr0(exclusive(p, c.Points, ref, limited, store)))
			best.known = len(chosen)
			heap.Fix(&queue, 0)
			continue
		}
		chosen = append(chosen, unique[best.u])
		c.Points = append(c.Points, p)
		c.gains = append(c.gains, best.value)
		heap.Pop(&queue)
	}
	return chosen, c
}

// Leaves reports whether the choice would have been the same with p among the points. p
// is none of those that were chosen.
func (c *Choice) Leaves(p []float64) bool {
	k, m := len(c.Points), len(c.ref)
	limited := make([][]float64, 0, k)
	store := make([]float64, k*m)
	value, known := volumeOr0(box(p, c.ref)), 0
	for n, gain := range c.gains { // as in Choose, to the last digit
		wins := func() bool { return value > gain || value == gain && slices.Compare(p, c.Points[n]) < 0 }
		if wins() && known < n {
			value = min(value, volumeOr0(exclusive(p, c.Points[:n], c.ref, limited, store)))
			known = n
		}
		if wins() {
			return false
		}
	}
	return true
}

// A bound is what a point adds to the volume at most: what it added when so
// many points as known were chosen.
type bound struct {
	u, known int
	value    float64
}

// bounds is a heap, the largest first, of equal ones the one of the smallest point.
type bounds []bound

func (b bounds) Len() int { return len(b) }
func (b bounds) Less(i, j int) bool {
	return b[i].value > b[j].value || b[i].value == b[j].value && b[i].u < b[j].u
}
func (b bounds) Swap(i, j int) { b[i], b[j] = b[j], b[i] }
func (b *bounds) Push(x any)   { *b = append(*b, x.(bound)) }
func (b *bounds) Pop() any {
	last := len(*b) - 1
	x := (*b)[last]
	*b = (*b)[:last]
	return x
}

// volumeOr0 makes a contribution comparable: infinite points may give NaN.
func volumeOr0(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}
