package cma

import (
	"math"
	"math/rand/v2"
)

// Policy says how a search goes on after it has converged.
type Policy int

const (
	// BIPOP alternates restarts of growing population with restarts of small
	// population and step size, giving each kind the same number of evaluations: Hansen,
	// "Benchmarking a BI-Population CMA-ES on the BBOB-2009 Function Testbed",
	// 2009, doi:10.1145/1570256.1570333.
	BIPOP Policy = iota
	// IPOP doubles the population at each restart: Auger and Hansen, "A Restart CMA
	// Evolution Strategy With Increasing Population Size", 2005,
	// doi:10.1109/CEC.2005.1554902.
	IPOP
)

// maxDoublings bounds the growth: nine restarts, as in both papers. The next
// restart begins at the bottom again.
const maxDoublings = 9

// Restarts plans the runs of a search. It begins in the state of the first run,
// which has population Population and step size Sigma.
type Restarts struct {
	Policy     Policy
	Population int
	Sigma      float64

	doublings     int
	small         bool // the kind of the present run
	limit         int  // evaluations that the present run may use; 0: any number
	large, little int  // evaluations used by either kind of restart
	runs          int
}

// Limit is the number of evaluations after which the present run is to end even if it
// has not converged, 0 for none.
func (r *Restarts) Limit() int { return r.limit }

// Next ends a run that took so many evaluations, and returns the population and
// step size of the next.
func (r *Restarts) Next(rng *rand.Rand, evaluations int) (population int, sigma float64) {
	if r.runs++; r.runs > 1 { // the first run belongs to neither kind
		if r.small {
			r.little += evaluations
		} else {
			r.large += evaluations
		}
	}
	if r.Policy == BIPOP && r.runs > 1 && r.little < r.large {
		// λ_s = λ_def (½ λ_l/λ_def)^(U²), σ = σ_def·10^(−2U)
		half := math.Ldexp(0.5, r.doublings)
		u := rng.Float64()
		population = max(2, int(float64(r.Population)*math.Pow(half, u*u)))
		if !r.small {
			r.limit = max(1, evaluations/2)
		}
		r.small = true
		return population, r.Sigma * math.Pow(10, -2*rng.Float64())
	}
	if r.doublings++; r.doublings > maxDoublings {
		r.doublings = 0
	}
	r.small, r.limit = false, 0
	return r.Population << r.doublings, r.Sigma
}
