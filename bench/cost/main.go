// Cost prints what a study costs whose objective, a sum of squares over floats, is
// free: the counterpart of speed programs for other systems.
//
//	go run ./bench/cost -sampler tpe -trials 1000 -dims 10
//
// CPU seconds are those of the whole process since the study began, so that other
// load matters little. The garbage collector's share is in it.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/bench/internal/samplers"
)

func main() {
	name := flag.String("sampler", "tpe", "one of "+samplers.Names())
	trials := flag.Int("trials", 1000, "number of trials")
	dims := flag.Int("dims", 10, "number of floats")
	history := flag.Int("history", 0, "number of random trials that the study has at the beginning")
	flag.Parse()
	if err := run(*name, *trials, *dims, *history); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(name string, trials, dims, history int) error {
	smp, err := samplers.New(name)
	if err != nil {
		return err
	}
	names := make([]string, dims)
	for i := range names {
		names[i] = fmt.Sprintf("x%d", i)
	}
	study, err := hone.NewStudy(&hone.Options{Seed: 1, Sampler: &delayed{Sampler: smp, random: history}})
	if err != nil {
		return err
	}
	var took []time.Duration
	last := time.Now()
	objective := func(t *hone.Trial) (float64, error) {
		sum := 0.0
		for _, name := range names {
			x := t.SuggestFloat(name, -5, 5)
			sum += x * x
		}
		took = append(took, time.Since(last))
		last = time.Now()
		return sum, nil
	}
	if err := study.Optimize(objective, history); err != nil {
		return err
	}
	took, last = took[:0], time.Now()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, wall := cpuTime(), time.Now()
	if err := study.Optimize(objective, trials); err != nil {
		return err
	}
	spent, elapsed := cpuTime()-cpu, time.Since(wall)
	runtime.ReadMemStats(&after)
	best, err := study.BestValue()
	if err != nil {
		return err
	}
	slices.Sort(took)
	fmt.Printf("hone %s n=%d d=%d history=%d memory cpu=%.3f wall=%.3f best=%.4g allocated=%.1fMB trial p50=%v p99=%v\n", name, trials, dims, history,
		spent.Seconds(), elapsed.Seconds(), best, float64(after.TotalAlloc-before.TotalAlloc)/1e6, took[len(took)/2], took[len(took)*99/100])
	return nil
}
