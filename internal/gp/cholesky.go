package gp

import (
	"math"
	"runtime"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// A factor is a lower triangular Cholesky factor. It grows by rows, which are stored
// in blocks: those of one block have the same room, so that a block without its
// triangle is a matrix of constant stride.
type factor struct {
	n int
	l []float64
	d []float64 // the diagonal's reciprocals: substitutions wait for divisions
}

// blockRows is the number of rows in a block.
const blockRows = 32

// assembly says that gonum multiplies matrices with vectors in assembly, which takes
// half the time of the loops below. Without it, it would take twice their time.
// Both are right to the last few bits; tests look at both.
var assembly = runtime.GOARCH == "amd64"

// place returns where row i begins and how much room it has.
func place(i int) (start, stride int) {
	k := i / blockRows
	stride = (k + 1) * blockRows
	return blockRows*blockRows*(k*(k+1)/2) + i%blockRows*stride, stride
}

func (f *factor) row(i int) []float64 {
	start, _ := place(i)
	return f.l[start : start+i+1 : start+i+1]
}

// reset empties f and makes room for n rows.
func (f *factor) reset(n int) {
	f.n = 0
	if size, _ := place(n); cap(f.l) < size {
		f.l = make([]float64, 0, size)
	}
	f.l, f.d = f.l[:0], f.d[:0]
}

// truncate drops all rows but the first n.
func (f *factor) truncate(n int) {
	size, _ := place(n)
	f.n, f.l, f.d = n, f.l[:size], f.d[:n]
}

// append adds the row of the factor that belongs to the next row of the matrix,
// a, whose last entry is the diagonal one. It leaves f as it was and reports
// false when the pivot is not above floor (GPML eq. 4.29–4.31 of the appendix;
// the new row solves L·v = a).
func (f *factor) append(a []float64, floor float64) bool {
	n := f.n
	start, stride := place(n)
	f.l = slices.Grow(f.l, stride)[:start+stride]
	v := f.l[start : start+n+1]
	copy(v, a)
	f.solve(v[:n])
	pivot := v[n]
	for _, x := range v[:n] {
		pivot -= x * x
	}
	if !(pivot > floor) || math.IsInf(pivot, 0) {
		f.l = f.l[:start]
		return false
	}
	v[n] = math.Sqrt(pivot)
	f.d = append(f.d, 1/v[n])
	f.n++
	return true
}

// solve replaces b by the solution of L·x = b, for the leading len(b) rows.
func (f *factor) solve(b []float64) { f.solveRows(b, 0, 0) }

// solveFrom replaces b by the solution of L·x = b for right-hand sides that are
// zero before position from.
func (f *factor) solveFrom(b []float64, from int) { f.solveRows(b, from, from) }

// solveRows goes on with a solution of L·x = b that is there up to position i, and
// is zero before position from.
func (f *factor) solveRows(b []float64, from, i int) {
	for n := len(b); i < n; {
		first := i / blockRows * blockRows
		next := min(first+blockRows, n)
		start, stride := place(i)
		left := from
		if assembly && first > from {
			multiply(blas.NoTrans, next-i, first-from, -1, f.l[start+from:], stride, b[from:first], 1, b[i:next])
			left = first
		}
		substitute(f.l[start+left:], f.d[left:next], stride, b[left:next], i-left)
		i = next
	}
}

// substitute solves for the elements of b from position i on, whose rows are in l, each
// after so much room as stride says, and the reciprocals of their diagonal in d.
func substitute(l, d []float64, stride int, b []float64, i int) {
	n := len(b)
	d = d[:n]
	for ; i+4 <= n; i += 4 {
		r0, r1, r2, r3 := l[:i+1], l[stride:][:i+2], l[2*stride:][:i+3], l[3*stride:][:i+4]
		s0, s1, s2, s3 := dot4(b[:i], r0, r1, r2, r3)
		x0 := (b[i] - s0) * d[i]
		x1 := (b[i+1] - s1 - r1[i]*x0) * d[i+1]
		x2 := (b[i+2] - s2 - r2[i]*x0 - r2[i+1]*x1) * d[i+2]
		x3 := (b[i+3] - s3 - r3[i]*x0 - r3[i+1]*x1 - r3[i+2]*x2) * d[i+3]
		b[i], b[i+1], b[i+2], b[i+3] = x0, x1, x2, x3
		l = l[min(4*stride, len(l)):]
	}
	for ; i < n; i++ {
		s := 0.0
		for j, x := range b[:i] {
			s += l[j] * x
		}
		b[i] = (b[i] - s) * d[i]
		l = l[min(stride, len(l)):]
	}
}

// solveTransposed replaces b by the solution of Lᵀ·x = b. len(b) must be f.n.
func (f *factor) solveTransposed(b []float64) {
	for next := f.n; next > 0; {
		first := (next - 1) / blockRows * blockRows
		left := 0
		if assembly {
			left = first
		}
		f.substituteTransposed(b[:next], left, first)
		if left > 0 {
			start, stride := place(first)
			multiply(blas.Trans, next-first, left, -1, f.l[start:], stride, b[first:next], 1, b[:left])
		}
		next = first
	}
}

// substituteTransposed solves for the last elements of b, down to position first, and
// subtracts what follows from them in those before, down to position left.
func (f *factor) substituteTransposed(b []float64, left, first int) {
	i := len(b)
	for ; i >= first+4; i -= 4 {
		r3, r2, r1, r0 := f.row(i-1), f.row(i-2), f.row(i-3), f.row(i-4)
		x3 := b[i-1] * f.d[i-1]
		x2 := (b[i-2] - r3[i-2]*x3) * f.d[i-2]
		x1 := (b[i-3] - r3[i-3]*x3 - r2[i-3]*x2) * f.d[i-3]
		x0 := (b[i-4] - r3[i-4]*x3 - r2[i-4]*x2 - r1[i-4]*x1) * f.d[i-4]
		b[i-1], b[i-2], b[i-3], b[i-4] = x3, x2, x1, x0
		h := b[left : i-4]
		n := len(h)
		r0, r1, r2, r3 = r0[left:][:n], r1[left:][:n], r2[left:][:n], r3[left:][:n]
		for j := range h {
			h[j] -= x0*r0[j] + x1*r1[j] + x2*r2[j] + x3*r3[j]
		}
	}
	for i--; i >= first; i-- {
		r := f.row(i)
		b[i] *= f.d[i]
		for j := left; j < i; j++ {
			b[j] -= b[i] * r[j]
		}
	}
}

// multiply adds to beta·y the product of scale·A, or of its transpose, with x. A has
// so many rows and columns. It is gonum's own routine whatever implementation a
// program has chosen, so that proposals do not depend on that.
func multiply(t blas.Transpose, rows, columns int, scale float64, a []float64, stride int, x []float64, beta float64, y []float64) {
	gonum.Implementation{}.Dgemv(t, rows, columns, scale, a, stride, x, 1, beta, y, 1)
}

// logDet returns ln |L|, half the logarithm of the matrix's determinant.
func (f *factor) logDet() float64 {
	s := 0.0
	for i := range f.n {
		s += math.Log(f.row(i)[i])
	}
	return s
}

// inverse writes the lower triangle of the inverse of L·Lᵀ to inv, stored as f is
// (n(n+1)/2 entries). work holds n² numbers.
func (f *factor) inverse(inv, work []float64) {
	n := f.n
	// Row c of work: column c of L⁻¹, which is zero before position c.
	for c := range n {
		w := work[c*n : (c+1)*n]
		clear(w[c:])
		w[c] = 1
		f.solveFrom(w, c)
	}
	// (L·Lᵀ)⁻¹_ij = Σ_{k ≥ i} L⁻¹_ki·L⁻¹_kj for i ≥ j.
	if assembly {
		for i := range n {
			at := i * (i + 1) / 2
			multiply(blas.NoTrans, i+1, n-i, 1, work[i:], n, work[i*n+i:(i+1)*n], 0, inv[at:at+i+1])
		}
		return
	}
	i := 0
	for ; i+2 <= n; i += 2 {
		a, b := work[i*n:(i+1)*n], work[(i+1)*n:(i+2)*n]
		ra, rb := inv[i*(i+1)/2:], inv[(i+1)*(i+2)/2:]
		head := a[i] // the one term that row i has and row i+1 has not
		for j := 0; j <= i; j += 2 {
			p, q := work[j*n:(j+1)*n], work[(j+1)*n:(j+2)*n]
			ap, aq, bp, bq := dot22(a[i+1:], b[i+1:], p[i+1:], q[i+1:])
			ra[j], rb[j] = ap+head*p[i], bp
			if j < i {
				ra[j+1] = aq + head*q[i]
			}
			rb[j+1] = bq
		}
	}
	if i < n {
		a, r := work[i*n:(i+1)*n], inv[i*(i+1)/2:]
		for j := range n {
			r[j] = a[i] * work[j*n+i]
		}
	}
}

// dot4 returns the products of x with four other vectors.
func dot4(x, a, b, c, d []float64) (sa, sb, sc, sd float64) {
	n := len(x)
	a, b, c, d = a[:n], b[:n], c[:n], d[:n]
	for i, v := range x {
		sa += v * a[i]
		sb += v * b[i]
		sc += v * c[i]
		sd += v * d[i]
	}
	return sa, sb, sc, sd
}

// dot22 returns the products of each of a, b with each of p, q.
func dot22(a, b, p, q []float64) (ap, aq, bp, bq float64) {
	n := len(a)
	b, p, q = b[:n], p[:n], q[:n]
	for i, v := range a {
		w, x, y := b[i], p[i], q[i]
		ap += v * x
		aq += v * y
		bp += w * x
		bq += w * y
	}
	return ap, aq, bp, bq
}

// dot returns the product of two vectors.
func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return (s0 + s1) + (s2 + s3)
}
