// Package cma implements the covariance matrix adaptation evolution strategy,
// CMA-ES, as a pair of ask and tell on slices of numbers. It knows nothing of
// trials or domains.
//
// [New] makes a search distribution N(m, σ²·A·C·A), [CMA.Ask] draws from it,
// and [CMA.Tell] moves it towards the better solutions of a generation:
//
//	c := cma.New(cma.Options{Mean: start, Sigma: 0.3})
//	for range generations {
//		for i := range c.Population() {
//			c.Ask(rng, &s[i])
//			s[i].Value = f(s[i].X)
//		}
//		c.Tell(s)
//	}
//
// Around this core: a diagonal covariance (Options.Separable), a margin that
// keeps integers moving (Options.Cell), categorical variables
// (Options.Categories), learning rates that adapt to noise and many optima
// (Options.AdaptRates), a start from earlier results ([WarmStart]), reasons to
// stop ([CMA.Stop]) and what to do then ([Restarts]).
//
// The core follows Hansen, "The CMA Evolution Strategy: A Tutorial", 2016 (2023),
// arXiv:1604.00772; numbers of equations are the tutorial's where no other
// source is named. Everything is deterministic: the same calls with the same
// random stream give the same bits.
package cma

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gohone/hone/internal/eigen"
)

// Options configure a distribution.
type Options struct {
	// Mean is the initial mean. Its length is the number of numeric
	// coordinates n, which may be zero if there are categories.
	Mean []float64
	// Sigma is the initial step size, above zero.
	Sigma float64
	// Cov is the initial covariance C, n×n by rows, of which the lower triangle is read. nil is
	// the identity. It need not be positive definite.
	Cov []float64
	// Population is the number λ of solutions in a generation. 0 means
	// 4 + ⌊3 ln N⌋ (eq. 48), where N counts coordinates and categories.
	Population int
	// Separable keeps C diagonal: cost O(n) for a solution in place of O(n²),
	// and no adaptation to rotated problems.
	Separable bool
	// DiagonalFor is the number of generations in which C is diagonal, as with
	// Separable, before it becomes full: a diagonal is learnt n times as fast.
	// Ros and Hansen (see rates) propose 100 n/√λ.
	DiagonalFor int
	// Positive leaves out the negative weights of the worse half.
	Positive bool
	// AdaptRates scales the updates by learning rates that follow the
	// signal-to-noise ratio, for noisy and multimodal functions.
	AdaptRates bool
	// Cell makes coordinates discrete: for a value v of coordinate j it returns
	// the ends of the cell that v lies in, −Inf or +Inf for the outermost cells. A
	// continuous coordinate has ok false. nil: all are continuous. See margin.
	Cell func(j int, v float64) (lo, hi float64, ok bool)
	// Categories has the number of categories of each categorical variable.
	Categories []int
	// Probabilities are the initial probabilities of each variable's
	// categories. nil: uniform.
	Probabilities [][]float64
}

// A Solution is one point of a generation.
type Solution struct {
	X []float64 // coordinates, len n
	C []int     // categories, len Options.Categories
	// Tier and Value rank the solution: any solution of a lower tier is better;
	// within a tier the lower value is, and NaN is worst. Equals rank by
	// position.
	Tier  int
	Value float64
	// External marks a solution that was not drawn from the present
	// distribution. Its step is shortened to a plausible length: Hansen,
	// "Injecting External Solutions Into CMA-ES", 2011, arXiv:1110.4181.
	External bool
}

// A CMA is the state of a search. It is not safe for concurrent use.
type CMA struct {
	opts Options
	n    int
	base *rates // for generations of the usual size

	diagonal bool // C is diagonal now

	mean       []float64
	sigma      float64
	scale      []float64 // diagonal of A, all ones without discrete coordinates
	cov        []float64 // C, n×n, or its diagonal
	rows       []float64 // eigenvectors of C as rows; nil if separable
	roots      []float64 // square roots of the eigenvalues
	pSigma, pC []float64 // evolution paths
	generation int       // number of updates
	decomposed int       // generation of the last decomposition

	cats     *categorical
	rates    *adaptive
	progress progress

	buf     []float64 // generation's steps y by rank, λ×n
	scratch []float64 // 4n
	order   []int
	spare   *rates // for the last generation of an unusual size
}

