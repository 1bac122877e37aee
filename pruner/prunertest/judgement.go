package prunertest

import (
	"slices"

	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/storage"
)

var directions = []storage.Direction{storage.Minimize, storage.Maximize}

// The settings under test are valid ones.
func settings(e *env) {
	if v, ok := e.fresh().(pruner.Validator); ok {
		if err := v.Validate(); err != nil {
			e.Errorf("Validate: %v", err)
		}
	}
}

// A trial that is far worse than all before it, and gets worse with every step,
// is stopped before its end.
func hopelessIsPruned(e *env) {
	if e.o.Never {
		return
	}
	for _, d := range directions {
		s := e.study(d)
		s.usual(30)
		stopped := 0
		for range 10 { // of several brackets some may never prune
			if s.run(steps(length), func(step int) float64 { return d.Sign() * (10 + float64(step)) }) >= 0 {
				stopped++
			}
		}
		if stopped == 0 {
			e.Errorf("%s: of 10 trials that are far worse than all before and get worse with every step none was stopped", d)
		}
	}
}

// A trial that is better than all others at every step, and gets better with
// every step, is not stopped.
func bestIsNotPruned(e *env) {
	if e.o.Bounds {
		return
	}
	for _, d := range directions {
		s := e.study(d)
		for i := range 12 {
			s.usual(3)
			at := s.run(steps(length), func(step int) float64 { return d.Sign() * -float64(100*i+step+10) })
			if at >= 0 {
				e.Errorf("%s: trial %d, better than all others at every step, was stopped at step %d", d, s.number-1, at)
			}
		}
	}
}

// Without others to compare it with a trial is not stopped, whatever it reports
// (but NaN).
func firstIsNotPruned(e *env) {
	if e.o.Alone || e.o.Bounds {
		return
	}
	for _, d := range directions {
		for what, c := range map[string]curve{
			"constant": func(int) float64 { return 1 },
			"falling":  func(step int) float64 { return -float64(step) },
			"rising":   func(step int) float64 { return float64(step) },
			"wild":     func(step int) float64 { return float64(step*7919%101) * 1e300 },
		} {
			if at := e.study(d).run(steps(length), c); at >= 0 {
				e.Errorf("%s: the first trial of a study, with %s reports, was stopped at step %d; there is nothing to compare it with", d, what, at)
			}
		}
	}
}

// Maximising −f stops the same trials at the same steps as minimising f.
func directionsMirror(e *env) {
	if e.o.Bounds {
		return
	}
	low, high := e.study(storage.Minimize), e.study(storage.Maximize)
	a, b := low.usual(60), high.usual(60)
	if !slices.Equal(a, b) {
		e.Errorf("minimising f stopped the trials at %v, maximising −f at %v (−1: not at all); the two must be the same", a, b)
	}
}

// A pruner that never prunes does not.
func never(e *env) {
	if !e.o.Never {
		return
	}
	for _, d := range directions {
		s := e.study(d)
		s.usual(20)
		if at := s.run(steps(length), func(step int) float64 { return d.Sign() * 1e9 * float64(step) }); at >= 0 {
			e.Errorf("%s: a hopeless trial was stopped at step %d by a pruner that never prunes", d, at)
		}
	}
}
