//go:build linux || darwin

package main

import (
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"
)

// A table is what came of each fault on each storage.
type table struct {
	kinds  []*kind
	faults []fault

	mu    sync.Mutex
	cells map[string]*run
}

func newTable(kinds []*kind, faults []fault) *table {
	return &table{kinds: kinds, faults: faults, cells: make(map[string]*run)}
}

func (t *table) set(f fault, k *kind, r *run) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cells[f.id+k.name] = r
}

func (t *table) failures() int {
	n := 0
	for _, r := range t.cells {
		if len(r.problems) > 0 {
			n++
		}
	}
	return n
}

// write prints the table in Markdown.
func (t *table) write(w io.Writer, o *options, took time.Duration) {
	command := "go -C internal/torture run ."
	if o.ci {
		command += " -ci"
	}
	fmt.Fprintf(w, `# Faults

What was done to a study on each storage, and how often. After each fault the invariants were checked: the numbers of trials are
0…N−1 (I1); each acknowledged result is there with equal bits, infinities and the NaN of reports included (I2); no result is
counted twice (I3); no trial is left under the lease of a worker that is gone (I4); as many trials count as the budget says (I5);
Optuna reads the same (I6). No process may panic, errors must name what is wrong, and the password in a URL must be in none of them.

`+"`%s -seed %d`"+`, %s, on %s/%s with %d cores.

`, command, o.seed, took, runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Fprint(w, "| | fault |")
	for _, k := range t.kinds {
		fmt.Fprintf(w, " %s |", k.name)
	}
	fmt.Fprint(w, "\n|---|---|")
	for range t.kinds {
		fmt.Fprint(w, "---|")
	}
	fmt.Fprintln(w)
	var notes []string
	note := func(text string) int {
		for i, n := range notes {
			if n == text {
				return i + 1
			}
		}
		notes = append(notes, text)
		return len(notes)
	}
	total := 0
	for _, f := range t.faults {
		fmt.Fprintf(w, "| %s | %s |", f.id, f.name)
		for _, k := range t.kinds {
			r := t.cells[f.id+k.name]
			switch {
			case r == nil:
				fmt.Fprint(w, " not run |")
			case r.skipped != "":
				fmt.Fprintf(w, " — (%d) |", note(r.skipped))
			case len(r.problems) > 0:
				fmt.Fprintf(w, " **%d violated** of %d %s |", len(r.problems), r.injected, r.unit)
			default:
				total += r.injected
				fmt.Fprintf(w, " %d %s |", r.injected, r.unit)
			}
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "\n%d faults and loads without a violation; cells with one: %d.\n\n", total, t.failures())
	for i, n := range notes {
		fmt.Fprintf(w, "%d. %s\n", i+1, n)
	}
}
