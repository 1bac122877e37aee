package open_test

import (
	"context"
	"database/sql"
	"fmt"
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

// A study is read in pages, from wherever one is.
func TestPages(t *testing.T) {
	places(t, func(t *testing.T, p place) {
		st := p.open(t)
		defer st.Close()
		study, err := st.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize})
		ok(t, err)
		other, err := st.CreateStudy(t.Context(), "other", []storage.Direction{storage.Minimize})
		ok(t, err)
		for _, id := range []int64{other, study, other} { // ids and numbers are not the same
			_, err = st.CreateTrial(t.Context(), id, &storage.Trial{State: storage.Failed})
			ok(t, err)
		}
		const trials = 1 << 12 // two pages and a part
		for n := 1; n < trials; n *= 2 {
			p.exec(t, fmt.Sprintf("INSERT INTO trials (number, study_id, state) SELECT number + %d, study_id, state FROM trials WHERE study_id = %d ORDER BY trial_id", n, study))
		}
		all, err := st.Trials(t.Context(), study, -1, nil)
		if err != nil || len(all) != trials {
			t.Fatalf("%d trials, %v", len(all), err)
		}
		for i := range all {
			if all[i].Number != i || i > 0 && all[i].ID <= all[i-1].ID {
				t.Fatalf("position %d has the number %d and the id %d", i, all[i].Number, all[i].ID)
			}
		}
		for _, i := range []int{trials - 4001, trials - 2002, trials - 2001, trials - 2000, trials - 2, trials - 1} {
			rest, err := st.Trials(t.Context(), study, all[i].ID, []int64{all[0].ID})
			if err != nil || len(rest) != trials-i || rest[0].ID != all[0].ID || i+1 < trials && rest[1].Number != i+1 {
				t.Errorf("behind number %d there are %d trials, %v; want %d", i, len(rest)-1, err, trials-i-1)
			}
		}
		made, err := st.CreateTrial(t.Context(), study, nil)
		if err != nil || made.Number != trials {
			t.Errorf("the next one has the number %d, %v", made.Number, err)
		}
	})
}
