package testfunc

import (
	"fmt"
	"math"
	"slices"
)

// Sources, where no other is named: Surjanovic and Bingham, "Virtual Library of
// Simulation Experiments: Test Functions and Datasets", Simon Fraser University;
// Jamil and Yang, "A Literature Survey of Benchmark Functions for Global
// Optimization Problems", 2013, arXiv:1308.4008.

const tau = 2 * math.Pi

func at(v float64, n int) []float64 { return slices.Repeat([]float64{v}, n) }

func name(function string, n int) string { return fmt.Sprintf("%s-%d", function, n) }

// Sphere is Σ x², unimodal.
func Sphere(n int) *Problem {
	return everywhere(single(name("sphere", n), box(n, -5, 5), func(x []float64) float64 {
		s := 0.0
		for _, v := range x {
			s += v * v
		}
		return s
	}, 0, 0, at(0, n)))
}

// Ellipsoid is Σ 10^(6i/(n−1)) x², with a condition number of a million.
func Ellipsoid(n int) *Problem {
	return everywhere(single(name("ellipsoid", n), box(n, -5, 5), func(x []float64) float64 {
		s := 0.0
		for i, v := range x {
			s += math.Pow(10, 6*float64(i)/float64(max(n-1, 1))) * v * v
		}
		return s
	}, 0, 0, at(0, n)))
}

// Rosenbrock is Σ 100(x' − x²)² + (1 − x)², a curved valley.
func Rosenbrock(n int) *Problem {
	return everywhere(single(name("rosenbrock", n), box(n, -5, 10), func(x []float64) float64 {
		s := 0.0
		for i := range n - 1 {
			a, b := x[i+1]-x[i]*x[i], 1-x[i]
			s += 100*a*a + b*b
		}
		return s
	}, 0, 0, at(1, n)))
}

// Rastrigin has about 10ⁿ local optima on a bowl.
func Rastrigin(n int) *Problem {
	return everywhere(single(name("rastrigin", n), box(n, -5.12, 5.12), func(x []float64) float64 {
		s := 0.0
		for _, v := range x {
			s += 10 + v*v - 10*math.Cos(tau*v)
		}
		return s
	}, 0, 0, at(0, n)))
}

// Ackley has many shallow local optima around a deep hole.
func Ackley(n int) *Problem {
	return everywhere(single(name("ackley", n), box(n, -32.768, 32.768), ackley, 0, 1e-14, at(0, n)))
}

func ackley(x []float64) float64 {
	squares, cosines := 0.0, 0.0
	for _, v := range x {
		squares += v * v
		cosines += math.Cos(tau * v)
	}
	n := float64(len(x))
	return 20 - 20*math.Exp(-0.2*math.Sqrt(squares/n)) + math.E - math.Exp(cosines/n)
}

// Griewank has many regular local optima on a wide bowl.
func Griewank(n int) *Problem {
	return everywhere(single(name("griewank", n), box(n, -600, 600), func(x []float64) float64 {
		s, p := 0.0, 1.0
		for i, v := range x {
			s += v * v / 4000
			p *= math.Cos(v / math.Sqrt(float64(i+1)))
		}
		return s - p + 1
	}, 0, 0, at(0, n)))
}

// Levy is multimodal in every coordinate.
func Levy(n int) *Problem {
	return everywhere(single(name("levy", n), box(n, -10, 10), func(x []float64) float64 {
		w := func(i int) float64 { return 1 + (x[i]-1)/4 }
		sin := func(v float64) float64 { return math.Pow(math.Sin(v), 2) }
		s := sin(math.Pi * w(0))
		for i := range n - 1 {
			s += math.Pow(w(i)-1, 2) * (1 + 10*sin(math.Pi*w(i)+1))
		}
		return s + math.Pow(w(n-1)-1, 2)*(1+sin(tau*w(n-1)))
	}, 0, 1e-30, at(1, n)))
}

