package rdb

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/gohone/hone/storage"
)

// pageSize is how many trials are read with one statement.
const pageSize = 2000

// Kinds of rows of a trial.
const (
	rowTrial = iota
	rowParam
	rowValue
	rowReport
	rowUserAttr
	rowSystemAttr
)

// trialRows reads all that belongs to trials, given by id, in one statement and
// so at one moment. Columns are the kind, the trial, a number that orders the
// rows of a kind, a name, a number, and two texts.
var trialRows = sqlText(`SELECT 0, t.trial_id, COALESCE(t.number, -1), {text t.state}, COALESCE(t.study_id, 0) + [[0.0|0.0::float|0e0]], {time t.datetime_start}, {time t.datetime_complete}
	FROM trials t WHERE t.trial_id {ids}
	UNION ALL SELECT 1, trial_id, param_id, {text param_name}, param_value, {text distribution_json}, {text ''} FROM trial_params WHERE trial_id {ids}
	UNION ALL SELECT 2, trial_id, objective, {text value_type}, value, {text ''}, {text ''} FROM trial_values WHERE trial_id {ids}
	UNION ALL SELECT 3, trial_id, step, {text intermediate_value_type}, intermediate_value, {text ''}, {text ''} FROM trial_intermediate_values WHERE trial_id {ids}
	UNION ALL SELECT 4, trial_id, trial_user_attribute_id, {text "key"}, NULL::float, {text value_json}, {text ''} FROM trial_user_attributes WHERE trial_id {ids}
	UNION ALL SELECT 5, trial_id, trial_system_attribute_id, {text "key"}, NULL::float, {text value_json}, {text ''} FROM trial_system_attributes WHERE trial_id {ids}`)

// newTrials lists a page of the trials above an id, with their numbers, behind a
// row of 0 that says that the study exists. On MySQL the trial of that id comes
// too. The upper bound is there for PostgreSQL, which would take a range with one
// end for a third of the table.
var newTrials = sqlText(`SELECT 0, 0 FROM studies s WHERE s.study_id = ? UNION ALL
	SELECT p.trial_id, p.number FROM (SELECT t.trial_id, COALESCE(t.number, -1) AS number FROM trials t WHERE t.study_id{bykey} = ? AND t.trial_id [[>|>|>=]] ? AND t.trial_id <= ? ORDER BY t.trial_id LIMIT ` + fmt.Sprint(pageSize+2) + `) AS p`)

// Trial implements [storage.Storage].
func (s *Storage) Trial(ctx context.Context, trial int64) (storage.Trial, error) {
	t, err := s.trial(ctx, trial)
	return t, s.named(err)
}

func (s *Storage) trial(ctx context.Context, id int64) (storage.Trial, error) {
	if err := s.needTrial(ctx, id); err != nil {
		return storage.Trial{}, err
	}
	var got []storage.Trial
	err := s.read(ctx, func(t *tx) (err error) {
		got, _, err = s.readTrials(t, 0, []int64{id})
		return err
	})
	if err != nil {
		return storage.Trial{}, err
	}
	if len(got) == 0 {
		return storage.Trial{}, noTrial(id)
	}
	return got[0], nil
}

// needTrial refuses ids that no trial can have.
func (s *Storage) needTrial(ctx context.Context, trial int64) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if !s.d.isID(trial) {
		return noTrial(trial)
	}
	return nil
}

func noTrial(id int64) error { return fmt.Errorf("%w: id %d", storage.ErrTrialNotFound, id) }

// Trials implements [storage.Storage]. It takes two statements, and two more for
// every 2,000 trials that it returns.
func (s *Storage) Trials(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
	out, err := s.follow(ctx, study, after, include)
	return out, s.named(err)
}

func (s *Storage) follow(ctx context.Context, study, after int64, include []int64) ([]storage.Trial, error) {
	if err := s.needStudy(ctx, study); err != nil {
		return nil, err
	}
	after = min(max(after, -1), s.d.maxID())
	ids := slices.DeleteFunc(slices.Clone(include), func(id int64) bool { return !s.d.isID(id) || id > after })
	slices.Sort(ids)
	ids = slices.Compact(ids)
	first, complete := after, true
	var out []storage.Trial
	for more := true; more || len(ids) > 0; {
		if more && len(ids) < pageSize {
			above, err := s.above(ctx, study, after)
			if err != nil {
				return nil, err
			}
			if more = len(above) > pageSize; more {
				above = above[:pageSize]
				after = above[pageSize-1]
			}
			ids = append(ids, above...)
		}
		page := ids[:min(len(ids), pageSize)]
		ids = ids[len(page):]
		if len(page) == 0 {
			break
		}
		var got []storage.Trial
		var left int
		err := s.read(ctx, func(t *tx) (err error) {
			got, left, err = s.readTrials(t, study, page)
			return err
		})
		if err != nil {
			return nil, err
		}
		complete = complete && left == 0
		if out == nil {
			out = got
		} else {
			out = append(out, got...)
		}
	}
	if complete {
		s.study(study).saw(first, out)
	}
	return out, nil
}

// above returns the ids of a page of trials above one, and more than that if there
// are.
func (s *Storage) above(ctx context.Context, study, after int64) ([]int64, error) {
	var all []listed
	first := 0 // number of the first trial
	if after > 0 {
		first = -1 // not known
	}
	err := s.gapless(first, func() ([]listed, error) {
		err := s.read(ctx, func(t *tx) error {
			all = all[:0]
			here := false
			err := t.each(newTrials[s.d], []any{study, study, after, s.d.maxID()}, func(scan func(...any) error) error {
				var l listed
				if err := scan(&l.id, &l.number); err != nil {
					return err
				}
				if l.id == 0 {
					here = true
				} else {
					all = append(all, l)
				}
				return nil
			})
			if err == nil && !here {
				s.forget(study)
				err = gone(study)
			}
			return err
		})
		slices.SortFunc(all, func(a, b listed) int { return cmp.Compare(a.id, b.id) })
		return all, err
	})
	ids := make([]int64, 0, len(all))
	for _, l := range all {
		if l.id > after {
			ids = append(ids, l.id)
		}
	}
	return ids, err
}

// listed is a trial in a list by rising id.
type listed struct {
	id     int64
	number int
}

// gapless reads a list of trials until there is no gap in their numbers, the first
// of which should be number first (−1: any), or until the gap has stood twice and
// so is one.
//
// MariaDB collects what a statement may see while others commit: of two trials
// whose creators waited for one another, a statement may see the second one and
// not the first. Whoever went on from there would never see the first, and would
// count one trial too few.
func (s *Storage) gapless(first int, read func() ([]listed, error)) error {
	for before := int64(-1); ; {
		list, err := read()
		if err != nil || s.d != MySQL {
			return err
		}
		gap := gapAt(first, list)
		if gap == 0 || gap == before {
			return nil
		}
		before = gap
	}
}

// gapAt returns the id of the first trial behind a gap, 0 if there is none.
func gapAt(first int, list []listed) int64 {
	for i, l := range list {
		if (first >= 0 || i > 0) && l.number != first {
			return l.id
		}
		first = l.number + 1
	}
	return 0
}

// readTrials reads the trials of these ids, which rise, that exist in the study
// (0: in any). left is how many were left out because they cannot be read.
func (s *Storage) readTrials(t *tx, study int64, ids []int64) (got []storage.Trial, left int, err error) {
	b := newTrialBuilder(s, study, ids)
	text, args := s.idQuery(trialRows, ids)
	rows, err := t.query(text, args)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := b.row(rows); err != nil {
			return nil, 0, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, 0, err
	}
	return b.build()
}
