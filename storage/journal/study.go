package journal

import (
	"context"
	"fmt"

	"github.com/gohone/hone/internal/oplog"
	"github.com/gohone/hone/storage"
)

// CreateStudy implements [storage.Storage].
func (s *Storage) CreateStudy(ctx context.Context, name string, directions []storage.Direction) (int64, error) {
	if name == "" {
		name = storage.NewStudyName()
	}
	var id int64
	err := s.change(ctx, true, func(b *batch) error {
		if old, err := b.FindStudy(name); err == nil {
			return fmt.Errorf("%w: %q has the id %d", storage.ErrDuplicateStudy, name, old)
		}
		return b.add(func(dst []byte) ([]byte, error) {
			return oplog.AppendCreateStudy(dst, b.worker, name, directions)
		})
	}, func(_ *oplog.State, out []oplog.Outcome) (bool, error) {
		id = out[0].ID
		return false, refused(out[0])
	})
	return id, err
}

// DeleteStudy implements [storage.Storage].
func (s *Storage) DeleteStudy(ctx context.Context, study int64) error {
	err := s.change(ctx, true, func(b *batch) error {
		if _, err := b.Study(study); err != nil {
			return err
		}
		return b.add(func(dst []byte) ([]byte, error) {
			return oplog.AppendDeleteStudy(dst, b.worker, study), nil
		})
	}, all)
	if err == nil {
		s.dropBeats(study)
	}
	return err
}

// FindStudy implements [storage.Storage].
func (s *Storage) FindStudy(ctx context.Context, name string) (id int64, err error) {
	err = s.view(ctx, func(st *oplog.State) error {
		id, err = st.FindStudy(name)
		return err
	})
	return id, err
}

// Study implements [storage.Storage].
func (s *Storage) Study(ctx context.Context, study int64) (out storage.Study, err error) {
	err = s.view(ctx, func(st *oplog.State) error {
		out, err = st.Study(study)
		return err
	})
	return out, err
}

// Studies implements [storage.Storage].
func (s *Storage) Studies(ctx context.Context) (out []storage.Study, err error) {
	err = s.view(ctx, func(st *oplog.State) error {
		out = st.Studies()
		return nil
	})
	return out, err
}

// SetStudyAttr implements [storage.Storage].
func (s *Storage) SetStudyAttr(ctx context.Context, study int64, kind storage.AttrKind, key, value string) error {
	return s.change(ctx, true, func(b *batch) error {
		if _, err := b.Study(study); err != nil {
			return err
		}
		return b.add(func(dst []byte) ([]byte, error) {
			return oplog.AppendStudyAttr(dst, b.worker, study, kind, key, value)
		})
	}, all)
}
