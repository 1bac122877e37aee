//go:build linux || darwin

package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/open"
)

func (r *run) journalOnly(why string) {
	if r.kind.name != "journal" {
		r.skip(why)
	}
}

// F10
func tornTail(r *run) {
	r.journalOnly("Its log is the engine's own, or there is none; the journal behind a gRPC server is the journal.")
	p := r.place()
	st := p.open()
	study := r.study(st, "one")
	r.must(study.Optimize(plain, 5))
	r.must(st.Close())
	whole, err := os.ReadFile(p.name)
	r.must(err)
	records := bytes.SplitAfter(whole, []byte("\n"))
	records = records[:len(records)-1]
	from := len(whole)
	for _, rec := range records[len(records)-3:] {
		from -= len(rec)
	}
	step := 1
	if r.ci {
		step = 3
	}
	cuts := 0
	for cut := from; cut < len(whole); cut += step {
		r.must(os.WriteFile(p.name, whole[:cut], 0o644))
		st, err := open.Open(r.ctx, p.url, nil)
		if err != nil {
			r.failf("cut at %d: %v", cut, err)
			continue
		}
		study, err := hone.LoadStudy(r.ctx, st, "one", nil)
		r.must(err)
		before, err := study.Trials()
		r.must(err)
		if err := study.Optimize(plain, 1); err != nil {
			r.failf("cut at %d: the next trial: %v", cut, err)
		}
		r.must(st.Close())
		st = p.open()
		study, err = hone.LoadStudy(r.ctx, st, "one", nil)
		r.must(err)
		after, err := study.Trials()
		r.must(err)
		if len(after) != len(before)+1 || after[len(after)-1].State != hone.Complete {
			r.failf("cut at %d: %d trials, and after one more %d", cut, len(before), len(after))
		}
		for i := range 4 { // the records of these were whole
			if after[i].State != hone.Complete {
				r.failf("I2: cut at %d: trial %d is %s", cut, i, after[i].State)
			}
		}
		if cuts%100 == 0 {
			id, err := st.FindStudy(r.ctx, "one")
			r.must(err)
			all, err := st.Trials(r.ctx, id, -1, nil)
			r.must(err)
			r.agrees(p, "one", all)
		}
		r.must(st.Close())
		cuts++
	}
	r.inject(cuts, "cuts")
}

// F11: a lock of Optuna's kind whose owner is gone, and workers who wait for it.
func staleLocks(r *run) {
	r.journalOnly("It has no lock file.")
	for round := range r.times(2, 50) {
		p := r.place()
		r.must(os.WriteFile(p.name, nil, 0o644))
		lock := p.name + ".lock"
		if round%2 == 0 {
			r.must(os.Symlink(p.name, lock))
			old := time.Now().Add(-time.Hour)
			r.must(os.Chtimes(p.name, old, old))
		} else {
			host, err := os.Hostname()
			r.must(err)
			r.must(os.WriteFile(lock, fmt.Appendf(nil, "hone %s %d\n", host, 1<<22-1), 0o644))
		}
		n := r.times(8, 32)
		var procs []*proc
		for range n {
			procs = append(procs, r.spawn(job{Task: "work", URL: p.url, Study: "one", Trials: 4, Workers: 4, Grace: 1000}))
		}
		for _, q := range procs {
			if q.wait() != nil {
				r.failf("a waiter: %s", q.errors())
			}
		}
		r.inject(4*n, "waiters")
		r.check(p, "one", expect{budget: 4 * n})
	}
}

// F12
func unsynced(r *run) {
	switch {
	case r.kind.name == "journal":
		r.skip("Needs a disk that forgets; `TestAcknowledgedIsSynced` and `TestWhatSyncs` of storage/journal replace its calls of the system instead.")
	case r.kind.alone:
		r.skip("It keeps nothing.")
	}
	r.skip("What is synced is the engine's to keep.")
}
