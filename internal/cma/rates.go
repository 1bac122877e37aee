package cma

import "math"

// rates holds the strategy parameters that follow from the dimension n and the
// number of solutions of a generation: Hansen, arXiv:1604.00772, Table 1.
type rates struct {
	lambda  int
	mu      int       // solutions with a positive weight
	weights []float64 // len lambda; the first mu are positive and sum to one
	sum     float64   // of all the weights
	muEff   float64

	cSigma, dSigma float64
	cc, c1, cMu    float64
}

// newRates computes them for n ≥ 1 coordinates and lambda ≥ 2 solutions. With
// active false the negative weights are zero. A separable covariance learns
// faster, by the factor (n+2)/3 of Ros and Hansen, "A Simple Modification in
// CMA-ES Achieving Linear Time and Space Complexity", 2008,
// doi:10.1007/978-3-540-87700-4_30.
func newRates(n, lambda int, active, separable bool) *rates {
	dim := float64(n)
	r := &rates{lambda: lambda, mu: lambda / 2, weights: make([]float64, lambda)}

	var pos, pos2, neg, neg2 float64
	for i := range r.weights {
		w := math.Log((float64(lambda)+1)/2) - math.Log(float64(i+1)) // eq. 49
		r.weights[i] = w
		if i < r.mu {
			pos += w
			pos2 += w * w
		} else {
			neg += w // the middle weight of an odd lambda is zero
			neg2 += w * w
		}
	}
	r.muEff = pos * pos / pos2   // Table 1, text
	muEffNeg := neg * neg / neg2 // Table 1, text

	const alphaCov = 2
	r.c1 = alphaCov / ((dim+1.3)*(dim+1.3) + r.muEff)                                            // eq. 57
	r.cMu = alphaCov * (0.25 + r.muEff + 1/r.muEff - 2) / ((dim+2)*(dim+2) + alphaCov*r.muEff/2) // eq. 58
	if separable {
		r.c1 *= (dim + 2) / 3
		r.cMu *= (dim + 2) / 3
	}
	r.c1 = min(r.c1, 0.5)
	r.cMu = min(r.cMu, 1-r.c1)
	r.cc = (4 + r.muEff/dim) / (dim + 4 + 2*r.muEff/dim) // eq. 56

	r.cSigma = (r.muEff + 2) / (dim + r.muEff + 5)                       // eq. 55
	r.dSigma = 1 + 2*max(0, math.Sqrt((r.muEff-1)/(dim+1))-1) + r.cSigma // eq. 55

	alphaNeg := min(
		1+r.c1/r.cMu,               // eq. 50: no decay of C beyond the update
		1+2*muEffNeg/(r.muEff+2),   // eq. 51
		(1-r.c1-r.cMu)/(dim*r.cMu), // eq. 52: C stays positive definite
	)
	for i := range r.weights { // eq. 53
		switch {
		case i < r.mu:
			r.weights[i] /= pos
		case active:
			r.weights[i] *= alphaNeg / -neg
		default:
			r.weights[i] = 0
		}
		r.sum += r.weights[i]
	}
	return r
}
