package bayes

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gohone/hone/internal/gp"
)

// A Problem is what is known when the next point is chosen. It is read only.
type Problem struct {
	Space *Space
	// Points are those whose evaluation has ended, in an order that does not
	// depend on the order in which they ended.
	Points [][]float64
	// Values has a slice for each objective with a value for each point. NaN and
	// +Inf stand for failures.
	Values [][]float64
	// Limits has a slice for each constraint, likewise; values above 0 are not
	// allowed, nor is NaN.
	Limits [][]float64
	// Pending are the points that are being evaluated.
	Pending [][]float64
	// Start is the number of points before a model is made. 0: by the rule of
	// [Problem.start].
	Start int
	// Kept marks coordinates that have their value in Base already. Nil: none.
	Kept []bool
	Base []float64
	// Former are the fits noted when FormerAt points had been evaluated. They may
	// be missing.
	Former   []Fit
	FormerAt int
	// Belief is the logarithm of a density that tells where the best point is
	// believed to be, up to a constant. Weight·Belief is added to the promise of a
	// point. Nil: nothing is believed.
	Belief func(x []float64) float64
	Weight float64
	// Components is the number of principal components through which models see the
	// numeric coordinates, once there are enough points. 0: they see each of them.
	Components int
	// Repeats allows a point to be proposed again that was evaluated already.
	Repeats bool
}

// A Proposal is a point to evaluate and how it was found.
type Proposal struct {
	Point []float64
	How   string
	// Fits are what was learned, when something was; it should be noted with the
	// number of Points, for the Problems to come. Nil: nothing was.
	Fits []Fit
	// Jitter is the largest that a model needed, see [gp.Model.Jitter]. NoModel says
	// that not even that helped, and the point was chosen as the first ones are.
	Jitter  float64
	NoModel bool
}

// An Engine proposes points. It keeps memory and factored matrices from one
// proposal to the next; a new Engine gives the same proposals. The zero value is
// ready to use. It serves one goroutine at a time.
type Engine struct {
	fitter gp.Fitter
	models []*gp.Model // of the last proposal, by output

	projection *projection // the last one
	good       [][]float64 // the points that it was made of
}

// start returns the number of points before there is a model.
func (p *Problem) start() int {
	if p.Start > 0 {
		return p.Start
	}
	return 4
}

// former returns the fits that were noted, and at how many points, if there is one
// for each output.
func (p *Problem) former() ([]Fit, int) {
	if len(p.Former) != len(p.outputs()) {
		return nil, 0
	}
	return p.Former, p.FormerAt
}

// due reports whether the fits noted at former points are to be renewed at n, and
// whether the warps are to be chosen anew.
func due(n, former int) (refit, choose bool) {
	switch {
	case former <= 0:
		return true, true
	case n <= former:
		return false, false
	case former < 12:
		return true, true
	}
	return 20*n >= 21*former, chosenAt(n) > chosenAt(former)
}

// chosenAt returns the last number of points up to n at which warps are chosen:
// 12, and then each that is a fifth larger.
func chosenAt(n int) int {
	at := 12
	for next := at + at/5; next <= n; next += next / 5 {
		at = next
	}
	return at
}

// Propose returns the next point. It draws from rng and from nothing else that
// varies.
func (e *Engine) Propose(p *Problem, rng *rand.Rand) Proposal {
	known := append(slices.Clone(p.Points), p.Pending...)
	var tried memory
	if !p.Repeats {
		tried = remember(known, nil)
	}
	x := make([]float64, len(p.Space.Dims))
	copy(x, p.Base)
	var st *state
	ready := len(p.Points) >= p.start()
	if ready && p.flat() {
		p.Space.spread(x, p.Kept, known, rng)
		return Proposal{Point: p.untried(x, tried, rng), How: "chance"}
	}
	if ready {
		p = e.projected(p)
		st = e.state(p)
	}
	if st == nil {
		p.Space.design(x, p.Kept, known, p.Belief, rng)
		return Proposal{Point: p.untried(x, tried, rng), How: "design", NoModel: ready}
	}
	crit, how := st.criterion(p, rng)
	s := &search{space: p.Space, models: st.models, crit: crit, belief: p.Belief, weight: p.Weight, x: st.ranked, base: p.Base, kept: p.Kept, tried: tried, rng: rng}
	if idle := st.idle(p.Space); idle != nil && !p.Repeats {
		s.tried = remember(known, idle)
	}
	if (len(p.Points)+len(p.Pending))%2 == 0 && st.blind(p) {
		copy(x, st.ranked[rng.IntN(min(nearBest, len(st.ranked)))])
		s.prepare()
		s.perturb(x)
		return Proposal{Point: p.untried(x, tried, rng), How: "neighbour", Fits: st.fits, Jitter: st.jitter}
	}
	var best []float64
	if b := st.neglected(p); b != nil {
		inside := *s
		inside.base, inside.kept = b.at, p.Space.deciding()
		var by string
		inside.crit, by = st.within(b, p, crit, how)
		inside.prepare()
		if best = inside.run(); best != nil {
			how = by
		}
	}
	if best == nil {
		s.prepare()
		if best = s.run(); best == nil && s.tried.idle != nil {
			s.tried = tried // all combinations of what matters were tried
			best = s.run()
		}
	}
	if best != nil {
		x = best
	} else {
		p.Space.random(x, p.Kept, rng)
		x = p.untried(x, tried, rng)
	}
	return Proposal{Point: x, How: how, Fits: st.fits, Jitter: st.jitter}
}

