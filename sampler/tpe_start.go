package sampler

import (
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/qmc"
)

// startValue returns a parameter's value in one of the first trials, as the
// coordinate of that number: the middle in the very first trial, then a point of
// Sobol's sequence, scrambled by the study's seed.
func startValue(q *Query, r *tpeRules, coordinate int, d distributions.Distribution) float64 {
	if !r.even || coordinate >= qmc.Dimensions {
		return d.FromUnit(q.Rand.Float64())
	}
	if _, ok := d.(distributions.Categorical); !ok && q.Trial.Number == 0 {
		return d.FromUnit(0.5)
	}
	return d.FromUnit(qmc.OwenSobol(uint64(q.Trial.Number), coordinate, q.Seed))
}

// startPoint returns one of the first points.
func startPoint(q *Query, r *tpeRules, space map[string]distributions.Distribution) map[string]float64 {
	out := make(map[string]float64, len(space))
	for i, name := range sortedNames(q.History.Space()) {
		if d, ok := space[name]; ok {
			out[name] = startValue(q, r, i, d)
		}
	}
	return out
}
