// Python shares one study between a Go worker and a Python worker: both work on
// the same file, each sees the other's trials, and either may be stopped and
// started again.
//
//	pip install 'optuna>=4'
//	python3 examples/python/worker.py study.log 40 &
//	go run ./examples/python -journal study.log -trials 40
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/journal"
)

func main() {
	path := flag.String("journal", "study.log", "file of the study")
	trials := flag.Int("trials", 40, "trials that this worker makes")
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
	study, err := hone.NewStudy(&hone.Options{Name: "shared", Storage: st, LoadIfExists: true})
	if err != nil {
		return err
	}
	err = study.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", -10, 10)
		n := t.SuggestInt("n", 1, 8)
		shape := t.SuggestCategorical("shape", "round", "flat")
		t.SetUserAttr("worker", "go")
		time.Sleep(20 * time.Millisecond) // what takes long in earnest
		v := (x-2)*(x-2) + float64(n)
		if shape == "flat" {
			v++
		}
		return v, nil
	}, &hone.OptimizeOptions{Trials: trials})
	if err != nil {
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
	return st.Close()
}
