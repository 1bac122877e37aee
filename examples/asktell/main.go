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

// The velocity of a reaction by concentration: Treloar's data on puromycin, in Bates
// and Watts, "Nonlinear Regression Analysis and Its Applications", 1988, table A1.3.
// The best fit is known: 212.7 and 0.0641, with a sum of squares of 1195.
var (
	concentration = []float64{0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.10, 1.10}
	velocity      = []float64{76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200}
)

var space = []hone.Param{
	{Name: "limit", Distribution: distributions.Float{Low: 50, High: 500}},
	{Name: "half", Distribution: distributions.Float{Low: 1e-3, High: 10, Log: true}},
}

// squares returns the sum of squares of v = limit·c/(half+c).
func squares(p map[string]any) (sum float64) {
	limit, half := p["limit"].(float64), p["half"].(float64)
	for k, c := range concentration {
		d := velocity[k] - limit*c/(half+c)
		sum += d * d
	}
	return sum
}

func main() {
	seed := flag.Uint64("seed", 1, "seed of the study")
	flag.Parse()
	ctx := context.Background()
	study, err := hone.NewStudy(&hone.Options{Seed: *seed})
	for range 40 {
		batch := make([]*hone.Trial, 8)
		for i := 0; i < len(batch) && err == nil; i++ {
			batch[i], err = study.Ask(ctx, space)
		}
		for i := 0; i < len(batch) && err == nil; i++ {
			err = study.Tell(ctx, batch[i], squares(batch[i].Params()))
		}
	}
	if err != nil {
		log.Fatal(err)
	}
	best, err := study.BestTrial()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("v = %.1f·c/(%.4f+c), sum of squares %.1f\n", best.Params["limit"], best.Params["half"], best.Values[0])
}
