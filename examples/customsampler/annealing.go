package main

import (
	"context"
	"math"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// Annealing starts each trial from an earlier one and moves every parameter a
// little. The further the study, the shorter the moves and the better the trial that
// it starts from: simulated annealing, written for workers that know each other's
// results. It keeps nothing: all it knows is in the query.
//
// Kirkpatrick, Gelatt and Vecchi, "Optimization by simulated annealing", Science 220
// (1983), 671–680, doi:10.1126/science.220.4598.671.
type Annealing struct {
	// HalfLife is the number of trials after which moves are half as long. 0
	// means 15.
	HalfLife float64
}

// Sample implements sampler.Sampler.
func (a *Annealing) Sample(_ context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	halfLife := a.HalfLife
	if halfLife == 0 {
		halfLife = 15
	}
	heat := math.Exp2(-float64(q.Trial.Number) / halfLife)
	from := start(q, heat)
	if from == nil {
		return d.FromUnit(q.Rand.Float64()), nil
	}
	p, ok := from.Param(name)
	if _, categories := d.(distributions.Categorical); !ok || categories && q.Rand.Float64() < max(heat, 0.1) {
		return d.FromUnit(q.Rand.Float64()), nil
	}
	u := d.ToUnit(p.Value) + 0.3*max(heat, 1e-4)*q.Rand.NormFloat64()
	if u < 0 || u > 1 { // bounce off the wall
		u = math.Abs(math.Mod(math.Abs(u)+1, 2) - 1)
	}
	return d.FromUnit(u), nil
}

// start returns the trial to start from: the best, or while it is hot now and then a
// worse one. It is the same for all parameters of a trial, for it depends on the
// trial's number and on what was finished, not on chance.
func start(q *sampler.Query, heat float64) *storage.Trial {
	sign, values := q.Directions[0].Sign(), q.History.Value(0) // NaN where there is none
	better := func(i, than int) bool {
		a, b := sign*values[i], math.Inf(1)
		if than >= 0 {
			b = sign * values[than]
		}
		return a < b || a == b && than >= 0 && q.History.Trial(i).Number < q.History.Trial(than).Number
	}
	best, second := -1, -1
	for i, t := range q.History.Trials() {
		switch {
		case t.State != storage.Complete:
		case better(i, best):
			best, second = i, best
		case better(i, second):
			second = i
		}
	}
	switch {
	case best < 0:
		return nil
	case second >= 0 && heat > 0.1 && q.Trial.Number%2 == 1:
		return q.History.Trial(second)
	}
	return q.History.Trial(best)
}
