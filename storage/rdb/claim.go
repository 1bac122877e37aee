package rdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/gohone/hone/storage"
)

// A claim locks the study's row, so that no two of them are under way in one
// study. It then looks at the trials that stand above the tally, or were
// unfinished then, with one statement: how many there are (for the number of a
// new trial), how many of them count or hold a place of the budget, and which is
// the oldest that waits.

var (
	openCounts = `SUM(CASE WHEN t.state IN ('COMPLETE', 'PRUNED') OR t.state = 'FAIL' AND a.trial_id IS NULL OR t.state = 'RUNNING' AND a.trial_id IS NOT NULL THEN 1 ELSE 0 END),
		MIN(CASE WHEN t.state = 'WAITING' THEN t.trial_id END) FROM trials t ` + leaseOrLost
	scanAbove   = sqlText(`SELECT COUNT(*), ` + openCounts + ` WHERE t.study_id = ? AND t.trial_id > ?`)
	scanPending = sqlText(`SELECT COUNT(*), ` + openCounts + ` WHERE t.trial_id {ids} AND t.study_id = {study}`)
)

// A scan is what a claim finds.
type scan struct {
	number  int   // of a new trial
	counts  int   // trials that count or hold budget
	waiting int64 // the oldest that waits; 0: none
	above   int   // trials above the tally
}

func (t *tx) scan(study int64, known tally) (scan, error) {
	var found scan
	add := func(text string, args []any) (int, error) {
		var n int
		var counts, waiting sql.NullInt64
		_, err := t.row(text, args, &n, &counts, &waiting)
		found.counts += int(counts.Int64)
		if waiting.Valid && (found.waiting == 0 || waiting.Int64 < found.waiting) {
			found.waiting = waiting.Int64
		}
		return n, err
	}
	var err error
	if found.above, err = add(scanAbove[t.s.d], []any{study, known.floor}); err != nil {
		return found, err
	}
	if len(known.pending) > 0 {
		text, args := t.s.idQuery(scanPending, known.pending, study)
		if _, err := add(text, args); err != nil {
			return found, err
		}
	}
	found.number = known.rows + found.above
	found.counts += known.counts
	return found, nil
}

// Claim implements [storage.Claimer].
func (s *Storage) Claim(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
	if err := s.needStudy(ctx, study); err != nil {
		return storage.Trial{}, false, s.named(err)
	}
	t, ok, err := s.claim(ctx, study, c, true)
	return t, ok, s.named(err)
}

// errTaken: a peer in Python took the trial that we had chosen.
var errTaken = errors.New("the waiting trial was taken by another worker")

// claim starts a trial, one that waits only if waiting is set.
func (s *Storage) claim(ctx context.Context, study int64, c storage.Claim, waiting bool) (storage.Trial, bool, error) {
	made := storage.Trial{State: storage.Running, Started: s.now()}
	for _, a := range c.Attrs {
		made.SystemAttrs = made.SystemAttrs.With(a.Key, a.Value)
	}
	rows, err := s.contents(&made)
	if err != nil {
		return made, false, err
	}
	if err := s.look(ctx, study, s.study(study), s.study(study).lastAbove()); err != nil {
		return made, false, err
	}
	var found scan
	spent, taken := false, int64(0) // taken: the waiting trial that was claimed
	ch := change{level: lazy}
	ch.do = func(t *tx) error {
		spent, taken = false, 0
		st, err := t.lockStudy(study)
		if err != nil {
			return err
		}
		if found, err = t.scan(study, st.tallied()); err != nil {
			return err
		}
		st.sawAbove(found.above)
		if c.Budget > 0 && found.counts >= c.Budget {
			spent = true
			return nil
		}
		if waiting && found.waiting > 0 {
			n, err := t.exec(claimTrial[s.d], rows.started, found.waiting)
			if err == nil && n == 0 {
				err = errTaken
			}
			if err != nil {
				return err
			}
			for _, a := range made.SystemAttrs {
				if err := t.setAttr(found.waiting, storage.SystemAttr, a); err != nil {
					return err
				}
			}
			taken = found.waiting
			return nil
		}
		made.Number = found.number
		return t.insertTrial(study, &made, rows)
	}
	ch.done = func(ctx context.Context) (bool, error) {
		switch {
		case spent:
			return true, nil
		case taken == 0:
			return s.trialIsThere(&made.ID)(ctx)
		}
		return s.tookIt(ctx, taken, &made)
	}
	for err = errTaken; errors.Is(err, errTaken); {
		if err = s.change(ctx, ch); errors.Is(err, errTaken) && ctx.Err() != nil {
			return made, false, ctx.Err()
		}
	}
	if err == nil && !spent {
		err = s.sync(ctx)
	}
	if err != nil || spent {
		return storage.Trial{}, false, err
	}
	if taken > 0 {
		if made, err = s.trial(ctx, taken); err != nil {
			return storage.Trial{}, false, err
		}
	}
	s.hold(made.ID, study)
	return made, true, nil
}

