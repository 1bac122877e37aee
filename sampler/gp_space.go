package sampler

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/bayes"
)

// A gpLayout lays parameters out as the coordinates of a space, in the order of
// their names.
type gpLayout struct {
	axes  []gpAxis
	index map[string]int // axis by name
	space bayes.Space
	sign  string // stands for the names and how the parameters are modelled
}

type gpAxis struct {
	name   string
	domain distributions.Distribution
	dim    bayes.Dim
	// low and width are those of the domain, of logarithms if log is true: what
	// positions outside of it are counted by.
	low, width float64
	log        bool
}

func newGPLayout(domains map[string]distributions.Distribution) *gpLayout {
	l := &gpLayout{index: make(map[string]int)}
	for _, name := range sortedNames(domains) {
		d := domains[name]
		if d == nil || d.Single() {
			continue
		}
		l.index[name] = len(l.axes)
		a := newGPAxis(name, d)
		l.axes = append(l.axes, a)
		l.space.Dims = append(l.space.Dims, a.dim)
	}
	l.space.Alike = l.alike()
	return l
}

// alike returns the sets of parameters that have the same choices.
func (l *gpLayout) alike() (sets [][]int) {
	byChoices := make(map[string][]int)
	var order []string
	for j, a := range l.axes {
		if a.dim.Kind != bayes.Nominal || a.dim.Cells > bayes.AlikeCells {
			continue
		}
		choices, err := distributions.Marshal(a.domain)
		if err != nil {
			continue
		}
		if byChoices[choices] == nil {
			order = append(order, choices)
		}
		byChoices[choices] = append(byChoices[choices], j)
	}
	for _, choices := range order {
		if set := byChoices[choices]; len(set) >= bayes.AlikeSize {
			sets = append(sets, set)
		}
	}
	return sets
}

func newGPAxis(name string, d distributions.Distribution) gpAxis {
	a := gpAxis{name: name, domain: d}
	if n, ok := d.Size(); ok {
		a.dim = bayes.Dim{Kind: bayes.Ordinal, Cells: n}
	}
	switch d := d.(type) {
	case distributions.Categorical:
		a.dim.Kind = bayes.Nominal
	case distributions.Int:
		if d.Log && d.Low >= 1 {
			a.log = true
			if a.dim.Kind == bayes.Ordinal {
				a.dim.Growth = float64(max(d.Step, 1)) / float64(d.Low)
			}
		}
	case distributions.Float:
		a.log = d.Log && d.Low > 0
	}
	low, high := d.FromUnit(0), d.FromUnit(1)
	if !a.log && low > 0 && a.dim.Kind != bayes.Nominal {
		a.dim.Ratio = min(high/low, bayes.MostBent)
	}
	if a.log {
		low, high = math.Log(low), math.Log(high)
	}
	a.low, a.width = low, high-low
	return a
}

// position returns the coordinate of a value, NaN where it is none. A number
// outside the domain, as it may come from a time when the domain was another, lies
// outside [0, 1], by at most the width of the domain.
func (a *gpAxis) position(v float64) float64 {
	switch {
	case a.dim.Kind == bayes.Nominal:
		if a.domain.Contains(v) {
			return v
		}
		return math.NaN()
	case math.IsNaN(v) || math.IsInf(v, 0):
		return math.NaN()
	case a.domain.Contains(v):
		if a.dim.Kind == bayes.Ordinal {
			if k := indexOf(a.domain, v); k >= 0 {
				return a.dim.Position(k)
			}
		}
		return a.domain.ToUnit(v)
	}
	if a.log {
		v = math.Log(max(v, math.SmallestNonzeroFloat64))
	}
	u := (v - a.low) / a.width
	if math.IsNaN(u) { // a width beyond the floats
		u = a.domain.ToUnit(v)
	}
	return max(-1, min(2, u))
}

// value returns the value at a coordinate, false where there is none.
func (a *gpAxis) value(u float64) (float64, bool) {
	if math.IsNaN(u) {
		return 0, false
	}
	if a.dim.Kind == bayes.Continuous {
		return a.domain.FromUnit(u), true
	}
	return valueAt(a.domain, a.dim.Cell(u)), true
}

// belief turns what a user believes of parameters into what the engine believes of
// points. It is always finite.
func (l *gpLayout) belief(of func(map[string]any) float64) func(x []float64) float64 {
	params := make(map[string]any, len(l.axes))
	return func(x []float64) float64 {
		clear(params)
		for j := range l.axes {
			if v, ok := l.axes[j].value(x[j]); ok {
				params[l.axes[j].name] = l.axes[j].domain.External(v)
			}
		}
		b := of(params)
		if math.IsNaN(b) {
			b = 0
		}
		return max(-1e6, min(1e6, b))
	}
}

