package testfunc

import "math"

// bounded makes a problem with constraints and the given bounds, low and high in turn.
func bounded(name string, constraints int, bounds []float64, f func(x []float64) (float64, []float64), best, tolerance float64, points ...[]float64) *Problem {
	params := box(len(bounds)/2, 0, 0)
	for i := range params {
		params[i].Low, params[i].High = bounds[2*i], bounds[2*i+1]
	}
	return &Problem{
		Name: name, Params: params, Objectives: 1, Constraints: constraints, Best: best, Tolerance: tolerance, Points: points,
		Eval: func(x []float64) ([]float64, []float64) {
			v, c := f(x)
			return []float64{v}, c
		},
	}
}

// Gardner1 and Gardner2 have small feasible islands: Gardner, Kusner, Xu,
// Weinberger and Cunningham, "Bayesian Optimization with Inequality Constraints",
// ICML 2014, sections 4.1 and 4.2. The paper shows pictures alone; the optima
// follow from the definitions: of the second, sin x = −1 and sin y = 0.95; of
// the first, on the bound x + y = 10π/3 of its constraint, which is
// cos(x + y) ≤ −½, in one variable.
func Gardner1() *Problem {
	return bounded("gardner-1", 1, []float64{0, 6, 0, 6}, func(x []float64) (float64, []float64) {
		return math.Cos(2*x[0])*math.Cos(x[1]) + math.Sin(x[0]), []float64{math.Cos(x[0])*math.Cos(x[1]) - math.Sin(x[0])*math.Sin(x[1]) + 0.5}
	}, -1.8887513614505944, 1e-8, []float64{4.6226409388, 10*math.Pi/3 - 4.6226409388 - 1e-9})
}

// Gardner2 is the second problem of Gardner1's source.
func Gardner2() *Problem {
	y := math.Asin(0.95)
	return bounded("gardner-2", 1, []float64{0, 6, 0, 6}, func(x []float64) (float64, []float64) {
		return math.Sin(x[0]) + x[1], []float64{math.Sin(x[0])*math.Sin(x[1]) + 0.95}
	}, y-1, 1e-9, []float64{1.5 * math.Pi, y + 1e-10})
}

// The G functions and their optima: Liang, Runarsson, Mezura-Montes, Clerc,
// Suganthan, Coello and Deb, "Problem Definitions and Evaluation Criteria for the
// CEC 2006 Special Session on Constrained Real-Parameter Optimization", 2006.

// G06 has a feasible set of 0.007 % of the box.
func G06() *Problem {
	return bounded("g06", 2, []float64{13, 100, 0, 100}, func(x []float64) (float64, []float64) {
		a, b := x[0], x[1]
		return math.Pow(a-10, 3) + math.Pow(b-20, 3), []float64{
			100 - (a-5)*(a-5) - (b-5)*(b-5),
			(a-6)*(a-6) + (b-5)*(b-5) - 82.81,
		}
	}, -6961.81387558015, 1e-6, []float64{14.09500000000000064, 0.8429607892154795668})
}

// G08 has its optimum inside the feasible set.
func G08() *Problem {
	return bounded("g08", 2, []float64{0, 10, 0, 10}, func(x []float64) (float64, []float64) {
		a, b := x[0], x[1]
		f := -math.Pow(math.Sin(tau*a), 3) * math.Sin(tau*b) / (a * a * a * (a + b))
		if a == 0 { // the limit from the right, for a > 0 tends to a finite number times b
			f = -tau * tau * tau * math.Sin(tau*b) / b
			if b == 0 {
				f = -tau * tau * tau * tau
			}
		}
		return f, []float64{a*a - b + 1, 1 - a + (b-4)*(b-4)}
	}, -0.0958250414180359, 1e-12, []float64{1.22797135260752599, 4.24537336612274885})
}

// G24 has two feasible parts.
func G24() *Problem {
	return bounded("g24", 2, []float64{0, 3, 0, 4}, func(x []float64) (float64, []float64) {
		a, b := x[0], x[1]
		return -a - b, []float64{
			-2*math.Pow(a, 4) + 8*a*a*a - 8*a*a + b - 2,
			-4*math.Pow(a, 4) + 32*a*a*a - 88*a*a + 96*a + b - 36,
		}
	}, -5.50801327159536, 1e-9, []float64{2.329520197477623, 3.178493074117743})
}

