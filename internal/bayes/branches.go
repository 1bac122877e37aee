package bayes

import (
	"math"
	"slices"
)

// In a space with branches, one of them soon has the best trial, and the model
// learns that the others are worse from the few points that it knows of each: that
// a branch has a deep and narrow valley cannot be known from four points.
// So a branch that has had less than half of an even share of all trials gets the next
// one, and is looked at by itself: by what would improve on its own best point. That
// costs at most half of the trials.
//
// Chosen on the functions of the suite "branching" of bench/, where regret after 50
// and 100 trials is 0.061 and 0.044 without, 0.052 and 0.023 with a third of a share,
// 0.019 and 0.010 with half of it.
const branchShare = 0.5

// A branch is what points have in common in which the same coordinates exist, for
// the same values of the coordinates that decide about that.
type branch struct {
	at   []float64 // those values; NaN for other coordinates and where there is none
	size int       // number of points, of those under way too
	best float64   // least warped value of those that are allowed
	room float64   // number of points that there can be
}

// deciding tells which coordinates the existence of others depends on.
func (s *Space) deciding() []bool {
	parent := make([]bool, len(s.Dims))
	for _, g := range s.Groups {
		if g.Parent >= 0 {
			parent[g.Parent] = true
		}
	}
	return parent
}

// A division of points into branches.
type division struct {
	space  *Space
	parent []bool
	index  map[string]int
	all    []branch
}

// find returns the branch of a point, nil for a point that has no place in today's
// space.
func (d *division) find(x []float64) *branch {
	y := slices.Clone(x)
	for j, dim := range d.space.Dims {
		if d.parent[j] && !math.IsNaN(y[j]) {
			y[j] = dim.Snap(y[j])
		}
	}
	lost := false
	for j, parent := range d.parent { // those in no group exist always
		lost = lost || parent && math.IsNaN(y[j]) && !slices.ContainsFunc(d.space.Groups, func(g Group) bool { return slices.Contains(g.Dims, j) })
	}
	d.space.settle(y, nil, func(j int) float64 {
		lost = lost || d.parent[j]
		return 0
	})
	if lost {
		return nil
	}
	room := 1.0
	for j, dim := range d.space.Dims {
		switch {
		case d.parent[j]:
			continue
		case math.IsNaN(y[j]):
		case dim.Kind == Continuous:
			room = math.Inf(1)
		default:
			room *= float64(dim.Cells)
		}
		y[j] = math.NaN()
	}
	k := key(y)
	i, ok := d.index[k]
	if !ok {
		i = len(d.all)
		d.index[k] = i
		d.all = append(d.all, branch{at: y, best: math.Inf(1), room: room})
	}
	return &d.all[i]
}

// neglected returns the branch that has had fewest points, if those are too few,
// else nil.
func (st *state) neglected(p *Problem) *branch {
	d := division{space: p.Space, parent: p.Space.deciding(), index: make(map[string]int)}
	if p.Kept != nil || !slices.Contains(d.parent, true) {
		return nil
	}
	total := 0
	for i, x := range append(slices.Clone(st.points), p.Pending...) {
		b := d.find(x)
		if b == nil {
			continue
		}
		b.size++
		total++
		if i < len(st.points) && st.allowed[i] {
			b.best = min(b.best, st.values[0][i])
		}
	}
	var least *branch
	for i := range d.all {
		if b := &d.all[i]; float64(b.size) < b.room && (least == nil || b.size < least.size) {
			least = b
		}
	}
	if least == nil || float64(least.size*len(d.all)) >= branchShare*float64(total) {
		return nil
	}
	return least
}

// within chooses what is maximised in a branch.
func (st *state) within(b *branch, p *Problem, c criterion, how string) (criterion, string) {
	if len(p.Values) > 1 {
		return c, how
	}
	c, how = nil, "feasibility"
	if !math.IsInf(b.best, 1) {
		c, how = improvement{b.best, st.models[0].NoiseVariance()}, "expected improvement"
	}
	if len(st.models) > 1 {
		c = st.constrained(p, c)
	} else if c == nil { // all points of the branch are believed ones
		c, how = confidence{timid}, "confidence bound"
	}
	return c, how + " of a branch"
}
