package sampler_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
)

// Eight trials, one in each eighth of the range, in no order.
func ExampleQMC() {
	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.QMC{}, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	var reached [8]int
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", 0, 8)
		reached[int(x)]++
		return x, nil
	}, 8)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reached)
	// Output: [1 1 1 1 1 1 1 1]
}

// Two kinds of cache, one of which has a size: all that there is to try is tried,
// and the study ends.
func ExampleBruteForce() {
	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.BruteForce{}, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	err = study.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		if t.SuggestCategorical("cache", "none", "lru") == "none" {
			return 10, nil
		}
		size := t.SuggestInt("size", 1, 5)
		return float64((size - 3) * (size - 3)), nil
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	trials, err := study.Trials()
	if err != nil {
		log.Fatal(err)
	}
	best, err := study.BestTrial()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(trials), "trials, the best:", best.Params)
	// Output: 6 trials, the best: map[cache:lru size:3]
}

// The optimizer is settled; the learning rate is still looked for.
func ExamplePartialFixed() {
	study, err := hone.NewStudy(&hone.Options{
		Sampler: &sampler.PartialFixed{Fixed: map[string]any{"optimizer": "adam"}, Base: &sampler.QMC{}},
		Seed:    1,
	})
	if err != nil {
		log.Fatal(err)
	}
	chosen := make(map[string]int)
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		chosen[t.SuggestCategorical("optimizer", "sgd", "adam", "lion")]++
		return t.SuggestLogFloat("rate", 1e-5, 1e-1), nil
	}, 10)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(chosen)
	// Output: map[adam:10]
}
