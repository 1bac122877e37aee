package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"github.com/gohone/hone"
	"github.com/gohone/hone/bench/internal/real"
	"github.com/gohone/hone/distributions"
)

// realStudies is for proof: no setting of a sampler was chosen on it. The optima are the
// best values that any study of any system has come to.
var realStudies = Suite{
	Name: "real", Peers: "real", Python: true,
	About: "studies of twelve programs that run for each trial, ten of them models of scikit-learn, with conditions, wide ranges and failures",
	Problems: func(e *Env) ([]Problem, error) {
		return realProblems(e, func(d distributions.Distribution) distributions.Distribution { return d })
	},
}

// realUnscaled is what these studies become when nobody knows that some ranges are better
// searched on a logarithmic scale.
var realUnscaled = Suite{
	Name: "unscaled", Peers: "unscaled", Python: true,
	About:    "the studies of real with all ranges on a linear scale",
	Problems: func(e *Env) ([]Problem, error) { return realProblems(e, linear) },
}

func linear(d distributions.Distribution) distributions.Distribution {
	switch d := d.(type) {
	case distributions.Float:
		d.Log = false
		return d
	case distributions.Int:
		d.Log = false
		return d
	}
	return d
}

func realProblems(e *Env, scale func(distributions.Distribution) distributions.Distribution) ([]Problem, error) {
	if e.Python == "" {
		return nil, errors.New("real needs -python, a Python with scikit-learn (pip install scikit-learn)")
	}
	s, err := real.Start(e.Python, filepath.Join(e.Dir, "real.py"))
	if err != nil {
		return nil, err
	}
	e.atClose(s.Close)
	var out []Problem
	for i, t := range s.Tasks {
		out = append(out, Problem{Name: t.Name, Best: t.Best, Median: t.Median, Run: runReal(s, i, scale), Clip: 1})
	}
	return out, nil
}

func runReal(s *real.Server, task int, scale func(distributions.Distribution) distributions.Distribution) func(*hone.Trial, *rand.Rand) ([]float64, float64, error) {
	return func(t *hone.Trial, _ *rand.Rand) ([]float64, float64, error) {
		v, err := s.Run(task, func(name string, d distributions.Distribution) (float64, error) {
			d = scale(d)
			v, err := t.Suggest(name, d)
			if err != nil {
				return 0, err
			}
			return d.Internal(v)
		})
		if errors.Is(err, real.ErrFailed) {
			err = fmt.Errorf("%w: %w", errFailed, err)
		}
		return []float64{v}, v, err
	}
}
