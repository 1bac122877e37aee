package report

import "math"

// An axis maps values to pixels, evenly or by their logarithms.
type axis struct {
	low, high float64 // values
	from, to  float64 // pixels
	log       bool
	marks     []float64 // ticks, if they are given
}

func (a *axis) at(v float64) float64 {
	low, high := a.low, a.high
	if a.log {
		low, high, v = math.Log(low), math.Log(high), math.Log(max(v, a.low))
	}
	return a.from + (v-low)/(high-low)*(a.to-a.from)
}

// ticks are round values within the axis, on a logarithmic one as many of 1, 1.5, 2,
// 3, 5, 7 times powers of ten as there is room for.
func (a *axis) ticks() []float64 {
	if a.marks != nil {
		return a.marks
	}
	if !(a.low < a.high) || math.IsInf(a.high-a.low, 0) || a.log && a.low <= 0 {
		return nil
	}
	if !a.log {
		unit := math.Pow(10, math.Floor(math.Log10(a.high-a.low))-1)
		step := unit // the largest round one of which there are four
		for _, s := range []float64{2, 5, 10, 20, 50} {
			if (a.high-a.low)/(s*unit) >= 4 {
				step = s * unit
			}
		}
		var out []float64
		for k := math.Ceil(a.low/step - 1e-9); k*step <= a.high*(1+1e-9); k++ {
			out = append(out, k*step)
		}
		return out
	}
	for _, steps := range [][]float64{{1, 1.5, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}} {
		var out []float64
		for e := math.Floor(math.Log10(a.low)); e <= math.Ceil(math.Log10(a.high)); e++ {
			for _, s := range steps {
				if v := round(s*math.Pow(10, e), 3); v >= a.low*(1-1e-9) && v <= a.high*(1+1e-9) {
					out = append(out, v)
				}
			}
		}
		if len(out) <= 8 || len(steps) == 1 {
			return out
		}
	}
	return nil
}

// spread moves positions apart to a distance, as little as it can, and keeps them
// between low and high if they fit. They must be sorted.
func spread(at []float64, distance, low, high float64) []float64 {
	// Positions that touch form a block around the mean of what they wish for.
	type block struct {
		sum   float64 // of wishes, each less its offset in the block
		first int
		n     int
	}
	var blocks []block
	start := func(b block) float64 {
		room := distance * float64(b.n-1)
		return max(min(b.sum/float64(b.n), high-room), low)
	}
	for i, v := range at {
		blocks = append(blocks, block{v, i, 1})
		for len(blocks) > 1 {
			a, b := blocks[len(blocks)-2], blocks[len(blocks)-1]
			if start(a)+distance*float64(a.n) <= start(b) {
				break
			}
			a.sum += b.sum - distance*float64(a.n*b.n)
			a.n += b.n
			blocks = append(blocks[:len(blocks)-2], a)
		}
	}
	out := make([]float64, len(at))
	for _, b := range blocks {
		for k := range b.n {
			out[b.first+k] = start(b) + distance*float64(k)
		}
	}
	return out
}
