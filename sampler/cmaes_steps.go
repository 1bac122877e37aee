package sampler

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/gohone/hone/internal/cma"
	"github.com/gohone/hone/storage"
)

// A cmaState is a search: the distribution, and where it stands among the runs.
// It follows from the trials that were told to it.
type cmaState struct {
	dist     *cma.CMA
	restarts cma.Restarts
	used     int    // trials told in the present run
	since    int    // trials of lower number belong to what was before
	event    string // what happened in the last step, to be logged
}

func (st *cmaState) clone() *cmaState {
	c := *st
	c.dist = st.dist.Clone()
	return &c
}

// cmaStream is the stream of one trial's draw. Any process can make it again.
func cmaStream(seed uint64, number int) *rand.Rand {
	return rand.New(rand.NewPCG(seed^0x636d612d65732e31, uint64(number))) // "cma-es.1"
}

// draw makes the point of a trial.
func (st *cmaState) draw(seed uint64, number int) cma.Solution {
	var s cma.Solution
	st.dist.Ask(cmaStream(seed, number), &s)
	return s
}

const (
	// Warm starts want that many finished trials and take that share of them,
	// the published γ = 0.1 and α = 0.1 of arXiv:2012.06932.
	cmaWarmTrials = 20
	cmaWarmShare  = 0.1
	cmaWarmMost   = 50
	cmaWarmAlpha  = 0.1
	// cmaRestartSigma is the least step size of a restart, which begins anywhere.
	cmaRestartSigma = 0.3
	// From cmaWide coordinates on, the covariance is diagonal for a while, and
	// above cmaDiagonal always: learning a full one takes some n² trials.
	cmaWide     = 30
	cmaDiagonal = 200
)

// distribution returns the one that a run begins with.
func (v *cmaView) distribution(mean []float64, sigma float64, cov []float64, chances [][]float64, population int) *cma.CMA {
	o := cma.Options{
		Mean:       mean,
		Sigma:      sigma,
		Cov:        cov,
		Population: population,
		Separable:  v.s.Separable || len(mean) > cmaDiagonal,
		Positive:   v.s.NoActive,
		AdaptRates: v.s.AdaptRates,
		Categories: v.space.sizes,

		Probabilities: chances,
	}
	if n := float64(len(mean)); n >= cmaWide {
		// A quarter of what Ros and Hansen (2008) propose for separable functions: it
		// gives nearly all of their speed, and costs little on others.
		o.DiagonalFor = int(25 * n / math.Sqrt(float64(population)))
	}
	if v.space.discrete {
		o.Cell = v.space.cell
	}
	return cma.New(o)
}

// begin makes the state of step 0, fitted to the trials at these positions, if any.
// number is that of the trial with the record.
func (v *cmaView) begin(number int, fitted []int) *cmaState {
	population := v.s.Population
	if population == 0 {
		population = cma.DefaultPopulation(len(v.space.axes))
	}
	st := &cmaState{restarts: cma.Restarts{Population: population, Sigma: max(v.s.sigma(), cmaRestartSigma)}}
	if v.s.IPOP {
		st.restarts.Policy = cma.IPOP
	}
	var chances [][]float64
	mean, sigma, cov := make([]float64, len(v.space.numeric)), v.s.sigma(), []float64(nil)
	for j := range mean {
		mean[j] = 0.5
	}
	switch {
	case len(v.s.Start) > 0:
		st.since = number
		for j := range mean {
			a := &v.space.axes[v.space.numeric[j]]
			if given, ok := v.s.Start[a.name]; ok {
				if x, err := a.domain.Internal(given); err == nil {
					mean[j] = a.domain.ToUnit(x)
				}
			}
		}
	case len(fitted) > 0:
		st.since = number
		mean, sigma, cov = cma.WarmStart(v.points(fitted), cmaWarmAlpha)
		chances = v.chances(fitted)
	case v.s.NoWarmStart:
		st.since = number
	}
	st.dist = v.distribution(mean, sigma, cov, chances, population)
	return st
}

