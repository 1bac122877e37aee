//go:build linux || darwin

package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/gohone/hone/storage"
)

// expect is what a study must look like after a fault.
type expect struct {
	budget  int
	over    int    // by how much others than Go's workers may pass the budget
	acks    string // pattern of the files of acknowledged results
	workers int    // how many may have died between a result and its note
	others  bool   // trials of Python's are among them
	twice   bool   // Python on SQLite: it may take what another has taken
	plain   bool   // the trials are not those of work
}

// check looks at the invariants I1 to I5 and returns the trials.
func (r *run) check(p *place, study string, e expect) []storage.Trial {
	st := p.open()
	defer st.Close()
	id, err := st.FindStudy(r.ctx, study)
	r.must(err)
	all, err := st.Trials(r.ctx, id, -1, nil)
	r.must(err)
	complete, counts := 0, 0
	for i := range all {
		t := &all[i]
		if t.Number != i {
			r.failf("I1: the trial at position %d has the number %d", i, t.Number)
			break
		}
		switch {
		case t.State == storage.Complete:
			complete++
			if !e.plain && !e.others {
				r.whole(t)
			}
		case t.HoldsBudget():
			r.failf("I4: trial %d still runs under the lease of %s", i, t.Holder())
		case t.State == storage.Waiting && !e.others: // those may have used the budget up
			r.failf("I4: trial %d still waits", i)
		case t.State == storage.Failed && t.Counts() && !e.others:
			text, _ := t.SystemAttrs.Get(storage.AttrError)
			r.failf("trial %d failed: %s", i, text)
		}
		if t.Counts() {
			counts++
		}
	}
	if counts < e.budget || counts > e.budget+e.over {
		r.failf("I5: %d trials count; the budget was %d, and may be passed by %d", counts, e.budget, e.over)
	}
	if e.acks == "" {
		return all
	}
	acked := r.checkAcks(all, e)
	if acked > complete || acked < complete-e.workers {
		r.failf("I2: %d results were acknowledged, %d trials are complete, %d workers ended in between at most", acked, complete, e.workers)
	}
	return all
}

// whole wants everything in a complete trial that its objective has told.
func (r *run) whole(t *storage.Trial) {
	bad := len(t.Params) != 1 || len(t.Values) != 1 || len(t.Reports) != 2
	if !bad {
		x := t.Params[0].Value
		bad = t.Values[0] != result(t.Number, x) || t.Reports[0].Value != x/3 || !math.IsNaN(t.Reports[1].Value)
	}
	if bad {
		r.failf("I2: trial %d is complete with %v, %v, %v", t.Number, t.Params, t.Values, t.Reports)
	}
}

// checkAcks holds the trials against what was acknowledged.
func (r *run) checkAcks(all []storage.Trial, e expect) int {
	files, err := filepath.Glob(e.acks)
	r.must(err)
	acked := make(map[int]bool)
	for _, name := range files {
		f, err := os.Open(name)
		r.must(err)
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var number int
			var x, v string
			if n, _ := fmt.Sscan(lines.Text(), &number, &x, &v); n != 3 || len(v) != 16 {
				continue // cut off by a kill
			}
			switch {
			case number >= len(all) || all[number].State != storage.Complete:
				r.failf("I2: the acknowledged result of trial %d is not there", number)
			case bits(all[number].Params[0].Value) != x || bits(all[number].Values[0]) != v:
				r.failf("I2: trial %d was acknowledged with %s and %s and has %v and %v", number, x, v, all[number].Params[0].Value, all[number].Values[0])
			case acked[number] && !e.twice:
				r.failf("I3: the result of trial %d was acknowledged twice", number)
			}
			acked[number] = true
		}
		f.Close()
	}
	return len(acked)
}

func bits(f float64) string { return fmt.Sprintf("%016x", math.Float64bits(f)) }

// agrees has Optuna read a study, where there is one (I6).
func (r *run) agrees(p *place, study string, all []storage.Trial) {
	if p.mem != nil {
		return
	}
	out, ok := r.python("read", p.pythonURL(), study)
	if !ok {
		return
	}
	var want strings.Builder
	for i := range all {
		t := &all[i]
		fmt.Fprintf(&want, "%d %s", t.Number, strings.ToUpper(map[storage.State]string{
			storage.Complete: "complete", storage.Failed: "fail", storage.Running: "running", storage.Pruned: "pruned", storage.Waiting: "waiting"}[t.State]))
		for _, v := range t.Values {
			want.WriteString(" " + bits(v))
		}
		for _, p := range t.Params {
			want.WriteString(" " + p.Name + "=" + bits(p.Value))
		}
		want.WriteByte('\n')
	}
	if got := out; got != want.String() {
		g, w := strings.Split(got, "\n"), strings.Split(want.String(), "\n")
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				r.failf("I6: Optuna reads %q where hone reads %q", g[i], w[i])
				return
			}
		}
		r.failf("I6: Optuna reads %d lines, hone %d", len(g), len(w))
	}
}
