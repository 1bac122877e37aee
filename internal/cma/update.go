package cma

import (
	"cmp"
	"math"
	"slices"
)

// Tell updates the distribution from one generation. The solutions may be in
// any order and are kept as they are; their number is usually Population, and
// at least two or nothing happens. Solutions with a coordinate that is not
// finite are left out.
func (c *CMA) Tell(solutions []Solution) {
	c.rank(solutions)
	if len(c.order) < 2 {
		return
	}
	c.generation++
	c.note(solutions)
	if c.cats != nil {
		c.cats.update(solutions, c.order)
	}
	if c.n == 0 {
		return
	}
	if c.rates != nil {
		c.rates.before(c)
	}
	c.updateNormal(solutions)
	if c.rates != nil {
		c.rates.after(c)
	}
	c.correctMargin()
	if c.diagonal && !c.opts.Separable && c.generation >= c.opts.DiagonalFor {
		c.fill()
	}
}

// rank sets c.order to the solutions' indexes, best first.
func (c *CMA) rank(solutions []Solution) {
	c.order = c.order[:0]
	for i := range solutions {
		s := &solutions[i]
		if len(s.X) != c.n {
			panic("cma: Tell: length mismatch")
		}
		finite := true
		for _, x := range s.X {
			finite = finite && math.Abs(x) <= maxSigma // false for NaN
		}
		if finite {
			c.order = append(c.order, i)
		}
	}
	slices.SortStableFunc(c.order, func(a, b int) int { return Compare(&solutions[a], &solutions[b]) })
}

// Compare orders solutions by tier and value.
func Compare(a, b *Solution) int {
	switch {
	case a.Tier != b.Tier:
		return cmp.Compare(a.Tier, b.Tier)
	case math.IsNaN(a.Value) || math.IsNaN(b.Value):
		return cmp.Compare(b.Value, a.Value) // NaN counts as the lowest there
	}
	return cmp.Compare(a.Value, b.Value)
}

// note keeps the values that the criteria for stopping compare.
func (c *CMA) note(solutions []Solution) {
	values := c.buf[:0]
	for _, k := range c.order {
		if s := &solutions[k]; s.Tier == 0 && !math.IsNaN(s.Value) {
			values = append(values, s.Value)
		}
	}
	c.buf = values
	c.progress.note(values)
}

// ratesFor returns the parameters for a generation of k solutions.
func (c *CMA) ratesFor(k int) *rates {
	if k == c.base.lambda {
		return c.base
	}
	if c.spare == nil || c.spare.lambda != k {
		c.spare = newRates(c.n, k, !c.opts.Positive, c.diagonal)
	}
	return c.spare
}

