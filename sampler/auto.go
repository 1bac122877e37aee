package sampler

import (
	"context"
	"sync"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// Auto is the default sampler. It chooses an algorithm for each trial by what the
// study looks like:
//
//   - [GP] for the first 250 finished trials, of up to four objectives, and up to
//     10,000 values in all, so that 100 parameters leave 100 trials for it: it learns most
//     from each trial, whatever the parameters are;
//   - [GP] and [TPE] in turns, two trials each, up to 600 trials of one objective and as
//     many values: GP goes on to converge, and TPE tries what GP has ruled out;
//   - [CMAES] from 600 finished trials on, if there is one objective and the space
//     is of numbers only, the same in every trial, not all of them discrete: it then
//     converges to many digits, at less cost;
//   - [TPE] otherwise: it takes every kind of space, and its cost does not grow.
//
// History, space and seed decide, never a clock. The choice is noted with each
// trial, in the attribute "hone:auto", and logged at level debug. The zero value is
// ready to use, by any number of goroutines.
type Auto struct {
	gp  GP
	tpe TPE
	cma CMAES

	mu   sync.Mutex
	seen map[*storage.Log]*autoView
}

const (
	// autoModel is the number of finished trials up to which GP is chosen, autoTurns
	// that up to which it is in turns with TPE, and autoValues that of trials times
	// parameters: they bound its cost.
	autoModel  = 250
	autoTurns  = 600
	autoValues = 10_000
	// autoObjectives is the largest number of objectives for which GP is chosen.
	autoObjectives = gpObjectives
	// autoEvolve is the number of finished trials from which on CMAES takes over.
	autoEvolve = 600
)

// An autoView is what Auto knows of a history.
type autoView struct {
	read   int // trials that are accounted for
	params int // of each complete trial; −1: they differ
}

var (
	_ JointSampler = (*Auto)(nil)
	_ NoRepeater   = (*Auto)(nil)
)

// NoRepeats reports true: CMAES is not chosen where points can be counted.
func (*Auto) NoRepeats() bool { return true }

// Sample implements [Sampler].
func (a *Auto) Sample(ctx context.Context, q *Query, name string, d distributions.Distribution) (float64, error) {
	s, _ := a.choose(q)
	return s.Sample(ctx, q, name, d)
}

// SampleJoint implements [JointSampler].
func (a *Auto) SampleJoint(ctx context.Context, q *Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	s, why := a.choose(q)
	if err := note(q, why); err != nil {
		return nil, err
	}
	return s.SampleJoint(ctx, q, space)
}

// choose picks the algorithm for a trial, and says why.
func (a *Auto) choose(q *Query) (JointSampler, string) {
	n := q.History.Len()
	affordable := n*len(q.History.Space()) <= autoValues
	switch {
	case len(q.Directions) > autoObjectives:
		return &a.tpe, "TPE: more than four objectives"
	case n < autoModel && affordable:
		return &a.gp, "GP: fewer than 250 trials"
	case len(q.Directions) == 1 && n < autoTurns && affordable:
		// Pairs, since GP itself does some things with every other trial.
		if q.Trial.Number%4 < 2 {
			return &a.gp, "GP: in turns with TPE from 250 to 600 trials"
		}
		return &a.tpe, "TPE: in turns with GP from 250 to 600 trials"
	case len(q.Directions) > 1:
		return &a.tpe, "TPE: several objectives, too many trials for GP"
	case n < autoEvolve:
		return &a.tpe, "TPE: too many trials or parameters for GP, too few trials for CMAES"
	case !a.plain(q.History):
		return &a.tpe, "TPE: the space has categories, conditions, or points that can be counted"
	}
	return &a.cma, "CMAES: 600 trials or more of numbers only"
}

// plain reports whether all trials have the same parameters, all of them numbers,
// and one of them continuous.
func (a *Auto) plain(h *storage.History) bool {
	continuous := false
	space := h.Space()
	for _, d := range space {
		if _, ok := d.(distributions.Categorical); ok {
			return false
		}
		if _, countable := d.Size(); !countable {
			continuous = true
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	v := a.view(h)
	for _, t := range h.Trials()[min(v.read, h.Len()):] {
		switch {
		case t.State != storage.Complete: // it may have ended before it had them all
		case v.params == 0:
			v.params = len(t.Params)
		case v.params != len(t.Params):
			v.params = -1
		}
	}
	v.read = max(v.read, h.Len())
	return continuous && v.params == len(space)
}

func (a *Auto) view(h *storage.History) *autoView {
	v := a.seen[h.Log()]
	if v == nil {
		if a.seen == nil || len(a.seen) >= maxLogs {
			a.seen = make(map[*storage.Log]*autoView)
		}
		v = new(autoView)
		a.seen[h.Log()] = v
	}
	return v
}

// note tells of a choice.
func note(q *Query, why string) error {
	if q.Logger != nil {
		q.Logger.Debug("sampler chosen", "study", q.Study, "trial", q.Trial.Number, "choice", why)
	}
	if q.SetAttr == nil {
		return nil
	}
	return q.SetAttr("hone:auto", why)
}
