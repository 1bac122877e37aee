package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/gohone/hone"
)

// A Problem is a black box whose optimum is known.
type Problem struct {
	Name string
	// Best is the optimum and Median the median of random points, both without
	// noise and to be minimised.
	Best, Median float64
	// Noisy says that what a trial is told differs from its score.
	Noisy bool
	// Clip, if not 0, bounds regret from above, so that a study that has no
	// feasible point yet counts as one at the median.
	Clip float64
	// Params, if there are any, are all parameters: they are asked for before Run,
	// so that the time that Run takes does not count as the sampler's.
	Params []hone.Param
	// Directions of what a trial is told. nil: one value, minimised.
	Directions []hone.Direction
	// Run asks the trial for its parameters, may report, set constraints and be
	// pruned, and returns what the trial is told and its score: the value
	// without noise, +Inf for an infeasible point. noise is the same stream
	// for every sampler.
	Run func(t *hone.Trial, noise *rand.Rand) (told []float64, score float64, err error)
	// Measure, if not nil, is the regret of all that was told so far, in the
	// place of that of the best score.
	Measure func(told [][]float64) float64
	// Duration, if not nil, is how long a trial takes, in units of one's own:
	// it matters with several workers, which then end out of order.
	Duration func(t *hone.Trial, noise *rand.Rand) float64
}

// A Suite makes problems.
type Suite struct {
	Name, About string
	// Peers is what the files of stored results begin with.
	Peers string
	// Workers is the number of trials under way at a time. 0 means 1.
	Workers int
	// Python says that its problems are evaluated by a Python program.
	Python bool
	// Problems reads or makes them.
	Problems func(e *Env) ([]Problem, error)
}

// To add a suite, add a file suite_….go and a line.
var suites = append([]Suite{
	tables, tablesNoisy, tablesParallel, tablesPadded, tablesShifted, tablesPermuted, tablesFailing, tablesBroken, tablesRounded, tablesPlateau, bbob3, bbob20, mixint20, realStudies, realUnscaled, synthetic, syntheticParallel, multi, multiParallel, many, fronts, branching,
}, families()...)

// An Env is where suites find what they need, until it is closed.
type Env struct {
	Dir    string // the folder of this program
	Python string // with what a suite needs; empty: for COCO's one is set up

	closers []func() error
}

func (e *Env) atClose(f func() error) { e.closers = append(e.closers, f) }

// Close ends what suites have started.
func (e *Env) Close() error {
	var err error
	for _, f := range e.closers {
		err = errors.Join(err, f())
	}
	e.closers = nil
	return err
}

func findSuite(name string) (Suite, error) {
	for _, s := range suites {
		if s.Name == name {
			return s, nil
		}
	}
	return Suite{}, fmt.Errorf("unknown suite %q; there are %s", name, suiteNames())
}

func suiteNames() string {
	var names []string
	for _, s := range suites {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}
