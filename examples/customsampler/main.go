// Customsampler runs a study with a sampler of its own, simulated annealing, beside
// random draws. One learns that a sampler is one method which is handed what is
// known; samplertest then checks it as it checks hone's own (see the test).
package main

import (
	"flag"
	"fmt"
	"log"
	"math"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
)

// himmelblau has four minima of value 0.
func himmelblau(t *hone.Trial) (float64, error) {
	x, y := t.SuggestFloat("x", -5, 5), t.SuggestFloat("y", -5, 5)
	return math.Pow(x*x+y-11, 2) + math.Pow(x+y*y-7, 2), nil
}

func main() {
	seeds := flag.Uint64("seeds", 20, "studies for each sampler, at least 1")
	flag.Parse()
	if *seeds == 0 {
		log.Fatal("-seeds is 0; it must be at least 1")
	}
	for _, s := range []sampler.Sampler{&sampler.Random{}, &Annealing{}} {
		sum := 0.0
		for seed := uint64(1); seed <= *seeds; seed++ {
			study, err := hone.NewStudy(&hone.Options{Seed: seed, Sampler: s})
			if err != nil {
				log.Fatal(err)
			}
			if err := study.Optimize(himmelblau, 200); err != nil {
				log.Fatal(err)
			}
			best, err := study.BestValue()
			if err != nil {
				log.Fatal(err)
			}
			sum += math.Log10(best)
		}
		fmt.Printf("%-18T best value of 200 trials, geometric mean of %d studies: 10^%.1f\n", s, *seeds, sum/float64(*seeds))
	}
}
