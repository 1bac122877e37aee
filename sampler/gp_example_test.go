package sampler_test

import (
	"fmt"
	"log"
	"math"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
)

// Thirty trials of something dear: a rate on a logarithmic scale, a number and a
// choice.
func ExampleGP() {
	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.GP{}, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		rate, depth := t.SuggestLogFloat("rate", 1e-5, 1), t.SuggestInt("depth", 1, 12)
		loss := math.Pow(math.Log10(rate)+2.5, 2) + 0.1*math.Abs(float64(depth)-4)
		if t.SuggestCategorical("optimizer", "sgd", "adam", "rmsprop") != "adam" {
			loss++
		}
		return loss, nil
	}, 30)
	if err != nil {
		log.Fatal(err)
	}
	best, err := study.BestTrial()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%v, depth %v: below 0.01: %v\n", best.Params["optimizer"], best.Params["depth"], best.Values[0] < 0.01)
	// Output: adam, depth 4: below 0.01: true
}

// What is believed of the best point leads the first trials; a wrong belief is
// overcome.
func ExampleGP_belief() {
	near := func(params map[string]any) float64 {
		x := params["x"].(float64)
		return -math.Pow(x-0.8, 2) / (2 * 0.05 * 0.05) // a normal density around 0.8
	}
	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.GP{Belief: near}, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	inside := 0
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", 0, 1)
		if t.Number() > 0 && x > 0.6 {
			inside++
		}
		return math.Abs(x - 0.77), nil
	}, 12)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(inside > 8)
	// Output: true
}

// Sixty parameters that act together, by two sums: the model sees four directions
// instead of sixty parameters, at half the cost.
func ExampleGP_projection() {
	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.GP{Projection: 4}, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		left, right := 0.0, 0.0
		for i := range 30 {
			left += t.SuggestFloat(fmt.Sprintf("left%d", i), -1, 1)
			right += t.SuggestFloat(fmt.Sprintf("right%d", i), -1, 1)
		}
		return math.Pow(left-6, 2) + math.Pow(right+6, 2), nil
	}, 60)
	if err != nil {
		log.Fatal(err)
	}
	best, err := study.BestTrial()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("below 1:", best.Values[0] < 1) // 72 in the middle
	// Output: below 1: true
}