// PressureVessel is the cost of a vessel whose walls come in sixteenths of an
// inch: Sandgren 1990, in the form of Coello Coello, "Use of a Self-Adaptive Penalty
// Approach for Engineering Optimization Problems", 2000; proven optimum: Yang, Huyck,
// Karamanoglu and Khan, "True Global Optimality of the Pressure Vessel Design
// Problem", 2014, arXiv:1403.7793.
func PressureVessel() *Problem {
	p := bounded("pressure-vessel", 3, []float64{1, 99, 1, 99, 10, 200, 10, 200}, func(x []float64) (float64, []float64) {
		shell, head, r, l := x[0]/16, x[1]/16, x[2], x[3]
		return 0.6224*shell*r*l + 1.7781*head*r*r + 3.1661*shell*shell*l + 19.84*shell*shell*r, []float64{
			0.0193*r - shell,
			0.00954*r - head,
			1296000 - math.Pi*r*r*l - 4./3*math.Pi*r*r*r,
		}
	}, 6059.714335048436, 1e-3, []float64{13, 7, 42.0984455958549, 176.6365958424394 + 1e-9})
	p.Params[0].Kind, p.Params[1].Kind = Int, Int
	return p
}

// SpeedReducer is the weight of a gear box: Golinski 1970, in the form of Mezura-Montes and
// Coello Coello, "Useful Infeasible Solutions in Engineering Optimization with
// Evolutionary Algorithms", 2005, with the number of teeth an integer.
func SpeedReducer() *Problem {
	p := bounded("speed-reducer", 11, []float64{2.6, 3.6, 0.7, 0.8, 17, 28, 7.3, 8.3, 7.3, 8.3, 2.9, 3.9, 5, 5.5}, func(x []float64) (float64, []float64) {
		b, m, z, l1, l2, d1, d2 := x[0], x[1], x[2], x[3], x[4], x[5], x[6]
		f := 0.7854*b*m*m*(3.3333*z*z+14.9334*z-43.0934) - 1.508*b*(d1*d1+d2*d2) + 7.4777*(d1*d1*d1+d2*d2*d2) + 0.7854*(l1*d1*d1+l2*d2*d2)
		return f, []float64{
			27/(b*m*m*z) - 1,
			397.5/(b*m*m*z*z) - 1,
			1.93*l1*l1*l1/(m*z*math.Pow(d1, 4)) - 1,
			1.93*l2*l2*l2/(m*z*math.Pow(d2, 4)) - 1,
			math.Sqrt(math.Pow(745*l1/(m*z), 2)+16.9e6)/(110*d1*d1*d1) - 1,
			math.Sqrt(math.Pow(745*l2/(m*z), 2)+157.5e6)/(85*d2*d2*d2) - 1,
			m*z/40 - 1,
			5*m/b - 1,
			b/(12*m) - 1,
			(1.5*d1+1.9)/l1 - 1,
			(1.1*d2+1.9)/l2 - 1,
		}
	}, 2994.471066, 1e-3, []float64{3.5, 0.7, 17, 7.3, 7.7153199115, 3.3502146661, 5.2866544650})
	p.Params[2].Kind = Int
	return p
}

// WeldedBeam is the cost of a beam and its weld: Ragsdell and Phillips 1976, in the form
// of Coello Coello 2000 (see PressureVessel).
func WeldedBeam() *Problem {
	return bounded("welded-beam", 7, []float64{0.1, 2, 0.1, 10, 0.1, 10, 0.1, 2}, func(x []float64) (float64, []float64) {
		const load, length, young, shear = 6000, 14, 30e6, 12e6
		h, l, t, b := x[0], x[1], x[2], x[3]
		r := math.Sqrt(l*l/4 + (h+t)*(h+t)/4)
		moment := load * (length + l/2)
		polar := 2 * math.Sqrt2 * h * l * (l*l/12 + (h+t)*(h+t)/4)
		direct, torsion := load/(math.Sqrt2*h*l), moment*r/polar
		stress := math.Sqrt(direct*direct + 2*direct*torsion*l/(2*r) + torsion*torsion)
		bending := 6 * load * length / (b * t * t)
		deflection := 4 * load * length * length * length / (young * t * t * t * b)
		buckling := 4.013 * young * math.Sqrt(t*t*math.Pow(b, 6)/36) / (length * length) * (1 - t/(2*length)*math.Sqrt(young/(4*shear)))
		return 1.10471*h*h*l + 0.04811*t*b*(14+l), []float64{
			stress - 13600,
			bending - 30000,
			h - b,
			0.10471*h*h + 0.04811*t*b*(14+l) - 5,
			0.125 - h,
			deflection - 0.25,
			load - buckling,
		}
	}, 1.724852308597366, 1e-6, []float64{0.2057296397861, 3.4704886656280, 9.0366239103571, 0.2057296397861})
}
