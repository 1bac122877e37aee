package sampler

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/gohone/hone/storage"
)

// A tpeView is the history of one query, divided into good trials and the rest.
type tpeView struct {
	study    *tpeStudy
	q        *Query
	r        *tpeRules
	read     int // trials of the query's history
	finished int // complete and pruned ones among them

	divided bool
	good    []tpeRow     // from the best on
	other   []tpeRow     // by number
	running []tpeRunning // trials under way, by number
}

// view prepares a query.
func (s *TPE) view(q *Query, r *tpeRules) *tpeView {
	v := &tpeView{study: s.study(q, r), q: q, r: r, read: q.History.Len()}
	v.finished = v.study.finished
	for _, t := range q.History.Log().History().Trials()[v.read:v.study.read] {
		if t.State != storage.Failed {
			v.finished--
		}
	}
	return v
}

// starting reports whether the trial is one of the first, for which no model is used.
func (v *tpeView) starting() bool { return v.finished < v.r.startup || v.r.even && v.alike() }

// alike reports whether all trials came out the same, so that those called good would
// merely be the oldest.
func (v *tpeView) alike() bool {
	seen := func(e tpeEntry) bool { return e.row < v.read }
	first := slices.IndexFunc(v.study.entries, seen)
	if first < 0 {
		return true
	}
	last := len(v.study.entries) - 1
	for !seen(v.study.entries[last]) {
		last--
	}
	a, b := &v.study.entries[first], &v.study.entries[last]
	if len(v.q.Directions) > 1 && a.class == tpeComplete { // not in order
		return false
	}
	return a.class == b.class && a.a == b.a && a.b == b.b
}

// divide finds the good trials and the ones that stand for the rest.
func (v *tpeView) divide() error {
	if v.divided {
		return nil
	}
	n := v.r.gamma(v.finished)
	if n < 0 {
		return fmt.Errorf("sampler: TPE.Gamma(%d) is %d, it must not be negative", v.finished, n)
	}
	n = min(n, v.finished)
	if len(v.q.Directions) > 1 {
		v.good = v.best(n)
	} else {
		for _, e := range v.study.entries {
			if len(v.good) == n {
				break
			}
			if e.row < v.read {
				v.good = append(v.good, e.tpeRow)
			}
		}
	}
	good := slices.Clone(v.good)
	slices.SortFunc(good, byNumber)
	isGood := func(row tpeRow) bool {
		_, ok := slices.BinarySearchFunc(good, row, byNumber)
		return ok
	}
	if most := v.r.others; most == 0 || len(v.study.rows)-len(good) <= most {
		v.other = make([]tpeRow, 0, len(v.study.rows))
		for _, row := range v.study.rows {
			if len(good) > 0 && row == good[0] {
				good = good[1:]
			} else if row.row < v.read {
				v.other = append(v.other, row)
			}
		}
	} else {
		v.other = v.sample(most, isGood)
	}
	v.divided = true
	return nil
}

// sample returns trials that stand for all that are not good: for the first half
// those that come next in the order, which are the ones around the good ones and
// say most about where not to go, and for the second half a random subset. Both
// change little from one trial to the next.
func (v *tpeView) sample(most int, isGood func(tpeRow) bool) []tpeRow {
	out := make([]tpeRow, 0, most)
	for _, e := range v.study.entries {
		if len(out) == most/2 {
			break
		}
		if e.row < v.read && e.class != tpeFailed && !isGood(e.tpeRow) {
			out = append(out, e.tpeRow)
		}
	}
	near := slices.Clone(out)
	slices.SortFunc(near, byNumber)
	for _, h := range v.study.hashed {
		if len(out) == most {
			break
		}
		if h.row >= v.read || isGood(h.tpeRow) {
			continue
		}
		if _, ok := slices.BinarySearchFunc(near, h.tpeRow, byNumber); !ok {
			out = append(out, h.tpeRow)
		}
	}
	slices.SortFunc(out, byNumber)
	return out
}

// A tpeRunning is a trial under way with what is known of its parameters.
type tpeRunning struct {
	trial *storage.Trial
	plan  map[string]float64 // what was chosen for it, and may not be asked for yet
}

// tpeAttr notes with a trial what was chosen for it, for trials that begin before
// its objective has asked for everything.
const tpeAttr = "hone:tpe"

// publish notes what was chosen.
func publish(q *Query, chosen map[string]float64) error {
	if q.SetAttr == nil || len(chosen) == 0 {
		return nil
	}
	return q.SetAttr(tpeAttr, chosen)
}

// runningTrials returns the trials under way, but for the query's own and those that
// the history has as finished.
func runningTrials(q *Query) []tpeRunning {
	var out []tpeRunning
	for _, t := range q.Running {
		if q.Trial != nil && t.Number == q.Trial.Number {
			continue
		}
		r := tpeRunning{trial: t}
		if text, ok := t.SystemAttrs.Get(tpeAttr); ok {
			// A note that cannot be read says nothing.
			if json.Unmarshal([]byte(text), &r.plan) != nil {
				r.plan = nil
			}
		}
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b tpeRunning) int { return a.trial.Number - b.trial.Number })
	return slices.CompactFunc(out, func(a, b tpeRunning) bool { return a.trial.Number == b.trial.Number })
}

// under returns the trials under way.
func (v *tpeView) under() []tpeRunning {
	if v.running == nil && len(v.q.Running) > 0 {
		v.running = runningTrials(v.q)
	}
	return v.running
}

// value returns the value of a parameter, NaN if it is not known.
func (r *tpeRunning) value(name string) float64 {
	if p, ok := r.trial.Param(name); ok {
		return p.Value
	}
	if v, ok := r.plan[name]; ok {
		return v
	}
	return math.NaN()
}
