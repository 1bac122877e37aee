package storagetest_test

import (
	"context"
	"strings"
	"testing"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/storagetest"
)

func openMemory(testing.TB) storage.Storage { return storage.NewMemory() }

func TestFailuresOfASoundStorage(t *testing.T) {
	if got := storagetest.Failures(t, storagetest.Options{Open: openMemory, Goroutines: 8}); len(got) > 0 {
		t.Errorf("Memory fails: %q", got)
	}
}

func TestCompare(t *testing.T) {
	n := 30
	if testing.Short() {
		n = 5
	}
	for seed := range n {
		storagetest.Compare(t, uint64(seed), 500, storage.NewMemory(), openHandle(t), storagetest.Options{})
	}
}

// Ids need not agree.
func TestCompareOtherIDs(t *testing.T) {
	shifted := storage.NewMemory()
	for range 3 {
		id, err := shifted.CreateStudy(t.Context(), "", []storage.Direction{storage.Minimize})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := shifted.CreateTrial(t.Context(), id, nil); err != nil {
			t.Fatal(err)
		}
		if err := shifted.DeleteStudy(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	storagetest.Compare(t, 1, 500, storage.NewMemory(), shifted, storagetest.Options{})
}

// refuses is a Memory whose reports at step 4 are lost.
type forgets struct{ *storage.Memory }

func (f forgets) SetReport(ctx context.Context, trial int64, step int, value float64) error {
	if step == 4 {
		return f.Memory.SetReport(ctx, trial, 5, value)
	}
	return f.Memory.SetReport(ctx, trial, step, value)
}

// mild is a Memory that is silent about trials that are finished.
type mild struct{ *storage.Memory }

func (m mild) SetTrialAttr(ctx context.Context, trial int64, kind storage.AttrKind, key, value string) error {
	if err := m.Memory.SetTrialAttr(ctx, trial, kind, key, value); err != nil && !strings.Contains(err.Error(), "finished") {
		return err
	}
	return nil
}

func TestCompareFindsDifferences(t *testing.T) {
	for want, st := range map[string]storage.Storage{
		"the reports are":         forgets{storage.NewMemory()},
		"one storage has success": mild{storage.NewMemory()},
	} {
		got := storagetest.Complaints(t, func(tb testing.TB) {
			storagetest.Compare(tb, 1, 500, st, storage.NewMemory(), storagetest.Options{})
		})
		if len(got) != 1 || !strings.Contains(got[0], want) || !strings.Contains(got[0], "seed 1, call") {
			t.Errorf("Compare says %q, want one failure that names the seed and the call and says %q", got, want)
		}
	}
}

// foreign is a handle on a storage that knows no claims.
type foreign struct{ *handle }

var _ storage.Partial = foreign{}

func (foreign) Claims() bool { return false }

func TestClaimsThatDoNotWorkAreNotChecked(t *testing.T) {
	names := storagetest.Names(t, storagetest.Options{Open: func(tb testing.TB) storage.Storage { return foreign{openHandle(tb).(*handle)} }})
	for _, name := range names {
		if strings.HasPrefix(name, "Claim") || strings.HasPrefix(name, "Requeue") || strings.HasPrefix(name, "Beats") {
			t.Errorf("%s would be checked", name)
		}
	}
	if len(names) < 40 {
		t.Errorf("only %d checks are left: %v", len(names), names)
	}
}
