package main

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/bench/internal/cputime"
	"github.com/gohone/hone/bench/internal/samplers"
)

// A job is a study to run: with integers of so many steps, with floats if that
// is 0. Its optimum lies off the middle of the ranges, where some samplers begin.
type job struct {
	sampler                      string
	trials, dims, steps, history int
}

// A cost is what a study took.
type cost struct {
	job
	cpu, wall   time.Duration
	first, last time.Duration // processor time of a trial in the first and the last tenth
	best        float64
	allocated   float64         // bytes, in all
	allocs      float64         // a trial
	held        float64         // bytes a trial, after garbage collection
	took        []time.Duration // by the trials: by the clock, in processor time if there is a history

	names    []string
	mark     time.Duration
	cpuMark  time.Duration
	measured bool
}

func (c *cost) String() string {
	took := slices.Sorted(slices.Values(c.took))
	return fmt.Sprintf("hone %s n=%d d=%d history=%d memory cpu=%.3f wall=%.3f best=%.4g allocated=%.1fMB allocs/trial=%.1f held/trial=%.0fB trial p50=%v p99=%v first=%v last=%v",
		c.sampler, c.trials, c.dims, c.history, c.cpu.Seconds(), c.wall.Seconds(), c.best, c.allocated/1e6, c.allocs, c.held,
		took[len(took)/2], took[len(took)*99/100], c.first, c.last)
}

// run runs the study with one worker, in memory.
func (j job) run() (*cost, error) {
	c := &cost{job: j}
	for i := range j.dims {
		c.names = append(c.names, "x"+strconv.Itoa(i))
	}
	smp, err := samplers.New(j.sampler)
	if err != nil {
		return nil, err
	}
	if j.history > 0 {
		smp = &delayed{Sampler: smp, random: j.history}
	}
	study, err := hone.NewStudy(&hone.Options{Seed: 1, Sampler: smp})
	if err != nil {
		return nil, err
	}
	if err := study.Optimize(c.objective, j.history); err != nil {
		return nil, err
	}
	var before, after runtime.MemStats
	c.took = make([]time.Duration, 0, j.trials)
	runtime.GC()
	runtime.ReadMemStats(&before)
	c.measured, c.mark = true, c.now()
	cpu, wall := cputime.Process(), time.Now()
	c.cpuMark = cpu
	if err := study.Optimize(c.objective, j.trials); err != nil {
		return nil, err
	}
	c.cpu, c.wall = cputime.Process()-cpu, time.Since(wall)
	c.tenth()
	runtime.ReadMemStats(&after)
	c.allocated = float64(after.TotalAlloc - before.TotalAlloc)
	c.allocs = float64(after.Mallocs-before.Mallocs) / float64(j.trials)
	runtime.GC()
	runtime.ReadMemStats(&after)
	c.held = (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / float64(j.trials)
	c.best, err = study.BestValue()
	return c, err
}

var start = time.Now()

// now is what trials are timed by. Reading the processor time takes as long as a
// cheap trial; with a history, trials are dear enough.
func (c *cost) now() time.Duration {
	if c.history > 0 {
		return cputime.Process()
	}
	return time.Since(start)
}

// objective is a sum of squares.
func (c *cost) objective(t *hone.Trial) (float64, error) {
	if n := len(c.took); n > 0 && n%max(c.trials/10, 1) == 0 {
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
		sum += (x - 1) * (x - 1)
	}
	if c.measured {
		now := c.now()
		c.took = append(c.took, now-c.mark)
		c.mark = now
	}
	return sum, nil
}

// tenth notes what the tenth of the study that ends cost.
func (c *cost) tenth() {
	now := cputime.Process()
	c.last, c.cpuMark = (now-c.cpuMark)/time.Duration(max(c.trials/10, 1)), now
	if c.first == 0 {
		c.first = c.last
	}
}
