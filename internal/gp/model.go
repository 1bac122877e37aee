package gp

import (
	"math"
	"slices"
)

// A Model is a Gaussian process with given hyperparameters, conditioned on data.
// It grows by [Model.Append], after which it is, to the bit, the model that
// [NewModel] makes of all points. Predictions may be asked for by several
// goroutines, each with a [Scratch] of its own, while nobody changes the model.
type Model struct {
	given *Data
	data  *Data     // what is given, bent; the same where nothing is
	bends []float64 // by coordinate; nil: nothing is bent
	theta []float64
	w     []float64
	s2    float64
	noise float64
	bias  float64
	level int // index into jitters
	l     factor
	alpha []float64
	row   []float64
}

// NewModel factors the covariance of the points of d under theta, with the bias
// b = bias·s² (see [Prior]). The data is kept and must not be appended to except
// through the model; theta is copied. It returns ErrNotPositive when no jitter
// helps. [Model.SetValues] must follow before predictions.
func NewModel(d *Data, theta []float64, bias float64) (*Model, error) {
	dims := len(d.kinds)
	if len(theta) != d.hyperparameters() {
		panic("gp: wrong number of hyperparameters")
	}
	m := &Model{theta: append([]float64(nil), theta...), w: make([]float64, dims)}
	weights(m.w, theta)
	m.s2, m.noise = math.Exp(theta[dims]), math.Exp(theta[dims+1])
	m.bias = bias * m.s2
	if len(d.bent) > 0 {
		m.bends = make([]float64, dims)
		for b, j := range d.bent {
			m.bends[j] = theta[dims+2+b]
		}
	}
	m.take(d)
	if err := m.factor(); err != nil {
		return nil, err
	}
	return m, nil
}

// take makes d the points of the model.
func (m *Model) take(d *Data) {
	m.given, m.data = d, d
	if m.bends == nil {
		return
	}
	c := *d
	c.cols, c.cats = slices.Clone(d.cols), slices.Clone(d.cats)
	for _, j := range d.bent {
		c.cols[j] = make([]float64, d.n)
		for i, x := range d.cols[j] {
			c.cols[j][i] = m.Seen(j, x)
		}
	}
	m.data = &c
}

// Seen returns the value x of numeric coordinate j as distances see it: bent. [Model.Unseen] is its
// inverse.
func (m *Model) Seen(j int, x float64) float64 {
	if m.bends == nil || m.bends[j] == 0 {
		return x
	}
	u, _, _ := Bend(x, m.bends[j])
	return u
}

// Slope returns the derivative of [Model.Seen] at x.
func (m *Model) Slope(j int, x float64) float64 {
	if m.bends == nil {
		return 1
	}
	_, dx, _ := Bend(x, m.bends[j])
	return dx
}

// Unseen returns the value of numeric coordinate j that [Model.Seen] maps to u.
func (m *Model) Unseen(j int, u float64) float64 {
	if m.bends == nil {
		return u
	}
	return Straighten(u, m.bends[j])
}

// Len returns the number of points.
func (m *Model) Len() int { return m.data.n }

// Theta returns the hyperparameters, which the caller must not change.
func (m *Model) Theta() []float64 { return m.theta }

// Jitter returns what was added to the diagonal beside the noise, in units of s².
func (m *Model) Jitter() float64 { return jitters[m.level] }

// factor brings the factor up to the number of points, raising the jitter and
// beginning again where it must.
func (m *Model) factor() error {
	if m.l.n == 0 {
		m.l.reset(m.data.n + 16)
	}
	for m.l.n < m.data.n {
		if m.l.append(m.covariances(m.l.n), 1e-14*m.s2) {
			continue
		}
		if m.level+1 == len(jitters) {
			return ErrNotPositive
		}
		m.level++
		m.l.reset(m.data.n + 16)
	}
	return nil
}

// covariances returns the row of the covariance matrix for point i, the diagonal
// entry included.
func (m *Model) covariances(i int) []float64 {
	if cap(m.row) < i+1 {
		m.row = make([]float64, i+1, 2*i+16)
	}
	row := m.row[:i+1]
	m.data.distances(row[:i], m.w, i)
	matern(row[:i], nil, m.s2)
	for j := range i {
		row[j] += m.bias
	}
	row[i] = m.s2 + m.bias + m.noise + jitters[m.level]*m.s2
	return row
}

