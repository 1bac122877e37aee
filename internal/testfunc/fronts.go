package testfunc

import (
	"fmt"
	"math"
)

// nadir sets the reference point of a problem to the worst values on its front, each
// a tenth of the front's range worse.
func nadir(p *Problem) *Problem {
	front := p.Front(2000)
	for k := range p.Objectives {
		low, high := math.Inf(1), math.Inf(-1)
		for _, f := range front {
			low, high = min(low, f[k]), max(high, f[k])
		}
		p.Reference[k] = high + 0.1*(high-low)
	}
	return p
}

// Fonseca is the problem of Fonseca and Fleming, "Multiobjective Optimization and
// Multiple Constraint Handling with Evolutionary Algorithms", 1998,
// doi:10.1109/3468.650319, in n parameters. Far from the front both values are flat.
func Fonseca(n int) *Problem {
	f := func(x []float64) []float64 {
		a, b := 0.0, 0.0
		for _, v := range x {
			a += (v - 1/math.Sqrt(float64(n))) * (v - 1/math.Sqrt(float64(n)))
			b += (v + 1/math.Sqrt(float64(n))) * (v + 1/math.Sqrt(float64(n)))
		}
		return []float64{1 - math.Exp(-a), 1 - math.Exp(-b)}
	}
	p := several(name("fonseca", n), n, 2, f, 1.1, func(m int) [][]float64 {
		var out [][]float64
		for _, t := range spread(m, -1, 1) {
			x := make([]float64, n)
			for j := range x {
				x[j] = t / math.Sqrt(float64(n))
			}
			out = append(out, f(x))
		}
		return out
	})
	p.Params = box(n, -4, 3)
	return nadir(p)
}

// Twisted is the first problem of Zhang et al., "Multiobjective optimization Test
// Instances for the CEC 2009 Special Session and Competition", 2008, in n
// parameters: the optimal points are on a curve that winds through the box.
func Twisted(n int) *Problem {
	p := several(name("uf1", n), n, 2, func(x []float64) []float64 {
		var sum, count [2]float64
		for j := 2; j <= n; j++ {
			d := x[j-1] - math.Sin(6*math.Pi*x[0]+float64(j)*math.Pi/float64(n))
			sum[j%2] += d * d
			count[j%2]++
		}
		return []float64{x[0] + 2*sum[1]/max(count[1], 1), 1 - math.Sqrt(x[0]) + 2*sum[0]/max(count[0], 1)}
	}, 1.1, func(m int) [][]float64 {
		var out [][]float64
		for _, f := range spread(m, 0, 1) {
			out = append(out, []float64{f, 1 - math.Sqrt(f)})
		}
		return out
	})
	for j := 1; j < n; j++ {
		p.Params[j].Low, p.Params[j].High = -1, 1
	}
	return nadir(p)
}

