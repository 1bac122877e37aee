package open_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/rdb"
)

// contents lists every row of every table, so that a change of any is seen.
func contents(t *testing.T, p place) string {
	t.Helper()
	db, dialect, err := p.pool()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list := map[rdb.Dialect]string{
		rdb.SQLite:     "SELECT name FROM sqlite_master WHERE type = 'table'",
		rdb.PostgreSQL: "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
		rdb.MySQL:      "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
	}[dialect]
	var names, out []string
	scan := func(query string, f func(rows *sql.Rows) error) {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			if err := f(rows); err != nil {
				t.Fatal(err)
			}
		}
	}
	scan(list, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		names = append(names, name)
		return err
	})
	sort.Strings(names)
	for _, name := range names {
		out = append(out, name)
		scan("SELECT * FROM "+name, func(rows *sql.Rows) error {
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(sql.NullString)
			}
			err = rows.Scan(values...)
			row := ""
			for _, v := range values {
				row += fmt.Sprintf("%v ", *v.(*sql.NullString))
			}
			out = append(out, row)
			return err
		})
	}
	return strings.Join(out, "\n")
}

// withoutSequences leaves SQLite's counters out, which remember deleted keys.
func withoutSequences(contents string) string {
	head, rest, found := strings.Cut(contents, "sqlite_sequence\n")
	if !found {
		return contents
	}
	for strings.HasPrefix(rest, "{") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	return head + rest
}

func (p place) exec(t *testing.T, statements ...string) {
	t.Helper()
	db, _, err := p.pool()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, text := range statements {
		if _, err := db.Exec(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// Tables of another revision, or of another program, are left as they are, and
// the error says what was found, what is needed, and what to do.
func TestForeignSchemas(t *testing.T) {
	places(t, func(t *testing.T, p place) {
		for _, c := range []struct {
			name   string
			change []string // of tables as they should be
			found  string
			want   string
		}{
			{"older", []string{"UPDATE alembic_version SET version_num = 'v2.6.0.a'"}, "v2.6.0.a", "optuna storage upgrade"},
			{"oldest", []string{"UPDATE alembic_version SET version_num = 'v0.9.0.a'"}, "v0.9.0.a", "optuna storage upgrade"},
			{"just before", []string{"UPDATE alembic_version SET version_num = 'v3.0.0.d'"}, "v3.0.0.d", "optuna storage upgrade"},
			{"newer", []string{"UPDATE alembic_version SET version_num = 'v6.0.0.a'"}, "v6.0.0.a", "newer"},
			{"another program's number", []string{"UPDATE alembic_version SET version_num = '5f3c1a9e2b7d'"}, "5f3c1a9e2b7d", "another program"},
			{"two revisions", []string{"INSERT INTO alembic_version VALUES ('v3.0.0.d')"}, "v3.0.0.d", "2 revisions"},
			{"schema version of long ago", []string{"DELETE FROM alembic_version", "UPDATE version_info SET schema_version = 1"}, "", "optuna storage upgrade"},
			{"no revision", []string{"DELETE FROM alembic_version"}, "", "did not finish"},
			{"no revision, no version", []string{"DELETE FROM alembic_version", "DELETE FROM version_info"}, "", "did not finish"},
			{"table missing", []string{"DROP TABLE trial_heartbeats"}, rdb.Revision, "trial_heartbeats missing"},
			{"tables missing", []string{"DROP TABLE trial_values", "DROP TABLE alembic_version"}, "", "trial_values, alembic_version missing"},
			{"only another program's", []string{
				"DROP TABLE trial_heartbeats", "DROP TABLE trial_intermediate_values", "DROP TABLE trial_values", "DROP TABLE trial_params",
				"DROP TABLE trial_system_attributes", "DROP TABLE trial_user_attributes", "DROP TABLE trials",
				"DROP TABLE study_system_attributes", "DROP TABLE study_user_attributes", "DROP TABLE study_directions", "DROP TABLE studies",
				"DROP TABLE version_info", "UPDATE alembic_version SET version_num = '5f3c1a9e2b7d'"}, "5f3c1a9e2b7d", "another program"},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel() // some wait for tables that somebody may be making
				p := p
				if p.dialect == rdb.SQLite {
					p.name = filepath.Join(t.TempDir(), "studies.db")
				} else {
					p.name = p.create(t, "")
				}
				st := p.open(t)
				if _, err := st.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize}); err != nil {
					t.Fatal(err)
				}
				st.Close()
				p.exec(t, c.change...)
				before := contents(t, p)
				db, dialect, err := p.pool()
				if err != nil {
					t.Fatal(err)
				}
				again, err := rdb.Open(t.Context(), db, dialect, &rdb.Options{CloseDB: true})
				if err == nil {
					again.Close()
					t.Fatal("the database was opened")
				}
				var schema *rdb.SchemaError
				if !errors.As(err, &schema) {
					t.Fatalf("the error is %v, want a *SchemaError", err)
				}
				if !strings.Contains(schema.Found, c.found) || schema.Needed != rdb.Revision || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), rdb.Revision) {
					t.Errorf("the error is %q, want one that says %q, %q and %q", err, c.found, rdb.Revision, c.want)
				}
				if after := contents(t, p); after != before {
					t.Errorf("the database was changed from\n%s\nto\n%s", before, after)
				}
			})
		}
	})
}

