package bayes

import (
	"cmp"
	"math"
	"slices"
)

const (
	// exactPoints is the largest number of points that are all modelled; beyond it
	// localPoints of them are.
	exactPoints = 1000
	localPoints = 640
	// fitPoints is the largest number of points from which hyperparameters are
	// learned; there are far fewer of them to learn than that.
	fitPoints = 256
)

// ranking returns the points' indices from the best to the worst, by the first
// values that differ.
func ranking(values ...[]float64) []int {
	order := make([]int, len(values[0]))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		for _, v := range values {
			if c := compareNaNLast(v[a], v[b]); c != 0 {
				return c
			}
		}
		return 0
	})
	return order
}

func compareNaNLast(a, b float64) int {
	switch an, bn := math.IsNaN(a), math.IsNaN(b); {
	case an && bn:
		return 0
	case an:
		return 1
	case bn:
		return -1
	}
	return cmp.Compare(a, b)
}

// representatives returns, in rising order, size of the n points in ranked: a
// quarter of them the best, a quarter the newest, the rest spread evenly over all.
func representatives(ranked []int, size int) []int {
	return fill(len(ranked), size, ranked[:size/4], newest(len(ranked), size/4))
}

// neighbourhood returns, in rising order, size of the points: a fifth of them the
// best, a fifth the newest, two fifths those nearest to the best one, the rest
// spread evenly over all.
func (s *Space) neighbourhood(points [][]float64, ranked []int, size int) []int {
	part := size / 5
	distance := make([]float64, len(points))
	for i, x := range points {
		distance[i] = s.nearest(x, points[ranked[0]:ranked[0]+1], math.Inf(-1))
	}
	return fill(len(points), size, ranked[:part], newest(len(points), part), ranking(distance)[:2*part])
}

func newest(n, size int) []int {
	last := make([]int, size)
	for i := range last {
		last[i] = n - 1 - i
	}
	return last
}

// fill returns size of the indices below n: the chosen ones, and others at even
// distances.
func fill(n, size int, chosen ...[]int) []int {
	in := make([]bool, n)
	count := 0
	for _, list := range chosen {
		for _, i := range list {
			if !in[i] {
				in[i] = true
				count++
			}
		}
	}
	rest := make([]int, 0, n-count)
	for i := range n {
		if !in[i] {
			rest = append(rest, i)
		}
	}
	for k := range size - count {
		in[rest[k*len(rest)/(size-count)]] = true
	}
	all := make([]int, 0, size)
	for i, yes := range in {
		if yes {
			all = append(all, i)
		}
	}
	return all
}

// pick returns the elements of v at the given indices.
func pick[T any](v []T, indices []int) []T {
	w := make([]T, len(indices))
	for k, i := range indices {
		w[k] = v[i]
	}
	return w
}
