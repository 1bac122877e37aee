package sampler

import (
	"context"
	"math"
	"strconv"
	"sync"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/orderstat"
	"github.com/gohone/hone/internal/qmc"
	"github.com/gohone/hone/storage"
)

// QMC takes points from a low-discrepancy sequence, which covers the space more
// evenly than independent draws do: a better [Random], for screening a space and
// for any objective that cannot be modelled.
//
// Trial n runs at point n of the sequence, so any number of processes share one
// sequence without a word between them, and a resumed study goes on where it was.
// The first parameter that a trial asks for is the first coordinate, and so on;
// with conditions, each branch has coordinates of its own. Integers, steps and
// categories divide their coordinate into equal cells. The first 2^k trials cover
// the space best: prefer a power of two where the number of trials is free.
//
// When every parameter is discrete, a point that was tried already is replaced by
// one that was not, as long as there is one.
//
// The zero value is Sobol's sequence, scrambled by the study's seed: equal in
// spread to SciPy's and ready to use, by any number of goroutines. Optuna's
// QMCSampler leaves it unscrambled unless told otherwise.
type QMC struct {
	// Halton takes Halton's sequence in the place of Sobol's. It knows no
	// favoured number of trials, but is less even beyond a few parameters.
	Halton bool
	// NoScramble takes the sequence as published. Its point 0 is the lower end
	// of every domain, and its points lie on a regular grid.
	NoScramble bool

	fixed map[string]any // parameters of one value, given by PartialFixed

	once   sync.Once
	halton *qmc.HaltonTable // of the first study

	mu    sync.Mutex
	cells map[*storage.Log]*cells
}

var (
	_ JointSampler = (*QMC)(nil)
	_ Starter      = (*QMC)(nil)
	_ NoRepeater   = (*QMC)(nil)
)

// qmcAttr notes the cell of a trial in a discrete space that is not the one of its
// point.
const qmcAttr = "hone:qmc"

// NoRepeats reports true.
func (*QMC) NoRepeats() bool { return true }

// coordinate returns coordinate dim of the point of a trial's number.
func (s *QMC) coordinate(q *Query, number, dim int) float64 {
	index := uint64(number)
	switch {
	case s.Halton && s.NoScramble:
		return qmc.Halton(index, dim)
	case s.Halton:
		s.once.Do(func() { s.halton = &qmc.HaltonTable{Seed: q.Seed} })
		if s.halton.Seed == q.Seed {
			return s.halton.At(index, dim)
		}
		return qmc.ScrambledHalton(index, dim, q.Seed) // a second study
	case s.NoScramble:
		return qmc.Sobol(index, dim)
	}
	return qmc.OwenSobol(index, dim, q.Seed)
}

// Sample implements [Sampler].
func (s *QMC) Sample(_ context.Context, q *Query, _ string, d distributions.Distribution) (float64, error) {
	return d.FromUnit(s.coordinate(q, q.Trial.Number, len(q.Trial.Params))), nil
}

// Start implements [Starter]: where the trial's own point was tried, it gives the
// trial another one and notes it for those who come after.
func (s *QMC) Start(_ context.Context, q *Query) error {
	cell, moved := s.choose(q, q.History.Space())
	if !moved || q.SetAttr == nil {
		return nil
	}
	return q.SetAttr(qmcAttr, cell)
}

// SampleJoint implements [JointSampler]. It leaves everything to Sample unless the
// space is discrete and the trial's own point was tried.
func (s *QMC) SampleJoint(_ context.Context, q *Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	cell, moved := s.choose(q, q.History.Space())
	if !moved {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]float64, len(space))
	for _, a := range s.look(q, q.History.Space()).axes {
		if _, ok := space[a.name]; ok {
			out[a.name] = valueAt(a.domain, int(cell%a.size))
		}
		cell /= a.size
	}
	return out, nil
}

