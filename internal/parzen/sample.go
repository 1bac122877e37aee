package parzen

import (
	"math"
	"math/rand/v2"
	"sort"
)

// Prior is the number of the prior kernel for Draw.
const Prior = -1

// Kernel draws a kernel with the mixture's weights: the position of its point in
// the order of keys, or Prior.
func (e *Estimator) Kernel(r *rand.Rand) int {
	u := r.Float64() * e.sum[len(e.sum)-1]
	i := sort.SearchFloat64s(e.sum, u)
	for i < len(e.keys) && !(e.weight[i] > 0) {
		i++
	}
	if i >= len(e.keys) {
		return Prior
	}
	return i
}

// Centre returns the coordinate of kernel i's point in dimension j, as a value of
// the dimension: the middle for the prior's and for one that is unknown.
func (e *Estimator) Centre(i, j int) float64 {
	d := &e.dims[j]
	if i == Prior || math.IsNaN(e.place[i*len(e.dims)+j]) {
		if !d.Numeric() {
			return 0
		}
		return d.Value(0.5)
	}
	return d.Value(e.place[i*len(e.dims)+j])
}

// Draw draws a value from kernel i in dimension j.
func (e *Estimator) Draw(r *rand.Rand, i, j int) float64 {
	e.update()
	d := &e.dims[j]
	at := i*len(e.dims) + j
	unknown := i == Prior || math.IsNaN(e.place[at])
	if !d.Numeric() {
		if unknown {
			return float64(r.IntN(d.categories))
		}
		p := e.opt.Spread / float64(len(e.keys)+1)
		k := float64(d.categories)
		if r.Float64()*(1+p*k) < 1 {
			return e.place[at]
		}
		return float64(r.IntN(d.categories))
	}
	if unknown {
		return d.Value(truncated(r, 0.5, 1))
	}
	return d.Value(truncated(r, e.place[at], e.sigma[at]))
}

// Sample draws a point of the mixture into x.
func (e *Estimator) Sample(r *rand.Rand, x []float64) {
	i := e.Kernel(r)
	for j := range x {
		x[j] = e.Draw(r, i, j)
	}
}

// truncated draws from a normal distribution truncated to [0, 1].
func truncated(r *rand.Rand, mu, sigma float64) float64 {
	if mu >= 0 && mu <= 1 {
		// A fifth of the mass at least lies in the range for σ ≤ 2.
		for range 64 {
			if u := mu + sigma*r.NormFloat64(); u >= 0 && u <= 1 {
				return u
			}
		}
	}
	u := mu + sigma*Quantile(r.Float64(), -mu/sigma, (1-mu)/sigma)
	return min(max(u, 0), 1)
}
