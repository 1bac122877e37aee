package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gohone/hone/storage"
)

// Of any number of callers who create a study of one name, exactly one does.
func concurrentStudies(e *env) {
	var made atomic.Int32
	var id atomic.Int64
	parallel(e.o.Goroutines, func(int) {
		got, err := e.st.CreateStudy(e.ctx, "one", []storage.Direction{minimize})
		switch {
		case err == nil:
			made.Add(1)
			id.Store(got)
		case !errors.Is(err, storage.ErrDuplicateStudy):
			e.Errorf("CreateStudy beside others of the same name: error is %v, want one that is %q", err, storage.ErrDuplicateStudy)
		}
	})
	if made.Load() != 1 {
		e.Fatalf("%d callers created the study of one name, want exactly one", made.Load())
	}
	if got, err := e.st.FindStudy(e.ctx, "one"); err != nil || got != id.Load() {
		e.Errorf("FindStudy: %d, %v; the caller who created it got %d", got, err, id.Load())
	}
}

// Trials that are created at the same time get the numbers 0, 1, 2, … in the
// order of their ids.
func concurrentTrials(e *env) {
	const each = 4
	a, b := e.createStudy(""), e.createStudy("")
	var mu sync.Mutex
	made := make(map[int64]map[int64]int) // number by id, by study
	made[a], made[b] = map[int64]int{}, map[int64]int{}
	parallel(e.o.Goroutines, func(i int) {
		study := []int64{a, b}[i%2]
		for k := range each {
			var template *storage.Trial
			if k%2 == 1 {
				template = &storage.Trial{State: storage.Waiting, UserAttrs: storage.Attrs{{Key: "i", Value: fmt.Sprint(i)}}}
			}
			t, err := e.st.CreateTrial(e.ctx, study, template)
			if err != nil {
				e.Errorf("CreateTrial beside others: %v", err)
				return
			}
			mu.Lock()
			if _, ok := made[study][t.ID]; ok {
				e.Errorf("CreateTrial gave two callers the id %d", t.ID)
			}
			made[study][t.ID] = t.Number
			mu.Unlock()
		}
	})
	for _, study := range []int64{a, b} {
		all := e.trials(study)
		if len(all) != len(made[study]) {
			e.Errorf("the study has %d trials, %d were created", len(all), len(made[study]))
		}
		for i, t := range all {
			if t.Number != i {
				e.Fatalf("Trials: position %d (by id) has the number %d; numbers are 0, 1, 2, … in the order of ids, without a gap", i, t.Number)
			}
			if n := made[study][t.ID]; n != t.Number {
				e.Errorf("CreateTrial returned the number %d for id %d, the trial has %d", n, t.ID, t.Number)
			}
		}
	}
}

// While others create and finish trials, a trial never appears after one with
// a larger id has been seen, and a follower ends with all of them.
func concurrentFollower(e *env) {
	study := e.createStudy("")
	var working atomic.Int32
	creators := max(2, e.o.Goroutines/2)
	working.Store(int32(creators))
	f := newFollower()
	parallel(creators+1, func(i int) {
		if i < creators {
			defer working.Add(-1)
			for k := range 4 {
				t, err := e.st.CreateTrial(e.ctx, study, nil)
				if err == nil && k%2 == 0 {
					_, err = e.st.SetState(e.ctx, t.ID, storage.Complete, []float64{float64(i)})
				}
				if err != nil {
					e.Errorf("working beside a follower: %v", err)
					return
				}
			}
			return
		}
		for last := false; ; {
			last = working.Load() == 0
			if err := f.poll(e.ctx, e.st, study); err != nil {
				e.Errorf("following a study: %v", err)
				return
			}
			if last {
				return
			}
		}
	})
	f.check(e, study)
}

// raceClaims lets many goroutines claim the waiting trials of a study by
// SetState, as asking does, over the given handles. It returns how often each
// was claimed.
func raceClaims(e *env, study int64, handles ...storage.Storage) map[int64]int {
	var mu sync.Mutex
	claimed := make(map[int64]int)
	var looked sync.WaitGroup // all know the first list before anyone claims
	looked.Add(e.o.Goroutines)
	parallel(e.o.Goroutines, func(i int) {
		st := handles[i%len(handles)]
		for round := 0; ; round++ {
			ts, err := st.Trials(e.ctx, study, -1, nil)
			if round == 0 {
				looked.Done()
				looked.Wait()
			}
			if err != nil {
				e.Errorf("Trials: %v", err)
				return
			}
			waiting := slices.DeleteFunc(slices.Clone(ts), func(t storage.Trial) bool { return t.State != storage.Waiting })
			if len(waiting) == 0 {
				return
			}
			won := 0
			for _, t := range waiting {
				ok, err := st.SetState(e.ctx, t.ID, storage.Running, nil)
				if err != nil {
					e.Errorf("SetState(running) on a trial that was waiting: %v", err)
					return
				}
				if ok {
					mu.Lock()
					claimed[t.ID]++
					mu.Unlock()
					if won++; won == 2 { // then look again, as a worker would
						break
					}
				}
			}
		}
	})
	return claimed
}

