package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gohone/hone/storage"
)

// lease returns the attribute that gives a trial to a worker.
func lease(worker string) []storage.Attr {
	return []storage.Attr{{Key: storage.AttrLease, Value: `"` + worker + `"`}}
}

var lost = []storage.Attr{{Key: storage.AttrLost, Value: `"worker lost"`}}

// Claim creates a trial where none waits, and takes one that waits as it is.
func claim(e *env) {
	study := e.createStudy("")
	given := append(lease("w1"), storage.Attr{Key: "hone:x", Value: "[1]"})
	from := time.Now()
	t := e.claim(study, storage.Claim{Attrs: given})
	to := time.Now()
	for i := range given {
		given[i] = storage.Attr{Key: "other", Value: "0"} // the caller's slice is the caller's
	}
	want := storage.Trial{
		ID: t.ID, State: storage.Running, Started: t.Started,
		SystemAttrs: storage.Attrs{{Key: storage.AttrLease, Value: `"w1"`}, {Key: "hone:x", Value: "[1]"}},
	}
	e.same(t, want, "Claim with nothing waiting")
	e.between(t.Started, from, to, "Claim with nothing waiting: Started")
	e.same(e.trial(t.ID), want, "Trial after Claim")

	plain := e.claim(study, storage.Claim{})
	e.same(e.trial(plain.ID), storage.Trial{ID: plain.ID, Number: 1, State: storage.Running, Started: plain.Started}, "Claim without attributes")

	template := fullTrial(storage.Waiting)
	waiting := e.create(study, template)
	from = time.Now()
	t = e.claim(study, storage.Claim{Attrs: lease("w2")})
	to = time.Now()
	if t.ID != waiting.ID {
		e.Fatalf("Claim took trial %d; trial %d waits", t.Number, waiting.Number)
	}
	want = template.Clone()
	want.ID, want.Number, want.State, want.Started = waiting.ID, 2, storage.Running, t.Started
	want.SystemAttrs = append(want.SystemAttrs, lease("w2")...)
	e.same(t, want, "Claim of a waiting trial")
	e.between(t.Started, from, to, "Claim of a waiting trial: Started")
	e.same(e.trial(t.ID), want, "Trial after it waited and was claimed")
	e.same(waiting, func() storage.Trial {
		w := template.Clone()
		w.ID, w.Number = waiting.ID, 2
		return w
	}(), "a trial that CreateTrial returned, after it was claimed")
	if ok, err := e.st.SetState(e.ctx, t.ID, storage.Running, nil); ok || err != nil {
		e.Errorf("SetState(running) on a claimed trial: %v, %v, want false", ok, err)
	}
	if t := e.claim(study, storage.Claim{}); t.Number != 3 {
		e.Errorf("Claim after the queue was empty: number %d, want a new trial, 3", t.Number)
	}
}

// The trial that was created first is claimed first.
func claimOldestFirst(e *env) {
	study := e.createStudy("")
	var waiting []int64
	for range 5 {
		waiting = append(waiting, e.create(study, &storage.Trial{State: storage.Waiting}).ID)
		e.create(study, nil)
	}
	// One is taken, and one finished, by other means.
	e.move(waiting[1], storage.Running)
	e.move(waiting[3], storage.Failed)
	for _, want := range []int64{waiting[0], waiting[2], waiting[4]} {
		if t := e.claim(study, storage.Claim{}); t.ID != want {
			e.Errorf("Claim took the trial with id %d, want the oldest one that waits, %d", t.ID, want)
		}
	}
}

