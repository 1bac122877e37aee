package pruner

import (
	"cmp"
	"context"
)

// Median stops a trial whose best value so far is worse than the median of the
// complete trials' values at the same step. It is Optuna's MedianPruner, and the
// default of a study. The zero value is ready to use, by any number of
// goroutines. Details are those of [Percentile] at 50.
//
// Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017,
// section 3.1.2 (doi:10.1145/3097983.3098043), has the rule with running averages.
type Median struct {
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
func (m *Median) Validate() error {
	return cmp.Or(
		atLeast(0, "Median.StartupTrials", m.StartupTrials),
		atLeast(0, "Median.WarmupSteps", m.WarmupSteps),
		atLeast(0, "Median.IntervalSteps", m.IntervalSteps),
		atLeast(0, "Median.MinTrials", m.MinTrials),
	)
}

// Prune decides by the rule above. Its error is Validate's.
func (m *Median) Prune(_ context.Context, q *Query) (bool, error) {
	if err := m.Validate(); err != nil {
		return false, err
	}
	return m.rule.prune(q, 50, orDefault(m.StartupTrials, 5), m.WarmupSteps, orDefault(m.IntervalSteps, 1), orDefault(m.MinTrials, 1)), nil
}
