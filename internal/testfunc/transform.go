package testfunc

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// orthogonal returns a random n×n matrix with orthonormal rows, evenly
// distributed: normal numbers, orthogonalised by Gram and Schmidt.
func orthogonal(n int, rng *rand.Rand) [][]float64 {
	rows := make([][]float64, n)
	for i := range rows {
		rows[i] = make([]float64, n)
		for {
			for j := range rows[i] {
				rows[i][j] = rng.NormFloat64()
			}
			for range 2 { // twice is enough for full accuracy
				for _, other := range rows[:i] {
					d := dot(rows[i], other)
					for j := range rows[i] {
						rows[i][j] -= d * other[j]
					}
				}
			}
			if norm := math.Sqrt(dot(rows[i], rows[i])); norm > 1e-6 {
				for j := range rows[i] {
					rows[i][j] /= norm
				}
				break
			}
		}
	}
	return rows
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

// Move puts a problem's optimum at a random place in the middle 80 % of the box, for
// one in the middle is found by whoever begins there. As for [Rotate], p must have
// Everywhere set and one objective.
func Move(p *Problem, seed uint64) *Problem {
	if !p.Everywhere || p.Objectives != 1 {
		panic("testfunc: Move needs an optimum of the whole space")
	}
	rng := rand.New(rand.NewPCG(seed, 0x6d6f7665))
	by := make([]float64, len(p.Params))
	to := make([]float64, len(by))
	for i := range by {
		to[i] = p.Params[i].At(0.1 + 0.8*rng.Float64())
		by[i] = p.Points[0][i] - to[i]
	}
	c := p.clone(fmt.Sprintf("%s-moved%d", p.Name, seed))
	c.Points = [][]float64{to}
	c.Eval = func(x []float64) ([]float64, []float64) {
		z := make([]float64, len(x))
		for i, v := range x {
			z[i] = v + by[i]
		}
		return p.Eval(z)
	}
	// The way there and back rounds: steep and fine functions feel that.
	v, _ := c.Eval(to)
	c.Tolerance += v[0] - p.Best
	return c
}

// Rotate turns a problem of floats about its optimum, which it moves to a random place
// in the middle 80 % of the box. Best stays the optimum only if it is one of
// all of ℝⁿ, so p must have Everywhere set; it must have one objective.
func Rotate(p *Problem, seed uint64) *Problem {
	if !p.Everywhere || p.Objectives != 1 {
		panic("testfunc: Rotate needs an optimum of the whole space")
	}
	rng := rand.New(rand.NewPCG(seed, 0x726f74617465))
	n := len(p.Params)
	r := orthogonal(n, rng)
	from, to := p.Points[0], make([]float64, n)
	for i := range to {
		to[i] = p.Params[i].At(0.1 + 0.8*rng.Float64())
	}
	c := p.clone(fmt.Sprintf("%s-rotated%d", p.Name, seed))
	c.Points = [][]float64{to}
	c.Eval = func(x []float64) ([]float64, []float64) {
		z, d := make([]float64, n), make([]float64, n)
		for i := range d {
			d[i] = x[i] - to[i]
		}
		for i := range z {
			z[i] = from[i] + dot(r[i], d)
		}
		return p.Eval(z)
	}
	return c
}

// Observed returns p with normal noise of that standard deviation.
func Observed(p *Problem, noise float64) *Problem {
	c := p.clone(fmt.Sprintf("%s-noise%g", p.Name, noise))
	c.Noise = noise
	return c
}

// Discretize puts parameters of p on grids. levels has the number of values of each;
// 0 leaves a parameter as it is. The grid is even over the range and moved such
// that the optimum lies on it. A positive number makes an integer, from 0; a
// negative one a categorical parameter of as many choices, whose order is shuffled.
func Discretize(p *Problem, seed uint64, levels ...int) *Problem {
	if len(levels) != len(p.Params) {
		panic("testfunc: Discretize: length mismatch")
	}
	rng := rand.New(rand.NewPCG(seed, 0x6772696473))
	grids := make([][]float64, len(levels))
	c := p.clone(fmt.Sprintf("%s-mixed%d", p.Name, seed))
	point := append([]float64(nil), p.Points[0]...)
	for i, k := range levels {
		if k == 0 {
			continue
		}
		q := &c.Params[i]
		step := (q.High - q.Low) / float64(max(k, -k))
		best := int(min(math.Floor((point[i]-q.Low)/step), float64(max(k, -k)-1)))
		grid := make([]float64, max(k, -k))
		for j := range grid {
			grid[j] = point[i] + float64(j-best)*step
		}
		q.Kind, q.Log = Int, false
		if k < 0 {
			q.Kind = Categorical
			order := rng.Perm(len(grid))
			shuffled := make([]float64, len(grid))
			for j, to := range order {
				shuffled[to] = grid[j]
			}
			grid, best = shuffled, order[best]
		}
		q.Low, q.High = 0, float64(len(grid)-1)
		grids[i], point[i] = grid, float64(best)
	}
	c.Points = [][]float64{point}
	c.Everywhere = false
	c.Eval = func(x []float64) ([]float64, []float64) {
		z := make([]float64, len(x))
		for i, v := range x {
			z[i] = v
			if g := grids[i]; g != nil {
				z[i] = g[min(max(int(v), 0), len(g)-1)]
			}
		}
		return p.Eval(z)
	}
	return c
}

// Embed hides a problem of floats among n parameters, all from 0 to 1, at random
// places and in random directions. The others have no effect.
func Embed(p *Problem, n int, seed uint64) *Problem {
	rng := rand.New(rand.NewPCG(seed, 0x656d626564))
	place := rng.Perm(n)[:len(p.Params)]
	flip := make([]bool, len(place))
	for i := range flip {
		flip[i] = rng.IntN(2) == 1
	}
	c := p.clone(fmt.Sprintf("%s-in%d", p.Name, n))
	c.Params = box(n, 0, 1)
	c.Points = nil
	for _, point := range p.Points {
		x := at(0.5, n)
		for i, k := range place {
			q := &p.Params[i]
			if x[k] = (point[i] - q.Low) / (q.High - q.Low); flip[i] {
				x[k] = 1 - x[k]
			}
		}
		c.Points = append(c.Points, x)
	}
	c.Tolerance += 1e-9 * (1 + math.Abs(p.Best)) // rounding of the way there and back
	c.Everywhere = false
	c.Eval = func(x []float64) ([]float64, []float64) {
		z := make([]float64, len(place))
		for i, k := range place {
			q := &p.Params[i]
			u := x[k]
			if flip[i] {
				u = 1 - u
			}
			z[i] = q.Low + u*(q.High-q.Low)
		}
		return p.Eval(z)
	}
	return c
}

// Ackley53 is Ackley's function of 50 binary and three continuous parameters: Bliek,
// Guijt, Karlsson, Verwer and de Weerdt, "EXPObench", 2021, arXiv:2106.04618.
func Ackley53() *Problem {
	params := box(53, -1, 1)
	for i := range 50 {
		params[i].Kind, params[i].Low, params[i].High = Int, 0, 1
	}
	return single("ackley-53", params, ackley, 0, 1e-14, at(0, 53))
}
