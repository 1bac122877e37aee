package cma

import (
	"math"
	"slices"
)

// A Reason says why a search has nothing more to find where it is. The empty
// reason means that it goes on.
type Reason string

// The criteria of section B.3 of the tutorial. TolFun is left out: a range of
// values that is small in itself says nothing when only the order of values
// counts, so values must agree to the last bits (EqualValues).
const (
	NoEffectAxis  Reason = "no effect along an axis"      // adding 0.1 standard deviations leaves m as it is
	NoEffectCoord Reason = "no effect in a coordinate"    // adding 0.2 standard deviations does
	Condition     Reason = "ill-conditioned covariance"   // above 1e14
	EqualValues   Reason = "equal values"                 // best values of the last 10 + ⌈30N/λ⌉ generations agree
	Stagnation    Reason = "stagnation"                   // neither best nor median values improve over a long time
	TolXUp        Reason = "divergence"                   // σ·√λmax(C) has grown by 1e4
	TolX          Reason = "converged in all coordinates" // standard deviations and pc are below 1e-12·σ₀
)

// A progress keeps what the criteria compare.
type progress struct {
	firstSigma   float64
	firstSpread  float64
	best, median []float64 // by generation, of the solutions of tier 0
	lifted       bool      // C was repaired at the last decomposition
}

// A window of generations that is looked at for stagnation: at least, at most,
// and as a share of all.
const stagnationMost, stagnationShare = 20000, 0.2

// note takes in the values of a generation, sorted by rank.
func (p *progress) note(values []float64) {
	if len(values) == 0 {
		return
	}
	if len(p.best) >= 2*stagnationMost {
		p.best = slices.Delete(p.best, 0, stagnationMost)
		p.median = slices.Delete(p.median, 0, stagnationMost)
	}
	p.best = append(p.best, values[0])
	p.median = append(p.median, values[len(values)/2])
}

// Stop tells whether the search should end, and why.
func (c *CMA) Stop() Reason {
	variables := float64(c.n)
	if c.cats != nil {
		variables += float64(len(c.cats.q))
	}
	p, lambda := &c.progress, float64(c.opts.Population)
	if window := 10 + int(math.Ceil(30*variables/lambda)); len(p.best) >= window {
		recent := p.best[len(p.best)-window:]
		low, high := slices.Min(recent), slices.Max(recent)
		if !(high-low > 1e-15*max(math.Abs(low), math.Abs(high))) {
			return EqualValues
		}
	}
	if c.generation%20 == 0 && p.stagnates(int(120+30*variables/lambda)) {
		return Stagnation
	}
	if c.n == 0 {
		return ""
	}
	return c.stopNormal()
}

func (p *progress) stagnates(least int) bool {
	window := min(max(least, int(stagnationShare*float64(len(p.best)))), stagnationMost)
	if len(p.best) < window {
		return false
	}
	part := max(1, int(0.3*float64(window)))
	for _, h := range [][]float64{p.best, p.median} {
		h = h[len(h)-window:]
		old, recent := slices.Clone(h[:part]), slices.Clone(h[window-part:])
		slices.Sort(old)
		slices.Sort(recent)
		if recent[part/2] < old[part/2] {
			return false
		}
	}
	return true
}

// stopNormal looks at the normal distribution alone.
func (c *CMA) stopNormal() Reason {
	small := true
	for j, m := range c.mean {
		if c.opts.Cell != nil {
			if _, _, discrete := c.opts.Cell(j, m); discrete {
				continue // the margin holds its spread up
			}
		}
		std := c.Std(j)
		if m == m+0.2*std {
			return NoEffectCoord
		}
		small = small && std < 1e-12*c.progress.firstSigma &&
			c.sigma*math.Abs(c.pC[j]) < 1e-12*c.progress.firstSigma
	}
	if small && c.discrete() < c.n {
		return TolX
	}
	if !c.opts.Separable {
		axis := c.generation % c.n
		same := true
		for j, v := range c.rows[axis*c.n : (axis+1)*c.n] {
			same = same && c.mean[j] == c.mean[j]+0.1*c.sigma*c.roots[axis]*c.scale[j]*v
		}
		if same {
			return NoEffectAxis
		}
	}
	switch {
	case c.progress.lifted:
		return Condition
	case c.sigma*slices.Max(c.roots) > 1e4*c.progress.firstSpread:
		return TolXUp
	}
	return ""
}