// Michalewicz has n! local optima in steep ridges (m = 10). n is 2, 5 or 10,
// for which the optimum is published.
func Michalewicz(n int) *Problem {
	f := func(x []float64) float64 {
		s := 0.0
		for i, v := range x {
			s -= math.Sin(v) * math.Pow(math.Sin(float64(i+1)*v*v/math.Pi), 20)
		}
		return s
	}
	// Coordinates are independent of each other. Values: Vanaret et al., "Certified
	// Global Minima for a Benchmark of Difficult Optimization Problems", 2014.
	best := map[int]float64{2: -1.8013034101, 5: -4.6876581791, 10: -9.6601517156}[n]
	point := []float64{2.202906, 1.570796, 1.284992, 1.923058, 1.720470, 1.570796, 1.454414, 1.756087, 1.655717, 1.570796}
	if best == 0 {
		panic("testfunc: Michalewicz of no published optimum")
	}
	return single(name("michalewicz", n), box(n, 0, math.Pi), f, best, 1e-8, point[:n])
}

// StyblinskiTang has 2ⁿ local optima.
func StyblinskiTang(n int) *Problem {
	return everywhere(single(name("styblinski-tang", n), box(n, -5, 5), func(x []float64) float64 {
		s := 0.0
		for _, v := range x {
			s += (v*v*v*v - 16*v*v + 5*v) / 2
		}
		return s
	}, -39.166165703771419*float64(n), 1e-12*float64(n), at(-2.9035340276896057, n)))
}

// Schwefel has its optimum near a corner, far from the next best ones.
func Schwefel(n int) *Problem {
	return single(name("schwefel", n), box(n, -500, 500), func(x []float64) float64 {
		s := 418.9828872724338 * float64(n)
		for _, v := range x {
			s -= v * math.Sin(math.Sqrt(math.Abs(v)))
		}
		return s
	}, 0, 1e-10*float64(n), at(420.9687463, n))
}

// Zakharov is unimodal, with a plate-shaped bottom.
func Zakharov(n int) *Problem {
	return everywhere(single(name("zakharov", n), box(n, -5, 10), func(x []float64) float64 {
		s, l := 0.0, 0.0
		for i, v := range x {
			s += v * v
			l += 0.5 * float64(i+1) * v
		}
		return s + l*l + l*l*l*l
	}, 0, 0, at(0, n)))
}

// DixonPrice is a valley whose optimum is not at equal coordinates.
func DixonPrice(n int) *Problem {
	point := make([]float64, n)
	for i := range point {
		point[i] = math.Pow(2, -(math.Pow(2, float64(i+1))-2)/math.Pow(2, float64(i+1)))
	}
	return everywhere(single(name("dixon-price", n), box(n, -10, 10), func(x []float64) float64 {
		s := (x[0] - 1) * (x[0] - 1)
		for i := 1; i < n; i++ {
			d := 2*x[i]*x[i] - x[i-1]
			s += float64(i+1) * d * d
		}
		return s
	}, 0, 1e-28, point))
}

// Branin has three global optima.
func Branin() *Problem {
	params := box(2, 0, 15)
	params[0].Low, params[0].High = -5, 10
	return everywhere(single("branin", params, func(x []float64) float64 {
		a := x[1] - 5.1/(4*math.Pi*math.Pi)*x[0]*x[0] + 5/math.Pi*x[0] - 6
		return a*a + 10*(1-1/(8*math.Pi))*math.Cos(x[0]) + 10
	}, 0.39788735772973816, 1e-12, []float64{-math.Pi, 12.275}, []float64{math.Pi, 2.275}, []float64{3 * math.Pi, 2.475}))
}

// SixHumpCamel has two global optima among six.
func SixHumpCamel() *Problem {
	params := box(2, -2, 2)
	params[0].Low, params[0].High = -3, 3
	return everywhere(single("six-hump-camel", params, func(x []float64) float64 {
		a, b := x[0]*x[0], x[1]*x[1]
		return (4-2.1*a+a*a/3)*a + x[0]*x[1] + (-4+4*b)*b
	}, -1.0316284534898772, 1e-12, []float64{0.089842013, -0.712656403}, []float64{-0.089842013, 0.712656403}))
}

