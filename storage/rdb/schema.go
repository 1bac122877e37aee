package rdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Revision is the revision of Optuna's tables that this package works with
// (Optuna 3.2 and later).
const Revision = "v3.2.0.a"

// schemaVersion is what the table version_info holds at that revision.
const schemaVersion = 12

// revisions of Optuna's tables, from the oldest.
var revisions = []string{"v0.9.0.a", "v1.2.0.a", "v1.3.0.a", "v2.4.0.a", "v2.6.0.a", "v3.0.0.a", "v3.0.0.b", "v3.0.0.c", "v3.0.0.d", Revision}

// tables that a database holds.
var tables = []string{
	"studies", "study_directions", "study_user_attributes", "study_system_attributes",
	"trials", "trial_user_attributes", "trial_system_attributes", "trial_params", "trial_values", "trial_intermediate_values", "trial_heartbeats",
	"version_info", "alembic_version",
}

// A SchemaError says that the tables of a database are not those that this
// package works with. The database was left as it is.
type SchemaError struct {
	Found  string // revision, "" if none is noted
	Needed string // Revision
	Reason string // what is wrong, and what can be done
}

// Error names both revisions and the way out.
func (e *SchemaError) Error() string {
	found := "no revision"
	if e.Found != "" {
		found = "revision " + e.Found
	}
	return fmt.Sprintf("the database holds %s of Optuna's tables, revision %s is needed: %s", found, e.Needed, e.Reason)
}

func schemaError(found, format string, args ...any) error {
	return &SchemaError{Found: found, Needed: Revision, Reason: fmt.Sprintf(format, args...)}
}

// A schema is what was found of the tables.
type schema struct {
	here    map[string]bool // of tables
	alembic []string        // revisions noted
	version []int64         // schema versions noted
}

var tablesHere = query{
	SQLite:     `SELECT name FROM sqlite_master WHERE type = 'table'`,
	PostgreSQL: `SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)`,
	MySQL:      `SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()`,
}

