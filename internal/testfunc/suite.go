package testfunc

import "slices"

// Family names a group of problems.
type Family string

// Families of [Suite].
const (
	Continuous  Family = "continuous"
	Rotated     Family = "rotated"
	Mixed       Family = "mixed"
	Noisy       Family = "noisy"
	Constrained Family = "constrained"
	Conditional Family = "conditional"
	Wide        Family = "wide" // many parameters
	Multi       Family = "multi"
	// Branching problems are conditional ones on which settings are chosen; the
	// Conditional ones are for those who want to know what came of it.
	Branching Family = "branching"
	// Many problems have four objectives or more.
	Many Family = "many"
	// Fronts are other problems of several objectives than those of Multi: on these
	// settings are chosen.
	Fronts Family = "fronts"
)

// Families lists those of which the suites of bench/ are made.
var Families = []Family{Continuous, Rotated, Mixed, Noisy, Constrained, Conditional, Wide, Multi}

// Suite returns the problems of a family, always the same ones in the same order.
// No optimum is in the middle of its box, where some optimisers begin.
func Suite(f Family) []*Problem {
	switch f {
	case Continuous:
		return []*Problem{
			Branin(), SixHumpCamel(), GoldsteinPrice(), Beale(), Eggholder(), Hartmann(3), Shekel(), Hartmann(6),
			Move(Sphere(5), 1), Rosenbrock(5), Move(Levy(5), 2), Michalewicz(5), StyblinskiTang(5), Zakharov(5), Move(DixonPrice(5), 14),
			Move(Ackley(10), 3), Move(Griewank(10), 4), Move(Rastrigin(10), 5), Schwefel(5), Move(Ellipsoid(10), 6),
		}
	case Rotated:
		return []*Problem{
			Rotate(Ellipsoid(5), 1), Rotate(Rosenbrock(5), 2), Rotate(Ackley(5), 3), Rotate(Levy(5), 4),
			Rotate(StyblinskiTang(5), 5), Rotate(Rastrigin(10), 6), Rotate(Ellipsoid(10), 7), Rotate(Griewank(10), 8),
		}
	case Mixed:
		return []*Problem{
			Discretize(Hartmann(6), 1, 0, 0, 8, 8, -4, -4), Discretize(Move(Ackley(6), 7), 2, 0, 0, 16, 16, -3, -5),
			Discretize(Rosenbrock(5), 3, 0, 0, 0, 10, 10), Discretize(StyblinskiTang(8), 4, 2, 2, 4, 4, 8, 8, 16, 16),
			Discretize(Hartmann(3), 5, -10, -10, -10), Discretize(Rotate(Ellipsoid(6), 6), 6, 0, 0, 16, 16, 16, 16),
			Discretize(Branin(), 7, -6, 0), Ackley53(),
		}
	case Noisy:
		// A third of, and as much as, the spread of values near the good end.
		return []*Problem{
			Observed(Branin(), 1), Observed(Branin(), 5), Observed(Hartmann(6), 0.1), Observed(Hartmann(6), 0.3),
			Observed(Move(Ackley(5), 8), 1), Observed(Move(Levy(5), 9), 3), Observed(StyblinskiTang(5), 10), Observed(Move(Rastrigin(5), 10), 5),
			Observed(Rotate(Rosenbrock(5), 2), 1000), Observed(Discretize(Hartmann(6), 1, 0, 0, 8, 8, -4, -4), 0.2),
		}
	case Constrained:
		return []*Problem{Gardner1(), Gardner2(), G06(), G08(), G24(), PressureVessel(), SpeedReducer(), WeldedBeam()}
	case Conditional:
		return []*Problem{
			Jenatton(),
			Branches([]float64{20, 1, 20}, Branin(), Hartmann(3), Levy(4)),
			Branches([]float64{1, 1e3, 10, 5}, Hartmann(6), Rosenbrock(3), StyblinskiTang(2), Discretize(Ackley(3), 9, -4, 8, 0)),
		}
	case Branching:
		return []*Problem{
			Layers(), Switches(5),
			Branches([]float64{1, 3, 2}, SixHumpCamel(), Shekel(), Michalewicz(5)),
			Common(Branches([]float64{5, 2, 5, 2, 5, 2}, Beale(), Move(Sphere(3), 21), Move(Ackley(2), 22), Rotate(Ellipsoid(2), 23), Move(Rastrigin(2), 24), Move(Griewank(2), 25))),
			Common(Branches([]float64{100, 10, 2}, Rotate(Rosenbrock(3), 26), Move(Levy(5), 27), Move(Zakharov(4), 28))),
		}
	case Many:
		return []*Problem{
			Sphered(4, 8), Sphered(5, 8), Bowls(4, 4), Bowls(5, 6),
			Sphered(4, 6), Bowls(4, 6), Exponential(Bowls(4, 5), 1, 4, 2, 8), Exponential(Sphered(4, 7), 1, 2, 3, 1),
		}
	case Fronts:
		return []*Problem{
			nadir(Bowls(2, 5)), Fonseca(4), Twisted(4), Trade(2), Exponential(Bowls(2, 4), 8, 1),
			nadir(Bowls(3, 6)), Inverted(6), Ridged(6), Trade(3), Exponential(Bowls(3, 4), 1, 8, 4),
		}
	case Wide:
		return []*Problem{
			Embed(Branin(), 100, 1), Embed(Hartmann(6), 100, 2), Embed(Rotate(Ackley(5), 3), 50, 3),
			Move(Sphere(100), 11), Rosenbrock(100), Move(Ackley(100), 12), Rotate(Levy(60), 1), StyblinskiTang(40), Move(Rastrigin(40), 13),
		}
	case Multi:
		return []*Problem{
			ZDT(1, 10), ZDT(2, 10), ZDT(3, 10), ZDT(4, 5), ZDT(6, 10), DTLZ(2, 7), DTLZ(5, 7), DTLZ(7, 7),
		}
	}
	panic("testfunc: no family " + string(f))
}

// All returns the problems of all families.
func All() []*Problem {
	var out []*Problem
	for _, f := range append(slices.Clone(Families), Branching, Many, Fronts) {
		out = append(out, Suite(f)...)
	}
	return out
}
