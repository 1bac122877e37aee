package bayes

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gohone/hone/internal/gp"
	"github.com/gohone/hone/internal/lbfgsb"
)

const (
	// sweepCells is the largest number of cells of an ordinal, and sweepCategories
	// that of a nominal, of which every one is tried in turn. Larger ordinals take
	// part in the gradient search and are rounded, then refined by steps of 1, 2,
	// 4, … cells; of larger nominals those seen so far are tried, and a new one.
	sweepCells      = 32
	sweepCategories = 64

	randomCandidates = 400 // points by chance
	nearCandidates   = 40  // points near each of the best
	nearBest         = 5   // how many of the best
	localStarts      = 5   // candidates from which the climbs begin, beside the best trial
	sweeps           = 10  // rounds of one climb
)

// A search looks for the point of greatest promise.
type search struct {
	space  *Space
	models []*gp.Model // one for each output, on the same points
	crit   criterion
	belief func(x []float64) float64 // weight times it is added to the promise; nil: nothing
	weight float64
	x      [][]float64 // the points of the models that were evaluated, best first
	base   []float64   // values of coordinates that are kept
	kept   []bool      // nil: none
	tried  memory      // points that are not to be proposed
	rng    *rand.Rand

	scratch                []gp.Scratch
	z, g                   []float64   // what the models see, and a gradient there
	r2                     [][]float64 // by model: distances
	shifted                []float64
	mu, sigma, dMu, dSigma []float64
	parent                 []bool // by coordinate: groups depend on it
	projected              []bool // by coordinate: models see it through components
	bent                   []bool // coordinates that models may see on another scale
	relaxed                []int  // coordinates of the gradient search
	swept                  []int  // coordinates that are tried cell by cell
	ws                     lbfgsb.Workspace
}

// prepare makes the search's memory ready. It must be called once, when the fields
// above are set.
func (s *search) prepare() {
	most, q := 0, len(s.models)
	s.scratch = make([]gp.Scratch, q)
	s.z, s.g = make([]float64, s.space.seen()), make([]float64, s.space.seen())
	s.r2 = make([][]float64, q)
	for k, m := range s.models {
		s.r2[k] = make([]float64, m.Len())
		most = max(most, m.Len())
	}
	s.shifted = make([]float64, most)
	s.mu, s.sigma, s.dMu, s.dSigma = make([]float64, q), make([]float64, q), make([]float64, q), make([]float64, q)
	s.parent, s.bent = s.space.deciding(), make([]bool, len(s.space.Dims))
	for _, j := range s.space.bent() {
		s.bent[j] = true
	}
	s.projected = make([]bool, len(s.space.Dims))
	if s.space.projection != nil {
		for _, j := range s.space.projection.dims {
			s.projected[j] = true
		}
	}
	for j, d := range s.space.Dims {
		if s.kept != nil && s.kept[j] {
			continue
		}
		if d.Kind == Continuous || d.Kind == Ordinal && d.Cells > sweepCells && !s.parent[j] {
			s.relaxed = append(s.relaxed, j)
		}
		if d.Kind != Continuous && d.Cells > 1 {
			s.swept = append(s.swept, j)
		}
	}
}

// value returns the promise of x.
func (s *search) value(x []float64) float64 {
	v, _ := s.valueAbove(x, math.Inf(-1))
	return v
}

// valueAbove returns the promise of x, or false when that is not above a
// threshold.
func (s *search) valueAbove(x []float64, threshold float64) (float64, bool) {
	s.space.encode(s.z, x)
	for k, m := range s.models {
		m.Distances(s.r2[k], s.z)
	}
	return s.at(x, threshold, func(k int) []float64 { return s.r2[k] })
}

// at returns the promise of x, whose distances are given by model.
func (s *search) at(x []float64, threshold float64, distances func(k int) []float64) (float64, bool) {
	belief := 0.0
	if s.belief != nil {
		belief = s.weight * s.belief(x)
	}
	for k, m := range s.models {
		s.mu[k], s.sigma[k] = m.Glance(&s.scratch[k], distances(k))
	}
	if !(s.crit.bound(s.mu, s.sigma)+belief > threshold) {
		return threshold, false
	}
	for k, m := range s.models {
		sigma, ok := m.Finish(&s.scratch[k], func(bound float64) bool {
			s.sigma[k] = min(s.sigma[k], bound)
			return s.crit.bound(s.mu, s.sigma)+belief > threshold
		})
		if !ok {
			return threshold, false
		}
		s.sigma[k] = sigma
	}
	v := s.crit.value(s.mu, s.sigma, s.dMu, s.dSigma) + belief
	return v, v > threshold
}

