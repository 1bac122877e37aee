package pruner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
)

// Threshold stops a trial that reports a value outside fixed bounds, or NaN. It
// is Optuna's ThresholdPruner. At least one bound must be given:
//
//	most := 10.0
//	p := &pruner.Threshold{Upper: &most}
//
// It may be used by any number of goroutines.
type Threshold struct {
	// Lower and Upper are the bounds; a value on a bound is inside. nil means
	// none.
	Lower, Upper *float64
	// WarmupSteps: reports below this step are not judged. 0 judges all.
	WarmupSteps int
	// IntervalSteps: of each so many steps, counted from WarmupSteps, the first
	// report is judged. 0 means 1: every step.
	IntervalSteps int
}

// Validate returns an error that names the first setting out of range.
func (p *Threshold) Validate() error {
	for _, b := range []struct {
		name  string
		bound *float64
	}{{"Lower", p.Lower}, {"Upper", p.Upper}} {
		if b.bound != nil && math.IsNaN(*b.bound) {
			return fmt.Errorf("pruner: Threshold.%s is NaN; nil means no bound", b.name)
		}
	}
	if p.Lower == nil && p.Upper == nil {
		return errors.New("pruner: Threshold.Lower and Threshold.Upper are both nil; at least one bound is needed")
	}
	if p.Lower != nil && p.Upper != nil && *p.Lower > *p.Upper {
		return fmt.Errorf("pruner: Threshold.Lower is %v, above Threshold.Upper, %v: every value would be outside", *p.Lower, *p.Upper)
	}
	return cmp.Or(
		atLeast(0, "Threshold.WarmupSteps", p.WarmupSteps),
		atLeast(0, "Threshold.IntervalSteps", p.IntervalSteps),
	)
}

// Prune reports whether the last reported value is NaN or out of bounds. Its
// error is Validate's.
func (p *Threshold) Prune(_ context.Context, q *Query) (bool, error) {
	if err := p.Validate(); err != nil {
		return false, err
	}
	if !due(q.Trial.Reports, p.WarmupSteps, orDefault(p.IntervalSteps, 1)) {
		return false, nil
	}
	last, _ := q.Trial.LastReport()
	return math.IsNaN(last.Value) ||
		p.Lower != nil && last.Value < *p.Lower ||
		p.Upper != nil && last.Value > *p.Upper, nil
}