// Trade is the choice of a model by its error, its time and, with three objectives,
// its memory: a kind out of three, a width, and a rate whose best value depends on
// the width. The kinds take turns on the front.
func Trade(objectives int) *Problem {
	type kind struct{ floor, gain, power, time, memory float64 }
	kinds := []kind{{0.30, 0.5, 0.7, 1, 4}, {0.12, 0.9, 0.5, 3, 2}, {0.05, 1.6, 0.45, 9, 1}}
	at := func(k kind, width, miss, depth float64) []float64 {
		out := []float64{
			k.floor + k.gain*math.Pow(width, -k.power) + 0.05*miss*miss + 0.15*(1-depth)*(1-depth),
			k.time * math.Pow(width, 0.8) * (0.3 + depth),
			k.memory * width * (1 + 0.5*depth*depth),
		}
		return out[:objectives]
	}
	p := &Problem{
		Name: fmt.Sprintf("trade-%dobj", objectives), Objectives: objectives, Best: math.NaN(), Reference: make([]float64, objectives),
		Params: []Param{
			{Name: "kind", Kind: Categorical, High: 2},
			{Name: "width", Kind: Int, Low: 1, High: 64, Log: true},
			{Name: "rate", Low: 1e-4, High: 1, Log: true},
			{Name: "depth", Low: 0, High: 1},
		},
		Eval: func(x []float64) ([]float64, []float64) {
			miss := math.Log10(x[2]) + 2 + 0.5*math.Log10(x[1])
			return at(kinds[int(x[0])], x[1], miss, x[3]), nil
		},
		Front: func(m int) [][]float64 {
			var all, out [][]float64
			for _, k := range kinds {
				for width := 1.0; width <= 64; width++ {
					for _, depth := range spread(30, 0, 1) {
						all = append(all, at(k, width, 0, depth))
					}
				}
			}
			for _, f := range all {
				best := true
				for _, g := range all {
					below, less := true, false
					for k := range f {
						below, less = below && g[k] <= f[k], less || g[k] < f[k]
					}
					if below && less {
						best = false
						break
					}
				}
				if best {
					out = append(out, f)
				}
			}
			if len(out) <= m {
				return out
			}
			var some [][]float64
			for i := range m {
				some = append(some, out[i*len(out)/m])
			}
			return some
		},
	}
	return nadir(p)
}

// Inverted has three objectives of very different sizes in n parameters. Its front is
// a triangle whose corners are the worst in one objective and the best in both
// others, that of problem 1 of Cheng et al., "A benchmark test suite for evolutionary
// many-objective optimization", 2017, doi:10.1007/s40747-017-0039-7.
func Inverted(n int) *Problem {
	size := []float64{1, 10, 1000}
	f := func(a, b, g float64) []float64 {
		out := []float64{(1 + g) * (1 - a*b), (1 + g) * (1 - a*(1-b)), (1 + g) * a}
		for k := range out {
			out[k] *= size[k]
		}
		return out
	}
	p := several(name("maf1", n), n, 3, func(x []float64) []float64 {
		g := 0.0
		for j, v := range x[2:] {
			d := v - 0.2 - 0.55*float64(j%2)
			g += 3 * d * d
		}
		return f(x[0], x[1], g)
	}, 1, func(m int) [][]float64 {
		return grid(m, func(a, b float64) []float64 { return f(a, b, 0) })
	})
	return nadir(p)
}

// Ridged has three objectives and as front the triangle of the first problem of DTLZ
// (see [DTLZ]), with fewer and lower ridges on the way there.
func Ridged(n int) *Problem {
	f := func(a, b, g float64) []float64 {
		return []float64{(1 + g) * a * b, (1 + g) * a * (1 - b), (1 + g) * (1 - a)}
	}
	p := several(name("ridged", n), n, 3, func(x []float64) []float64 {
		g := 0.0
		for j, v := range x[2:] {
			d := v - 0.3 - 0.3*float64(j%2)
			g += 4*d*d + 0.1*(1-math.Cos(6*math.Pi*d))
		}
		return f(x[0], x[1], g)
	}, 1, func(m int) [][]float64 {
		return grid(m, func(a, b float64) []float64 { return f(a, b, 0) })
	})
	return nadir(p)
}

// Exponential replaces the values of a problem by exp(rate·value), one rate for each
// objective: the front is another one, and values far from it are huge.
func Exponential(p *Problem, rates ...float64) *Problem {
	change := func(f []float64) []float64 {
		out := make([]float64, len(f))
		for k, v := range f {
			out[k] = math.Exp(rates[k] * v)
		}
		return out
	}
	q := p.clone("exp-" + p.Name)
	q.Eval = func(x []float64) ([]float64, []float64) {
		v, c := p.Eval(x)
		return change(v), c
	}
	q.Front = func(n int) [][]float64 {
		out := p.Front(n)
		for i := range out {
			out[i] = change(out[i])
		}
		return out
	}
	q.Reference = make([]float64, p.Objectives)
	return nadir(q)
}
