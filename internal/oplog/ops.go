package oplog

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/gohone/hone/storage"
)

// Ops are the methods of [storage.Claimer] over a log, wherever that is kept:
// each looks at the state, says which records would do what is asked, has them
// appended, and learns from their outcomes what it did.
type Ops struct {
	change func(ctx context.Context, durable bool, plan Plan, settle Settle) error
	view   func(ctx context.Context, f func(*State) error) error
}

// A Plan looks at the state in its batch and adds the records of an operation,
// or returns the operation's error.
type Plan func(b *Batch) error

// A Settle learns what became of the records of a plan, each in its turn, and
// the state after the last of them. Where other records came before them, that
// may differ from what the plan foresaw; Settle may then report true to have it
// all done again.
type Settle func(st *State, out []Outcome) (again bool, err error)

// NewOps returns the operations on a log.
//
// change runs one operation: it plans, appends and settles. A plan that returns
// an error, or adds nothing, must have seen every record that was acknowledged
// before the call; one that adds records need not, unless [Batch.Needs] says so.
// The records of a batch are appended together. durable says that they must be
// on disk on return.
//
// view calls f with the state that every record acknowledged before the call is
// part of.
func NewOps(change func(ctx context.Context, durable bool, plan Plan, settle Settle) error, view func(ctx context.Context, f func(*State) error) error) Ops {
	return Ops{change: change, view: view}
}

// A Batch is what one operation writes.
type Batch struct {
	*State
	worker string
	now    time.Time
	buf    []byte
	n      int
	needs  Need
}

// NewBatch returns an empty batch by a worker whose id no other operation has,
// at the time now.
func NewBatch(st *State, worker string, now time.Time) *Batch {
	return &Batch{State: st, worker: worker, now: now}
}

// Len returns the number of records.
func (b *Batch) Len() int { return b.n }

// Lines returns the records, each with a line end.
func (b *Batch) Lines() []byte { return b.buf }

// All returns the records without line ends.
func (b *Batch) All() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for rest := b.buf; len(rest) > 0; {
			line, after, _ := bytes.Cut(rest, []byte{'\n'})
			if !yield(line) {
				return
			}
			rest = after
		}
	}
}

// Needs returns what the records rest on.
func (b *Batch) Needs() Need { return b.needs }

// A Need says which records may come between the state that a batch was planned
// on and the batch. The zero value is that of most: any may, for the fold itself
// says whether the operation applied.
type Need struct {
	// Queue: no trial may be created as waiting, or moved back to waiting, and
	// at most Room records may take a place of the budget: create any other
	// trial, move one to running, or set storage.AttrLease or storage.AttrLost,
	// which say who holds a place.
	Queue bool
	Room  int
	// Held: nor may a trial be moved to a finished state.
	Held bool
}

// add appends a record.
func (b *Batch) add(f func(dst []byte) ([]byte, error)) error {
	dst, err := f(b.buf)
	if err != nil {
		return err
	}
	b.buf = append(dst, '\n')
	b.n++
	return nil
}

// refused turns the verdict on a record into the error for its writer.
func refused(o Outcome) error {
	switch o.Verdict {
	case DuplicateStudy:
		return storage.ErrDuplicateStudy
	case NoStudy:
		return storage.ErrStudyNotFound
	case NoTrial:
		return storage.ErrTrialNotFound
	case Finished:
		return storage.ErrTrialFinished
	case Incompatible:
		return storage.ErrIncompatible
	}
	return nil
}

// all is the Settle of operations that need every record to apply.
func all(_ *State, out []Outcome) (bool, error) {
	for _, o := range out {
		if err := refused(o); err != nil {
			return false, err
		}
	}
	return false, nil
}

// CreateStudy implements [storage.Storage].
func (o *Ops) CreateStudy(ctx context.Context, name string, directions []storage.Direction) (int64, error) {
	if name == "" {
		name = storage.NewStudyName()
	}
	var id int64
	err := o.change(ctx, true, func(b *Batch) error {
		if old, err := b.FindStudy(name); err == nil {
			return fmt.Errorf("%w: %q has the id %d", storage.ErrDuplicateStudy, name, old)
		}
		return b.add(func(dst []byte) ([]byte, error) {
			return AppendCreateStudy(dst, b.worker, name, directions)
		})
	}, func(_ *State, out []Outcome) (bool, error) {
		id = out[0].ID
		return false, refused(out[0])
	})
	return id, err
}

// DeleteStudy implements [storage.Storage].
func (o *Ops) DeleteStudy(ctx context.Context, study int64) error {
	return o.change(ctx, true, func(b *Batch) error {
		if _, err := b.Study(study); err != nil {
			return err
		}
		return b.add(func(dst []byte) ([]byte, error) {
			return AppendDeleteStudy(dst, b.worker, study), nil
		})
	}, all)
}

// FindStudy implements [storage.Storage].
func (o *Ops) FindStudy(ctx context.Context, name string) (id int64, err error) {
	err = o.view(ctx, func(st *State) error {
		id, err = st.FindStudy(name)
		return err
	})
	return id, err
}

// Study implements [storage.Storage].
func (o *Ops) Study(ctx context.Context, study int64) (out storage.Study, err error) {
	err = o.view(ctx, func(st *State) error {
		out, err = st.Study(study)
		return err
	})
	return out, err
}

// Studies implements [storage.Storage].
func (o *Ops) Studies(ctx context.Context) (out []storage.Study, err error) {
	err = o.view(ctx, func(st *State) error {
		out = st.Studies()
		return nil
	})
	return out, err
}

// SetStudyAttr implements [storage.Storage].
func (o *Ops) SetStudyAttr(ctx context.Context, study int64, kind storage.AttrKind, key, value string) error {
	return o.change(ctx, true, func(b *Batch) error {
		if _, err := b.Study(study); err != nil {
			return err
		}
		return b.add(func(dst []byte) ([]byte, error) {
			return AppendStudyAttr(dst, b.worker, study, kind, key, value)
		})
	}, all)
}