// points returns the places of trials in the unit cube. A coordinate that a trial
// lacks is the mean of those that have it, the middle if none has.
func (v *cmaView) points(positions []int) [][]float64 {
	out := make([][]float64, len(positions))
	for i, pos := range positions {
		out[i] = v.space.point(v.q.History.Trial(pos))
	}
	for j := range v.space.numeric {
		sum, count := 0.0, 0.0
		for _, x := range out {
			if x[j] == x[j] {
				sum += x[j]
				count++
			}
		}
		mean := 0.5
		if count > 0 {
			mean = sum / count
		}
		for _, x := range out {
			if x[j] != x[j] {
				x[j] = mean
			}
		}
	}
	return out
}

// chances returns probabilities of categories: how often the trials at these
// positions have them, and one time more for each.
func (v *cmaView) chances(fitted []int) [][]float64 {
	out := make([][]float64, len(v.space.sizes))
	for i := range v.space.axes {
		a := &v.space.axes[i]
		if !a.cat {
			continue
		}
		q := make([]float64, v.space.sizes[a.at])
		total := float64(len(q))
		for k := range q {
			q[k] = 1
		}
		for _, pos := range fitted {
			if p, ok := v.q.History.Trial(pos).Param(a.name); ok && p.Value >= 0 && p.Value < float64(len(q)) {
				q[int(p.Value)]++
				total++
			}
		}
		for k := range q {
			q[k] /= total
		}
		out[a.at] = q
	}
	return out
}

// worthFitting returns the positions of the trials that step 0 is fitted to: the
// best tenth.
func (v *cmaView) worthFitting() []int {
	if v.s.NoWarmStart || len(v.s.Start) > 0 || v.n < cmaWarmTrials {
		return nil
	}
	v.rank()
	usable := v.usable[v.n-1]
	if usable < cmaWarmTrials {
		return nil
	}
	want := min(int(math.Ceil(cmaWarmShare*float64(usable))), cmaWarmMost)
	var out []int
	for _, pos := range v.ranked {
		if len(out) == want {
			break
		}
		if pos < v.n {
			out = append(out, pos)
		}
	}
	return out
}

// rank brings the list of trials by merit up to date.
func (v *cmaView) rank() {
	h := v.q.History
	trials := h.Trials()
	rated := func(pos int) (s cma.Solution) {
		v.rate(&s, trials[pos], pos)
		return s
	}
	for pos := len(v.usable); pos < v.n; pos++ {
		t, count := trials[pos], 0
		if pos > 0 {
			count = v.usable[pos-1]
		}
		if s := rated(pos); s.Tier < cmaUnfit && len(t.Params) > 0 && v.at[t.Number] == pos {
			at, _ := slices.BinarySearchFunc(v.ranked, pos, func(old, _ int) int {
				o := rated(old)
				return cmp.Or(cma.Compare(&o, &s), cmp.Compare(trials[old].Number, t.Number))
			})
			v.ranked = slices.Insert(v.ranked, at, pos)
			count++
		}
		v.usable = append(v.usable, count)
	}
}

// Tiers of trials, from 0 for complete and feasible ones: pruned ones by the step
// of the last report, those that violate constraints, and failed ones.
const (
	cmaPruned     = 1 << 20
	cmaInfeasible = cmaPruned + 1
	cmaUnfit      = cmaPruned + 2
)

// rate sets the tier and value by which a finished trial ranks.
func (v *cmaView) rate(s *cma.Solution, t *storage.Trial, pos int) {
	h := v.q.History
	s.Value = v.q.Directions[0].Sign() * h.Value(0)[pos]
	violation := h.Violation()[pos]
	switch {
	case v.unfit(pos):
		s.Tier, s.Value = cmaUnfit, 0
	case violation > 0:
		s.Tier, s.Value = cmaInfeasible, violation
	case math.IsNaN(violation) && !t.Feasible():
		s.Tier, s.Value = cmaInfeasible, math.Inf(1)
	case t.State == storage.Pruned:
		last, _ := t.LastReport()
		s.Tier = cmaPruned - min(max(last.Step, 0), cmaPruned-1)
	}
}

// unfit reports whether a trial has no value: it failed, or was pruned without a report.
func (v *cmaView) unfit(pos int) bool {
	h := v.q.History
	return h.Trial(pos).State == storage.Failed || math.IsNaN(h.Value(0)[pos])
}

