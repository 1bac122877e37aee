package cma

import "math"

// correctMargin keeps discrete coordinates moving. When the spread of such a
// coordinate falls well below its cells, all samples fall into one cell and
// the search in it is over, right or wrong. So after every update the mean and
// the scale A are changed, as little as may be, such that neighbouring cells
// keep a probability: Hamano, Saito, Nomura and Shirakawa, "CMA-ES with
// Margin", 2022, arXiv:2205.13482, section 4.
func (c *CMA) correctMargin() {
	if c.opts.Cell == nil {
		return
	}
	alpha := 1 / float64(c.n*c.opts.Population) // as the paper recommends
	for j := range c.mean {
		lo, hi, ok := c.opts.Cell(j, c.mean[j])
		if ok && !(math.IsInf(lo, -1) && math.IsInf(hi, 1)) {
			c.marginAt(j, lo, hi, alpha)
		}
	}
}

// marginAt corrects coordinate j, whose mean lies in the cell from lo to hi.
func (c *CMA) marginAt(j int, lo, hi, alpha float64) {
	m := c.mean[j]
	std := c.Std(j)
	if !(std > 0) {
		return
	}
	below, above := upperTail((m-lo)/std), upperTail((hi-m)/std) // 0 beyond the ends
	switch {
	case math.IsInf(lo, -1): // the lowest cell, hi the only threshold
		if above < alpha {
			c.mean[j] = hi - std*quantile(alpha)
		}
		return
	case math.IsInf(hi, 1): // the highest cell
		if below < alpha {
			c.mean[j] = lo + std*quantile(alpha)
		}
		return
	}
	mid := 1 - below - above
	if below >= alpha/2 && above >= alpha/2 {
		return
	}
	// Lift the small tails to alpha/2 and take what that adds from the others, in
	// proportion to what they have above alpha/2.
	b, a := max(below, alpha/2), max(above, alpha/2)
	excess := (1 - b - a - mid) / (b + a + mid - 1.5*alpha)
	b = clampTail(b + excess*(b-alpha/2))
	a = clampTail(a + excess*(a-alpha/2))
	// Mean and scale that give these two tails: (m − lo)/std = q(b) and
	// (hi − m)/std = q(a). The paper writes q as the root of a χ² quantile.
	qb, qa := quantile(b), quantile(a)
	c.scale[j] = (hi - lo) / (c.sigma * math.Sqrt(c.variance(j)) * (qb + qa))
	c.mean[j] = (lo*qa + hi*qb) / (qb + qa)
}

func clampTail(p float64) float64 { return min(max(p, 1e-10), 0.5-1e-10) }

// upperTail returns P(Z > x) of a standard normal Z.
func upperTail(x float64) float64 { return 0.5 * math.Erfc(x/math.Sqrt2) }

// quantile returns x with P(Z > x) = p.
func quantile(p float64) float64 { return math.Sqrt2 * math.Erfcinv(2*p) }
