// Package parzen estimates densities over mixed spaces from weighted points: the
// kernel of the tree-structured Parzen estimator. It knows nothing of trials.
//
// A [Dim] is one coordinate: a range of numbers, on a linear or a logarithmic
// scale, continuous or on a grid, or a set of categories. An [Estimator] holds
// points of their product and is a mixture of one product kernel for each point,
// and one for the prior:
//
//	e := parzen.New(dims, parzen.Options{})
//	e.Set(keys, func(i int, x []float64) { copy(x, points[i]) })
//	density := e.LogDensity(x)
//
// Kernels of numbers are normal distributions, truncated to the range; on a grid
// each value has the mass of its cell. Their widths follow from the distance to
// the neighbouring points. Kernels of categories put most of their weight on the
// category of the point.
//
// Coordinates are mapped to the unit interval: u = (x−L)/(H−L), with logarithms
// first on a logarithmic scale, where L and H are the ends of the range, on a
// grid those of the outermost cells. Densities are with respect to u (and to the
// counting measure for grids and categories), so they integrate to one over the
// unit cube and no range is too wide or too narrow.
//
// An estimator follows changes of its set of points at the cost of what changed,
// and nothing is allocated for a density or a draw. What it answers depends on
// the points that it holds alone, not on the way it came to hold them: sums run
// in the order of the points' keys.
//
// Bergstra, Bardenet, Bengio and Kégl, "Algorithms for Hyper-Parameter
// Optimization", NIPS 2011. Watanabe, "Tree-Structured Parzen Estimator:
// Understanding Its Algorithm Components and Their Roles for Better Empirical
// Performance", 2023, arXiv:2304.11127, whose section 3 describes the variants.
package parzen
