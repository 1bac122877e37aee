package gp

import (
	"math"
	"slices"

	"github.com/gohone/hone/internal/lbfgsb"
)

// A Prior is what is believed of the hyperparameters before the data, in the
// order of theta: independent densities of its entries, normal ones where Tail is
// 0, cut off at bounds. All slices have as many entries as theta; Tail may be nil.
type Prior struct {
	Mean, SD     []float64 // an SD of +Inf is a flat density
	Lower, Upper []float64 // Lower = Upper fixes an entry
	// Tail, where it is not 0, makes a density fall off like a power above its mean:
	// z standard deviations from it, (1 + z²/Tail)^(−Tail/2), which near the mean is
	// the normal one. So a coordinate that does not matter can get a lengthscale that
	// leaves it out of account, at a bounded price.
	Tail []float64
	// Bias is b/s², the prior variance of the constant mean in units of the
	// covariance's scale.
	Bias float64
}

// at returns the logarithm of the density of hyperparameter j at t, up to a constant,
// and its derivative.
func (p *Prior) at(j int, t float64) (value, slope float64) {
	if !(p.SD[j] > 0) {
		return 0, 0
	}
	z := (t - p.Mean[j]) / p.SD[j]
	if p.Tail != nil && p.Tail[j] > 0 && z > 0 {
		tail := p.Tail[j]
		q := z * z / tail
		return -tail / 2 * math.Log1p(q), -z / (p.SD[j] * (1 + q))
	}
	return -z * z / 2, -z / p.SD[j]
}

// A Fitter finds hyperparameters. It keeps the memory that the evaluations need,
// so one Fitter should serve many fits. The zero value is ready to use; it serves
// one goroutine at a time.
type Fitter struct {
	// Search bounds the work of one Maximize. Nil is 40 iterations, a gradient of
	// 1e-2 and a relative gain of 1e-6: the surface is flat near its top, and
	// predictions are flatter still.
	Search *lbfgsb.Options

	ws             lbfgsb.Workspace
	l              factor
	k, slope, inv  []float64
	alpha, w, work []float64
	bent           Data        // the points of the last value, bent, if any of their coordinates is
	byBend         [][]float64 // the derivatives of its bent columns by their bends
}

// LogPosterior returns ln p(y | X, theta) + ln p(theta), without the constant of
// the prior, and writes its gradient with respect to theta to gradient, unless
// that is nil. It is −Inf where the covariance matrix has no factor.
//
// GPML eq. 5.8 and 5.9.
func (f *Fitter) LogPosterior(d *Data, y, theta []float64, p *Prior, gradient []float64) float64 {
	value := f.value(d, y, theta, p)
	if gradient != nil && !math.IsInf(value, -1) {
		f.gradient(d, theta, p, gradient)
	}
	return value
}

// value is LogPosterior without the gradient. It leaves behind what that needs.
func (f *Fitter) value(d *Data, y, theta []float64, p *Prior) float64 {
	n, dims := d.n, len(d.kinds)
	if len(y) != n || len(theta) != d.hyperparameters() {
		panic("gp: observations or hyperparameters have the wrong length")
	}
	f.reserve(n, dims)
	d = f.bend(d, theta)
	weights(f.w, theta)
	s2, noise := math.Exp(theta[dims]), math.Exp(theta[dims+1])
	bias := p.Bias * s2
	value := 0.0
	for j, t := range theta {
		v, _ := p.at(j, t)
		value += v
	}
	f.l.reset(n)
	for i := range n {
		at := i * (i + 1) / 2
		row, slope := f.k[at:at+i+1], f.slope[at:at+i+1]
		d.distances(row[:i], f.w, i)
		matern(row[:i], slope[:i], s2)
		row[i] = s2
		a := f.work[:i+1]
		for j, v := range row {
			a[j] = v + bias
		}
		a[i] += noise
		if !f.l.append(a, 1e-14*s2) {
			return math.Inf(-1)
		}
	}
	alpha := f.alpha[:n]
	copy(alpha, y)
	f.l.solve(alpha)
	return value - (dot(alpha, alpha)/2 + f.l.logDet() + float64(n)/2*math.Log(2*math.Pi))
}

