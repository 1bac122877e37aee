package open_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/rdb"
	"github.com/gohone/hone/storage/storagetest"
)

// openSQLite opens a database file.
func openSQLite(tb testing.TB, path string, o *rdb.Options) *rdb.Storage {
	tb.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		tb.Fatal(err)
	}
	if o == nil {
		o = &rdb.Options{}
	}
	o.CloseDB = true
	st, err := rdb.Open(context.Background(), db, rdb.SQLite, o)
	if err != nil {
		tb.Fatal(err)
	}
	return st
}

func TestSQLite(t *testing.T) {
	var paths sync.Map
	storagetest.Run(t, storagetest.Options{
		Open: func(tb testing.TB) storage.Storage {
			path := filepath.Join(tb.TempDir(), "studies.db")
			st := openSQLite(tb, path, nil)
			paths.Store(st, path)
			return st
		},
		Reopen: func(tb testing.TB, st storage.Storage) storage.Storage {
			path, _ := paths.Load(st)
			again := openSQLite(tb, path.(string), nil)
			paths.Store(again, path)
			return again
		},
	})
}
