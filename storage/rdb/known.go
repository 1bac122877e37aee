package rdb

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// A study is what this handle knows of a study that cannot change any more:
// finished trials stay as they are, and a parameter keeps its kind. It spares
// scans of the whole study. Dropping it costs time only.
type study struct {
	claiming sync.Mutex // taken before the others
	ending   endings
	mu       sync.Mutex
	name     string

	looking sync.Mutex // one look at a time; taken before mu
	tally
	above int // how many stood above the tally in the last claim, plus one

	// Parameters by name, with the distribution that some trial has. It is
	// complete for rows up to cursor, where that is not 0.
	dists  map[string]distributions.Distribution
	cursor int64
}

// A tally is a count of trials up to one id, floor.
type tally struct {
	floor   int64
	rows    int     // how many there are
	counts  int     // finished ones that count towards a budget
	pending []int64 // unfinished ones, by rising id
	rest    int     // how many stood above floor
	// The last one that was seen finished, to notice that ids were reused.
	mark     int64
	markTime time.Time
}

// maxPending bounds the number of unfinished trials that a tally passes over. It
// is above the number of workers of any study, and of trials that were left
// running by workers that died.
const maxPending = 512

// slack is how many trials above the tally are scanned by each claim before the
// tally is brought up to date.
const slack = 100

// A held trial is one that this handle has written to and that is, as far as it
// knows, unfinished.
type held struct {
	study   int64
	waiting bool            // put into the queue by this handle, and not taken by it since
	params  []storage.Param // PostgreSQL: committed without waiting for the disk
}

func (s *Storage) study(id int64) *study {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.studies[id]
	if st == nil {
		st = &study{dists: make(map[string]distributions.Distribution)}
		s.studies[id] = st
	}
	return st
}

// forget drops what is known of a study.
func (s *Storage) forget(study int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.studies, study)
	for id, h := range s.trials {
		if h.study == study {
			delete(s.trials, id)
		}
	}
}

// hold notes that a trial is under way here, or waits.
func (s *Storage) hold(trial, study int64, state storage.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.trials[trial]
	if h == nil {
		h = &held{study: study}
		s.trials[trial] = h
	}
	h.waiting = state == storage.Waiting
}

// moved notes the state of a trial, if it is held.
func (s *Storage) moved(trial int64, state storage.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.trials[trial]; h != nil {
		h.waiting = state == storage.Waiting
	}
}

// studyHeld returns what is known of the study of a trial that is held, or nil.
func (s *Storage) studyHeld(trial int64) *study {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.trials[trial]; h != nil {
		return s.studies[h.study]
	}
	return nil
}

// holds reports whether a trial is held.
func (s *Storage) holds(trial int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trials[trial] != nil
}

// works reports whether this handle works on a running trial: it was claimed, or
// otherwise begun, here.
func (s *Storage) works(trial int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.trials[trial]
	return h != nil && !h.waiting
}

// drop forgets a trial that is finished or gone.
func (s *Storage) drop(trial int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.trials, trial)
}

// wrote notes a parameter that a crash of the server might take away. Of those of
// one name, as when a call is made again, the first is the one that is stored.
func (s *Storage) wrote(trial int64, p storage.Param) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.trials[trial]; h != nil && s.d == PostgreSQL && !slices.ContainsFunc(h.params, func(q storage.Param) bool { return q.Name == p.Name }) {
		h.params = append(h.params, p)
	}
}

// unsure returns the parameters of a trial that a crash might have taken away.
func (s *Storage) unsure(trial int64) []storage.Param {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.trials[trial]; h != nil {
		return slices.Clip(h.params)
	}
	return nil
}

var trialStudy = sqlText(`SELECT study_id FROM trials WHERE trial_id = ?`)

// studyOf returns the study of a trial.
func (s *Storage) studyOf(ctx context.Context, trial int64) (int64, error) {
	s.mu.Lock()
	h := s.trials[trial]
	s.mu.Unlock()
	if h != nil {
		return h.study, nil
	}
	var study int64
	err := s.read(ctx, func(t *tx) error {
		ok, err := t.row(trialStudy[s.d], []any{trial}, &study)
		if err == nil && !ok {
			err = noTrial(trial)
		}
		return err
	})
	if err == nil {
		s.hold(trial, study, storage.Running)
	}
	return study, err
}

// statesPage is how many trials a look reads at once.
const statesPage = 5000