// maxCondition bounds the condition number of C: Matlab code in the tutorial.
const maxCondition = 1e14

// New returns the initial state. It keeps nothing of o's slices. A Sigma that
// is not a positive number counts as 1e-150; a Mean that is not finite (or beyond 1e150) counts as
// zero in that coordinate.
func New(o Options) *CMA {
	n := len(o.Mean)
	if o.Cov != nil && len(o.Cov) != n*n {
		panic("cma: New: length mismatch")
	}
	if o.Population <= 0 {
		o.Population = DefaultPopulation(n + len(o.Categories))
	}
	o.Population = max(o.Population, 2)
	c := &CMA{
		opts:    o,
		n:       n,
		mean:    slices.Clone(o.Mean),
		sigma:   o.Sigma,
		scale:   make([]float64, n),
		roots:   make([]float64, n),
		pSigma:  make([]float64, n),
		pC:      make([]float64, n),
		scratch: make([]float64, 4*n),

		diagonal: o.Separable || o.DiagonalFor > 0,
	}
	if n > 0 {
		c.base = newRates(n, o.Population, !o.Positive, c.diagonal)
	}
	if !(c.sigma >= minSigma && c.sigma <= maxSigma) {
		c.sigma = minSigma
	}
	for j := range n {
		c.scale[j] = 1
		if !(math.Abs(c.mean[j]) <= maxSigma) {
			c.mean[j] = 0
		}
	}
	if c.diagonal {
		c.cov = make([]float64, n)
	} else {
		c.cov = make([]float64, n*n)
		c.rows = make([]float64, n*n)
	}
	c.setCov(o.Cov)
	if len(o.Categories) > 0 {
		c.cats = newCategorical(o.Categories, o.Probabilities, c.discrete())
	}
	if o.AdaptRates {
		c.rates = newAdaptive(n, c.diagonal)
	}
	c.correctMargin()
	if n > 0 {
		c.progress.firstSpread = c.sigma * slices.Max(c.roots)
	}
	c.progress.firstSigma = c.sigma
	c.opts.Mean, c.opts.Cov, c.opts.Categories, c.opts.Probabilities = nil, nil, nil, nil
	return c
}

// Step sizes outside these bounds would soon overflow or vanish.
const minSigma, maxSigma = 1e-150, 1e150

// DefaultPopulation is eq. 48: 4 + ⌊3 ln n⌋ for n variables.
func DefaultPopulation(n int) int { return 4 + int(3*math.Log(float64(max(n, 1)))) }

// discrete counts the coordinates that have cells.
func (c *CMA) discrete() int {
	count := 0
	if c.opts.Cell != nil {
		for j, m := range c.mean {
			if _, _, ok := c.opts.Cell(j, m); ok {
				count++
			}
		}
	}
	return count
}

// setCov sets C from a full matrix, nil being the identity, and decomposes it.
func (c *CMA) setCov(full []float64) {
	n := c.n
	for i := range n {
		for j := range i + 1 {
			v := 0.0
			switch {
			case full != nil:
				v = full[i*n+j]
			case i == j:
				v = 1
			}
			if !c.diagonal {
				c.cov[i*n+j], c.cov[j*n+i] = v, v
			} else if i == j {
				c.cov[i] = v
			}
		}
	}
	c.decompose()
}

// fill makes a diagonal C a full one.
func (c *CMA) fill() {
	n := c.n
	diagonal := c.cov
	c.diagonal = false
	c.cov, c.rows = make([]float64, n*n), make([]float64, n*n)
	for i, v := range diagonal {
		c.cov[i*n+i] = v
	}
	c.base, c.spare = newRates(n, c.opts.Population, !c.opts.Positive, false), nil
	if c.rates != nil {
		c.rates = newAdaptive(n, false)
	}
	c.decompose()
}

// Clone returns a copy that shares no state with c.
func (c *CMA) Clone() *CMA {
	d := *c
	for _, v := range []*[]float64{&d.mean, &d.scale, &d.cov, &d.rows, &d.roots, &d.pSigma, &d.pC} {
		*v = slices.Clone(*v)
	}
	d.scratch, d.buf, d.order = make([]float64, 4*c.n), nil, nil
	d.progress = c.progress.clone()
	if c.cats != nil {
		d.cats = c.cats.clone()
	}
	if c.rates != nil {
		d.rates = c.rates.clone()
	}
	return &d
}

