package sampler

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/parzen"
	"github.com/gohone/hone/storage"
)

// TPE is the tree-structured Parzen estimator: it divides the trials into good
// ones and the rest, estimates the density of either, and tries the candidate
// whose ratio of the two, good to rest, is largest. It takes every kind of
// parameter, conditional ones and changing ranges, several objectives,
// constraints, pruned trials and any number of workers, and costs little. It is
// the sampler for some hundred to some ten thousand trials, above all with
// categories and conditions.
//
//   - Parameters are chosen together, so that it learns what goes with what. In a
//     conditional space those are together that always occur together. Values
//     that were chosen in an older range stay in use when the range changes.
//   - Feasible trials come before infeasible ones, which are ordered by the sum of
//     their violations; complete ones before pruned ones, which are ordered by how
//     far they came, then by value. Failed trials count among the rest as long as
//     those nearby foretell whether a trial fails, and for nothing when they do not.
//   - Several objectives are ordered by non-dominated fronts, and within the last
//     good front by the volume that a trial adds.
//   - Trials under way count among the rest, so that workers do not crowd.
//   - When every parameter is discrete and every trial has all of them, a point is not
//     tried twice while an untried one is left. In a conditional space one may be.
//   - The first trials fill the space evenly, beginning in its middle, and those that
//     follow too, as long as all come out the same.
//
// The zero value is what did best in the tables of bench/. It differs from
// Optuna's rules in its start, in not repeating points, in weighting good trials
// by their rank, in counting those that come next in order, three times as many,
// for less against a place, in the widths of the kernels (0.8 times the neighbours'
// distance for good trials, twice for the rest), in mixing the coordinates of
// several good trials in one candidate, and in estimating the rest from 128 trials,
// so that its cost does not grow with the study.
//
// Bergstra, Bardenet, Bengio and Kégl, "Algorithms for Hyper-Parameter
// Optimization", NIPS 2011. Watanabe, "Tree-Structured Parzen Estimator:
// Understanding Its Algorithm Components and Their Roles for Better Empirical
// Performance", 2023, arXiv:2304.11127. Ozaki, Tanigaki, Watanabe and Onishi,
// "Multiobjective Tree-Structured Parzen Estimator", JAIR 73 (2022), 1209–1250,
// doi:10.1613/jair.1.13188. Ginsbourger, Le Riche and Carraro, "Kriging Is
// Well-Suited to Parallelize Optimization", 2010, for the trials under way.
//
// A TPE may be used by any number of goroutines.
type TPE struct {
	// Optuna applies the rules of Optuna 5's TPESampler, whose cost grows with
	// the number of trials. Other fields that are set still count.
	Optuna bool

	// StartupTrials is the number of finished trials, failed ones aside, before
	// the model is used. 0 means 6, and 10 with Optuna.
	StartupTrials int
	// Candidates is the number of points of which the best is taken. 0 means 24.
	Candidates int
	// Decomposition says which parameters are chosen together.
	Decomposition TPEDecomposition
	// Gamma returns how many of n finished trials are good, which must not
	// depend on anything but n. nil means ⌈0.12 n⌉, at most 40; with Optuna
	// ⌈0.1 n⌉, at most 25, and not bounded for several objectives.
	Gamma func(n int) int
	// Weights returns the weights of n trials from the oldest to the newest,
	// for good and other ones alike, all of them finite, not negative, and not
	// all zero. nil weights good trials by rank, lets others beyond the newest
	// 25 fade with age, as Optuna does for both, and those next to the good
	// ones count for less.
	Weights func(n int) []float64
	// PriorWeight is the weight of the prior, a wide kernel around the middle
	// of the space, beside one for each trial. 0 means 1.
	PriorWeight float64
	// NoPrior leaves the prior out once there are trials. It sets the weight of
	// unseen categories to zero, too.
	NoPrior bool
	// Scott takes the widths of kernels from the spread of the trials by
	// Scott's rule, in the place of the distance to the next ones.
	Scott bool
	// GoodWidth and OtherWidth multiply the widths of the kernels of good and of
	// other trials. 0 means 0.8 and 2; with Optuna 1 and 1.
	GoodWidth, OtherWidth float64
	// Finest bounds widths from below: by 1/min(Finest, n+2) of the range for n
	// trials, and 1/min(Finest, 1.5(n+2)) for good ones in continuous domains,
	// the latter not with Optuna. 0 means 100.
	Finest float64
	// Endpoints has the ends of the range count as neighbours of the outermost
	// trials, whose kernels become wider.
	Endpoints bool
	// Crossover is the probability that a coordinate of a candidate is drawn
	// from another good trial than the rest. 0 means 0.2, negative none. With
	// Optuna it is none unless set.
	Crossover float64
	// Others is the number of trials that stand for all those that are not good.
	// 0 means 128, negative all. With Optuna it is all unless set.
	Others int
	// NoLiar leaves trials under way out of account.
	NoLiar bool
	// Repeat allows trying a point of a discrete space again. It is on with
	// Optuna.
	Repeat bool

	mu      sync.Mutex
	studies []*tpeStudy // latest use first
}