// readSchema looks at the tables without changing anything.
func readSchema(t *tx) (*schema, error) {
	f := &schema{here: make(map[string]bool)}
	err := t.each(tablesHere[t.s.d], nil, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		if slices.Contains(tables, name) {
			f.here[name] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if f.here["alembic_version"] {
		err = t.each(`SELECT version_num FROM alembic_version`, nil, func(scan func(...any) error) error {
			var v sql.NullString
			err := scan(&v)
			f.alembic = append(f.alembic, v.String)
			return err
		})
	}
	if err == nil && f.here["version_info"] {
		err = t.each(`SELECT schema_version FROM version_info`, nil, func(scan func(...any) error) error {
			var v sql.NullInt64
			err := scan(&v)
			f.version = append(f.version, v.Int64)
			return err
		})
	}
	return f, err
}

// missing returns the tables that are not there.
func (f *schema) missing() []string {
	var out []string
	for _, name := range tables {
		if !f.here[name] {
			out = append(out, name)
		}
	}
	return out
}

// empty reports whether the database has no table of Optuna's.
func (f *schema) empty() bool { return len(f.here) == 0 }

// check returns nil if the tables can be worked with. unfinished says that
// somebody may be about to make them.
func (f *schema) check() (unfinished bool, err error) {
	missing := f.missing()
	rest := strings.Join(missing, ", ")
	switch {
	case len(f.alembic) > 1:
		return false, schemaError(strings.Join(f.alembic, " and "), "the table alembic_version holds %d revisions instead of one; repair it, or use another database", len(f.alembic))
	case len(f.alembic) == 1 && slices.Index(revisions, f.alembic[0]) >= 0 && f.alembic[0] != Revision:
		return false, schemaError(f.alembic[0], "it is older; run `optuna storage upgrade --storage URL` with Python Optuna 3.2 or later, after a backup")
	case len(f.alembic) == 1 && f.alembic[0] != Revision && len(f.here) == 1:
		return false, schemaError(f.alembic[0], "the table alembic_version belongs to another program; use a database of its own for studies")
	case len(f.alembic) == 1 && f.alembic[0] != Revision:
		return false, schemaError(f.alembic[0], "it is not known here; it was made by a newer Optuna, which needs a newer hone, or by another program")
	case len(missing) > 0:
		return true, schemaError(one(f.alembic), "the tables are incomplete, %s missing; whoever made them did not finish. If nothing is in them, drop them, or use another database", rest)
	case len(f.alembic) == 0 && len(f.version) > 0 && f.version[0] != schemaVersion:
		return false, schemaError("", "the table alembic_version is empty and version_info says %d instead of %d; run `optuna storage upgrade --storage URL` with Python Optuna, after a backup", f.version[0], schemaVersion)
	case len(f.alembic) == 0:
		return true, schemaError("", "the table alembic_version is empty; whoever made the tables did not finish. Opening them once with Python Optuna completes them, `optuna storage upgrade --storage URL` if they are older")
	}
	return false, nil
}

func one(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// graceSchema is how long unfinished tables are waited for after the last of them
// was made.
const graceSchema = 5 * time.Second

// ensureSchema creates the tables in a database that has none, and otherwise
// looks whether they are the right ones.
func (s *Storage) ensureSchema(ctx context.Context) error {
	made := 0
	for start := time.Now(); ; {
		var f *schema
		err := s.read(ctx, func(t *tx) (err error) {
			f, err = readSchema(t)
			return err
		})
		if err != nil && s.d.tableGone(err) && time.Since(start) < graceSchema {
			continue // it went between two looks: somebody begins anew
		}
		if err != nil {
			return fmt.Errorf("look at the tables: %w", err)
		}
		if f.empty() {
			if s.o.ReadOnly {
				return schemaError("", "there are none, and with Options.ReadOnly none are made")
			}
			err := s.createSchema(ctx)
			if err == nil || s.d.faultOf(err) == duplicate && time.Since(start) < graceSchema {
				continue // and look at what there is now
			}
			return fmt.Errorf("create the tables: %w", err)
		}
		if n := len(f.here) + len(f.version) + len(f.alembic); n != made { // somebody is at it
			made, start = n, time.Now()
		}
		unfinished, err := f.check()
		if err == nil || !unfinished || time.Since(start) > graceSchema {
			return err
		}
		if s.d == MySQL && !s.o.ReadOnly && time.Since(start) > graceSchema/2 { // no Optuna is about to make them
			if err := s.createSchema(ctx); err != nil {
				return fmt.Errorf("create the tables: %w", err)
			}
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// createSchema makes the tables, unless somebody else has. On SQLite and
// PostgreSQL it is one transaction; on MySQL, whose DDL is none, starters queue for
// a lock by name, and begin anew where one of them died before the end.
func (s *Storage) createSchema(ctx context.Context) error {
	create := func(t *tx) error {
		if s.d == PostgreSQL {
			if _, err := t.exec(`SELECT pg_advisory_xact_lock(hashtext('hone:schema'))`); err != nil {
				return err
			}
		}
		f, err := readSchema(t)
		if err != nil {
			return err
		}
		if again, _ := f.check(); again && s.d == MySQL && !f.empty() {
			if again, err = dropUnfinished(t); err != nil || !again {
				return err
			}
		} else if !f.empty() {
			return nil
		}
		ddl, err := s.ddl(t)
		if err != nil {
			return err
		}
		for _, text := range ddl {
			if _, err := t.exec(text); err != nil {
				return err
			}
		}
		return nil
	}
	if s.d != MySQL {
		return s.change(ctx, change{level: durable, do: create})
	}
	r := s.newRetry()
	for {
		err := s.alone(ctx, create)
		if err == nil {
			return nil
		}
		if err := r.again(ctx, err); err != nil {
			return err
		}
	}
}

// alone runs f while nobody else makes tables in this database of MySQL's.
func (s *Storage) alone(ctx context.Context, f func(t *tx) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	t := &tx{s: s, ctx: ctx, conn: conn}
	var got sql.NullInt64
	if _, err := t.row(`SELECT GET_LOCK(CONCAT('hone:', LEFT(DATABASE(), 50)), 60)`, nil, &got); err != nil {
		return err
	}
	if got.Int64 != 1 {
		return errors.New("another process has been making them for a minute")
	}
	if err := f(t); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // its end frees the lock
		return err
	}
	_, err = t.row(`SELECT RELEASE_LOCK(CONCAT('hone:', LEFT(DATABASE(), 50)))`, nil, &got)
	return err
}

// readLimits asks MySQL what the columns can hold.
func (s *Storage) readLimits(ctx context.Context) error {
	var charset sql.NullString
	return s.read(ctx, func(t *tx) error {
		_, err := t.row(`SELECT MIN(CASE WHEN data_type <> 'varchar' THEN character_octet_length END),
			MAX(CASE WHEN data_type = 'varchar' THEN collation_name END), MIN(CASE WHEN character_set_name <> 'utf8mb4' THEN character_set_name END)
			FROM information_schema.columns WHERE table_schema = DATABASE() AND (table_name = 'studies' AND column_name = 'study_name'
			OR table_name IN ('trial_params', 'trial_user_attributes', 'trial_system_attributes', 'study_user_attributes', 'study_system_attributes')
			AND column_name IN ('key', 'param_name', 'value_json', 'distribution_json'))`, nil, &s.maxText, &s.collate, &charset)
		s.charset = charset.String
		return err
	})
}
