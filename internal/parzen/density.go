package parzen

import (
	"math"
	"slices"
)

// block is the number of points whose kernels are compared with every query
// before the next ones: so many rows stay in the processor's cache. It is a power
// of two.
const block = 64

// lane is the number of smooth dimensions that are computed at a time.
const lane = 4

// negligible is how far below the sum a term may lie, in the exponent, and be left
// out. All weights together are 1, so what is left out changes the density by a
// share of e^−32 = 1.3e-14 at most.
const negligible = 32

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
	e.sums = slices.Grow(e.sums[:0], len(dst))[:len(dst)]
	for q := range dst {
		dst[q] = 0
		e.sums[q].start(0, math.Inf(-1))
		if !e.prepare(e.query[q*w:q*w+w], xs[q*d:q*d+d]) {
			dst[q] = math.NaN()
			continue
		}
		if p := e.weight[len(e.keys)]; p > 0 {
			e.sums[q].start(p, e.priorTerm(e.query[q*w:q*w+w]))
		}
	}
	for from := 0; from < len(e.keys); from += block {
		to := min(from+block, len(e.keys))
		for q := range dst {
			if dst[q] == dst[q] {
				e.accumulate(e.query[q*w:q*w+w], from, to, &e.sums[q])
			}
		}
	}
	for q := range dst {
		if dst[q] == dst[q] {
			dst[q] = math.Log(e.sums[q].sum) + e.sums[q].best
		}
		if math.IsNaN(dst[q]) {
			dst[q] = math.Inf(-1)
		}
	}
}

// queryWidth returns the length of a prepared query: u of the smooth dimensions,
// with zeros up to a whole lane, the index for the tabled ones and the categories,
// middle and width of the cell for the wide ones.
func (e *Estimator) queryWidth() int {
	return lane*len(e.scan) + len(e.tabled) + len(e.cats) + 2*len(e.wide)
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
	for ; at < lane*len(e.scan); at++ {
		q[at] = 0
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
	for k, j := range e.smooth {
		z := q[k] - 0.5
		s += e.prior[j] - 0.5*z*z
	}
	q = q[lane*len(e.scan):]
	for g := range e.tabled {
		s += e.tables[g].log[int(e.priorRow[g])+int(q[g])]
	}
	q = q[len(e.tabled):]
	for _, j := range e.cats {
		s += e.prior[j]
	}
	q = q[len(e.cats):]
	for k, j := range e.wide {
		s += e.prior[j] + massAround(q[2*k]-0.5, q[2*k+1])
	}
	return s
}

// accumulate adds the points [from, to), a block at most, to the density at a
// query.
//
// A term of a point is given up on once it is too small to count: every further
// dimension only makes it smaller. So a list of the points that are left is kept,
// and each lane of dimensions shortens it. The list is rewritten without a branch
// that could be mispredicted.
func (e *Estimator) accumulate(q []float64, from, to int, sum *logSum) {
	var left [block]int32 // points, counted from the first one
	var log [block]float64
	cut := sum.cut
	n := copy(log[:], e.base[from:to])
	for i := range n {
		left[i] = int32(i)
	}
	for g, rows := range e.scan {
		rows = rows[from*2*lane : to*2*lane]
		u := (*[lane]float64)(q[g*lane:])
		u0, u1, u2, u3 := u[0], u[1], u[2], u[3]
		kept := 0
		for k := range n {
			i := left[k&(block-1)]
			r := (*[2 * lane]float64)(rows[int(i)*2*lane:])
			z0 := (u0 - r[0]) * r[1]
			z1 := (u1 - r[2]) * r[3]
			z2 := (u2 - r[4]) * r[5]
			z3 := (u3 - r[6]) * r[7]
			s := log[k&(block-1)] - (z0*z0 + z1*z1) - (z2*z2 + z3*z3)
			log[kept&(block-1)], left[kept&(block-1)] = s, i
			if s >= cut {
				kept++
			}
		}
		n = kept
	}
	if len(e.scan)*lane < len(q) {
		n = e.others(q[len(e.scan)*lane:], from, left[:n], log[:n], cut)
	}
	for k, s := range log[:n] {
		if w := e.weight[from+int(left[k])]; w > 0 && s >= sum.cut && !math.IsInf(s, -1) {
			sum.add(w, s)
		}
	}
}

// A logSum is a sum of positive terms, kept as sum·e^best.
type logSum struct {
	sum, best float64
	cut       float64 // terms of a smaller exponent do not count
}

func (l *logSum) start(weight, log float64) {
	l.sum, l.best, l.cut = weight, log, log+math.Log(weight)-negligible
}

// add adds weight·e^log.
func (l *logSum) add(weight, log float64) {
	if log <= l.best {
		l.sum += weight * expNeg(max(log-l.best, -700))
	} else {
		l.start(l.sum*expNeg(max(l.best-log, -700))+weight, log)
	}
}

// others adds the terms of the dimensions that are not smooth to log, for the
// points in left, and returns how many of them are left.
func (e *Estimator) others(q []float64, from int, left []int32, log []float64, cut float64) int {
	for g := range e.tabled {
		rows, masses, at := e.rows[g][from:], e.tables[g].log, int(q[g])
		for k, i := range left {
			log[k] += masses[int(rows[i])+at]
		}
	}
	q = q[len(e.tabled):]
	d := len(e.dims)
	for c, j := range e.cats {
		hit, miss, at := e.hit[j], e.miss[j], q[c]
		for k, i := range left {
			switch u := e.place[(from+int(i))*d+j]; {
			case u == at:
				log[k] += hit
			case u == u:
				log[k] += miss
			default:
				log[k] += e.prior[j]
			}
		}
	}
	q = q[len(e.cats):]
	for c, j := range e.wide {
		kept := 0
		for k, i := range left {
			at := (from+int(i))*d + j
			mu, inv := e.centre(at), 1/e.sigma[at]
			m, h := (q[2*c]-mu)*inv, q[2*c+1]*inv
			// The mass beyond the nearer end bounds that of the cell.
			near := max(math.Abs(m)-0.5*h, 0)
			if s := log[k]; s-0.5*near*near >= cut {
				log[kept], left[kept] = s+massAround(m, h), i
				kept++
			}
		}
		left, log = left[:kept], log[:kept]
	}
	return len(left)
}
