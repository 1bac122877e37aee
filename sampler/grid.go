package sampler

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// Grid tries every combination of values once and then ends the study. Any number
// of workers share the work, a study that is resumed goes on where it was, and
// points that were enqueued or run elsewhere are not run again.
//
// The zero value takes the values from the domains that the objective asks for,
// which must then be integers, floats with a step, or categories, the same in
// every trial. For spaces with conditions see BruteForce.
type Grid struct {
	// Values lists the values of each parameter, as the objective would get
	// them. nil means: all values of the domains.
	Values map[string][]any

	mu    sync.Mutex
	cache map[*storage.Log]*visited
	model map[*storage.Log]*modelTrial
}

// gridAttr notes the cell of a trial whose cell is not its number.
const gridAttr = "hone:grid"

// maxGrid bounds the number of cells, so that they can be counted on every
// machine; nobody waits for more.
const maxGrid = 1 << 30

// visited is what is known of one history's cells.
type visited struct {
	axes  []gridAxis
	read  int          // trials of the history that are accounted for
	cells map[int]bool // cells of finished trials
	next  int          // all cells below are visited
	// A complete trial that became known after the first look, and a parameter of
	// the grid that it did not ask for.
	looked  bool
	lacking *storage.Trial
	lacks   string
}

var (
	_ Sampler    = (*Grid)(nil)
	_ Starter    = (*Grid)(nil)
	_ Exhauster  = (*Grid)(nil)
	_ Validator  = (*Grid)(nil)
	_ NoRepeater = (*Grid)(nil)
)

// NoRepeats reports true.
func (*Grid) NoRepeats() bool { return true }

// Validate implements [Validator].
func (g *Grid) Validate([]storage.Direction) error {
	if g.Values == nil {
		return nil
	}
	if len(g.Values) == 0 {
		return fmt.Errorf("sampler: Grid.Values is empty; name the parameters and their values, or leave it nil to take the domains'")
	}
	size := 1.0
	for _, name := range slices.Sorted(maps.Keys(g.Values)) {
		values := g.Values[name]
		if len(values) == 0 {
			return fmt.Errorf("sampler: Grid.Values[%q] is empty; a parameter needs at least one value", name)
		}
		for i, v := range values {
			if f, ok := v.(float64); ok && math.IsNaN(f) {
				return fmt.Errorf("sampler: Grid.Values[%q][%d] is NaN", name, i)
			}
			switch v.(type) {
			case nil, string, bool, int, int64, float64:
			default:
				return fmt.Errorf("sampler: Grid.Values[%q][%d] is of type %T; it must be a string, bool, int, float64 or nil", name, i, v)
			}
			if slices.Contains(values[:i], v) {
				return fmt.Errorf("sampler: Grid.Values[%q] has %v twice", name, v)
			}
		}
		size *= float64(len(values))
	}
	if size > maxGrid {
		return fmt.Errorf("sampler: Grid.Values spans %.3g points, more than can be tried", size)
	}
	return nil
}

// A gridAxis is a parameter with its number of values.
type gridAxis struct {
	name   string
	size   int
	domain distributions.Distribution // nil where Grid.Values lists them
}

// axes returns the parameters, in an order that is the same for every trial, and
// the number of cells; 0 while the space is not known.
func (g *Grid) axes(q *Query) ([]gridAxis, int) {
	var axes []gridAxis
	if g.Values != nil {
		for _, name := range slices.Sorted(maps.Keys(g.Values)) {
			axes = append(axes, gridAxis{name: name, size: len(g.Values[name])})
		}
	} else {
		first := g.first(q.History)
		if first == nil {
			return nil, 0
		}
		for _, p := range first.Params {
			n, ok := p.Dist.Size()
			if !ok {
				return nil, 0 // Sample tells the user
			}
			axes = append(axes, gridAxis{p.Name, n, p.Dist})
		}
	}
	cells := 1
	for _, a := range axes {
		if a.size > maxGrid/cells {
			return nil, 0
		}
		cells *= a.size
	}
	return axes, cells
}

// A modelTrial is the trial whose parameters are the grid's.
type modelTrial struct {
	read  int // trials of the history that were looked at
	trial *storage.Trial
	at    int // its place
}

// first returns the trial that was the first to ask, for its order is what trials go
// by that do not know the space yet. One that failed may have failed before it asked
// for all, and counts only where there is no other.
func (g *Grid) first(h *storage.History) *storage.Trial {
	m := g.model[h.Log()]
	switch {
	case m != nil && m.read > h.Len() && m.trial != nil && m.at < h.Len():
		return m.trial // an older snapshot that has it, too
	case m == nil || m.read > h.Len():
		if g.model == nil || len(g.model) >= maxLogs {
			g.model = make(map[*storage.Log]*modelTrial)
		}
		m = new(modelTrial)
		g.model[h.Log()] = m
	}
	for i, t := range h.Trials()[m.read:] {
		if len(t.Params) == 0 || !t.Counts() {
			continue
		}
		if failed := t.State == storage.Failed; m.trial == nil || failed == (m.trial.State == storage.Failed) && before(t, m.trial) || !failed && m.trial.State == storage.Failed {
			m.trial, m.at = t, m.read+i
		}
	}
	m.read = h.Len()
	return m.trial
}