// A TPEDecomposition says which parameters a [TPE] chooses together.
type TPEDecomposition int

const (
	// TPEDefault is TPEGrouped. With Optuna it is TPECommon for one objective
	// and TPEUnivariate for several, as there.
	TPEDefault TPEDecomposition = iota
	// TPEGrouped chooses those together that always occur together: Optuna's
	// group=True, but for ranges that change, which do not matter.
	TPEGrouped
	// TPECommon chooses those together that every trial has, with one and the
	// same domain, and each of the others by itself.
	TPECommon
	// TPEUnivariate chooses each parameter by itself.
	TPEUnivariate
)

var (
	_ JointSampler = (*TPE)(nil)
	_ Validator    = (*TPE)(nil)
	_ NoRepeater   = (*TPE)(nil)
)

// NoRepeats implements [NoRepeater].
func (s *TPE) NoRepeats() bool { return !s.Repeat && !s.Optuna }

// Validate implements [Validator].
func (s *TPE) Validate([]storage.Direction) error {
	switch {
	case s.StartupTrials < 0:
		return fmt.Errorf("sampler: TPE.StartupTrials is %d, it must not be negative", s.StartupTrials)
	case s.Candidates < 0 || s.Candidates > 1e6:
		return fmt.Errorf("sampler: TPE.Candidates is %d, it must lie between 0 and 1,000,000", s.Candidates)
	case s.Others > 1e6:
		return fmt.Errorf("sampler: TPE.Others is %d, it must be 1,000,000 at most; a negative number stands for all trials", s.Others)
	case s.Decomposition < 0 || s.Decomposition > TPEUnivariate:
		return fmt.Errorf("sampler: TPE.Decomposition is %d, it must be one of the constants", s.Decomposition)
	case !(s.PriorWeight >= 0) || math.IsInf(s.PriorWeight, 0):
		return fmt.Errorf("sampler: TPE.PriorWeight is %v, it must be finite and not negative", s.PriorWeight)
	case s.NoPrior && s.PriorWeight > 0:
		return fmt.Errorf("sampler: TPE.PriorWeight is %v and TPE.NoPrior is set; leave one out", s.PriorWeight)
	case !(s.GoodWidth >= 0 && s.GoodWidth <= 100):
		return fmt.Errorf("sampler: TPE.GoodWidth is %v, it must lie between 0 and 100", s.GoodWidth)
	case !(s.OtherWidth >= 0 && s.OtherWidth <= 100):
		return fmt.Errorf("sampler: TPE.OtherWidth is %v, it must lie between 0 and 100", s.OtherWidth)
	case !(s.Finest == 0 || s.Finest >= 1 && s.Finest <= 1e9):
		return fmt.Errorf("sampler: TPE.Finest is %v, it must lie between 1 and 1e9", s.Finest)
	case !(s.Crossover <= 1):
		return fmt.Errorf("sampler: TPE.Crossover is %v, it must be 1 at most", s.Crossover)
	}
	return nil
}

// tpeRules are the settings with their defaults filled in.
type tpeRules struct {
	startup, candidates int
	spaces              TPEDecomposition
	gamma               func(n int) int
	weights             func(n int) []float64 // nil: by rank for good ones
	ranked              bool                  // good trials are weighted by rank
	good, other         parzen.Options
	soft                float64 // breadth of the border between good and other trials
	crossover           float64
	others              int // 0: all
	liar, repeat        bool
	even                bool // begin evenly rather than at random
	failed              bool // failed trials count among the rest, while they tell of their places
}

