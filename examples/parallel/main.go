// Parallel runs eight processes on one study in one file. Kill some of them, kill
// all, start it again: it goes on, and the study ends with its budget, exactly.
//
//	go run ./examples/parallel -kill # a worker is killed every second
package main

import (
	"context"
	"flag"
	"log"
	"math"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/journal"
)

// objective stands for work of about 30 ms.
func objective(t *hone.Trial) (float64, error) {
	x, y := t.SuggestFloat("x", -5, 5), t.SuggestFloat("y", -5, 5)
	select {
	case <-time.After(30 * time.Millisecond):
	case <-t.Context().Done():
		return 0, context.Cause(t.Context())
	}
	return math.Pow(x*x+y-11, 2) + math.Pow(x+y*y-7, 2), nil // Himmelblau's
}

// work is what each process does: nothing in it knows of the others.
func work(path string, trials int) error {
	st, err := journal.Open(path, nil)
	if err != nil {
		return err
	}
	defer st.Close()
	study, err := hone.NewStudy(&hone.Options{Name: "parallel", Storage: st, LoadIfExists: true, Seed: 1,
		Lease: hone.LeaseOptions{Beat: 500 * time.Millisecond, Lost: 3 * time.Second}})
	if err != nil {
		return err
	}
	return study.OptimizeContext(context.Background(), objective, &hone.OptimizeOptions{TotalTrials: trials})
}

func main() {
	var c crew
	flag.StringVar(&c.path, "journal", "parallel.log", "file of the study")
	flag.IntVar(&c.workers, "workers", 8, "number of processes")
	flag.IntVar(&c.trials, "trials", 400, "trials of the study, over all processes and runs")
	flag.BoolVar(&c.kill, "kill", false, "kill a process every second and start another")
	worker := flag.Bool("worker", false, "be one of the processes")
	flag.Parse()
	run := c.run
	if *worker {
		run = func() error { return work(c.path, c.trials) }
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
