package main

import (
	"github.com/gohone/hone"
	"github.com/gohone/hone/internal/hypervolume"
	"github.com/gohone/hone/internal/testfunc"
)

var multi = Suite{
	Name: "multi", Peers: "multi",
	About:    "functions with two or three objectives; regret is the share of the optimal front's hypervolume that is missing",
	Problems: func(*Env) ([]Problem, error) { return multiProblems(testfunc.Multi), nil },
}

var multiParallel = Suite{
	Name: "multi-parallel", Peers: "multi", Workers: 8,
	About:    "the same with eight trials under way",
	Problems: func(*Env) ([]Problem, error) { return uneven(multiProblems(testfunc.Multi)), nil },
}

var many = Suite{
	Name: "many", Peers: "many",
	About:    "functions with four or five objectives; regret as in multi",
	Problems: func(*Env) ([]Problem, error) { return multiProblems(testfunc.Many), nil },
}

var fronts = Suite{
	Name: "fronts", Peers: "fronts",
	About:    "other functions with two or three objectives than those of multi: what GP does with several objectives is chosen on them",
	Problems: func(*Env) ([]Problem, error) { return multiProblems(testfunc.Fronts), nil },
}

func multiProblems(family testfunc.Family) []Problem {
	var out []Problem
	for _, p := range testfunc.Suite(family) {
		if p.Front == nil || p.Constraints > 0 {
			continue
		}
		most := hypervolume.Volume(p.Front(200), p.Reference)
		out = append(out, Problem{
			Name: p.Name, Median: 1, Directions: make([]hone.Direction, p.Objectives),
			Run: runSynthetic(p),
			Measure: func(told [][]float64) float64 {
				return max(1-hypervolume.Volume(told, p.Reference)/most, 0)
			},
		})
		for k := range p.Objectives {
			out[len(out)-1].Directions[k] = hone.Minimize
		}
	}
	return out
}
