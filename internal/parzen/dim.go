package parzen

import "math"

// far bounds the place of a point that lies outside its range, in widths of the
// range. Further out it makes no difference, and squares stay finite.
const far = 1e6

// A Dim is one coordinate of a space. Its methods never panic, whatever numbers
// they are given. Make one with Range, Grid or Categories.
type Dim struct {
	categories      int     // number of categories; 0 for numbers
	low, high, step float64 // as given; step 0: continuous
	log             bool
	cells           float64 // number of values of a grid
	start, width    float64 // L and H−L of the model space, scaled
	scale           float64 // ¼ where H−L would overflow, else 1
}

// Range returns the dimension of the real numbers of [low, high], looked at in
// their logarithm if log is set. It takes low < high, and low > 0 with log.
func Range(low, high float64, log bool) Dim {
	return Dim{low: low, high: high, log: log}.measure(low, high)
}

// Grid returns the dimension of low, low+step, …, high. Each value stands for the
// cell of width step around it. It takes step > 0, a high that lies on the grid,
// and low > step/2 with log.
func Grid(low, high, step float64, log bool) Dim {
	d := Dim{low: low, high: high, step: step, log: log}
	d.cells = math.Round(high/step-low/step) + 1
	if math.IsInf(d.cells, 0) || d.cells < 1 || math.IsNaN(d.cells) {
		d.cells = 1
	}
	return d.measure(low-0.5*step, high+0.5*step)
}

// Categories returns the dimension of n categories, 0, …, n−1.
func Categories(n int) Dim { return Dim{categories: n, scale: 1, width: 1} }

func (d Dim) measure(low, high float64) Dim {
	if d.log {
		low, high = logOf(low), logOf(high)
	}
	d.scale = 1
	if math.IsInf(high-low, 0) || math.IsInf(high, 0) || math.IsInf(low, 0) {
		d.scale = 0.25
		if !d.log { // the outermost cells may reach beyond the largest number
			low, high = 0.25*d.low-0.125*d.step, 0.25*d.high+0.125*d.step
		}
	}
	d.start, d.width = low, high-low
	return d
}

// Numeric reports whether the dimension is one of numbers.
func (d *Dim) Numeric() bool { return d.categories == 0 }

// Size returns the number of values, 0 for a continuous range.
func (d *Dim) Size() float64 {
	if d.categories > 0 {
		return float64(d.categories)
	}
	return d.cells
}

// Width returns H−L, which densities per unit of the model space are to be
// divided by: a density of native numbers on a linear scale is that of u divided
// by Width. It may be +Inf.
func (d *Dim) Width() float64 { return d.width / d.scale }

// Unit returns the place u of a value: in [0, 1] for one in the range. For a
// category it is the index itself. It is NaN for a value that has no place: NaN,
// an infinite one, one below zero on a logarithmic scale, no category.
func (d *Dim) Unit(x float64) float64 {
	if d.categories > 0 {
		if i := math.Trunc(x); i >= 0 && i < float64(d.categories) {
			return i
		}
		return math.NaN()
	}
	if math.IsInf(x, 0) {
		return math.NaN()
	}
	if d.log {
		if x <= 0 {
			return math.NaN()
		}
		x = logOf(x)
	}
	u := (x*d.scale - d.start) / d.width
	return min(max(u, -far), far) // NaN stays NaN
}

// Value returns the value at a place: on a grid, the one whose cell it lies in.
// Places outside [0, 1] give the nearer end. For a category it is the index
// itself.
func (d *Dim) Value(u float64) float64 {
	if d.categories > 0 {
		return float64(d.Index(u))
	}
	if !d.log && d.step > 0 {
		k := math.Floor(u * d.cells)
		return d.At(k)
	}
	switch {
	case u <= 0:
		return d.low
	case u >= 1:
		return d.high
	}
	x := (d.start + u*d.width) / d.scale
	if d.log {
		x = expOf(x)
	}
	if d.step > 0 {
		return d.At(math.Round((x - d.low) / d.step))
	}
	if math.IsNaN(x) {
		return d.low
	}
	return min(max(x, d.low), d.high)
}

// At returns value number k of a grid, counted from 0 and moved to the nearer end
// outside. Only for grids.
func (d *Dim) At(k float64) float64 {
	if !(k > 0) {
		return d.low
	}
	if k >= d.cells-1 {
		return d.high
	}
	return d.low + k*d.step
}

// Index returns the number of the value nearest to x on a grid, in [0, Size), or
// the category. Only for grids and categories.
func (d *Dim) Index(x float64) int {
	if d.categories > 0 {
		if !(x > 0) {
			return 0
		}
		return int(min(x, float64(d.categories-1)))
	}
	k := math.Round(x/d.step - d.low/d.step)
	if !(k > 0) {
		return 0
	}
	return int(min(k, d.cells-1))
}

// cell returns the middle and the width of the cell of a value of a grid.
func (d *Dim) cell(x float64) (mid, width float64) {
	if !d.log {
		return (x*d.scale - d.start) / d.width, 1 / d.cells
	}
	low := max(x-0.5*d.step, math.SmallestNonzeroFloat64)
	width = math.Log1p(d.step/low) / d.width
	return (logOf(low)-d.start)/d.width + 0.5*width, width
}

// tiny is 2⁶⁴. Logarithms and powers of numbers without full precision are taken
// by way of it: math.Log and math.Exp are not exact for them on every processor.
const tiny = 1 << 64

func logOf(x float64) float64 {
	if x < 0x1p-1022 {
		return math.Log(x*tiny) - 64*ln2
	}
	return math.Log(x)
}

func expOf(x float64) float64 {
	if x < -708 {
		return math.Exp(x+64*ln2) / tiny
	}
	return math.Exp(x)
}