// Tables of other programs beside ours do no harm.
func TestOtherTables(t *testing.T) {
	places(t, func(t *testing.T, p place) {
		p.exec(t, "CREATE TABLE customers (id INTEGER)", "CREATE TABLE trial (id INTEGER)")
		st := p.open(t)
		defer st.Close()
		use(t, st)
	})
}

// The tables that we make have the columns, keys and indexes that Optuna's have.
func TestSchemaIsOptunas(t *testing.T) {
	for _, c := range []struct{ name, ddl, query string }{
		{"SQLite", "testdata/schema.sqlite.sql", `SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || (c."notnull" OR c.pk > 0) || ' ' || c.pk FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name <> 'sqlite_sequence'
			UNION ALL SELECT l."unique" || ' ' || m.name || ': ' || (SELECT group_concat(i.name, ', ') FROM pragma_index_info(l.name) i) FROM sqlite_master m, pragma_index_list(m.name) l WHERE m.type = 'table'
			UNION ALL SELECT m.name || '.' || f."from" || ' -> ' || f."table" || '.' || f."to" FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`},
		{"PostgreSQL", "testdata/schema.postgresql.sql", `SELECT concat_ws(' ', table_name, column_name, data_type, udt_name, character_maximum_length, is_nullable, regexp_replace(column_default, '''.*''', '')) FROM information_schema.columns WHERE table_schema = current_schema()
			UNION ALL SELECT conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
			UNION ALL SELECT tablename || ' ' || indexname || regexp_replace(indexdef, '^.* USING', '') FROM pg_indexes WHERE schemaname = current_schema()
			UNION ALL SELECT t.typname || ' ' || e.enumlabel || ' ' || e.enumsortorder FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typnamespace = current_schema()::regnamespace
			UNION ALL SELECT sequencename || ' ' || data_type FROM pg_sequences WHERE schemaname = current_schema()`},
		{"MySQL", "testdata/schema.mariadb.sql", `SELECT CONCAT_WS(' ', table_name, column_name, column_type, is_nullable, column_key, extra) FROM information_schema.columns WHERE table_schema = DATABASE()
			UNION ALL SELECT CONCAT_WS(' ', table_name, non_unique, index_name, seq_in_index, column_name) FROM information_schema.statistics WHERE table_schema = DATABASE()
			UNION ALL SELECT CONCAT_WS(' ', table_name, constraint_name, column_name, referenced_table_name, referenced_column_name) FROM information_schema.key_column_usage WHERE table_schema = DATABASE()`},
	} {
		t.Run(c.name, func(t *testing.T) {
			describe := func(make func(db *sql.DB, dialect rdb.Dialect)) []string {
				var p place
				switch c.name {
				case "SQLite":
					p = place{server{name: "SQLite", dialect: rdb.SQLite}, filepath.Join(t.TempDir(), "studies.db")}
				case "PostgreSQL":
					s := postgres(t)
					p = place{s, s.create(t, "")}
				case "MySQL":
					s := mariadb(t)
					p = place{s, s.create(t, "")}
				}
				db, dialect, err := p.pool()
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				make(db, dialect)
				rows, err := db.Query(c.query)
				if err != nil {
					t.Fatal(err)
				}
				defer rows.Close()
				var out []string
				for rows.Next() {
					var line sql.NullString
					if err := rows.Scan(&line); err != nil {
						t.Fatal(err)
					}
					// Names of schemas differ, and are shown where the path is another.
					out = append(out, strings.ReplaceAll(line.String, p.name+".", ""))
				}
				sort.Strings(out)
				return out
			}
			want := describe(func(db *sql.DB, _ rdb.Dialect) { load(t, db, c.ddl) })
			got := describe(func(db *sql.DB, d rdb.Dialect) {
				st, err := rdb.Open(t.Context(), db, d, nil)
				if err != nil {
					t.Fatal(err)
				}
				st.Close()
			})
			if len(want) < 50 {
				t.Fatalf("Optuna's tables are described by %d lines only", len(want))
			}
			for _, line := range got {
				if !slices.Contains(want, line) {
					t.Errorf("ours alone: %s", line)
				}
			}
			for _, line := range want {
				if !slices.Contains(got, line) {
					t.Errorf("Optuna's alone: %s", line)
				}
			}
		})
	}
}