// gradient writes the gradient at the point of the last value.
func (f *Fitter) gradient(d *Data, theta []float64, p *Prior, gradient []float64) {
	n, dims, alpha := d.n, len(d.kinds), f.alpha[:d.n]
	if len(d.bent) > 0 {
		d = &f.bent
	}
	s2, noise := math.Exp(theta[dims]), math.Exp(theta[dims+1])
	bias := p.Bias * s2
	f.l.solveTransposed(alpha)
	f.l.inverse(f.inv, f.work)
	// ∂/∂θ = ½·tr((ααᵀ − K⁻¹)·∂K/∂θ): the lower triangle counts twice. The products
	// (ααᵀ − K⁻¹)·slope replace the slopes; then ∂K/∂(ln ℓ_j) = slope·w_j·distance_j.
	for j, t := range theta {
		_, gradient[j] = p.at(j, t)
	}
	scale, trace := 0.0, 0.0
	for i := range n {
		at := i * (i + 1) / 2
		k, inv, g := f.k[at:at+i+1], f.inv[at:at+i+1], f.slope[at:at+i+1]
		ai := alpha[i]
		for j, aj := range alpha[:i] {
			m := ai*aj - inv[j]
			scale += m * (k[j] + bias)
			g[j] *= m
		}
		m := ai*ai - inv[i]
		trace += m
		for _, j := range d.num {
			gradient[j] += f.w[j] * weightedSquares(g[:i], d.cols[j], d.cols[j][i])
		}
		for _, j := range d.nom {
			gradient[j] += f.w[j] * weightedMismatches(g[:i], d.cats[j], d.cats[j][i])
		}
		for b, j := range d.bent { // ∂K/∂a_j = −slope·w_j·(u − u')·(∂u/∂a − ∂u'/∂a)
			gradient[dims+2+b] -= f.w[j] * weightedProducts(g[:i], d.cols[j], f.byBend[b], d.cols[j][i], f.byBend[b][i])
		}
	}
	gradient[dims] += scale + trace*(s2+bias)/2
	gradient[dims+1] += trace * noise / 2
}

// Maximize climbs from theta, which it overwrites, to a maximum of the posterior
// density inside the prior's bounds, and returns its logarithm there. It is −Inf,
// and theta no better than it was, when the density vanishes at the start.
func (f *Fitter) Maximize(d *Data, y, theta []float64, p *Prior) float64 {
	opts := f.Search
	if opts == nil {
		opts = &lbfgsb.Options{Iterations: 40, GradientTolerance: 1e-2, FunctionTolerance: 1e-6, FirstStep: 0.5}
	}
	res := f.ws.Minimize(func(x, g []float64, limit float64) float64 {
		v := f.value(d, y, x, p)
		if -v <= limit && !math.IsInf(v, -1) {
			f.gradient(d, x, p, g)
			for j := range g {
				g[j] = -g[j]
			}
		}
		return -v
	}, theta, p.Lower, p.Upper, opts)
	return -res.F
}

// bend returns the points as theta bends them, and notes the derivatives.
func (f *Fitter) bend(d *Data, theta []float64) *Data {
	if len(d.bent) == 0 {
		return d
	}
	f.bent = *d
	f.bent.cols = slices.Clone(d.cols)
	f.byBend = f.byBend[:0]
	for b, j := range d.bent {
		col, slope := make([]float64, d.n), make([]float64, d.n)
		for i, x := range d.cols[j] {
			col[i], _, slope[i] = Bend(x, theta[len(d.kinds)+2+b])
		}
		f.bent.cols[j], f.byBend = col, append(f.byBend, slope)
	}
	return &f.bent
}

func (f *Fitter) reserve(n, dims int) {
	if tri := n * (n + 1) / 2; len(f.k) < tri {
		f.k, f.slope, f.inv = make([]float64, tri), make([]float64, tri), make([]float64, tri)
	}
	if len(f.work) < n*n || len(f.alpha) < n {
		f.work, f.alpha = make([]float64, n*n), make([]float64, n)
	}
	if len(f.w) != dims {
		f.w = make([]float64, dims)
	}
}

// weightedSquares returns Σ g[i]·(x − col[i])².
func weightedSquares(g, col []float64, x float64) float64 {
	col = col[:len(g)]
	var s0, s1 float64
	i := 0
	for ; i+2 <= len(g); i += 2 {
		u, v := x-col[i], x-col[i+1]
		s0 += g[i] * u * u
		s1 += g[i+1] * v * v
	}
	if i < len(g) {
		u := x - col[i]
		s0 += g[i] * u * u
	}
	return s0 + s1
}

// weightedProducts returns Σ g[i]·(x − a[i])·(y − b[i]).
func weightedProducts(g, a, b []float64, x, y float64) (sum float64) {
	a, b = a[:len(g)], b[:len(g)]
	for i, v := range g {
		sum += v * (x - a[i]) * (y - b[i])
	}
	return sum
}

// weightedMismatches returns the sum of g[i] where cat[i] is not c.
func weightedMismatches(g []float64, cat []int32, c int32) float64 {
	cat = cat[:len(g)]
	s := 0.0
	for i, v := range g {
		s += math.Float64frombits(math.Float64bits(v) & differ(cat[i], c))
	}
	return s
}
