package bayes

import (
	"cmp"
	"math"
	"slices"
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
	// The worst of all points: with a reference close to the front, points beyond
	// its ends would add nothing, and it would never grow longer. But that makes much
	// of the ends, so a front of some points has one close by in three of four turns.
	reference := make([]float64, m)
	for k := range reference {
		reference[k] = slices.Max(values[k])
	}
	scales := st.scales()
	if len(front) >= closeFrom*m && (len(p.Points)+len(p.Pending))%4 != 3 {
		for k, r := range closeReference(front, scales) {
			reference[k] = min(r, reference[k])
		}
	}
	measure := func(k int, z float64) float64 { return scales[k].told(z) }
	hope := 1.0
	if m > 3 {
		hope = hopeOfMany
	}
	return newVolume(spread(front, frontPoints(m)), reference, measure, hope), "expected hypervolume improvement"
}

// hopeOfMany is what a length below the best value of an objective counts with four
// objectives. Where three of them are flat, as at the corners of a spherical front,
// models go on promising a little less in each, times a large range of the fourth.
// Chosen on the even half of the suite "many" of bench/.
const hopeOfMany = 0.2

// closeFrom is how many points a front has, for each objective, when the reference
// point comes close to it. With fewer, its ends say little.
const closeFrom = 4

// closeReference returns a point that is worse than the front by a tenth of its range
// in each objective, measured by the values that were told. Points of the front that
// are hardly better than others in one objective, and much worse in another, do not
// count for that: they are many where objectives are flat.
func closeReference(front [][]float64, scales []scale) []float64 {
	const margin = 0.1
	told := make([][]float64, len(front))
	for i, f := range front {
		for k, z := range f {
			told[i] = append(told[i], scales[k].told(z))
		}
	}
	low, high := extremes(proper(told))
	reference := make([]float64, len(scales))
	for k, s := range scales {
		reference[k] = math.Inf(1)
		if high[k] > low[k] {
			reference[k] = s.warped(high[k] + margin*(high[k]-low[k]))
		}
	}
	return reference
}

// proper returns the points of a front whose trade-offs are bounded: it drops those
// for which some other point gains more than properBound times what it loses, in
// units of the front's range, until there are none. At least one stays.
//
// A. M. Geoffrion, "Proper efficiency and the theory of vector maximization", 1968,
// https://doi.org/10.1016/0022-247X(68)90201-1.
func proper(front [][]float64) [][]float64 {
	for {
		low, high := extremes(front)
		var kept [][]float64
		for _, a := range front {
			if !slices.ContainsFunc(front, func(b []float64) bool {
				gain, loss := 0.0, 0.0
				for k := range a {
					if size := high[k] - low[k]; size > 0 {
						gain, loss = max(gain, (a[k]-b[k])/size), max(loss, (b[k]-a[k])/size)
					}
				}
				return gain > properBound*loss
			}) {
				kept = append(kept, a)
			}
		}
		if len(kept) == len(front) || len(kept) == 0 {
			return front
		}
		front = kept
	}
}

// properBound is how much may be gained in one objective for each unit that is lost
// in another.
const properBound = 20

// extremes returns the least and the largest value of each objective.
func extremes(front [][]float64) (low, high []float64) {
	low, high = slices.Clone(front[0]), slices.Clone(front[0])
	for _, f := range front {
		for k, v := range f {
			low[k], high[k] = min(low[k], v), max(high[k], v)
		}
	}
	return low, high
}

// A scale leads from warped values of an objective to those that were told and back:
// straight lines between the points that there are, {told, warped}, both rising.
type scale [][2]float64

// scales returns one for each objective. What was told is divided by the largest, so
// that no difference overflows.
func (st *state) scales() []scale {
	out := make([]scale, len(st.told))
	for k, told := range st.told {
		largest := 0.0
		for _, y := range told {
			largest = max(largest, math.Abs(y))
		}
		if largest == 0 {
			largest = 1
		}
		s := make(scale, len(told))
		for i, y := range told {
			s[i] = [2]float64{y / largest, st.values[k][i]}
		}
		slices.SortFunc(s, func(a, b [2]float64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
		kept := s[:1]
		for _, pair := range s[1:] {
			if last := kept[len(kept)-1]; pair[0] > last[0] && pair[1] > last[1] {
				kept = append(kept, pair)
			}
		}
		out[k] = kept
	}
	return out
}

func (s scale) told(z float64) float64   { return s.lead(1, 0, z) }
func (s scale) warped(y float64) float64 { return s.lead(0, 1, y) }

// lead returns coordinate to of the place where coordinate from is x. Beyond the
// ends the last lines go on.
func (s scale) lead(from, to int, x float64) float64 {
	if len(s) == 1 {
		return s[0][to] + x - s[0][from]
	}
	i, _ := slices.BinarySearchFunc(s, x, func(p [2]float64, x float64) int { return cmp.Compare(p[from], x) })
	i = min(max(i, 1), len(s)-1)
	a, b := s[i-1], s[i]
	return a[to] + (x-a[from])*((b[to]-a[to])/(b[from]-a[from]))
}

// frontPoints is how many points of a front are looked at: with them, a criterion
// has some hundred boxes, or with four objectives a thousand.
func frontPoints(objectives int) int {
	if objectives > 3 {
		return 60
	}
	return 150
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
