package sampler

import (
	"cmp"
	"math"
	"slices"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/qmc"
	"github.com/gohone/hone/storage"
)

// A tpeRow is a finished trial: its number, and its position in the history.
type tpeRow struct{ number, row int }

func byNumber(a, b tpeRow) int {
	return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.row, b.row))
}

// A tpeEntry is a finished trial with its place in the order from best to worst.
// The order is total, so it does not depend on the order of the history.
type tpeEntry struct {
	class int8    // see the constants
	a, b  float64 // within a class
	tpeRow
}

// Classes of trials, the better ones first.
const (
	tpeComplete   = iota // a: signed value; with several objectives 0
	tpePruned            // a: −last step, or 1 without a report; b: signed value there
	tpeInfeasible        // a: sum of violations
	tpeFailed
)

func (e tpeEntry) compare(o tpeEntry) int {
	return cmp.Or(cmp.Compare(e.class, o.class), cmp.Compare(e.a, o.a), cmp.Compare(e.b, o.b), byNumber(e.tpeRow, o.tpeRow))
}

// A tpeHashed is a trial with a number that stands for a random draw: the trials of
// the smallest hashes are a random subset, of which few change when one is added.
type tpeHashed struct {
	hash uint64
	tpeRow
}

func (h tpeHashed) compare(o tpeHashed) int {
	return cmp.Or(cmp.Compare(h.hash, o.hash), byNumber(h.tpeRow, o.tpeRow))
}

// tpeSlack is how many trials a query's snapshot may be behind and still be
// answered from what is known of a later one.
const tpeSlack = 64

// A tpeStudy is what is remembered of the history of one log. All of it can be
// computed anew from the history.
type tpeStudy struct {
	log      *storage.Log
	seed     uint64
	read     int        // trials of the history that are accounted for
	finished int        // complete and pruned ones among them
	entries  []tpeEntry // from best to worst
	rows     []tpeRow   // the same trials by number
	hashed   []tpeHashed

	params    map[string]*tpeParam
	partition int // number of groups made so far

	changed int // position of the last trial that changed params
	models  map[string]*tpeModel
	space   *tpeCells
	fronts  *tpeFronts
}

// A tpeParam is what is known of a parameter.
type tpeParam struct {
	group  int // those of one group occur in the same trials
	common bool
	dist   distributions.Distribution // in the first trial that has it
	seen   int                        // position of the last trial that has it
	trials int                        // that have it
}

func newTPEStudy(log *storage.Log, seed uint64) *tpeStudy {
	return &tpeStudy{log: log, seed: seed, changed: -1, params: make(map[string]*tpeParam), models: make(map[string]*tpeModel)}
}

// study returns what is remembered for the query's history, brought up to date.
func (s *TPE) study(q *Query, r *tpeRules) *tpeStudy {
	const most = 16 // as many brackets as a pruner may have, and more
	log := q.History.Log()
	i := slices.IndexFunc(s.studies, func(c *tpeStudy) bool { return c.log == log && c.seed == q.Seed })
	if i < 0 {
		s.studies = slices.Insert(s.studies, 0, newTPEStudy(log, q.Seed))
		s.studies = s.studies[:min(len(s.studies), most)]
	} else {
		c := s.studies[i]
		copy(s.studies[1:i+1], s.studies[:i])
		s.studies[0] = c
	}
	c := s.studies[0]
	if n := q.History.Len(); n < c.read && (c.read-n > tpeSlack || n <= c.changed) {
		c = newTPEStudy(log, q.Seed) // an old snapshot: start again, for this one
	}
	c.sync(q, r)
	return c
}

// sync reads the trials that are new.
func (c *tpeStudy) sync(q *Query, r *tpeRules) {
	n := q.History.Len()
	if c.read >= n {
		return
	}
	trials, violation := q.History.Trials(), q.History.Violation()
	sign := 1.0
	if len(q.Directions) > 0 {
		sign = q.Directions[0].Sign()
	}
	first := c.read
	bulk := n-first > 32+first/8
	for row := first; row < n; row++ {
		t := trials[row]
		e := tpeEntry{tpeRow: tpeRow{t.Number, row}}
		switch {
		case t.State == storage.Failed:
			if !r.failed || !t.Counts() {
				continue
			}
			e.class = tpeFailed
		case violation[row] > 0:
			e.class, e.a = tpeInfeasible, violation[row]
		case t.State == storage.Complete:
			e.class = tpeComplete
			if len(q.Directions) == 1 {
				e.a = orInf(sign * q.History.Value(0)[row])
			}
		default:
			e.class, e.a = tpePruned, 1
			if last, ok := t.LastReport(); ok {
				e.a, e.b = -float64(last.Step), orInf(sign*last.Value)
			}
		}
		if e.class != tpeFailed {
			c.note(t, row)
			c.finished++
		}
		c.rows = append(c.rows, e.tpeRow)
		if !bulk {
			i, _ := slices.BinarySearchFunc(c.entries, e, tpeEntry.compare)
			c.entries = slices.Insert(c.entries, i, e)
			i, _ = slices.BinarySearchFunc(c.rows[:len(c.rows)-1], e.tpeRow, byNumber)
			copy(c.rows[i+1:], c.rows[i:])
			c.rows[i] = e.tpeRow
		} else {
			c.entries = append(c.entries, e)
		}
		c.hash(e.tpeRow, r)
	}
	if bulk {
		slices.SortFunc(c.entries, tpeEntry.compare)
		slices.SortFunc(c.rows, byNumber)
	}
	c.read = n
}

