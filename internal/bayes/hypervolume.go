package bayes

import (
	"math"
	"slices"

	"github.com/gohone/hone/internal/acq"
)

// dominates reports whether point a is nowhere worse than point b and somewhere
// better. values has a slice for each objective.
func dominates(values [][]float64, a, b int) bool {
	better := false
	for _, v := range values {
		switch c := compareNaNLast(v[a], v[b]); {
		case c > 0:
			return false
		case c < 0:
			better = true
		}
	}
	return better
}

// A box is a product of intervals, one for each objective; −Inf is a lower end.
type box struct{ low, high []float64 }

// free returns boxes that do not overlap and whose union is what lies below
// reference and is dominated by no point of the front. It cuts the space into
// slabs between the front's values of the last objective and goes on with the
// other objectives in each of them, so the number of boxes is of order k^(m−1)
// for k points and m objectives.
func free(front [][]float64, reference []float64) []box {
	last := len(reference) - 1
	if last == 0 {
		high := reference[0]
		for _, f := range front {
			high = min(high, f[0])
		}
		return []box{{[]float64{math.Inf(-1)}, []float64{high}}}
	}
	cuts := []float64{math.Inf(-1), reference[last]}
	for _, f := range front {
		if f[last] < reference[last] {
			cuts = append(cuts, f[last])
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var boxes []box
	for i := range len(cuts) - 1 {
		low, high := cuts[i], cuts[i+1]
		var below [][]float64
		for _, f := range front {
			if f[last] <= low {
				below = append(below, f[:last])
			}
		}
		for _, b := range free(below, reference[:last]) {
			boxes = append(boxes, box{append(slices.Clone(b.low), low), append(slices.Clone(b.high), high)})
		}
	}
	return boxes
}

// volume is the logarithm of the expected improvement of the hypervolume that a
// front dominates. With independent normal predictions it is exact: a point adds
// to a box the product of the lengths that it adds in each objective.
//
// K. Yang, M. Emmerich, A. Deutz, T. Bäck, "Efficient computation of expected
// hypervolume improvement using box decomposition algorithms", 2019,
// https://doi.org/10.1007/s10898-019-00798-7. In logarithms as in Ament et al.,
// 2023, arXiv:2310.20708, section 4.3.
type volume struct {
	cuts  [][]float64 // by objective: the ends of boxes, rising from −Inf
	boxes [][]int     // for each box and objective: low end, high end, as indices of cuts
	psi   [][3]float64
	logs  []float64
}

// newVolume returns the criterion for a front of points that do not dominate one
// another.
func newVolume(front [][]float64, reference []float64) *volume {
	c := &volume{cuts: make([][]float64, len(reference))}
	boxes := free(front, reference)
	for k := range reference {
		ends := []float64{math.Inf(-1)}
		for _, b := range boxes {
			ends = append(ends, b.low[k], b.high[k])
		}
		slices.Sort(ends)
		c.cuts[k] = slices.Compact(ends)
	}
	for _, b := range boxes {
		var ends []int
		for k := range reference {
			low, _ := slices.BinarySearch(c.cuts[k], b.low[k])
			high, _ := slices.BinarySearch(c.cuts[k], b.high[k])
			ends = append(ends, low, high)
		}
		c.boxes = append(c.boxes, ends)
	}
	c.logs = make([]float64, len(boxes))
	return c
}

func (c *volume) value(mu, sigma, dMu, dSigma []float64) float64 {
	// ψ(u) = E[max(u − y, 0)] at every cut, with its derivatives, in logarithms.
	c.psi = c.psi[:0]
	first := make([]int, len(mu))
	for k, cuts := range c.cuts {
		first[k] = len(c.psi)
		for _, u := range cuts {
			v, dm, ds := math.Inf(-1), 0.0, 0.0
			if !math.IsInf(u, -1) {
				v, dm, ds = acq.LogEI(mu[k], sigma[k], u)
			}
			c.psi = append(c.psi, [3]float64{v, dm, ds})
		}
	}
	// A box gives Π (ψ(high) − ψ(low)).
	top := math.Inf(-1)
	for b, ends := range c.boxes {
		sum := 0.0
		for k := range mu {
			low, high := c.psi[first[k]+ends[2*k]], c.psi[first[k]+ends[2*k+1]]
			sum += logDifference(high[0], low[0])
		}
		c.logs[b] = sum
		top = max(top, sum)
	}
	clear(dMu)
	clear(dSigma)
	if math.IsInf(top, -1) {
		return top
	}
	total := 0.0
	for b, ends := range c.boxes {
		w := math.Exp(c.logs[b] - top)
		total += w
		if w < 1e-12 {
			continue
		}
		for k := range mu {
			low, high := c.psi[first[k]+ends[2*k]], c.psi[first[k]+ends[2*k+1]]
			// d ln(e^high − e^low) = (dhigh − e^(low−high)·dlow)/(1 − e^(low−high))
			share := math.Exp(low[0] - high[0])
			dMu[k] += w * (high[1] - share*low[1]) / (1 - share)
			dSigma[k] += w * (high[2] - share*low[2]) / (1 - share)
		}
	}
	for k := range mu {
		dMu[k] /= total
		dSigma[k] /= total
	}
	return top + math.Log(total)
}

// bound knows no bound but the trivial one: a hypervolume's improvement need not
// rise with each sigma.
func (c *volume) bound(mu, sigma []float64) float64 { return math.Inf(1) }

// logDifference returns ln(e^a − e^b), −Inf unless a > b.
func logDifference(a, b float64) float64 {
	if !(a > b) {
		return math.Inf(-1)
	}
	return a + math.Log(-math.Expm1(b-a))
}

// several is the criterion for two or more objectives.
func (st *state) several(p *Problem) (criterion, string) {
	m := len(p.Values)
	values := st.values[:m]
	var front [][]float64
	for i := range st.values[0] {
		best := st.allowed[i]
		for j := range st.values[0] {
			if best && st.allowed[j] && dominates(values, j, i) {
				best = false
			}
		}
		if best {
			f := make([]float64, m)
			for k := range f {
				f[k] = values[k][i]
			}
			front = append(front, f)
		}
	}
	// The worst of all points: with one close to the front, points beyond its ends
	// would add nothing, and it would never grow longer.
	reference := make([]float64, m)
	for k := range reference {
		reference[k] = slices.Max(values[k])
	}
	return newVolume(spread(front, frontPoints(m)), reference), "expected hypervolume improvement"
}

// frontPoints is how many points of a front are looked at: with them, a criterion
// has a few hundred boxes at most.
func frontPoints(objectives int) int {
	switch objectives {
	case 2:
		return 64
	case 3:
		return 20
	}
	return 6
}

// spread returns at most size points of a front: those that are the best in one
// objective, then, one after another, the one farthest from those chosen.
func spread(front [][]float64, size int) [][]float64 {
	if len(front) <= size {
		return front
	}
	var chosen [][]float64
	distance := make([]float64, len(front))
	for i := range distance {
		distance[i] = math.Inf(1)
	}
	take := func(i int) {
		chosen = append(chosen, front[i])
		for j, f := range front {
			sum := 0.0
			for k := range f {
				sum += (f[k] - front[i][k]) * (f[k] - front[i][k])
			}
			distance[j] = min(distance[j], sum)
		}
	}
	for k := range front[0] {
		best := 0
		for i, f := range front {
			if f[k] < front[best][k] {
				best = i
			}
		}
		if distance[best] > 0 {
			take(best)
		}
	}
	for len(chosen) < size {
		far := 0
		for i, d := range distance {
			if d > distance[far] {
				far = i
			}
		}
		take(far)
	}
	return chosen
}
