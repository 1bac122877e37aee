// Conditional lets three families of models compete: each has settings of its own,
// which exist only in the trials that try it. One learns that a space with branches
// is written as the if statements that it is.
package main

import (
	"fmt"
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
	data, err := cancer.Load()
	if err != nil {
		log.Fatal(err)
	}
	study, err := hone.NewStudy(&hone.Options{Direction: hone.Maximize, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	err = study.OptimizeContext(interrupted(), func(t *hone.Trial) (float64, error) {
		return crossValidate(choose(t), data), nil
	}, &hone.OptimizeOptions{Trials: 90, Workers: runtime.NumCPU(), Progress: os.Stderr})
	if err != nil {
		log.Fatal(err)
	}
	best := make(map[any]hone.FrozenTrial)
	for t, err := range study.AllTrials() {
		if err != nil {
			log.Fatal(err)
		}
		if family := t.Params["family"]; best[family].Values == nil || t.Values[0] > best[family].Values[0] {
			best[family] = t
		}
	}
	for _, family := range []string{"neighbours", "tree", "linear"} {
		fmt.Printf("%-10s %.4f %v\n", family, best[family].Values[0], best[family].Params)
	}
}
