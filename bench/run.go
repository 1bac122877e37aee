package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/bench/internal/cputime"
	"github.com/gohone/hone/bench/internal/optuna"
	"github.com/gohone/hone/bench/internal/record"
	"github.com/gohone/hone/bench/internal/samplers"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
)

// study runs a sampler on all problems, as many seeds as asked for, and returns
// the results. Those that are in the file already are taken from there.
func (o *options) study(suite Suite, problems []Problem, name, path string) ([]record.Line, error) {
	if o.fresh && path != "" && !slices.Contains(o.begun, path) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		o.begun = append(o.begun, path)
	}
	start := time.Now()
	file, err := record.Open(path)
	if err != nil {
		return nil, err
	}
	type job struct {
		problem *Problem
		line    record.Line
	}
	var todo []job
	var lines []record.Line
	for seed := o.from; seed < o.from+o.seeds; seed++ {
		for i := range problems {
			l := record.Line{Alg: algorithm(name), Task: problems[i].Name, Seed: seed, Budget: o.budget}
			if old, ok := file.Has(l.Key()); ok {
				lines = append(lines, old)
			} else {
				todo = append(todo, job{&problems[i], l})
			}
		}
	}
	watch := func() time.Duration { return time.Since(start) }
	if o.jobs == 1 { // then all that this process uses is the study's, whatever else the machine does
		watch = cputime.Process
	}
	jobs := make(chan job)
	var mu sync.Mutex
	var failed error
	var wait sync.WaitGroup
	for range o.jobs {
		wait.Go(func() {
			for j := range jobs {
				err := o.runOne(suite, j.problem, name, &j.line, watch)
				if err != nil {
					j.line.Error = err.Error() // a sampler that breaks is a result too
				}
				mu.Lock()
				lines = append(lines, j.line)
				failed = errors.Join(failed, file.Add(j.line))
				mu.Unlock()
			}
		})
	}
	for _, j := range todo {
		jobs <- j
	}
	close(jobs)
	wait.Wait()
	return lines, errors.Join(failed, file.Close())
}

// algorithm is the name of a sampler in results.
func algorithm(sampler string) string {
	if strings.HasPrefix(sampler, others) {
		return sampler
	}
	return "hone-" + sampler
}

// others begins the names of samplers that are Optuna's.
const others = "optuna-"

// runOne runs one study with a sampler of its own.
func (o *options) runOne(suite Suite, p *Problem, name string, line *record.Line, watch func() time.Duration) error {
	other, ok := strings.CutPrefix(name, others)
	if !ok {
		smp, err := samplers.New(name)
		if err != nil {
			return err
		}
		return runStudy(suite, p, smp, line, watch)
	}
	if o.python == "" || !slices.Contains(optuna.Names, other) {
		return fmt.Errorf("%s needs -python, a Python with Optuna, and is one of %v", name, optuna.Names)
	}
	smp := &optuna.Sampler{Python: o.python, Name: other, Seed: line.Seed}
	err := runStudy(suite, p, smp, line, watch)
	line.Seconds = smp.Spent().Seconds()
	return errors.Join(err, smp.Close())
}

// A flight is a trial under way.
type flight struct {
	trial *hone.Trial
	told  []float64
	score float64
	err   error
	ends  float64
}

// runStudy runs one study and fills in its result. Trials are told in the order in
// which they end on a simulated clock, so any number of workers needs no more than
// one processor and gives the same on every run. watch tells the time, from any
// moment on.
func runStudy(suite Suite, p *Problem, smp sampler.Sampler, line *record.Line, watch func() time.Duration) error {
	study, err := hone.NewStudy(&hone.Options{Seed: uint64(line.Seed) + 1, Directions: p.Directions, Sampler: smp, Pruner: &pruner.Nop{}})
	if err != nil {
		return err
	}
	ctx := context.Background()
	noise := rand.New(rand.NewPCG(10_000, uint64(line.Seed)))
	var spent time.Duration
	var clock float64
	var under []flight
	var regret []float64
	var told [][]float64
	best, incumbent := math.Inf(1), math.Inf(1)
	for asked := 0; len(regret) < line.Budget; {
		for asked < line.Budget && len(under) < max(suite.Workers, 1) {
			f, took, err := begin(ctx, study, p, noise, watch)
			if err != nil {
				return fmt.Errorf("trial %d: %w", asked, err)
			}
			spent += took
			f.ends += clock
			under = append(under, f)
			asked++
		}
		first := 0
		for i := range under {
			if under[i].ends < under[first].ends {
				first = i
			}
		}
		f := under[first]
		under = append(under[:first], under[first+1:]...)
		clock = f.ends
		began := watch()
		if errors.Is(f.err, hone.ErrPruned) {
			err = study.TellPruned(ctx, f.trial)
		} else if f.err != nil {
			err = study.TellFailed(ctx, f.trial)
		} else {
			err = study.Tell(ctx, f.trial, f.told...)
		}
		spent += watch() - began
		if err != nil {
			return err
		}
		switch {
		case f.err != nil:
		case !p.Noisy:
			incumbent = min(incumbent, f.score)
		case f.told[0] < best:
			best, incumbent = f.told[0], f.score
		}
		if f.err == nil {
			told = append(told, f.told)
		}
		r := (incumbent - p.Best) / (p.Median - p.Best)
		if p.Measure != nil && slices.Contains(record.At, len(regret)+1) {
			r = p.Measure(told)
		}
		if p.Clip > 0 {
			r = min(r, p.Clip)
		}
		regret = append(regret, r)
	}
	line.Seconds = math.Round(spent.Seconds()*1e6) / 1e6
	line.Set(regret)
	return nil
}

// begin asks for a trial and runs it. What it took leaves out the objective where
// that is possible: without Params, choosing happens inside of it.
func begin(ctx context.Context, study *hone.Study, p *Problem, noise *rand.Rand, watch func() time.Duration) (flight, time.Duration, error) {
	began := watch()
	t, err := study.Ask(ctx, p.Params)
	if err != nil {
		return flight{}, 0, err
	}
	took := watch() - began
	f := flight{trial: t, ends: 1}
	f.told, f.score, f.err = p.Run(t, noise)
	if len(p.Params) == 0 {
		took = watch() - began
	}
	if f.err != nil && !errors.Is(f.err, hone.ErrPruned) && !errors.Is(f.err, errFailed) {
		return flight{}, 0, f.err
	}
	if p.Duration != nil {
		f.ends = p.Duration(t, noise)
	}
	return f, took, nil
}

// errFailed is what a problem returns for a point at which evaluation fails.
var errFailed = errors.New("no result at this point")
