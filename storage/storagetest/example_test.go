package storagetest_test

import (
	"testing"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/storagetest"
)

// The body of a test of one's own, such as TestMine(t *testing.T). A storage that
// outlives the process has Reopen as well.
func ExampleOptions() {
	testMine := func(t *testing.T) {
		storagetest.Run(t, storagetest.Options{
			Open: func(testing.TB) storage.Storage { return storage.NewMemory() },
		})
	}
	_ = testMine
}
