package main

import (
	"github.com/gohone/hone"
	"github.com/gohone/hone/internal/hypervolume"
	"github.com/gohone/hone/internal/testfunc"
)

var multi = Suite{
	Name: "multi", Peers: "multi",
	About:    "functions with two or three objectives; regret is the share of the optimal front's hypervolume that is missing",
	Problems: func(*Env) ([]Problem, error) { return multiProblems(), nil },
}

func multiProblems() []Problem {
	var out []Problem
	for _, p := range testfunc.Suite(testfunc.Multi) {
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
