package gp

import "math"

// A factor is a lower triangular Cholesky factor, stored by rows without gaps:
// row i begins at i(i+1)/2 and has i + 1 entries. It grows by rows.
type factor struct {
	n int
	l []float64
}

func (f *factor) row(i int) []float64 {
	start := i * (i + 1) / 2
	return f.l[start : start+i+1 : start+i+1]
}

// reset empties f and makes room for n rows.
func (f *factor) reset(n int) {
	f.n = 0
	if size := n * (n + 1) / 2; cap(f.l) < size {
		f.l = make([]float64, 0, size)
	}
	f.l = f.l[:0]
}

// truncate drops all rows but the first n.
func (f *factor) truncate(n int) {
	f.n, f.l = n, f.l[:n*(n+1)/2]
}

// append adds the row of the factor that belongs to the next row of the matrix,
// a, whose last entry is the diagonal one. It leaves f as it was and reports
// false when the pivot is not above floor (GPML eq. 4.29–4.31 of the appendix;
// the new row solves L·v = a).
func (f *factor) append(a []float64, floor float64) bool {
	n := f.n
	f.l = append(f.l, a...)
	v := f.l[len(f.l)-n-1:]
	f.solve(v[:n])
	pivot := v[n]
	for _, x := range v[:n] {
		pivot -= x * x
	}
	if !(pivot > floor) || math.IsInf(pivot, 0) {
		f.l = f.l[:len(f.l)-n-1]
		return false
	}
	v[n] = math.Sqrt(pivot)
	f.n++
	return true
}

// solve replaces b by the solution of L·x = b, for the leading len(b) rows.
func (f *factor) solve(b []float64) { f.solveFrom(b, 0) }

// solveFrom replaces b by the solution of L·x = b for right-hand sides that are
// zero before position from.
func (f *factor) solveFrom(b []float64, from int) { f.solveRows(b, from, from) }

// solveRows goes on with a solution of L·x = b that is there up to position i, and
// is zero before position from.
func (f *factor) solveRows(b []float64, from, i int) {
	n := len(b)
	start := i * (i + 1) / 2
	for ; i+4 <= n; i += 4 {
		r0 := f.l[start : start+i+1]
		start += i + 1
		r1 := f.l[start : start+i+2]
		start += i + 2
		r2 := f.l[start : start+i+3]
		start += i + 3
		r3 := f.l[start : start+i+4]
		start += i + 4
		s0, s1, s2, s3 := dot4(b[from:i], r0[from:], r1[from:], r2[from:], r3[from:])
		x0 := (b[i] - s0) / r0[i]
		x1 := (b[i+1] - s1 - r1[i]*x0) / r1[i+1]
		x2 := (b[i+2] - s2 - r2[i]*x0 - r2[i+1]*x1) / r2[i+2]
		x3 := (b[i+3] - s3 - r3[i]*x0 - r3[i+1]*x1 - r3[i+2]*x2) / r3[i+3]
		b[i], b[i+1], b[i+2], b[i+3] = x0, x1, x2, x3
	}
	for ; i < n; i++ {
		r := f.l[start : start+i+1]
		start += i + 1
		s := 0.0
		for j := from; j < i; j++ {
			s += r[j] * b[j]
		}
		b[i] = (b[i] - s) / r[i]
	}
}

// solveTransposed replaces b by the solution of Lᵀ·x = b. len(b) must be f.n.
func (f *factor) solveTransposed(b []float64) {
	i := f.n
	for ; i >= 4; i -= 4 {
		r3, r2, r1, r0 := f.row(i-1), f.row(i-2), f.row(i-3), f.row(i-4)
		x3 := b[i-1] / r3[i-1]
		x2 := (b[i-2] - r3[i-2]*x3) / r2[i-2]
		x1 := (b[i-3] - r3[i-3]*x3 - r2[i-3]*x2) / r1[i-3]
		x0 := (b[i-4] - r3[i-4]*x3 - r2[i-4]*x2 - r1[i-4]*x1) / r0[i-4]
		b[i-1], b[i-2], b[i-3], b[i-4] = x3, x2, x1, x0
		n := i - 4
		h := b[:n]
		r0, r1, r2, r3 = r0[:n], r1[:n], r2[:n], r3[:n]
		for j := range h {
			h[j] -= x0*r0[j] + x1*r1[j] + x2*r2[j] + x3*r3[j]
		}
	}
	for i--; i >= 0; i-- {
		r := f.row(i)
		b[i] /= r[i]
		for j := range i {
			b[j] -= b[i] * r[j]
		}
	}
}

// logDet returns ln |L|, half the logarithm of the matrix's determinant.
func (f *factor) logDet() float64 {
	s := 0.0
	for i := range f.n {
		s += math.Log(f.l[i*(i+3)/2])
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
