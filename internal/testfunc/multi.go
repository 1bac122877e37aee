package testfunc

import (
	"fmt"
	"math"
)

// several makes a problem of several objectives on the unit cube.
func several(name string, n, objectives int, f func(x []float64) []float64, reference float64, front func(n int) [][]float64) *Problem {
	return &Problem{
		Name: name, Params: box(n, 0, 1), Objectives: objectives, Best: math.NaN(),
		Reference: at(reference, objectives), Front: front,
		Eval: func(x []float64) ([]float64, []float64) { return f(x), nil },
	}
}

// ZDT is one of the problems 1, 2, 3, 4 and 6 of Zitzler, Deb and Thiele,
// "Comparison of Multiobjective Evolutionary Algorithms: Empirical Results", Evolutionary Computation 8(2),
// 2000, doi:10.1162/106365600568202, in n parameters (30, but 10 in the fourth and sixth, in the
// paper). The optimal points have all parameters but the first at zero.
func ZDT(k, n int) *Problem {
	// f1, the sum g, and the shape h of f2 = g·h(f1, g).
	f1 := func(x []float64) float64 { return x[0] }
	g := func(x []float64) float64 {
		s := 0.0
		for _, v := range x[1:] {
			s += v
		}
		return 1 + 9*s/float64(n-1)
	}
	h := func(f, g float64) float64 { return 1 - math.Sqrt(f/g) }
	front := func(m int) []float64 { return spread(m, 0, 1) }
	switch k {
	case 1:
	case 2:
		h = func(f, g float64) float64 { return 1 - (f/g)*(f/g) }
	case 3:
		h = func(f, g float64) float64 { return 1 - math.Sqrt(f/g) - f/g*math.Sin(10*math.Pi*f) }
		front = func(m int) []float64 { // five pieces; ends as in Deb's book (2001)
			ends := []float64{0, 0.0830015349, 0.1822287280, 0.2577623634, 0.4093136748, 0.4538821041, 0.6183967944, 0.6525117038, 0.8233317983, 0.8518328654}
			var out []float64
			for i := 0; i < len(ends); i += 2 {
				out = append(out, spread((m+4)/5, ends[i]+1e-8*float64(i), ends[i+1])...) // its rounded start may be dominated
			}
			return out[:min(m, len(out))]
		}
	case 4:
		g = func(x []float64) float64 { // its parameters but the first run from −5 to 5
			s := 1 + 10*float64(n-1)
			for _, v := range x[1:] {
				s += v*v - 10*math.Cos(4*math.Pi*v)
			}
			return s
		}
	case 6:
		f1 = func(x []float64) float64 { return 1 - math.Exp(-4*x[0])*math.Pow(math.Sin(6*math.Pi*x[0]), 6) }
		g = func(x []float64) float64 {
			s := 0.0
			for _, v := range x[1:] {
				s += v
			}
			return 1 + 9*math.Pow(s/float64(n-1), 0.25)
		}
		h = func(f, g float64) float64 { return 1 - (f/g)*(f/g) }
		front = func(m int) []float64 { return spread(m, 0.2807753191, 1) }
	default:
		panic("testfunc: no such ZDT problem")
	}
	p := several(fmt.Sprintf("zdt%d-%d", k, n), n, 2, func(x []float64) []float64 {
		a, b := f1(x), g(x)
		return []float64{a, b * h(a, b)}
	}, 1.1, func(m int) [][]float64 {
		var out [][]float64
		for _, f := range front(m) {
			out = append(out, []float64{f, h(f, 1)})
		}
		return out
	})
	if k == 4 {
		for i := 1; i < n; i++ {
			p.Params[i].Low, p.Params[i].High = -5, 5
		}
	}
	return p
}

// spread returns m values from low to high.
func spread(m int, low, high float64) []float64 {
	out := make([]float64, m)
	for i := range out {
		out[i] = low + (high-low)*float64(i)/float64(max(m-1, 1))
	}
	return out
}

// DTLZ is one of the problems 2, 5 and 7 of Deb, Thiele, Laumanns and Zitzler, "Scalable
// Test Problems for Evolutionary Multiobjective Optimization", 2005,
// doi:10.1007/1-84628-137-7_6, with three objectives in n ≥ 3 parameters. Optimal points
// have the parameters from the third on at 0.5, in the seventh at 0.
func DTLZ(k, n int) *Problem {
	distance := func(x []float64) float64 {
		s := 0.0
		for _, v := range x[2:] {
			s += (v - 0.5) * (v - 0.5)
		}
		return s
	}
	ball := func(a, b, g float64) []float64 {
		sa, ca := math.Sincos(a * math.Pi / 2)
		sb, cb := math.Sincos(b * math.Pi / 2)
		return []float64{(1 + g) * ca * cb, (1 + g) * ca * sb, (1 + g) * sa}
	}
	name := fmt.Sprintf("dtlz%d-%d", k, n)
	switch k {
	case 2:
		return several(name, n, 3, func(x []float64) []float64 { return ball(x[0], x[1], distance(x)) }, 1.1, func(m int) [][]float64 {
			return grid(m, func(a, b float64) []float64 { return ball(a, b, 0) })
		})
	case 5:
		return several(name, n, 3, func(x []float64) []float64 {
			g := distance(x)
			return ball(x[0], (1+2*g*x[1])/(2*(1+g)), g)
		}, 1.1, func(m int) [][]float64 {
			var out [][]float64
			for _, a := range spread(m, 0, 1) {
				out = append(out, ball(a, 0.5, 0))
			}
			return out
		})
	case 7:
		third := func(a, b, g float64) float64 {
			h := 3.0
			for _, f := range []float64{a, b} {
				h -= f / (1 + g) * (1 + math.Sin(3*math.Pi*f))
			}
			return (1 + g) * h
		}
		return several(name, n, 3, func(x []float64) []float64 {
			s := 0.0
			for _, v := range x[2:] {
				s += v
			}
			g := 1 + 9*s/float64(n-2)
			return []float64{x[0], x[1], third(x[0], x[1], g)}
		}, 6.5, func(m int) [][]float64 {
			// A coordinate is optimal where f(1 + sin 3πf) is above all that it was before.
			var good []float64
			most := math.Inf(-1)
			for _, f := range spread(20001, 0, 1) {
				if v := f * (1 + math.Sin(3*math.Pi*f)); v > most {
					most = v
					good = append(good, f)
				}
			}
			pick := func(u float64) float64 { return good[int(u*float64(len(good)-1))] }
			return grid(m, func(a, b float64) []float64 {
				a, b = pick(a), pick(b)
				return []float64{a, b, third(a, b, 1)}
			})
		})
	}
	panic("testfunc: no such DTLZ problem")
}

// grid returns the values of f at m points of the unit square or a few more.
func grid(m int, f func(a, b float64) []float64) [][]float64 {
	side := int(math.Ceil(math.Sqrt(float64(m))))
	var out [][]float64
	for _, a := range spread(side, 0, 1) {
		for _, b := range spread(side, 0, 1) {
			out = append(out, f(a, b))
		}
	}
	return out
}
