package main

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gohone/hone"
	"github.com/gohone/hone/bench/internal/table"
	"github.com/gohone/hone/distributions"
)

var tables = Suite{
	Name: "tables", Peers: "tables",
	About:    "15 complete tables of real studies; a trial is told the mean of a cell's results",
	Problems: func(e *Env) ([]Problem, error) { return tableProblems(e.Dir, false) },
}

var tablesNoisy = Suite{
	Name: "tables-noisy", Peers: "noisy",
	About:    "the same, but a trial is told one of the results, drawn at random",
	Problems: func(e *Env) ([]Problem, error) { return tableProblems(e.Dir, true) },
}

var tablesParallel = Suite{
	Name: "tables-parallel", Peers: "parallel-tables", Workers: 8,
	About: "the tables with eight trials under way, which take ½ to 2 units of time",
	Problems: func(e *Env) ([]Problem, error) {
		problems, err := tableProblems(e.Dir, false)
		return uneven(problems), err
	},
}

// uneven makes trials take ½ to 2 units of time.
func uneven(problems []Problem) []Problem {
	for i := range problems {
		problems[i].Duration = func(_ *hone.Trial, noise *rand.Rand) float64 { return math.Exp2(2*noise.Float64() - 1) }
	}
	return problems
}

// tableProblems offers the tables as problems. Ordinal parameters are integers 0,
// 1, …, and categorical ones have the choices c0, c1, ….
func tableProblems(dir string, noisy bool) ([]Problem, error) {
	loaded, err := loadTables(dir)
	if err != nil {
		return nil, err
	}
	var out []Problem
	for i := range loaded {
		t := &loaded[i]
		p := Problem{Name: t.Name, Best: t.Best, Median: t.Median, Noisy: noisy, Run: runTable(t, noisy)}
		if noisy {
			p.Name += "~noisy"
		}
		out = append(out, p)
	}
	return out, nil
}

func loadTables(dir string) ([]table.Table, error) {
	data := os.DirFS(filepath.Join(dir, "tables"))
	all, err := table.Index(data)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if err := all[i].Load(data); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// tableDomains returns the domains of a table's parameters.
func tableDomains(t *table.Table) []distributions.Distribution {
	domains := make([]distributions.Distribution, len(t.Params))
	for j, q := range t.Params {
		domains[j] = distributions.Int{High: len(q.Values) - 1, Step: 1}
		if q.Kind == "categorical" {
			c := distributions.Categorical{Choices: make([]any, len(q.Values))}
			for k := range c.Choices {
				c.Choices[k] = "c" + strconv.Itoa(k)
			}
			domains[j] = c
		}
	}
	return domains
}

func runTable(t *table.Table, noisy bool) func(*hone.Trial, *rand.Rand) ([]float64, float64, error) {
	domains := tableDomains(t)
	return func(trial *hone.Trial, noise *rand.Rand) ([]float64, float64, error) {
		at, err := suggestCells(trial, t, domains)
		if err != nil {
			return nil, 0, err
		}
		cell := t.Cell(at)
		mean := t.Mean(cell)
		if !noisy {
			return []float64{mean}, mean, nil
		}
		var there []float64
		for _, v := range t.Results(cell) {
			if !math.IsNaN(v) {
				there = append(there, v)
			}
		}
		if len(there) == 0 {
			return []float64{mean}, mean, nil
		}
		return []float64{there[noise.IntN(len(there))]}, mean, nil
	}
}

// suggestCells asks for all parameters of a table and returns the numbers of their values.
func suggestCells(trial *hone.Trial, t *table.Table, domains []distributions.Distribution) ([]int, error) {
	at := make([]int, len(domains))
	for j, d := range domains {
		v, err := trial.Suggest(t.Params[j].Name, d)
		if err != nil {
			return nil, err
		}
		k, err := d.Internal(v)
		if err != nil {
			return nil, err
		}
		at[j] = int(k)
	}
	return at, nil
}
