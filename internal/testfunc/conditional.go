package testfunc

import "fmt"

// Jenatton is the tree-structured function of Jenatton, Archambeau, González and
// Seeger, "Bayesian Optimization with Tree-structured Dependencies", ICML 2017,
// section 5.1: two binary decisions lead to one of four parabolas, and each
// half of the tree shares a parameter.
func Jenatton() *Problem {
	when := func(p int, is float64) *Condition { return &Condition{Param: p, Is: is} }
	params := []Param{
		{Name: "x1", Kind: Categorical, High: 1},
		{Name: "x2", Kind: Categorical, High: 1, When: when(0, 0)},
		{Name: "x3", Kind: Categorical, High: 1, When: when(0, 1)},
		{Name: "x4", Low: -1, High: 1, When: when(1, 0)},
		{Name: "x5", Low: -1, High: 1, When: when(1, 1)},
		{Name: "x6", Low: -1, High: 1, When: when(2, 0)},
		{Name: "x7", Low: -1, High: 1, When: when(2, 1)},
		{Name: "r8", Low: 0, High: 1, When: when(0, 0)},
		{Name: "r9", Low: 0, High: 1, When: when(0, 1)},
	}
	return single("jenatton", params, func(x []float64) float64 {
		switch {
		case x[0] == 0 && x[1] == 0:
			return x[3]*x[3] + 0.1 + x[7]
		case x[0] == 0:
			return x[4]*x[4] + 0.2 + x[7]
		case x[2] == 0:
			return x[5]*x[5] + 0.3 + x[8]
		}
		return x[6]*x[6] + 0.4 + x[8]
	}, 0.1, 0, []float64{0, 0, 0, 0, 0.5, 0.5, 0.5, 0, 0.5})
}

// Branches offers several problems of one objective, of which a categorical
// parameter chooses: what it costs to choose a model and its settings at once.
// The value is the regret of the chosen problem divided by its scale, plus a
// tenth of its position in the list, so the first holds the optimum 0.
func Branches(scales []float64, problems ...*Problem) *Problem {
	if len(scales) != len(problems) {
		panic("testfunc: Branches: length mismatch")
	}
	params := []Param{{Name: "branch", Kind: Categorical, High: float64(len(problems) - 1)}}
	point := []float64{0}
	first := make([]int, len(problems))
	title := "branches"
	for k, p := range problems {
		first[k] = len(params)
		title += "-" + p.Name
		for _, q := range p.Params {
			if q.When != nil {
				panic("testfunc: Branches of conditional problems")
			}
			q.Name = fmt.Sprintf("b%d.%s", k, q.Name)
			q.When = &Condition{Param: 0, Is: float64(k)}
			params = append(params, q)
		}
		point = append(point, p.Points[0]...)
	}
	return single(title, params, func(x []float64) float64 {
		k := int(x[0])
		p := problems[k]
		return (p.Value(x[first[k]:first[k]+len(p.Params)])-p.Best)/scales[k] + 0.1*float64(k)
	}, 0, problems[0].Tolerance/scales[0], point)
}