// tell makes a later step: it tells the trials, by rising number, to the
// distribution, and begins another run when this one has converged.
//
// Trials that failed are left out, unless fewer than two did not. As the worst of a
// generation, which the distribution is turned away from, they would be right where the
// place made them fail and wrong where it was chance, and the former gains nothing
// (docs/design/failing.md).
func (v *cmaView) tell(st *cmaState, r cmaRecord, told []int) {
	trials := v.q.History.Trials()
	solutions := make([]cma.Solution, len(told))
	for i, pos := range told {
		t := trials[pos]
		s := &solutions[i]
		*s = st.draw(v.q.Seed, t.Number)
		s.External = !v.space.read(s, t, st.dist.Mean())
		v.rate(s, t, pos)
	}
	failed := func(s cma.Solution) bool { return s.Tier == cmaUnfit }
	if fit := slices.DeleteFunc(slices.Clone(solutions), failed); len(fit) > 1 {
		solutions = fit
	}
	st.dist.Tell(solutions)
	st.used += len(told)
	st.event = ""
	if st.dist.Repaired() {
		st.event = "an ill-conditioned covariance was repaired"
	}
	if v.s.NoRestarts {
		return
	}
	reason := string(st.dist.Stop())
	if limit := st.restarts.Limit(); reason == "" && limit > 0 && st.used >= limit {
		reason = "its share of trials is used"
	}
	if reason == "" {
		return
	}
	st.event = "a run ended: " + reason
	rng := cmaStream(v.q.Seed, ^r.step)
	population, sigma := st.restarts.Next(rng, st.used)
	mean := make([]float64, len(v.space.numeric))
	for j := range mean {
		mean[j] = rng.Float64()
	}
	st.dist = v.distribution(mean, sigma, nil, nil, population)
	st.used, st.since = 0, r.number
}

// advance makes the steps that are due and notes them with the query's trial:
// step 0 if n is nil, and the next when enough trials have finished that were not
// told yet. Usually none is due.
func (v *cmaView) advance(n *cmaNode) (*cmaNode, error) {
	note := ""
	step := func(told []int) {
		trials := v.q.History.Trials()
		numbers := make([]int, len(told))
		for i, pos := range told {
			numbers[i] = trials[pos].Number
		}
		r := cmaRecord{cmaStep: cmaStep{sign: v.space.sign}, number: v.q.Trial.Number, pos: -1, told: ranges(numbers)}
		if n != nil {
			r.step = n.record.step + 1
		}
		made := note != "" // here, so its state may be taken over
		if !made {
			note = r.sign + " " + strconv.Itoa(r.step)
		}
		note += " " + r.told
		n = v.make(n, r, told, made)
		if l := v.q.Logger; l != nil && n.state.event != "" {
			l.Info("cmaes: "+n.state.event, "trial", r.number, "step", r.step, "population", n.state.dist.Population())
		}
	}
	if n == nil {
		step(v.byNumber(v.worthFitting()))
	}
	for {
		enough := v.enough(n)
		if len(n.untold)+v.n-n.seen < enough {
			break // the usual case
		}
		told := v.byNumber(v.untold(n, n.state.since))
		size := v.generation(told, enough)
		if size == 0 {
			break
		}
		if v.q.SetAttr == nil {
			// Without notes nothing but their numbers tells later which trials
			// belong together, so blocks of them are generations.
			step(told[:size])
			continue
		}
		step(told)
		break
	}
	if note == "" || v.q.SetAttr == nil {
		return n, nil
	}
	if err := v.q.SetAttr(cmaAttr, note); err != nil {
		return nil, err
	}
	v.keep(n)
	return n, nil
}

// A generation waits until at least half as many trials as it wants did not fail, but not
// for more than cmaPatience times as many as it wants.
const cmaPatience = 4

// generation returns how many of these trials, from the first on, make a generation that
// wants enough of them, 0 if there are too few.
func (v *cmaView) generation(told []int, enough int) int {
	fit := 0
	for i, pos := range told {
		if !v.unfit(pos) {
			fit++
		}
		if n := i + 1; n >= enough && 2*fit >= enough || n >= cmaPatience*enough {
			return n
		}
	}
	return 0
}

// enough returns how many trials make a generation: as many as the population,
// and as many as are under way, so that most of them were drawn from the present
// distribution. Trials that began long ago may be dead and do not count.
func (v *cmaView) enough(n *cmaNode) int {
	population := n.state.dist.Population()
	workers := 1
	for _, t := range v.q.Running {
		if t.Number >= v.q.Trial.Number-20*population {
			workers++
		}
	}
	return max(population, min(workers, 8*population))
}
