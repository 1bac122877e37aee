// Package testfunc holds synthetic optimisation problems whose optima are known:
// continuous, rotated, discretised, noisy, constrained, conditional,
// high-dimensional ones, and ones of several objectives. They are written from
// their published definitions and tested at their published optima.
//
// [All] returns the suite that is used for measurements. The functions that make
// problems, such as [Rosenbrock], and those that change them, such as [Rotate]
// and [Discretize], build others.
package testfunc

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Kind says what values a parameter takes.
type Kind int

// Kinds of parameters.
const (
	Float       Kind = iota // a real number from Low to High
	Int                     // a whole number from Low to High, both included
	Categorical             // an index from 0 to High, without order
)

// A Param is one variable of a problem.
type Param struct {
	Name      string
	Kind      Kind
	Low, High float64
	Log       bool // to be searched on a logarithmic scale
	// When, if not nil, says when the parameter exists. Otherwise its value has
	// no effect.
	When *Condition
}

// A Condition holds when the parameter of that index has that value, or a larger
// one if AtLeast is true, and exists itself.
type Condition struct {
	Param   int
	Is      float64
	AtLeast bool
}

// A Problem is a function to be minimised, or several at once.
type Problem struct {
	Name   string
	Params []Param
	// Objectives is the number of values, usually 1; Constraints that of the
	// constraint values. A point is feasible when none of these is above zero.
	Objectives, Constraints int
	// Eval computes both, without noise, at a point with one value for each
	// parameter. It may be called concurrently.
	Eval func(x []float64) (values, constraints []float64)
	// Noise is the standard deviation of the normal noise that [Problem.Observe]
	// adds to every objective.
	Noise float64

	// Best is the least feasible value of a problem of one objective, and Points
	// are feasible points at which it is taken. Points are rounded as published: see
	// Tolerance.
	Best   float64
	Points [][]float64
	// Tolerance is how far the values at Points may be above Best, for their
	// rounding.
	Tolerance float64
	// Everywhere says that Best holds for all of ℝⁿ, beyond the bounds too.
	Everywhere bool

	// Front returns n optimal points of a problem of several objectives, evenly spread
	// in some sense; Reference is the point that hypervolumes are
	// measured from.
	Front     func(n int) [][]float64
	Reference []float64
}

// Value returns the objective of a problem that has one and no constraints.
func (p *Problem) Value(x []float64) float64 {
	v, _ := p.Eval(x)
	return v[0]
}

// Observe is Eval with noise.
func (p *Problem) Observe(x []float64, rng *rand.Rand) (values, constraints []float64) {
	values, constraints = p.Eval(x)
	if p.Noise > 0 {
		for i := range values {
			values[i] += p.Noise * rng.NormFloat64()
		}
	}
	return values, constraints
}

// Active reports whether parameter i exists at x.
func (p *Problem) Active(i int, x []float64) bool {
	c := p.Params[i].When
	return c == nil || (x[c.Param] == c.Is || c.AtLeast && x[c.Param] > c.Is) && p.Active(c.Param, x)
}

// Random returns a point drawn evenly from the space.
func (p *Problem) Random(rng *rand.Rand) []float64 {
	x := make([]float64, len(p.Params))
	for i := range p.Params {
		x[i] = p.Params[i].At(rng.Float64())
	}
	return x
}

// At returns the value at u of [0, 1): evenly over the range, over its
// logarithm, or over the values.
func (q *Param) At(u float64) float64 {
	switch {
	case q.Kind != Float && q.Log:
		low, high := math.Log(q.Low-0.5), math.Log(q.High+0.5)
		return min(max(math.Round(math.Exp(low+u*(high-low))), q.Low), q.High)
	case q.Kind != Float:
		return min(q.Low+math.Floor(u*(q.High-q.Low+1)), q.High)
	case q.Log:
		return min(max(math.Exp(math.Log(q.Low)+u*(math.Log(q.High)-math.Log(q.Low))), q.Low), q.High)
	}
	return q.Low + u*(q.High-q.Low)
}

// clone returns a copy under another name, whose Params may be changed.
func (p *Problem) clone(name string) *Problem {
	c := *p
	c.Name, c.Params = name, slices.Clone(p.Params)
	return &c
}

// box returns n float parameters x0, x1, … with the same bounds.
func box(n int, low, high float64) []Param {
	params := make([]Param, n)
	for i := range params {
		params[i] = Param{Name: fmt.Sprint("x", i), Low: low, High: high}
	}
	return params
}

// single makes a problem of one objective without constraints.
func single(name string, params []Param, f func(x []float64) float64, best, tolerance float64, points ...[]float64) *Problem {
	return &Problem{
		Name: name, Params: params, Objectives: 1, Best: best, Tolerance: tolerance, Points: points,
		Eval: func(x []float64) ([]float64, []float64) { return []float64{f(x)}, nil },
	}
}

// everywhere marks a problem whose optimum is one of all of ℝⁿ.
func everywhere(p *Problem) *Problem {
	p.Everywhere = true
	return p
}
