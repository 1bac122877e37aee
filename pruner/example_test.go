package pruner_test

import (
	"fmt"
	"log"

	"github.com/gohone/hone"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
)

// run runs 20 trials whose values fall towards a floor of their own and prints how
// many were stopped.
func run(p pruner.Pruner) {
	study, err := hone.NewStudy(&hone.Options{Name: "example", Sampler: &sampler.QMC{}, Pruner: p, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	steps := 0
	err = study.Optimize(func(t *hone.Trial) (value float64, err error) {
		floor := t.SuggestFloat("floor", 0, 1)
		for step := 1; step <= 27; step++ {
			steps++
			value = floor + 1/float64(step)
			t.Report(step, value)
			if t.ShouldPrune() {
				return 0, hone.ErrPruned
			}
		}
		return value, nil
	}, 20)
	if err != nil {
		log.Fatal(err)
	}
	trials, err := study.Trials()
	if err != nil {
		log.Fatal(err)
	}
	pruned := 0
	for _, t := range trials {
		if t.State == hone.Pruned {
			pruned++
		}
	}
	best, err := study.BestValue()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of 20 trials stopped, %d of 540 steps made, best %.2f\n", pruned, steps, best)
}

func ExampleSuccessiveHalving() {
	run(&pruner.SuccessiveHalving{MinResource: 1, ReductionFactor: 3})
	// Output: 17 of 20 trials stopped, 102 of 540 steps made, best 0.07
}

func ExampleHyperband() {
	run(&pruner.Hyperband{MaxResource: 27})
	// Output: 13 of 20 trials stopped, 224 of 540 steps made, best 0.07
}

// A trial whose value is still above 1 at the third step is hopeless.
func ExampleThreshold() {
	most := 1.0
	run(&pruner.Threshold{Upper: &most, WarmupSteps: 3})
	// Output: 7 of 20 trials stopped, 372 of 540 steps made, best 0.07
}

// Trials that still improve are left alone, and these always do.
func ExamplePatient() {
	run(&pruner.Patient{Pruner: &pruner.Median{}, Patience: 2})
	// Output: 0 of 20 trials stopped, 540 of 540 steps made, best 0.07
}

// The mean over eight instances, each of which is reported with its number.
func ExampleWilcoxon() {
	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.QMC{}, Pruner: &pruner.Wilcoxon{}, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	measured := 0
	err = study.Optimize(func(t *hone.Trial) (mean float64, err error) {
		x := t.SuggestFloat("x", -1, 1)
		for instance := range 8 {
			measured++
			value := x*x + float64(instance*7%5)/10 // the instances differ in difficulty
			t.Report(instance, value)
			if t.ShouldPrune() {
				return 0, hone.ErrPruned
			}
			mean += value / 8
		}
		return mean, nil
	}, 20)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of 160 instances measured\n", measured)
	// Output: 101 of 160 instances measured
}
