// Package acq computes acquisition functions: how much is promised by a point at
// which a Gaussian model predicts mean mu and standard deviation sigma. The
// objective is minimised, and a larger acquisition is better.
//
// Everything is in logarithms and by continued fractions where the tail needs
// it, so that values and gradients keep their digits when the improvement is
// 10⁶ standard deviations away: a search that follows them never stands on a
// plateau of zeros.
//
// S. Ament, S. Daulton, D. Eriksson, M. Balandat, E. Bakshy, "Unexpected
// improvements to expected improvement for Bayesian optimization", 2023,
// arXiv:2310.20708.
package acq

import "math"

const (
	logSqrt2Pi = 0.9189385332046727418 // ½ ln 2π
	// tailFrom is where the continued fraction takes over from the direct sum. At
	// −5 the direct sum φ + zΦ has lost a factor 30 to cancellation, and the
	// fraction needs tailTerms terms for full precision.
	tailFrom  = -5
	tailTerms = 24
)

// LogEI returns the logarithm of the expected improvement below best,
// ln E[max(best − f, 0)] for f ~ N(mu, sigma²), and its derivatives with respect
// to mu and sigma (natural logarithm; Ament et al., section 4.1). sigma must be
// positive.
func LogEI(mu, sigma, best float64) (value, dMu, dSigma float64) {
	z := (best - mu) / sigma
	logH, dz := LogH(z)
	// ln EI = ln σ + ln h(z), dz/dμ = −1/σ, dz/dσ = −z/σ
	return math.Log(sigma) + logH, -dz / sigma, (1 - z*dz) / sigma
}

// LogH returns ln h(z) with h(z) = φ(z) + z·Φ(z), the expected improvement of a
// standard normal (Ament et al., eq. 9), and its derivative Φ(z)/h(z).
func LogH(z float64) (value, derivative float64) {
	if z > tailFrom {
		pdf, cdf := math.Exp(-z*z/2-logSqrt2Pi), math.Erfc(-z/math.Sqrt2)/2
		h := pdf + z*cdf
		return math.Log(h), cdf / h
	}
	// With t = −z and Mills' ratio Φ(−t)/φ(t) = 1/(t+c): h = φ·(1 − t/(t+c)) =
	// φ·c/(t+c), where nothing cancels, and Φ/h = 1/c.
	c := millsTail(-z)
	return -z*z/2 - logSqrt2Pi + math.Log(c/(c-z)), 1 / c
}

// LogCDF returns ln Φ(z), the logarithm of the standard normal distribution
// function, and its derivative φ(z)/Φ(z). With z = −mu/sigma it is the log
// probability that a constraint (feasible: ≤ 0) holds.
func LogCDF(z float64) (value, derivative float64) {
	switch {
	case z > 5:
		q := math.Erfc(z/math.Sqrt2) / 2
		return math.Log1p(-q), math.Exp(-z*z/2-logSqrt2Pi) / (1 - q)
	case z > tailFrom:
		p := math.Erfc(-z/math.Sqrt2) / 2
		return math.Log(p), math.Exp(-z*z/2-logSqrt2Pi) / p
	}
	c := millsTail(-z)
	return -z*z/2 - logSqrt2Pi - math.Log(c-z), c - z
}

// LogFeasible returns the log probability that a constraint value ~ N(mu, sigma²)
// is not above 0, and its derivatives. sigma must be positive.
//
// M. Schonlau, W. J. Welch, D. R. Jones, "Global versus local search in
// constrained optimization of computer models", 1998,
// https://doi.org/10.1214/lnms/1215456182.
func LogFeasible(mu, sigma float64) (value, dMu, dSigma float64) {
	z := -mu / sigma
	v, dz := LogCDF(z)
	return v, -dz / sigma, -z * dz / sigma
}

// Bound returns the lower confidence bound turned into an acquisition,
// k·sigma − mu (GP-UCB for a minimised objective), and its derivatives. k is in
// standard deviations.
//
// N. Srinivas, A. Krause, S. Kakade, M. Seeger, "Gaussian process optimization in
// the bandit setting", 2010, arXiv:0912.3995.
func Bound(mu, sigma, k float64) (value, dMu, dSigma float64) {
	return k*sigma - mu, -1, k
}

// Explore returns ln sigma where the point may still be worth it, that is where
// its lower bound mu − k·sigma is not above threshold, and otherwise a value that
// is lower by slope for each standard deviation of excess, so that a search finds
// its way back into the region. It is the pure exploration that follows a
// confidence bound while earlier proposals are still running.
//
// E. Contal, D. Buffoni, A. Robicquet, N. Vayatis, "Parallel Gaussian process
// optimization with upper confidence bound and pure exploration", 2013,
// arXiv:1304.5350.
func Explore(mu, sigma, k, threshold, slope float64) (value, dMu, dSigma float64) {
	value, dSigma = math.Log(sigma), 1/sigma
	if excess := mu - k*sigma - threshold; excess > 0 {
		value -= slope * excess
		dMu = -slope
		dSigma += slope * k
	}
	return value, dMu, dSigma
}

// millsTail returns c(t) with Φ(−t)/φ(t) = 1/(t + c(t)) for t ≥ 5, by Laplace's
// continued fraction c(t) = 1/(t + 2/(t + 3/(t + …))), M. Abramowitz, I. A.
// Stegun, Handbook of Mathematical Functions, 1964, eq. 26.2.14.
func millsTail(t float64) float64 {
	terms := tailTerms
	if t > 40 {
		terms = 6
	}
	d := t
	for k := terms; k >= 2; k-- {
		d = t + float64(k)/d
	}
	return 1 / d
}
