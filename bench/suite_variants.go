package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gohone/hone"
	"github.com/gohone/hone/bench/internal/table"
	"github.com/gohone/hone/distributions"
)

// The tables in other guises show whether a sampler lives on what all of them have
// in common: few parameters, that all matter, with good values in the middle and
// neighbours alike. No stored results of others; run them with -python.

var tablesPadded = Suite{
	Name: "tables-padded", Peers: "padded-tables",
	About: "the tables with five more parameters that do nothing",
	Problems: func(e *Env) ([]Problem, error) {
		return tableVariants(e, "padded", func(*table.Table, *rand.Rand) variant { return variant{pads: 5} })
	},
}

var tablesShifted = Suite{
	Name: "tables-shifted", Peers: "shifted-tables",
	About: "the tables with the values of each ordinal parameter begun at another one, what is cut off put at the end",
	Problems: func(e *Env) ([]Problem, error) {
		return tableVariants(e, "shifted", func(t *table.Table, rng *rand.Rand) variant {
			return reordered(t, func(n int) []int {
				order, first := make([]int, n), rng.IntN(n)
				for k := range order {
					order[k] = (first + k) % n
				}
				return order
			})
		})
	},
}

var tablesPermuted = Suite{
	Name: "tables-permuted", Peers: "permuted-tables",
	About: "the tables with the values of each ordinal parameter in random order",
	Problems: func(e *Env) ([]Problem, error) {
		return tableVariants(e, "permuted", func(t *table.Table, rng *rand.Rand) variant { return reordered(t, rng.Perm) })
	},
}

var tablesFailing = Suite{
	Name: "tables-failing", Peers: "failing-tables",
	About: "the tables with a third of the trials failing by chance",
	Problems: func(e *Env) ([]Problem, error) {
		return tableVariants(e, "failing", func(*table.Table, *rand.Rand) variant { return variant{failing: 1. / 3} })
	},
}

var tablesBroken = Suite{
	Name: "tables-broken", Peers: "broken-tables",
	About:    "the tables with about a third of the cells failing: those where the values of two parameters are large together",
	Problems: func(e *Env) ([]Problem, error) { return tableVariants(e, "broken", brokenCorner) },
}

var tablesRounded = Suite{
	Name: "tables-rounded", Peers: "rounded-tables",
	About:    "the tables with values rounded to thirds of the way from the best to the median, which are what counts",
	Problems: func(e *Env) ([]Problem, error) { return tableVariants(e, "rounded", rounded) },
}

var tablesPlateau = Suite{
	Name: "tables-plateau", Peers: "plateau-tables",
	About:    "the tables with all cells but the best twentieth at the median, which is what counts",
	Problems: func(e *Env) ([]Problem, error) { return tableVariants(e, "plateau", plateau) },
}

// rounded rounds means to thirds of the way from the best to the median.
func rounded(t *table.Table, _ *rand.Rand) variant {
	step := (t.Median - t.Best) / 3
	return variant{told: func(mean float64) float64 { return t.Best + step*math.Round((mean-t.Best)/step) }}
}

// plateau puts the median in the place of all means but the best twentieth.
func plateau(t *table.Table, _ *rand.Rand) variant {
	means := make([]float64, t.Cells)
	for cell := range means {
		means[cell] = t.Mean(cell)
	}
	slices.Sort(means)
	limit := means[t.Cells/20]
	return variant{told: func(mean float64) float64 {
		if mean > limit {
			return t.Median
		}
		return mean
	}}
}

// A variant is a guise of a table.
type variant struct {
	order   [][]int                    // by parameter: the values that stand for its own; nil: as they are
	pads    int                        // parameters that do nothing
	failing float64                    // share of the trials that fail by chance
	broken  func([]int) bool           // reports whether a cell fails; nil: none does
	told    func(mean float64) float64 // what is told, and scored, in the place of a mean; nil: the mean
}

// brokenCorner lets cells fail where two of the parameters, that are drawn, each from
// one of its ends, are far from these together.
func brokenCorner(t *table.Table, rng *rand.Rand) variant {
	pair := rng.Perm(len(t.Params))[:2]
	back := []bool{rng.IntN(2) == 1, rng.IntN(2) == 1}
	return variant{broken: func(at []int) bool {
		sum := 0.0
		for i, j := range pair {
			u := (float64(at[j]) + 0.5) / float64(len(t.Params[j].Values))
			if back[i] {
				u = 1 - u
			}
			sum += u
		}
		return sum > 1.2
	}}
}

// bestOf returns the least mean of the cells that do not fail.
func (v *variant) bestOf(t *table.Table) float64 {
	best := t.Best
	if v.broken == nil {
		return best
	}
	best = math.Inf(1)
	at := make([]int, len(t.Params))
	for cell := range t.Cells {
		for j, rest := len(at)-1, cell; j >= 0; j-- {
			at[j], rest = rest%len(t.Params[j].Values), rest/len(t.Params[j].Values)
		}
		if !v.broken(at) {
			best = min(best, t.Mean(cell))
		}
	}
	return best
}

// reordered puts the values of the ordinal parameters into the order that is drawn for
// so many of them.
func reordered(t *table.Table, draw func(n int) []int) variant {
	v := variant{order: make([][]int, len(t.Params))}
	for j, p := range t.Params {
		if p.Kind != "categorical" {
			v.order[j] = draw(len(p.Values))
		}
	}
	return v
}

// tableVariants offers each table in the guise that make draws for it. The guises are
// the same in every run.
func tableVariants(e *Env, name string, draw func(*table.Table, *rand.Rand) variant) ([]Problem, error) {
	tables, err := loadTables(e.Dir)
	if err != nil {
		return nil, err
	}
	var out []Problem
	for i := range tables {
		t := &tables[i]
		v := draw(t, rand.New(rand.NewPCG(uint64(i), 1)))
		p := Problem{Name: t.Name + "~" + name, Best: v.bestOf(t), Median: t.Median, Run: runVariant(t, v)}
		if v.failing > 0 || v.broken != nil {
			p.Clip = 1 // while all fail
		}
		out = append(out, p)
	}
	return out, nil
}

func runVariant(t *table.Table, v variant) func(*hone.Trial, *rand.Rand) ([]float64, float64, error) {
	domains := tableDomains(t)
	var pads []hone.Param
	for k := range v.pads {
		p := hone.Param{Name: "pad" + string(rune('0'+k)), Distribution: distributions.Int{High: 9, Step: 1}}
		if k%2 == 1 {
			p.Distribution = distributions.Categorical{Choices: []any{"a", "b", "c", "d"}}
		}
		pads = append(pads, p)
	}
	return func(trial *hone.Trial, noise *rand.Rand) ([]float64, float64, error) {
		at, err := suggestCells(trial, t, domains)
		if err != nil {
			return nil, 0, err
		}
		for j, order := range v.order {
			if order != nil {
				at[j] = order[at[j]]
			}
		}
		for _, p := range pads {
			if _, err := trial.Suggest(p.Name, p.Distribution); err != nil {
				return nil, 0, err
			}
		}
		if v.failing > 0 && noise.Float64() < v.failing || v.broken != nil && v.broken(at) {
			return nil, 0, errFailed
		}
		mean := t.Mean(t.Cell(at))
		if v.told != nil {
			mean = v.told(mean)
		}
		return []float64{mean}, mean, nil
	}
}
