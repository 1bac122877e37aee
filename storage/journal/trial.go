package journal

import (
	"context"
	"fmt"

	"github.com/gohone/hone/internal/oplog"
	"github.com/gohone/hone/storage"
)

// CreateTrial implements [storage.Storage].
func (s *Storage) CreateTrial(ctx context.Context, study int64, template *storage.Trial) (storage.Trial, error) {
	var t storage.Trial
	err := s.change(ctx, template != nil && template.State != storage.Running, func(b *batch) error {
		return b.create(study, template)
	}, func(st *oplog.State, out []oplog.Outcome) (bool, error) {
		err := refused(out[0])
		if err == nil {
			t, err = st.Trial(out[0].ID)
		}
		return false, err
	})
	return t, err
}

// create adds the record of a new trial.
func (b *batch) create(study int64, template *storage.Trial) error {
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
		return oplog.AppendCreateTrial(dst, b.worker, study, template, b.now)
	})
}

// unfinished returns a trial that may be changed.
func (b *batch) unfinished(trial int64) (storage.Trial, error) {
	t, err := b.Trial(trial)
	if err == nil && t.State.Finished() {
		err = fmt.Errorf("%w: trial %d is %s", storage.ErrTrialFinished, t.Number, t.State)
	}
	return t, err
}

// SetParam implements [storage.Storage]. A second call for one name overwrites.
// A category that does not exist and an integer that is not finite are refused:
// Python could not read them.
func (s *Storage) SetParam(ctx context.Context, trial int64, p storage.Param) error {
	return s.change(ctx, false, func(b *batch) error {
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
			return oplog.AppendParam(dst, b.worker, trial, p)
		})
	}, all)
}

// SetReport implements [storage.Storage].
func (s *Storage) SetReport(ctx context.Context, trial int64, step int, value float64) error {
	return s.change(ctx, false, func(b *batch) error {
		if _, err := b.unfinished(trial); err != nil {
			return err
		}
		return b.add(func(dst []byte) ([]byte, error) {
			return oplog.AppendReport(dst, b.worker, trial, step, value)
		})
	}, all)
}

// SetTrialAttr implements [storage.Storage].
func (s *Storage) SetTrialAttr(ctx context.Context, trial int64, kind storage.AttrKind, key, value string) error {
	return s.change(ctx, false, func(b *batch) error {
		if _, err := b.unfinished(trial); err != nil {
			return err
		}
		return b.attr(trial, storage.Attr{Key: key, Value: value}, kind)
	}, all)
}

func (b *batch) attr(trial int64, a storage.Attr, kind storage.AttrKind) error {
	return b.add(func(dst []byte) ([]byte, error) {
		return oplog.AppendTrialAttr(dst, b.worker, trial, kind, a.Key, a.Value)
	})
}

func (b *batch) state(trial int64, state storage.State, values []float64) error {
	return b.add(func(dst []byte) ([]byte, error) {
		return oplog.AppendState(dst, b.worker, trial, state, values, b.now)
	})
}

// SetState implements [storage.Storage].
func (s *Storage) SetState(ctx context.Context, trial int64, state storage.State, values []float64) (bool, error) {
	var changed bool
	err := s.change(ctx, state.Finished(), func(b *batch) error {
		t, err := b.unfinished(trial)
		if err != nil {
			return err
		}
		switch {
		case state == storage.Running && t.State == storage.Running:
			return storage.CheckValues(values) // a claim that is lost is not written
		case state.Finished() && t.State == storage.Waiting:
			// Optuna has no start for such a trial, and then finds it invalid;
			// it starts now.
			if err := b.state(trial, storage.Running, nil); err != nil {
				return err
			}
		}
		return b.state(trial, state, values)
	}, func(_ *oplog.State, out []oplog.Outcome) (bool, error) {
		if len(out) == 0 {
			return false, nil
		}
		last := out[len(out)-1]
		changed = last.Verdict == oplog.Applied
		return false, refused(last)
	})
	return changed && err == nil, err
}

// Trial implements [storage.Storage].
func (s *Storage) Trial(ctx context.Context, trial int64) (out storage.Trial, err error) {
	err = s.view(ctx, func(st *oplog.State) error {
		out, err = st.Trial(trial)
		return err
	})
	return out, err
}

// Trials implements [storage.Storage].
func (s *Storage) Trials(ctx context.Context, study, after int64, include []int64) (out []storage.Trial, err error) {
	err = s.view(ctx, func(st *oplog.State) error {
		out, err = st.Trials(study, after, include)
		return err
	})
	return out, err
}
