// Package lbfgsb minimises a smooth function inside a box with a projected
// limited-memory quasi-Newton method.
//
// The direction is the L-BFGS two-loop recursion on the coordinates that are
// free, the steps are projected onto the box, and their length is found by
// backtracking under Bertsekas's sufficient-decrease rule. It serves problems of
// one to a few thousand variables whose function costs far more than the
// algebra here: hyperparameters of a Gaussian process, acquisition functions.
//
// D. P. Bertsekas, "Projected Newton methods for optimization problems with
// simple constraints", SIAM J. Control Optim. 20(2), 1982,
// https://doi.org/10.1137/0320018.
// J. Nocedal, S. J. Wright, Numerical Optimization, 2nd ed., 2006, algorithms
// 7.4 (two-loop recursion) and 7.5.
package lbfgsb

import "math"

// Options bounds the work of [Minimize]. The zero value is ready to use.
type Options struct {
	// Memory is the number of correction pairs kept. 0 means 8.
	Memory int
	// Iterations is the largest number of iterations. 0 means 100.
	Iterations int
	// Evaluations is the largest number of calls of the function. 0 means twice
	// Iterations plus 20.
	Evaluations int
	// GradientTolerance ends the search when the largest component of the
	// projected gradient is not above it. 0 means 1e-5 (SciPy's pgtol).
	GradientTolerance float64
	// FunctionTolerance ends the search when one iteration lowers the function by
	// no more than this share of max(|f|, |f'|, 1). 0 means 1e-10.
	FunctionTolerance float64
	// FirstStep is the length of the first step, in the largest coordinate. 0
	// means 1 over the gradient's largest component, at most 1.
	FirstStep float64
}

// A Result is where [Minimize] ended.
type Result struct {
	F           float64 // the function's value at the point found
	Iterations  int
	Evaluations int
	Converged   bool // one of the two tolerances was met
}

// A Workspace holds the memory of [Workspace.Minimize], so that many searches of
// one size allocate once. The zero value is ready to use. It serves one
// goroutine at a time.
type Workspace struct {
	g, dir, trial, gTrial []float64
	s, y                  [][]float64
	rho, alpha            []float64
	free                  []bool
}

// A Func returns its value at x and writes the gradient there to its second argument,
// which is not looked at when the value is above limit: then it may be left as it is.
// It must keep neither slice.
type Func func(x, gradient []float64, limit float64) float64

// Minimize lowers f from x, which it overwrites with the best point found, inside
// lower ≤ x ≤ upper (infinite bounds are allowed; x is first moved into the
// box). A value that is NaN or +Inf tells the search that it stepped too far; when
// it is so at the start, x is left as it is and F is that value. All slices have the
// same length, otherwise Minimize panics.
func Minimize(f Func, x, lower, upper []float64, o *Options) Result {
	return new(Workspace).Minimize(f, x, lower, upper, o)
}

// Minimize is the function [Minimize] with the memory of w.
func (w *Workspace) Minimize(f Func, x, lower, upper []float64, o *Options) Result {
	n := len(x)
	if len(lower) != n || len(upper) != n {
		panic("lbfgsb: bounds and point differ in length")
	}
	opts := o.withDefaults()
	w.reset(n, opts.Memory)
	for i := range x {
		x[i] = clamp(x[i], lower[i], upper[i])
	}
	res := Result{F: f(x, w.g, math.Inf(1)), Evaluations: 1}
	if math.IsNaN(res.F) || math.IsInf(res.F, 1) || !finite(w.g) {
		return res
	}
	stored, next := 0, 0 // pairs kept, and where the next one goes
	for ; res.Iterations < opts.Iterations; res.Iterations++ {
		// A coordinate at its bound whose gradient points outward stays there for
		// this iteration (the set I⁺ of Bertsekas, eq. 32).
		projected := 0.0
		for i := range x {
			w.free[i] = !(x[i] <= lower[i] && w.g[i] > 0 || x[i] >= upper[i] && w.g[i] < 0)
			if w.free[i] {
				projected = max(projected, math.Abs(w.g[i]))
			}
		}
		if projected <= opts.GradientTolerance {
			res.Converged = true
			break
		}
		if !w.direction(stored, next) {
			stored, next = 0, 0
			w.steepest(projected, opts.FirstStep)
		}
		fNew, evals, ok := w.search(f, x, lower, upper, res.F, opts.Evaluations-res.Evaluations)
		res.Evaluations += evals
		if !ok {
			if stored == 0 {
				break // not even along the gradient: as low as arithmetic allows
			}
			stored, next = 0, 0 // forget the curvature and try the gradient itself
			continue
		}
		if w.remember(x, next) {
			next = (next + 1) % opts.Memory
			stored = min(stored+1, opts.Memory)
		}
		drop, scale := res.F-fNew, max(math.Abs(res.F), math.Abs(fNew), 1)
		res.F = fNew
		copy(x, w.trial)
		w.g, w.gTrial = w.gTrial, w.g
		if drop <= opts.FunctionTolerance*scale {
			res.Iterations++
			res.Converged = true
			break
		}
		if res.Evaluations >= opts.Evaluations {
			res.Iterations++
			break
		}
	}
	return res
}

func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.Memory <= 0 {
		d.Memory = 8
	}
	if d.Iterations <= 0 {
		d.Iterations = 100
	}
	if d.Evaluations <= 0 {
		d.Evaluations = 2*d.Iterations + 20
	}
	if d.GradientTolerance <= 0 {
		d.GradientTolerance = 1e-5
	}
	if d.FunctionTolerance <= 0 {
		d.FunctionTolerance = 1e-10
	}
	return d
}

