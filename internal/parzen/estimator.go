package parzen

import (
	"cmp"
	"math"
	"slices"
)

// A Rule says how wide the kernels of numbers are.
type Rule int

const (
	// Neighbour makes a kernel as wide as the larger of the distances to the
	// next points on either side, in each dimension by itself: Bergstra et al.,
	// 2011, section 4. The ends of the range count as neighbours only for a
	// point that is the only one, unless Endpoints is set.
	Neighbour Rule = iota
	// Scott makes all kernels of a dimension 1.059·s·(n+1)^(−1/(d+4)) wide, with
	// s the standard deviation of the n points in it and d the number of
	// dimensions: Scott, "Multivariate Density Estimation", 1992, eq. 6.42.
	Scott
)

// Options configure an Estimator. The zero value is Optuna 5's rules.
type Options struct {
	Rule Rule
	// Width multiplies the widths that follow from the rule. 0 means 1.
	Width float64
	// Finest bounds widths from below: by 1/min(Finest, n+2) of the range for n
	// points. 0 means 100. Negative: no bound but 1e-12.
	Finest float64
	// Fine divides the part of that bound that falls with n, in continuous
	// dimensions: 1/min(Finest, Fine·(n+2)). 0 means 1.
	Fine float64
	// Endpoints has the ends of the range count as neighbours of the outermost
	// points.
	Endpoints bool
	// Prior is the weight of the prior kernel, a normal distribution around the
	// middle of the range, as wide as the range, and the uniform one for
	// categories. 0 means 1, negative that there is none unless there are no
	// points at all.
	Prior float64
	// Spread is the weight that a category's kernel gives to all categories,
	// Spread/(n+1) to each beside the 1 of its own. 0 means the prior's weight.
	Spread float64
}

func (o Options) normalized() Options {
	if o.Width == 0 {
		o.Width = 1
	}
	if o.Finest == 0 {
		o.Finest = 100
	}
	if o.Fine == 0 {
		o.Fine = 1
	}
	switch {
	case o.Prior == 0:
		o.Prior = 1
	case o.Prior < 0:
		o.Prior = 0
	}
	if o.Spread == 0 {
		o.Spread = o.Prior
	}
	return o
}

// tableSize is the number of values up to which a grid's masses are tabulated.
const tableSize = 64

// An Estimator is a mixture of product kernels over a space. It serves one
// goroutine.
//
// A coordinate of a point that has no place in its dimension (NaN, for one that
// is not known) has the prior's kernel there.
type Estimator struct {
	dims []Dim
	opt  Options

	smooth []int // continuous dimensions
	tabled []int // grids whose masses are tabulated
	wide   []int // other grids
	cats   []int // categories

	keys []int // the points by rising key
	// One row of len(dims) for each point, in the order of keys.
	place []float64 // u, or the index of a category; NaN: unknown
	gap   []float64 // width by the rule, before bounds
	sigma []float64 // width
	norm  []float64 // logarithm of the factor that makes a kernel integrate to one
	// One row for each point: what densities are made of.
	base []float64   // sum of norm over smooth and wide dimensions
	scan [][]float64 // for each lane of smooth dimensions: centre and 1/(σ√2) of each in turn
	rows [][]int32   // for each tabled dimension: start of the row of masses in its table

	order   [][]ordered // points by place, for each dimension of numbers
	tables  []table     // for each tabled dimension
	touched []int       // keys of points whose gap changed
	dirty   bool        // points came or went since the last update
	stale   bool        // everything is to be computed anew

	weight []float64 // of the points and, last, of the prior; sums to one
	sum    []float64 // running sums of weight

	floor     float64 // bound from below at the last update
	hit, miss []float64
	prior     []float64 // norm of the prior kernel for each dimension
	priorRow  []int32   // its row in each table
	query     []float64 // scratch
	sums      []logSum
	row       []float64

	added, removed []int // scratch
}

// An ordered is a point in the order of one dimension.
type ordered struct {
	u   float64
	key int
}

func (a ordered) compare(b ordered) int {
	if c := cmp.Compare(a.u, b.u); c != 0 {
		return c
	}
	return cmp.Compare(a.key, b.key)
}

