package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// onWrite replaces what writes to the journal for the length of a test.
func onWrite(t *testing.T, f func(*os.File, []byte) (int, error)) {
	old := writeFile
	writeFile = f
	t.Cleanup(func() { writeFile = old })
}

func onSync(t *testing.T, f func(*os.File) error) {
	old := syncFile
	syncFile = f
	t.Cleanup(func() { syncFile = old })
}

// F14, F16: each write of a run of trials fails once, after each number of
// bytes: the call says so, nothing of its record stays, and the same call
// succeeds when it is made again. A second reader, who may have seen a part of
// it, agrees in the end.
func TestWriteFails(t *testing.T) {
	for _, fault := range []error{syscall.ENOSPC, syscall.EIO, syscall.EFBIG} {
		for n := range 10 {
			path := newPath(t)
			s, reader := openAt(t, path, &Options{NoSync: true}), openAt(t, path, nil)
			writes, failed := 0, false
			onWrite(t, func(f *os.File, b []byte) (int, error) {
				if writes++; writes != n+1 {
					return f.Write(b)
				}
				failed = true
				before, _ := f.Seek(0, 2)
				part, _ := f.Write(b[:len(b)*(n%4)/4])
				if _, err := reader.Studies(context.Background()); err != nil { // may see whole records of the part
					t.Error(err)
				}
				if n%4 == 3 && bytes.IndexByte(b[:part], '\n') < 0 {
					if size, _ := f.Seek(0, 2); size != before+int64(part) {
						t.Errorf("the part was not written")
					}
				}
				return part, &os.PathError{Op: "write", Path: path, Err: fault}
			})
			try := func(f func() error) {
				t.Helper()
				before, _ := os.ReadFile(path)
				was := failed
				err := f()
				if failed != was {
					if !errors.Is(err, fault) {
						t.Fatalf("write %d: the error is %v, want %v", n, err, fault)
					}
					if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
						t.Fatalf("write %d: the failed call left %q", n, after[min(len(before), len(after)):])
					}
					err = f()
				}
				must(t, err)
			}
			ctx := t.Context()
			var study int64
			try(func() (err error) {
				study, err = s.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
				return err
			})
			for i := range 3 {
				try(func() error {
					_, err := s.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting})
					return err
				})
				var tr storage.Trial
				try(func() (err error) {
					tr, _, err = s.Claim(ctx, study, storage.Claim{Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"w"`}}})
					return err
				})
				if tr.Number != i {
					t.Errorf("write %d: trial %d has the number %d", n, i, tr.Number)
				}
				try(func() error {
					_, err := s.SetState(ctx, tr.ID, storage.Complete, []float64{1})
					return err
				})
			}
			if !failed {
				t.Fatalf("there were only %d writes", writes)
			}
			must(t, s.Close())
			fresh := openAt(t, path, nil)
			if a, b := dump(t, reader), dump(t, fresh); a != b {
				t.Fatalf("write %d: the second reader has\n%s\na new one\n%s", n, a, b)
			}
			if kept := tornFiles(t, path); len(kept) > 0 {
				t.Errorf("write %d: kept %q", n, kept)
			}
			reader.Close()
		}
	}
}

// A part that cannot even be taken back is cut off by the next writer.
func TestWriteAndTruncateFail(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path, nil)
	study := newStudy(t, s)
	onWrite(t, func(f *os.File, b []byte) (int, error) {
		g, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0) // what s cannot cut back is as if another had written it
		must(t, err)
		defer g.Close()
		g.Write(b[:len(b)/2])
		os.Rename(path, path+".away") // keeps the truncation by name from working
		defer os.Rename(path+".away", path)
		return 0, syscall.EIO
	})
	if _, err := s.CreateTrial(t.Context(), study, nil); !errors.Is(err, syscall.EIO) {
		t.Errorf("the error is %v", err)
	}
	writeFile = (*os.File).Write
	tr, err := s.CreateTrial(t.Context(), study, nil)
	must(t, err)
	if tr.Number != 0 {
		t.Errorf("the trial has the number %d", tr.Number)
	}
}

// After a sync that failed nobody knows what the disk holds: the call fails,
// and so does every later one that writes, until the storage is opened anew.
func TestSyncFails(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path, nil)
	study := newStudy(t, s)
	tr, err := s.CreateTrial(t.Context(), study, nil)
	must(t, err)
	onSync(t, func(*os.File) error { return syscall.EIO })
	if ok, err := s.SetState(t.Context(), tr.ID, storage.Complete, []float64{1}); ok || !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "open it again") {
		t.Errorf("SetState returned %v, %v", ok, err)
	}
	syncFile = (*os.File).Sync
	if _, err := s.CreateTrial(t.Context(), study, nil); !errors.Is(err, syscall.EIO) {
		t.Errorf("CreateTrial after a failed sync returned %v", err)
	}
	if _, err := s.Trials(t.Context(), study, -1, nil); err != nil {
		t.Errorf("reading after a failed sync: %v", err)
	}
	s.Close()
	s = openAt(t, path, nil)
	if _, err := s.CreateTrial(t.Context(), study, nil); err != nil {
		t.Errorf("after opening anew: %v", err)
	}
}

// F12: what was acknowledged was covered by a sync that began after it was
// written: everything behind that may be lost.
func TestAcknowledgedIsSynced(t *testing.T) {
	path := newPath(t)
	var mu sync.Mutex
	var durable int64 // what the last sync that ended covered at least
	onSync(t, func(f *os.File) error {
		size, err := f.Seek(0, 2)
		if err != nil {
			return err
		}
		time.Sleep(300 * time.Microsecond)
		mu.Lock()
		durable = max(durable, size)
		mu.Unlock()
		return nil
	})
	handles := []*Storage{openAt(t, path, nil), openAt(t, path, nil)}
	study := newStudy(t, handles[0])
	type ack struct {
		trial, at int64
	}
	var acks []ack
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 20 {
				tr, err := finish(context.Background(), handles[w%2], study)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acks = append(acks, ack{tr.ID, durable})
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	text, err := os.ReadFile(path)
	must(t, err)
	ends := make(map[int64]int64) // of the record that finishes a trial
	at := int64(0)
	for _, line := range bytes.SplitAfter(text, []byte{'\n'}) {
		at += int64(len(line))
		var id int64
		if i := bytes.Index(line, []byte(`"state":1`)); i > 0 {
			fmt.Sscanf(string(line[bytes.Index(line, []byte(`"trial_id":`)):]), `"trial_id":%d`, &id)
			ends[id] = at
		}
	}
	if len(acks) != 160 || len(ends) != 160 {
		t.Fatalf("%d acknowledged, %d in the file, want 160", len(acks), len(ends))
	}
	for _, a := range acks {
		if a.at < ends[a.trial] {
			t.Errorf("trial %d was acknowledged when %d bytes were on disk; its record ends at %d", a.trial, a.at, ends[a.trial])
		}
	}
}

// Eight workers of one process share their syncs: at most 0.4 for each result, and
// at least three times one worker's rate on a disk that takes 2 ms. The clock moves
// only while nobody works, so that it is the disk's time that is compared.
func TestGroupCommit(t *testing.T) {
	onSync(t, func(*os.File) error { time.Sleep(2 * time.Millisecond); return nil })
	took := make(map[int]time.Duration)
	for _, workers := range []int{1, 8} {
		synctest.Test(t, func(t *testing.T) {
			s := openAt(t, newPath(t), nil)
			study := newStudy(t, s)
			before, began := s.Stats().Syncs, time.Now()
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for range 200 / workers {
						if _, err := finish(context.Background(), s, study); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			took[workers] = time.Since(began)
			got := float64(s.Stats().Syncs-before) / 200
			t.Logf("%d workers: %.3f syncs for each result, %v in all", workers, got, took[workers])
			if workers == 8 && got > 0.4 {
				t.Errorf("%.2f syncs for each result, want at most 0.4", got)
			}
		})
	}
	if took[1] < 3*took[8] {
		t.Errorf("one worker waits for the disk for %v, eight for %v: not three times as fast", took[1], took[8])
	}
}

// What need not be durable at once does not sync; what must, does.
func TestWhatSyncs(t *testing.T) {
	s := openAt(t, newPath(t), nil)
	ctx := t.Context()
	var study int64
	var tr, running, waiting storage.Trial
	for _, c := range []struct {
		name string
		want int64
		call func() error
	}{
		{"CreateStudy", 1, func() (err error) {
			study, err = s.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
			return err
		}},
		{"SetStudyAttr", 1, func() error { return s.SetStudyAttr(ctx, study, storage.SystemAttr, "k", "1") }},
		{"CreateTrial", 0, func() (err error) { tr, err = s.CreateTrial(ctx, study, nil); return err }},
		{"SetParam", 0, func() error {
			return s.SetParam(ctx, tr.ID, storage.Param{Name: "x", Value: 1, Dist: distributions.Float{Low: 0, High: 1}})
		}},
		{"SetReport", 0, func() error { return s.SetReport(ctx, tr.ID, 1, 1) }},
		{"SetTrialAttr", 0, func() error { return s.SetTrialAttr(ctx, tr.ID, storage.UserAttr, "k", "1") }},
		{"SetState complete", 1, func() error { _, err := s.SetState(ctx, tr.ID, storage.Complete, []float64{1}); return err }},
		{"CreateTrial running", 0, func() (err error) {
			running, err = s.CreateTrial(ctx, study, &storage.Trial{State: storage.Running})
			return err
		}},
		{"CreateTrial waiting", 1, func() (err error) {
			waiting, err = s.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting})
			return err
		}},
		{"CreateTrial complete", 1, func() error {
			_, err := s.CreateTrial(ctx, study, &storage.Trial{State: storage.Complete, Values: []float64{1}})
			return err
		}},
		{"Claim", 0, func() error { _, _, err := s.Claim(ctx, study, storage.Claim{}); return err }},
		{"Requeue", 1, func() error {
			_, err := s.Requeue(ctx, running.ID, "", nil, &storage.Trial{State: storage.Waiting})
			return err
		}},
		{"SetState failed", 1, func() error { _, err := s.SetState(ctx, waiting.ID, storage.Failed, nil); return err }},
		{"Beat", 0, func() error { return s.Beat(ctx, study, "w", 1, nil) }},
		{"DeleteStudy", 1, func() error { return s.DeleteStudy(ctx, study) }},
	} {
		before := s.Stats()
		must(t, c.call())
		after := s.Stats()
		if got := after.Syncs - before.Syncs; got != c.want {
			t.Errorf("%s: %d syncs, want %d", c.name, got, c.want)
		}
		if wrote := after.Appends - before.Appends; wrote != 1 && c.name != "Beat" {
			t.Errorf("%s: %d writes, want one", c.name, wrote)
		}
	}
}

// A waiting trial that is finished without having run has a start all the same,
// for Optuna finds it invalid otherwise.
func TestFinishWaiting(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path, nil)
	study := newStudy(t, s)
	tr, err := s.CreateTrial(t.Context(), study, &storage.Trial{State: storage.Waiting})
	must(t, err)
	_, err = s.SetState(t.Context(), tr.ID, storage.Complete, []float64{2})
	must(t, err)
	got, err := openAt(t, path, nil).Trial(t.Context(), tr.ID)
	must(t, err)
	if got.Started.IsZero() || got.Finished.IsZero() || got.Started.After(got.Finished) {
		t.Errorf("it ran from %v to %v", got.Started, got.Finished)
	}
}

// Operations that are not known are counted and passed over.
func TestUnknownOperation(t *testing.T) {
	text, ends := sample(t)
	path := newPath(t)
	file := slices.Concat(text[:ends[0]], []byte(`{"op_code":10,"worker_id":"r","study_id":0,"trial_ids":[0]}`+"\n"), text[ends[0]:], []byte(`{"op_code":99}`+"\n"))
	must(t, os.WriteFile(path, file, 0o644))
	s := openAt(t, path, nil)
	if got := s.Stats(); got.Unknown != 2 || got.Records != int64(len(ends)+2) {
		t.Errorf("%+v", got)
	}
	checkNumbers(t, s, 0, 2)
	goOn(t, path, file)
}

// A call whose context ended does nothing.
func TestContextEndsWaiting(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path, nil)
	study := newStudy(t, s)
	must(t, os.WriteFile(path+".lock", nil, 0o644)) // somebody holds it
	before, _ := os.ReadFile(path)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := s.CreateTrial(ctx, study, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("CreateTrial returned %v", err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("something was written")
	}
	// Reading and beats do not wait for the lock.
	if _, err := s.Trials(t.Context(), study, -1, nil); err != nil {
		t.Error(err)
	}
	must(t, s.Beat(t.Context(), study, "w", 1, nil))
	must(t, os.Remove(path+".lock"))
	if _, err := s.CreateTrial(t.Context(), study, nil); err != nil {
		t.Error(err)
	}
}
