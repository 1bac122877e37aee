package sampler

import (
	"math"

	"github.com/gohone/hone/storage"
)

// A failed trial speaks against its place, like a bad one, where it is the place that
// makes trials fail. Where they fail by chance it says nothing, and most failures lie
// where most trials do: around the good ones, which they would push the search away from.
// docs/design/failing.md has figures.

// tpeWitnesses is the number of trials that are asked which of both it is: a random subset,
// so that the cost does not grow with the study.
const tpeWitnesses = 64

// failuresTell reports whether the trials that lie around one foretell if it fails, among
// those that have a place in the model's space. It does so while none failed, too.
//
// Each trial's outcome is foretold from the others: the probability that it fails is the
// share of failures, once among all of them, and once among those nearby, weighted by a
// normal kernel (Nadaraya and Watson, 1964) and with the former beside them as one trial
// more. What counts is the ratio of the likelihoods, those of cross-validation.
func (v *tpeView) failuresTell(m *tpeModel) bool {
	if len(v.study.rows) == v.study.finished {
		return true
	}
	d := len(m.dims)
	places, failed := make([]float64, 0, tpeWitnesses*d), make([]float64, 0, tpeWitnesses)
	failures := 0.0
	for _, h := range v.study.hashed {
		if len(failed) == tpeWitnesses {
			break
		}
		if h.row >= v.read || !v.holds(m, h.row) {
			continue
		}
		for j, c := range m.columns {
			u := math.NaN()
			if c != nil {
				u = m.dims[j].Unit(c[h.row])
			}
			places = append(places, u)
		}
		f := 0.0
		if v.q.History.Trial(h.row).State == storage.Failed {
			f = 1
		}
		failed = append(failed, f)
		failures += f
	}
	if failures == 0 {
		return true
	}
	// Sums of the kernels of the others, and of those that failed among them.
	n := len(failed)
	near, bad := make([]float64, n), make([]float64, n)
	scale := 8 / math.Sqrt(float64(d)) // a standard deviation of d^¼/4 of the range
	for i := range n {
		for k := range i {
			w := math.Exp(-scale * m.apart(places[i*d:i*d+d], places[k*d:k*d+d]))
			near[i] += w
			near[k] += w
			bad[i] += w * failed[k]
			bad[k] += w * failed[i]
		}
	}
	gain := 0.0
	for i, f := range failed {
		share := (failures - f + 1) / float64(n+1)
		here := (bad[i] + share) / (near[i] + 1)
		if f == 0 {
			share, here = 1-share, 1-here
		}
		gain += math.Log(here / share)
	}
	return gain > 0
}

// apart returns the square of the distance between two places, ½ for each category that
// differs. A trial that failed before it had a parameter would have failed with any.
func (m *tpeModel) apart(a, b []float64) float64 {
	sum := 0.0
	for j := range a {
		switch delta := a[j] - b[j]; {
		case delta != delta:
		case m.dims[j].Numeric():
			sum += delta * delta
		case delta != 0:
			sum += 0.5
		}
	}
	return sum
}
