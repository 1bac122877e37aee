package cma

import "math"

// adaptive scales each update of m and of Σ = σ²C by a learning rate η that is
// driven to hold the signal-to-noise ratio of the updates at a constant times
// η: on a noisy or multimodal function steps become small enough to average
// out what misleads them. Nomura, Akimoto and Ono, "CMA-ES with Learning Rate
// Adaptation", 2023, arXiv:2304.03473, with its constants.
type adaptive struct {
	mean, cov signal

	oldMean []float64
	oldCov  []float64 // Σ before the update, in the form of CMA.cov
	root    []float64 // Σ^−½ before the update, likewise
	local   []float64
	product []float64
}

const (
	snrTarget = 1.4  // α
	etaSpeed  = 0.1  // γ
	betaMean  = 0.1  // β_m
	betaCov   = 0.03 // β_Σ
)

// A signal follows one kind of update: exponential averages of the update in
// local coordinates and of its square, and the rate that follows from them.
type signal struct {
	beta, eta, square float64
	average           []float64
}

func newAdaptive(n int, separable bool) *adaptive {
	size := n * n
	if separable {
		size = n
	}
	vec := func(n int) []float64 { return make([]float64, n) }
	return &adaptive{
		mean:    signal{beta: betaMean, eta: 1, average: vec(n)},
		cov:     signal{beta: betaCov, eta: 1, average: vec(size)},
		oldMean: vec(n), oldCov: vec(size), root: vec(size), local: vec(size), product: vec(size),
	}
}

func (a *adaptive) clone() *adaptive {
	d := newAdaptive(len(a.oldMean), len(a.oldCov) == len(a.oldMean))
	for _, s := range []struct{ to, from *signal }{{&d.mean, &a.mean}, {&d.cov, &a.cov}} {
		copy(s.to.average, s.from.average)
		s.to.eta, s.to.square = s.from.eta, s.from.square
	}
	return d
}

// note takes the update into the averages and moves η.
func (s *signal) note(update []float64) {
	norm2, avg2 := 0.0, 0.0
	for i, u := range update {
		s.average[i] += s.beta * (u - s.average[i])
		norm2 += u * u
		avg2 += s.average[i] * s.average[i]
	}
	s.square += s.beta * (norm2 - s.square)
	// SNR = (‖E‖² − β/(2−β)·V)/(V − ‖E‖²)
	ratio := (avg2 - s.beta/(2-s.beta)*s.square) / (s.square - avg2)
	step := min(max(ratio/(snrTarget*s.eta)-1, -1), 1)
	if math.IsNaN(step) {
		return
	}
	// η ← η·exp(min(γη, β)·clip(SNR/(αη) − 1))
	s.eta = min(1, s.eta*math.Exp(min(etaSpeed*s.eta, s.beta)*step))
}

// before keeps the state that an update starts from.
func (a *adaptive) before(c *CMA) {
	copy(a.oldMean, c.mean)
	for i, v := range c.cov {
		a.oldCov[i] = c.sigma * c.sigma * v
	}
	if c.diagonal {
		for i, r := range c.roots {
			a.root[i] = 1 / (c.sigma * r)
		}
		return
	}
	n := c.n
	clear(a.root)
	for k, r := range c.roots { // Σ^−½ = B D⁻¹ Bᵀ/σ
		row := c.rows[k*n : k*n+n]
		for i, v := range row {
			axpy(a.root[i*n:i*n+n], v/(c.sigma*r), row)
		}
	}
}

// after shortens the update that has just been made.
func (a *adaptive) after(c *CMA) {
	n := c.n
	// Updates in local coordinates: Σ^−½·Δm, and Σ^−½·ΔΣ·Σ^−½/√2.
	step := c.scratch[:n]
	for j := range step {
		step[j] = c.mean[j] - a.oldMean[j]
	}
	delta := a.product
	for i, v := range c.cov {
		delta[i] = c.sigma*c.sigma*v - a.oldCov[i]
	}
	etaBefore := a.mean.eta
	if c.diagonal {
		local := a.local
		for i, r := range a.root {
			local[i] = r * step[i]
		}
		a.mean.note(local)
		for i, r := range a.root {
			local[i] = r * delta[i] * r / math.Sqrt2
		}
		a.cov.note(local)
	} else {
		white := c.scratch[n : 2*n]
		for i := range white {
			white[i] = dot(a.root[i*n:], step)
		}
		a.mean.note(white)
		a.cov.note(a.congruent(delta, n))
	}
	for j := range c.mean {
		c.mean[j] = a.oldMean[j] + a.mean.eta*(c.mean[j]-a.oldMean[j])
	}
	for i := range c.cov {
		now := c.sigma * c.sigma * c.cov[i]
		c.cov[i] = a.oldCov[i] + a.cov.eta*(now-a.oldCov[i])
	}
	// Split Σ again into σ = det(Σ)^(1/2n) and C.
	c.decompose()
	sum := 0.0
	for _, r := range c.roots {
		sum += math.Log(r)
	}
	c.sigma = min(max(math.Exp(sum/float64(n)), minSigma), maxSigma)
	for i := range c.cov {
		c.cov[i] /= c.sigma * c.sigma
	}
	for i := range c.roots {
		c.roots[i] /= c.sigma
	}
	c.stretch(etaBefore / a.mean.eta) // the best σ is inverse to η_m
}

// congruent returns Σ^−½·delta·Σ^−½/√2. All are symmetric.
func (a *adaptive) congruent(delta []float64, n int) []float64 {
	half := a.local // delta·Σ^−½, by rows
	clear(half)
	for i := range n {
		for k, v := range delta[i*n : i*n+n] {
			axpy(half[i*n:i*n+n], v, a.root[k*n:])
		}
	}
	out := delta // may be overwritten now
	clear(out)
	for i := range n {
		for k, v := range a.root[i*n : i*n+n] {
			axpy(out[i*n:i*n+n], v/math.Sqrt2, half[k*n:])
		}
	}
	return out
}
