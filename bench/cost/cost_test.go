package main

import (
	"testing"

	"github.com/gohone/hone/bench/internal/samplers"
)

func TestRun(t *testing.T) {
	for _, j := range []job{{sampler: "random", trials: 25, dims: 2}, {sampler: "tpe", trials: 12, dims: 2, history: 12}, {sampler: "bruteforce", trials: 9, dims: 2, steps: 3}} {
		c, err := j.run()
		if err != nil {
			t.Fatal(err)
		}
		if len(c.took) != j.trials || !(c.best >= 0) || !(c.allocs > 0) {
			t.Errorf("%+v: %d trials took time, the best value is %v, %v allocations a trial", j, len(c.took), c.best, c.allocs)
		}
	}
}

// What is promised can be run, here and at the peer.
func TestPromises(t *testing.T) {
	for _, p := range promises {
		if _, err := samplers.New(p.sampler); err != nil || peerSampler(p.sampler) == "" || p.most <= 0 || p.studies < 1 {
			t.Errorf("%+v: %v", p, err)
		}
	}
	o := options{trials: 1, dims: 1, studies: 1}
	for _, o := range []options{{}, {trials: 1, dims: 1}, {trials: 1, dims: 1, studies: 1, promised: true}, {trials: 1, dims: 1, studies: 1, python: "python3", steps: 2}} {
		if err := o.run(); err == nil {
			t.Errorf("%+v runs", o)
		}
	}
	o.samplers = "random,cma"
	if err := o.run(); err != nil {
		t.Error(err)
	}
}