var (
	// What counts is what storage.Trial.Counts and HoldsBudget say. The look at
	// an attribute is a subquery of its own, which PostgreSQL cannot turn into
	// a scan of the table.
	hasLost    = `(SELECT 1 FROM trial_system_attributes a WHERE a.trial_id = t.trial_id AND a."key" = '` + storage.AttrLost + `') IS NOT NULL`
	hasLease   = `(SELECT 1 FROM trial_system_attributes a WHERE a.trial_id = t.trial_id AND a."key" = '` + storage.AttrLease + `') IS NOT NULL`
	stateRows  = `SELECT t.trial_id, COALESCE(t.number, -1), {text t.state}, t.state = 'FAIL' AND ` + hasLost + `, {time t.datetime_complete} FROM trials t`
	states     = sqlText(stateRows + ` WHERE t.study_id{bykey} = ? AND t.trial_id > ? AND t.trial_id <= ? ORDER BY t.trial_id LIMIT ` + fmt.Sprint(statesPage))
	someStates = sqlText(stateRows + ` WHERE t.trial_id {ids} AND t.study_id{bykey} = {study} ORDER BY t.trial_id`)
)

// A stateRow is a row of states.
type stateRow struct {
	id     int64
	number int
	state  storage.State
	lost   bool // failed and marked as lost
	ended  time.Time
	broken bool // left out because it cannot be read
}

// look brings a study's tally up to date if more than slack trials stand above
// it. above is how many there were in the last call, −1 if there was none.
func (s *Storage) look(ctx context.Context, study int64, st *study, above int) error {
	st.looking.Lock()
	defer st.looking.Unlock()
	now := st.tallied()
	if above >= 0 && above <= now.rest+slack {
		return nil
	}
	var rows []stateRow
	read := func(q string, args []any) error {
		return s.read(ctx, func(t *tx) error {
			rows = rows[:0]
			return t.each(q, args, func(scan func(...any) error) error {
				var r stateRow
				var name, ended string
				if err := scan(&r.id, &r.number, &name, &r.lost, &ended); err != nil {
					return err
				}
				var err error
				if r.state, err = parseState(name); err == nil {
					r.ended, err = s.decodeTime(ended)
				}
				if err != nil && !s.o.SkipBroken {
					return broken(r.id, err)
				} else if err != nil { // it counts for nothing
					r = stateRow{id: r.id, number: r.number, state: storage.Failed, lost: true, broken: true}
				}
				rows = append(rows, r)
				return nil
			})
		})
	}
	if len(now.pending) > 0 {
		text, args := s.idQuery(someStates, now.pending, study)
		if err := read(text, args); err != nil {
			return err
		}
		now.pending = nil
		for i := range rows {
			now.take(&rows[i])
		}
	}
	now.pending = slices.Clip(now.pending)
	for full := false; !full; {
		err := s.gapless(now.rows, func() ([]listed, error) {
			err := read(states[s.d], []any{study, now.floor, s.d.maxID()})
			list := make([]listed, len(rows))
			for i, r := range rows {
				list[i] = listed{r.id, r.number}
			}
			return list, err
		})
		if err != nil {
			return err
		}
		now.rest = 0
		for i := range rows {
			if !rows[i].state.Finished() && len(now.pending) == maxPending {
				full, now.rest = true, len(rows)-i
				break
			}
			now.take(&rows[i])
			now.floor = rows[i].id
			now.rows++
		}
		full = full || len(rows) < statesPage
	}
	st.mu.Lock()
	st.tally = now
	st.mu.Unlock()
	return nil
}

// take counts a trial.
func (y *tally) take(r *stateRow) {
	switch {
	case !r.state.Finished():
		y.pending = append(y.pending, r.id)
		return
	case r.state != storage.Failed || !r.lost:
		y.counts++
	}
	if r.id > y.mark && !r.broken {
		y.mark, y.markTime = r.id, r.ended
	}
}

// saw brings a tally up to date with trials that were read: all of the study
// above an id, and perhaps some below.
func (st *study) saw(after int64, trials []storage.Trial) {
	st.mu.Lock()
	defer st.mu.Unlock()
	var done []int64
	for i := range trials {
		t := &trials[i]
		_, lost := t.SystemAttrs.Get(storage.AttrLost)
		r := stateRow{id: t.ID, state: t.State, lost: lost, ended: t.Finished}
		if t.ID <= st.floor {
			if _, ok := slices.BinarySearch(st.pending, t.ID); ok && t.State.Finished() {
				st.take(&r)
				done = append(done, t.ID)
			}
			continue
		}
		if after > st.floor || t.Number != st.rows || !t.State.Finished() && len(st.pending)-len(done) >= maxPending {
			break
		}
		st.take(&r)
		st.floor = t.ID
		st.rows++
		st.rest = 0
	}
	if len(done) > 0 {
		st.pending = slices.DeleteFunc(slices.Clone(st.pending), func(id int64) bool {
			_, ok := slices.BinarySearch(done, id)
			return ok
		})
	}
}

