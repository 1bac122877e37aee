package storage

import (
	"maps"
	"math"
	"sync"

	"github.com/gohone/hone/distributions"
)

// A Log collects the finished trials of one study in columns, in the order in
// which they became known to this process. It only grows. One goroutine or
// several may append while others read snapshots.
type Log struct {
	mu          sync.RWMutex
	objectives  int
	trials      []*Trial
	columns     map[string]*column
	names       []string // parameters in order of first appearance
	values      [][]float64
	violation   []float64
	constraints map[string]*column
	constrNames []string
	space       map[string]distributions.Distribution // replaced, never changed
}

// A column holds one number for each trial, NaN where a trial has none. It is
// filled up with NaN when it is read or written, so that a parameter that went
// out of use costs nothing.
type column struct {
	values []float64
	dist   distributions.Distribution // the domain in the trial of the highest number
	number int                        // that number
}

func (c *column) grow(n int) {
	for len(c.values) < n {
		c.values = append(c.values, math.NaN())
	}
}

// NewLog returns an empty log for a study with that many objectives.
func NewLog(objectives int) *Log {
	return &Log{
		objectives:  objectives,
		columns:     make(map[string]*column),
		constraints: make(map[string]*column),
		values:      make([][]float64, objectives),
		space:       make(map[string]distributions.Distribution),
	}
}

// Append adds a finished trial. The log keeps it; it must not change any more.
func (l *Log) Append(t *Trial) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.trials)
	l.trials = append(l.trials, t)
	changed := false
	for i := range t.Params {
		p := &t.Params[i]
		c := l.columns[p.Name]
		if c == nil {
			c = &column{number: -1}
			l.columns[p.Name] = c
			l.names = append(l.names, p.Name)
		}
		if len(c.values) > n { // a name twice in one trial: the first stands
			continue
		}
		c.grow(n)
		c.values = append(c.values, p.Value)
		if t.Number > c.number {
			if c.dist == nil || !same(c.dist, p.Dist) {
				c.dist = p.Dist
				changed = true
			}
			c.number = t.Number
		}
	}
	if changed {
		l.space = maps.Clone(l.space)
		for name, c := range l.columns {
			if c.dist != nil {
				l.space[name] = c.dist
			}
		}
	}
	for k := range l.values {
		v := math.NaN()
		if k < len(t.Values) && (t.State == Complete || len(t.Values) == l.objectives) {
			v = t.Values[k]
		}
		l.values[k] = append(l.values[k], v)
	}
	l.appendConstraints(t, n)
}

// same reports whether two domains are equal. The quick test spares the deep
// one in the usual case, in which every trial carries the same interface value.
func same(a, b distributions.Distribution) bool {
	if fa, ok := a.(distributions.Float); ok {
		fb, ok := b.(distributions.Float)
		return ok && fa == fb
	}
	if ia, ok := a.(distributions.Int); ok {
		ib, ok := b.(distributions.Int)
		return ok && ia == ib
	}
	return distributions.Equal(a, b)
}

func (l *Log) appendConstraints(t *Trial, n int) {
	total, any := 0.0, false
	for _, c := range t.Constraints() {
		col := l.constraints[c.Name]
		if col == nil {
			col = new(column)
			l.constraints[c.Name] = col
			l.constrNames = append(l.constrNames, c.Name)
		}
		col.grow(n)
		if len(col.values) == n {
			col.values = append(col.values, c.Value)
		}
		any = true
		switch {
		case c.Value > 0:
			total += c.Value
		case c.Value != c.Value: // nothing tells how far it is from feasible
			total = math.Inf(1)
		}
	}
	if !any {
		total = math.NaN()
	}
	l.violation = append(l.violation, total)
}

// History returns what the log holds now. It takes no copy.
func (l *Log) History() *History {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return &History{log: l, n: len(l.trials), space: l.space}
}

// A History is a snapshot of a study's finished trials. Position i of each
// column belongs to trial i of the snapshot; positions are the order in which
// trials became known, not that of their numbers. Later snapshots of the same
// Log begin with the same trials, so "what is new" since a snapshot of length
// n is everything from position n. What a History returns is read only. It may
// be used by any number of goroutines.
type History struct {
	log   *Log
	n     int
	space map[string]distributions.Distribution
}

// NewHistory returns a history of the given trials, for tests and for tools.
// Unfinished trials are left out.
func NewHistory(objectives int, trials ...*Trial) *History {
	l := NewLog(objectives)
	for _, t := range trials {
		if t.State.Finished() {
			l.Append(t)
		}
	}
	return l.History()
}

// Log identifies the log this is a snapshot of: caches use it as their key.
func (h *History) Log() *Log { return h.log }

// Len returns the number of trials.
func (h *History) Len() int { return h.n }

// Objectives returns the number of objectives.
func (h *History) Objectives() int { return h.log.objectives }

// Trial returns the trial at a position.
func (h *History) Trial(i int) *Trial { return h.Trials()[i] }

// Trials returns the trials by position.
func (h *History) Trials() []*Trial {
	h.log.mu.RLock()
	defer h.log.mu.RUnlock()
	return h.log.trials[:h.n:h.n]
}

// Space returns every parameter that occurs, with the domain it has in the
// trial of the highest number that has it. In a conditional space no trial
// need have them all.
func (h *History) Space() map[string]distributions.Distribution { return h.space }

// Column returns a parameter's internal values by position, NaN where a trial
// lacks the parameter. For an unknown name it is nil.
func (h *History) Column(name string) []float64 { return h.column(h.log.columns, name) }

// Value returns objective k by position: NaN for trials that failed or have no
// value. For a pruned trial it is the last reported value, if any.
func (h *History) Value(k int) []float64 {
	h.log.mu.RLock()
	defer h.log.mu.RUnlock()
	return h.log.values[k][:h.n:h.n]
}

// Violation returns the total constraint violation by position, Σ max(0, c):
// 0 for a feasible trial, +Inf where one is NaN, NaN for a trial without
// constraints.
func (h *History) Violation() []float64 {
	h.log.mu.RLock()
	defer h.log.mu.RUnlock()
	return h.log.violation[:h.n:h.n]
}

// ConstraintNames returns the names of all constraints seen, in order of first
// appearance in the log.
func (h *History) ConstraintNames() []string {
	h.log.mu.RLock()
	defer h.log.mu.RUnlock()
	return h.log.constrNames[:len(h.log.constrNames):len(h.log.constrNames)]
}

// Constraint returns the values of a constraint by position, NaN where a trial
// lacks it.
func (h *History) Constraint(name string) []float64 { return h.column(h.log.constraints, name) }

func (h *History) column(of map[string]*column, name string) []float64 {
	h.log.mu.Lock()
	defer h.log.mu.Unlock()
	c := of[name]
	if c == nil {
		return nil
	}
	c.grow(h.n)
	return c.values[:h.n:h.n]
}
