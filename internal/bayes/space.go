// Package bayes chooses the next point to evaluate from those evaluated so far,
// by Bayesian optimisation: a Gaussian process is fitted to the warped values, and
// an acquisition function is maximised over a space of continuous, ordinal and
// nominal coordinates, some of which may exist only where another has certain
// values.
//
// Everything is minimised. Points are slices with one number for each
// coordinate: a position in [0, 1] for continuous and ordinal ones, a category
// index for nominal ones, NaN where the coordinate does not exist.
//
// J. Snoek, H. Larochelle, R. P. Adams, "Practical Bayesian optimization of
// machine learning algorithms", 2012, arXiv:1206.2944.
package bayes

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// A Kind tells what values a coordinate takes.
type Kind uint8

const (
	// Continuous coordinates are any number in [0, 1].
	Continuous Kind = iota
	// Ordinal coordinates are one of a rising list of positions from 0 to 1.
	Ordinal
	// Nominal coordinates are one of several categories without order.
	Nominal
)

// A Dim is one coordinate of a space.
type Dim struct {
	Kind Kind
	// Cells is the number of positions or categories, at least 1. It has no
	// meaning for continuous coordinates.
	Cells int
	// Growth spaces the positions of an ordinal: cell c lies at
	// ln(1 + c·Growth)/ln(1 + (Cells−1)·Growth), which is where 1 + c·Growth falls
	// on a logarithmic scale. 0 spaces them equally.
	Growth float64
	// Ratio is that of the upper to the lower end of a positive range on a linear scale,
	// 0 for others. Where it is large the scale is doubted, see bent.go.
	Ratio float64
}

// Position returns the coordinate of cell c of an ordinal or nominal dimension.
func (d Dim) Position(c int) float64 {
	switch {
	case d.Kind == Nominal:
		return float64(c)
	case d.Cells < 2:
		return 0.5
	case d.Growth > 0:
		return math.Log1p(float64(c)*d.Growth) / math.Log1p(float64(d.Cells-1)*d.Growth)
	}
	return float64(c) / float64(d.Cells-1)
}

// Cell returns the cell of an ordinal or nominal dimension that is nearest to v.
// Values outside the domain, NaN among them, count as the nearest value inside.
func (d Dim) Cell(v float64) int {
	if d.Cells < 2 || !(v > 0) {
		return 0
	}
	last := float64(d.Cells - 1)
	switch {
	case d.Kind == Nominal:
		return int(min(v, last))
	case v >= 1:
		return d.Cells - 1
	case d.Growth > 0:
		// Nearest in value, not in logarithm: cells are what a value rounds to.
		v = math.Expm1(v*math.Log1p(last*d.Growth)) / (last * d.Growth)
	}
	return int(math.Round(min(v*last, last)))
}

// Snap returns the position of the domain that is nearest to v.
func (d Dim) Snap(v float64) float64 {
	if d.Kind == Continuous {
		return max(0, min(1, v))
	}
	return d.Position(d.Cell(v))
}

// random returns a position, uniform in [0, 1] before it is snapped; ordinals
// that are equally spaced and nominals have every cell equally likely.
func (d Dim) random(rng *rand.Rand) float64 {
	switch {
	case d.Kind == Continuous:
		return rng.Float64()
	case d.Growth > 0:
		return d.Snap(rng.Float64())
	}
	return d.Position(rng.IntN(d.Cells))
}

// A Group is a set of coordinates that exist in the same trials.
type Group struct {
	Dims []int
	// Parent is the coordinate that decides whether the group exists, −1 for a
	// group whose rule is not known: it is taken to exist, unless it is Gone.
	Parent int
	Gone   bool
	// On tells for which cells of the parent the group exists. Cells that it does
	// not have count as true. The group does not exist where its parent does not.
	On map[int]bool
}

// A Space is what points are chosen from.
type Space struct {
	Dims []Dim
	// Groups are the coordinates that do not exist everywhere, parents before
	// children. A parent is ordinal or nominal.
	Groups []Group
	// Alike are sets of nominal coordinates that have the same categories. A
	// coordinate belongs to one set at most.
	Alike [][]int

	projection *projection // what models see of numeric coordinates; nil: themselves
}

// discrete reports whether no coordinate is continuous.
func (s *Space) discrete() bool {
	for _, d := range s.Dims {
		if d.Kind == Continuous {
			return false
		}
	}
	return true
}

// settle makes a point of x as the groups' rules want it: coordinates that do not
// exist become NaN, and those that exist but are NaN get the value that fill
// returns for them. Coordinates that are kept (kept may be nil) are not touched.
func (s *Space) settle(x []float64, kept []bool, fill func(j int) float64) {
	for _, g := range s.Groups {
		exists := !g.Gone
		if g.Parent >= 0 {
			v := x[g.Parent]
			if exists = !math.IsNaN(v); exists {
				on, known := g.On[s.Dims[g.Parent].Cell(v)]
				exists = on || !known
			}
		}
		for _, j := range g.Dims {
			switch {
			case kept != nil && kept[j]:
			case !exists:
				x[j] = math.NaN()
			case math.IsNaN(x[j]):
				x[j] = fill(j)
			}
		}
	}
}

// random fills x, except for coordinates that are kept, with a point by chance.
func (s *Space) random(x []float64, kept []bool, rng *rand.Rand) {
	for j, d := range s.Dims {
		if kept == nil || !kept[j] {
			x[j] = d.random(rng)
		}
	}
	s.settle(x, kept, func(j int) float64 { return s.Dims[j].random(rng) })
}

// key returns a string that two points share when they are the same point. All
// NaNs count as one.
func key(x []float64) string {
	b := make([]byte, 0, 8*len(x))
	for _, v := range x {
		u := math.Float64bits(v + 0) // −0 becomes 0
		if math.IsNaN(v) {
			u = 1
		}
		b = binary.LittleEndian.AppendUint64(b, u)
	}
	return string(b)
}