func (s *TPE) rules(objectives int) (tpeRules, error) {
	if err := s.Validate(nil); err != nil {
		return tpeRules{}, err
	}
	r := tpeRules{
		startup: 6, candidates: 24, spaces: TPEGrouped, gamma: gammaHone, weights: recency, ranked: true,
		soft: 3, crossover: 0.2, others: 128, liar: !s.NoLiar, repeat: s.Repeat, even: true, failed: true,
	}
	r.good.Width, r.good.Fine, r.other.Width = 0.8, 1.5, 2
	if s.Optuna {
		r = tpeRules{startup: 10, candidates: 24, spaces: TPECommon, gamma: gammaOptuna, weights: recency, liar: !s.NoLiar, repeat: true}
		if objectives > 1 {
			r.spaces, r.gamma = TPEUnivariate, gammaOptunaMulti
		}
	}
	if s.StartupTrials > 0 {
		r.startup = s.StartupTrials
	}
	if s.Candidates > 0 {
		r.candidates = s.Candidates
	}
	if s.Decomposition != TPEDefault {
		r.spaces = s.Decomposition
	}
	if s.Gamma != nil {
		r.gamma = s.Gamma
	}
	if s.Weights != nil {
		r.weights, r.ranked, r.soft = s.Weights, false, 0
	}
	if s.GoodWidth > 0 {
		r.good.Width = s.GoodWidth
	}
	if s.OtherWidth > 0 {
		r.other.Width = s.OtherWidth
	}
	if s.Crossover != 0 {
		r.crossover = max(s.Crossover, 0)
	}
	if s.Others != 0 {
		r.others = max(s.Others, 0)
	}
	for _, o := range []*parzen.Options{&r.good, &r.other} {
		o.Prior, o.Finest, o.Endpoints = s.PriorWeight, s.Finest, s.Endpoints
		if s.NoPrior {
			o.Prior = -1
		}
		if s.Scott {
			o.Rule = parzen.Scott
		}
	}
	return r, nil
}

func gammaHone(n int) int        { return min(int(math.Ceil(0.12*float64(n))), 40) }
func gammaOptuna(n int) int      { return min(int(math.Ceil(0.1*float64(n))), 25) }
func gammaOptunaMulti(n int) int { return int(math.Ceil(0.1 * float64(n))) }

// recency returns the weights of n trials from the oldest to the newest: 1 for the
// newest 25, and rising from 1/n to 1 over those before.
func recency(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	old := n - 25
	for i := range max(old, 0) {
		w[i] = 1 / float64(n)
		if old > 1 {
			w[i] += (1 - 1/float64(n)) * float64(i) / float64(old-1)
		}
	}
	return w
}

// Sample implements [Sampler]: it chooses a parameter by itself.
func (s *TPE) Sample(_ context.Context, q *Query, name string, d distributions.Distribution) (float64, error) {
	r, err := s.rules(len(q.Directions))
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view(q, &r)
	if v.starting() {
		return startValue(q, &r, len(q.Trial.Params), d), nil
	}
	m := v.study.model(&r, []string{name}, []distributions.Distribution{d})
	if err := v.load(m); err != nil {
		return 0, err
	}
	x := m.propose(q.Rand, &r)
	v.unload(m)
	return m.value(0, x), nil
}

// SampleJoint implements [JointSampler].
func (s *TPE) SampleJoint(_ context.Context, q *Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	r, err := s.rules(len(q.Directions))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view(q, &r)
	var cells *tpeCells
	if !r.repeat {
		cells = v.cells()
	}
	var out map[string]float64
	if v.starting() {
		if !r.even && cells == nil {
			return nil, nil
		}
		out = startPoint(q, &r, space)
		if cells != nil && cells.tried(v, out) {
			cells.move(v, out, space, nil)
		}
	} else if out, err = v.choose(space, cells); err != nil {
		return nil, err
	}
	if r.liar && len(q.Running) > 0 {
		if err := publish(q, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}
