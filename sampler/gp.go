package sampler

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/bayes"
	"github.com/gohone/hone/storage"
)

// GP fits a Gaussian process to the trials and tries the point that promises most
// under it: Bayesian optimisation. It learns more from each trial than any other
// sampler here, at a cost of milliseconds a trial. It is the sampler for up to
// some hundred trials, whatever the parameters are, with one objective or
// several, with constraints and with noise.
//
//   - Numbers and categories are modelled together: Matérn's covariance of smoothness
//     5/2 over the distance, to which each parameter contributes with a lengthscale of
//     its own; two different categories are at distance one. Where three or more
//     parameters have the same choices, as the layers of a network do, the model also
//     sees how often each choice is made, and carries over what it learns of one.
//   - The first trial is the middle of the space, three more lie around it.
//   - Values are warped before they are modelled, in the way that lets the
//     model foretell best which of two trials is the better one: bad values may be as
//     bad as they like.
//   - As long as all trials come out the same, fail, or are infeasible by the same amount,
//     points are spread over the space by chance.
//   - The acquisition function is the logarithm of the expected improvement, every
//     third time a confidence bound. It is climbed by gradients in continuous
//     parameters and cell by cell in discrete ones.
//   - In a conditional space, the model knows which parameters a trial has, and GP
//     finds out which other parameter decides that. A branch that has had less than
//     half of an even share of the trials comes first. Parameters may appear late or
//     go, and ranges may change: older trials stay in use.
//   - Several objectives are chosen for by the hypervolume that a point is expected
//     to add, measured by the values as they are told, constraints by the probability
//     that they hold.
//   - Trials under way are believed to come out as the model foretells. Where trials
//     fail, or are pruned without a report, is modelled beside the objectives, like a
//     constraint that is violated there: of their values it says nothing. A worst value
//     that several trials have, and that is farther from all others than these are from
//     each other, is taken for failure, too. Other pruned
//     trials count as what complete trials tell that they would have come to.
//   - Ranges should be logarithmic where ratios count. Where a linear one is positive
//     and its ends differ more than a hundredfold, the model learns how far between
//     the two scales it lies.
//   - When every parameter is discrete, a point is not tried twice while an untried one
//     is left.
//   - Beyond 1,000 trials the model is of the best, the newest and the nearest to the
//     best of them.
//
// When rounding leaves the covariance matrix without a factor, noise is added to its
// diagonal, from 1e-10 to 1e-4 of the variance; if even that fails, the point is
// chosen as the first ones are. Either is logged at level warn.
//
// The model's parameters are learned at certain numbers of trials and noted in the
// attribute "hone:gp", from where other processes take them: all that GP
// knows follows from the study's trials.
//
// Snoek, Larochelle and Adams, "Practical Bayesian optimization of machine learning
// algorithms", 2012, arXiv:1206.2944. Ament et al., "Unexpected improvements to
// expected improvement for Bayesian optimization", 2023, arXiv:2310.20708. Song et
// al., "The Vizier Gaussian process bandit algorithm", 2024, arXiv:2408.11527. More
// are cited in internal/bayes.
//
// The zero value is ready to use. A GP may be used by any number of goroutines.
type GP struct {
	// StartupTrials is the number of finished trials before the model is used:
	// the first is in the middle of the space, the others around it, far from each
	// other. 0 means 4.
	StartupTrials int
	// Belief returns how much you believe that a point is the best one: the
	// natural logarithm of a density over the space, up to a constant, −Inf where it
	// cannot be. Its argument has the parameters that the point has, by name, as
	// their users see them. It is called some thousand times a trial, by one
	// goroutine at a time, and must not change its mind. What is believed counts
	// 10/n times after n trials (Hvarfner et al., "πBO", 2022, arXiv:2204.11051), so
	// that a wrong belief is overcome. nil means nothing is believed.
	Belief func(params map[string]any) float64
	// Projection is the number of directions in which the model sees the numeric
	// parameters that every trial has: the principal components of the better half of the
	// trials (Raponi et al., 2020, arXiv:2007.00925), renewed whenever the model is
	// learned. It is in use once more than twice that many trials have ended,
	// where there are more numeric parameters than that. It saves time with many
	// parameters, and trials only where results depend on a few sums of them;
	// docs/choosing.md has figures. 0 means that the model sees each parameter, which
	// is better almost everywhere.
	Projection int
	// Repeat allows trying a point of a discrete space again, as an objective with
	// much noise may need it.
	Repeat bool

	mu      sync.Mutex
	studies []*gpStudy // latest use first
}

var (
	_ JointSampler = (*GP)(nil)
	_ Validator    = (*GP)(nil)
	_ NoRepeater   = (*GP)(nil)
)