var markRow = sqlText(`SELECT {time t.datetime_complete} FROM trials t WHERE t.trial_id = ? AND t.study_id = ?`)

// lockStudy locks a study for the rest of the transaction, so that nobody else
// creates or claims a trial in it, and returns what is known of it.
func (t *tx) lockStudy(study int64) (*study, error) {
	s := t.s
	var name string
	if ok, err := t.row(lockStudy[s.d], []any{study}, &name); err != nil || !ok {
		if err == nil {
			s.forget(study)
		}
		return nil, orElse(err, gone(study))
	}
	st := s.study(study)
	st.mu.Lock()
	known, mark, markTime := st.name, st.mark, st.markTime
	st.name = name
	st.mu.Unlock()
	same := known == name || known == ""
	if s.d == SQLite && same && mark > 0 {
		// Python's tables reuse ids.
		var ended string
		ok, err := t.row(markRow[s.d], []any{mark, study}, &ended)
		if err != nil {
			return nil, err
		}
		at, err := s.decodeTime(ended)
		same = ok && err == nil && at.Equal(markTime)
	}
	if !same {
		s.forget(study)
		st = s.study(study)
		st.mu.Lock()
		st.name = name
		st.mu.Unlock()
	}
	return st, nil
}

// restart drops the tally.
func (st *study) restart() {
	st.looking.Lock()
	defer st.looking.Unlock()
	st.mu.Lock()
	defer st.mu.Unlock()
	st.tally, st.above = tally{}, 0
}

func (st *study) tallied() tally {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.tally
}

var (
	findParam = sqlText(`SELECT {text p.distribution_json} FROM trials t JOIN trial_params p ON p.trial_id = t.trial_id AND p.param_name = ?
		WHERE t.study_id = ? [[||AND CAST(CONVERT(p.param_name USING utf8mb4) AS BINARY) = CAST(? AS BINARY)]] ORDER BY t.trial_id LIMIT 1`)
	lastParam = sqlText(`SELECT COALESCE(MAX(param_id), 0) FROM trial_params`)
	newParams = sqlText(`SELECT {text p.param_name}, {text p.distribution_json} FROM trial_params p WHERE p.param_id IN
		(SELECT MIN(q.param_id) FROM trial_params q JOIN trials t ON t.trial_id = q.trial_id WHERE t.study_id = ? AND q.param_id > ? AND q.param_id <= ? GROUP BY q.param_name)`)
)

// dist returns the distribution that some trial of the study has under a name,
// nil if none is known.
func (st *study) dist(name string) distributions.Distribution {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.dists[name]
}

// learn finds out, within a transaction that has locked the study, what the study
// has under a name: whoever brings a name that is new to it locks the study too.
func (t *tx) learn(study int64, st *study, name string) (distributions.Distribution, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if d := st.dists[name]; d != nil {
		return d, nil
	}
	s := t.s
	if st.cursor == 0 {
		args := []any{name, study}
		if s.d == MySQL {
			args = append(args, name)
		}
		var text string
		if ok, err := t.row(findParam[s.d], args, &text); err != nil {
			return nil, err
		} else if ok {
			d, err := s.dists.unmarshal([]byte(text))
			if err != nil {
				return nil, fmt.Errorf("parameter %q of another trial: %w", name, err)
			}
			st.dists[name] = d
			return d, nil
		}
	}
	var last int64
	if _, err := t.row(lastParam[s.d], nil, &last); err != nil {
		return nil, err
	}
	err := t.each(newParams[s.d], []any{study, st.cursor, last}, func(scan func(...any) error) error {
		var name, text string
		if err := scan(&name, &text); err != nil {
			return err
		}
		d, err := s.dists.unmarshal([]byte(text))
		if err == nil && st.dists[name] == nil {
			st.dists[name] = d
		}
		return nil // a damaged row is reported when its trial is read
	})
	if err != nil {
		return nil, err
	}
	st.cursor = last
	return st.dists[name], nil
}

// compatible refuses a parameter that cannot stand beside what the study has.
func compatible(old distributions.Distribution, p storage.Param) error {
	if old == nil {
		return nil
	}
	if err := distributions.Compatible(old, p.Dist); err != nil {
		return fmt.Errorf("%w: %q: %w", storage.ErrIncompatible, p.Name, err)
	}
	return nil
}

// met remembers the distributions of parameters that were committed.
func (st *study) met(params ...storage.Param) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, p := range params {
		if st.dists[p.Name] == nil {
			st.dists[p.Name] = p.Dist
		}
	}
}
