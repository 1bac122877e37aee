package pruner

import (
	"context"
	"fmt"
	"math"

	"github.com/gohone/hone/internal/signedrank"
	"github.com/gohone/hone/storage"
)

// Wilcoxon stops a trial that a signed-rank test finds worse than the best trial
// on the instances that both were measured on. It is Optuna's WilcoxonPruner, for
// objectives that are a mean over instances such as the folds of
// cross-validation or the problems of a benchmark: report each instance's value
// with the instance's number as the step, in any order, and return the mean of
// all.
//
// The best trial is the best feasible complete one; of equals, the one of the
// lowest number. Steps that it lacks are passed over. If one of the two has
// reported an infinity or NaN, nothing is decided; nor is a trial stopped whose
// mean so far is no worse than the best trial's. The p-value is exact for few
// instances and the normal approximation for more than 50, as SciPy chooses.
//
// The zero value is ready to use, by any number of goroutines.
type Wilcoxon struct {
	// PThreshold is the p-value below which a trial is stopped, from 0 to 1. A
	// larger one stops sooner. 0 means 0.1.
	PThreshold float64
	// StartupSteps is the number of shared instances from which on trials are
	// judged. 0 means 2, which is also the least that a test makes sense for.
	StartupSteps int

	cache digests[*incumbent]
}

// Validate returns an error that names the first setting out of range.
func (p *Wilcoxon) Validate() error {
	if !(p.PThreshold >= 0 && p.PThreshold <= 1) {
		return fmt.Errorf("pruner: Wilcoxon.PThreshold is %v; it must be from 0 to 1", p.PThreshold)
	}
	return atLeast(0, "Wilcoxon.StartupSteps", p.StartupSteps)
}

// Prune decides by the rule above. Its error is Validate's.
func (p *Wilcoxon) Prune(_ context.Context, q *Query) (bool, error) {
	if err := p.Validate(); err != nil {
		return false, err
	}
	threshold := p.PThreshold
	if threshold == 0 {
		threshold = 0.1
	}
	own := q.Trial.Reports
	ownMean, ok := finiteMean(own)
	if !ok {
		return false, nil
	}
	var top *storage.Trial
	p.cache.with(q.History, func() *incumbent { return &incumbent{} }, func(i *incumbent) { top = i.best(q.Direction) })
	if top == nil {
		return false, nil
	}
	topMean, ok := finiteMean(top.Reports)
	if !ok {
		return false, nil
	}
	// The differences in the direction in which a positive one is worse.
	worse := make([]float64, 0, len(own))
	for i, j := 0, 0; i < len(own) && j < len(top.Reports); {
		a, b := own[i], top.Reports[j]
		switch {
		case a.Step < b.Step:
			i++
		case a.Step > b.Step:
			j++
		default:
			worse = append(worse, q.Direction.Sign()*(a.Value-b.Value))
			i++
			j++
		}
	}
	if len(worse) < max(2, p.StartupSteps) {
		return false, nil
	}
	return better(q.Direction, topMean, ownMean) && signedrank.Greater(worse) < threshold, nil
}

// finiteMean returns the mean of the reported values; ok is false if there are
// none or one is not finite.
func finiteMean(reports []storage.Report) (mean float64, ok bool) {
	for _, r := range reports {
		if math.IsInf(r.Value, 0) || math.IsNaN(r.Value) {
			return 0, false
		}
		mean += r.Value
	}
	return mean / float64(len(reports)), len(reports) > 0
}

// An incumbent is the best feasible complete trial of each direction.
type incumbent struct {
	lowest, highest *storage.Trial
}

func (i *incumbent) add(t *storage.Trial) {
	if t.State != storage.Complete || len(t.Values) != 1 || math.IsNaN(t.Values[0]) || !t.Feasible() {
		return
	}
	if first(storage.Minimize, t, i.lowest) {
		i.lowest = t
	}
	if first(storage.Maximize, t, i.highest) {
		i.highest = t
	}
}

// first reports whether a comes before b in the order of values, then numbers.
func first(d storage.Direction, a, b *storage.Trial) bool {
	if b == nil || better(d, a.Values[0], b.Values[0]) {
		return true
	}
	return a.Values[0] == b.Values[0] && a.Number < b.Number
}

func (i *incumbent) best(d storage.Direction) *storage.Trial {
	if d == storage.Maximize {
		return i.highest
	}
	return i.lowest
}
