package parzen

import (
	"math"
	"slices"
)

// block is the number of points whose kernels are compared with every query
// before the next ones: so many rows stay in the processor's cache.
const block = 64

// LogDensity returns the logarithm of the density at x, which has one value for
// each dimension. It is −Inf outside the space.
func (e *Estimator) LogDensity(x []float64) float64 {
	var out [1]float64
	e.LogDensities(out[:], x)
	return out[0]
}

// LogDensities sets dst[q] to the logarithm of the density at the q-th of the
// points in xs, one after the other: len(xs) = len(dst) × number of dimensions.
func (e *Estimator) LogDensities(dst, xs []float64) {
	d := len(e.dims)
	if len(xs) != len(dst)*d {
		panic("parzen: lengths of dst and xs do not go together")
	}
	e.update()
	w := e.queryWidth()
	e.query = slices.Grow(e.query[:0], len(dst)*w)[:len(dst)*w]
	e.best = slices.Grow(e.best[:0], len(dst))[:len(dst)]
	for q := range dst {
		dst[q], e.best[q] = 0, math.Inf(-1)
		if !e.prepare(e.query[q*w:q*w+w], xs[q*d:q*d+d]) {
			dst[q] = math.NaN()
			continue
		}
		if p := e.weight[len(e.keys)]; p > 0 {
			dst[q], e.best[q] = p, e.priorTerm(e.query[q*w:q*w+w])
		}
	}
	for from := 0; from < len(e.keys); from += block {
		to := min(from+block, len(e.keys))
		for q := range dst {
			if dst[q] == dst[q] {
				dst[q], e.best[q] = e.accumulate(e.query[q*w:q*w+w], from, to, dst[q], e.best[q])
			}
		}
	}
	for q := range dst {
		if dst[q] == dst[q] {
			dst[q] = math.Log(dst[q]) + e.best[q]
		}
		if math.IsNaN(dst[q]) {
			dst[q] = math.Inf(-1)
		}
	}
}

// queryWidth returns the length of a prepared query: u of the smooth dimensions,
// the index for the tabled ones and the categories, middle and width of the cell
// for the wide ones.
func (e *Estimator) queryWidth() int {
	return len(e.smooth) + len(e.tabled) + len(e.cats) + 2*len(e.wide)
}

// prepare turns a point into a query. It reports whether it lies in the space.
func (e *Estimator) prepare(q, x []float64) bool {
	at := 0
	for _, j := range e.smooth {
		u := e.dims[j].Unit(x[j])
		if !(u >= 0 && u <= 1) {
			// Rounding may carry the ends over the edge.
			if x[j] != e.dims[j].low && x[j] != e.dims[j].high {
				return false
			}
			u = min(max(u, 0), 1)
		}
		q[at] = u
		at++
	}
	for _, j := range e.tabled {
		if math.IsNaN(e.dims[j].Unit(x[j])) {
			return false
		}
		q[at] = float64(e.dims[j].Index(x[j]))
		at++
	}
	for _, j := range e.cats {
		u := e.dims[j].Unit(x[j])
		if math.IsNaN(u) {
			return false
		}
		q[at] = u
		at++
	}
	for _, j := range e.wide {
		if math.IsNaN(e.dims[j].Unit(x[j])) {
			return false
		}
		q[at], q[at+1] = e.dims[j].cell(x[j])
		at += 2
	}
	return true
}

// priorTerm returns the logarithm of the prior kernel at a query.
func (e *Estimator) priorTerm(q []float64) float64 {
	s := 0.0
	at := 0
	for _, j := range e.smooth {
		z := q[at] - 0.5
		s += e.prior[j] - 0.5*z*z
		at++
	}
	for g := range e.tabled {
		s += e.tables[g].log[int(e.priorRow[g])+int(q[at])]
		at++
	}
	for _, j := range e.cats {
		s += e.prior[j]
		at++
	}
	for _, j := range e.wide {
		s += e.prior[j] + massAround(q[at]-0.5, q[at+1])
		at += 2
	}
	return s
}

// accumulate adds the points [from, to) to the density at a query, which is
// sum·e^best.
func (e *Estimator) accumulate(q []float64, from, to int, sum, best float64) (float64, float64) {
	smooth := q[:len(e.smooth)]
	rest := q[len(e.smooth):]
	cut := best - e.drop
next:
	for i := from; i < to; i++ {
		w := e.weight[i]
		s := e.base[i]
		row := e.scan[2*i*len(smooth):][:2*len(smooth)]
		// Every further term is at most zero, so s may be given up on once it
		// is below cut.
		k := 0
		for ; k+4 <= len(smooth); k += 4 {
			r := row[2*k : 2*k+8]
			u := smooth[k : k+4]
			z0 := (u[0] - r[0]) * r[1]
			z1 := (u[1] - r[2]) * r[3]
			z2 := (u[2] - r[4]) * r[5]
			z3 := (u[3] - r[6]) * r[7]
			s -= (z0*z0 + z1*z1) + (z2*z2 + z3*z3)
			if s < cut {
				continue next
			}
		}
		for ; k < len(smooth); k++ {
			z := (smooth[k] - row[2*k]) * row[2*k+1]
			s -= z * z
		}
		if s < cut {
			continue
		}
		if len(rest) > 0 {
			if s = e.others(rest, i, s, cut); s < cut {
				continue
			}
		}
		if !(w > 0) || math.IsInf(s, -1) {
			continue
		}
		if s <= best {
			sum += w * math.Exp(s-best)
		} else {
			sum = sum*math.Exp(best-s) + w
			best = s
			cut = best - e.drop
		}
	}
	return sum, best
}

// others adds the terms of point i in the dimensions that are not smooth to s.
func (e *Estimator) others(q []float64, i int, s, cut float64) float64 {
	d := len(e.dims)
	rows := e.rows[i*len(e.tabled):][:len(e.tabled)]
	for g, start := range rows {
		s += e.tables[g].log[int(start)+int(q[g])]
	}
	q = q[len(rows):]
	if len(e.cats) > 0 {
		place := e.place[i*d : i*d+d]
		for c, j := range e.cats {
			switch u := place[j]; {
			case u == q[c]:
				s += e.hit[j]
			case u == u:
				s += e.miss[j]
			default:
				s += e.prior[j]
			}
		}
		q = q[len(e.cats):]
	}
	for k, j := range e.wide {
		if s < cut {
			return s
		}
		at := i*d + j
		mu, inv := e.centre(at), 1/e.sigma[at]
		m, h := (q[2*k]-mu)*inv, q[2*k+1]*inv
		// The mass beyond the nearer end bounds that of the cell.
		near := max(math.Abs(m)-0.5*h, 0)
		if s-0.5*near*near < cut {
			return math.Inf(-1)
		}
		s += massAround(m, h)
	}
	return s
}