// gradient returns the promise of x and, unless that is below floor, writes to grad its
// derivatives with respect to the coordinates, 0 for nominal ones. A belief is not
// part of it.
func (s *search) gradient(x, grad []float64, floor float64) float64 {
	s.space.encode(s.z, x)
	for k, m := range s.models {
		s.mu[k], s.sigma[k] = m.Predict(&s.scratch[k], s.z)
	}
	v := s.crit.value(s.mu, s.sigma, s.dMu, s.dSigma)
	if !(v >= floor) {
		return v
	}
	clear(grad)
	for k, m := range s.models {
		if s.dMu[k] == 0 && s.dSigma[k] == 0 {
			continue
		}
		m.Gradient(&s.scratch[k], s.g, s.z, s.dMu[k], s.dSigma[k])
		for j := range grad {
			grad[j] += s.g[j]
		}
	}
	if s.space.projection != nil {
		s.space.projection.pullBack(grad)
	}
	return v
}

// A candidate is a point with its promise.
type candidate struct {
	x []float64
	v float64
}

// run returns the best point found that was not tried, or nil when every point
// met was.
func (s *search) run() []float64 {
	pool := s.pool()
	starts := pool[:min(localStarts, len(pool))]
	if len(s.x) > 0 {
		x := slices.Clone(s.x[0])
		s.keep(x)
		starts = append(slices.Clone(starts), candidate{x, s.value(x)})
	}
	best := candidate{nil, math.Inf(-1)}
	for _, c := range starts {
		if c = s.climb(c); c.v > best.v {
			best = c
		}
	}
	return best.x
}

// keep makes a point to begin at of a trial's: coordinates that are kept get
// their values, others the nearest that today's space has, and the rest is settled.
func (s *search) keep(x []float64) {
	for j, d := range s.space.Dims {
		switch {
		case s.kept != nil && s.kept[j]:
			x[j] = s.base[j]
		case !math.IsNaN(x[j]):
			x[j] = d.Snap(x[j])
		}
	}
	s.space.settle(x, s.kept, s.exemplar)
}

// exemplar returns a value for coordinate j that has come into existence: that of
// the best trial that had it.
func (s *search) exemplar(j int) float64 {
	for _, x := range s.x {
		if !math.IsNaN(x[j]) {
			return x[j]
		}
	}
	return s.space.Dims[j].random(s.rng)
}

// pool returns the most promising of many points near the best trials and by
// chance, best first, all of them different and not tried.
func (s *search) pool() []candidate {
	const size = localStarts
	pool := make([]candidate, 0, size+1)
	threshold := math.Inf(-1)
	add := func(x []float64) {
		v, ok := s.valueAbove(x, threshold)
		if !ok || s.tried.has(x) || slices.ContainsFunc(pool, func(c candidate) bool { return c.v == v && key(c.x) == key(x) }) {
			return
		}
		at, _ := slices.BinarySearchFunc(pool, v, func(c candidate, v float64) int {
			if c.v >= v {
				return -1
			}
			return 1
		})
		pool = slices.Insert(pool, at, candidate{slices.Clone(x), v})
		if len(pool) > size {
			pool = pool[:size]
		}
		if len(pool) == size {
			threshold = pool[size-1].v
		}
	}
	x := make([]float64, len(s.space.Dims))
	for _, near := range s.x[:min(nearBest, len(s.x))] {
		for range nearCandidates {
			copy(x, near)
			s.perturb(x)
			add(x)
		}
	}
	copy(x, s.base)
	for i := range randomCandidates {
		s.space.random(x, s.kept, s.rng)
		if i%2 == 1 {
			s.unbend(x)
		}
		if p := s.space.projection; p != nil && len(s.x) > 0 {
			p.chance(s.space, x, s.x[0], s.kept, s.rng)
		}
		add(x)
	}
	return pool
}

// perturb changes a few coordinates of x, four on average: the better points near
// a good one differ from it in few coordinates when there are many of them.
//
// R. G. Regis, C. A. Shoemaker, "Combining radial basis function surrogates and
// dynamic coordinate search", 2013, https://doi.org/10.1080/0305215X.2012.687731.
func (s *search) perturb(x []float64) {
	s.keep(x)
	p := min(1, 4/float64(len(x)))
	for range 100 {
		changed := false
		for j, d := range s.space.Dims {
			if math.IsNaN(x[j]) || s.kept != nil && s.kept[j] || s.rng.Float64() >= p {
				continue
			}
			old := x[j]
			switch d.Kind {
			case Nominal:
				x[j] = d.random(s.rng)
			case Ordinal:
				x[j] = d.Snap(s.unseen(j, s.seen(j, old)+[...]float64{0.3, 0.1, 0.03}[s.rng.IntN(3)]*s.rng.NormFloat64()))
			default:
				x[j] = d.Snap(s.unseen(j, s.seen(j, old)+[...]float64{0.2, 0.05, 0.01}[s.rng.IntN(3)]*s.rng.NormFloat64()))
			}
			changed = changed || x[j] != old
		}
		if changed {
			break
		}
	}
	s.space.settle(x, s.kept, s.exemplar)
}

