// Package gp is Gaussian process regression for a few hundred observations of a
// function of numeric and nominal coordinates.
//
// The covariance of two points is s²·M(r) + b, with Matérn's function of
// smoothness 5/2, M(r) = (1 + √5·r + 5r²/3)·exp(−√5·r), over the distance
//
//	r² = Σ_numeric (x_j − x'_j)²/ℓ_j² + Σ_nominal [x_j ≠ x'_j]/ℓ_j²
//
// with a lengthscale for each coordinate; b is the variance of an unknown
// constant mean, and observations carry noise of variance σ². [Data.Fit] finds
// the hyperparameters of largest posterior density, [NewModel] conditions on the
// data, [Model.Predict] and [Model.Gradient] say what is expected at a new point.
//
// Covariance matrices are factored row by row, so that a factor that grew by one
// observation and one that was made anew agree to the last bit. When rounding
// makes a pivot vanish, the diagonal is raised by a jitter of 1e-10·s², then ten
// times as much, and so on up to 1e-4·s² ([Model.Jitter] tells); if even that
// fails, which takes points or hyperparameters that are not finite,
// [ErrNotPositive] is returned.
//
// C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning,
// 2006, ch. 2, 4 and 5 (GPML below).
package gp

import (
	"errors"
	"math"
)

// A Kind tells how two values of a coordinate are compared.
type Kind uint8

const (
	// Numeric coordinates are compared by their difference. They are best scaled
	// to [0, 1].
	Numeric Kind = iota
	// Nominal coordinates hold category indices: equal or different (Hamming
	// distance).
	Nominal
	// Unused coordinates play no part. Their values are not kept.
	Unused
	// Bent coordinates are numeric ones of which it is learned whether they should be on
	// a logarithmic scale. With a hyperparameter a ≥ 0 more they count as
	// ln(1 + x·(eᵃ − 1))/a, which goes from x itself (a = 0) to the logarithmic scale of a
	// range whose ends have the ratio eᵃ.
	Bent
)

// ErrNotPositive is returned when a covariance matrix has no Cholesky factor even
// with the largest jitter.
var ErrNotPositive = errors.New("gp: covariance matrix is not positive definite")

// jitters are the shares of s² that are tried in turn on the diagonal.
var jitters = [...]float64{0, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4}

// Hyperparameters are passed as one slice theta of dims + 2 natural logarithms,
// ln ℓ_1 … ln ℓ_dims, then ln s² at [Scale], then ln σ² at [Noise]; after these come
// the bends a of the bent coordinates, which are no logarithms.

// Scale returns the position of ln s² in a theta for dims coordinates.
func Scale(dims int) int { return dims }

// Noise returns the position of ln σ² in a theta for dims coordinates.
func Noise(dims int) int { return dims + 1 }

// Data is a set of points, kept by columns. The zero value is not usable; make
// one with [NewData]. It may be read by several goroutines while none appends.
type Data struct {
	kinds []Kind
	num   []int       // the numeric coordinates, bent ones among them
	bent  []int       // the bent ones
	nom   []int       // the nominal ones
	cols  [][]float64 // by coordinate: the values of numeric ones
	cats  [][]int32   // by coordinate: the categories of nominal ones
	n     int
}

// NewData returns an empty set of points whose coordinates are of the given
// kinds. The slice is kept.
func NewData(kinds []Kind) *Data {
	d := &Data{kinds: kinds, cols: make([][]float64, len(kinds)), cats: make([][]int32, len(kinds))}
	for j, k := range kinds {
		switch k {
		case Numeric:
			d.num = append(d.num, j)
		case Bent:
			d.num = append(d.num, j)
			d.bent = append(d.bent, j)
		case Nominal:
			d.nom = append(d.nom, j)
		}
	}
	return d
}

// hyperparameters returns the length of theta.
func (d *Data) hyperparameters() int { return len(d.kinds) + 2 + len(d.bent) }

// Len returns the number of points.
func (d *Data) Len() int { return d.n }

// Dims returns the number of coordinates.
func (d *Data) Dims() int { return len(d.kinds) }

// Append adds the point x, which is copied. len(x) must be [Data.Dims]. Nominal
// coordinates hold whole numbers.
func (d *Data) Append(x []float64) {
	if len(x) != len(d.kinds) {
		panic("gp: point has the wrong number of coordinates")
	}
	for _, j := range d.num {
		d.cols[j] = append(d.cols[j], x[j])
	}
	for _, j := range d.nom {
		d.cats[j] = append(d.cats[j], int32(x[j]))
	}
	d.n++
}

// At writes point i to dst.
func (d *Data) At(dst []float64, i int) {
	for _, j := range d.num {
		dst[j] = d.cols[j][i]
	}
	for _, j := range d.nom {
		dst[j] = float64(d.cats[j][i])
	}
}

// weights writes 1/ℓ² of each coordinate to dst.
func weights(dst, theta []float64) {
	for j := range dst {
		dst[j] = math.Exp(-2 * theta[j])
	}
}

// distances writes the squared scaled distance r² of point i to the points
// 0 … len(dst)−1.
func (d *Data) distances(dst, w []float64, i int) {
	d.addNumeric(dst, w, func(j int) float64 { return d.cols[j][i] })
	for _, j := range d.nom {
		addMismatches(dst, d.cats[j], d.cats[j][i], w[j])
	}
}

// addNumeric writes the numeric coordinates' part of the squared scaled distance of
// x to the points 0 … len(dst)−1.
func (d *Data) addNumeric(dst, w []float64, x func(j int) float64) {
	clear(dst)
	num := d.num
	for ; len(num) >= 4; num = num[4:] {
		a, b, c, e := num[0], num[1], num[2], num[3]
		addSquares4(dst, d.cols[a], d.cols[b], d.cols[c], d.cols[e], x(a), x(b), x(c), x(e), w[a], w[b], w[c], w[e])
	}
	for _, j := range num {
		addSquares(dst, d.cols[j], x(j), w[j])
	}
}

// addSquares adds w·(x − col[i])² to dst[i].
func addSquares(dst, col []float64, x, w float64) {
	col = col[:len(dst)]
	for i, c := range col {
		u := x - c
		dst[i] += w * u * u
	}
}

// addSquares4 is addSquares for four columns, one after the other.
func addSquares4(dst, a, b, c, d []float64, xa, xb, xc, xd, wa, wb, wc, wd float64) {
	n := len(dst)
	a, b, c, d = a[:n], b[:n], c[:n], d[:n]
	for i, s := range dst {
		u, v, w, x := xa-a[i], xb-b[i], xc-c[i], xd-d[i]
		s += wa * u * u
		s += wb * v * v
		s += wc * w * w
		s += wd * x * x
		dst[i] = s
	}
}

// addMismatches adds w to dst[i] where cat[i] is not c.
func addMismatches(dst []float64, cat []int32, c int32, w float64) {
	cat = cat[:len(dst)]
	bits := math.Float64bits(w)
	for i, v := range cat {
		dst[i] += math.Float64frombits(bits & differ(v, c))
	}
}

// differ is all ones where a and b differ and zero where they are equal, without
// a branch.
func differ(a, b int32) uint64 {
	x := int64(a ^ b)
	return uint64((x | -x) >> 63)
}