// before reports whether t tells more about the space than u, which has come to
// its end in the same way: it has more parameters or is older.
func before(t, u *storage.Trial) bool {
	if t.State == storage.Failed && len(t.Params) != len(u.Params) {
		return len(t.Params) > len(u.Params)
	}
	return t.Number < u.Number
}

// cellOf returns the cell that a trial's parameters lie in, −1 if they lie in
// none or some are missing.
func (g *Grid) cellOf(t *storage.Trial, axes []gridAxis) int {
	cell, stride := 0, 1
	for _, a := range axes {
		p, ok := t.Param(a.name)
		if !ok || p.Dist == nil {
			return -1
		}
		i := -1
		if g.Values != nil {
			i = slices.IndexFunc(g.Values[a.name], func(v any) bool {
				x, err := p.Dist.Internal(v)
				return err == nil && x == p.Value
			})
		} else {
			i = indexOf(p.Dist, p.Value)
		}
		if i < 0 || i >= a.size {
			return -1
		}
		cell += i * stride
		stride *= a.size
	}
	return cell
}

// look brings what is known of a history up to date.
func (g *Grid) look(q *Query, axes []gridAxis) *visited {
	v := g.cache[q.History.Log()]
	if v == nil || v.read > q.History.Len() || !slices.EqualFunc(v.axes, axes, func(a, b gridAxis) bool { return a.name == b.name && a.size == b.size }) {
		if g.cache == nil || len(g.cache) >= maxLogs {
			g.cache = make(map[*storage.Log]*visited)
		}
		v = &visited{axes: axes, cells: make(map[int]bool)}
		g.cache[q.History.Log()] = v
	}
	for _, t := range q.History.Trials()[v.read:] {
		if !t.Counts() {
			continue
		}
		if c := g.cellOf(t, axes); c >= 0 {
			v.cells[c] = true
		} else if v.looked && t.State == storage.Complete && v.lacking == nil {
			for _, a := range axes {
				if _, ok := t.Param(a.name); !ok {
					v.lacking, v.lacks = t, a.name
				}
			}
		}
	}
	v.read, v.looked = q.History.Len(), true
	for v.cells[v.next] {
		v.next++
	}
	return v
}

// underWay returns the cells of running trials.
func (g *Grid) underWay(running []*storage.Trial, axes []gridAxis, cells int) map[int]bool {
	out := make(map[int]bool, len(running))
	for _, t := range running {
		if c := g.cellOf(t, axes); c >= 0 {
			out[c] = true
		} else if given := g.given(t, axes); len(given) == len(axes) {
			out[given.cell(axes)] = true
		} else if c := assigned(t); c < cells {
			out[c] = true
		}
	}
	return out
}

// A given holds the places of enqueued values by the number of the axis.
type given map[int]int

// given returns what was enqueued for a trial, as far as it lies in the grid.
func (g *Grid) given(t *storage.Trial, axes []gridAxis) given {
	fixed := enqueued(t)
	if len(fixed) == 0 {
		return nil
	}
	out := make(given, len(axes))
	for j, a := range axes {
		value, ok := fixed[a.name]
		if !ok {
			continue
		}
		i := -1
		if a.domain == nil {
			i = slices.IndexFunc(g.Values[a.name], func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(value) })
		} else if v, err := a.domain.Internal(value); err == nil {
			i = indexOf(a.domain, v)
		}
		if i >= 0 && i < a.size {
			out[j] = i
		}
	}
	return out
}

// cell returns the cell where every axis has an enqueued value.
func (have given) cell(axes []gridAxis) int {
	cell, stride := 0, 1
	for j, a := range axes {
		cell += have[j] * stride
		stride *= a.size
	}
	return cell
}

// fits reports whether a cell has the enqueued values.
func (have given) fits(cell int, axes []gridAxis) bool {
	for j, a := range axes {
		if i, ok := have[j]; ok && i != cell%a.size {
			return false
		}
		cell /= a.size
	}
	return true
}

// assigned returns the cell a trial was given: its number, or that of the lost
// trial that it stands in for, unless noted otherwise. A trial for which a user
// enqueued values was given none.
func assigned(t *storage.Trial) int {
	if text, ok := t.SystemAttrs.Get(gridAttr); ok {
		if c, err := strconv.Atoi(text); err == nil && c >= 0 {
			return c
		}
	}
	if _, fixed := t.SystemAttrs.Get(storage.AttrFixedParams); fixed && !retried(t) {
		return math.MaxInt
	}
	return standsFor(t)
}

