package storagetest_test

import (
	"testing"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/storagetest"
)

func TestMemory(t *testing.T) {
	storagetest.Run(t, storagetest.Options{
		Open: func(testing.TB) storage.Storage { return storage.NewMemory() },
	})
}
