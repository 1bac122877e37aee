package cma

import (
	"math"
	"math/rand/v2"
	"slices"
)

// categorical is a product of categorical distributions, one for each
// variable, that learns beside the normal distribution: Hamano, Saito, Nomura,
// Uchida and Shirakawa, "CatCMA: Stochastic Optimization for Mixed-Category
// Problems", 2024, arXiv:2405.09962. Its step follows Akimoto, Shirakawa,
// Yoshinari, Uchida, Saito and Nishida, "Adaptive Stochastic Natural Gradient
// Method for One-Shot Neural Architecture Search", 2019, arXiv:1905.08537.
type categorical struct {
	q     [][]float64 // probabilities by variable
	least []float64   // the margin: what each probability is kept above

	trust    float64   // Δ: δ = 1/Δ is the length of a step
	path     []float64 // s, accumulated natural gradient in local coordinates
	gamma    float64   // normalises s
	gradient [][]float64
	local    []float64
	weights  *rates
}

const snrThreshold = 1.5 // α of arXiv:1905.08537

// newCategorical takes the number of categories and the initial probabilities,
// nil for uniform ones. discrete is how many numeric coordinates have a margin
// too.
func newCategorical(sizes []int, initial [][]float64, discrete int) *categorical {
	c := &categorical{trust: 1}
	free := 0
	// Each variable departs from its mode with at least this probability, such
	// that all stay with 0.73: Hamano et al., "CatCMA with Margin", 2025,
	// arXiv:2504.07884.
	leave := 1 - math.Pow(0.73, 1/float64(len(sizes)+discrete))
	for v, k := range sizes {
		if k < 1 {
			panic("cma: a categorical variable without categories")
		}
		q := make([]float64, k)
		for i := range q {
			q[i] = 1 / float64(k)
			if initial != nil {
				q[i] = initial[v][i]
			}
		}
		c.q = append(c.q, q)
		c.gradient = append(c.gradient, make([]float64, k))
		c.least = append(c.least, leave/max(1, float64(k-1)))
		free += k - 1
	}
	c.path, c.local = make([]float64, free), make([]float64, free)
	c.margin()
	return c
}

func (c *categorical) clone() *categorical {
	d := *c
	d.q, d.gradient = make([][]float64, len(c.q)), make([][]float64, len(c.q))
	for v, q := range c.q {
		d.q[v], d.gradient[v] = slices.Clone(q), make([]float64, len(q))
	}
	d.path, d.local = slices.Clone(c.path), make([]float64, len(c.local))
	return &d
}

// draw appends one category for each variable.
func (c *categorical) draw(rng *rand.Rand, dst []int) []int {
	for _, q := range c.q {
		u, k := rng.Float64(), 0
		for k < len(q)-1 && u >= q[k] {
			u -= q[k]
			k++
		}
		dst = append(dst, k)
	}
	return dst
}

// update moves the probabilities towards the better half of the solutions.
func (c *categorical) update(solutions []Solution, order []int) {
	if len(c.local) == 0 {
		return // one category each
	}
	if c.weights == nil || c.weights.lambda != len(order) {
		c.weights = newRates(1, len(order), false, false)
	}
	// Natural gradient of the expected rank-based value: Σ w_i (e_i − q).
	for v, g := range c.gradient {
		for k, p := range c.q[v] {
			g[k] = -p
		}
	}
	for i := range c.weights.mu {
		s := &solutions[order[i]]
		for v, k := range s.C {
			c.gradient[v][k] += c.weights.weights[i]
		}
	}
	// Its length in the Fisher metric, by the square root of the information
	// matrix (appendix B of arXiv:1905.08537). The last category depends on
	// the others.
	at, norm2 := 0, 0.0
	for v, g := range c.gradient {
		q := c.q[v]
		last := q[len(q)-1]
		free, sum := g[:len(g)-1], 0.0
		for _, x := range free {
			sum += x
		}
		for k, x := range free {
			root := math.Sqrt(q[k])
			l := x/root + root*sum/(last+math.Sqrt(last))
			c.local[at] = l
			norm2 += l * l
			at++
		}
	}
	if !(norm2 > 0) || math.IsInf(norm2, 1) {
		return
	}
	norm := math.Sqrt(norm2)
	delta := 1 / c.trust
	for v, g := range c.gradient {
		for k := range g {
			c.q[v][k] += delta / norm * g[k]
		}
	}
	// The step's length follows the signal-to-noise ratio: arXiv:1905.08537,
	// algorithm 1.
	beta := min(1, delta/math.Sqrt(float64(len(c.local))))
	path2, gain := 0.0, math.Sqrt(beta*(2-beta))
	for i, l := range c.local {
		c.path[i] = (1-beta)*c.path[i] + gain*l/norm
		path2 += c.path[i] * c.path[i]
	}
	c.gamma = (1-beta)*(1-beta)*c.gamma + beta*(2-beta)
	c.trust = min(max(c.trust*math.Exp(beta*(c.gamma-path2/snrThreshold)), 1e-6), 1e6)
	c.margin()
}

// margin lifts small probabilities to the least and takes the surplus from
// the rest in proportion to what they have above it.
func (c *categorical) margin() {
	for v, q := range c.q {
		least := min(c.least[v], 1/float64(len(q)))
		sum := 0.0
		for k, p := range q {
			if !(p >= least) {
				p = least
			}
			q[k] = p
			sum += p
		}
		spare := sum - least*float64(len(q))
		if !(spare > 0) || math.IsInf(sum, 1) {
			for k := range q {
				q[k] = 1 / float64(len(q))
			}
			continue
		}
		shrink := (1 - least*float64(len(q))) / spare
		for k, p := range q {
			q[k] = least + (p-least)*shrink
		}
	}
}