// Complete, pruned and failed trials count against the budget, and running ones
// under a lease; lost ones do not, nor running ones without a lease.
func claimBudget(e *env) {
	for _, c := range []struct {
		name   string
		make   func(study int64)
		counts int
	}{
		{"nothing", func(int64) {}, 0},
		{"a running trial without a lease", func(s int64) { e.create(s, nil) }, 0},
		{"a claimed trial without a lease", func(s int64) { e.claim(s, storage.Claim{}) }, 0},
		{"a waiting trial", func(s int64) { e.create(s, &storage.Trial{State: storage.Waiting}) }, 0},
		{"a running trial under a lease", func(s int64) { e.claim(s, storage.Claim{Attrs: lease("w")}) }, 1},
		{"a running trial that got its lease later", func(s int64) {
			e.setTrialAttr(e.create(s, nil).ID, storage.SystemAttr, storage.AttrLease, `"w"`)
		}, 1},
		{"a user attribute called like the lease", func(s int64) {
			e.setTrialAttr(e.create(s, nil).ID, storage.UserAttr, storage.AttrLease, `"w"`)
		}, 0},
		{"a complete trial", func(s int64) { e.move(e.create(s, nil).ID, storage.Complete, 1) }, 1},
		{"a complete trial that was under a lease", func(s int64) {
			e.move(e.claim(s, storage.Claim{Attrs: lease("w")}).ID, storage.Complete, 1)
		}, 1},
		{"a pruned trial", func(s int64) { e.move(e.create(s, nil).ID, storage.Pruned) }, 1},
		{"a failed trial", func(s int64) { e.move(e.create(s, nil).ID, storage.Failed) }, 1},
		{"an imported trial", func(s int64) { e.create(s, fullTrial(storage.Complete)) }, 1},
		{"a failed trial marked lost", func(s int64) {
			t := e.claim(s, storage.Claim{Attrs: lease("w")})
			e.setTrialAttr(t.ID, storage.SystemAttr, storage.AttrLost, `"cut"`)
			e.move(t.ID, storage.Failed)
		}, 0},
		{"an imported lost trial", func(s int64) {
			e.create(s, &storage.Trial{State: storage.Failed, SystemAttrs: lost})
		}, 0},
		{"a lost trial that was complete all the same", func(s int64) {
			t := e.create(s, nil)
			e.setTrialAttr(t.ID, storage.SystemAttr, storage.AttrLost, `"cut"`)
			e.move(t.ID, storage.Complete, 1)
		}, 1},
		{"a re-queued trial", func(s int64) {
			t := e.claim(s, storage.Claim{Attrs: lease("w")})
			if ok, err := e.claimer().Requeue(e.ctx, t.ID, "w", lost, nil); !ok || err != nil {
				e.Errorf("Requeue: %v, %v", ok, err)
			}
		}, 0},
		{"a trial under a lease that was given back", func(s int64) {
			e.move(e.claim(s, storage.Claim{Attrs: lease("w")}).ID, storage.Waiting)
		}, 0},
	} {
		study := e.createStudy("")
		c.make(study)
		c.make(study)
		counts := 2 * c.counts
		before := e.trials(study)
		if counts > 0 {
			t, ok, err := e.claimer().Claim(e.ctx, study, storage.Claim{Budget: counts, Attrs: lease("v")})
			e.must(err, "Claim at the budget")
			if ok {
				e.Errorf("Claim(budget %d) after two of %s: it started trial %d; the budget is spent", counts, c.name, t.Number)
				continue
			}
			after := e.trials(study)
			if len(after) != len(before) {
				e.Errorf("Claim that reported false made a trial")
			}
			for i := range min(len(before), len(after)) {
				e.same(after[i], before[i], "a trial after Claim reported false")
			}
		}
		if _, ok, err := e.claimer().Claim(e.ctx, study, storage.Claim{Budget: counts + 1, Attrs: lease("v")}); err != nil || !ok {
			e.Errorf("Claim(budget %d) after two of %s: %v, %v; %d count, so there is one left", counts+1, c.name, ok, err, counts)
		}
	}
	// At the budget a waiting trial goes on waiting.
	study := e.createStudy("")
	e.create(study, fullTrial(storage.Complete))
	w := e.create(study, &storage.Trial{State: storage.Waiting})
	if _, ok, err := e.claimer().Claim(e.ctx, study, storage.Claim{Budget: 1}); ok || err != nil {
		e.Errorf("Claim at the budget with a trial waiting: %v, %v, want false", ok, err)
	}
	e.same(e.trial(w.ID), w, "a waiting trial after the budget was spent")
	if t := e.claim(study, storage.Claim{}); t.ID != w.ID {
		e.Errorf("Claim without a budget took trial %d, want the waiting one", t.Number)
	}
}

// A waiting trial is claimed once, by Claim and SetState together.
func claimOnce(e *env) {
	study := e.createStudy("")
	n := 2 * e.o.Goroutines
	waiting := make([]int64, n)
	for i := range waiting {
		waiting[i] = e.create(study, &storage.Trial{State: storage.Waiting}).ID
	}
	var mu sync.Mutex
	claimed := make(map[int64]int)
	parallel(e.o.Goroutines, func(i int) {
		for k := range 4 {
			var id int64
			ok, err := true, error(nil)
			if i%4 == 3 {
				id = waiting[(i*7+k*31)%n]
				ok, err = e.st.SetState(e.ctx, id, storage.Running, nil)
			} else {
				var t storage.Trial
				t, ok, err = e.claimer().Claim(e.ctx, study, storage.Claim{Attrs: lease(fmt.Sprint("w", i))})
				id = t.ID
				if err == nil && t.Holder() != fmt.Sprint("w", i) {
					e.Errorf("Claim returned a trial that is held by %q, not by the caller", t.Holder())
				}
			}
			if err != nil {
				e.Errorf("claiming beside others: %v", err)
				return
			}
			if ok {
				mu.Lock()
				claimed[id]++
				mu.Unlock()
			}
		}
	})
	for id, k := range claimed {
		if k != 1 {
			e.Errorf("%d callers were told that they claimed trial %d; exactly one may", k, id)
		}
	}
	for _, t := range e.trials(study) {
		if t.State != storage.Running || claimed[t.ID] != 1 {
			e.Errorf("trial %d is %s and was claimed %d times; there were more claims than trials", t.Number, t.State, claimed[t.ID])
		}
	}
}

