package pruner

import (
	"context"
	"fmt"

	"github.com/gohone/hone/storage"
)

// Patient lets another pruner judge a trial only when the trial has not improved
// for a while: when the best of its last Patience+1 reports is worse, by more
// than MinDelta, than the best before them. It is Optuna's PatientPruner. NaN
// reports are passed over.
//
// It may be used by any number of goroutines if Pruner may.
type Patient struct {
	// Pruner judges the trials that do not improve. nil stops them all.
	Pruner Pruner
	// Patience is the number of reports beyond the last that may bring no
	// improvement.
	Patience int
	// MinDelta is by how much, in units of the objective, the last reports must
	// be worse. 0: by anything.
	MinDelta float64
}

// Validate returns an error that names the first setting out of range, of Pruner
// too.
func (p *Patient) Validate() error {
	if err := atLeast(0, "Patient.Patience", p.Patience); err != nil {
		return err
	}
	if !(p.MinDelta >= 0) {
		return fmt.Errorf("pruner: Patient.MinDelta is %v; it must not be negative", p.MinDelta)
	}
	if v, ok := p.Pruner.(Validator); ok {
		if err := v.Validate(); err != nil {
			return fmt.Errorf("pruner: Patient.Pruner: %w", err)
		}
	}
	return nil
}

// Prune decides by the rule above. Its error is Validate's or that of Pruner.
func (p *Patient) Prune(ctx context.Context, q *Query) (bool, error) {
	if err := p.Validate(); err != nil {
		return false, err
	}
	cut := len(q.Trial.Reports) - p.Patience - 1
	if cut <= 0 {
		return false, nil
	}
	before, after := best(q.Direction, q.Trial.Reports[:cut]), best(q.Direction, q.Trial.Reports[cut:])
	delta := p.MinDelta
	if q.Direction == storage.Maximize {
		delta = -delta
	}
	if !better(q.Direction, before+delta, after) {
		return false, nil
	}
	if p.Pruner == nil {
		return true, nil
	}
	return p.Pruner.Prune(ctx, q)
}
