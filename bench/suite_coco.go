package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/gohone/hone"
	"github.com/gohone/hone/bench/internal/coco"
	"github.com/gohone/hone/distributions"
)

var (
	bbob3    = cocoSuite("bbob3", "bbob", 3, "COCO's 24 noiseless functions in 3 dimensions")
	bbob20   = cocoSuite("bbob20", "bbob", 20, "the same in 20 dimensions")
	mixint20 = cocoSuite("mixint20", "bbob-mixint", 20, "the same with 16 of 20 variables on grids of 2, 4, 8 and 16 values")
)

// cocoSuite offers the first instances of functions of COCO, which is a Python
// package: Hansen, Auger, Ros, Mersmann, Tušar and Brockhoff, "COCO: A Platform for
// Comparing Continuous Optimizers in a Black-Box Setting", 2021, arXiv:1603.08785.
func cocoSuite(name, of string, dimension int, about string) Suite {
	return Suite{
		Name: name, Peers: name, Python: true, About: about,
		Problems: func(e *Env) ([]Problem, error) {
			if e.Python == "" {
				cache, err := os.UserCacheDir()
				if err != nil {
					return nil, err
				}
				if e.Python, err = coco.Environment(filepath.Join(cache, "hone-bench")); err != nil {
					return nil, err
				}
			}
			s, err := coco.Start(e.Python, filepath.Join(e.Dir, "coco.py"), of, dimension, 1)
			if err != nil {
				return nil, err
			}
			e.atClose(s.Close)
			var out []Problem
			for i := range s.Functions {
				p, err := cocoProblem(s, i)
				if err != nil {
					return nil, err
				}
				out = append(out, p)
			}
			return out, nil
		},
	}
}

func cocoProblem(s *coco.Server, function int) (Problem, error) {
	f := &s.Functions[function]
	p := Problem{Name: f.Name, Best: f.Best, Median: f.Median}
	for _, q := range f.Space {
		var d distributions.Distribution
		switch q.Kind {
		case "int":
			d = distributions.Int{Low: int(q.Low), High: int(q.High), Step: 1}
		case "float":
			d = distributions.Float{Low: q.Low, High: q.High}
		default:
			return p, fmt.Errorf("%s: parameter %s of unknown kind %q", f.Name, q.Name, q.Kind)
		}
		p.Params = append(p.Params, hone.Param{Name: q.Name, Distribution: d})
	}
	p.Run = func(t *hone.Trial, _ *rand.Rand) ([]float64, float64, error) {
		x := make([]float64, len(p.Params))
		for i, q := range p.Params {
			v, err := t.Suggest(q.Name, q.Distribution)
			if err != nil {
				return nil, 0, err
			}
			if x[i], err = q.Distribution.Internal(v); err != nil {
				return nil, 0, err
			}
		}
		v, err := s.Eval(function, x)
		return []float64{v}, v, err
	}
	return p, nil
}
