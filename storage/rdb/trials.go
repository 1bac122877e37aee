package rdb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gohone/hone/storage"
)

var (
	countAbove  = sqlText(`SELECT COUNT(*) FROM trials WHERE study_id{bykey} = ? AND trial_id > ? AND trial_id <= ?`)
	insertTrial = sqlText(`INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) VALUES (?, ?, ?, ?, ?)`)
)

// Lists of rows that are inserted with one statement. They are cut into pieces of
// insertRows, for databases bound the number of parameters.
const insertRows = 100

type rowInsert struct {
	head string
	row  string
	end  string
}

var (
	insertParams  = rowInsert{`INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES `, `(?, ?, ?, ?)`, ``}
	insertValues  = rowInsert{`INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES `, `(?, ?, ?, ?)`, ``}
	upsertValues  = rowInsert{insertValues.head, insertValues.row, ` [[ON CONFLICT (trial_id, objective) DO UPDATE SET value = excluded.value, value_type = excluded.value_type|ON CONFLICT (trial_id, objective) DO UPDATE SET value = excluded.value, value_type = excluded.value_type|ON DUPLICATE KEY UPDATE value = VALUES(value), value_type = VALUES(value_type)]]`}
	insertReports = rowInsert{`INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) VALUES `, `(?, ?, ?, ?)`, ``}
	insertAttrs   = [...]rowInsert{
		storage.UserAttr:   {`INSERT INTO trial_user_attributes (trial_id, "key", value_json) VALUES `, `(?, ?, ?)`, ``},
		storage.SystemAttr: {`INSERT INTO trial_system_attributes (trial_id, "key", value_json) VALUES `, `(?, ?, ?)`, ``},
	}
)

// insertAll inserts rows, whose columns stand in args one after the other.
func (t *tx) insertAll(q rowInsert, args []any) error {
	width := strings.Count(q.row, "?")
	for len(args) > 0 {
		n := min(len(args)/width, insertRows)
		text := t.s.insertText(q, n)
		if _, err := t.exec(text, args[:n*width]...); err != nil {
			return err
		}
		args = args[n*width:]
	}
	return nil
}

// insertText returns the statement that inserts n rows.
func (s *Storage) insertText(q rowInsert, n int) string {
	type key struct {
		q rowInsert
		n int
	}
	if text, ok := s.inserts.Load(key{q, n}); ok {
		return text.(string)
	}
	text := s.d.render(q.head + q.row + strings.Repeat(", "+q.row, n-1) + q.end)
	s.inserts.Store(key{q, n}, text)
	return text
}

// CreateTrial implements [storage.Storage].
func (s *Storage) CreateTrial(ctx context.Context, study int64, template *storage.Trial) (storage.Trial, error) {
	t, err := s.createTrial(ctx, study, template)
	return t, s.named(err)
}

func (s *Storage) createTrial(ctx context.Context, study int64, template *storage.Trial) (storage.Trial, error) {
	if err := s.needStudy(ctx, study); err != nil {
		return storage.Trial{}, err
	}
	if template == nil {
		made, err := s.claim(ctx, study, storage.Claim{}, false, 1)
		if err != nil {
			return storage.Trial{}, err
		}
		return made[0], nil
	}
	made := template.Clone()
	rows, err := s.contents(&made)
	if err != nil {
		return storage.Trial{}, err
	}
	above := -1
	l := durable
	if made.State == storage.Running {
		l = written
	}
	err = s.change(ctx, change{
		level: l,
		do: func(t *tx) (err error) {
			above, err = t.create(study, &made, rows)
			return err
		},
		done: s.trialIsThere(&made.ID),
	})
	if err != nil {
		return storage.Trial{}, s.clashed(err)
	}
	s.created(study, &made)
	return made, s.look(ctx, study, s.study(study), above)
}

// created remembers a trial that was committed.
func (s *Storage) created(study int64, made *storage.Trial) {
	s.study(study).met(made.Params...)
	if !made.State.Finished() {
		s.hold(made.ID, study, made.State)
	}
}

// trialIsThere looks whether a trial was committed: ids are not given out twice,
// not even after a rollback, on those databases whose connections can be lost.
func (s *Storage) trialIsThere(id *int64) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		here := false
		err := s.read(ctx, func(t *tx) (err error) {
			here, err = t.row(trialStudy[s.d], []any{*id}, new(int64))
			return err
		})
		return here, err
	}
}

