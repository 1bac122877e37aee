package bayes

import (
	"math"
	"slices"

	"github.com/gohone/hone/internal/gp"
	"github.com/gohone/hone/internal/warp"
)

// A state is what the models say when a proposal is made.
type state struct {
	models  []*gp.Model // objectives, constraints, then failure, if there was any; pending points are in them
	values  [][]float64 // by output: warped values; of objectives, of the points that did not fail, which are the first
	told    [][]float64 // by objective, where there are several: values before the warp, finite
	allowed []bool      // by point that is modelled: it has a result and violates no constraint
	points  [][]float64 // those that are modelled, those that failed last
	ranked  [][]float64 // the points that are modelled, best first
	fits    []Fit       // what was learned now; nil: nothing
	jitter  float64
}

// state makes the models. It returns nil when rounding leaves one without a
// factor.
func (e *Engine) state(p *Problem) *state {
	points, outputs := p.Points, p.outputs()
	order := p.ranking()
	n := len(points)
	fits, formerAt := p.former()
	st := &state{}
	if refit, choose := due(n, formerAt); refit {
		if st.fits = e.learn(p, outputs, order, fits, choose); st.fits == nil {
			return nil
		}
		fits = st.fits
	}
	if n > exactPoints {
		subset := p.Space.neighbourhood(points, order, localPoints)
		points = pick(points, subset)
		for k := range outputs {
			outputs[k] = pick(outputs[k], subset)
		}
		position := make(map[int]int, len(subset))
		for k, i := range subset {
			position[i] = k
		}
		kept := order[:0:0]
		for _, i := range order {
			if k, ok := position[i]; ok {
				kept = append(kept, k)
			}
		}
		order = kept
	}
	st.ranked = pick(points, order)
	all, known, samples := p.samples(points, outputs)
	st.points = all
	st.allowed = make([]bool, len(all))
	for i := range known {
		st.allowed[i] = true
		for _, l := range samples[len(p.Values):] {
			st.allowed[i] = st.allowed[i] && l.values[i] <= 0
		}
	}
	if len(e.models) != len(outputs) {
		e.models = make([]*gp.Model, len(outputs))
	}
	for k, s := range samples {
		z := make([]float64, len(s.values))
		fits[k].Warp.apply(z, s.values)
		m, err := e.condition(p, k, s.points, fits[k], z)
		if err != nil {
			return nil
		}
		st.models = append(st.models, m)
		st.values = append(st.values, z)
		if len(p.Values) > 1 && k < len(p.Values) {
			told := make([]float64, len(z))
			warp.Finite(told, s.values)
			st.told = append(st.told, told)
		}
		st.jitter = max(st.jitter, m.Jitter())
	}
	return st
}

// ranking returns the points' indices from the best to the worst: allowed ones
// first, by value (by the number of points that dominate, where there are several
// objectives), then the others by how much they violate.
func (p *Problem) ranking() []int {
	n := len(p.Points)
	violation, score := make([]float64, n), make([]float64, n)
	for _, l := range p.Limits {
		z := make([]float64, n)
		level(z, l)
		for i := range z {
			if !(l[i] <= 0) {
				violation[i] += max(z[i], math.SmallestNonzeroFloat64)
			}
		}
	}
	if len(p.Values) == 1 {
		return ranking(violation, p.Values[0])
	}
	above := func(i int, others []int) (count float64) {
		for _, j := range others {
			if violation[j] <= violation[i] && dominates(p.Values, j, i) {
				count++
			}
		}
		return count
	}
	// Of many points every second, third, … is counted, which tells nearly the same.
	// Those that none of these dominates are compared with each other: their dominators
	// are among them.
	var counted, first []int
	for i := 0; i < n; i += (n + exactPoints - 1) / exactPoints {
		counted = append(counted, i)
	}
	for i := range score {
		if score[i] = above(i, counted); score[i] == 0 {
			first = append(first, i)
		}
	}
	if len(counted) < n {
		for _, i := range first {
			score[i] = above(i, first) / float64(len(first))
		}
	}
	return ranking(violation, score)
}

// learn fits every output to all points, or to a few hundred that stand for them.
func (e *Engine) learn(p *Problem, outputs [][]float64, order []int, former []Fit, choose bool) []Fit {
	points := p.Points
	if len(points) > fitPoints {
		subset := representatives(order, fitPoints)
		points, outputs = pick(points, subset), slices.Clone(outputs)
		for k := range outputs {
			outputs[k] = pick(outputs[k], subset)
		}
	}
	_, _, samples := p.samples(points, outputs)
	prior := p.Space.prior(points)
	fits := make([]Fit, len(outputs))
	for k, s := range samples {
		var f Fit
		if former != nil {
			f = former[k]
		}
		objective := k < len(p.Values)
		if !objective {
			f.Warp = Level
		}
		if k >= len(p.Values)+len(p.Limits) {
			prior = failurePrior(prior, p.Space.seen())
		}
		fit, model := learn(&e.fitter, p.Space.data(s.points), prior, s.values, f, choose && objective)
		if model == nil {
			return nil
		}
		fits[k] = fit
	}
	return fits
}

// condition returns the model of output k on points, whose values are z, and on those
// that are pending, which are believed to have the values that are foretold.
//
// D. Ginsbourger, R. Le Riche, L. Carraro, "Kriging is well-suited to parallelize
// optimization", 2010, https://doi.org/10.1007/978-3-642-10701-6_6.
func (e *Engine) condition(p *Problem, k int, points [][]float64, fit Fit, z []float64) (*gp.Model, error) {
	m := e.models[k]
	e.models[k] = nil
	theta := widen(fit.Theta)
	data := p.Space.data(points)
	if m != nil && slices.Equal(m.Theta(), theta) {
		if err := m.Rebase(data); err != nil {
			return nil, err
		}
	} else {
		var err error
		if m, err = gp.NewModel(data, theta, bias); err != nil {
			return nil, err
		}
	}
	m.SetValues(z)
	if len(p.Pending) == 0 {
		e.models[k] = m
		return m, nil
	}
	var s gp.Scratch
	x := make([]float64, data.Dims())
	believed := slices.Clone(z)
	for _, pending := range p.Pending {
		p.Space.encode(x, pending)
		mu, _ := m.Predict(&s, x)
		believed = append(believed, mu)
	}
	for _, pending := range p.Pending {
		p.Space.encode(x, pending)
		if err := m.Append(x); err != nil {
			return nil, err
		}
	}
	m.SetValues(believed)
	e.models[k] = m // Rebase cuts the believed points off again
	return m, nil
}
