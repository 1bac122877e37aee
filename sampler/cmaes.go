package sampler

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/cma"
	"github.com/gohone/hone/storage"
)

// CMAES is the covariance matrix adaptation evolution strategy: it draws trials
// from a normal distribution and moves, stretches and turns that distribution
// towards the better ones, a generation at a time. It is the sampler for
// thousands of trials of cheap, continuous objectives, also ill-conditioned and
// non-separable ones, and needs some hundred trials per parameter to converge. It
// takes one objective.
//
//   - Integers and steps keep a margin, the least probability of moving to a
//     neighbouring value; categories have probabilities of their own, learnt beside
//     the normal distribution (CatCMA). Logarithmic domains are searched on that
//     scale.
//   - When a run has converged, the next starts elsewhere with another population
//     (BIPOP). Only the best of a study's trials matters, so this does no harm.
//   - A generation is as large as Population or as the number of trials under
//     way, whichever is more, and takes results in whatever order they come.
//     Trials that were drawn from an older distribution, enqueued, or chosen by
//     another sampler or by Python's Optuna count too, with shortened steps.
//   - Pruned trials rank after complete ones, by how far they came; trials that
//     violate constraints after those, by the sum of violations. Failed ones, and those
//     pruned without a report, are left out, and a generation waits for others; only where
//     all fail do they rank last.
//   - When a study has 20 finished trials or more as CMAES takes over, the
//     distribution begins around the best tenth of them (WS-CMA).
//   - Parameters that no trial has had yet are drawn at random once; then they
//     belong to the joint space. In a conditional space each trial draws all of
//     them and uses those that it asks for. When a domain changes or a parameter
//     is added, a new search begins from the trials so far. After five changes the
//     search goes by the place within a trial's own domain instead, as ranges that
//     follow from another parameter need it.
//   - From 30 numeric parameters on, the covariance is diagonal until that is learnt,
//     and above 200 for good.
//
// All that it knows follows from the study's trials and its seed: to be exact,
// the first trial of a generation notes, in the attribute "hone:cma", which
// trials the generation before consisted of. So a study goes on in another
// process as if nothing had happened.
//
// Hansen, "The CMA Evolution Strategy: A Tutorial", 2016, arXiv:1604.00772; sources
// of the rest are cited in internal/cma. The zero value is ready to use. A CMAES
// may be used by any number of goroutines.
type CMAES struct {
	// Population is the number of trials in a generation. 0 means
	// 4 + ⌊3 ln n⌋ for n parameters (the tutorial's equation 48). Larger ones
	// search more widely and converge later.
	Population int
	// Sigma is the initial standard deviation in units of a domain's width. 0 means
	// 0.15: on COCO's functions of 3 and 20 dimensions the first 100 trials come
	// further than with 0.17 or 0.2. Restarts, at random places, have at least 0.3.
	Sigma float64
	// Start has values at which the search begins, as users see them, for any
	// of the numeric parameters. The others begin in the middle. With a Start
	// there is no warm start. What is no value of the parameter is passed over.
	Start map[string]any
	// NoRestarts goes on with the first run for good.
	NoRestarts bool
	// IPOP doubles the population at each restart, rather than alternating with
	// small ones.
	IPOP bool
	// NoWarmStart begins in the middle, whatever is known.
	NoWarmStart bool
	// Separable learns a diagonal covariance also with few parameters. It is
	// faster on separable objectives and fails on others.
	Separable bool
	// NoActive leaves out the negative weights of the worse half.
	NoActive bool
	// AdaptRates makes steps as small as noise or many local optima call for
	// (arXiv:2304.03473). It takes some times as many trials on easy objectives.
	AdaptRates bool

	mu    sync.Mutex
	cache []*cmaStudy // latest use first
}

var (
	_ JointSampler = (*CMAES)(nil)
	_ Validator    = (*CMAES)(nil)
)

// Validate implements [Validator].
func (s *CMAES) Validate(directions []storage.Direction) error {
	if len(directions) != 1 {
		return fmt.Errorf("sampler: CMAES takes one objective, the study has %d", len(directions))
	}
	return s.settings()
}

func (s *CMAES) settings() error {
	switch {
	case s.Population < 0 || s.Population == 1 || s.Population > 1e6:
		return fmt.Errorf("sampler: CMAES.Population is %d, it must be 0 or lie between 2 and 1,000,000", s.Population)
	case !(s.Sigma >= 0 && s.Sigma <= 10):
		return fmt.Errorf("sampler: CMAES.Sigma is %v, it must lie between 0 and 10", s.Sigma)
	}
	return nil
}

func (s *CMAES) sigma() float64 {
	if s.Sigma == 0 {
		return 0.15
	}
	return s.Sigma
}

// Sample implements [Sampler]: it draws at random, but for the first trial, which
// runs at Start, and for parameters whose range differs from trial to trial.
func (s *CMAES) Sample(_ context.Context, q *Query, name string, d distributions.Distribution) (float64, error) {
	if err := s.Validate(q.Directions); err != nil {
		return 0, err
	}
	if given, ok := s.Start[name]; ok && q.Trial.Number == 0 {
		if v, err := d.Internal(given); err == nil && d.Contains(v) {
			return v, nil
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	joint := s.study(q).joint(q)
	if k, ok := joint.index[name]; ok && joint.axes[k].moving {
		if _, cat := d.(distributions.Categorical); !cat {
			drawn, err := s.draw(q, joint)
			return joint.axes[k].value(&drawn, d), err
		}
	}
	return d.FromUnit(q.Rand.Float64()), nil
}

// SampleJoint implements [JointSampler].
func (s *CMAES) SampleJoint(_ context.Context, q *Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	if err := s.Validate(q.Directions); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	joint := s.study(q).joint(q)
	if len(joint.axes) == 0 {
		return nil, nil
	}
	drawn, err := s.draw(q, joint)
	if err != nil {
		return nil, err
	}
	out := make(map[string]float64, len(space))
	for i := range joint.axes {
		a := &joint.axes[i]
		if d, ok := space[a.name]; ok && !a.moving {
			if x := a.value(&drawn, d); d.Contains(x) {
				out[a.name] = x
			}
		}
	}
	return out, nil
}

// draw makes the point of the query's trial, with the lock held.
func (s *CMAES) draw(q *Query, joint *cmaSpace) (cma.Solution, error) {
	v := s.study(q).view(s, q, joint)
	n, err := v.advance(v.current())
	if err != nil {
		return cma.Solution{}, err
	}
	return n.state.draw(q.Seed, q.Trial.Number), nil
}

// study returns the cache for the log that the query's history is from.
func (s *CMAES) study(q *Query) *cmaStudy {
	const most = 16 // as many brackets as a pruner may have, and more
	log := q.History.Log()
	for i, c := range s.cache {
		if c.log == log {
			copy(s.cache[1:i+1], s.cache[:i])
			s.cache[0] = c
			c.sync(q.History)
			return c
		}
	}
	c := &cmaStudy{log: log, at: make(map[int]int), domains: make(map[string]*cmaDomains), records: make(map[cmaStep][]cmaRecord)}
	s.cache = slices.Insert(s.cache, 0, c)
	s.cache = s.cache[:min(len(s.cache), most)]
	c.sync(q.History)
	return c
}
