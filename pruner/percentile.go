package pruner

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/gohone/hone/internal/orderstat"
	"github.com/gohone/hone/storage"
)

// Percentile stops a trial whose best value so far is worse than a percentile of
// the complete trials' values at the same step. It is Optuna's PercentilePruner.
// The zero value is ready to use, by any number of goroutines.
//
// Only complete trials that reported at exactly this step count, NaN apart. The
// percentile is interpolated linearly between neighbours. A trial that has
// reported NaN only is stopped. Optuna differs in one point: where an infinite
// value takes part in the interpolation, it decides nothing.
type Percentile struct {
	// Percentile, from 0 to 100: a trial goes on while it is among the best so
	// many per cent. 0 means 25.
	Percentile float64
	// StartupTrials is the number of complete trials from which on trials are
	// judged. 0 means 5.
	StartupTrials int
	// WarmupSteps: reports below this step are not judged. 0 judges all.
	WarmupSteps int
	// IntervalSteps: of each so many steps, counted from WarmupSteps, the first
	// report is judged. 0 means 1: every step.
	IntervalSteps int
	// MinTrials is the number of complete trials that must have reported at a
	// step. 0 means 1.
	MinTrials int

	rule percentileRule
}

// Validate returns an error that names the first setting out of range.
func (p *Percentile) Validate() error {
	if !(p.Percentile >= 0 && p.Percentile <= 100) {
		return fmt.Errorf("pruner: Percentile.Percentile is %v; it must be from 0 to 100", p.Percentile)
	}
	return cmp.Or(
		atLeast(0, "Percentile.StartupTrials", p.StartupTrials),
		atLeast(0, "Percentile.WarmupSteps", p.WarmupSteps),
		atLeast(0, "Percentile.IntervalSteps", p.IntervalSteps),
		atLeast(0, "Percentile.MinTrials", p.MinTrials),
	)
}

// Prune decides by the rule above. Its error is Validate's.
func (p *Percentile) Prune(_ context.Context, q *Query) (bool, error) {
	if err := p.Validate(); err != nil {
		return false, err
	}
	percent := p.Percentile
	if percent == 0 {
		percent = 25
	}
	return p.rule.prune(q, percent, orDefault(p.StartupTrials, 5), p.WarmupSteps, orDefault(p.IntervalSteps, 1), orDefault(p.MinTrials, 1)), nil
}

// A percentileRule is what Median and Percentile share.
type percentileRule struct {
	cache digests[*curves]
}

func (r *percentileRule) prune(q *Query, percent float64, startup, warmup, interval, minTrials int) bool {
	if !due(q.Trial.Reports, warmup, interval) {
		return false
	}
	last, _ := q.Trial.LastReport()
	var prune bool
	r.cache.with(q.History, newCurves, func(c *curves) {
		if len(c.complete) == 0 || len(c.complete) < startup {
			return
		}
		own := best(q.Direction, q.Trial.Reports)
		if math.IsNaN(own) {
			prune = true
			return
		}
		at := c.at(last.Step)
		if at.values.Len()+at.nan < minTrials {
			return
		}
		if q.Direction == storage.Maximize {
			percent = 100 - percent
		}
		prune = better(q.Direction, at.values.Quantile(percent/100), own)
	})
	return prune
}

// curves are the reports of the complete trials, in order of value step by step.
// A step is sorted when it is asked for, so that steps between intervals cost
// nothing.
type curves struct {
	complete []*storage.Trial
	steps    map[int]*stepValues
}

type stepValues struct {
	seen   int // complete trials looked at
	nan    int
	values orderstat.Multiset
}

func newCurves() *curves { return &curves{steps: make(map[int]*stepValues)} }

func (c *curves) add(t *storage.Trial) {
	if t.State == storage.Complete {
		c.complete = append(c.complete, t)
	}
}

func (c *curves) at(step int) *stepValues {
	s := c.steps[step]
	if s == nil {
		s = new(stepValues)
		c.steps[step] = s
	}
	for _, t := range c.complete[s.seen:] {
		if v, ok := reportAt(t.Reports, step); !ok {
			continue
		} else if math.IsNaN(v) {
			s.nan++
		} else {
			s.values.Insert(v)
		}
	}
	s.seen = len(c.complete)
	return s
}

// reportAt returns the value at a step. Reports are by rising step.
func reportAt(reports []storage.Report, step int) (float64, bool) {
	i, ok := slices.BinarySearchFunc(reports, step, func(r storage.Report, step int) int { return cmp.Compare(r.Step, step) })
	if !ok {
		return 0, false
	}
	return reports[i].Value, true
}