// Exhausted implements [Exhauster].
func (g *Grid) Exhausted(_ context.Context, q *Query) (bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	axes, cells := g.axes(q)
	if cells == 0 {
		return false, nil
	}
	_, ok := g.free(q, g.underWay(q.Running, axes, cells), axes, cells, nil)
	return !ok, nil
}

// free returns the lowest cell that is neither visited nor under way and has the
// enqueued values.
func (g *Grid) free(q *Query, running map[int]bool, axes []gridAxis, cells int, have given) (int, bool) {
	v := g.look(q, axes)
	for c := v.next; c < cells; c++ {
		if !v.cells[c] && !running[c] && have.fits(c, axes) {
			return c, true
		}
	}
	return 0, false
}

// Start implements [Starter]: it gives the trial its cell.
func (g *Grid) Start(_ context.Context, q *Query) error {
	if enqueuedByUser(q) {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	axes, cells := g.axes(q)
	if cells == 0 {
		return nil // its number, for which nothing need be noted
	}
	if v := g.look(q, axes); v.lacking != nil {
		has := "Grid has"
		if g.Values != nil {
			has = "Grid.Values has"
		}
		return fmt.Errorf("sampler: %s %q, which trial %d did not ask for; leave it out, or for spaces with conditions use BruteForce", has, v.lacks, v.lacking.Number)
	}
	have := g.given(q.Trial, axes)
	own := assigned(q.Trial)
	if len(have) == len(axes) {
		own = have.cell(axes)
	}
	running := g.underWay(q.Running, axes, cells)
	if own < cells && have.fits(own, axes) && !g.look(q, axes).cells[own] {
		if !running[own] {
			return nil
		}
		stay := slices.DeleteFunc(slices.Clone(q.Running), func(r *storage.Trial) bool { return yields(r, q.Trial) })
		if !g.underWay(stay, axes, cells)[own] {
			return ErrContended
		}
	}
	c, ok := g.free(q, running, axes, cells, have)
	if !ok {
		return ErrExhausted
	}
	if q.SetAttr == nil {
		return nil
	}
	return q.SetAttr(gridAttr, c)
}

// Sample implements [Sampler].
func (g *Grid) Sample(_ context.Context, q *Query, name string, d distributions.Distribution) (float64, error) {
	n, ok := d.Size()
	if g.Values == nil && !ok {
		return 0, fmt.Errorf("sampler: Grid: %q has the domain %s, which has too many values; give Grid.Values, or the domain a step", name, d)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	axes, cells := g.axes(q)
	cell := assigned(q.Trial)
	if g.Values != nil {
		return g.explicit(name, d, axes, cell)
	}
	if cell == math.MaxInt { // a trial some of whose parameters were enqueued
		return valueAt(d, q.Rand.IntN(n)), nil
	}
	if cells > 0 {
		for _, a := range axes {
			if a.name == name {
				if a.size != n {
					return 0, fmt.Errorf("sampler: Grid: %q has %d values in this trial and had %d before; the domains of a grid must not change", name, n, a.size)
				}
				return valueAt(d, cell%a.size), nil
			}
			cell /= a.size
		}
		return 0, fmt.Errorf("sampler: Grid: %q was not asked for in the first trial; for spaces with conditions use BruteForce", name)
	}
	// The space is not known yet: parameters are the digits of the trial's
	// number, in the order in which they are asked for.
	for _, p := range q.Trial.Params {
		if size, ok := p.Dist.Size(); ok && size > 0 {
			cell /= size
		}
	}
	return valueAt(d, cell%n), nil
}

func (g *Grid) explicit(name string, d distributions.Distribution, axes []gridAxis, cell int) (float64, error) {
	for _, a := range axes {
		if a.name != name {
			if cell != math.MaxInt {
				cell /= a.size
			}
			continue
		}
		if cell == math.MaxInt {
			return 0, fmt.Errorf("sampler: Grid: an enqueued trial lacks %q; enqueue all parameters of the grid", name)
		}
		value := g.Values[name][cell%a.size]
		v, err := d.Internal(value)
		if err == nil && !d.Contains(v) {
			err = fmt.Errorf("it lies outside %s", d)
		}
		if err != nil {
			return 0, fmt.Errorf("sampler: Grid.Values[%q] has %v: %w", name, value, err)
		}
		for _, earlier := range g.Values[name][:cell%a.size] {
			if w, err := d.Internal(earlier); err == nil && w == v {
				return 0, fmt.Errorf("sampler: Grid.Values[%q] has %v (%T) and %v (%T), which are the same value of %s", name, earlier, earlier, value, value, d)
			}
		}
		return v, nil
	}
	known := make([]string, len(axes))
	for i, a := range axes {
		known[i] = strconv.Quote(a.name)
	}
	return 0, fmt.Errorf("sampler: Grid.Values lacks %q (it has %s)", name, strings.Join(known, ", "))
}
