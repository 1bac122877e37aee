package sampler

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// BruteForce tries every combination of values once and then ends the study. The
// space need not be written down: it is the tree of what the objective asks for,
// in which one parameter's value may decide which parameters follow. Parameters
// must be integers, floats with a step, or categories. For a space without
// conditions [Grid] does the same with less to keep in mind.
//
// Any number of workers share the work, and a study that is resumed goes on where
// it was. Combinations are tried in an order that the study's seed shuffles, so
// that those tried so far are always spread over the space. A combination counts
// as tried when its trial is complete, was pruned or has failed; that of a lost
// worker is tried again.
//
// A trial's combination follows from its number as long as that leads to one that
// is free; otherwise the trial notes which one it takes, and looks whether another
// has noted the same. A trial that stands in for one of a lost worker takes up that
// one's combination. So each is run to its end once, whatever processes begin or
// die at the same moment. Only where nobody knows yet how a branch of a conditional
// space goes on may workers that enter it together run the same combination twice.
//
// The zero value is ready to use, by any number of goroutines. Optuna's
// BruteForceSampler draws at random among what is left.
type BruteForce struct {
	fixed   map[string]any // parameters of one value, given by PartialFixed
	patient bool           // exhausted while those under way may still open something

	mu    sync.Mutex
	trees map[*storage.Log]*tree
}

var (
	_ Sampler    = (*BruteForce)(nil)
	_ Starter    = (*BruteForce)(nil)
	_ Exhauster  = (*BruteForce)(nil)
	_ NoRepeater = (*BruteForce)(nil)
)

// bruteAttr notes the values that a trial is to take, in the order in which they
// are asked for, where they are not those of its number.
const bruteAttr = "hone:bruteforce"

// NoRepeats reports true.
func (*BruteForce) NoRepeats() bool { return true }

// Exhausted implements [Exhauster]: everything is tried or under way, and of none
// of the trials under way it is open what it will ask for next.
func (s *BruteForce) Exhausted(_ context.Context, q *Query) (bool, error) {
	var done bool
	s.with(q, q.Running, func(t *tree) { done = t.known() && t.root.slots() == 0 && (s.patient || t.root.open == 0) })
	return done, nil
}

// Start implements [Starter]: it finds the trial a combination that is free and
// notes it if it is not that of the trial's number.
func (s *BruteForce) Start(_ context.Context, q *Query) error {
	d, own := newDigits(q, standsFor(q.Trial)), noted(q.Trial)
	fixed, asked := enqueued(q.Trial), enqueuedByUser(q)
	var path []float64
	var moved, ok, contended, over bool
	var disorder error
	s.with(q, q.Running, func(t *tree) {
		disorder = t.disorder
		path, moved, ok = t.pick(d, own, fixed)
		over = !ok && t.known() && (s.patient || t.root.open == 0 || fixed != nil)
	})
	if disorder != nil {
		return disorder
	}
	if moved || !ok {
		// Is it free but for trials that will leave it to us?
		s.with(q, slices.DeleteFunc(slices.Clone(q.Running), func(r *storage.Trial) bool { return yields(r, q.Trial) }), func(t *tree) {
			_, away, free := t.pick(d, own, fixed)
			contended = free && !away
		})
	}
	switch {
	case contended && !asked:
		return ErrContended
	case over && (!asked || s.patient && retried(q.Trial)):
		return ErrExhausted
	case !ok || !moved || q.SetAttr == nil:
		return nil // what was enqueued is run even if it was tried
	}
	return q.SetAttr(bruteAttr, path)
}

// yields reports whether a running trial looks after this one for its combination
// and leaves it if both have chosen the same: it is of a higher number, has not
// begun to ask for parameters, and is free to choose.
func yields(r, than *storage.Trial) bool {
	_, fixed := r.SystemAttrs.Get(storage.AttrFixedParams)
	return r.Number > than.Number && len(r.Params) == 0 && (!fixed || retried(r))
}