func orInf(v float64) float64 {
	if math.IsNaN(v) {
		return math.Inf(1)
	}
	return v
}

// hash keeps the trial if its hash is among the smallest: enough of them that
// leaving out the good trials and those of later snapshots leaves as many as are
// needed.
func (c *tpeStudy) hash(row tpeRow, r *tpeRules) {
	if r.others == 0 && !r.failed {
		return
	}
	keep := 2*max(r.others, tpeWitnesses/2) + tpeSlack
	h := tpeHashed{qmc.Hash(c.seed, uint64(row.number)), row}
	if len(c.hashed) == keep && h.compare(c.hashed[keep-1]) > 0 {
		return
	}
	i, _ := slices.BinarySearchFunc(c.hashed, h, tpeHashed.compare)
	c.hashed = slices.Insert(c.hashed, i, h)
	c.hashed = c.hashed[:min(len(c.hashed), keep)]
}

// note takes down which parameters occur together.
func (c *tpeStudy) note(t *storage.Trial, row int) {
	if c.finished == 0 {
		c.changed = row
	}
	fresh := -1 // the group of those that no trial had before
	for i := range t.Params {
		p := &t.Params[i]
		known := c.params[p.Name]
		if known == nil {
			if fresh < 0 {
				fresh = c.group()
			}
			c.params[p.Name] = &tpeParam{group: fresh, common: c.finished == 0, dist: p.Dist, seen: row, trials: 1}
			c.changed = row
			continue
		}
		if known.seen != row {
			known.seen = row
			known.trials++
			if len(c.params) > fewGroups && (known.trials == 2 || len(c.params) > mostGroups) { // see frequent
				c.changed = row
			}
		}
		if known.common && !distributions.Equal(known.dist, p.Dist) {
			known.common = false
			c.changed = row
		}
	}
	if len(t.Params) == len(c.params) {
		return
	}
	// Some are missing: a group of which only a part occurs is divided.
	parts := make(map[int][2]int) // absent and present members
	for _, known := range c.params {
		v := parts[known.group]
		if known.seen == row {
			v[1]++
		} else {
			v[0]++
			if known.common {
				known.common = false
				c.changed = row
			}
		}
		parts[known.group] = v
	}
	split := make(map[int]int)
	for g, v := range parts {
		if v[0] > 0 && v[1] > 0 {
			split[g] = c.group()
			c.changed = row
		}
	}
	if len(split) == 0 {
		return
	}
	for _, known := range c.params {
		if to, ok := split[known.group]; ok && known.seen == row {
			known.group = to
		}
	}
}

func (c *tpeStudy) group() int {
	c.partition++
	return c.partition
}

// groups returns which parameters of the space are chosen together, in a fixed
// order, each group sorted by name. The others are to be chosen by themselves.
func (c *tpeStudy) groups(space map[string]distributions.Distribution, how TPEDecomposition) [][]string {
	of := make(map[int][]string)
	var order []int
	for _, name := range sortedNames(space) {
		p := c.params[name]
		if p == nil {
			continue
		}
		g := p.group
		switch how {
		case TPECommon:
			if !p.common || !distributions.Equal(p.dist, space[name]) {
				continue
			}
			g = 0
		case TPEUnivariate:
			g = len(of)
		}
		if of[g] == nil {
			order = append(order, g)
		}
		of[g] = append(of[g], name)
	}
	if len(order) > fewGroups {
		order = c.frequent(of, order)
	}
	out := make([][]string, len(order))
	for i, g := range order {
		out[i] = of[g]
	}
	return out
}

// Each group costs a look at every trial, whether or not the trial under way comes to
// ask for it. Where names hold the number of a trial, by mistake, there are as many
// groups as trials.
const (
	fewGroups  = 64  // so many are all chosen ahead
	mostGroups = 256 // and of those that few trials have no more than so many
)

// frequent returns the groups that more than one trial has, and of too many those
// that most trials have. Parameters of the others are chosen by themselves when they
// are asked for.
func (c *tpeStudy) frequent(of map[int][]string, order []int) []int {
	trials := func(g int) int { return c.params[of[g][0]].trials }
	order = slices.DeleteFunc(order, func(g int) bool { return trials(g) < 2 })
	if len(order) > mostGroups {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(trials(b), trials(a)) })
		n := mostGroups
		for n < len(order) && 8*trials(order[n]) >= c.finished { // as when each of many parameters is a group
			n++
		}
		order = order[:n]
	}
	return order
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
