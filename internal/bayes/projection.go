package bayes

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gohone/hone/internal/eigen"
)

// A projection is what a model sees of the numeric coordinates of a wide space: their
// principal components among the good points. Where good points differ from each
// other in few directions, a model of those directions has few lengthscales to
// learn.
//
// E. Raponi, H. Wang, M. Bujny, S. Boria, C. Doerr, "High dimensional Bayesian
// optimization assisted by principal component analysis", 2020, arXiv:2007.00925.
// There the points are scaled by weights, all of them, before the components are
// taken, and the search is confined to the affine space of the components. Here the
// better half of the points is weighted as in Hansen, "The CMA Evolution Strategy: A
// Tutorial", 2016, arXiv:1604.00772, eq. 49; and the search moves in the whole space,
// in part along the components through the best point and in part near the best
// points, so that the components to come are not those that the first points span.
type projection struct {
	dims []int       // the coordinates that are projected
	mean []float64   // what they are on average, by index into dims
	axes [][]float64 // orthonormal directions, most variance first
	u, w []float64   // scratch: len(dims), len(axes)
}

// projectedPoints is the largest number of points whose components are taken.
const projectedPoints = 256

// numeric returns the coordinates that can be projected: numbers that every point
// has, that are not bent, and on which no other coordinate depends.
func (s *Space) numeric() []int {
	not := make([]bool, len(s.Dims))
	for _, g := range s.Groups {
		if g.Parent >= 0 {
			not[g.Parent] = true
		}
		for _, j := range g.Dims {
			not[j] = true
		}
	}
	var dims []int
	for _, j := range s.bent() {
		not[j] = true
	}
	for j, d := range s.Dims {
		if !not[j] && (d.Kind == Continuous || d.Kind == Ordinal && d.Cells > 1) {
			dims = append(dims, j)
		}
	}
	return dims
}

// projected returns the problem whose models see the numeric coordinates through
// their principal components, or p itself where they are to be seen as they are:
// as long as the better half of the points are not more than the components, and
// where there are no more numeric coordinates than that, or they do not vary.
//
// The components are those of the points from which the hyperparameters were
// learned, which belong to them.
func (e *Engine) projected(p *Problem) *Problem {
	if p.Components <= 0 {
		return p
	}
	at := len(p.Points)
	if _, former := p.former(); former > 0 {
		if refit, _ := due(at, former); !refit {
			at = min(at, former)
		}
	}
	half := at / 2
	dims := p.Space.numeric()
	if at < p.start() || half <= p.Components || len(dims) <= p.Components {
		return p
	}
	known := *p
	known.Points = p.Points[:at]
	known.Values, known.Limits = cut(p.Values, at), cut(p.Limits, at)
	good := pick(known.Points, known.ranking()[:min(half, projectedPoints)])
	if e.projection == nil || !slices.Equal(e.projection.dims, dims) || !slices.EqualFunc(e.good, good, same) {
		e.projection, e.good = project(good, dims, p.Components), good
	}
	if len(e.projection.axes) == 0 {
		return p
	}
	known = *p
	space := *p.Space
	space.projection = e.projection
	known.Space = &space
	return &known
}

// cut returns the first n elements of each slice.
func cut(values [][]float64, n int) [][]float64 {
	out := make([][]float64, len(values))
	for k, v := range values {
		out[k] = v[:n]
	}
	return out
}

// same reports whether two points are the same to the bit.
func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(u, v float64) bool { return math.Float64bits(u) == math.Float64bits(v) })
}

