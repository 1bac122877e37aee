// Asktell fits a curve to measurements in a loop of its own: it asks for a batch of
// trials, works them off together, and tells what came of each. One learns how hone
// serves where it cannot call the objective itself: a laboratory, a job queue.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
)

var space = []hone.Param{
	{Name: "limit", Distribution: distributions.Float{Low: 50, High: 500}},
	{Name: "half", Distribution: distributions.Float{Low: 1e-3, High: 10, Log: true}},
}

// batch asks for n trials, and then tells what came of each.
func batch(ctx context.Context, study *hone.Study, n int) error {
	var trials []*hone.Trial
	for range n {
		t, err := study.Ask(ctx, space)
		if err != nil {
			return err
		}
		trials = append(trials, t)
	}
	for _, t := range trials {
		if err := study.Tell(ctx, t, squares(t.Params())); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	seed := flag.Uint64("seed", 1, "seed of the study")
	flag.Parse()
	study, err := hone.NewStudy(&hone.Options{Seed: *seed})
	if err != nil {
		log.Fatal(err)
	}
	for range 40 {
		if err := batch(context.Background(), study, 8); err != nil {
			log.Fatal(err)
		}
	}
	best, err := study.BestTrial()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("v = %.1f·c/(%.4f+c), sum of squares %.1f\n", best.Params["limit"], best.Params["half"], best.Values[0])
}
