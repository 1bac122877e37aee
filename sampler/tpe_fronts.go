package sampler

import (
	"slices"

	"github.com/gohone/hone/internal/hypervolume"
	"github.com/gohone/hone/storage"
)

// tpeFronts is the last division by several objectives, and what makes the next one
// cheap: it is the same, to the bit, as one that is made of the whole history.
type tpeFronts struct {
	read, n int
	good    []tpeRow

	// The complete trials that fewer than most others dominate, by number. Only they
	// can be among the most best ones: whoever dominates a trial is in an earlier
	// front. Their own dominators are among them, so that their fronts are known.
	most     int
	complete int // number of complete trials
	band     []tpeBand

	// The choice among the first front, nil if there was none to make, and what
	// happened to that front since.
	choice *hypervolume.Choice
	spare  int // so many different points of the front, at least, were not chosen
	ref    []float64
	came   [][]float64
	went   [][]float64
}

type tpeBand struct {
	tpeRow
	point []float64
	above int // number of trials that dominate it
}

// best returns the n best trials by several objectives: whole non-dominated
// fronts of the complete ones, as many of the next as fit, chosen so that they
// dominate a large volume, then pruned and infeasible ones in their order.
func (v *tpeView) best(n int) []tpeRow {
	c := v.study
	f := c.fronts
	if f != nil && f.read == v.read && f.n == n {
		return f.good
	}
	if f != nil && f.read > v.read { // an old snapshot
		return v.bestOf(n)
	}
	if f == nil || f.most < n {
		f = &tpeFronts{most: n + n/2 + 1}
		c.fronts = f
	}
	trials, violation := v.q.History.Trials(), v.q.History.Violation()
	for row := f.read; row < v.read; row++ {
		if trials[row].State == storage.Complete && !(violation[row] > 0) {
			f.add(tpeBand{tpeRow: tpeRow{trials[row].Number, row}, point: v.objectives(tpeRow{row: row})})
		}
	}
	if f.complete <= n {
		f.good, f.choice = v.bestOf(n), nil
	} else {
		f.good = v.bestOfBand(f, n)
	}
	f.read, f.n = v.read, n
	f.came, f.went = f.came[:0], f.went[:0]
	return f.good
}

// objectives returns what a trial came to, to be minimised.
func (v *tpeView) objectives(row tpeRow) []float64 {
	point := make([]float64, len(v.q.Directions))
	for k, d := range v.q.Directions {
		point[k] = orInf(d.Sign() * v.q.History.Value(k)[row.row])
	}
	return point
}

// add takes in a complete trial.
func (f *tpeFronts) add(b tpeBand) {
	f.complete++
	for i := range f.band {
		if dominates(f.band[i].point, b.point) {
			if b.above++; b.above == f.most {
				return
			}
		}
	}
	f.band = slices.DeleteFunc(f.band, func(o tpeBand) bool { return o.above+1 == f.most && dominates(b.point, o.point) })
	for i := range f.band {
		if o := &f.band[i]; dominates(b.point, o.point) {
			if o.above++; o.above == 1 {
				f.went = append(f.went, o.point)
			}
		}
	}
	if b.above == 0 {
		f.came = append(f.came, b.point)
	}
	at, _ := slices.BinarySearchFunc(f.band, b, func(a, b tpeBand) int { return byNumber(a.tpeRow, b.tpeRow) })
	f.band = slices.Insert(f.band, at, b)
}

// dominates reports whether a is nowhere worse than b and somewhere better.
func dominates(a, b []float64) bool {
	better := false
	for k := range a {
		if a[k] > b[k] {
			return false
		}
		better = better || a[k] < b[k]
	}
	return better
}

// bestOf is best, from the whole history.
func (v *tpeView) bestOf(n int) []tpeRow {
	var complete, rest []tpeRow
	for _, e := range v.study.entries {
		if e.row < v.read {
			if e.class == tpeComplete {
				complete = append(complete, e.tpeRow)
			} else if e.class != tpeFailed {
				rest = append(rest, e.tpeRow)
			}
		}
	}
	good := complete
	if n < len(complete) {
		good = v.bestComplete(complete, n)
	}
	return append(good, rest[:min(n-len(good), len(rest))]...)
}

// bestOfBand is best where there are more complete trials than n.
func (v *tpeView) bestOfBand(f *tpeFronts, n int) []tpeRow {
	var rows []tpeRow
	var points [][]float64
	for _, b := range f.band {
		if b.above == 0 {
			rows = append(rows, b.tpeRow)
			points = append(points, b.point)
		}
	}
	if len(rows) <= n { // the first front is taken as a whole
		f.choice = nil
		if len(rows) == n {
			return rows
		}
		rows = rows[:0]
		for _, b := range f.band {
			rows = append(rows, b.tpeRow)
		}
		return v.bestComplete(rows, n)
	}
	ref := reference(points)
	if !f.stands(n, ref) {
		var chosen []int
		chosen, f.choice = hypervolume.Choose(points, n, ref)
		if f.ref = ref; f.choice != nil {
			f.spare = f.choice.Spare
		}
		f.good = make([]tpeRow, 0, n)
		for _, i := range chosen {
			f.good = append(f.good, rows[i])
		}
	}
	return f.good
}

// stands reports whether the last choice among the first front is that of today's.
func (f *tpeFronts) stands(n int, ref []float64) bool {
	c := f.choice
	if c == nil || len(c.Points) != n || !slices.Equal(f.ref, ref) {
		return false
	}
	chosen := func(p []float64) bool {
		return slices.ContainsFunc(c.Points, func(o []float64) bool { return slices.Equal(o, p) })
	}
	if f.spare -= len(f.went); f.spare < 1 || slices.ContainsFunc(f.went, chosen) {
		return false
	}
	return !slices.ContainsFunc(f.came, func(p []float64) bool { return chosen(p) || !c.Leaves(p) })
}

// bestComplete returns n of the rows, all of which are of complete trials.
func (v *tpeView) bestComplete(rows []tpeRow, n int) []tpeRow {
	points := make([][]float64, len(rows))
	for i, row := range rows {
		points[i] = v.objectives(row)
	}
	ranks := hypervolume.Ranks(points)
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return ranks[a] - ranks[b] })
	// Whole fronts first.
	whole := 0
	for end := 0; end < len(order); {
		rank := ranks[order[end]]
		for end < len(order) && ranks[order[end]] == rank {
			end++
		}
		if end > n {
			break
		}
		whole = end
	}
	out := make([]tpeRow, 0, n)
	for _, i := range order[:whole] {
		out = append(out, rows[i])
	}
	if whole == n {
		return out
	}
	var last []int
	var front [][]float64
	for _, i := range order[whole:] {
		if ranks[i] == ranks[order[whole]] {
			last = append(last, i)
			front = append(front, points[i])
		}
	}
	for _, i := range hypervolume.Subset(front, n-whole, reference(front)) {
		out = append(out, rows[last[i]])
	}
	return out
}

// reference returns the reference point of a front: a tenth beyond the worst value
// of each objective, as Optuna has it.
func reference(front [][]float64) []float64 {
	ref := slices.Clone(front[0])
	for _, p := range front {
		for k := range ref {
			ref[k] = max(ref[k], p[k])
		}
	}
	for k, w := range ref {
		ref[k] = max(1.1*w, 0.9*w)
		if ref[k] == 0 {
			ref[k] = 1e-12
		}
	}
	return ref
}
