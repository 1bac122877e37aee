package bayes

import (
	"cmp"
	"math"
	"slices"

	"github.com/gohone/hone/internal/acq"
)

// A box is a product of intervals, one for each objective; −Inf is a lower end.
type box struct{ low, high []float64 }

// free returns boxes that do not overlap and whose union is what lies below
// reference and is dominated by no point of the front. It cuts the space into
// slabs between the front's values of the last objective and goes on with the
// other objectives in each of them; a box that is there in the next slab too is one
// box. So there are of order k boxes for k points and three objectives, and k² for
// four.
func free(front [][]float64, reference []float64) []box {
	last := len(reference) - 1
	if last == 0 {
		high := reference[0]
		for _, f := range front {
			high = min(high, f[0])
		}
		return []box{{[]float64{math.Inf(-1)}, []float64{high}}}
	}
	rising := slices.Clone(front)
	slices.SortFunc(rising, func(a, b []float64) int { return cmp.Compare(a[last], b[last]) })
	var boxes, open []box
	var below [][]float64
	low := math.Inf(-1)
	for i := 0; low < reference[last]; {
		for ; i < len(rising) && rising[i][last] <= low; i++ {
			below = extend(below, rising[i][:last])
		}
		high := reference[last]
		if i < len(rising) {
			high = min(high, rising[i][last])
		}
		var here []box
		next := 0 // boxes go on in the order in which they are
		for _, b := range free(below, reference[:last]) {
			found := false
			for range open {
				o := open[next%len(open)]
				next++
				if slices.Equal(o.low[:last], b.low) && slices.Equal(o.high[:last], b.high) {
					o.high[last] = high
					here = append(here, o)
					found = true
					break
				}
			}
			if !found {
				here = append(here, box{append(slices.Clone(b.low), low), append(slices.Clone(b.high), high)})
				boxes = append(boxes, here[len(here)-1])
			}
		}
		open, low = here, high
	}
	return boxes
}

// extend adds a point to a front, unless a point of it is nowhere worse, and drops
// those that are nowhere better.
func extend(front [][]float64, f []float64) [][]float64 {
	nowhereWorse := func(a, b []float64) bool {
		for k := range a {
			if a[k] > b[k] {
				return false
			}
		}
		return true
	}
	if slices.ContainsFunc(front, func(g []float64) bool { return nowhereWorse(g, f) }) {
		return front
	}
	return append(slices.DeleteFunc(front, func(g []float64) bool { return nowhereWorse(f, g) }), f)
}

// volume is the logarithm of the expected improvement of the hypervolume that a
// front dominates. With independent normal predictions it is exact: a point adds
// to a box the product of the lengths that it adds in each objective. Lengths are
// measured by a scale, so that predictions may be of warped values and the volume
// of values as they were told.
//
// K. Yang, M. Emmerich, A. Deutz, T. Bäck, "Efficient computation of expected
// hypervolume improvement using box decomposition algorithms", 2019,
// https://doi.org/10.1007/s10898-019-00798-7. In logarithms as in Ament et al.,
// 2023, arXiv:2310.20708, section 4.3.
type volume struct {
	cuts  [][]float64 // by objective: the ends of boxes, rising from −Inf
	slope [][]float64 // by objective and cut: the length of a unit below the cut
	boxes [][]int     // for each box and objective: low end, high end, as indices of cuts

	first []int        // by objective: where its cuts begin in the next two
	psi   [][3]float64 // lengths added below a cut, with derivatives, as shares of those below the last
	logs  [][3]float64 // logarithm of E[max(u − y, 0)] at a cut, with derivatives
}