// tookIt looks whether a claim of a waiting trial took effect.
func (s *Storage) tookIt(ctx context.Context, trial int64, want *storage.Trial) (bool, error) {
	got, err := s.trial(ctx, trial)
	if err != nil || got.State != storage.Running || !got.Started.Equal(want.Started) {
		return false, err
	}
	for _, a := range want.SystemAttrs {
		if v, _ := got.SystemAttrs.Get(a.Key); v != a.Value {
			return false, nil
		}
	}
	if s.d == MySQL && len(want.SystemAttrs) == 0 { // whose times are too coarse to tell
		return false, fmt.Errorf("the connection was lost while the trial with id %d was claimed, and it is not known whether it was by this call", trial)
	}
	return true, nil
}

// sync makes what was committed lazily durable. A claim does not wait for the
// disk while it holds the study's lock, which would let claims pass one by one at
// the pace of the disk; it waits here, together with others.
func (s *Storage) sync(ctx context.Context) error {
	if s.d != PostgreSQL {
		return nil
	}
	return s.change(ctx, change{alone: true, do: func(t *tx) error {
		_, err := t.exec(`SELECT pg_logical_emit_message(true, 'hone', '')`)
		return err
	}})
}

// lastAbove returns how many trials stood above the tally when a claim last
// looked, −1 if none did.
func (st *study) lastAbove() int {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.above - 1
}

func (st *study) sawAbove(n int) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.above = n + 1
}

var (
	lockTrial  = sqlText(`SELECT {text t.state} FROM trials t WHERE t.trial_id = ?{lock}`)
	trialLease = sqlText(`SELECT a.value_json FROM trial_system_attributes a WHERE a.trial_id = ? AND a."key" = '` + storage.AttrLease + `'`)
)

// Requeue implements [storage.Claimer].
func (s *Storage) Requeue(ctx context.Context, trial int64, holder string, attrs []storage.Attr, retry *storage.Trial) (bool, error) {
	ok, err := s.requeue(ctx, trial, holder, attrs, retry)
	return ok, s.named(err)
}

func (s *Storage) requeue(ctx context.Context, trial int64, holder string, attrs []storage.Attr, retry *storage.Trial) (bool, error) {
	if err := s.needTrial(ctx, trial); err != nil {
		return false, err
	}
	attrs = slices.Clone(attrs)
	for i := range attrs {
		var err error
		if attrs[i], err = s.checkAttr(attrs[i]); err != nil {
			return false, err
		}
	}
	study, err := s.studyOf(ctx, trial)
	if err != nil {
		return false, err
	}
	var made storage.Trial
	var rows *trialContents
	if retry != nil {
		made = retry.Clone()
		if rows, err = s.contents(&made); err != nil {
			return false, err
		}
	}
	now := s.now()
	at, err := s.encodeTime(now)
	if err != nil {
		return false, err
	}
	won := false
	err = s.change(ctx, change{
		level: durable,
		do: func(t *tx) error {
			won = false
			// Studies are locked before trials, by everybody.
			if retry != nil {
				if _, err := t.lockStudy(study); errors.Is(err, storage.ErrStudyNotFound) {
					return noTrial(trial)
				} else if err != nil {
					return err
				}
			}
			var state string
			if ok, err := t.row(lockTrial[s.d], []any{trial}, &state); err != nil || !ok {
				return orElse(err, noTrial(trial))
			}
			var lease sql.NullString
			if _, err := t.row(trialLease[s.d], []any{trial}, &lease); err != nil {
				return err
			}
			now := storage.Trial{}
			if lease.Valid {
				now.SystemAttrs = storage.Attrs{{Key: storage.AttrLease, Value: lease.String}}
			}
			if state != "RUNNING" || now.Holder() != holder {
				return nil
			}
			for _, a := range attrs {
				if err := t.setAttr(trial, storage.SystemAttr, a); err != nil {
					return err
				}
			}
			if n, err := t.exec(finishTrial[s.d], "FAIL", at, at, trial); err != nil || n != 1 {
				return orElse(err, fmt.Errorf("trial with id %d: it was not failed, for no reason that the database gives", trial))
			}
			won = true
			if retry == nil {
				return nil
			}
			_, err := t.create(study, &made, rows)
			return err
		},
		done: func(ctx context.Context) (bool, error) {
			if won && retry != nil {
				return s.trialIsThere(&made.ID)(ctx)
			}
			got, err := s.trial(ctx, trial)
			if err != nil || !won {
				return !won, err
			}
			return got.State == storage.Failed && got.Finished.Equal(now), nil
		},
	})
	if err != nil {
		return false, s.clashed(err)
	}
	if won {
		s.drop(trial)
		if retry != nil {
			s.created(study, &made)
		}
	}
	return won, nil
}