// However many claim, the budget is met exactly, lost trials included.
func claimBudgetIsExact(e *env) {
	study := e.createStudy("")
	budget := 2*e.o.Goroutines + 7
	for i := range 10 {
		e.create(study, &storage.Trial{State: storage.Waiting})
		if i < 3 {
			e.create(study, fullTrial(storage.Complete)) // these count from the start
		}
	}
	var finished, requeued atomic.Int32
	parallel(e.o.Goroutines, func(i int) {
		worker := fmt.Sprint("w", i)
		for k := 0; ; k++ {
			t, ok, err := e.claimer().Claim(e.ctx, study, storage.Claim{Budget: budget, Attrs: lease(worker)})
			if err != nil {
				e.Errorf("Claim beside others: %v", err)
				return
			}
			if !ok {
				return
			}
			if (i+k)%5 == 4 { // lost: its place is free again, and taken by the retry
				retry := &storage.Trial{State: storage.Waiting}
				ok, err := e.claimer().Requeue(e.ctx, t.ID, worker, lost, retry)
				if err != nil || !ok {
					e.Errorf("Requeue of the caller's own trial: %v, %v", ok, err)
				}
				requeued.Add(1)
				continue
			}
			if _, err := e.st.SetState(e.ctx, t.ID, finishedStates[k%3], []float64{1}); err != nil {
				e.Errorf("SetState of the caller's own trial: %v", err)
				return
			}
			finished.Add(1)
		}
	})
	// Those who found the budget spent while the last ones were lost went home.
	for {
		t, ok, err := e.claimer().Claim(e.ctx, study, storage.Claim{Budget: budget, Attrs: lease("last")})
		e.must(err, "Claim")
		if !ok {
			break
		}
		e.move(t.ID, storage.Complete, 1)
		finished.Add(1)
	}
	counts, running := 0, 0
	for _, t := range e.trials(study) {
		if t.Counts() {
			counts++
		}
		if t.State == storage.Running {
			running++
		}
	}
	if counts != budget || int(finished.Load()) != budget-3 || running != 0 {
		e.Errorf("with a budget of %d: %d trials count, %d of them were run here (want %d), %d still run (want 0), after %d were lost",
			budget, counts, finished.Load(), budget-3, running, requeued.Load())
	}
}

// Requeue fails the trial, marks it, and makes the retry, in one step.
func requeue(e *env) {
	study := e.createStudy("")
	t := e.claim(study, storage.Claim{Attrs: lease("w")})
	e.setParam(t.ID, "x", 0.5, unit)
	e.setReport(t.ID, 1, 2)
	retry := fullTrial(storage.Waiting)
	retry.ID, retry.Number = t.ID, t.Number
	before := e.trial(t.ID)
	from := time.Now()
	attrs := append(slices.Clone(lost), storage.Attr{Key: "hone:x", Value: "[NaN]"})
	ok, err := e.claimer().Requeue(e.ctx, t.ID, "w", attrs, retry)
	to := time.Now()
	e.must(err, "Requeue")
	if !ok {
		e.Fatalf("Requeue by the trial's holder reported false")
	}
	got := e.trial(t.ID)
	e.between(got.Finished, from, to, "Finished of a re-queued trial")
	want := before.Clone()
	want.State, want.Finished = storage.Failed, got.Finished
	want.SystemAttrs = append(want.SystemAttrs, attrs...)
	e.same(got, want, "a re-queued trial")
	if got.Counts() {
		e.Errorf("a re-queued trial counts towards the budget; it must not")
	}
	all := e.trials(study)
	if len(all) != 2 {
		e.Fatalf("Requeue with a retry: %d trials, want the lost one and the new one", len(all))
	}
	wantRetry := retry.Clone()
	wantRetry.ID, wantRetry.Number = all[1].ID, 1
	e.same(all[1], wantRetry, "the retry")
	next := e.claim(study, storage.Claim{Attrs: lease("v")})
	if next.ID != all[1].ID {
		e.Errorf("Claim took trial %d, want the retry", next.Number)
	}
	// The old holder learns that the trial is not its own any more.
	_, err = e.st.SetState(e.ctx, t.ID, storage.Complete, []float64{1})
	e.is(err, storage.ErrTrialFinished, "SetState by a holder whose trial was re-queued")

	// Without a retry none is made.
	if ok, err := e.claimer().Requeue(e.ctx, next.ID, "v", nil, nil); !ok || err != nil {
		e.Errorf("Requeue without a retry: %v, %v", ok, err)
	}
	if n := len(e.trials(study)); n != 2 {
		e.Errorf("Requeue without a retry: %d trials, want 2", n)
	}
	if s := e.trial(next.ID).State; s != storage.Failed {
		e.Errorf("Requeue without a retry: the trial is %s, want failed", s)
	}
	// A running trial without a lease is held by "".
	plain := e.create(study, nil)
	if ok, err := e.claimer().Requeue(e.ctx, plain.ID, "", lost, retry); !ok || err != nil {
		e.Errorf("Requeue of a trial without a lease, by holder \"\": %v, %v; want true", ok, err)
	}
}

