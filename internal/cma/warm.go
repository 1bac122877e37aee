package cma

import (
	"math"

	"github.com/gohone/hone/internal/eigen"
)

// WarmStart returns a mean, step size and covariance (n×n by rows, determinant
// one) fitted to promising points xs of an earlier search, each of length n:
// the normal distribution closest in Kullback-Leibler divergence to a mixture
// of isotropic normals of standard deviation alpha around them. The published
// setting takes the best tenth of the earlier points and alpha 0.1 on the unit
// cube. Nomura, Watanabe, Akimoto, Ozaki and Onishi, "Warm Starting CMA-ES for
// Hyperparameter Optimization", 2021, arXiv:2012.06932. xs must not be empty.
func WarmStart(xs [][]float64, alpha float64) (mean []float64, sigma float64, cov []float64) {
	n, count := len(xs[0]), float64(len(xs))
	mean, cov = make([]float64, n), make([]float64, n*n)
	for _, x := range xs {
		axpy(mean, 1/count, x)
	}
	d := make([]float64, n)
	for _, x := range xs {
		for j := range d {
			d[j] = x[j] - mean[j]
		}
		for i := range d {
			axpy(cov[i*n:i*n+n], d[i]/count, d)
		}
	}
	for j := range n {
		cov[j*n+j] += alpha * alpha
	}
	// σ² is the geometric mean of the eigenvalues.
	values := make([]float64, n)
	logs := 0.0
	if n == 0 || !eigen.Symmetric(cov, n, values, make([]float64, n*n), make([]float64, n)) {
		return mean, alpha, nil
	}
	for _, v := range values {
		logs += math.Log(max(v, math.SmallestNonzeroFloat64))
	}
	sigma = math.Exp(logs / (2 * float64(n)))
	for i := range cov {
		cov[i] /= sigma * sigma
	}
	return mean, sigma, cov
}