// Population returns λ.
func (c *CMA) Population() int { return c.opts.Population }

// Generation returns the number of updates so far.
func (c *CMA) Generation() int { return c.generation }

// Mean returns the mean m, which is the CMA's own and must not be changed.
func (c *CMA) Mean() []float64 { return c.mean }

// Sigma returns the step size σ.
func (c *CMA) Sigma() float64 { return c.sigma }

// Repaired reports whether the last decomposition found C ill-conditioned or
// not finite and repaired it.
func (c *CMA) Repaired() bool { return c.progress.lifted }

// Std returns the standard deviation of coordinate j.
func (c *CMA) Std(j int) float64 { return c.sigma * c.scale[j] * math.Sqrt(c.variance(j)) }

func (c *CMA) variance(j int) float64 {
	if c.diagonal {
		return c.cov[j]
	}
	return c.cov[j*c.n+j]
}

// Ask draws a solution into s, whose slices are used again if they have the
// room. It takes n normal numbers and one uniform number for each categorical
// variable from rng.
func (c *CMA) Ask(rng *rand.Rand, s *Solution) {
	n := c.n
	s.X = slices.Grow(s.X[:0], n)[:n]
	z := c.scratch[:n]
	for j := range z {
		z[j] = rng.NormFloat64() // eq. 38
	}
	c.color(s.X, z)
	for j, y := range s.X {
		s.X[j] = c.mean[j] + c.sigma*c.scale[j]*y // eq. 40
	}
	s.C = s.C[:0]
	if c.cats != nil {
		s.C = c.cats.draw(rng, s.C)
	}
	s.Tier, s.Value, s.External = 0, 0, false
}

// color computes y = B D z (eq. 39).
func (c *CMA) color(y, z []float64) {
	if c.diagonal {
		for j := range y {
			y[j] = c.roots[j] * z[j]
		}
		return
	}
	clear(y)
	for i := range c.n {
		axpy(y, c.roots[i]*z[i], c.rows[i*c.n:])
	}
}

// whiten computes z = D⁻¹ Bᵀ y, so that ‖z‖ = ‖C^−½ y‖.
func (c *CMA) whiten(z, y []float64) {
	for i := range z {
		v := y[i]
		if !c.diagonal {
			v = dot(c.rows[i*c.n:], y)
		}
		z[i] = v / c.roots[i]
	}
}

// decompose brings the eigenvectors and roots up to date with C. A C that has
// lost its definiteness or its numbers is repaired: eigenvalues are lifted to
// largest/1e14, and a matrix without a finite
// positive eigenvalue becomes the identity.
func (c *CMA) decompose() {
	n := c.n
	if n == 0 {
		return
	}
	c.decomposed = c.generation
	ok := true
	if c.diagonal {
		for j, v := range c.cov {
			c.roots[j] = v
			ok = ok && !math.IsNaN(v) && !math.IsInf(v, 0)
		}
	} else {
		ok = eigen.Symmetric(c.cov, n, c.roots, c.rows, c.scratch)
	}
	top, low := slices.Max(c.roots), slices.Min(c.roots)
	if !ok || !(top >= 1e-300 && top <= 1e300) {
		c.reset()
		c.progress.lifted = true
		return
	}
	lift := 0.0
	c.progress.lifted = low < top/maxCondition
	if c.progress.lifted {
		lift = top/maxCondition - low
		for j := range n {
			if c.diagonal {
				c.cov[j] += lift
			} else {
				c.cov[j*n+j] += lift
			}
		}
	}
	for i, v := range c.roots {
		c.roots[i] = math.Sqrt(v + lift)
	}
}

// reset makes C the identity.
func (c *CMA) reset() {
	n := c.n
	clear(c.cov)
	clear(c.rows)
	for i := range n {
		c.roots[i] = 1
		if c.diagonal {
			c.cov[i] = 1
		} else {
			c.cov[i*n+i], c.rows[i*n+i] = 1, 1
		}
	}
}

// axpy adds a·x to y.
func axpy(y []float64, a float64, x []float64) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += a * v
	}
}

// dot returns Σ a[i]·b[i] over b's length.
func dot(a, b []float64) float64 {
	a = a[:len(b)]
	sum := 0.0
	for i, v := range b {
		sum += a[i] * v
	}
	return sum
}