// Requeue changes nothing for a trial that is not running, or is held by
// another.
func requeueFencing(e *env) {
	study := e.createStudy("")
	held := e.claim(study, storage.Claim{Attrs: lease("w")})
	free := e.create(study, nil)
	waiting := e.create(study, &storage.Trial{State: storage.Waiting, SystemAttrs: lease("w")})
	complete := e.create(study, &storage.Trial{State: storage.Complete, Values: []float64{1}, SystemAttrs: lease("w")})
	failed := e.create(study, &storage.Trial{State: storage.Failed, SystemAttrs: lease("w")})
	all := e.trials(study)
	for _, c := range []struct {
		what   string
		trial  int64
		holder string
	}{
		{"a trial that another worker holds", held.ID, "v"},
		{"a trial that a worker with a longer name holds", held.ID, "w2"},
		{"a trial that a worker holds, by nobody", held.ID, ""},
		{"a trial that nobody holds", free.ID, "w"},
		{"a waiting trial", waiting.ID, "w"},
		{"a complete trial", complete.ID, "w"},
		{"a failed trial", failed.ID, "w"},
	} {
		ok, err := e.claimer().Requeue(e.ctx, c.trial, c.holder, lost, fullTrial(storage.Waiting))
		e.must(err, "Requeue of %s", c.what)
		if ok {
			e.Errorf("Requeue of %s reported true", c.what)
		}
	}
	after := e.trials(study)
	if len(after) != len(all) {
		e.Fatalf("Requeue that reported false made %d trials", len(after)-len(all))
	}
	for i := range all {
		e.same(after[i], all[i], "a trial after Requeue reported false")
	}
}

// Of any number of observers exactly one re-queues a lost trial.
func requeueOnce(e *env) {
	study := e.createStudy("")
	for range 5 {
		t := e.claim(study, storage.Claim{Attrs: lease("w")})
		before := len(e.trials(study))
		var won atomic.Int32
		parallel(e.o.Goroutines, func(i int) {
			ok, err := e.claimer().Requeue(e.ctx, t.ID, "w", lost, &storage.Trial{State: storage.Running, UserAttrs: storage.Attrs{{Key: "by", Value: fmt.Sprint(i)}}})
			if err != nil {
				e.Errorf("Requeue beside others: %v", err)
			}
			if ok {
				won.Add(1)
			}
		})
		if n := won.Load(); n != 1 {
			e.Errorf("%d callers were told that they re-queued the trial; exactly one may", n)
		}
		if n := len(e.trials(study)) - before; n != 1 {
			e.Errorf("one lost trial was re-queued %d times", n)
		}
	}
}

// Between the holder who finishes and the observer who re-queues, one wins.
func requeueOrFinish(e *env) {
	study := e.createStudy("")
	for range 20 {
		t := e.claim(study, storage.Claim{Attrs: lease("w")})
		before := len(e.trials(study))
		var finished, requeued atomic.Int32
		parallel(4, func(i int) {
			if i%2 == 0 {
				ok, err := e.st.SetState(e.ctx, t.ID, storage.Complete, []float64{1})
				if ok && err == nil {
					finished.Add(1)
				} else if !errors.Is(err, storage.ErrTrialFinished) {
					e.Errorf("SetState beside Requeue: %v, %v", ok, err)
				}
				return
			}
			ok, err := e.claimer().Requeue(e.ctx, t.ID, "w", lost, &storage.Trial{State: storage.Failed})
			if err != nil {
				e.Errorf("Requeue beside SetState: %v", err)
			}
			if ok {
				requeued.Add(1)
			}
		})
		if finished.Load()+requeued.Load() != 1 {
			e.Errorf("a trial was finished %d times and re-queued %d times; exactly one of them may happen", finished.Load(), requeued.Load())
		}
		want := storage.Complete
		if requeued.Load() > 0 {
			want = storage.Failed
		}
		if got := e.trial(t.ID); got.State != want {
			e.Errorf("the trial is %s, want %s", got.State, want)
		}
		if n := len(e.trials(study)) - before; n != int(requeued.Load()) {
			e.Errorf("%d retries were made, want %d", n, requeued.Load())
		}
	}
}