// climb improves a candidate until nothing helps any more. It goes to no point that
// was tried; where it begins at one and finds no other, the promise is −Inf.
func (s *search) climb(c candidate) candidate {
	x, v := slices.Clone(c.x), c.v
	if s.tried.has(x) {
		v = math.Inf(-1)
	}
	for range sweeps {
		before := v
		if len(s.relaxed) > 0 {
			v = s.slide(x, v)
		}
		if len(s.swept) == 0 {
			break
		}
		for _, i := range s.rng.Perm(len(s.swept)) {
			j := s.swept[i]
			switch {
			case math.IsNaN(x[j]):
			case s.parent[j], s.projected[j]:
				v = s.branch(x, j, v)
			default:
				v = s.sweep(x, j, v)
			}
		}
		if !(v > before+1e-9*math.Abs(before)) {
			break
		}
	}
	return candidate{x, v}
}

// slide climbs along the gradient over the relaxed coordinates that exist, and
// rounds those that are not continuous. x and the promise returned are no worse
// than before.
func (s *search) slide(x []float64, v float64) float64 {
	var free []int
	for _, j := range s.relaxed {
		if !math.IsNaN(x[j]) {
			free = append(free, j)
		}
	}
	if len(free) == 0 {
		return v
	}
	at, lower, upper := make([]float64, len(free)), make([]float64, len(free)), make([]float64, len(free))
	for i, j := range free {
		at[i], upper[i] = s.seen(j, x[j]), 1
	}
	y, grad := slices.Clone(x), make([]float64, len(s.z))
	s.ws.Minimize(func(at, g []float64, limit float64) float64 {
		for i, j := range free {
			y[j] = s.unseen(j, at[i])
		}
		v := s.gradient(y, grad, -limit)
		for i, j := range free {
			g[i] = -grad[j] / s.slope(j, y[j])
		}
		return -v
	}, at, lower, upper, &lbfgsb.Options{Iterations: 50, GradientTolerance: 1e-6, FunctionTolerance: 1e-8, FirstStep: 0.1})
	for i, j := range free {
		y[j] = s.space.Dims[j].Snap(s.unseen(j, at[i]))
	}
	w, better := s.valueAbove(y, v)
	if !better || s.tried.has(y) {
		return v
	}
	copy(x, y)
	return w
}

// options calls try with the positions of coordinate j that are worth a look from
// position from, which is not among them.
func (s *search) options(j int, from float64, try func(v float64)) {
	d := s.space.Dims[j]
	cell := d.Cell(from)
	switch {
	case d.Kind == Nominal && d.Cells > sweepCategories:
		seen := map[int]bool{cell: true}
		for _, x := range s.x {
			if math.IsNaN(x[j]) || len(seen) > sweepCategories {
				continue
			}
			if c := d.Cell(x[j]); !seen[c] {
				seen[c] = true
				try(d.Position(c))
			}
		}
		if c := s.rng.IntN(d.Cells); !seen[c] { // all that were never seen look alike
			try(d.Position(c))
		}
	case d.Kind == Ordinal && d.Cells > sweepCells:
		for step := 1; step < d.Cells; step *= 2 {
			if cell-step >= 0 {
				try(d.Position(cell - step))
			}
			if cell+step < d.Cells {
				try(d.Position(cell + step))
			}
			if step > math.MaxInt/4 {
				break
			}
		}
	default:
		for c := range d.Cells {
			if c != cell {
				try(d.Position(c))
			}
		}
	}
}

// sweep moves coordinate j of x to its best position, all others staying.
func (s *search) sweep(x []float64, j int, v float64) float64 {
	from, to := x[j], x[j]
	s.space.encode(s.z, x)
	for k, m := range s.models {
		m.Distances(s.r2[k], s.z)
		m.Shift(s.r2[k], s.r2[k], j, from, math.NaN())
	}
	s.options(j, from, func(u float64) {
		x[j] = u
		w, better := s.at(x, v, func(k int) []float64 {
			m, shifted := s.models[k], s.shifted[:s.models[k].Len()]
			m.Shift(shifted, s.r2[k], j, math.NaN(), u)
			s.space.moved(j, from, u, func(place int, step float64) {
				m.Shift(shifted, shifted, place, s.z[place], s.z[place]+step)
			})
			return shifted
		})
		if better && !s.tried.has(x) {
			v, to = w, u
		}
	})
	x[j] = to
	return v
}

// branch moves coordinate j of x, on which the existence of others depends or which
// models do not see by itself, to its best position, taking others that come into
// existence as in the best trial that had them.
func (s *search) branch(x []float64, j int, v float64) float64 {
	y, from := make([]float64, len(x)), slices.Clone(x)
	s.options(j, x[j], func(u float64) {
		copy(y, from)
		y[j] = u
		s.space.settle(y, s.kept, s.exemplar)
		if w, better := s.valueAbove(y, v); better && !s.tried.has(y) {
			v = w
			copy(x, y)
		}
	})
	return v
}
