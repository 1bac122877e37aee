package bayes

import (
	"math"

	"github.com/gohone/hone/internal/acq"
)

// A criterion turns the predictions of all models at a point, means and standard
// deviations, into how much the point promises. More is better.
type criterion interface {
	// value returns the promise and writes its derivatives.
	value(mu, sigma, dMu, dSigma []float64) float64
	// bound returns a number that the promise does not exceed when the standard
	// deviations are not above those given.
	bound(mu, sigma []float64) float64
}

// improvement is the logarithm of the expected improvement of an observation below
// best. Observations are predicted: sigma is widened by the nugget, the variance
// of what the model takes for noise.
type improvement struct{ best, nugget float64 }

func (c improvement) value(mu, sigma, dMu, dSigma []float64) float64 {
	total := math.Sqrt(sigma[0]*sigma[0] + c.nugget)
	v, dm, dt := acq.LogEI(mu[0], total, c.best)
	dMu[0], dSigma[0] = dm, dt*sigma[0]/total
	return v
}

func (c improvement) bound(mu, sigma []float64) float64 {
	v, _, _ := acq.LogEI(mu[0], math.Sqrt(sigma[0]*sigma[0]+c.nugget), c.best)
	return v
}

// confidence is the lower confidence bound at k standard deviations.
type confidence struct{ k float64 }

func (c confidence) value(mu, sigma, dMu, dSigma []float64) (v float64) {
	v, dMu[0], dSigma[0] = acq.Bound(mu[0], sigma[0], c.k)
	return v
}

func (c confidence) bound(mu, sigma []float64) float64 {
	v, _, _ := acq.Bound(mu[0], sigma[0], c.k)
	return v
}

// exploration is the logarithm of the standard deviation, where the lower bound at
// k standard deviations is not above a threshold. It seeks what is not known of the
// points that may still be good.
type exploration struct{ k, threshold float64 }

// explorationSlope is what exploration loses with each unit of the excess above the
// threshold (Song et al., 2024, arXiv:2408.11527).
const explorationSlope = 10

func (c exploration) value(mu, sigma, dMu, dSigma []float64) (v float64) {
	v, dMu[0], dSigma[0] = acq.Explore(mu[0], sigma[0], c.k, c.threshold, explorationSlope)
	return v
}

func (c exploration) bound(mu, sigma []float64) float64 {
	v, _, _ := acq.Explore(mu[0], sigma[0], c.k, c.threshold, explorationSlope)
	return v
}

// constrained adds to the criterion of the first outputs the log probability that
// every one of the others, the constraints, is not above 0. A nil objective leaves
// the probabilities alone: the search for a first point that is allowed.
type constrained struct {
	objective criterion
	from      int     // the first constraint's output
	nugget    float64 // variance by which the last output is less certain than its model says
}

// width returns the standard deviation of an observation of output k of so many.
func (c constrained) width(k, outputs int, sigma float64) float64 {
	if k < outputs-1 {
		return sigma
	}
	return math.Sqrt(sigma*sigma + c.nugget)
}

func (c constrained) value(mu, sigma, dMu, dSigma []float64) float64 {
	v := 0.0
	clear(dMu[:c.from])
	clear(dSigma[:c.from])
	if c.objective != nil {
		v = c.objective.value(mu[:c.from], sigma[:c.from], dMu[:c.from], dSigma[:c.from])
	}
	for k := c.from; k < len(mu); k++ {
		total := c.width(k, len(mu), sigma[k])
		l, dm, ds := acq.LogFeasible(mu[k], total)
		v += l
		dMu[k], dSigma[k] = dm, ds*sigma[k]/total
	}
	return v
}

func (c constrained) bound(mu, sigma []float64) float64 {
	v := 0.0
	if c.objective != nil {
		v = c.objective.bound(mu[:c.from], sigma[:c.from])
	}
	for k := c.from; k < len(mu); k++ {
		if mu[k] > 0 { // the wider, the likelier
			l, _, _ := acq.LogFeasible(mu[k], c.width(k, len(mu), sigma[k]))
			v += l
		}
	}
	return v
}