// New returns an estimator without points: the prior.
func New(dims []Dim, o Options) *Estimator {
	e := &Estimator{dims: dims, opt: o.normalized(), dirty: true, stale: true}
	for j := range dims {
		switch d := &dims[j]; {
		case !d.Numeric():
			e.cats = append(e.cats, j)
		case d.step == 0:
			e.smooth = append(e.smooth, j)
		case d.cells <= tableSize:
			e.tabled = append(e.tabled, j)
		default:
			e.wide = append(e.wide, j)
		}
	}
	e.scan = make([][]float64, (len(e.smooth)+lane-1)/lane)
	e.rows = make([][]int32, len(e.tabled))
	e.order = make([][]ordered, len(dims))
	e.tables = make([]table, len(e.tabled))
	e.prior = make([]float64, len(dims))
	e.hit, e.miss = make([]float64, len(dims)), make([]float64, len(dims))
	e.priorRow = make([]int32, len(e.tabled))
	e.row = make([]float64, len(dims))
	e.SetWeights(nil)
	return e
}

// Len returns the number of points.
func (e *Estimator) Len() int { return len(e.keys) }

// Keys returns the keys of the points, rising. It is valid until the next change.
func (e *Estimator) Keys() []int { return e.keys }

// Set makes the estimator hold the points of exactly these keys, which rise. at is
// called with i for keys[i] where the estimator does not hold that key yet, and
// fills in the point, len(x) = number of dimensions. All weights become equal.
func (e *Estimator) Set(keys []int, at func(i int, x []float64)) {
	e.added, e.removed = e.added[:0], e.removed[:0]
	for i, k := 0, 0; i < len(keys) || k < len(e.keys); {
		switch {
		case k == len(e.keys) || i < len(keys) && keys[i] < e.keys[k]:
			e.added = append(e.added, i)
			i++
		case i == len(keys) || keys[i] > e.keys[k]:
			e.removed = append(e.removed, k)
			k++
		default:
			i++
			k++
		}
	}
	if len(e.added)+len(e.removed) > 8+len(keys)/8 {
		e.build(keys, at)
	} else {
		for _, k := range slices.Backward(e.removed) {
			e.removeAt(k)
		}
		for _, i := range e.added {
			at(i, e.row)
			e.insertAt(i, keys[i])
		}
	}
	e.SetWeights(nil)
}

// Remove takes out the point of a key, if it is there. All weights become equal.
func (e *Estimator) Remove(key int) {
	if i, ok := slices.BinarySearch(e.keys, key); ok {
		e.removeAt(i)
		e.SetWeights(nil)
	}
}

// SetWeights gives each point a weight, in the order of keys; nil: 1 each. Beside
// them stands that of the prior. Weights are ≥ 0 and finite.
func (e *Estimator) SetWeights(w []float64) {
	n := len(e.keys)
	e.weight = slices.Grow(e.weight[:0], n+1)[:n+1]
	e.sum = slices.Grow(e.sum[:0], n+1)[:n+1]
	e.weight[n] = e.opt.Prior
	if n == 0 {
		e.weight[n] = 1
	}
	total := e.weight[n]
	for i := range n {
		e.weight[i] = 1
		if w != nil {
			e.weight[i] = w[i]
		}
		total += e.weight[i]
	}
	if !(total > 0) || math.IsInf(total, 0) {
		clear(e.weight)
		e.weight[n], total = 1, 1
	}
	running := 0.0
	for i := range e.weight {
		e.weight[i] /= total
		running += e.weight[i]
		e.sum[i] = running
	}
}

// build starts again from nothing.
func (e *Estimator) build(keys []int, at func(i int, x []float64)) {
	d := len(e.dims)
	n := len(keys)
	e.keys = append(e.keys[:0], keys...)
	e.place = slices.Grow(e.place[:0], n*d)[:n*d]
	e.gap = slices.Grow(e.gap[:0], n*d)[:n*d]
	e.sigma = slices.Grow(e.sigma[:0], n*d)[:n*d]
	e.norm = slices.Grow(e.norm[:0], n*d)[:n*d]
	e.base = slices.Grow(e.base[:0], n)[:n]
	for g := range e.scan {
		e.scan[g] = slices.Grow(e.scan[g][:0], n*2*lane)[:n*2*lane]
		clear(e.scan[g])
	}
	for g := range e.rows {
		e.rows[g] = slices.Grow(e.rows[g][:0], n)[:n]
	}
	e.touched = e.touched[:0]
	e.dirty, e.stale = true, true
	for i := range keys {
		at(i, e.row)
		e.fill(i)
	}
	for j := range e.dims {
		if !e.dims[j].Numeric() {
			continue
		}
		o := e.order[j][:0]
		for i, key := range keys {
			if u := e.place[i*d+j]; u == u {
				o = append(o, ordered{u, key})
			}
		}
		slices.SortFunc(o, ordered.compare)
		e.order[j] = o
		for p := range o {
			e.measure(j, p)
		}
	}
}

