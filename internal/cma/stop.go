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
	firstSigma  float64
	firstSpread float64
	lifted      bool // C was repaired at the last decomposition

	// Best and median values by generation, of the solutions of tier 0. Full
	// chunks never change, so copies of a progress share them.
	chunks [][]pair
	tail   []pair
}

type pair struct{ best, median float64 }

const chunk = 256

// note takes in the values of a generation, sorted by rank.
func (p *progress) note(values []float64) {
	if len(values) == 0 {
		return
	}
	p.tail = append(p.tail, pair{values[0], values[len(values)/2]})
	if len(p.tail) == chunk {
		p.chunks = append(slices.Clip(p.chunks), p.tail)
		p.tail = nil
	}
}

func (p *progress) clone() progress {
	c := *p
	c.tail = slices.Clone(p.tail)
	return c
}

func (p *progress) len() int { return len(p.chunks)*chunk + len(p.tail) }

func (p *progress) at(i int) pair {
	if k := i / chunk; k < len(p.chunks) {
		return p.chunks[k][i%chunk]
	}
	return p.tail[i%chunk]
}

// Stop tells whether the search should end, and why.
func (c *CMA) Stop() Reason {
	variables := float64(c.n)
	if c.cats != nil {
		variables += float64(len(c.cats.q))
	}
	p, lambda := &c.progress, float64(c.opts.Population)
	if window := 10 + int(math.Ceil(30*variables/lambda)); p.len() >= window {
		low, high := math.Inf(1), math.Inf(-1)
		for i := p.len() - window; i < p.len(); i++ {
			low, high = min(low, p.at(i).best), max(high, p.at(i).best)
		}
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

// stagnates looks at the last fifth of the generations, at least so many and at
// most 20,000: neither in the best nor in the median values is the median of
// the last 30 % better than that of the first 30 %.
func (p *progress) stagnates(least int) bool {
	window := min(max(least, p.len()/5), 20000)
	if p.len() < window {
		return false
	}
	part := max(1, window*3/10)
	first, last := p.len()-window, p.len()-part
	middle := func(from int, of func(pair) float64) float64 {
		values := make([]float64, part)
		for i := range values {
			values[i] = of(p.at(from + i))
		}
		slices.Sort(values)
		return values[part/2]
	}
	for _, of := range []func(pair) float64{
		func(v pair) float64 { return v.best }, func(v pair) float64 { return v.median },
	} {
		if middle(last, of) < middle(first, of) {
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
	if !c.diagonal {
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
