package bayes

import (
	"math"
	"slices"

	"github.com/gohone/hone/internal/gp"
)

// A failure says nothing of the objectives at its point. To take it for a bad value
// makes the model rough, and wrong all around it where failures come by chance. So
// objectives are modelled on the other points alone, constraints on these and where they
// are known of one that failed, and where points fail is an output of its own, like a
// constraint that is violated there.
//
// docs/design/gp.md has figures.
//
// M. A. Gelbart, J. Snoek, R. P. Adams, "Bayesian optimization with unknown
// constraints", 2014, arXiv:1403.5607, section 5 (constraints seen as yes or no).

// failures returns an output that is 1 where a point failed and −1 elsewhere. It returns
// nil when no point failed, or every one: then there is nothing else to model.
func (p *Problem) failures() []float64 {
	out := make([]float64, len(p.Points))
	for i := range out {
		out[i] = -1
	}
	failed := 0
	for _, v := range p.Values {
		limit := madeUp(v)
		for i, y := range v {
			if (math.IsNaN(y) || y >= limit) && out[i] < 0 {
				out[i] = 1
				failed++
			}
		}
	}
	if failed == 0 || failed == len(out) {
		return nil
	}
	return out
}

// madeUp returns the value that stands for failure among those of an objective: the
// worst one, when several points have it and it is farther from all others than these are
// from each other. Programs return such a value, 1e9 or an accuracy of 0, where a point
// makes no sense. It returns +Inf where there is none.
func madeUp(values []float64) float64 {
	worst, times := math.Inf(-1), 0
	for _, y := range values {
		switch {
		case math.IsInf(y, 1):
		case y > worst:
			worst, times = y, 1
		case y == worst:
			times++
		}
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, y := range values {
		if y < worst {
			low, high = min(low, y), max(high, y)
		}
	}
	if times < 2 || !(high > low) || !(worst-high > high-low) {
		return math.Inf(1)
	}
	return worst
}

// outputs returns what is modelled: the objectives, the constraints and, if some points
// failed, failure.
func (p *Problem) outputs() [][]float64 {
	out := append(slices.Clone(p.Values), p.Limits...)
	if f := p.failures(); f != nil {
		out = append(out, f)
	}
	return out
}

// A sample is what is known of an output.
type sample struct {
	points [][]float64
	values []float64
}

// samples returns the points with those that failed last, the number of the others, and
// what is known of each output: of the objectives at the others, of constraints at these
// and where a failed point tells it, of failure, if it is among the outputs, at all.
func (p *Problem) samples(points [][]float64, outputs [][]float64) ([][]float64, int, []sample) {
	order, last := make([]int, len(points)), len(p.Values)+len(p.Limits)
	for i := range order {
		order[i] = i
	}
	known := len(order)
	if last < len(outputs) {
		failed := func(i int) bool { return outputs[last][i] > 0 }
		others := slices.DeleteFunc(slices.Clone(order), failed)
		if len(others) > 0 { // a few that stand for many may all have failed
			known = len(others)
			order = append(others, slices.DeleteFunc(order, func(i int) bool { return !failed(i) })...)
		}
	}
	all := make([]sample, len(outputs))
	for k, y := range outputs {
		rows := order
		switch {
		case k < len(p.Values):
			rows = order[:known]
		case k < last:
			rows = slices.Clone(order[:known])
			for _, i := range order[known:] {
				if !math.IsNaN(y[i]) {
					rows = append(rows, i)
				}
			}
		}
		all[k] = sample{pick(points, rows), pick(y, rows)}
	}
	return pick(points, order), known, all
}

// failurePrior is the prior of failure. Failures set in all at once, which a model fits
// best by lengthscales so short that it knows nothing anywhere: there are none of these.
func failurePrior(prior *gp.Prior, lengthscales int) *gp.Prior {
	const shortest = 0.1
	p := *prior
	p.Lower = slices.Clone(p.Lower)
	for j := range p.Lower[:lengthscales] {
		p.Lower[j] = max(p.Lower[j], math.Log(shortest))
	}
	return &p
}

// constrained is c where points may fail or be forbidden.
//
// A model of what is either 1 or −1 passes the border in between smoothly, and is too
// sure of what it says there. With failureDoubt, a standard deviation, the probability
// that a point does not fail rises about as its mean falls: 0.5, 0.9 and 0.998 at 0,
// −0.4 and −0.88, where it has seen that. To this comes what it takes for noise: where
// points fail by chance no place is safe.
func (st *state) constrained(p *Problem, c criterion) criterion {
	const failureDoubt = 0.3
	out := constrained{objective: c, from: len(p.Values)}
	if len(st.models) > len(p.Values)+len(p.Limits) {
		out.nugget = st.models[len(st.models)-1].NoiseVariance() + failureDoubt*failureDoubt
	}
	return out
}
