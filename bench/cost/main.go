// Cost prints what a study costs whose objective, a sum of squares over floats, is
// free: the counterpart of speed programs for other systems.
//
//	go run ./bench/cost -sampler tpe -trials 1000 -dims 10
//
// With -steps the parameters are integers, for samplers that count what they have
// tried; first and last are the processor time of a trial in the first and in the
// last tenth of the study.
//
//	go run ./bench/cost -sampler bruteforce -trials 100000 -dims 5 -steps 10
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
	dims := flag.Int("dims", 10, "number of parameters")
	steps := flag.Int("steps", 0, "number of values of a parameter; 0: floats")
	studies := flag.Int("studies", 1, "number of studies; the processor time is that of all")
	history := flag.Int("history", 0, "number of random trials that the study has at the beginning")
	flag.Parse()
	if *trials < 1 || *dims < 1 || *steps < 0 || *studies < 1 || *history < 0 {
		fmt.Fprintln(os.Stderr, "cost: -trials, -dims and -studies must be above 0, -steps and -history not below")
		os.Exit(2)
	}
	c := &cost{trials: *trials, dims: *dims, steps: *steps, history: *history}
	if err := c.run(*name, *studies); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A cost is what is measured and what was.
type cost struct {
	trials, dims, steps, history int

	names         []string
	took          []time.Duration // of each trial of the last study
	cpu, wall     time.Duration   // of all studies
	first, last   time.Duration   // processor time of a tenth of the last study
	allocated     uint64
	best          float64
	lastMark      time.Time
	tenths        int // of the study under way, that are over
	cpuAtTheTenth time.Duration
}

func (c *cost) run(name string, studies int) error {
	for i := range c.dims {
		c.names = append(c.names, fmt.Sprintf("x%d", i))
	}
	for range studies {
		if err := c.study(name); err != nil {
			return err
		}
	}
	slices.Sort(c.took)
	fmt.Printf("hone %s n=%d d=%d history=%d memory cpu=%.3f wall=%.3f best=%.4g allocated=%.1fMB trial p50=%v p99=%v", name, c.trials, c.dims, c.history,
		c.cpu.Seconds(), c.wall.Seconds(), c.best, float64(c.allocated)/1e6, c.took[len(c.took)/2], c.took[len(c.took)*99/100])
	if c.steps > 0 {
		tenth := time.Duration(max(c.trials/10, 1))
		fmt.Printf(" first=%v last=%v", c.first/tenth, c.last/tenth)
	}
	fmt.Println()
	return nil
}

// study runs one study and adds what it costs.
func (c *cost) study(name string) error {
	smp, err := samplers.New(name)
	if err != nil {
		return err
	}
	if c.history > 0 {
		smp = &delayed{Sampler: smp, random: c.history}
	}
	study, err := hone.NewStudy(&hone.Options{Seed: 1, Sampler: smp})
	if err != nil {
		return err
	}
	c.lastMark = time.Now()
	if err := study.Optimize(c.objective, c.history); err != nil {
		return err
	}
	c.took, c.lastMark = c.took[:0], time.Now()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, wall := cpuTime(), time.Now()
	c.tenths, c.cpuAtTheTenth = 0, cpu
	if err := study.Optimize(c.objective, c.trials); err != nil {
		return err
	}
	c.tenth()
	c.cpu += cpuTime() - cpu
	c.wall += time.Since(wall)
	runtime.ReadMemStats(&after)
	c.allocated += after.TotalAlloc - before.TotalAlloc
	c.best, err = study.BestValue()
	return err
}

// objective is a sum of squares.
func (c *cost) objective(t *hone.Trial) (float64, error) {
	if n, size := len(c.took), max(c.trials/10, 1); n > 0 && n%size == 0 && n < 10*size {
		c.tenth()
	}
	sum := 0.0
	for _, name := range c.names {
		x := 0.0
		if c.steps > 0 {
			x = float64(t.SuggestInt(name, 0, c.steps-1))
		} else {
			x = t.SuggestFloat(name, -5, 5)
		}
		sum += x * x
	}
	c.took = append(c.took, time.Since(c.lastMark))
	c.lastMark = time.Now()
	return sum, nil
}

// tenth notes what the tenth of the study that ends cost.
func (c *cost) tenth() {
	now := cpuTime()
	if c.tenths == 0 {
		c.first = now - c.cpuAtTheTenth
	}
	c.last, c.cpuAtTheTenth = now-c.cpuAtTheTenth, now
	c.tenths++
}
