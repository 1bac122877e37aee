package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gohone/hone/internal/oplog"
	"github.com/gohone/hone/storage"
)

// F25: a study that is deleted under its workers stops them by name.
func TestDeletedUnderWorkers(t *testing.T) {
	path := newPath(t)
	a, b := openAt(t, path, nil), openAt(t, path, nil)
	study := newStudy(t, a)
	var running atomic.Int32
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				_, err := finish(context.Background(), []*Storage{a, b}[w%2], study)
				if errors.Is(err, storage.ErrStudyNotFound) || errors.Is(err, storage.ErrTrialNotFound) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				running.Add(1)
			}
		}()
	}
	for running.Load() < 20 {
		time.Sleep(time.Millisecond)
	}
	must(t, a.DeleteStudy(t.Context(), study))
	wg.Wait()
	if studies, err := b.Studies(t.Context()); err != nil || len(studies) != 0 {
		t.Errorf("%d studies, %v", len(studies), err)
	}
	if entries, _ := filepath.Glob(path + ".hone/beat.*"); len(entries) > 0 {
		t.Errorf("beats are left: %v", entries)
	}
}

// F18: many start together where there is nothing yet. One of them creates the
// study, the others are told that it exists.
func TestStartTogether(t *testing.T) {
	path := newPath(t)
	var made, exists atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s, err := Open(path, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			_, err = s.CreateStudy(context.Background(), "s", []storage.Direction{storage.Minimize})
			switch {
			case err == nil:
				made.Add(1)
			case errors.Is(err, storage.ErrDuplicateStudy):
				exists.Add(1)
			default:
				t.Error(err)
			}
			id, err := s.FindStudy(context.Background(), "s")
			if err != nil || id != 0 {
				t.Errorf("FindStudy: %d, %v", id, err)
			}
			if _, err := finish(context.Background(), s, id); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if made.Load() != 1 || exists.Load() != 31 {
		t.Errorf("%d created the study, %d found it", made.Load(), exists.Load())
	}
	checkNumbers(t, openAt(t, path, nil), 0, 32)
}

// F11: many workers wait while a dead Python process has the lock; all go on,
// one after the other, and no record is lost or doubled.
func TestStaleLockWaiters(t *testing.T) {
	path := newPath(t)
	first := openAt(t, path, &Options{LockGrace: 100 * time.Millisecond})
	study := newStudy(t, first)
	if err := os.Symlink(path, path+".lock"); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	var wg sync.WaitGroup
	for range 24 {
		s := openAt(t, path, &Options{LockGrace: 100 * time.Millisecond, NoSync: true})
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 3 {
				if _, err := finish(context.Background(), s, study); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	checkNumbers(t, openAt(t, path, nil), study, 72)
}

// checkNumbers wants n trials, numbered from 0 without a gap, all complete.
func checkNumbers(t *testing.T, s *Storage, study int64, n int) {
	t.Helper()
	ts, err := s.Trials(context.Background(), study, -1, nil)
	must(t, err)
	if len(ts) != n {
		t.Errorf("%d trials, want %d", len(ts), n)
	}
	for i, tr := range ts {
		if tr.Number != i || tr.State != storage.Complete || !slices.Equal(tr.Values, []float64{float64(i) + 0.5}) || len(tr.Params) != 1 || len(tr.Reports) != 1 {
			t.Errorf("trial %d is %+v", i, tr)
		}
	}
}

// A worker that is stopped while it holds the lock, and is robbed of it,
// notices before it writes and does its operation again.
func TestRobbed(t *testing.T) {
	path := newPath(t)
	o := &Options{LockGrace: 50 * time.Millisecond}
	a := openAt(t, path, o)
	study := newStudy(t, a)
	old := hook
	t.Cleanup(func() { hook = old })
	robbed := 0
	hook = func(point string) {
		if point != "locked" || robbed >= 3 {
			return
		}
		robbed++
		// As Python takes over and goes on: it removes the lock, makes its own,
		// and writes. The trial that a was about to create is created first.
		must(t, os.Remove(path+".lock"))
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		must(t, err)
		line, err := oplog.AppendCreateTrial(nil, "python", study, nil, time.Now())
		must(t, err)
		_, err = f.Write(append(line, '\n'))
		must(t, err)
		must(t, f.Close())
		if robbed == 2 { // and still has the lock for a while
			must(t, os.WriteFile(path+".lock", nil, 0o644))
			time.AfterFunc(5*time.Millisecond, func() { os.Remove(path + ".lock") })
		}
	}
	tr, err := a.CreateTrial(t.Context(), study, nil)
	must(t, err)
	if tr.Number != 3 || robbed != 3 {
		t.Errorf("the trial has the number %d after %d robberies, want 3", tr.Number, robbed)
	}
	if a, b := dump(t, a), dump(t, openAt(t, path, nil)); a != b {
		t.Errorf("the worker has\n%s\na new reader\n%s", a, b)
	}
}

// Even between the last look at the lock and the write somebody may come: then
// the order of the records decides, and each writer learns what became of its.
func TestRobbedAtTheLastMoment(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path, nil)
	study := newStudy(t, s)
	ctx := t.Context()
	foreign := func(f func(dst []byte) ([]byte, error)) {
		line, err := f(nil)
		must(t, err)
		g, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		must(t, err)
		_, err = g.Write(append(line, '\n'))
		must(t, err)
		must(t, g.Close())
	}
	old := hook
	t.Cleanup(func() { hook = old })
	before := func(f func(dst []byte) ([]byte, error)) {
		done := false
		hook = func(point string) {
			if point == "write" && !done {
				done = true
				foreign(f)
			}
		}
	}
	now := time.Now()

	before(func(dst []byte) ([]byte, error) { return oplog.AppendCreateTrial(dst, "p", study, nil, now) })
	tr, err := s.CreateTrial(ctx, study, nil)
	if err != nil || tr.Number != 1 {
		t.Errorf("CreateTrial: number %d, %v, want 1", tr.Number, err)
	}

	before(func(dst []byte) ([]byte, error) {
		return oplog.AppendCreateStudy(dst, "p", "taken", []storage.Direction{storage.Minimize})
	})
	if _, err := s.CreateStudy(ctx, "taken", []storage.Direction{storage.Maximize}); !errors.Is(err, storage.ErrDuplicateStudy) {
		t.Errorf("CreateStudy: %v", err)
	}

	before(func(dst []byte) ([]byte, error) {
		return oplog.AppendState(dst, "p", tr.ID, storage.Failed, nil, now)
	})
	if ok, err := s.SetState(ctx, tr.ID, storage.Complete, []float64{1}); ok || !errors.Is(err, storage.ErrTrialFinished) {
		t.Errorf("SetState: %v, %v", ok, err)
	}

	// A claim that comes second goes on to the next trial.
	w1, err := s.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting})
	must(t, err)
	w2, err := s.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting})
	must(t, err)
	before(func(dst []byte) ([]byte, error) {
		return oplog.AppendState(dst, "p", w1.ID, storage.Running, nil, now)
	})
	got, ok, err := s.Claim(ctx, study, storage.Claim{})
	if err != nil || !ok || got.ID != w2.ID {
		t.Errorf("Claim: trial %d, %v, %v, want %d", got.ID, ok, err, w2.ID)
	}
	before(func(dst []byte) ([]byte, error) {
		return oplog.AppendState(dst, "p", w2.ID, storage.Complete, []float64{1}, now)
	})
	if ok, err := s.Requeue(ctx, w2.ID, "", nil, nil); ok || err != nil {
		t.Errorf("Requeue: %v, %v, want false", ok, err)
	}

	before(func(dst []byte) ([]byte, error) { return oplog.AppendDeleteStudy(dst, "p", study), nil })
	if _, err := s.CreateTrial(ctx, study, nil); !errors.Is(err, storage.ErrStudyNotFound) {
		t.Errorf("CreateTrial: %v", err)
	}
	hook = old
	if a, b := dump(t, s), dump(t, openAt(t, path, nil)); a != b {
		t.Errorf("the worker has\n%s\na new reader\n%s", a, b)
	}
}

// A panic on the way leaves neither lock behind.
func TestPanicReleases(t *testing.T) {
	path := newPath(t)
	s := openAt(t, path, nil)
	study := newStudy(t, s)
	old := hook
	t.Cleanup(func() { hook = old })
	for _, point := range []string{"locked", "write", "written"} {
		hook = func(at string) {
			if at == point {
				panic(at)
			}
		}
		func() {
			defer func() {
				if p := recover(); p != point {
					t.Errorf("the panic is %v, want %s", p, point)
				}
			}()
			s.CreateTrial(t.Context(), study, nil)
		}()
		hook = old
		if _, err := finish(t.Context(), s, study); err != nil {
			t.Errorf("after a panic at %s: %v", point, err)
		}
		if _, err := os.Lstat(path + ".lock"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after a panic at %s the lock is left: %v", point, err)
		}
	}
	if a, b := dump(t, s), dump(t, openAt(t, path, nil)); a != b {
		t.Errorf("the worker has\n%s\na new reader\n%s", a, b)
	}
}
