package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// promises lists what a study may cost at most, as a share of Rustuna's processor
// time, and how often both are run.
var promises = []struct {
	job
	most    float64
	studies int
}{
	{job{sampler: "random", trials: 100_000, dims: 10}, 0.6, 5},
	{job{sampler: "tpe", trials: 1000, dims: 10}, 0.7, 5},
	{job{sampler: "tpe", trials: 1000, dims: 40}, 0.5, 3},
	{job{sampler: "tpe", trials: 3000, dims: 10}, 0.3, 3},
	{job{sampler: "tpe", trials: 10_000, dims: 10}, 0.1, 1},
	{job{sampler: "tpe-optuna", trials: 1000, dims: 10}, 0.7, 5},
	{job{sampler: "tpe-optuna", trials: 3000, dims: 10}, 0.5, 3},
	{job{sampler: "tpe-optuna", trials: 10_000, dims: 10}, 0.5, 1},
	{job{sampler: "cma", trials: 10_000, dims: 10}, 0.5, 5},
}

// keep runs the studies whose cost is promised.
func (o *options) keep() error {
	if o.python == "" || o.library != "rustuna" {
		return errors.New("-promised needs -peer, a Python that has Rustuna")
	}
	chosen := strings.Split(o.samplers, ",")
	var report []string
	broken := 0
	for _, p := range promises {
		if o.samplers != "" && !slices.Contains(chosen, p.sampler) {
			continue
		}
		ratio, err := o.compare(p.job, max(o.studies, p.studies))
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%-10s %6d trials × %2d floats: %.3f, at most %.2g", p.sampler, p.trials, p.dims, ratio, p.most)
		if !(ratio <= p.most) {
			line += "  BROKEN"
			broken++
		}
		report = append(report, line)
	}
	fmt.Println("\nprocessor time as a share of Rustuna's:\n" + strings.Join(report, "\n"))
	if broken > 0 {
		return fmt.Errorf("%d studies are dearer than promised", broken)
	}
	return nil
}