// blind reports whether most of what the values do is noise to the model. Its criteria
// then go by distance alone, from corner to corner of the space, where hardly ever
// anything is, so every other point is a neighbour of one of the best ones. There is
// one objective, and nothing else says where to look. On functions that rugged (16, 19
// and 23 of COCO in 3 and 20 dimensions, seeds 100 to 107) regret after 50 and 100
// points is 0.255 and 0.209 with it, 0.271 and 0.232 with points by chance instead.
func (st *state) blind(p *Problem) bool {
	// Values have variance 1. Chosen on one half of the noisy functions of bench/.
	const share = 0.5
	m := st.models[0]
	return len(p.Values) == 1 && len(p.Limits) == 0 && p.Belief == nil && m != nil && m.NoiseVariance() > share
}

// criterion chooses what is maximised, and says what it is.
func (st *state) criterion(p *Problem, rng *rand.Rand) (criterion, string) {
	m := len(p.Values)
	var c criterion
	how := "feasibility"
	if slices.Contains(st.allowed, true) {
		if m == 1 {
			c, how = st.single(p, rng)
		} else {
			c, how = st.several(p)
		}
	}
	if len(st.models) > m {
		c = st.constrained(p, c)
	}
	return c, how
}

// single is the criterion for one objective: mostly expected improvement, in
// turns with a confidence bound, which looks farther; and while other points are
// being evaluated, sometimes plain exploration.
func (st *state) single(p *Problem, rng *rand.Rand) (criterion, string) {
	model := st.models[0]
	best := math.Inf(1)
	for i, z := range st.values[0] {
		if st.allowed[i] {
			best = min(best, z)
		}
	}
	n := len(p.Points)
	switch {
	case len(p.Pending) > 0 && rng.Float64() < exploreShare:
		return exploration{exploreBound, best}, "exploration"
	case (n+len(p.Pending))%3 == 2:
		if n < boldFrom {
			return confidence{timid}, "confidence bound"
		}
		return confidence{bold}, "confidence bound"
	}
	return improvement{best, model.NoiseVariance()}, "expected improvement"
}

const (
	// The confidence bound is at timid standard deviations while there are few
	// points, which is what did best after 10 to 25 of them, and at bold ones later,
	// which did best after 100: it is what leads out of a local optimum. Chosen on
	// one half of the tables of bench/.
	timid, bold = 1.8, 2.5
	boldFrom    = 20
	// With others under way, so large a share of points explore, among those whose
	// lower bound at exploreBound standard deviations is below the best value.
	exploreShare = 0.3
	exploreBound = 0.5
)

// untried returns x when it was not tried, or else a point near it by chance that
// was not. In a space without continuous coordinates it goes through the cells in
// turn, from a random one, when chance does not help, and returns x only when
// everything was tried.
func (p *Problem) untried(x []float64, tried memory, rng *rand.Rand) []float64 {
	if !tried.has(x) {
		return x
	}
	y := make([]float64, len(x))
	for range 100 {
		copy(y, x)
		p.Space.random(y, p.Kept, rng)
		if !tried.has(y) {
			return y
		}
	}
	if !p.Space.discrete() {
		return y
	}
	// A counter over the cells of all coordinates that may move. Only so many cells
	// can have been tried; with coordinates that come and go, several cells are one
	// point, and a little more patience is needed.
	cells := make([]int, len(x))
	for j, d := range p.Space.Dims {
		cells[j] = rng.IntN(d.Cells)
	}
	for range 16*len(tried.points) + 1024 {
		copy(y, x)
		for j, d := range p.Space.Dims {
			if p.Kept == nil || !p.Kept[j] {
				y[j] = d.Position(cells[j])
			}
		}
		p.Space.settle(y, p.Kept, func(j int) float64 { return p.Space.Dims[j].Position(cells[j]) })
		if !tried.has(y) {
			return y
		}
		for j, d := range p.Space.Dims {
			if cells[j]++; cells[j] < d.Cells {
				break
			}
			cells[j] = 0
		}
	}
	return x
}