// create inserts a trial with its contents, locking the study. It fills in ID and
// Number, and returns how many trials stood above the tally.
func (t *tx) create(study int64, made *storage.Trial, rows *trialContents) (int, error) {
	st, err := t.lockStudy(study)
	if err != nil {
		return 0, err
	}
	for _, p := range made.Params {
		d, err := t.learn(study, st, p.Name)
		if err == nil {
			err = compatible(d, p)
		}
		if err != nil {
			return 0, err
		}
	}
	known := st.tallied()
	var above int
	if _, err := t.row(countAbove[t.s.d], []any{study, known.floor, t.s.d.maxID()}, &above); err != nil {
		return 0, err
	}
	made.Number = known.rows + above
	return above, t.insertTrial(study, made, rows)
}

// insertTrial inserts a trial under its number and fills in its ID.
func (t *tx) insertTrial(study int64, made *storage.Trial, rows *trialContents) (err error) {
	made.ID, err = t.insert(insertTrial[t.s.d], "trial_id", made.Number, study, rows.state, rows.started, rows.finished)
	if err != nil {
		return err
	}
	for _, part := range rows.parts {
		for i := 0; i < len(part.args); i += part.width {
			part.args[i] = made.ID
		}
		if err := t.insertAll(part.insert, part.args); err != nil {
			return err
		}
	}
	return nil
}

// trialContents are the rows of a trial that is to be inserted.
type trialContents struct {
	state             string
	started, finished any
	parts             []rowPart
}

type rowPart struct {
	insert rowInsert
	width  int
	args   []any
}

func (c *trialContents) add(q rowInsert, args []any) {
	if len(args) > 0 {
		c.parts = append(c.parts, rowPart{q, strings.Count(q.row, "?"), args})
	}
}

// contents checks a trial and makes its rows. It fills in the times that are
// missing, and rounds them to what the database keeps.
func (s *Storage) contents(made *storage.Trial) (*trialContents, error) {
	c := new(trialContents)
	var err error
	if c.state, err = stateName(made.State); err != nil {
		return nil, err
	}
	made.FillTimes(time.Now())
	made.Started, made.Finished = s.roundTime(made.Started), s.roundTime(made.Finished)
	if c.started, err = s.encodeTime(made.Started); err != nil {
		return nil, err
	}
	if c.finished, err = s.encodeTime(made.Finished); err != nil {
		return nil, err
	}
	if err := storage.CheckValues(made.Values); err != nil {
		return nil, err
	}
	var args []any
	for _, p := range made.Params {
		text, err := s.checkParam(p)
		if err != nil {
			return nil, err
		}
		args = append(args, int64(0), p.Name, p.Value, text)
	}
	c.add(insertParams, args)
	c.add(insertValues, valueRows(0, made.Values))
	args = nil
	slices.SortFunc(made.Reports, func(a, b storage.Report) int { return cmp.Compare(a.Step, b.Step) })
	for _, r := range made.Reports {
		if err := s.checkStep(r.Step); err != nil {
			return nil, err
		}
		v, kind := encodeFloat(r.Value)
		args = append(args, int64(0), r.Step, v, kind)
	}
	c.add(insertReports, args)
	for kind, attrs := range [...]storage.Attrs{storage.UserAttr: made.UserAttrs, storage.SystemAttr: made.SystemAttrs} {
		args = nil
		for _, a := range attrs {
			a, err := s.checkAttr(a)
			if err != nil {
				return nil, err
			}
			args = append(args, int64(0), a.Key, a.Value)
		}
		c.add(insertAttrs[kind], args)
	}
	return c, nil
}

// valueRows returns the rows of a trial's values.
func valueRows(trial int64, values []float64) []any {
	var args []any
	for i, v := range values {
		x, kind := encodeFloat(v)
		args = append(args, trial, i, x, kind)
	}
	return args
}

// clashed explains a duplicate key among a trial's parameters or attributes.
func (s *Storage) clashed(err error) error {
	if s.d.faultOf(err) != duplicate {
		return err
	}
	if s.d == MySQL {
		return fmt.Errorf("%w: two names of the trial are one to the database's collation %s, which ignores case or trailing blanks: %w", storage.ErrInvalidName, s.collate, err)
	}
	return fmt.Errorf("two parameters or attributes of the trial have one name: %w", err)
}
