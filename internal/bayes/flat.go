package bayes

import (
	"math"
	"math/rand/v2"
	"slices"
)

// spreadCandidates is the number of random points among which one is chosen while
// nothing is known. With one it falls beside others; with many it keeps to the
// border of the space, which is all that is far from others where there are many coordinates.
// Where a twentieth of the space succeeds and the rest fails, in 1, 2, 4 and 8
// dimensions (60 seeds), the first success comes after 14, 18, 23 and 56 points with
// one, 8, 13, 18 and 53 with three, 7, 12, 19 and 62 with ten, and after 26, 31, 38
// and 78 with a model.
const spreadCandidates = 3

// flat reports whether nothing is known that says where to look: all points have come
// out alike, or are forbidden by the same amount. To a model every place then is as
// good as another, and all criteria lead to where it knows least, from corner to
// corner of the space.
func (p *Problem) flat() bool {
	if p.Belief != nil {
		return false
	}
	z := make([]float64, len(p.Points))
	same := func(w Warp, y []float64) bool {
		w.apply(z, y)
		return slices.Min(z) == slices.Max(z)
	}
	allowed := false
	for i := range p.Points {
		allowed = allowed || !slices.ContainsFunc(p.Limits, func(l []float64) bool { return !(l[i] <= 0) })
	}
	return !slices.ContainsFunc(p.Limits, func(l []float64) bool { return !same(Level, l) }) &&
		!(allowed && slices.ContainsFunc(p.Values, func(v []float64) bool { return !same(Plain, v) }))
}

// spread moves x to a point by chance that is not too near to others. Coordinates
// that are kept have their value in x already.
func (s *Space) spread(x []float64, kept []bool, others [][]float64, rng *rand.Rand) {
	best, found := math.Inf(-1), make([]float64, len(x))
	for range spreadCandidates {
		s.random(x, kept, rng)
		if d := s.nearest(x, others, best); d > best {
			best = d
			copy(found, x)
		}
	}
	copy(x, found)
}