// A waiting trial is claimed by exactly one of any number of callers.
func concurrentClaims(e *env) {
	study := e.createStudy("")
	want := e.o.Goroutines + 10
	for range want {
		e.create(study, &storage.Trial{State: storage.Waiting})
	}
	checkClaims(e, study, want, raceClaims(e, study, e.st))
}

func checkClaims(e *env, study int64, want int, claimed map[int64]int) {
	e.Helper()
	total := 0
	for id, n := range claimed {
		total += n
		if n != 1 {
			e.Errorf("SetState(running) told %d callers that they claimed trial %d; exactly one may", n, id)
		}
	}
	if total != want {
		e.Errorf("%d claims were made of %d waiting trials", total, want)
	}
	for _, t := range e.trials(study) {
		if t.State != storage.Running || t.Started.IsZero() {
			e.Errorf("a claimed trial is %s, started %v", t.State, t.Started)
		}
	}
}

// Of any number of callers who finish a trial exactly one does, and its result
// stands.
func concurrentFinish(e *env) {
	study := e.createStudy("")
	for range 4 {
		t := e.create(study, nil)
		var winner atomic.Int32
		winner.Store(-1)
		parallel(e.o.Goroutines, func(i int) {
			ok, err := e.st.SetState(e.ctx, t.ID, finishedStates[i%3], []float64{float64(i)})
			switch {
			case err == nil && ok:
				if !winner.CompareAndSwap(-1, int32(i)) {
					e.Errorf("SetState told two callers that they finished the trial; exactly one may")
				}
			case !errors.Is(err, storage.ErrTrialFinished):
				e.Errorf("SetState on a trial that another caller finished: %v, %v, want an error that is %q", ok, err, storage.ErrTrialFinished)
			}
		})
		w := int(winner.Load())
		if w < 0 {
			e.Fatalf("no caller finished the trial")
		}
		got := e.trial(t.ID)
		if got.State != finishedStates[w%3] || !slices.Equal(got.Values, []float64{float64(w)}) {
			e.Errorf("the trial is %s %v; the caller that finished it brought %s [%d]", got.State, got.Values, finishedStates[w%3], w)
		}
	}
}

// Attributes and reports that are set at the same time all survive.
func concurrentAttrs(e *env) {
	study := e.createStudy("")
	t := e.create(study, nil)
	parallel(e.o.Goroutines, func(i int) {
		var err error
		for _, kind := range bothKinds {
			err = errors.Join(err,
				e.st.SetStudyAttr(e.ctx, study, kind, fmt.Sprint("k", i), fmt.Sprint(i)),
				e.st.SetTrialAttr(e.ctx, t.ID, kind, fmt.Sprint("k", i), fmt.Sprint(i)),
				e.st.SetStudyAttr(e.ctx, study, kind, "shared", fmt.Sprint(i)))
		}
		if err = errors.Join(err, e.st.SetReport(e.ctx, t.ID, i, float64(i))); err != nil {
			e.Errorf("setting attributes beside others: %v", err)
		}
	})
	s, got := e.study(study), e.trial(t.ID)
	for i := range e.o.Goroutines {
		for what, as := range map[string]storage.Attrs{
			"user attribute of the study": s.UserAttrs, "system attribute of the study": s.SystemAttrs,
			"user attribute of the trial": got.UserAttrs, "system attribute of the trial": got.SystemAttrs,
		} {
			if v, _ := as.Get(fmt.Sprint("k", i)); v != fmt.Sprint(i) {
				e.Errorf("the %s that caller %d set is %q: an update was lost", what, i, v)
			}
		}
		if i >= len(got.Reports) || got.Reports[i] != (storage.Report{Step: i, Value: float64(i)}) {
			e.Fatalf("the report of caller %d was lost: %v", i, got.Reports)
		}
	}
	if n := len(s.UserAttrs); n != e.o.Goroutines+1 {
		e.Errorf("the study has %d user attributes, want %d: each key once", n, e.o.Goroutines+1)
	}
}

// A study that is deleted while others work on it is gone, and they learn so.
func concurrentDelete(e *env) {
	for round := range 3 {
		study := e.createStudy(fmt.Sprint("doomed", round))
		var deleted atomic.Bool
		parallel(max(4, e.o.Goroutines/4), func(i int) {
			if i == 0 {
				for range 3 {
					if _, err := e.st.CreateTrial(e.ctx, study, nil); err != nil {
						e.Errorf("CreateTrial: %v", err)
					}
				}
				if err := e.st.DeleteStudy(e.ctx, study); err != nil {
					e.Errorf("DeleteStudy while others create trials: %v", err)
				}
				deleted.Store(true)
				return
			}
			for {
				was := deleted.Load()
				_, err := e.st.CreateTrial(e.ctx, study, nil)
				if err != nil {
					e.is(err, storage.ErrStudyNotFound, "CreateTrial in a study that was deleted meanwhile")
					return
				}
				if was {
					e.Errorf("CreateTrial succeeded after DeleteStudy had returned")
					return
				}
			}
		})
		_, err := e.st.Study(e.ctx, study)
		e.is(err, storage.ErrStudyNotFound, "Study after DeleteStudy beside others")
		_, err = e.st.Trials(e.ctx, study, -1, nil)
		e.is(err, storage.ErrStudyNotFound, "Trials after DeleteStudy beside others")
	}
}
