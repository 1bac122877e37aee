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
// unfinished then: how many there are (for the number of a new trial), how many of
// them count or hold a place of the budget, and which is the oldest that waits. On
// a server all this is one round trip, so that the lock is not held while the
// network is waited for (see claim_server.go); what follows here is the same step
// by step.

var (
	openCounts = `COUNT(*), SUM(CASE WHEN t.state IN ('COMPLETE', 'PRUNED') THEN 1 WHEN t.state = 'FAIL' AND NOT ` + hasLost + ` THEN 1 WHEN t.state = 'RUNNING' AND ` + hasLease + ` THEN 1 ELSE 0 END),
		MIN(CASE WHEN t.state = 'WAITING' THEN t.trial_id END)`
	scanAbove   = sqlText(`SELECT ` + openCounts + ` FROM trials t WHERE t.study_id{bykey} = ? AND t.trial_id > ? AND t.trial_id <= ?`)
	scanPending = sqlText(`SELECT ` + openCounts + ` FROM trials t WHERE t.trial_id {ids} AND t.study_id{bykey} = {study}`)
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
	if found.above, err = add(scanAbove[t.s.d], []any{study, known.floor, t.s.d.maxID()}); err != nil {
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
	trials, err := s.ClaimGroup(ctx, study, c, 1)
	if err != nil || len(trials) == 0 {
		return storage.Trial{}, false, err
	}
	return trials[0], true, nil
}

// ClaimGroup implements [storage.GroupClaimer]. Where a claim takes several round
// trips, as on SQLite, it starts one trial.
func (s *Storage) ClaimGroup(ctx context.Context, study int64, c storage.Claim, n int) ([]storage.Trial, error) {
	if err := s.needStudy(ctx, study); err != nil {
		return nil, s.named(err)
	}
	trials, err := s.claim(ctx, study, c, true, n)
	return trials, s.named(err)
}

var (
	// errTaken: a peer in Python took the trial that we had chosen.
	errTaken = errors.New("the waiting trial was taken by another worker")
	// errAnew: the connection is new. The server may have lost what it had not
	// brought to disk, so what is known of the study is read anew.
	errAnew = errors.New("the connection is new")
)

// maxGroup bounds how many trials are started in one step.
const maxGroup = 64

// A claiming is a claim under way.
type claiming struct {
	s      *Storage
	study  int64
	budget int
	queue  bool // a waiting trial will do
	most   int  // trials to start
	rows   *trialContents
	made   storage.Trial // a new trial, without the ID; the first one, if there are several
	ids    []int64       // of what was made or taken
	above  int           // trials that stood above the tally
	token  string        // of a waiting trial that was taken, on MySQL
	spent  bool          // nothing was done, for the budget is spent
	taken  bool          // trials were taken that are not known yet
}

// claim starts up to most trials, one that waits only if queue is set. It returns
// none if the budget is spent.
func (s *Storage) claim(ctx context.Context, study int64, c storage.Claim, queue bool, most int) ([]storage.Trial, error) {
	p := &claiming{s: s, study: study, budget: c.Budget, queue: queue, most: min(max(most, 1), maxGroup), made: storage.Trial{State: storage.Running, Started: s.now()}}
	for _, a := range c.Attrs {
		p.made.SystemAttrs = p.made.SystemAttrs.With(a.Key, a.Value)
	}
	var err error
	if p.rows, err = s.contents(&p.made); err != nil {
		return nil, err
	}
	st := s.study(study)
	if err := s.look(ctx, study, st, st.lastAbove()); err != nil {
		return nil, err
	}
	ch := change{level: lazy, do: p.do, done: p.done}
	_, leased := p.made.SystemAttrs.Get(storage.AttrLease)
	if leased && s.oneTrip.Load() {
		// Claims of this process take turns, so that what one of them may have
		// left behind can be told from another's.
		st.claiming.Lock()
		defer st.claiming.Unlock()
		ch = change{level: lazy, whole: true, do: p.doAtOnce, done: p.doneAtOnce}
	}
	for err = errTaken; errors.Is(err, errTaken) || errors.Is(err, errAnew); {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, errAnew) {
			st.restart()
			if err = s.look(ctx, study, st, -1); err != nil {
				break
			}
		}
		if err = s.change(ctx, ch); err == nil && !p.spent {
			err = p.sync(ctx)
		}
	}
	if err != nil || p.spent {
		return nil, err
	}
	s.study(study).sawAbove(p.above)
	trials, err := p.started(ctx)
	for _, id := range p.ids {
		s.hold(id, study, storage.Running)
	}
	return trials, err
}

// started returns the trials that were claimed.
func (p *claiming) started(ctx context.Context) (trials []storage.Trial, err error) {
	if p.taken {
		err := p.s.read(ctx, func(t *tx) (err error) {
			trials, _, err = p.s.readTrials(t, 0, p.ids)
			return err
		})
		if err == nil && len(trials) == 0 {
			err = noTrial(p.ids[0])
		}
		return trials, err
	}
	trials = make([]storage.Trial, len(p.ids))
	for i, id := range p.ids {
		trials[i] = p.made
		trials[i].SystemAttrs = slices.Clip(p.made.SystemAttrs) // each may grow by itself
		trials[i].ID, trials[i].Number = id, p.made.Number+i
	}
	return trials, nil
}

func (p *claiming) do(t *tx) error {
	p.spent, p.taken = false, false
	st, err := t.lockStudy(p.study)
	if err != nil {
		return err
	}
	found, err := t.scan(p.study, st.tallied())
	if err != nil {
		return err
	}
	p.above = found.above
	if p.budget > 0 && found.counts >= p.budget {
		p.spent = true
		return nil
	}
	if !p.queue || found.waiting == 0 {
		p.made.Number = found.number
		err := t.insertTrial(p.study, &p.made, p.rows)
		p.ids = []int64{p.made.ID}
		return err
	}
	n, err := t.exec(claimTrial[t.s.d], p.rows.started, found.waiting)
	if err == nil && n == 0 {
		err = errTaken
	}
	if err != nil {
		return err
	}
	for _, a := range p.made.SystemAttrs {
		if err := t.setAttr(found.waiting, storage.SystemAttr, a); err != nil {
			return err
		}
	}
	p.taken, p.ids = true, []int64{found.waiting}
	p.token = storage.NewUUID()
	return t.leaveToken(found.waiting, p.token)
}

// done looks whether the claim took effect.
func (p *claiming) done(ctx context.Context) (bool, error) {
	switch {
	case p.spent:
		return true, nil
	case !p.taken:
		return p.s.trialIsThere(&p.made.ID)(ctx)
	}
	got, err := p.s.trial(ctx, p.ids[0])
	if err != nil || got.State != storage.Running || !got.Started.Equal(p.made.Started) {
		return false, err
	}
	for _, a := range p.made.SystemAttrs {
		if v, _ := got.SystemAttrs.Get(a.Key); v != a.Value {
			return false, nil
		}
	}
	if p.s.d == MySQL {
		return p.s.hasToken(ctx, got.ID, p.token)
	}
	return true, nil
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
