// Package hypervolume compares sets of points with several objectives, all of them
// to be minimised: by non-dominated fronts, and by the volume that a set dominates
// up to a reference point.
//
// Points are slices of one number for each objective. No number makes a function
// panic; lengths that differ do.
package hypervolume

import (
	"cmp"
	"math"
	"slices"
)

// Volume returns the volume of the space that is dominated by at least one of the
// points and dominates ref. Points that do not dominate ref add nothing. It is +Inf
// where it cannot be told because a number is infinite or NaN.
//
// Two objectives are swept over; more are taken apart by exclusive volumes: While,
// Bradstreet and Barone, "A Fast Way of Calculating Exact Hypervolumes", IEEE
// Trans. Evol. Comput. 16 (2012), 86–95, doi:10.1109/TEVC.2010.2077298.
func Volume(points [][]float64, ref []float64) float64 {
	inside := make([][]float64, 0, len(points))
	for _, p := range points {
		ok := true
		for k, v := range p {
			if v >= ref[k] {
				ok = false
			}
		}
		if ok {
			inside = append(inside, p)
		}
	}
	v := volume(front(inside), ref)
	if math.IsNaN(v) {
		return math.Inf(1)
	}
	return v
}

// volume is Volume of a set whose points do not dominate one another, sorted.
func volume(points [][]float64, ref []float64) float64 {
	switch {
	case len(points) == 0:
		return 0
	case len(points) == 1:
		return box(points[0], ref)
	case len(ref) == 2:
		total, y := 0.0, ref[1]
		for _, p := range points { // x rises, so y falls
			total += (ref[0] - p[0]) * (y - p[1])
			y = p[1]
		}
		return total
	}
	total := 0.0
	limited := make([][]float64, 0, len(points))
	store := make([]float64, len(points)*len(ref))
	for i, p := range points {
		total += exclusive(p, points[i+1:], ref, limited, store)
	}
	return total
}

// exclusive returns the volume that p dominates and none of the others does.
// limited and store are scratch.
func exclusive(p []float64, others [][]float64, ref []float64, limited [][]float64, store []float64) float64 {
	limited = limited[:0]
	m := len(ref)
	for i, o := range others {
		q := store[i*m : i*m+m]
		for k := range q {
			q[k] = max(p[k], o[k])
		}
		limited = append(limited, q)
	}
	return box(p, ref) - volume(front(limited), ref)
}

// box returns the volume between two corners.
func box(p, ref []float64) float64 {
	v := 1.0
	for k := range p {
		v *= ref[k] - p[k]
	}
	return v
}

// front returns the points that no other one dominates, each once, in
// lexicographic order. It may reorder its argument.
func front(points [][]float64) [][]float64 {
	slices.SortFunc(points, slices.Compare)
	kept := make([][]float64, 0, len(points))
	for _, p := range points {
		if !slices.ContainsFunc(kept, func(o []float64) bool { return weaklyDominates(o, p) }) {
			kept = append(kept, p)
		}
	}
	return kept
}

// weaklyDominates reports whether a is nowhere above b.
func weaklyDominates(a, b []float64) bool {
	for k := range a {
		if !(a[k] <= b[k]) {
			return false
		}
	}
	return true
}

// Ranks returns for each point the number of the front that it lies in: 0 for the
// points that no other one dominates, 1 for those that only points of rank 0
// dominate, and so on. Equal points share a rank. A NaN counts as +Inf.
//
// Points are taken in lexicographic order, and each is put into the first front
// that does not dominate it, found by bisection: Zhang, Tian, Cheng and Jin, "An
// Efficient Approach to Nondominated Sorting for Evolutionary Multiobjective
// Optimization", IEEE Trans. Evol. Comput. 19 (2015), 201–213,
// doi:10.1109/TEVC.2014.2308305.
func Ranks(points [][]float64) []int {
	clean := make([][]float64, len(points))
	order := make([]int, len(points))
	for i, p := range points {
		order[i], clean[i] = i, p
		if slices.ContainsFunc(p, math.IsNaN) {
			clean[i] = slices.Clone(p)
			for k, v := range p {
				if math.IsNaN(v) {
					clean[i][k] = math.Inf(1)
				}
			}
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(slices.Compare(clean[a], clean[b]), cmp.Compare(a, b))
	})
	ranks := make([]int, len(points))
	var fronts [][][]float64
	for n, i := range order {
		p := clean[i]
		if n > 0 && slices.Equal(p, clean[order[n-1]]) {
			ranks[i] = ranks[order[n-1]]
			continue
		}
		low, high := 0, len(fronts)
		for low < high {
			mid := (low + high) / 2
			if dominated(p, fronts[mid]) {
				low = mid + 1
			} else {
				high = mid
			}
		}
		if low == len(fronts) {
			fronts = append(fronts, nil)
		}
		fronts[low] = append(fronts[low], p)
		ranks[i] = low
	}
	return ranks
}

// dominated reports whether a point of the front dominates p, which comes after
// all of them in lexicographic order and equals none.
func dominated(p []float64, front [][]float64) bool {
	if len(p) == 2 { // the last one has the smallest second objective
		return front[len(front)-1][1] <= p[1]
	}
	for i := len(front) - 1; i >= 0; i-- { // near ones first
		if weaklyDominates(front[i][1:], p[1:]) {
			return true
		}
	}
	return false
}