// newVolume returns the criterion for a front of points that do not dominate one
// another. measure gives the length from anywhere to a value of an objective;
// between the front's values it is taken to be linear. Below the best of them, a
// length counts hope times.
func newVolume(front [][]float64, reference []float64, measure func(k int, z float64) float64, hope float64) *volume {
	c := &volume{cuts: make([][]float64, len(reference)), first: make([]int, len(reference))}
	boxes := free(front, reference)
	for k := range reference {
		ends := []float64{math.Inf(-1)}
		for _, b := range boxes {
			ends = append(ends, b.low[k], b.high[k])
		}
		slices.Sort(ends)
		cuts := slices.Compact(ends)
		slope := make([]float64, len(cuts))
		for i := 2; i < len(cuts); i++ {
			slope[i] = (measure(k, cuts[i]) - measure(k, cuts[i-1])) / (cuts[i] - cuts[i-1])
		}
		slope[1] = 1
		if len(cuts) > 2 {
			slope[1] = slope[2] // below the front's best value it goes on as above it
		}
		slope[1] *= hope
		c.cuts[k], c.slope = cuts, append(c.slope, slope)
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
	return c
}

func (c *volume) value(mu, sigma, dMu, dSigma []float64) float64 {
	// With ψ(u) = E[max(u − y, 0)], what is added between two cuts is the difference
	// of ψ there times the slope.
	c.psi, c.logs = c.psi[:0], c.logs[:0]
	scale := 0.0
	for k, cuts := range c.cuts {
		c.first[k] = len(c.psi)
		top, _, _ := acq.LogEI(mu[k], sigma[k], cuts[len(cuts)-1])
		scale += top
		var before, sum [3]float64
		c.psi, c.logs = append(c.psi, sum), append(c.logs, [3]float64{math.Inf(-1)})
		for i := 1; i < len(cuts); i++ {
			l, dm, ds := acq.LogEI(mu[k], sigma[k], cuts[i])
			v := math.Exp(l - top)
			now := [3]float64{v, v * dm, v * ds}
			for j := range now {
				sum[j] += c.slope[k][i] * (now[j] - before[j])
			}
			before = now
			c.psi, c.logs = append(c.psi, sum), append(c.logs, [3]float64{l, dm, ds})
		}
	}
	clear(dMu)
	clear(dSigma)
	total := 0.0
	for _, ends := range c.boxes {
		product := 1.0
		for k, first := range c.first {
			product *= c.psi[first+ends[2*k+1]][0] - c.psi[first+ends[2*k]][0]
		}
		if !(product > 0) {
			continue
		}
		total += product
		for k, first := range c.first {
			low, high := &c.psi[first+ends[2*k]], &c.psi[first+ends[2*k+1]]
			share := product / (high[0] - low[0])
			dMu[k] += share * (high[1] - low[1])
			dSigma[k] += share * (high[2] - low[2])
		}
	}
	if !(total > smallestShare) {
		return c.tail(dMu, dSigma)
	}
	for k := range mu {
		dMu[k] /= total
		dSigma[k] /= total
	}
	return scale + math.Log(total)
}

// smallestShare is where digits begin to be lost because numbers are so small.
const smallestShare = 1e-280

// tail is value where all that is added is tens of standard deviations away. There
// the nearest box, and in it what is added below its upper ends, is all that counts.
func (c *volume) tail(dMu, dSigma []float64) float64 {
	best, nearest := math.Inf(-1), -1
	for b, ends := range c.boxes {
		sum := 0.0
		for k, first := range c.first {
			sum += c.logs[first+ends[2*k+1]][0] + math.Log(c.slope[k][ends[2*k+1]])
		}
		if sum > best {
			best, nearest = sum, b
		}
	}
	clear(dMu)
	clear(dSigma)
	if nearest >= 0 {
		for k, first := range c.first {
			l := c.logs[first+c.boxes[nearest][2*k+1]]
			dMu[k], dSigma[k] = l[1], l[2]
		}
	}
	return best
}

// bound knows no bound but the trivial one: a hypervolume's improvement need not
// rise with each sigma.
func (c *volume) bound(mu, sigma []float64) float64 { return math.Inf(1) }