func (w *Workspace) reset(n, memory int) {
	if len(w.g) != n || len(w.s) != memory {
		block := make([]float64, 4*n+2*n*memory+2*memory)
		cut := func(k int) []float64 {
			head := block[:k:k]
			block = block[k:]
			return head
		}
		w.g, w.dir, w.trial, w.gTrial = cut(n), cut(n), cut(n), cut(n)
		w.s, w.y = make([][]float64, memory), make([][]float64, memory)
		for i := range w.s {
			w.s[i], w.y[i] = cut(n), cut(n)
		}
		w.rho, w.alpha = cut(memory), cut(memory)
		w.free = make([]bool, n)
	}
}

// direction writes −H·g to w.dir, with H the inverse Hessian of the stored pairs
// restricted to the free coordinates. It reports whether that is a descent
// direction.
func (w *Workspace) direction(stored, next int) bool {
	if stored == 0 {
		return false
	}
	q, m := w.dir, len(w.s)
	for i, g := range w.g {
		q[i] = 0
		if w.free[i] {
			q[i] = g
		}
	}
	gamma := 0.0
	for k := 1; k <= stored; k++ { // from the newest pair to the oldest
		j := (next - k + m) % m
		sy, sq, yy := 0.0, 0.0, 0.0
		for i, free := range w.free {
			if free {
				sy += w.s[j][i] * w.y[j][i]
				sq += w.s[j][i] * q[i]
				yy += w.y[j][i] * w.y[j][i]
			}
		}
		w.rho[j] = 0
		if sy <= 1e-12*yy { // no curvature left on this face: skip the pair
			continue
		}
		w.rho[j] = 1 / sy
		if gamma == 0 {
			gamma = sy / yy
		}
		w.alpha[j] = sq / sy
		for i, free := range w.free {
			if free {
				q[i] -= w.alpha[j] * w.y[j][i]
			}
		}
	}
	if gamma == 0 {
		return false
	}
	for i := range q {
		q[i] *= gamma
	}
	for k := stored; k >= 1; k-- {
		j := (next - k + m) % m
		if w.rho[j] == 0 {
			continue
		}
		yq := 0.0
		for i, free := range w.free {
			if free {
				yq += w.y[j][i] * q[i]
			}
		}
		b := w.alpha[j] - w.rho[j]*yq
		for i, free := range w.free {
			if free {
				q[i] += b * w.s[j][i]
			}
		}
	}
	slope, gg, dd := 0.0, 0.0, 0.0
	for i, free := range w.free {
		q[i] = -q[i]
		if free {
			slope += q[i] * w.g[i]
			gg += w.g[i] * w.g[i]
			dd += q[i] * q[i]
		}
	}
	return slope < -1e-10*math.Sqrt(gg*dd) // NaN fails as well
}

// steepest writes the first direction, the scaled negative gradient, to w.dir.
func (w *Workspace) steepest(projected, first float64) {
	scale := min(1, 1/projected)
	if first > 0 {
		scale = first / projected
	}
	for i, g := range w.g {
		w.dir[i] = 0
		if w.free[i] {
			w.dir[i] = -scale * g
		}
	}
}

// search backtracks along the projected path x(t) = P(x + t·dir) until
// f(x(t)) ≤ f(x) + 1e-4·gᵀ(x(t) − x), and leaves the accepted point and its
// gradient in w.trial and w.gTrial.
func (w *Workspace) search(f Func, x, lower, upper []float64, f0 float64, budget int) (fNew float64, evals int, ok bool) {
	t := 1.0
	for evals < budget && evals < 20 {
		slope, moved := 0.0, false
		for i := range x {
			w.trial[i] = clamp(x[i]+t*w.dir[i], lower[i], upper[i])
			step := w.trial[i] - x[i]
			slope += w.g[i] * step
			moved = moved || step != 0
		}
		if !moved || !(slope < 0) {
			return f0, evals, false
		}
		limit := f0 + 1e-4*slope
		fNew = f(w.trial, w.gTrial, limit)
		evals++
		low := fNew <= limit
		bad := math.IsNaN(fNew) || math.IsInf(fNew, 0) || low && !finite(w.gTrial)
		if low && !bad {
			return fNew, evals, true
		}
		// The minimum of the parabola through f0, its slope and fNew, kept inside
		// [0.1, 0.5] of the step (Nocedal & Wright, eq. 3.58).
		shrink := 0.1
		if !bad {
			shrink = clamp(-slope/(2*(fNew-f0-slope)), 0.1, 0.5)
		}
		t *= shrink
	}
	return f0, evals, false
}

// remember stores the pair of the step from x to w.trial in slot next, unless its
// curvature is too small to be of use.
func (w *Workspace) remember(x []float64, next int) bool {
	s, y := w.s[next], w.y[next]
	sy, yy := 0.0, 0.0
	for i := range x {
		s[i] = w.trial[i] - x[i]
		y[i] = w.gTrial[i] - w.g[i]
		sy += s[i] * y[i]
		yy += y[i] * y[i]
	}
	return sy > 1e-10*yy
}

// clamp returns v moved into [lo, hi]; NaN becomes lo.
func clamp(v, lo, hi float64) float64 {
	if v > hi {
		return hi
	}
	if v >= lo {
		return v
	}
	return lo
}

func finite(v []float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