// choose returns the cell that the trial should run in, if that is not the cell of
// its own point.
func (s *QMC) choose(q *Query, space map[string]distributions.Distribution) (cell int64, moved bool) {
	for name, d := range space {
		_, fixed := s.fixed[name]
		if _, ok := d.Size(); !ok && !fixed {
			return 0, false
		}
	}
	if _, fixed := q.Trial.SystemAttrs.Get(storage.AttrFixedParams); fixed || len(space) == 0 {
		return 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.look(q, space)
	if c.size == 0 {
		return 0, false
	}
	if noted, ok := notedCell(q.Trial); ok && noted < c.size {
		return noted, true
	}
	own := s.natural(q, c, q.Trial.Number)
	taken := make(map[int64]bool, len(q.Running))
	for _, t := range q.Running {
		if noted, ok := notedCell(t); ok {
			taken[noted] = true
		} else if at := c.of(t); at >= 0 {
			taken[at] = true
		} else if _, fixed := t.SystemAttrs.Get(storage.AttrFixedParams); !fixed {
			taken[s.natural(q, c, t.Number)] = true
		}
	}
	untried := c.size - int64(c.tried.Len())
	if untried == 0 || !c.has[own] && !taken[own] {
		return 0, false
	}
	// One more coordinate of the trial's point says which of the untried ones.
	k := min(int64(s.coordinate(q, q.Trial.Number, len(c.axes))*float64(untried)), untried-1)
	for range len(taken) + 1 {
		if at := c.untried(k); !taken[at] {
			return at, true
		}
		k = (k + 1) % untried
	}
	return 0, false // every untried point is under way
}

// notedCell returns the cell that was noted for a trial.
func notedCell(t *storage.Trial) (int64, bool) {
	text, ok := t.SystemAttrs.Get(qmcAttr)
	if !ok {
		return 0, false
	}
	cell, err := strconv.ParseInt(text, 10, 64)
	return cell, err == nil && cell >= 0
}

// natural returns the cell of the point of a trial's number.
func (s *QMC) natural(q *Query, c *cells, number int) int64 {
	cell, stride := int64(0), int64(1)
	for _, a := range c.axes {
		v := a.domain.FromUnit(s.coordinate(q, number, a.position))
		cell += int64(max(indexOf(a.domain, v), 0)) * stride
		stride *= a.size
	}
	return cell
}

// cells is what is known of the points tried in a discrete space without
// conditions: the product of its domains is numbered from 0.
type cells struct {
	read  int            // trials of the history that are accounted for
	first *storage.Trial // the complete trial of the lowest number
	fixed []storage.Param
	axes  []qmcAxis
	size  int64 // 0: the space has conditions, or is too large to keep account of
	has   map[int64]bool
	tried orderstat.Multiset // the same cells, in order
}

// A qmcAxis is a parameter of more than one value.
type qmcAxis struct {
	name     string
	position int // among the parameters that a trial asks for
	domain   distributions.Distribution
	size     int64
}

// maxCells bounds the spaces that are kept account of: beyond it a point is never
// met twice by chance. float64 holds
// such numbers and the halves between them.
const maxCells = int64(1) << 50

// look brings what is known of the history up to date.
func (s *QMC) look(q *Query, space map[string]distributions.Distribution) *cells {
	if s.cells == nil {
		s.cells = make(map[*storage.Log]*cells)
	}
	log := q.History.Log()
	c := s.cells[log]
	if c == nil || c.read > q.History.Len() || !c.current(space) {
		if len(s.cells) >= maxLogs {
			clear(s.cells)
		}
		c = &cells{has: make(map[int64]bool)}
		s.cells[log] = c
	}
	trials := q.History.Trials()
	for _, t := range trials[c.read:] {
		if t.State == storage.Complete && (c.first == nil || t.Number < c.first.Number) {
			if c.first != nil && !sameOrder(t, c.first) {
				c.axes = nil // begin again, with the order of this one
			}
			c.first = t
		}
	}
	from := c.read
	if c.axes == nil && c.first != nil {
		c.layOut(space, s.fixed)
		from = 0
	}
	for _, t := range trials[from:] {
		c.add(t)
	}
	c.read = len(trials)
	return c
}

// maxLogs bounds how many histories a sampler remembers.
const maxLogs = 16

// current reports whether the axes are those of the space as it is now.
func (c *cells) current(space map[string]distributions.Distribution) bool {
	for _, a := range c.axes {
		if d, ok := space[a.name]; !ok || !distributions.Equal(d, a.domain) {
			return false
		}
	}
	return true
}

func sameOrder(a, b *storage.Trial) bool {
	if len(a.Params) != len(b.Params) {
		return false
	}
	for i := range a.Params {
		if a.Params[i].Name != b.Params[i].Name {
			return false
		}
	}
	return true
}

// layOut numbers the cells of the parameters of the first trial. One that is fixed
// has no others than those of its value.
func (c *cells) layOut(space map[string]distributions.Distribution, fixed map[string]any) {
	c.axes, c.size, c.has, c.tried, c.fixed = []qmcAxis{}, 1, make(map[int64]bool), orderstat.Multiset{}, nil
	for i, p := range c.first.Params {
		d := space[p.Name]
		if d == nil {
			continue
		}
		if given, ok := fixed[p.Name]; ok {
			if v, err := d.Internal(given); err == nil {
				c.fixed = append(c.fixed, storage.Param{Name: p.Name, Value: v})
			}
			continue
		}
		n, ok := d.Size()
		if !ok || int64(n) > maxCells/c.size {
			c.size = 0
			return
		}
		if n > 1 {
			c.axes = append(c.axes, qmcAxis{p.Name, i, d, int64(n)})
			c.size *= int64(n)
		}
	}
	if len(c.axes) == 0 {
		c.size = 0
	}
}

// add takes a finished trial in. One that was complete without some of the
// parameters, or with others, shows that the space has conditions.
func (c *cells) add(t *storage.Trial) {
	if c.size == 0 || !t.Counts() {
		return
	}
	if t.State == storage.Complete && len(t.Params) != len(c.first.Params) {
		c.size = 0
		return
	}
	at := c.of(t)
	if at >= 0 && !c.has[at] {
		c.has[at] = true
		c.tried.Insert(float64(at))
	}
}

// of returns the cell that a trial's parameters lie in, −1 if they lie in none or
// some are missing.
func (c *cells) of(t *storage.Trial) int64 {
	for _, f := range c.fixed {
		if p, ok := t.Param(f.Name); !ok || p.Value != f.Value {
			return -1
		}
	}
	cell, stride := int64(0), int64(1)
	for _, a := range c.axes {
		p, ok := t.Param(a.name)
		if !ok || math.IsNaN(p.Value) {
			return -1
		}
		i := int64(indexOf(a.domain, p.Value))
		if i < 0 || i >= a.size {
			return -1
		}
		cell += i * stride
		stride *= a.size
	}
	return cell
}

// untried returns number k, from 0, of the cells that were not tried.
func (c *cells) untried(k int64) int64 {
	low, high := k, k+int64(c.tried.Len()) // the answer lies between them, both included
	for low < high {
		mid := low + (high-low)/2
		if mid+1-int64(c.tried.Below(float64(mid)+0.5)) > k {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}
