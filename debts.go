package hone

import (
	"context"
	"errors"
	"fmt"

	"github.com/gohone/hone/storage"
)

// A debt is a result that the storage did not take. Its objective has run, perhaps
// for hours, so it is kept and brought again: when the call of Optimize ends, and
// before the next trial begins. Meanwhile it carries no lease, so that other
// processes may run the trial again if this one does not come back to it.
type debt struct {
	trial  *Trial
	state  State
	values []float64
	why    error
}

// finishOrOwe is finish for a trial that nobody else will tell again.
func (s *Study) finishOrOwe(ctx context.Context, t *Trial, state State, values []float64, why error) (rec *storage.Trial, err error) {
	rec, err = s.finish(ctx, t, state, values, why)
	if err != nil && !ended(err) {
		s.lease.drop(t)
		s.debtMu.Lock()
		s.debts = append(s.debts, debt{t, state, values, why})
		s.debtMu.Unlock()
	}
	return rec, err
}

// ended reports whether an error of finish says that there is nothing to tell any
// more.
func ended(err error) bool {
	return errors.Is(err, ErrTrialFinished) || errors.Is(err, ErrTrialNotFound) || errors.Is(err, ErrStudyNotFound)
}

// settleDebts brings the results that the storage did not take before, until it
// does not take one.
func (s *Study) settleDebts(ctx context.Context) error {
	s.debtMu.Lock()
	defer s.debtMu.Unlock()
	for len(s.debts) > 0 {
		d := s.debts[0]
		// Finished: the storage had taken it and could not say so, or another
		// worker has run it again.
		if _, err := s.finish(ctx, d.trial, d.state, d.values, d.why); err != nil && !ended(err) {
			return err
		}
		s.debts = s.debts[1:]
	}
	return nil
}

// putInOrder does what can be done after an error. What the storage does not take
// now is left to the next trial, if there is one, and else to whoever finds that it
// carries no lease any more.
func (s *Study) putInOrder(ctx context.Context) {
	s.asking.lock <- struct{}{}
	defer s.asking.give()
	if s.settleDebts(ctx) == nil && s.refresh(ctx) == nil {
		_ = s.takeBackOrphans(ctx)
	}
}

// takeBackOrphans puts trials back into the queue that are ours and that nobody
// works on: their claim, or their end, failed on the way. No claim of this study is
// under way meanwhile.
func (s *Study) takeBackOrphans(ctx context.Context) error {
	for _, rec := range s.known.leasedElsewhere() {
		if rec.Holder() != s.self {
			continue
		}
		if _, err := s.giveUp(ctx, rec, "the storage failed while it began or ended", true, false); err != nil {
			return fmt.Errorf("hone: trial %d: take back: %w", rec.Number, err)
		}
		if err := s.refresh(ctx); err != nil {
			return s.followed(err)
		}
	}
	return nil
}
