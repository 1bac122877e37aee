package oplog

import (
	"context"
	"fmt"
	"math"

	"github.com/gohone/hone/storage"
)

// CreateTrial implements [storage.Storage].
func (o *Ops) CreateTrial(ctx context.Context, study int64, template *storage.Trial) (storage.Trial, error) {
	var t storage.Trial
	err := o.change(ctx, template != nil && template.State != storage.Running, func(b *Batch) error {
		return b.create(study, template)
	}, func(st *State, out []Outcome) (bool, error) {
		err := refused(out[0])
		if err == nil {
			t, err = st.Trial(out[0].ID)
		}
		return false, err
	})
	return t, err
}

// create adds the record of a new trial.
func (b *Batch) create(study int64, template *storage.Trial) error {
	if _, err := b.Study(study); err != nil {
		return err
	}
	if template != nil {
		for _, p := range template.Params {
			if err := b.Compatible(study, p); err != nil {
				return err
			}
		}
	}
	return b.add(func(dst []byte) ([]byte, error) {
		return AppendCreateTrial(dst, b.worker, study, template, b.now)
	})
}

// unfinished returns a trial that may be changed.
func (b *Batch) unfinished(trial int64) (storage.Trial, error) {
	t, err := b.Trial(trial)
	if err == nil && t.State.Finished() {
		err = fmt.Errorf("%w: trial %d is %s", storage.ErrTrialFinished, t.Number, t.State)
	}
	return t, err
}

// SetParam implements [storage.Storage]. A second call for one name overwrites.
// A category that does not exist and an integer that is not finite are refused:
// Python could not read them.
func (o *Ops) SetParam(ctx context.Context, trial int64, p storage.Param) error {
	return o.change(ctx, false, func(b *Batch) error {
		if _, err := b.unfinished(trial); err != nil {
			return err
		}
		study, err := b.StudyOf(trial)
		if err != nil {
			return err
		}
		if err := b.Compatible(study, p); err != nil {
			return err
		}
		return b.add(func(dst []byte) ([]byte, error) {
			return AppendParam(dst, b.worker, trial, p)
		})
	}, all)
}

// SetReport implements [storage.Storage].
func (o *Ops) SetReport(ctx context.Context, trial int64, step int, value float64) error {
	return o.change(ctx, false, func(b *Batch) error {
		if _, err := b.unfinished(trial); err != nil {
			return err
		}
		return b.add(func(dst []byte) ([]byte, error) {
			return AppendReport(dst, b.worker, trial, step, value)
		})
	}, all)
}

// SetTrialAttr implements [storage.Storage].
func (o *Ops) SetTrialAttr(ctx context.Context, trial int64, kind storage.AttrKind, key, value string) error {
	return o.change(ctx, false, func(b *Batch) error {
		if _, err := b.unfinished(trial); err != nil {
			return err
		}
		return b.attr(trial, storage.Attr{Key: key, Value: value}, kind)
	}, all)
}

func (b *Batch) attr(trial int64, a storage.Attr, kind storage.AttrKind) error {
	return b.add(func(dst []byte) ([]byte, error) {
		return AppendTrialAttr(dst, b.worker, trial, kind, a.Key, a.Value)
	})
}

func (b *Batch) state(trial int64, state storage.State, values []float64) error {
	return b.add(func(dst []byte) ([]byte, error) {
		return AppendState(dst, b.worker, trial, state, values, b.now)
	})
}

// SetState implements [storage.Storage].
func (o *Ops) SetState(ctx context.Context, trial int64, state storage.State, values []float64) (bool, error) {
	var changed bool
	err := o.change(ctx, state.Finished(), func(b *Batch) error {
		changed = false
		t, err := b.unfinished(trial)
		if err != nil {
			return err
		}
		switch {
		case state == storage.Running && t.State == storage.Running:
			return storage.CheckValues(values) // a claim that is lost is not written
		case state.Finished() && t.State == storage.Waiting && t.Started.IsZero():
			// Optuna has no start for such a trial, and then finds it invalid;
			// it starts now.
			if err := b.state(trial, storage.Running, nil); err != nil {
				return err
			}
		}
		return b.state(trial, state, values)
	}, func(_ *State, out []Outcome) (bool, error) {
		if len(out) == 0 {
			return false, nil
		}
		last := out[len(out)-1]
		changed = last.Verdict == Applied
		return false, refused(last)
	})
	return changed && err == nil, err
}

// Trial implements [storage.Storage].
func (o *Ops) Trial(ctx context.Context, trial int64) (out storage.Trial, err error) {
	err = o.view(ctx, func(st *State) error {
		out, err = st.Trial(trial)
		return err
	})
	return out, err
}

// Trials implements [storage.Storage].
func (o *Ops) Trials(ctx context.Context, study, after int64, include []int64) (out []storage.Trial, err error) {
	err = o.view(ctx, func(st *State) error {
		out, err = st.Trials(study, after, include)
		return err
	})
	return out, err
}

// Claim implements [storage.Claimer].
func (o *Ops) Claim(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
	var t storage.Trial
	var spent bool
	err := o.change(ctx, false, func(b *Batch) error {
		t, spent = storage.Trial{ID: -1}, false
		b.needs = Need{Queue: true}
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
			// Others may start trials meanwhile, as long as there is room for
			// this one too.
			b.needs.Room = math.MaxInt32
			if c.Budget > 0 {
				b.needs.Room = min(b.needs.Room, c.Budget-counted-held-1)
			}
			var template *storage.Trial
			if len(c.Attrs) > 0 {
				template = &storage.Trial{State: storage.Running, SystemAttrs: c.Attrs}
			}
			return b.create(study, template)
		}
		// The attributes come first: should only a part of the batch reach the
		// log, the trial waits on.
		t.ID = waiting.ID
		for _, a := range c.Attrs {
			if err := b.attr(waiting.ID, a, storage.SystemAttr); err != nil {
				return err
			}
		}
		return b.state(waiting.ID, storage.Running, nil)
	}, func(st *State, out []Outcome) (bool, error) {
		if spent {
			return false, nil
		}
		last := out[len(out)-1]
		id := last.ID
		if t.ID >= 0 { // a waiting one
			if last.Verdict != Applied {
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
func (o *Ops) Requeue(ctx context.Context, trial int64, holder string, attrs []storage.Attr, retry *storage.Trial) (bool, error) {
	var done bool
	err := o.change(ctx, true, func(b *Batch) error {
		done = false
		b.needs = Need{Queue: true, Held: true}
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
	}, func(_ *State, out []Outcome) (bool, error) {
		for _, o := range out {
			if o.Op == SetState {
				done = o.Verdict == Applied
			}
		}
		return false, nil
	})
	return done && err == nil, err
}