// retried reports whether a trial stands in for one that was lost or cut off.
func retried(t *storage.Trial) bool {
	_, ok := t.SystemAttrs.Get(storage.AttrRetry)
	return ok
}

// standsFor returns the number of the trial that t was first begun as: its own,
// unless it stands in for one that was lost.
func standsFor(t *storage.Trial) int {
	if retried(t) {
		if text, ok := t.SystemAttrs.Get(storage.AttrFailedTrial); ok {
			if n, err := strconv.Atoi(text); err == nil && n >= 0 {
				return n
			}
		}
	}
	return t.Number
}

// enqueuedByUser reports whether a user enqueued values for the query's trial, or
// for the one that it stands in for.
func enqueuedByUser(q *Query) bool {
	t := q.Trial
	if first := standsFor(t); first != t.Number {
		trials := q.History.Trials()
		i := slices.IndexFunc(trials, func(o *storage.Trial) bool { return o.Number == first })
		if i < 0 {
			return false
		}
		t = trials[i]
	}
	_, fixed := t.SystemAttrs.Get(storage.AttrFixedParams)
	return fixed
}

// Sample implements [Sampler].
func (s *BruteForce) Sample(_ context.Context, q *Query, name string, d distributions.Distribution) (float64, error) {
	n, ok := d.Size()
	if !ok {
		return 0, fmt.Errorf("sampler: BruteForce: %q has the domain %s, which has too many values; give it a step", name, d)
	}
	plan, fits := noted(q.Trial), true
	digits := newDigits(q, standsFor(q.Trial))
	at := 0
	for _, p := range q.Trial.Params {
		if !countable(p) {
			continue
		}
		fits = fits && (at >= len(plan) || plan[at] == p.Value)
		size, _ := p.Dist.Size()
		index := int64(indexOf(p.Dist, p.Value))
		if _, ok := s.fixed[p.Name]; ok {
			size, index = 1, 0
		}
		digits.next(int64(size))
		digits.took(index)
		at++
	}
	own := valueAt(d, int(digits.next(int64(n))))
	switch {
	case len(plan) == 0 || fits && at >= len(plan):
		return own, nil
	case fits && d.Contains(plan[at]):
		return plan[at], nil
	}
	// The objective asks otherwise than was foreseen when the plan was made.
	s.with(q, q.Running, func(t *tree) { own = t.free(q.Trial, name, d, own) })
	return own, nil
}

// with calls use with the tree of the query's history, into which running trials
// are put for as long as it takes.
func (s *BruteForce) with(q *Query, running []*storage.Trial, use func(*tree)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := q.History.Log()
	t := s.trees[log]
	if t == nil || t.read > q.History.Len() {
		if s.trees == nil || len(s.trees) >= maxLogs {
			s.trees = make(map[*storage.Log]*tree)
		}
		t = newTree(s.fixed)
		t.patient = s.patient
		s.trees[log] = t
	}
	for _, trial := range q.History.Trials()[t.read:] {
		t.finished(trial)
	}
	t.read = q.History.Len()
	for _, trial := range running {
		t.running(trial, newDigits(q, standsFor(trial)))
	}
	use(t)
	if !t.undo() {
		delete(s.trees, log)
	}
}

// noted returns the values that were noted for a trial.
func noted(t *storage.Trial) []float64 {
	text, ok := t.SystemAttrs.Get(bruteAttr)
	if !ok {
		return nil
	}
	var plan []float64
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return nil
	}
	return plan
}

// enqueued returns the values that were enqueued for a trial.
func enqueued(t *storage.Trial) map[string]any {
	text, ok := t.SystemAttrs.Get(storage.AttrFixedParams)
	if !ok {
		return nil
	}
	v, err := pyjson.Decode([]byte(text))
	if err != nil {
		return nil
	}
	fixed, _ := pyjson.Plain(v).(map[string]any)
	return fixed
}
