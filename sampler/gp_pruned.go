package sampler

import (
	"math"
	"slices"
	"sort"

	"github.com/gohone/hone/storage"
)

// values returns objective k of the rows, to be minimised, NaN for failures and for
// pruned trials of which nothing was reported.
func (v *gpView) values(rows []gpRow, k int) []float64 {
	column, trials := v.q.History.Value(k), v.q.History.Trials()
	out := make([]float64, len(rows))
	f := forecast{sign: v.q.Directions[k].Sign(), lines: make(map[int]forecastLine)}
	pruned := false
	for i, r := range rows {
		out[i] = math.NaN()
		switch t := trials[r.row]; t.State {
		case storage.Complete:
			out[i] = f.sign * column[r.row]
			if out[i] == out[i] {
				f.trials, f.values = append(f.trials, t), append(f.values, out[i])
			}
		case storage.Pruned:
			pruned = true
		}
	}
	if !pruned || len(v.q.Directions) > 1 {
		return out
	}
	best, median := math.Inf(-1), math.Inf(-1)
	if n := len(f.values); n > 0 {
		sorted := slices.Sorted(slices.Values(f.values))
		best, median = sorted[0], sorted[n/2]
	}
	for i, r := range rows {
		if t := trials[r.row]; t.State == storage.Pruned {
			if value, ok := f.of(t); ok {
				out[i] = max(value, best) // nothing is believed to be better than what is known
			} else if last, ok := t.LastReport(); ok {
				out[i] = max(f.sign*last.Value, median) // an early value must not look good
			}
		}
	}
	return out
}

// A forecast tells what pruned trials would have come to. What was reported last is not
// the same thing as a value: curves fall, and may fall by more than values differ. So
// at each step a line is drawn through the reports and the values of complete trials.
type forecast struct {
	sign   float64
	trials []*storage.Trial     // complete ones with a value
	values []float64            // signed
	lines  map[int]forecastLine // by step
}

type forecastLine struct {
	slope, shift float64
	ok           bool // there are enough trials
}

const (
	forecastLeast = 3  // trials that make a line
	forecastMost  = 24 // of more, so many that stand for them: pairs are looked at
)

// of returns the value of a pruned trial, false if nothing tells.
func (f *forecast) of(t *storage.Trial) (float64, bool) {
	last, ok := t.LastReport()
	if !ok {
		return 0, false
	}
	line, ok := f.lines[last.Step]
	if !ok {
		line = f.line(last.Step)
		f.lines[last.Step] = line
	}
	value := line.slope*f.sign*last.Value + line.shift
	return value, line.ok && !math.IsNaN(value) && !math.IsInf(value, 0)
}

// line returns that of a step. Outliers, and curves that have to do with nothing, are
// usual, so its slope is the median of those through two trials, at least 0.
//
// P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968,
// https://doi.org/10.1080/01621459.1968.10480934.
func (f *forecast) line(step int) forecastLine {
	var reports, values []float64
	for i, t := range f.trials {
		j := sort.Search(len(t.Reports), func(j int) bool { return t.Reports[j].Step > step })
		if j == 0 || math.IsInf(f.values[i], 0) {
			continue
		}
		if r := f.sign * t.Reports[j-1].Value; !math.IsNaN(r) && !math.IsInf(r, 0) {
			reports, values = append(reports, r), append(values, f.values[i])
		}
	}
	if n := len(reports); n > forecastMost {
		for i := range forecastMost {
			reports[i], values[i] = reports[i*n/forecastMost], values[i*n/forecastMost]
		}
		reports, values = reports[:forecastMost], values[:forecastMost]
	}
	if len(reports) < forecastLeast {
		return forecastLine{}
	}
	var slopes []float64
	for i := range reports {
		for j := range i {
			if s := (values[i] - values[j]) / (reports[i] - reports[j]); !math.IsNaN(s) && !math.IsInf(s, 0) {
				slopes = append(slopes, s)
			}
		}
	}
	slope := 0.0
	if len(slopes) > 0 {
		slices.Sort(slopes)
		slope = max(slopes[len(slopes)/2], 0)
	}
	for i, r := range reports {
		values[i] -= slope * r
	}
	slices.Sort(values)
	return forecastLine{slope, values[len(values)/2], true}
}