// Any number of processes may meet an empty database at the same time: one of
// them makes the tables and the study, and none sees an error.
func TestStartTogether(t *testing.T) {
	starters := intEnv("HONE_TEST_STARTERS", 64)
	places(t, func(t *testing.T, p place) {
		processes := 4
		handles := starters - processes // of this process
		var wg sync.WaitGroup
		start := make(chan struct{})
		for range processes {
			cmd := p.again(t.Context(), "start")
			wg.Add(1)
			go func() {
				defer wg.Done()
				<-start
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("a process: %v\n%s", err, out)
				}
			}()
		}
		var ids sync.Map
		for range handles {
			wg.Add(1)
			go func() {
				defer wg.Done()
				<-start
				db, dialect, err := p.pool()
				if err != nil {
					t.Error(err)
					return
				}
				db.SetMaxOpenConns(2)
				st, err := rdb.Open(context.Background(), db, dialect, &rdb.Options{CloseDB: true})
				if err != nil {
					t.Error(err)
					return
				}
				defer st.Close()
				id, err := st.CreateStudy(t.Context(), "one", []storage.Direction{storage.Minimize})
				if errors.Is(err, storage.ErrDuplicateStudy) {
					id, err = st.FindStudy(t.Context(), "one")
				}
				if err == nil {
					_, err = st.CreateTrial(t.Context(), id, nil)
				}
				if err != nil {
					t.Error(err)
				}
				ids.Store(id, true)
			}()
		}
		close(start)
		wg.Wait()
		n := 0
		ids.Range(func(any, any) bool { n++; return true })
		if n != 1 {
			t.Errorf("%d studies were made", n)
		}
		st := p.open(t)
		defer st.Close()
		id, err := st.FindStudy(t.Context(), "one")
		if err != nil {
			t.Fatal(err)
		}
		all, err := st.Trials(t.Context(), id, -1, nil)
		if err != nil || len(all) != handles+processes {
			t.Errorf("%d trials, %v; want %d", len(all), err, handles+processes)
		}
		for i := range all {
			if all[i].Number != i {
				t.Errorf("position %d has the number %d", i, all[i].Number)
			}
		}
	})
}
