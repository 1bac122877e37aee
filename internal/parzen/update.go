package parzen

import (
	"math"
	"slices"
)

// A table holds rows of logarithms of the masses that kernels give to the values
// of a grid: one for each pair of centre and width that has come up.
type table struct {
	of  map[[2]float64]int32
	log []float64
}

// tableRows bounds the rows of a table. When it is full, it is begun again.
const tableRows = 4096

// row returns where the row of a kernel begins.
func (t *table) row(d *Dim, mu, sigma float64) int32 {
	at, ok := t.of[[2]float64{mu, sigma}]
	if ok {
		return at
	}
	if t.of == nil {
		t.of = make(map[[2]float64]int32)
	}
	at = int32(len(t.log))
	whole := LogMass((0-mu)/sigma, (1-mu)/sigma)
	for k := 0.0; k < d.cells; k++ {
		mid, width := d.cell(d.At(k))
		t.log = append(t.log, min(massAround((mid-mu)/sigma, width/sigma)-whole, 0))
	}
	t.of[[2]float64{mu, sigma}] = at
	return at
}

// update computes what densities and draws need for the points that changed.
func (e *Estimator) update() {
	if !e.dirty {
		return
	}
	n := len(e.keys)
	floor := 1 / min(e.opt.Finest, float64(n+2))
	smooth := 1 / min(e.opt.Finest, e.opt.Fine*float64(n+2))
	if e.opt.Finest < 0 {
		floor, smooth = 1e-12, 1e-12
	}
	for g := range e.tables {
		if len(e.tables[g].of) > tableRows {
			e.tables[g] = table{}
			e.stale = true
		}
	}
	if e.stale {
		for i := range e.sigma {
			e.sigma[i] = math.NaN()
		}
		e.updatePrior()
	}
	if len(e.cats) > 0 {
		p := e.opt.Spread / float64(n+1)
		for _, j := range e.cats {
			k := float64(e.dims[j].categories)
			e.hit[j] = math.Log((1 + p) / (1 + p*k))
			e.miss[j] = math.Log(p / (1 + p*k))
		}
	}
	if e.opt.Rule == Scott {
		e.scott()
		e.floor = math.NaN()
	}
	if e.stale || floor != e.floor {
		for i := range n {
			e.refresh(i, floor, smooth)
		}
	} else {
		for _, key := range e.touched {
			if i, ok := slices.BinarySearch(e.keys, key); ok {
				e.refresh(i, floor, smooth)
			}
		}
	}
	e.floor, e.dirty, e.stale, e.touched = floor, false, false, e.touched[:0]
}

// updatePrior computes the prior kernel, which no point changes.
func (e *Estimator) updatePrior() {
	for j := range e.dims {
		if k := e.dims[j].categories; k > 0 {
			e.prior[j] = -math.Log(float64(k))
		} else {
			e.prior[j] = -LogMass(-0.5, 0.5)
			if e.dims[j].step == 0 {
				e.prior[j] -= logSqrt2Pi
			}
		}
	}
	for g, j := range e.tabled {
		e.priorRow[g] = e.tables[g].row(&e.dims[j], 0.5, 1)
	}
}

// scott sets all gaps by Scott's rule.
func (e *Estimator) scott() {
	d := len(e.dims)
	for j := range e.dims {
		if !e.dims[j].Numeric() {
			continue
		}
		m, mean, square := 0.0, 0.0, 0.0
		for i := range e.keys { // Welford's recurrence, in the order of keys
			if u := e.place[i*d+j]; u == u {
				m++
				diff := u - mean
				mean += diff / m
				square += diff * (u - mean)
			}
		}
		g := 1.0
		if m > 1 {
			g = 1.059 * math.Sqrt(square/(m-1)) * math.Pow(m+1, -1/float64(d+4))
		}
		for i := range e.keys {
			e.gap[i*d+j] = g
		}
	}
}

// refresh brings the kernel of point i up to date.
func (e *Estimator) refresh(i int, floor, smooth float64) {
	d := len(e.dims)
	changed := false
	for j := range e.dims {
		if !e.dims[j].Numeric() {
			continue
		}
		at := i*d + j
		least := floor
		if e.dims[j].step == 0 {
			least = smooth
		}
		s := min(max(e.gap[at], least), 1) * e.opt.Width
		if math.IsNaN(e.place[at]) {
			s = 1
		}
		if s == e.sigma[at] {
			continue
		}
		changed = true
		e.sigma[at] = s
		mu := e.centre(at)
		e.norm[at] = -LogMass((0-mu)/s, (1-mu)/s)
		if e.dims[j].step == 0 {
			e.norm[at] -= math.Log(s) + logSqrt2Pi
		}
	}
	if !changed {
		return
	}
	base := 0.0
	for c, j := range e.smooth {
		at := i*d + j
		row := e.scan[c/lane][(i*lane+c%lane)*2:]
		row[0], row[1] = e.centre(at), 1/(e.sigma[at]*math.Sqrt2)
		base += e.norm[at]
	}
	for _, j := range e.wide {
		base += e.norm[i*d+j]
	}
	e.base[i] = base
	for g, j := range e.tabled {
		at := i*d + j
		e.rows[g][i] = e.tables[g].row(&e.dims[j], e.centre(at), e.sigma[at])
	}
}

// centre returns the centre of a kernel of numbers: the point, or the middle where
// that is unknown.
func (e *Estimator) centre(at int) float64 {
	if u := e.place[at]; u == u {
		return u
	}
	return 0.5
}
