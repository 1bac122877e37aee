// Text learns which part of Go's standard library a doc comment comes from. The
// comments are read from the reader's own GOROOT. One learns how one parameter
// decides which others there are: tokens and classifiers bring their own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime"

	"github.com/gohone/hone"
)

func suggest(t *hone.Trial) settings {
	s := settings{Bits: t.SuggestInt("bits", 10, 18), Dampen: t.SuggestBool("dampen")}
	if t.SuggestCategorical("tokens", "words", "letters") == "words" {
		s.Most = t.SuggestInt("words", 1, 3)
	} else {
		s.Letters, s.Most = true, t.SuggestInt("letters", 2, 6)
	}
	if t.SuggestCategorical("classifier", "bayes", "logistic") == "bayes" {
		s.Bayes, s.Smoothing = true, t.SuggestLogFloat("smoothing", 1e-3, 10)
	} else {
		s.Rate, s.Decay = t.SuggestLogFloat("rate", 0.01, 10), t.SuggestLogFloat("decay", 1e-7, 1e-3)
	}
	return s
}

func main() {
	trials, seed := flag.Int("trials", 40, "settings to try; 0: go on until Ctrl-C"), flag.Uint64("seed", 1, "seed of the study")
	root := flag.String("goroot", goroot(), "Go installation whose comments are read")
	flag.Parse()
	learn, judge, test, parts, err := load(*root)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d comments to learn from, %d to judge by, %d to test on; parts: %v\n", len(learn), len(judge), len(test), parts)
	study, err := hone.NewStudy(&hone.Options{Direction: hone.Maximize, Seed: *seed})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err = study.OptimizeContext(ctx, func(t *hone.Trial) (float64, error) {
		return fit(suggest(t), learn, len(parts)).validate(t, judge)
	}, &hone.OptimizeOptions{Trials: *trials, Workers: runtime.NumCPU(), Progress: os.Stderr})
	if err != nil && !errors.Is(err, context.Canceled) { // after Ctrl-C what was found so far is shown
		log.Fatal(err)
	}
	if err := report(study, append(learn, judge...), test, len(parts)); err != nil {
		log.Fatal(err)
	}
}
