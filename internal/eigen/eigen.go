// Package eigen computes eigenvalues and eigenvectors of symmetric matrices.
package eigen

import "math"

// Symmetric finds the eigenvalues and vectors of the symmetric n×n matrix a
// (row-major; the lower triangle is read, a is kept). On return the rows of v
// are orthonormal eigenvectors and values[i] belongs to row i; the order is
// not specified. len(work) ≥ n. It reports false, leaving v and values undefined, when the
// iteration does not converge, which a matrix with NaN or Inf brings about.
//
// Householder reduction to tridiagonal form, then QL iteration with implicit
// shifts: Golub and Van Loan, "Matrix Computations", 4th edition, algorithms
// 8.3.1 and 8.3.3. Eigenvectors are kept as rows, so that every rotation runs
// over contiguous memory.
func Symmetric(a []float64, n int, values, v, work []float64) bool {
	if len(a) != n*n || len(v) != n*n || len(values) != n || len(work) < n {
		panic("eigen: length mismatch")
	}
	norm := 0.0 // squares of tiny elements would underflow: scale to one
	for i := range n {
		for _, x := range a[i*n : i*n+i+1] {
			if math.IsNaN(x) {
				return false
			}
			norm = max(norm, math.Abs(x))
		}
	}
	switch {
	case math.IsInf(norm, 0):
		return false
	case norm == 0:
		norm = 1
	}
	for i := range n {
		for j := range i + 1 {
			x := a[i*n+j] / norm
			v[i*n+j], v[j*n+i] = x, x
		}
	}
	off := work[:n]
	tridiagonalize(v, n, values, off)
	ok := implicitQL(values, off, v, n)
	for i := range values {
		values[i] *= norm
	}
	return ok
}

// tridiagonalize overwrites the full symmetric q with the orthogonal matrix Q,
// such that Q·A·Qᵀ is tridiagonal with diagonal d and off-diagonal e, where
// e[i] stands between i−1 and i and e[0] is zero.
func tridiagonalize(q []float64, n int, d, e []float64) {
	// Row i from the last to the first but one: a reflector H = I − u uᵀ/h
	// made from q[i][:i] clears that row but for its last element. u stays in
	// row i of q, h in d[i], until Q is accumulated below.
	for i := n - 1; i > 0; i-- {
		u := q[i*n : i*n+i]
		e[i] = u[i-1]
		d[i] = 0
		scale := 0.0
		for _, x := range u[:i-1] {
			scale += math.Abs(x)
		}
		if scale == 0 {
			continue
		}
		scale += math.Abs(u[i-1])
		h := 0.0
		for k := range u {
			u[k] /= scale
			h += u[k] * u[k]
		}
		f := u[i-1]
		g := -math.Copysign(math.Sqrt(h), f)
		e[i] = scale * g
		h -= f * g
		u[i-1] = f - g
		d[i] = h

		// p = A u/h, K = uᵀp/2h, A ← A − u(p − Ku)ᵀ − (p − Ku)uᵀ. Only the
		// lower triangle is read and written; p is built in e[:i].
		p := e[:i]
		clear(p)
		for j := range i {
			row := q[j*n : j*n+j]
			uj, sum := u[j], q[j*n+j]*u[j]
			for k, x := range row {
				sum += x * u[k]
				p[k] += x * uj
			}
			p[j] += sum
		}
		k := 0.0
		for j := range p {
			p[j] /= h
			k += p[j] * u[j]
		}
		k /= 2 * h
		for j := range p {
			p[j] -= k * u[j]
		}
		for j := range i {
			row := q[j*n : j*n+j+1]
			uj, pj := u[j], p[j]
			for k := range row {
				row[k] -= uj*p[k] + pj*u[k]
			}
		}
	}
	e[0] = 0
	accumulate(q, n, d)
}

// accumulate multiplies the reflectors that tridiagonalize left in the rows of
// q (their h in d), and moves the diagonal from q to d. The result is Q by
// rows.
func accumulate(q []float64, n int, d []float64) {
	d[0] = 0
	for i := range n {
		// q[:i][:i] holds the product of the first reflectors by rows; apply
		// the next from the right: Q ← Q − (Q u) uᵀ/h.
		u := q[i*n : i*n+i]
		if h := d[i]; h != 0 {
			for j := range i {
				row := q[j*n : j*n+i]
				g := 0.0
				for k, x := range u {
					g += x * row[k]
				}
				g /= h
				for k, x := range u {
					row[k] -= g * x
				}
			}
		}
		d[i] = q[i*n+i]
		q[i*n+i] = 1
		for j := range i {
			q[i*n+j], q[j*n+i] = 0, 0
		}
	}
}

// implicitQL diagonalises the tridiagonal matrix (d, e as tridiagonalize
// leaves them) and rotates the rows of v along.
func implicitQL(d, e, v []float64, n int) bool {
	const sweeps = 60 // a handful is usual; the bound stops a NaN
	copy(e, e[1:])
	e[n-1] = 0
	for l := range n {
		for sweep := 0; ; sweep++ {
			m := l // the first negligible off-diagonal element at or after l
			for ; m < n-1; m++ {
				if dd := math.Abs(d[m]) + math.Abs(d[m+1]); math.Abs(e[m]) <= 0x1p-53*dd {
					break
				}
			}
			if m == l {
				break
			}
			if sweep == sweeps {
				return false
			}
			// Wilkinson's shift from the leading 2×2 block.
			g := (d[l+1] - d[l]) / (2 * e[l])
			r := math.Hypot(g, 1)
			g = d[m] - d[l] + e[l]/(g+math.Copysign(r, g))
			s, c, p := 1.0, 1.0, 0.0
			i := m - 1
			for ; i >= l; i-- {
				f, b := s*e[i], c*e[i]
				r = math.Sqrt(f*f + g*g)
				e[i+1] = r
				if r == 0 { // an eigenvalue split off early
					d[i+1] -= p
					e[m] = 0
					break
				}
				s, c = f/r, g/r
				g = d[i+1] - p
				r = (d[i]-g)*s + 2*c*b
				p = s * r
				d[i+1] = g + p
				g = c*r - b
				lo, hi := v[i*n:i*n+n], v[(i+1)*n:(i+1)*n+n]
				for k, x := range lo {
					y := hi[k]
					hi[k] = s*x + c*y
					lo[k] = c*x - s*y
				}
			}
			if r == 0 && i >= l {
				continue
			}
			d[l] -= p
			e[l] = g
			e[m] = 0
		}
	}
	return true
}