// updateNormal moves m, σ and C.
func (c *CMA) updateNormal(solutions []Solution) {
	n, lambda := c.n, len(c.order)
	r := c.ratesFor(lambda)
	dim := float64(n)
	z, shift, white := c.scratch[:n], c.scratch[n:2*n], c.scratch[2*n:3*n]

	// Steps y = A⁻¹(x − m)/σ by rank, and the weights of eq. 46.
	c.buf = slices.Grow(c.buf[:0], lambda*(n+1))[:lambda*(n+1)]
	weights, steps := c.buf[:lambda], c.buf[lambda:]
	reach := math.Sqrt(dim) + 2*dim/(dim+2) // c_y of arXiv:1110.4181
	for i, k := range c.order {
		s := &solutions[k]
		y := steps[i*n : i*n+n]
		for j, x := range s.X {
			y[j] = (x - c.mean[j]) / (c.sigma * c.scale[j])
		}
		weights[i] = r.weights[i]
		if weights[i] >= 0 && !s.External {
			continue
		}
		c.whiten(z, y)
		norm2 := dot(z, z)
		if s.External && norm2 > reach*reach { // of arXiv:1110.4181
			shorten := reach / math.Sqrt(norm2)
			for j := range y {
				y[j] *= shorten
			}
			norm2 = reach * reach
		}
		if weights[i] < 0 {
			weights[i] *= dim / max(norm2, 1e-300) // eq. 46
		}
	}

	clear(shift) // ⟨y⟩_w, eq. 41
	for i := range r.mu {
		axpy(shift, weights[i], steps[i*n:])
	}
	for j := range c.mean {
		c.mean[j] += c.sigma * shift[j] // eq. 42 with c_m = 1, and without A as in arXiv:2205.13482
	}

	// Step size, eq. 43 and 44. C^−½ = B D⁻¹ Bᵀ.
	c.whiten(z, shift)
	if c.diagonal {
		copy(white, z)
	} else {
		clear(white)
		for i := range n {
			axpy(white, z[i], c.rows[i*n:])
		}
	}
	keep, gain := 1-r.cSigma, math.Sqrt(r.cSigma*(2-r.cSigma)*r.muEff)
	for j := range c.pSigma {
		c.pSigma[j] = keep*c.pSigma[j] + gain*white[j]
	}
	length := math.Sqrt(dot(c.pSigma, c.pSigma))
	expected := math.Sqrt(dim) * (1 - 1/(4*dim) + 1/(21*dim*dim))      // E‖N(0,I)‖
	c.stretch(math.Exp(min(1, r.cSigma/r.dSigma*(length/expected-1)))) // Δσ ≤ 1 as in arXiv:1110.4181

	// Covariance, eq. 45 and 47.
	stalled := 1.0 // 1 − h_σ
	warm := math.Sqrt(1 - math.Pow(1-r.cSigma, float64(2*c.generation)))
	if length/warm < (1.4+2/(dim+1))*expected {
		stalled = 0
	}
	keep, gain = 1-r.cc, (1-stalled)*math.Sqrt(r.cc*(2-r.cc)*r.muEff)
	for j := range c.pC {
		c.pC[j] = keep*c.pC[j] + gain*shift[j]
	}
	decay := 1 + r.c1*stalled*r.cc*(2-r.cc) - r.c1 - r.cMu*r.sum
	for i := range weights {
		weights[i] *= r.cMu
	}
	if c.diagonal {
		c.updateDiagonal(decay, r.c1, weights, steps)
	} else {
		c.updateFull(decay, r.c1, weights, steps)
	}
	c.guard()

	// Decompose when C has moved enough: section B.2.
	gap := max(1, int(1/(10*dim*(r.c1+r.cMu))))
	if c.diagonal || c.rates != nil || c.generation-c.decomposed >= gap {
		c.decompose()
	}
}

// updateFull is eq. 47: C ← decay·C + c1·pc·pcᵀ + Σ weights[i]·yᵢ·yᵢᵀ.
func (c *CMA) updateFull(decay, c1 float64, weights, steps []float64) {
	n := c.n
	for i := range n {
		row := c.cov[i*n : i*n+i+1]
		a := c1 * c.pC[i]
		for j := range row {
			row[j] = decay*row[j] + a*c.pC[j]
		}
	}
	for k, w := range weights {
		if w == 0 {
			continue
		}
		y := steps[k*n : k*n+n]
		for i := range n {
			axpy(c.cov[i*n:i*n+i+1], w*y[i], y)
		}
	}
	for i := range n {
		for j := range i {
			c.cov[j*n+i] = c.cov[i*n+j]
		}
	}
}

// updateDiagonal is the same for the diagonal alone.
func (c *CMA) updateDiagonal(decay, c1 float64, weights, steps []float64) {
	for j := range c.cov {
		v := decay*c.cov[j] + c1*c.pC[j]*c.pC[j]
		for k, w := range weights {
			y := steps[k*c.n+j]
			v += w * y * y
		}
		c.cov[j] = v
	}
}

// stretch multiplies σ and holds it within its bounds.
func (c *CMA) stretch(factor float64) {
	if math.IsNaN(factor) {
		factor = 1
	}
	c.sigma = min(max(c.sigma*factor, minSigma), maxSigma)
}

// guard clears evolution paths that have lost their numbers and holds the mean
// within what can be squared.
func (c *CMA) guard() {
	for j := range c.mean {
		if !(math.Abs(c.mean[j]) <= maxSigma) {
			c.mean[j] = 0
		}
		if !(math.Abs(c.pSigma[j]) <= maxSigma) || !(math.Abs(c.pC[j]) <= maxSigma) {
			clear(c.pSigma)
			clear(c.pC)
		}
	}
}