// GoldsteinPrice spans six orders of magnitude.
func GoldsteinPrice() *Problem {
	return single("goldstein-price", box(2, -2, 2), func(x []float64) float64 {
		a, b := x[0], x[1]
		p, q := a+b+1, 2*a-3*b
		return (1 + p*p*(19-14*a+3*a*a-14*b+6*a*b+3*b*b)) * (30 + q*q*(18-32*a+12*a*a+48*b-36*a*b+27*b*b))
	}, 3, 1e-12, []float64{0, -1})
}

// Beale is flat away from a curved valley.
func Beale() *Problem {
	return everywhere(single("beale", box(2, -4.5, 4.5), func(x []float64) float64 {
		a, b := x[0], x[1]
		s := 0.0
		for k, c := range []float64{1.5, 2.25, 2.625} {
			d := c - a + a*math.Pow(b, float64(k+1))
			s += d * d
		}
		return s
	}, 0, 0, []float64{3, 0.5}))
}

// Eggholder has its optimum at the bound.
func Eggholder() *Problem {
	return single("eggholder", box(2, -512, 512), func(x []float64) float64 {
		a, b := x[0], x[1]+47
		return -b*math.Sin(math.Sqrt(math.Abs(b+a/2))) - a*math.Sin(math.Sqrt(math.Abs(a-b)))
	}, -959.640662720851, 1e-6, []float64{512, 404.231805})
}

// Hartmann is the function of Hartman (1973) in 3 or 6 dimensions, with four
// local optima. Constants: Dixon and Szegő, "Towards Global Optimisation 2", 1978.
func Hartmann(n int) *Problem {
	alpha := []float64{1, 1.2, 3, 3.2}
	a := [][]float64{{3, 10, 30}, {0.1, 10, 35}, {3, 10, 30}, {0.1, 10, 35}}
	p := [][]float64{{3689, 1170, 2673}, {4699, 4387, 7470}, {1091, 8732, 5547}, {381, 5743, 8828}}
	best, point := -3.86277978733266, []float64{0.114614, 0.555649, 0.852547}
	if n == 6 {
		a = [][]float64{{10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}}
		p = [][]float64{{1312, 1696, 5569, 124, 8283, 5886}, {2329, 4135, 8307, 3736, 1004, 9991}, {2348, 1451, 3522, 2883, 3047, 6650}, {4047, 8828, 8732, 5743, 1091, 381}}
		best, point = -3.322368011415515, []float64{0.20168952, 0.15001069, 0.47687398, 0.27533243, 0.31165162, 0.65730054}
	} else if n != 3 {
		panic("testfunc: Hartmann of other than 3 or 6 dimensions")
	}
	return single(name("hartmann", n), box(n, 0, 1), func(x []float64) float64 {
		s := 0.0
		for i := range alpha {
			e := 0.0
			for j, v := range x {
				d := v - p[i][j]*1e-4
				e += a[i][j] * d * d
			}
			s -= alpha[i] * math.Exp(-e)
		}
		return s
	}, best, 1e-9, point)
}

// Shekel has ten local optima in four dimensions. Constants: Dixon and Szegő 1978.
func Shekel() *Problem {
	c := []float64{0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.3, 0.7, 0.5, 0.5}
	a := [][]float64{
		{4, 4, 4, 4}, {1, 1, 1, 1}, {8, 8, 8, 8}, {6, 6, 6, 6}, {3, 7, 3, 7},
		{2, 9, 2, 9}, {5, 5, 3, 3}, {8, 1, 8, 1}, {6, 2, 6, 2}, {7, 3.6, 7, 3.6},
	}
	return single("shekel", box(4, 0, 10), func(x []float64) float64 {
		s := 0.0
		for i := range c {
			d := c[i]
			for j, v := range x {
				d += (v - a[i][j]) * (v - a[i][j])
			}
			s -= 1 / d
		}
		return s
	}, -10.5364098166920, 1e-9, []float64{4.00074671, 4.00059326, 3.99966290, 3.99950981})
}
