package rdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/gohone/hone/storage"
)

// Names of tables and key columns by kind of attribute.
var (
	studyAttrTable = [...]string{storage.UserAttr: "study_user_attributes", storage.SystemAttr: "study_system_attributes"}
	trialAttrTable = [...]string{storage.UserAttr: "trial_user_attributes", storage.SystemAttr: "trial_system_attributes"}
)

// beatPrefix begins the keys of system attributes of a study in which workers
// leave their beats. They are not shown.
const beatPrefix = "hone:beat:"

var (
	insertStudy     = sqlText(`INSERT INTO studies (study_name) VALUES (?)`)
	insertDirection = sqlText(`INSERT INTO study_directions (direction, study_id, objective) VALUES (?, ?, ?)`)
	findStudy       = sqlText(`SELECT study_id, study_name FROM studies WHERE study_name = ?`)
	lockStudy       = sqlText(`SELECT study_name FROM studies WHERE study_id = ?{lock}`)
	doomStudy       = sqlText(`SELECT study_name FROM studies WHERE study_id = ?{forever}`)
	studyHere       = sqlText(`SELECT study_name FROM studies WHERE study_id = ?`)
)

// CreateStudy implements [storage.Storage].
func (s *Storage) CreateStudy(ctx context.Context, name string, directions []storage.Direction) (int64, error) {
	if name == "" {
		name = storage.NewStudyName()
	}
	if err := s.checkName("study", name); err != nil {
		return 0, s.named(err)
	}
	if err := storage.CheckDirections(directions); err != nil {
		return 0, s.named(err)
	}
	var id int64
	err := s.change(ctx, change{
		level: durable,
		do: func(t *tx) (err error) {
			if id, err = t.insert(insertStudy[s.d], "study_id", name); err != nil {
				return err
			}
			for i, d := range directions {
				if _, err := t.exec(insertDirection[s.d], directionName(d), id, i); err != nil {
					return err
				}
			}
			return nil
		},
		done: func(ctx context.Context) (bool, error) {
			here := false
			err := s.read(ctx, func(t *tx) (err error) {
				here, err = t.row(studyHere[s.d], []any{id}, new(string))
				return err
			})
			return here, err
		},
	})
	if s.d.faultOf(err) == duplicate {
		return 0, s.named(s.taken(ctx, name))
	}
	return id, s.named(err)
}

// taken explains why a study of this name cannot be made.
func (s *Storage) taken(ctx context.Context, name string) error {
	_, err := s.find(ctx, name)
	if errors.Is(err, storage.ErrStudyNotFound) && s.d == MySQL {
		return s.clash("study", name, "another study")
	}
	return fmt.Errorf("%w: %q", storage.ErrDuplicateStudy, name)
}

// clash is the error for a name that the database takes for another one.
func (s *Storage) clash(what, name, other string) error {
	return fmt.Errorf("%w: the %s %q: the database's collation %s holds it for the name of %s; names may not differ in case or trailing blanks alone, or use tables with the collation utf8mb4_bin", storage.ErrInvalidName, what, name, s.collate, other)
}

// FindStudy implements [storage.Storage].
func (s *Storage) FindStudy(ctx context.Context, name string) (int64, error) {
	id, err := s.find(ctx, name)
	return id, s.named(err)
}

func (s *Storage) find(ctx context.Context, name string) (int64, error) {
	notFound := fmt.Errorf("%w: %q", storage.ErrStudyNotFound, name)
	if s.checkName("study", name) != nil {
		if err := s.ready(ctx); err != nil {
			return 0, err
		}
		return 0, notFound
	}
	var id int64
	var stored string
	err := s.read(ctx, func(t *tx) error {
		ok, err := t.row(findStudy[s.d], []any{name}, &id, &stored)
		if err == nil && (!ok || stored != name) {
			return notFound
		}
		return err
	})
	return id, err
}

// gone is the error for a study that does not exist.
func gone(study int64) error { return fmt.Errorf("%w: id %d", storage.ErrStudyNotFound, study) }

