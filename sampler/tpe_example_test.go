package sampler_test

import (
	"fmt"
	"log"
	"math"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
)

// Two models, each with settings of its own. The better one gets most of the
// trials, and its settings come near the best ones, an error of 0.1.
func ExampleTPE() {
	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.TPE{}, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		switch t.SuggestCategorical("model", "linear", "forest") {
		case "forest":
			trees, depth := t.SuggestLogInt("trees", 10, 1000), t.SuggestInt("depth", 1, 20)
			return 0.1 + 0.01*math.Abs(float64(depth)-7) + 0.05*math.Abs(math.Log10(float64(trees)/300)), nil
		default:
			return 0.3 + 0.1*math.Abs(math.Log10(t.SuggestLogFloat("penalty", 1e-6, 1))+2), nil
		}
	}, 100)
	if err != nil {
		log.Fatal(err)
	}
	best, err := study.BestTrial()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v with depth %v: %.2f\n", best.Params["model"], best.Params["depth"], best.Values[0])
	// Output: forest with depth 7: 0.10
}
