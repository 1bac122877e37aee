package journal

import (
	"context"

	"github.com/gohone/hone/internal/oplog"
	"github.com/gohone/hone/storage"
)

// Claim implements [storage.Claimer].
func (s *Storage) Claim(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
	var t storage.Trial
	var spent bool
	err := s.change(ctx, false, func(b *batch) error {
		t, spent = storage.Trial{ID: -1}, false
		counted, held, err := b.Spent(study)
		if err != nil {
			return err
		}
		if c.Budget > 0 && counted+held >= c.Budget {
			spent = true
			return nil
		}
		waiting, ok, err := b.Waiting(study)
		if err != nil {
			return err
		}
		if !ok {
			var template *storage.Trial
			if len(c.Attrs) > 0 {
				template = &storage.Trial{State: storage.Running, SystemAttrs: c.Attrs}
			}
			return b.create(study, template)
		}
		// The attributes come first: should only a part of the batch reach the
		// file, the trial waits on.
		t.ID = waiting.ID
		for _, a := range c.Attrs {
			if err := b.attr(waiting.ID, a, storage.SystemAttr); err != nil {
				return err
			}
		}
		return b.state(waiting.ID, storage.Running, nil)
	}, func(st *oplog.State, out []oplog.Outcome) (bool, error) {
		if spent {
			return false, nil
		}
		last := out[len(out)-1]
		id := last.ID
		if t.ID >= 0 { // a waiting one
			if last.Verdict != oplog.Applied {
				return true, nil // somebody else has it
			}
			id = t.ID
		}
		err := refused(last)
		if err == nil {
			t, err = st.Trial(id)
		}
		return false, err
	})
	if err != nil || spent {
		return storage.Trial{}, false, err
	}
	return t, true, nil
}

// Requeue implements [storage.Claimer].
func (s *Storage) Requeue(ctx context.Context, trial int64, holder string, attrs []storage.Attr, retry *storage.Trial) (bool, error) {
	var done bool
	err := s.change(ctx, true, func(b *batch) error {
		t, err := b.Trial(trial)
		if err != nil {
			return err
		}
		if t.State != storage.Running || t.Holder() != holder {
			return nil
		}
		for _, a := range attrs {
			if err := b.attr(trial, a, storage.SystemAttr); err != nil {
				return err
			}
		}
		if err := b.state(trial, storage.Failed, nil); err != nil {
			return err
		}
		if retry == nil {
			return nil
		}
		study, err := b.StudyOf(trial)
		if err != nil {
			return err
		}
		return b.create(study, retry)
	}, func(_ *oplog.State, out []oplog.Outcome) (bool, error) {
		for _, o := range out {
			if o.Op == oplog.SetState {
				done = o.Verdict == oplog.Applied
			}
		}
		return false, nil
	})
	return done && err == nil, err
}
