// Conditional lets three families of models compete: each has settings of its own,
// which exist only in the trials that try it. One learns that a space with branches
// is written as the if statements that it is.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"runtime"

	"github.com/gohone/hone"
	"github.com/gohone/hone/examples/internal/cancer"
)

// choose returns the model that a trial asks for.
func choose(t *hone.Trial) model {
	switch t.SuggestCategorical("family", "neighbours", "tree", "linear") {
	case "neighbours":
		return &neighbours{k: t.SuggestInt("k", 1, 30), near: t.SuggestFloat("near", 0, 3)}
	case "tree":
		return &tree{depth: t.SuggestInt("depth", 1, 10), leaf: t.SuggestLogInt("leaf", 1, 50)}
	default:
		l := &linear{rate: t.SuggestLogFloat("rate", 1e-3, 10), epochs: t.SuggestLogInt("epochs", 1, 100)}
		if t.SuggestBool("regularize") {
			l.decay = t.SuggestLogFloat("decay", 1e-5, 1)
		}
		return l
	}
}

func main() {
	trials, seed := flag.Int("trials", 90, "models to try"), flag.Uint64("seed", 1, "seed of the study")
	flag.Parse()
	data, err := cancer.Load()
	if err != nil {
		log.Fatal(err)
	}
	study, err := hone.NewStudy(&hone.Options{Direction: hone.Maximize, Seed: *seed})
	if err != nil {
		log.Fatal(err)
	}
	err = study.OptimizeContext(interrupted(), func(t *hone.Trial) (float64, error) {
		return crossValidate(choose(t), data), nil
	}, &hone.OptimizeOptions{Trials: *trials, Workers: runtime.NumCPU(), Progress: os.Stderr})
	if err != nil && !errors.Is(err, context.Canceled) { // after Ctrl-C what was found so far is shown
		log.Fatal(err)
	}
	if err := report(study); err != nil {
		log.Fatal(err)
	}
}
