package downstream

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/gohone/hone"
	"github.com/gohone/hone/honetest"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
)

// An error of the storage reaches whoever called Tune, and calling it again with
// the storage in order finishes the study.
func TestTuneOutlivesItsStorage(t *testing.T) {
	for name, fault := range map[string]honetest.Fault{
		"a result is not taken":          honetest.FailOn("SetState", 7, nil),
		"a result is taken in secret":    inSecret("SetState", 7),
		"a trial cannot be begun":        honetest.FailOn("Claim", 20, nil),
		"a trial is begun in secret":     inSecret("Claim", 20),
		"a parameter is not taken":       honetest.FailOn("SetParam", 50, nil),
		"what others did cannot be read": honetest.FailOn("Trials", 9, nil),
	} {
		t.Run(name, func(t *testing.T) {
			st := honetest.Faulty(storage.NewMemory(), fault)
			study, err := hone.NewStudy(&hone.Options{Name: "cache", Storage: st, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := Tune(context.Background(), st); !errors.Is(err, honetest.ErrFault) {
				t.Fatalf("the fault came back as %v", err)
			}
			size, shards, err := Tune(context.Background(), st)
			if err != nil {
				t.Fatal(err)
			}
			if cost, err := CacheCost(size, shards, "lru"); err != nil || cost > 2 {
				t.Errorf("a cache of size %d in %d shards costs %v, %v", size, shards, cost, err)
			}
			counts := 0
			for tr, err := range study.AllTrials() {
				if err != nil {
					t.Fatal(err)
				}
				if tr.SystemAttrs[storage.AttrLost] == nil { // else it was taken back
					counts++
				}
			}
			if counts != 24 {
				t.Errorf("%d trials, want 24", counts)
			}
		})
	}
}

// inSecret lets the k-th call of a method take effect and then reports failure, as
// when a connection breaks before the answer.
func inSecret(method string, k int) honetest.Fault {
	before := honetest.FailOn(method, k, nil)
	return func(m string, n int) (error, error) {
		err, _ := before(m, n)
		return nil, err
	}
}

// A storage that stays away is an error, not a hang and not a result.
func TestTuneWithoutStorage(t *testing.T) {
	for first := 1; first < 60; first++ {
		st := honetest.Faulty(storage.NewMemory(), honetest.FailFrom(first, nil))
		if size, _, err := Tune(context.Background(), st); !errors.Is(err, honetest.ErrFault) {
			t.Fatalf("all calls from the %d-th on fail, and Tune returns size %d, %v", first, size, err)
		}
	}
}

// With a script the test knows every trial in advance, and what comes of it.
func TestTuneReportsWhatDoesNotFit(t *testing.T) {
	study, err := hone.NewStudy(&hone.Options{Sampler: &honetest.Script{Trials: []map[string]any{
		{"size": 256, "shards": 8, "policy": "lru"},
		{"size": 4096, "shards": 16, "policy": "lru"},
		{"size": 256, "shards": 4, "policy": "fifo"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var states []hone.State
	if err := study.OptimizeContext(context.Background(), Objective, &hone.OptimizeOptions{
		Catch:     func(err error) bool { return errors.Is(err, ErrTooLarge) },
		Callbacks: []func(*hone.Study, hone.FrozenTrial){func(_ *hone.Study, f hone.FrozenTrial) { states = append(states, f.State) }},
	}); err != nil {
		t.Fatal(err)
	}
	if len(states) != 3 || states[0] != hone.Complete || states[1] != hone.Failed || states[2] != hone.Complete {
		t.Errorf("states %v", states)
	}
	if best, err := study.BestTrial(); err != nil || best.Number != 0 {
		t.Errorf("best %v, %v", best, err)
	}
}

// Of two workers on one file one is cut off for good; the other runs its trial
// again and finishes the study. In a bubble, where ten seconds take no time.
func TestTuneWithAWorkerLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "study.log")
		open := func() *journal.Storage {
			st, err := journal.Open(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { st.Close() })
			return st
		}
		results := 0
		cutOff := func(method string, _ int) (before, after error) { // with its 7th result
			if method == "SetState" {
				results++
			}
			if results < 7 {
				return nil, nil
			}
			return honetest.ErrFault, nil
		}
		if _, _, err := Tune(t.Context(), honetest.Faulty(open(), cutOff)); !errors.Is(err, honetest.ErrFault) {
			t.Fatalf("the worker that is cut off returns %v", err)
		}
		st := open()
		if _, _, err := Tune(t.Context(), st); err != nil {
			t.Fatal(err)
		}
		study, err := hone.LoadStudy(t.Context(), st, "cache", nil)
		if err != nil {
			t.Fatal(err)
		}
		trials, err := study.Trials()
		if err != nil {
			t.Fatal(err)
		}
		lost := 0
		for _, tr := range trials {
			if tr.SystemAttrs[storage.AttrLost] != nil {
				lost++
			}
		}
		if lost != 1 || len(trials) != 25 {
			t.Errorf("%d of %d trials lost, want 1 of 25", lost, len(trials))
		}
	})
}
