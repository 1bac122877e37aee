package open_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/rdb"
	"github.com/gohone/hone/storage/storagetest"
)

// A server is a database server that tests may use. Each test gets a database of
// its own.
type server struct {
	name    string
	dialect rdb.Dialect
	url     string // of the environment
	plain   bool   // MySQL: with the driver's own settings
}

func postgres(tb testing.TB) server {
	return server{name: "PostgreSQL", dialect: rdb.PostgreSQL, url: fromEnv(tb, "HONE_POSTGRES", "a PostgreSQL server")}
}

func mariadb(tb testing.TB) server {
	return server{name: "MySQL", dialect: rdb.MySQL, url: fromEnv(tb, "HONE_MYSQL", "a MySQL or MariaDB server")}
}

func fromEnv(tb testing.TB, name, what string) string {
	tb.Helper()
	v := os.Getenv(name)
	if v == "" {
		tb.Skipf("%s is not set: it is the URL of %s for tests, as `.ci/servers start DIR` makes one", name, what)
	}
	return v
}

var databases atomic.Int64

// connect returns a connection pool to a database of a server. On PostgreSQL
// tests get a schema of their own, which is cheaper, and names is that.
func (s server) connect(tb testing.TB, name string) *sql.DB {
	tb.Helper()
	db, err := s.dial(name)
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(20)
	return db
}

func (s server) dial(name string) (*sql.DB, error) {
	u, err := url.Parse(s.url)
	if err != nil {
		return nil, err
	}
	if s.dialect == rdb.PostgreSQL {
		if name != "" {
			u.RawQuery = "search_path=" + name
		}
		return sql.Open("pgx", u.String())
	}
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr, c.DBName = u.User.Username(), "tcp", u.Host, name
	c.Passwd, _ = u.User.Password()
	c.InterpolateParams, c.MultiStatements = !s.plain, !s.plain
	c.Logger = quiet{}
	return sql.Open("mysql", c.FormatDSN())
}

// pool is what a process opens a place with.
func (p place) pool() (*sql.DB, rdb.Dialect, error) {
	if p.dialect == rdb.SQLite {
		db, err := sql.Open("sqlite", p.name)
		return db, rdb.SQLite, err
	}
	db, err := p.dial(p.name)
	if err == nil {
		db.SetMaxOpenConns(10)
		db.SetMaxIdleConns(10)
	}
	return db, p.dialect, err
}

// create makes a database and returns its name. It is dropped after the test.
func (s server) create(tb testing.TB, options string) string {
	tb.Helper()
	what, end := "DATABASE", ""
	if s.dialect == rdb.PostgreSQL {
		what, end = "SCHEMA", " CASCADE"
	}
	admin := s.connect(tb, "")
	defer admin.Close()
	name := fmt.Sprintf("t%d_%d_%d", os.Getpid(), time.Now().UnixNano()%1e9, databases.Add(1))
	if _, err := admin.Exec("CREATE " + what + " " + name + " " + options); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		admin := s.connect(tb, "")
		defer admin.Close()
		if _, err := admin.Exec("DROP " + what + " " + name + end); err != nil {
			tb.Logf("drop the database of the test: %v", err)
		}
	})
	return name
}

// empty deletes what a database holds of studies.
func (s server) empty(tb testing.TB, name string) {
	tb.Helper()
	db := s.connect(tb, name)
	defer db.Close()
	for _, table := range []string{
		"trial_heartbeats", "trial_intermediate_values", "trial_values", "trial_params", "trial_user_attributes", "trial_system_attributes",
		"trials", "study_user_attributes", "study_system_attributes", "study_directions", "studies",
	} {
		if _, err := db.Exec("DELETE FROM " + table); err != nil {
			tb.Error(err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// open opens a storage on a database.
func (s server) open(tb testing.TB, database string, o *rdb.Options) *rdb.Storage {
	tb.Helper()
	if o == nil {
		o = &rdb.Options{}
	}
	o.CloseDB = true
	st, err := rdb.Open(context.Background(), s.connect(tb, database), s.dialect, o)
	if err != nil {
		tb.Fatal(err)
	}
	return st
}

// suite runs the promises of a storage.
func (s server) suite(t *testing.T) {
	o := storagetest.Options{}
	if s.dialect == rdb.MySQL {
		o.TimeResolution = time.Second
	}
	var names sync.Map
	// Making tables takes longer than most of the promises: a database whose rows
	// were deleted serves the next one.
	var mu sync.Mutex
	var free []string
	o.Open = func(tb testing.TB) storage.Storage {
		mu.Lock()
		defer mu.Unlock()
		name := ""
		if n := len(free); n > 0 {
			name, free = free[n-1], free[:n-1]
		} else {
			name = s.create(t, "")
		}
		tb.Cleanup(func() {
			s.empty(tb, name)
			mu.Lock()
			defer mu.Unlock()
			free = append(free, name)
		})
		st := s.open(tb, name, nil)
		names.Store(st, name)
		return st
	}
	o.Reopen = func(tb testing.TB, st storage.Storage) storage.Storage {
		name, _ := names.Load(st)
		again := s.open(tb, name.(string), nil)
		names.Store(again, name)
		return again
	}
	storagetest.Run(t, o)
}

func TestPostgreSQL(t *testing.T) { postgres(t).suite(t) }

func TestMySQL(t *testing.T) { mariadb(t).suite(t) }

// quiet keeps the driver from writing to the standard error.
type quiet struct{}

func (quiet) Print(...any) {}
