// Python shares one study between a Go worker and a Python worker: both work on
// the same file, each sees the other's trials, and either may be stopped and
// started again. The Go side needs this module alone, the Python side Optuna:
//
//	pip install 'optuna>=4'
//	python3 examples/python/worker.py study.log 40 &
//	go run ./examples/python -journal study.log -trials 40
package main

import (
	"flag"
	"fmt"
	"log"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/journal"
)

func objective(t *hone.Trial) (float64, error) {
	x, n := t.SuggestFloat("x", -10, 10), t.SuggestInt("n", 1, 8)
	extra := map[string]float64{"round": 0, "flat": 1}[t.SuggestCategorical("shape", "round", "flat")]
	t.SetUserAttr("worker", "go")
	time.Sleep(20 * time.Millisecond) // what takes long in earnest
	return (x-2)*(x-2) + float64(n) + extra, nil
}

func main() {
	path, trials := flag.String("journal", "study.log", "file of the study"), flag.Int("trials", 40, "trials that this worker makes")
	flag.Parse()
	if err := run(*path, *trials); err != nil {
		log.Fatal(err)
	}
}

func run(path string, trials int) error {
	st, err := journal.Open(path, nil)
	if err != nil {
		return err
	}
	defer st.Close()
	study, err := hone.NewStudy(&hone.Options{Name: "shared", Storage: st, LoadIfExists: true})
	if err != nil {
		return err
	}
	if err := study.Optimize(objective, trials); err != nil {
		return err
	}
	count := make(map[any]int)
	for t, err := range study.AllTrials() {
		if err != nil {
			return err
		}
		count[t.UserAttrs["worker"]]++
	}
	best, err := study.BestTrial()
	if err != nil {
		return err
	}
	fmt.Printf("trials of Go %d, of Python %d; best %.4f by %v: %v\n", count["go"], count["python"], best.Values[0], best.UserAttrs["worker"], best.Params)
	return nil
}
