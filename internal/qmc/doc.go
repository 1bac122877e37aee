// Package qmc computes low-discrepancy sequences: point sets that fill the unit
// cube more evenly than independent draws do.
//
// Every function is stateless: it maps the index of a point and a dimension to
// one coordinate. Any number of goroutines or processes can therefore share one
// sequence by agreeing on who takes which index, and nothing has to be skipped
// or stored.
//
//   - [Sobol] and [Halton] are the sequences as published, equal to those of
//     SciPy. Coordinates lie in [0, 1) and point 0 is the origin.
//   - [OwenSobol] and [ScrambledHalton] are randomised by a seed: each
//     coordinate is uniform in (0, 1), and the points of one seed keep the even
//     spread. These are the ones to use unless the published points are asked
//     for. [OwenSobolPoint] and [ScrambledHaltonPoint] fill whole points.
//
// The first 2^k points of a Sobol sequence belong together: use powers of two
// where the number of points is yours to choose.
//
// Sources: Sobol', "On the distribution of points in a cube and the approximate
// evaluation of integrals", USSR Comput. Math. Math. Phys. 7 (1967), 86–112.
// Joe and Kuo, "Constructing Sobol sequences with better two-dimensional
// projections", SIAM J. Sci. Comput. 30 (2008), 2635–2654,
// doi:10.1137/070709359. Owen, "Randomly permuted (t,m,s)-nets and
// (t,s)-sequences", Monte Carlo and Quasi-Monte Carlo Methods (1995), 299–317.
// Halton, "On the efficiency of certain quasi-random sequences of points in
// evaluating multi-dimensional integrals", Numer. Math. 2 (1960), 84–90.
package qmc