// NoRepeats implements [NoRepeater].
func (s *GP) NoRepeats() bool { return !s.Repeat }

// gpObjectives is how many objectives there may be. The boxes of which a
// hypervolume's improvement is made multiply with each.
const gpObjectives = 4

// Validate implements [Validator].
func (s *GP) Validate(directions []storage.Direction) error {
	switch {
	case s.StartupTrials < 0:
		return fmt.Errorf("sampler: GP.StartupTrials is %d, it must not be negative", s.StartupTrials)
	case s.Projection < 0:
		return fmt.Errorf("sampler: GP.Projection is %d, it must not be negative", s.Projection)
	case len(directions) > gpObjectives:
		return fmt.Errorf("sampler: GP takes up to %d objectives, the study has %d: use TPE", gpObjectives, len(directions))
	}
	return nil
}

// Sample implements [Sampler]: it chooses a parameter by itself, those that the
// trial has being given. Of a parameter that no trial has had yet there is nothing
// to know; the first trial has the middle of it.
func (s *GP) Sample(_ context.Context, q *Query, name string, d distributions.Distribution) (float64, error) {
	if err := s.Validate(q.Directions); err != nil {
		return 0, err
	}
	if _, known := q.History.Space()[name]; !known {
		return startValue(q, &tpeRules{even: true}, len(q.Trial.Params), d), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	domains := make(map[string]distributions.Distribution, len(q.Trial.Params)+1)
	for _, p := range q.Trial.Params {
		if p.Dist != nil {
			domains[p.Name] = p.Dist
		}
	}
	domains[name] = d
	v := s.study(q).view(q, domains)
	v.layout = v.layout.having(name)
	out, err := s.propose(v)
	if err != nil {
		return 0, err
	}
	if x, ok := out[name]; ok && d.Contains(x) {
		return x, nil
	}
	return d.FromUnit(q.Rand.Float64()), nil
}

// SampleJoint implements [JointSampler].
func (s *GP) SampleJoint(_ context.Context, q *Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	if err := s.Validate(q.Directions); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.study(q).view(q, nil)
	out, err := s.propose(v)
	if err != nil {
		return nil, err
	}
	for name := range out {
		if _, ok := space[name]; !ok {
			delete(out, name)
		}
	}
	return out, nil
}

// propose chooses the parameters of the query's trial that it does not have yet,
// and notes what other trials need to know.
func (s *GP) propose(v *gpView) (map[string]float64, error) {
	q, layout := v.q, v.layout
	if len(layout.axes) == 0 {
		return nil, nil
	}
	v.projection = s.Projection
	p := v.problem()
	p.Start, p.Components, p.Repeats = s.StartupTrials, s.Projection, s.Repeat
	if s.Belief != nil {
		const beta = 10 // Hvarfner et al., 2022, section 5
		p.Belief, p.Weight = layout.belief(s.Belief), beta/float64(max(len(p.Points), 1))
	}
	proposal := v.study.engine.Propose(p, q.Rand)
	if q.Logger != nil {
		switch {
		case proposal.NoModel:
			q.Logger.Warn("sampler: GP: no model could be made of these trials, chosen far from all others", "study", q.Study, "trial", q.Trial.Number)
		case proposal.Jitter > 0:
			q.Logger.Warn("sampler: GP: ill-conditioned covariance, noise added", "study", q.Study, "trial", q.Trial.Number, "noise", proposal.Jitter)
		}
		q.Logger.Debug("sampler: GP", "study", q.Study, "trial", q.Trial.Number, "by", proposal.How)
	}
	out := make(map[string]float64, len(layout.axes))
	for j := range layout.axes {
		if p.Kept == nil || !p.Kept[j] {
			if x, ok := layout.axes[j].value(proposal.Point[j]); ok {
				out[layout.axes[j].name] = x
			}
		}
	}
	return out, v.note(proposal.Fits, len(p.Points), out)
}

// study returns what is remembered of the history of the query.
func (s *GP) study(q *Query) *gpStudy {
	log := q.History.Log()
	i := slices.IndexFunc(s.studies, func(c *gpStudy) bool { return c.log == log })
	if i < 0 {
		s.studies = slices.Insert(s.studies, 0, &gpStudy{log: log})
		s.studies = s.studies[:min(len(s.studies), maxLogs)]
		return s.studies[0]
	}
	c := s.studies[i]
	copy(s.studies[1:i+1], s.studies[:i])
	s.studies[0] = c
	return c
}

// gpStudy is what is remembered of one study. All of it can be computed anew from
// the history.
type gpStudy struct {
	log    *storage.Log
	engine bayes.Engine
	rows   []gpRow // by trial number; appended to, or replaced
	read   int     // trials of the history that rows accounts for
	base   *gpView // the view of the study's own space when it was last asked
}
