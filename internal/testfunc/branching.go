package testfunc

import (
	"fmt"
	"math"
)

// Layers is the choice of a network's depth: a rate for all, and a width and a
// share for each of the layers there are, one to three. The best rate depends on
// the depth; each layer has a best width, on a logarithmic scale, and a best share,
// and each depth an offset, least for two. The spaces of Swersky, Duvenaud, Snoek,
// Hutter and Osborne, "Raiders of the Lost Architecture", 2014, arXiv:1409.4011,
// are of this shape.
func Layers() *Problem {
	params := []Param{
		{Name: "depth", Kind: Int, Low: 1, High: 3},
		{Name: "rate", Low: 1e-5, High: 1, Log: true},
	}
	width, share := []float64{6.5, 5, 4}, []float64{0.2, 0.35, 0.6}
	for i := range 3 {
		when := &Condition{Param: 0, Is: float64(i + 1), AtLeast: true}
		params = append(params,
			Param{Name: fmt.Sprint("width", i+1), Low: 4, High: 512, Log: true, When: when},
			Param{Name: fmt.Sprint("share", i+1), Low: 0, High: 1, When: when})
	}
	offset := []float64{0.3, 0, 0.1}
	return single("layers", params, func(x []float64) float64 {
		depth := int(x[0])
		r := math.Log10(x[1]) + 2 + 0.4*x[0]
		sum := offset[depth-1] + 0.5*r*r
		for i := range depth {
			w, s := math.Log2(x[2+2*i])-width[i], x[3+2*i]-share[i]
			sum += 0.1*w*w + 2*s*s + 0.8*w*s/3
		}
		return sum
	}, 0, 1e-12, []float64{2, math.Pow(10, -2.8), math.Exp2(6.5), 0.2, 32, 0.35, 4, 0})
}

// Switches has n decisions, of which each, when taken, brings a parameter along:
// a term that is at best lower, for every other one higher, than without it.
// How many are taken moves the optimum of a parameter for all.
func Switches(n int) *Problem {
	params := []Param{{Name: "shared", Low: 0, High: 1}}
	point := []float64{0.25 + 0.5*float64((n+1)/2)/float64(n)}
	target := func(i int) float64 { return 0.15 + 0.7*float64(i)/float64(n) }
	for i := range n {
		params = append(params,
			Param{Name: fmt.Sprint("on", i), Kind: Categorical, High: 1},
			Param{Name: fmt.Sprint("x", i), Low: 0, High: 1, When: &Condition{Param: 1 + 2*i, Is: 1}})
		point = append(point, float64((i+1)%2), target(i))
	}
	return single(name("switches", n), params, func(x []float64) float64 {
		sum, taken := 0.0, 0.0
		for i := range n {
			switch on, d := x[1+2*i] == 1, x[2+2*i]-target(i); {
			case !on && i%2 == 0:
				sum += 0.4
			case on:
				sum += 4*d*d + 0.4*float64(i%2)
				taken++
			}
		}
		s := x[0] - 0.25 - 0.5*taken/float64(n)
		return sum + 3*s*s
	}, 0, 1e-12, point)
}

// Common adds a parameter for all branches to a problem of [Branches], whose best
// value, the square of its distance counting, is another one in each.
func Common(p *Problem) *Problem {
	c := p.clone("common-" + p.Name)
	c.Params = append(c.Params, Param{Name: "common", Low: 0, High: 1})
	best := func(branch float64) float64 { return 0.2 + 0.6*branch/p.Params[0].High }
	c.Points = nil
	for _, x := range p.Points {
		c.Points = append(c.Points, append(append([]float64(nil), x...), best(x[0])))
	}
	c.Eval = func(x []float64) ([]float64, []float64) {
		last := len(x) - 1
		d := x[last] - best(x[0])
		return []float64{p.Value(x[:last]) + 2*d*d}, nil
	}
	return c
}
