package open_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gohone/hone/internal/neutral"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/rdb"
)

// sharedFixtures is the folder of files made by Optuna beside the repository;
// testdata holds those that are text.
const sharedFixtures = "../../../shared/interop/fixtures"

// load runs the statements of files.
func load(t *testing.T, db *sql.DB, files ...string) {
	t.Helper()
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(name, "mariadb") {
			// Its tables are in the order of their names, not of their keys.
			text = append([]byte("SET FOREIGN_KEY_CHECKS = 0;\n"), text...)
			text = append(text, "\nSET FOREIGN_KEY_CHECKS = 1;\n"...)
		}
		if _, err := db.Exec(string(text)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// What Optuna wrote reads as Optuna reads it.
func TestFixtures(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		// PostgreSQL's rows are plain SQL, which SQLite reads, too.
		path := filepath.Join(t.TempDir(), "studies.db")
		db := must(sql.Open("sqlite", path))
		load(t, db, "testdata/schema.sqlite.sql")
		rows, _, _ := strings.Cut(string(must(os.ReadFile("testdata/data.postgresql.sql"))), "SELECT pg_catalog")
		must(db.Exec(rows))
		db.Close()
		st := openSQLite(t, path, nil)
		defer st.Close()
		fixture(t, st, "testdata/expected.postgresql.json")
	})
	t.Run("SQLite, all", func(t *testing.T) {
		from := filepath.Join(sharedFixtures, "all.sqlite3")
		data, err := os.ReadFile(from)
		if errors.Is(err, fs.ErrNotExist) {
			t.Skipf("%s is absent; testdata holds a part of it", from)
		} else if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "all.sqlite3")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		for _, o := range []*rdb.Options{{ReadOnly: true}, {}} {
			st := openSQLite(t, path, o)
			fixture(t, st, filepath.Join(sharedFixtures, "expected.sqlite.json"))
			st.Close()
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s := postgres(t)
		name := s.create(t, "")
		db := s.connect(t, name)
		load(t, db, "testdata/schema.postgresql.sql", "testdata/data.postgresql.sql")
		db.Close()
		st := s.open(t, name, nil)
		defer st.Close()
		fixture(t, st, "testdata/expected.postgresql.json")
	})
	t.Run("MySQL", func(t *testing.T) {
		s := mariadb(t)
		name := s.create(t, "")
		db := s.connect(t, name)
		load(t, db, "testdata/schema.mariadb.sql", "testdata/data.mariadb.sql")
		db.Close()
		st := s.open(t, name, nil)
		defer st.Close()
		fixture(t, st, "testdata/expected.mariadb.json")
	})
}

func fixture(t *testing.T, st storage.Storage, expected string) {
	t.Helper()
	text, err := os.ReadFile(expected)
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Studies []map[string]any
	}
	neutral.Decode(t, text, &want)
	if len(want.Studies) < 3 {
		t.Fatalf("%s holds %d studies", expected, len(want.Studies))
	}
	agree(t, st, want.Studies)
}

// agree wants a storage to hold these studies, in Optuna's neutral form.
func agree(t *testing.T, st storage.Storage, want []map[string]any) {
	t.Helper()
	studies, err := st.Studies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(studies) != len(want) {
		t.Fatalf("%d studies, want %d", len(studies), len(want))
	}
	for i, s := range studies {
		w := want[i]
		if id := fmt.Sprint(w["study_id"]); id != fmt.Sprint(s.ID) {
			t.Fatalf("study %d has the id %d, want %s", i, s.ID, id)
		}
		one, err := st.Study(t.Context(), s.ID)
		if err != nil {
			t.Fatal(err)
		}
		trials, err := st.Trials(t.Context(), s.ID, -1, nil)
		if err != nil {
			t.Fatal(err)
		}
		delete(w, "best_trial_number_by_storage") // no affair of a storage here
		for k := range w["system_attrs"].(map[string]any) {
			if strings.HasPrefix(k, "hone:beat:") { // which we do not show
				delete(w["system_attrs"].(map[string]any), k)
			}
		}
		var got map[string]any
		neutral.Decode(t, neutral.Study(t, one, trials), &got)
		for k, trial := range w["trials"].([]any) {
			delete(trial.(map[string]any)["system_attrs"].(map[string]any), "hone:claim") // nor that
			if c, ok := trial.(map[string]any)["constraints"]; !ok || c == nil {          // Optuna 4
				delete(got["trials"].([]any)[k].(map[string]any), "constraints")
				delete(trial.(map[string]any), "constraints")
			}
		}
		neutral.Compare(t, s.Name, got, w)
	}
}
