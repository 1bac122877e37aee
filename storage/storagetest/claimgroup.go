package storagetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gohone/hone/storage"
)

func (e *env) claimGroup(study int64, c storage.Claim, n int) []storage.Trial {
	e.Helper()
	trials, err := e.st.(storage.GroupClaimer).ClaimGroup(e.ctx, study, c, n)
	e.must(err, "ClaimGroup(budget %d, n %d)", c.Budget, n)
	return trials
}

// ClaimGroup starts what as many claims would have started, but perhaps fewer.
func claimGroup(e *env) {
	study := e.createStudy("")
	given := append(lease("w"), storage.Attr{Key: "hone:x", Value: "[1]"})
	next := 0
	for _, n := range []int{1, 2, 7, 1000} {
		from := time.Now()
		got := e.claimGroup(study, storage.Claim{Attrs: given}, n)
		to := time.Now()
		if len(got) == 0 || len(got) > n {
			e.Fatalf("ClaimGroup of %d started %d trials", n, len(got))
		}
		for _, t := range got {
			want := storage.Trial{ID: t.ID, Number: next, State: storage.Running, Started: t.Started, SystemAttrs: slices.Clone(given)}
			e.same(t, want, "ClaimGroup of %d with nothing waiting", n)
			e.between(t.Started, from, to, "ClaimGroup: Started")
			e.same(e.trial(t.ID), want, "Trial after ClaimGroup")
			next++
		}
	}
	if all := e.trials(study); len(all) != next {
		e.Errorf("there are %d trials after ClaimGroup returned %d", len(all), next)
	}
	// Each is the caller's own.
	got := e.claimGroup(study, storage.Claim{Attrs: given}, 3)
	for i, t := range got {
		got[i].SystemAttrs = t.SystemAttrs.With("hone:mine", fmt.Sprint(i))
		e.setTrialAttr(t.ID, storage.UserAttr, "i", fmt.Sprint(i))
	}
	for i, t := range got {
		if v, _ := t.SystemAttrs.Get("hone:mine"); v != fmt.Sprint(i) {
			e.Errorf("trials of one group share what grows: trial %d has the attribute of another, %q", i, v)
		}
	}
	// Those that wait come first, the oldest ahead.
	var waiting []int64
	for range 3 {
		waiting = append(waiting, e.create(study, &storage.Trial{State: storage.Waiting}).ID)
	}
	var order []int64
	for len(order) < len(waiting) {
		for _, t := range e.claimGroup(study, storage.Claim{Attrs: lease("w")}, 2) {
			order = append(order, t.ID)
		}
	}
	if !slices.Equal(order[:3], waiting) {
		e.Errorf("ClaimGroup started the trials %v; %v were waiting", order, waiting)
	}
}

// A group stops at the budget, and several together too.
func claimGroupBudget(e *env) {
	study := e.createStudy("")
	e.create(study, fullTrial(storage.Complete))
	for spent := 1; spent < 6; {
		got := e.claimGroup(study, storage.Claim{Budget: 6, Attrs: lease("w")}, 100)
		if len(got) == 0 || spent+len(got) > 6 {
			e.Fatalf("ClaimGroup within a budget of 6 started %d trials after %d", len(got), spent)
		}
		spent += len(got)
	}
	if got := e.claimGroup(study, storage.Claim{Budget: 6, Attrs: lease("w")}, 3); len(got) > 0 {
		e.Errorf("ClaimGroup started %d trials though the budget was spent", len(got))
	}

	study = e.createStudy("")
	budget := 3*e.o.Goroutines + 5
	var mu sync.Mutex
	started := make(map[int64]bool)
	parallel(e.o.Goroutines, func(i int) {
		for k := 0; ; k++ {
			got, err := e.st.(storage.GroupClaimer).ClaimGroup(e.ctx, study, storage.Claim{Budget: budget, Attrs: lease(fmt.Sprint("w", i))}, 1+(i+k)%5)
			if err != nil {
				e.Errorf("ClaimGroup beside others: %v", err)
			}
			if len(got) == 0 {
				return
			}
			mu.Lock()
			for _, t := range got {
				if started[t.ID] {
					e.Errorf("two callers were given the trial with id %d", t.ID)
				}
				started[t.ID] = true
			}
			mu.Unlock()
			if _, err := e.st.SetState(e.ctx, got[0].ID, storage.Complete, []float64{1}); err != nil {
				e.Errorf("SetState of the caller's own trial: %v", err)
			}
		}
	})
	all := e.trials(study)
	if len(all) != budget || len(started) != budget {
		e.Errorf("with a budget of %d, %d trials were started and %d are there", budget, len(started), len(all))
	}
	for i, t := range all {
		if t.Number != i || t.Holder() == "" {
			e.Errorf("trial %d has the number %d and the holder %q", i, t.Number, t.Holder())
		}
	}
}