// deletions remove what is below a study, from the leaves up.
var deletions = []query{
	deleteBelowTrials("trial_heartbeats"),
	deleteBelowTrials("trial_intermediate_values"),
	deleteBelowTrials("trial_values"),
	deleteBelowTrials("trial_params"),
	deleteBelowTrials("trial_user_attributes"),
	deleteBelowTrials("trial_system_attributes"),
	sqlText(`DELETE FROM trials WHERE study_id = ?`),
	sqlText(`DELETE FROM study_directions WHERE study_id = ?`),
	sqlText(`DELETE FROM study_user_attributes WHERE study_id = ?`),
	sqlText(`DELETE FROM study_system_attributes WHERE study_id = ?`),
	sqlText(`DELETE FROM studies WHERE study_id = ?`),
}

func deleteBelowTrials(table string) query {
	q := sqlText(`DELETE FROM ` + table + ` WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = ?)`)
	q[MySQL] = `DELETE c FROM ` + table + ` c JOIN trials t ON t.trial_id = c.trial_id WHERE t.study_id = ?`
	return q
}

// lockTrials keeps everybody from adding to the trials of a study: who does locks
// the trial's row first.
var lockTrials = query{
	PostgreSQL: `SELECT count(*) FROM (SELECT 1 FROM trials WHERE study_id = $1 ORDER BY trial_id FOR UPDATE) AS locked`,
	MySQL:      `SELECT COUNT(*) FROM (SELECT trial_id FROM trials WHERE study_id = ? ORDER BY trial_id FOR UPDATE) AS locked`,
}

// DeleteStudy implements [storage.Storage].
func (s *Storage) DeleteStudy(ctx context.Context, study int64) error {
	err := s.needStudy(ctx, study)
	if err != nil {
		return s.named(err)
	}
	err = s.change(ctx, change{
		level: durable,
		do: func(t *tx) error {
			if ok, err := t.row(doomStudy[s.d], []any{study}, new(string)); err != nil || !ok {
				return orElse(err, gone(study))
			}
			if q := lockTrials[s.d]; q != "" {
				if _, err := t.row(q, []any{study}, new(int64)); err != nil {
					return err
				}
			}
			for _, q := range deletions {
				if _, err := t.exec(q[s.d], study); err != nil {
					return err
				}
			}
			return nil
		},
		done: func(ctx context.Context) (bool, error) {
			here := true
			err := s.read(ctx, func(t *tx) (err error) {
				here, err = t.row(studyHere[s.d], []any{study}, new(string))
				return err
			})
			return !here, err
		},
	})
	if err == nil {
		s.forget(study)
	}
	return s.named(err)
}

// needStudy refuses ids that no study can have; servers would complain of their
// size rather than find nothing.
func (s *Storage) needStudy(ctx context.Context, study int64) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if !s.d.isID(study) {
		return gone(study)
	}
	return nil
}

// orElse returns err, or other if it is nil.
func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// SetStudyAttr implements [storage.Storage].
func (s *Storage) SetStudyAttr(ctx context.Context, study int64, kind storage.AttrKind, key, value string) error {
	return s.named(s.setStudyAttr(ctx, study, kind, storage.Attr{Key: key, Value: value}, durable))
}

var (
	upsertStudyAttr = [...]query{storage.UserAttr: upsertStudy(storage.UserAttr), storage.SystemAttr: upsertStudy(storage.SystemAttr)}
	studyAttrKey    = [...]query{storage.UserAttr: studyKey(storage.UserAttr), storage.SystemAttr: studyKey(storage.SystemAttr)}
)

func upsertStudy(kind storage.AttrKind) query {
	return sqlText(upsertAttr(studyAttrTable[kind], "study_id", "studies", "TRUE"))
}

func studyKey(kind storage.AttrKind) query {
	return sqlText(`SELECT "key" FROM ` + studyAttrTable[kind] + ` WHERE study_id = ? AND "key" = ?`)
}

// upsertAttr sets an attribute of an owner, if a condition on the owner, t, holds.
// Where the collation takes another key for this one, MySQL changes nothing. Its
// arguments are key, value, owner and, on MySQL, key.
func upsertAttr(table, id, owners, condition string) string {
	return `INSERT INTO ` + table + ` (` + id + `, "key", value_json)
		SELECT t.` + id + `, ?::varchar, ?::text FROM ` + owners + ` t WHERE t.` + id + ` = ? AND ` + condition + `
		[[ON CONFLICT (` + id + `, "key") DO UPDATE SET value_json = excluded.value_json
		|ON CONFLICT (` + id + `, "key") DO UPDATE SET value_json = excluded.value_json
		|ON DUPLICATE KEY UPDATE value_json = IF(CAST(CONVERT(` + table + `."key" USING utf8mb4) AS BINARY) = CAST(? AS BINARY), VALUES(value_json), value_json)]]`
}

