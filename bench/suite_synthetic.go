package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/testfunc"
)

var synthetic = Suite{
	Name: "synthetic", Peers: "synthetic",
	About:    "functions with one objective and a known optimum: continuous, rotated, mixed, noisy, constrained, conditional, wide",
	Problems: func(*Env) ([]Problem, error) { return syntheticProblems(testfunc.Families...), nil },
}

var syntheticParallel = Suite{
	Name: "synthetic-parallel", Peers: "parallel-synthetic", Workers: 8,
	About: "the continuous and the mixed ones with eight trials under way",
	Problems: func(*Env) ([]Problem, error) {
		return uneven(syntheticProblems(testfunc.Continuous, testfunc.Mixed)), nil
	},
}

var branching = Suite{
	Name: "branching", Peers: "branching",
	About:    "other functions with branches than those of conditional: what GP does with branches is chosen on them",
	Problems: func(*Env) ([]Problem, error) { return syntheticProblems(testfunc.Branching), nil },
}

// families makes a suite of each family of functions with one objective.
func families() []Suite {
	var out []Suite
	for _, f := range testfunc.Families {
		if f == testfunc.Multi {
			continue
		}
		out = append(out, Suite{
			Name: string(f), Peers: "synthetic",
			About:    "the " + string(f) + " ones of synthetic",
			Problems: func(*Env) ([]Problem, error) { return syntheticProblems(f), nil },
		})
	}
	return out
}

func syntheticProblems(families ...testfunc.Family) []Problem {
	var out []Problem
	for _, family := range families {
		for _, p := range testfunc.Suite(family) {
			if p.Objectives == 1 {
				q := Problem{
					Name: fmt.Sprintf("%s/%s", family, p.Name), Best: p.Best, Median: randomMedian(p), Noisy: p.Noise > 0, Run: runSynthetic(p),
				}
				if p.Constraints > 0 {
					q.Clip = 1
				}
				out = append(out, q)
			}
		}
	}
	return out
}

// randomMedian returns the median of 2,000 random points, of the feasible ones
// among them.
func randomMedian(p *testfunc.Problem) float64 {
	r := rand.New(rand.NewPCG(2, 2000))
	var values []float64
	for n := 0; n < 2000 || len(values) == 0 && n < 1_000_000; n++ {
		if v, c := p.Eval(p.Random(r)); feasible(c) {
			values = append(values, v[0])
		}
	}
	if len(values) == 0 {
		return p.Best + 1
	}
	slices.Sort(values)
	return max(values[len(values)/2], math.Nextafter(p.Best, math.Inf(1)))
}

func feasible(constraints []float64) bool {
	return !slices.ContainsFunc(constraints, func(c float64) bool { return !(c <= 0) })
}

func runSynthetic(p *testfunc.Problem) func(*hone.Trial, *rand.Rand) ([]float64, float64, error) {
	domains := make([]distributions.Distribution, len(p.Params))
	for j, q := range p.Params {
		switch q.Kind {
		case testfunc.Int:
			domains[j] = distributions.Int{Low: int(q.Low), High: int(q.High), Step: 1, Log: q.Log}
		case testfunc.Categorical:
			c := distributions.Categorical{}
			for k := range int(q.High) + 1 {
				c.Choices = append(c.Choices, fmt.Sprint("c", k))
			}
			domains[j] = c
		default:
			domains[j] = distributions.Float{Low: q.Low, High: q.High, Log: q.Log}
		}
	}
	return func(trial *hone.Trial, noise *rand.Rand) ([]float64, float64, error) {
		x := make([]float64, len(p.Params))
		for j := range p.Params {
			q := &p.Params[j]
			if x[j] = q.Low; !p.Active(j, x) {
				continue
			}
			v, err := trial.Suggest(q.Name, domains[j])
			if err != nil {
				return nil, 0, err
			}
			if x[j], err = domains[j].Internal(v); err != nil {
				return nil, 0, err
			}
		}
		values, constraints := p.Eval(x)
		for k, c := range constraints {
			trial.SetConstraint(fmt.Sprint("c", k), c)
		}
		score := values[0]
		observed, _ := p.Observe(x, noise)
		if !feasible(constraints) {
			score = math.Inf(1)
		}
		return observed, score, nil
	}
}
