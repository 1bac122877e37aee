package bayes

import "math"

// An ordinal of few cells is seen twice by the model: as a number, by which
// neighbours are alike, and as a category, by which each cell may be a case of its own.
// Learning tells which of the two it is; where it is the number alone, the other
// lengthscale becomes long. Values of real studies are rough in such
// coordinates, be it only since results of few runs are, and without the category all of
// that would be noise, which is the same for a good cell and for a bad one.
//
// On the even half of the tables of bench/ (seeds 100 to 119) regret after 25, 50 and
// 100 trials is 0.046, 0.020 and 0.0067, without 0.049, 0.024 and 0.0121; with the cells in
// random order (tables-permuted, seeds 100 to 111) 0.080, 0.039 and 0.023, without 0.088,
// 0.056 and 0.033. COCO's mixed functions in 20 dimensions (even ones, seeds 100 to 102) have
// 0.084 after 100 trials, 0.102 without; a prior that grows with √D only costs them a
// tenth after 50 trials.

// Ordinals of so many cells are seen twice. With two cells there is no difference, and
// with many each cell is seen too seldom to tell anything.
const twiceFrom, twiceTo = 3, 12

// The prior of the lengthscale of the category.
const twiceMean, twiceSD = 0.2, 0.5 // plus ln D

// A space of more coordinates has none that are seen twice, for the time that it takes.
const twiceDims = 100

// twice reports whether coordinate j is seen twice.
func (s *Space) twice(j int) bool {
	d := s.Dims[j]
	return d.Kind == Ordinal && d.Cells >= twiceFrom && d.Cells <= twiceTo && len(s.Dims) <= twiceDims
}

// firstTwice returns the place of the first category that stands for an ordinal among the
// coordinates that the model sees.
func (s *Space) firstTwice() int {
	n := s.firstTally()
	for _, set := range s.Alike {
		n += s.tallies(set)
	}
	return n
}

// seen returns the number of coordinates that the model sees: those of the space, then
// one for each group that tells whether the group exists, then the tallies, then
// ordinals as categories.
func (s *Space) seen() int {
	n := s.firstTwice()
	for j := range s.Dims {
		if s.twice(j) {
			n++
		}
	}
	return n
}

// category returns the place of the category that stands for ordinal j.
func (s *Space) category(j int) int {
	at := s.firstTwice()
	for i := range j {
		if s.twice(i) {
			at++
		}
	}
	return at
}

// cells writes to z the ordinals of x as categories.
func (s *Space) cells(z, x []float64) {
	at := s.firstTwice()
	for j, d := range s.Dims {
		if !s.twice(j) {
			continue
		}
		z[at] = -1
		if !math.IsNaN(x[j]) {
			z[at] = float64(d.Cell(x[j]))
		}
		at++
	}
}