// project returns the count first principal components of points, which are in order
// from the best to the worst, fewer if the points span fewer directions.
func project(points [][]float64, dims []int, count int) *projection {
	n, m := len(points), len(dims)
	p := &projection{dims: dims, mean: make([]float64, m), u: make([]float64, m)}
	weights, sum := make([]float64, n), 0.0
	for i := range weights {
		weights[i] = math.Log(float64(n)+0.5) - math.Log(float64(i+1))
		sum += weights[i]
	}
	// rows has a row √w·(x − mean) for each point.
	rows := make([][]float64, n)
	for i, x := range points {
		rows[i] = make([]float64, m)
		for k, j := range dims {
			rows[i][k] = numberAt(x, j)
			p.mean[k] += weights[i] / sum * rows[i][k]
		}
	}
	for i, row := range rows {
		for k := range row {
			row[k] = math.Sqrt(weights[i]/sum) * (row[k] - p.mean[k])
		}
	}
	p.axes = principal(rows, m, count)
	p.w = make([]float64, len(p.axes))
	return p
}

// principal returns the count directions in which m-dimensional rows have the largest
// sums of squares, orthonormal, largest first; none whose sum is 0 but for rounding.
// Of the two matrices of products it takes the smaller one.
func principal(rows [][]float64, m, count int) [][]float64 {
	size := min(len(rows), m)
	products := make([]float64, size*size)
	if len(rows) < m {
		for i := range rows {
			for k := range i + 1 {
				products[i*size+k] = dot(rows[i], rows[k])
			}
		}
	} else {
		for _, row := range rows {
			for i, u := range row {
				for k, v := range row[:i+1] {
					products[i*size+k] += u * v
				}
			}
		}
	}
	values, vectors := make([]float64, size), make([]float64, size*size)
	if !eigen.Symmetric(products, size, values, vectors, make([]float64, size)) {
		return nil
	}
	order := make([]int, size)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return compareNaNLast(-values[a], -values[b]) })
	var axes [][]float64
	for _, i := range order[:min(count, size)] {
		if !(values[i] > 1e-10*values[order[0]]) {
			break
		}
		axis := vectors[i*size : (i+1)*size]
		if len(rows) < m { // from a combination of rows to what it is
			combination := axis
			axis = make([]float64, m)
			for r, c := range combination {
				for k, v := range rows[r] {
					axis[k] += c * v
				}
			}
			norm := math.Sqrt(dot(axis, axis))
			for k := range axis {
				axis[k] /= norm
			}
		}
		axes = append(axes, axis)
	}
	return axes
}

// numberAt returns the position of a point in coordinate j, the middle where it has
// none.
func numberAt(x []float64, j int) float64 {
	if math.IsNaN(x[j]) {
		return 0.5
	}
	return x[j]
}

// encode replaces, in z, the projected coordinates by the components. The first of
// them are the components', the others are not used.
func (p *projection) encode(z []float64) {
	for k, j := range p.dims {
		p.u[k] = z[j] - p.mean[k]
		z[j] = 0
	}
	for c, axis := range p.axes {
		z[p.dims[c]] = dot(axis, p.u)
	}
}

// pullBack turns, in g, derivatives with respect to what encode makes into those with
// respect to the coordinates.
func (p *projection) pullBack(g []float64) {
	for c := range p.axes {
		p.w[c] = g[p.dims[c]]
	}
	for k, j := range p.dims {
		g[j] = 0
		for c, axis := range p.axes {
			g[j] += p.w[c] * axis[k]
		}
	}
}

// chance moves the coordinates of x to a point by chance among those that differ from
// centre along the components only, as far as the space reaches; except for
// those that are kept.
func (p *projection) chance(s *Space, x, centre []float64, kept []bool, rng *rand.Rand) {
	// Where a point by chance falls when it is projected.
	for k, j := range p.dims {
		p.u[k] = rng.Float64() - numberAt(centre, j)
	}
	for c, axis := range p.axes {
		p.w[c] = dot(axis, p.u)
	}
	for k, j := range p.dims {
		if kept != nil && kept[j] {
			continue
		}
		x[j] = numberAt(centre, j)
		for c, axis := range p.axes {
			x[j] += p.w[c] * axis[k]
		}
		x[j] = s.Dims[j].Snap(x[j])
	}
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}