func (s *Storage) setStudyAttr(ctx context.Context, study int64, kind storage.AttrKind, a storage.Attr, l level) error {
	if err := s.needStudy(ctx, study); err != nil {
		return err
	}
	a, err := s.checkAttr(a)
	if err != nil {
		return err
	}
	return s.change(ctx, change{
		level: l,
		alone: true,
		do: func(t *tx) error {
			args := []any{a.Key, a.Value, study}
			if s.d == MySQL {
				args = append(args, a.Key)
			}
			n, err := t.exec(upsertStudyAttr[kind][s.d], args...)
			if err != nil && s.d.faultOf(err) == missing {
				return gone(study)
			}
			if err != nil || n > 0 {
				return err
			}
			if ok, err := t.row(studyHere[s.d], []any{study}, new(string)); err != nil || !ok {
				return orElse(err, gone(study))
			}
			if s.d != MySQL {
				return fmt.Errorf("attribute %q was not set, for no reason that the database gives", a.Key)
			}
			return s.sameKey(t, studyAttrKey[kind], study, a.Key)
		},
	})
}

// sameKey looks, after MySQL reports that an upsert changed nothing, whether it
// was because the value was there already or because the key is another's.
func (s *Storage) sameKey(t *tx, q query, owner int64, key string) error {
	var stored string
	if ok, err := t.row(q[s.d], []any{owner, key}, &stored); err != nil || !ok || stored == key {
		return err
	}
	return s.clash("attribute", key, fmt.Sprintf("%q", stored))
}

// studyRows reads studies: their names, directions and attributes, in one
// statement and so at one moment.
func studyRows(where string) query {
	q := sqlText(`SELECT 0, s.study_id, 0, {text s.study_name}, {text ''} FROM studies s` + where + `
		UNION ALL SELECT 1, s.study_id, c.objective, {text c.direction}, {text ''} FROM studies s JOIN study_directions c ON c.study_id = s.study_id` + where + `
		UNION ALL SELECT 2, s.study_id, c.study_user_attribute_id, {text c."key"}, {text c.value_json} FROM studies s JOIN study_user_attributes c ON c.study_id = s.study_id` + where + `
		UNION ALL SELECT 3, s.study_id, c.study_system_attribute_id, {text c."key"}, {text c.value_json} FROM studies s JOIN study_system_attributes c ON c.study_id = s.study_id` + where)
	return q
}

var (
	allStudies = studyRows("")
	oneStudy   = studyRows(" WHERE s.study_id {ids}")
)

// Study implements [storage.Storage].
func (s *Storage) Study(ctx context.Context, study int64) (storage.Study, error) {
	if err := s.needStudy(ctx, study); err != nil {
		return storage.Study{}, s.named(err)
	}
	text, args := s.idQuery(oneStudy, []int64{study})
	all, err := s.readStudies(ctx, text, args)
	if err == nil && len(all) == 0 {
		s.forget(study)
		err = gone(study)
	}
	if err != nil {
		return storage.Study{}, s.named(err)
	}
	return all[0], nil
}

// Studies implements [storage.Storage].
func (s *Storage) Studies(ctx context.Context) ([]storage.Study, error) {
	all, err := s.readStudies(ctx, allStudies[s.d], nil)
	return all, s.named(err)
}

func (s *Storage) readStudies(ctx context.Context, text string, args []any) ([]storage.Study, error) {
	var b studyBuilder
	err := s.read(ctx, func(t *tx) error {
		b = studyBuilder{}
		return t.each(text, args, func(scan func(...any) error) error {
			var r studyRow
			var name, value sql.NullString
			if err := scan(&r.kind, &r.study, &r.seq, &name, &value); err != nil {
				return err
			}
			r.name, r.value = name.String, value.String
			if r.kind == 3 && strings.HasPrefix(r.name, beatPrefix) {
				return nil
			}
			b = append(b, r)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return b.build(s)
}
