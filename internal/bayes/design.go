package bayes

import (
	"math"
	"math/rand/v2"
	"slices"
)

// designCandidates is the number of points among which a start point is chosen.
const designCandidates = 500

// Start points after the first lie, in coordinates of many values, within so large a
// part of the range around its middle. Ranges are chosen around what is believed
// to be good, and corners hardly ever are; few values, however, are each there for a
// reason. On the even half of the tables of bench/ (seeds 200 to 359, those with
// numeric parameters) regret after 10 and 25 trials is 0.111 and 0.044 with 0.4,
// 0.124 and 0.053 with the whole range, on COCO's functions in three dimensions,
// whose optima lie anywhere, 0.092 and 0.046 beside 0.102 and 0.045.
//
// A point of more than manyDims coordinates that exist keeps nearer still, as it is
// farther from the middle with the same width. At even positions, regret after 50 and
// 100 trials is with the narrow width and with the other: COCO's mixed-integer
// functions in 20 dimensions (seeds 100 to 105) 0.157 and 0.100, 0.163 and 0.107; its
// continuous ones the same with both, 0.137 and 0.075; the suite wide (seeds 100
// to 102) 0.240 and 0.157, 0.287 and 0.191.
const (
	designWidth = 0.4
	narrowWidth = 0.2
	manyDims    = 15
	fewCells    = 6
)

// design returns a point for the time before there is a model: the centre first,
// then one that is far from all others. With a belief, the logarithm of a density, it
// is a draw from that density. Coordinates that are kept have their value in x
// already. Those whose scale is doubted are spread over the one that is believed in before
// any trial.
func (s *Space) design(x []float64, kept []bool, others [][]float64, belief func([]float64) float64, rng *rand.Rand) {
	if belief != nil {
		s.believed(x, kept, belief, rng)
		return
	}
	if len(others) == 0 {
		s.centre(x, kept, rng)
		s.straighten(x, kept)
		return
	}
	seen := make([][]float64, len(others))
	for i, o := range others {
		seen[i] = slices.Clone(o)
		s.bend(seen[i])
	}
	best, found := math.Inf(-1), make([]float64, len(x))
	for range designCandidates {
		s.random(x, kept, rng)
		s.draw(x, kept)
		if d := s.nearest(x, seen, best); d > best {
			best = d
			copy(found, x)
		}
	}
	s.straighten(found, kept)
	copy(x, found)
}

// draw draws the coordinates of many values in to the part of the range that start
// points are in.
func (s *Space) draw(x []float64, kept []bool) {
	exist := 0
	for _, v := range x {
		if !math.IsNaN(v) {
			exist++
		}
	}
	width := designWidth
	if exist > manyDims {
		width = narrowWidth
	}
	for j, d := range s.Dims {
		if !math.IsNaN(x[j]) && (kept == nil || !kept[j]) && (d.Kind == Continuous || d.Kind == Ordinal && d.Cells > fewCells) {
			x[j] = d.Snap(0.5 + width*(x[j]-0.5))
		}
	}
}

// believed moves x to a draw from the density whose logarithm is belief, up to a
// constant: to one of some random points, with odds as the density there, by the
// largest of belief plus a Gumbel number.
func (s *Space) believed(x []float64, kept []bool, belief func([]float64) float64, rng *rand.Rand) {
	best, found := math.Inf(-1), make([]float64, len(x))
	for i := range designCandidates {
		s.random(x, kept, rng)
		if b := belief(x) - math.Log(rng.ExpFloat64()); b > best || i == 0 {
			best = b
			copy(found, x)
		}
	}
	copy(x, found)
}

// centre moves x to the middle of the space, with a category by chance where a
// coordinate is nominal, and one of the two middle cells by chance where their
// number is even. Ranges are chosen around what is believed to be good, so the
// middle is the best first guess (Song et al., 2024, arXiv:2408.11527, begin
// there too).
func (s *Space) centre(x []float64, kept []bool, rng *rand.Rand) {
	for j, d := range s.Dims {
		if kept != nil && kept[j] {
			continue
		}
		switch {
		case d.Kind == Nominal:
			x[j] = d.random(rng)
		case d.Kind == Ordinal && d.Cells%2 == 0 && d.Growth == 0:
			x[j] = d.Position(d.Cells/2 - rng.IntN(2))
		default:
			x[j] = d.Snap(0.5)
		}
	}
	s.settle(x, kept, func(j int) float64 { return s.Dims[j].random(rng) })
}

// nearest returns the squared distance from x to the nearest of others, or any
// number not above limit once it is known to be so. Categories that differ count
// as ½, as does a coordinate that exists in one of the two alone.
func (s *Space) nearest(x []float64, others [][]float64, limit float64) float64 {
	least := math.Inf(1)
	for _, o := range others {
		sum := 0.0
		for j, d := range s.Dims {
			switch u, v := x[j], o[j]; {
			case math.IsNaN(u) || math.IsNaN(v):
				if math.IsNaN(u) != math.IsNaN(v) {
					sum += 0.5
				}
			case d.Kind == Nominal:
				if u != v {
					sum += 0.5
				}
			default:
				sum += (u - v) * (u - v)
			}
		}
		if least = min(least, sum); least <= limit {
			return least
		}
	}
	return least
}