// group finds out which parameters exist together, and on what that depends.
// points are trials that came to an end; those that lack a parameter have NaN.
func (l *gpLayout) group(points [][]float64) {
	l.space.Groups = nil
	sign := fnv.New64a()
	for j := range l.axes {
		fmt.Fprintf(sign, "%q %d;", l.axes[j].name, l.axes[j].dim.Kind)
	}
	type pattern struct {
		hash  uint64
		count int
	}
	patterns := make([]pattern, len(l.axes))
	partial := false
	for j := range l.axes {
		p := pattern{hash: 14695981039346656037}
		for _, x := range points {
			bit := uint64(0)
			if !math.IsNaN(x[j]) {
				bit = 1
				p.count++
			}
			p.hash = (p.hash ^ (bit + 2)) * 1099511628211 // FNV-1a
		}
		patterns[j] = p
		partial = partial || p.count < len(points)
	}
	if partial {
		// Groups from those that exist most often on, so that parents come first.
		byPattern := make(map[uint64]int)
		for count := len(points) - 1; count >= 0; count-- {
			first := len(l.space.Groups)
			for j, p := range patterns {
				if p.count != count {
					continue
				}
				g, ok := byPattern[p.hash]
				if !ok {
					g = len(l.space.Groups)
					byPattern[p.hash] = g
					l.space.Groups = append(l.space.Groups, bayes.Group{Parent: -1})
				}
				l.space.Groups[g].Dims = append(l.space.Groups[g].Dims, j)
			}
			for g := first; g < len(l.space.Groups); g++ {
				group := &l.space.Groups[g]
				l.parent(group, points, func(j int) int { return patterns[j].count }, count)
				group.Gone = group.Parent < 0 && gone(points, group.Dims[0])
			}
		}
	}
	for _, g := range l.space.Groups {
		fmt.Fprintf(sign, "%d %d;", g.Dims, g.Parent)
	}
	if len(l.space.Alike) > 0 {
		fmt.Fprintf(sign, "%v", l.space.Alike)
	}
	l.sign = fmt.Sprintf("%016x", sign.Sum64())
}

// gpGone is the number of trials without a group of which no rule is known, after which
// it is taken not to exist: its parameters may have been renamed, or be hardly ever there.
// The model would else be asked about points unlike any that will be seen.
const gpGone = 5

// gone reports whether the last points lack a coordinate.
func gone(points [][]float64, j int) bool {
	for _, x := range points[max(len(points)-gpGone, 0):] {
		if !math.IsNaN(x[j]) {
			return false
		}
	}
	return len(points) >= gpGone
}

// having returns the layout for a trial that is known to have a parameter, whatever
// was found out about when that exists.
func (l *gpLayout) having(name string) *gpLayout {
	j, ok := l.index[name]
	if !ok {
		return l
	}
	for i, g := range l.space.Groups {
		if slices.Contains(g.Dims, j) {
			c := *l
			c.space.Groups = slices.Clone(l.space.Groups)
			c.space.Groups[i] = bayes.Group{Dims: g.Dims, Parent: -1}
			return &c
		}
	}
	return l
}

// parentCells is the largest number of values with which a parameter may decide
// whether others exist.
const parentCells = 64

// parent finds the coordinate that decides whether a group exists: it is there
// whenever the group is, and with each of its values the group is either always
// there or never. Of several that would do it takes the one that exists least
// often, the nearest, and the one of fewest values.
func (l *gpLayout) parent(g *bayes.Group, points [][]float64, count func(j int) int, own int) {
	member := g.Dims[0]
	for q := range l.axes {
		d := l.axes[q].dim
		if d.Kind == bayes.Continuous || d.Cells > parentCells || count(q) <= own {
			continue
		}
		if g.Parent >= 0 {
			best := l.axes[g.Parent].dim
			if c, b := count(q), count(g.Parent); c > b || c == b && d.Cells >= best.Cells {
				continue
			}
		}
		on := make(map[int]bool)
		decides := true
		for _, x := range points {
			exists := !math.IsNaN(x[member])
			if math.IsNaN(x[q]) {
				decides = !exists
			} else {
				c := d.Cell(x[q])
				was, known := on[c]
				decides = !known || was == exists
				on[c] = exists
			}
			if !decides {
				break
			}
		}
		if decides {
			g.Parent, g.On = q, on
		}
	}
}
