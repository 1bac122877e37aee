package open_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/open"
	"github.com/gohone/hone/storage/rdb"
)

// openWith opens the place with options.
func (p place) openWith(t *testing.T, o rdb.Options) *rdb.Storage {
	t.Helper()
	db, dialect, err := p.pool()
	ok(t, err)
	o.CloseDB = true
	st, err := rdb.Open(t.Context(), db, dialect, &o)
	ok(t, err)
	return st
}

// Rows that were damaged, or that mean nothing to us, make one trial unreadable:
// it is named, or left out and named in the log, and nothing else suffers.
func TestBrokenRows(t *testing.T) {
	cases := []struct {
		name   string
		change string // %d is the trial
		want   string
		lite   bool // on SQLite only
	}{
		{"attribute", `UPDATE trial_user_attributes SET value_json = '{"a":' WHERE trial_id = %d`, `attribute "u"`, false},
		{"attribute, not text", `UPDATE trial_system_attributes SET value_json = 'nan' WHERE trial_id = %d`, `attribute "s"`, false},
		{"attribute, deep", `UPDATE trial_user_attributes SET value_json = '` + strings.Repeat("[", 20000) + `' WHERE trial_id = %d`, `attribute "u"`, false},
		{"distribution", `UPDATE trial_params SET distribution_json = 'x' WHERE trial_id = %d`, `parameter "x"`, false},
		{"distribution of the future", `UPDATE trial_params SET distribution_json = '{"name":"GaussDistribution","attributes":{}}' WHERE trial_id = %d`, "GaussDistribution", false},
		{"parameter without a value", `UPDATE trial_params SET param_value = NULL WHERE trial_id = %d`, `parameter "x" has no value`, false},
		{"no number", `UPDATE trials SET number = NULL WHERE trial_id = %d`, "number", false},
		{"negative number", `UPDATE trials SET number = -5 WHERE trial_id = %d`, "number", false},
		{"NaN as Optuna leaves it on SQLite", `UPDATE trial_values SET value = NULL WHERE trial_id = %d`, "finite and NULL", false},
		{"missing objective", `DELETE FROM trial_values WHERE objective = 0 AND trial_id = %d`, "objective 0 is missing", false},
		{"state", `UPDATE trials SET state = 'RUINED' WHERE trial_id = %d`, `"RUINED"`, true},
		{"kind of value", `UPDATE trial_values SET value_type = 'HUGE' WHERE trial_id = %d`, `"HUGE"`, true},
		{"text for a number", `UPDATE trial_params SET param_value = 'much' WHERE trial_id = %d`, "much", true},
		{"blob for a number", `UPDATE trial_intermediate_values SET intermediate_value = x'00ff' WHERE trial_id = %d`, "", true},
		{"time", `UPDATE trials SET datetime_start = 'yesterday' WHERE trial_id = %d`, "yesterday", true},
		{"time with a T", `UPDATE trials SET datetime_complete = '2026-01-01T00:00:00' WHERE trial_id = %d`, "2026-01-01T", true},
	}
	places(t, func(t *testing.T, p place) {
		p.open(t).Close()
		for _, c := range cases {
			if c.lite && p.dialect != rdb.SQLite { // the server refuses such a row
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				st := p.open(t)
				study, err := st.CreateStudy(t.Context(), c.name, []storage.Direction{storage.Minimize, storage.Minimize})
				ok(t, err)
				var ids []int64
				for range 5 {
					tr, err := st.CreateTrial(t.Context(), study, &storage.Trial{
						State: storage.Complete, Values: []float64{1, 2}, Reports: []storage.Report{{Step: 1, Value: 1}},
						Params:      []storage.Param{{Name: "x", Value: 0.5, Dist: distributions.Float{Low: 0, High: 1}}},
						UserAttrs:   storage.Attrs{{Key: "u", Value: "1"}},
						SystemAttrs: storage.Attrs{{Key: "s", Value: "1"}},
					})
					ok(t, err)
					ids = append(ids, tr.ID)
				}
				ok(t, st.Close())
				bad := ids[2]
				p.exec(t, fmt.Sprintf(c.change, bad))

				strict := p.open(t)
				defer strict.Close()
				says := fmt.Sprintf("trial with id %d cannot be read", bad)
				for call, err := range map[string]error{
					"Trials": second(strict.Trials(t.Context(), study, -1, nil)), "Trial": second(strict.Trial(t.Context(), bad)),
				} {
					if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), c.want) {
						t.Errorf("%s: the error is %v, want one that says %q and %q", call, err, says, c.want)
					}
				}
				if _, err := strict.Trial(t.Context(), ids[1]); err != nil {
					t.Errorf("the trial before: %v", err)
				}
				var log bytes.Buffer
				lenient := p.openWith(t, rdb.Options{SkipBroken: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
				defer lenient.Close()
				got, err := lenient.Trials(t.Context(), study, -1, nil)
				if err != nil || len(got) != 4 || got[1].ID != ids[1] || got[2].ID != ids[3] {
					t.Errorf("without the trial there are %d, %v", len(got), err)
				}
				if n := strings.Count(log.String(), "left out"); n != 1 || !strings.Contains(log.String(), fmt.Sprint("trial=", bad)) {
					t.Errorf("the log says %q", &log)
				}
				// The study goes on, and no number is given twice.
				mine, claimed, err := lenient.Claim(t.Context(), study, storage.Claim{Budget: 100, Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"w"`}}})
				if err != nil || !claimed || mine.Number != 5 {
					t.Errorf("Claim: number %d, %v, %v", mine.Number, claimed, err)
				}
			})
		}
	})
}

func second[T any](_ T, err error) error { return err }

// Rows whose study or trial is gone are nobody's, and studies that cannot be read
// leave the others alone.
func TestBrokenStudies(t *testing.T) {
	places(t, func(t *testing.T, p place) {
		st := p.open(t)
		for _, name := range []string{"a", "b", "c"} {
			id, err := st.CreateStudy(t.Context(), name, []storage.Direction{storage.Minimize, storage.Maximize})
			ok(t, err)
			ok(t, st.SetStudyAttr(t.Context(), id, storage.UserAttr, "k", "1"))
			_, err = st.CreateTrial(t.Context(), id, nil)
			ok(t, err)
		}
		ok(t, st.Close())
		loose := map[rdb.Dialect]string{rdb.PostgreSQL: "SET session_replication_role = replica; ", rdb.MySQL: "SET FOREIGN_KEY_CHECKS = 0; "}[p.dialect]
		p.exec(t,
			loose+"INSERT INTO trials (number, study_id, state) VALUES (0, 999, 'RUNNING')",
			loose+"INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (999, 'x', 1, 'junk')",
			loose+"INSERT INTO study_directions (direction, study_id, objective) VALUES ('MINIMIZE', 999, 0)",
			"DELETE FROM study_directions WHERE study_id = 2 AND objective = 0",
			"UPDATE study_user_attributes SET value_json = '[' WHERE study_id = 3")
		strict := p.open(t)
		defer strict.Close()
		for id, want := range map[int64]string{2: "direction of objective 0 is missing", 3: `attribute "k"`} {
			if _, err := strict.Study(t.Context(), id); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprint("study with id ", id)) {
				t.Errorf("study %d: the error is %v, want one that says %q", id, err, want)
			}
		}
		if _, err := strict.Studies(t.Context()); err == nil || !strings.Contains(err.Error(), "study with id 2") {
			t.Errorf("Studies: %v", err)
		}
		if s, err := strict.Study(t.Context(), 1); err != nil || s.Name != "a" {
			t.Errorf("the study beside: %+v, %v", s, err)
		}
		lenient := p.openWith(t, rdb.Options{SkipBroken: true})
		defer lenient.Close()
		if all, err := lenient.Studies(t.Context()); err != nil || len(all) != 1 || all[0].Name != "a" {
			t.Errorf("without those that cannot be read: %+v, %v", all, err)
		}
		study, err := hone.LoadStudy(t.Context(), lenient, "a", &hone.Options{Sampler: &sampler.Random{}})
		ok(t, err)
		ok(t, study.OptimizeMultiContext(t.Context(), func(t *hone.Trial) ([]float64, error) {
			x := t.SuggestFloat("x", 0, 1)
			return []float64{x, -x}, nil
		}, &hone.OptimizeOptions{Trials: 2}))
	})
}

// A file that is for reading only says so, whatever is tried, and stays as it is.
func TestReadOnlyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "studies.db")
	st := openSQLite(t, path, nil)
	study, err := st.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize})
	ok(t, err)
	tr, err := st.CreateTrial(t.Context(), study, nil)
	ok(t, err)
	ok(t, st.Close())
	before := must(os.ReadFile(path))
	// As root may write to any file, the driver is told.
	db := must(sql.Open("sqlite", "file:"+url.PathEscape(path)+"?mode=ro"))
	opened, err := rdb.Open(t.Context(), db, rdb.SQLite, &rdb.Options{CloseDB: true})
	if err == nil {
		for call, err := range map[string]error{
			"CreateStudy": second(opened.CreateStudy(t.Context(), "t", []storage.Direction{storage.Minimize})),
			"CreateTrial": second(opened.CreateTrial(t.Context(), study, nil)),
			"SetReport":   opened.SetReport(t.Context(), tr.ID, 1, 1),
			"SetState":    second(opened.SetState(t.Context(), tr.ID, storage.Failed, nil)),
			"DeleteStudy": opened.DeleteStudy(t.Context(), study),
		} {
			if err == nil || !strings.Contains(err.Error(), "readonly") {
				t.Errorf("%s: the error is %v", call, err)
			}
		}
		if ts, err := opened.Trials(t.Context(), study, -1, nil); err != nil || len(ts) != 1 {
			t.Errorf("Trials: %d, %v", len(ts), err)
		}
		ok(t, opened.Close())
	} else if !strings.Contains(err.Error(), "readonly") {
		t.Errorf("Open: the error is %v", err)
	}
	reader, err := open.Open(t.Context(), "sqlite:///"+path, &open.Options{ReadOnly: true})
	ok(t, err)
	defer reader.Close()
	for call, err := range map[string]error{
		"CreateStudy": second(reader.CreateStudy(t.Context(), "t", []storage.Direction{storage.Minimize})),
		"CreateTrial": second(reader.CreateTrial(t.Context(), study, nil)),
		"SetParam":    reader.SetParam(t.Context(), tr.ID, storage.Param{Name: "x", Value: 0.5, Dist: distributions.Float{Low: 0, High: 1}}),
		"SetState":    second(reader.SetState(t.Context(), tr.ID, storage.Failed, nil)),
		"DeleteStudy": reader.DeleteStudy(t.Context(), study),
	} {
		if !errors.Is(err, rdb.ErrReadOnly) {
			t.Errorf("%s with ReadOnly: the error is %v", call, err)
		}
	}
	if after := must(os.ReadFile(path)); !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

// A database that has no room left says so, keeps all that it acknowledged and
// nothing in part, and goes on once there is room.
func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "studies.db")
	openSQLite(t, path, nil).Close()
	limit := func(pages int) *rdb.Storage {
		db := must(sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=max_page_count(%d)", url.PathEscape(path), pages)))
		st, err := rdb.Open(t.Context(), db, rdb.SQLite, &rdb.Options{CloseDB: true})
		ok(t, err)
		return st
	}
	st := limit(100)
	study, err := st.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize})
	ok(t, err)
	template := &storage.Trial{State: storage.Complete, Values: []float64{1}, UserAttrs: storage.Attrs{{Key: "a", Value: `"` + strings.Repeat("x", 5000) + `"`}}}
	n := 0
	for ; err == nil && n < 1000; n++ {
		_, err = st.CreateTrial(t.Context(), study, template)
	}
	n--
	if err == nil || !strings.Contains(err.Error(), "full") {
		t.Fatalf("after %d trials the error is %v", n, err)
	}
	check := func(st storage.Storage) {
		t.Helper()
		all, err := st.Trials(t.Context(), study, -1, nil)
		ok(t, err)
		for i, tr := range all {
			if tr.Number != i || len(tr.Values) != 1 || len(tr.UserAttrs) != 1 {
				t.Errorf("trial %d is %+v", i, tr)
			}
		}
		if len(all) != n {
			t.Errorf("%d trials, %d were acknowledged", len(all), n)
		}
	}
	check(st)
	ok(t, st.Close())
	st = limit(1000)
	defer st.Close()
	_, err = st.CreateTrial(t.Context(), study, template)
	ok(t, err)
	n++
	check(st)
}