// Append adds the points of x to data and factor. The values stay as they are
// until the next SetValues, which must come before the next prediction.
func (m *Model) Append(x []float64) error {
	m.given.Append(x)
	if m.bends != nil {
		x = slices.Clone(x)
		for _, j := range m.data.bent {
			x[j] = m.Seen(j, x[j])
		}
		m.data.Append(x)
	}
	return m.factor()
}

// Rebase makes m the model of the points of d, which it keeps, under the same
// hyperparameters. Rows of the factor that belong to the points with which both
// sets begin are kept; the result is, to the bit, that of [NewModel].
func (m *Model) Rebase(d *Data) error {
	if len(d.kinds) != len(m.w) {
		panic("gp: points of another space")
	}
	common := 0
	if slices.Equal(d.kinds, m.given.kinds) {
		common = min(d.n, m.l.n)
		for _, j := range d.num {
			common = commonPrefix(d.cols[j][:common], m.given.cols[j][:common])
		}
		for _, j := range d.nom {
			common = commonPrefix(d.cats[j][:common], m.data.cats[j][:common])
		}
	}
	m.take(d)
	if common < m.l.n {
		if m.level > 0 { // perhaps on account of a row that is gone
			m.level, common = 0, 0
		}
		m.l.truncate(common)
	}
	return m.factor()
}