// fill puts the point in e.row into place i.
func (e *Estimator) fill(i int) {
	d := len(e.dims)
	for j := range e.dims {
		e.place[i*d+j] = e.dims[j].Unit(e.row[j])
		e.gap[i*d+j] = 1
		e.sigma[i*d+j] = math.NaN()
	}
}

func (e *Estimator) insertAt(i, key int) {
	d := len(e.dims)
	e.keys = slices.Insert(e.keys, i, key)
	e.place = open(e.place, i, d)
	e.gap = open(e.gap, i, d)
	e.sigma = open(e.sigma, i, d)
	e.norm = open(e.norm, i, d)
	e.base = open(e.base, i, 1)
	for g := range e.scan {
		e.scan[g] = open(e.scan[g], i, 2*lane)
		clear(e.scan[g][i*2*lane : (i+1)*2*lane])
	}
	for g := range e.rows {
		e.rows[g] = open(e.rows[g], i, 1)
	}
	e.fill(i)
	e.dirty = true
	e.touched = append(e.touched, key)
	for j := range e.dims {
		u := e.place[i*d+j]
		if !e.dims[j].Numeric() || math.IsNaN(u) {
			continue
		}
		at := ordered{u, key}
		p, _ := slices.BinarySearchFunc(e.order[j], at, ordered.compare)
		e.order[j] = slices.Insert(e.order[j], p, at)
		e.remeasure(j, p-1, p+2)
	}
}

func (e *Estimator) removeAt(i int) {
	e.dirty = true
	d := len(e.dims)
	for j := range e.dims {
		u := e.place[i*d+j]
		if !e.dims[j].Numeric() || math.IsNaN(u) {
			continue
		}
		p, _ := slices.BinarySearchFunc(e.order[j], ordered{u, e.keys[i]}, ordered.compare)
		e.order[j] = slices.Delete(e.order[j], p, p+1)
		e.remeasure(j, p-1, p+1)
	}
	e.keys = slices.Delete(e.keys, i, i+1)
	e.place = slices.Delete(e.place, i*d, i*d+d)
	e.gap = slices.Delete(e.gap, i*d, i*d+d)
	e.sigma = slices.Delete(e.sigma, i*d, i*d+d)
	e.norm = slices.Delete(e.norm, i*d, i*d+d)
	e.base = slices.Delete(e.base, i, i+1)
	for g := range e.scan {
		e.scan[g] = slices.Delete(e.scan[g], i*2*lane, (i+1)*2*lane)
	}
	for g := range e.rows {
		e.rows[g] = slices.Delete(e.rows[g], i, i+1)
	}
}

// open makes room for a row of that width at row i.
func open[T any](s []T, i, width int) []T {
	n := len(s)
	s = slices.Grow(s, width)[:n+width]
	copy(s[(i+1)*width:], s[i*width:n])
	return s
}

// remeasure measures the points at positions [from, to) of a dimension's order.
func (e *Estimator) remeasure(j, from, to int) {
	for p := max(from, 0); p < min(to, len(e.order[j])); p++ {
		e.touched = append(e.touched, e.order[j][p].key)
		e.measure(j, p)
	}
}

// measure finds the width of the point at position p of a dimension's order by
// the neighbour rule. The point's key must be among e.keys.
func (e *Estimator) measure(j, p int) {
	o := e.order[j]
	left, right := 0.0, 1.0
	if p > 0 {
		left = o[p-1].u
	}
	if p+1 < len(o) {
		right = o[p+1].u
	}
	u := o[p].u
	g := max(u-left, right-u)
	if !e.opt.Endpoints && len(o) >= 2 {
		if p == 0 {
			g = right - u
		} else if p == len(o)-1 {
			g = u - left
		}
	}
	i, _ := slices.BinarySearch(e.keys, o[p].key)
	e.gap[i*len(e.dims)+j] = g
}
