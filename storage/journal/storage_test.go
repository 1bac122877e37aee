package journal_test

import (
	"path/filepath"
	"testing"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
	"github.com/gohone/hone/storage/storagetest"
)

func TestStorage(t *testing.T) {
	open := func(tb testing.TB, path string) storage.Storage {
		st, err := journal.Open(path, nil)
		if err != nil {
			tb.Fatal(err)
		}
		return st
	}
	storagetest.Run(t, storagetest.Options{
		Open: func(tb testing.TB) storage.Storage {
			return open(tb, filepath.Join(tb.TempDir(), "study.log"))
		},
		Reopen: func(tb testing.TB, st storage.Storage) storage.Storage {
			return open(tb, st.(*journal.Storage).Path())
		},
	})
}