// commonPrefix returns the number of elements with which both slices, which are
// equally long, begin.
func commonPrefix[T comparable](a, b []T) int {
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

// SetValues conditions on y, one observation for each point.
func (m *Model) SetValues(y []float64) {
	if len(y) != m.l.n {
		panic("gp: wrong number of observations")
	}
	m.alpha = append(m.alpha[:0], y...)
	m.l.solve(m.alpha)
	m.l.solveTransposed(m.alpha)
}

// Scratch is the memory of one goroutine's predictions from one model after
// another. The zero value is ready to use.
type Scratch struct {
	k, slope, v []float64
	sigma       float64
}

func (s *Scratch) reserve(n int) {
	if cap(s.k) < n {
		s.k, s.slope, s.v = make([]float64, n, n+n/2+16), make([]float64, n, n+n/2+16), make([]float64, n, n+n/2+16)
	}
	s.k, s.slope, s.v = s.k[:n], s.slope[:n], s.v[:n]
}

// Predict returns mean and standard deviation of the function (without the noise)
// at x. The standard deviation is never 0. What [Model.Gradient] needs is left in
// the scratch.
//
// GPML eq. 2.25 and 2.26.
func (m *Model) Predict(s *Scratch, x []float64) (mu, sigma float64) {
	s.reserve(m.l.n)
	m.Distances(s.k, x)
	matern(s.k, s.slope, m.s2)
	for i := range s.k {
		s.k[i] += m.bias
	}
	mu = dot(s.k, m.alpha)
	copy(s.v, s.k)
	m.l.solve(s.v)
	variance := m.s2 + m.bias - dot(s.v, s.v)
	s.sigma = math.Sqrt(max(variance, 1e-12*m.s2))
	return mu, s.sigma
}

// Glance returns the mean at a point whose squared distances to the points of the
// model are r2 (see [Model.Distances]) and an upper bound of the standard deviation:
// what it would be with the nearest point alone. It costs a small part of
// Predict. [Model.Finish] goes on from there.
func (m *Model) Glance(s *Scratch, r2 []float64) (mu, bound float64) {
	s.reserve(m.l.n)
	copy(s.k, r2)
	matern(s.k, nil, m.s2)
	nearest := 0.0
	for i, k := range s.k {
		k += m.bias
		s.k[i] = k
		if k > nearest { // the builtin max costs as much as all of Matérn's function
			nearest = k
		}
	}
	total := m.s2 + m.bias
	variance := total*(1+slack) - nearest*nearest/(total+m.noise+jitters[m.level]*m.s2)
	return dot(s.k, m.alpha), math.Sqrt(max(variance, 1e-12*m.s2))
}

// Finish returns the standard deviation at the point of the last Glance, and true.
// On the way it may give up: now and then it asks, with an upper bound of the
// standard deviation that gets closer, whether to go on, and returns false when told
// not to. The bound is what the deviation would be with the first points alone; their
// share of the work is its square. The scratch serves one Finish, and no Gradient.
func (m *Model) Finish(s *Scratch, goOn func(bound float64) bool) (sigma float64, ok bool) {
	n, total := m.l.n, m.s2+m.bias
	rest := total * (1 + slack)
	for i := 0; i < n; {
		next := min(i+finishRows, n)
		m.l.solveRows(s.k[:next], 0, i)
		if next < n {
			rest -= dot(s.k[i:next], s.k[i:next])
			if !goOn(math.Sqrt(max(rest, 1e-12*m.s2))) {
				return 0, false
			}
		}
		i = next
	}
	variance := total - dot(s.k, s.k)
	return math.Sqrt(max(variance, 1e-12*m.s2)), true
}

const (
	// finishRows is how many points [Model.Finish] takes into account between two
	// questions: whole blocks of the factor, so that asking does not change the result.
	finishRows = blockRows
	// slack is added to bounds, in units of the prior variance: sums of n terms in
	// two orders may differ by n·1.1e-16 of that.
	slack = 1e-12
)

// Gradient writes to dst, for numeric coordinates, the gradient of a function of
// the last Predict's mu and sigma whose derivatives are dMu and dSigma. Nominal
// coordinates get 0. x is the point of that Predict. The scratch must come from
// Predict on this model and serves one Gradient.
func (m *Model) Gradient(s *Scratch, dst, x []float64, dMu, dSigma float64) {
	// ∂μ = αᵀ∂k and ∂σ = −(K⁻¹k)ᵀ∂k/σ.
	m.l.solveTransposed(s.v)
	for i, a := range m.alpha {
		s.slope[i] *= dMu*a - dSigma/s.sigma*s.v[i]
	}
	clear(dst)
	// ∂k_i/∂x_j = −slope_i·w_j·(u_j − u_ij)·∂u_j/∂x_j
	for _, j := range m.data.num {
		dst[j] = -m.w[j] * weightedDifferences(s.slope, m.data.cols[j], m.Seen(j, x[j]))
	}
	for _, j := range m.data.bent {
		dst[j] *= m.Slope(j, x[j])
	}
}

// Fitted writes to dst the mean at each of the model's own points. y is what
// SetValues was given.
func (m *Model) Fitted(dst, y []float64) {
	noise := m.noise + jitters[m.level]*m.s2
	for i, a := range m.alpha {
		dst[i] = y[i] - noise*a // K·α with (K + noise·I)·α = y
	}
}

// LeaveOneOut writes to mu and sigma what the other points foretell of each
// observation, its noise included. y is what SetValues was given. It takes time
// of order n³.
//
// GPML eq. 5.12.
func (m *Model) LeaveOneOut(mu, sigma, y []float64) {
	n := m.l.n
	inv := make([]float64, n*(n+1)/2)
	m.l.inverse(inv, make([]float64, n*n))
	for i := range n {
		v := 1 / inv[i*(i+3)/2]
		mu[i] = y[i] - m.alpha[i]*v
		sigma[i] = math.Sqrt(v)
	}
}

// NoiseVariance returns σ², the variance of one observation about the function.
func (m *Model) NoiseVariance() float64 { return m.noise }

// Distances writes the squared scaled distance of x to each point to dst, whose
// length is [Model.Len].
func (m *Model) Distances(dst, x []float64) {
	m.data.addNumeric(dst, m.w, func(j int) float64 { return m.Seen(j, x[j]) })
	for _, j := range m.data.nom {
		addMismatches(dst, m.data.cats[j], int32(x[j]), m.w[j])
	}
}

// Shift changes the distances r2 of a point into those of the point whose
// coordinate j is moved from one value to another. NaN as from (or to) leaves
// out the part to be subtracted (or added), so that one coordinate can be taken
// out once and many values put in.
func (m *Model) Shift(dst, r2 []float64, j int, from, to float64) {
	copy(dst, r2)
	if m.data.kinds[j] == Nominal {
		if from == from {
			addMismatches(dst, m.data.cats[j], int32(from), -m.w[j])
		}
		if to == to {
			addMismatches(dst, m.data.cats[j], int32(to), m.w[j])
		}
	} else {
		if from == from {
			addSquares(dst, m.data.cols[j], m.Seen(j, from), -m.w[j])
		}
		if to == to {
			addSquares(dst, m.data.cols[j], m.Seen(j, to), m.w[j])
		}
	}
	for i, r := range dst {
		if r < 0 {
			dst[i] = 0
		}
	}
}

// weightedDifferences returns Σ g[i]·(x − col[i]).
func weightedDifferences(g, col []float64, x float64) float64 {
	col = col[:len(g)]
	var s0, s1 float64
	i := 0
	for ; i+2 <= len(g); i += 2 {
		s0 += g[i] * (x - col[i])
		s1 += g[i+1] * (x - col[i+1])
	}
	if i < len(g) {
		s0 += g[i] * (x - col[i])
	}
	return s0 + s1
}
