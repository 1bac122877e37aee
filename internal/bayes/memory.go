package bayes

import "slices"

// A memory knows the points that are not to be proposed again.
//
// Where parameters do nothing, points that differ in these alone are the same one. The
// model learns that, but to it another such point is still the most promising one, being
// as good as the best: it would go on proposing that to the end, each time surer of
// all the rest. So the coordinates that the model leaves out of account, the idle
// ones, are left out here too.
type memory struct {
	points map[string]bool
	idle   []bool // by coordinate; nil: none is
}

// remember returns the memory of points.
func remember(points [][]float64, idle []bool) memory {
	m := memory{make(map[string]bool, len(points)), idle}
	for _, x := range points {
		m.points[m.key(x)] = true
	}
	return m
}

// has reports whether x is one of the points, but for coordinates that are idle.
func (m memory) has(x []float64) bool { return len(m.points) > 0 && m.points[m.key(x)] }

func (m memory) key(x []float64) string {
	if m.idle == nil {
		return key(x)
	}
	y := slices.Clone(x)
	for j, idle := range m.idle {
		if idle {
			y[j] = 0
		}
	}
	return key(y)
}

// idleLength is by how much the logarithm of a lengthscale is above its prior's mean when
// the coordinate is left out of account: it then has less than a hundredth of the
// influence that it was believed to have.
const idleLength = 2.5

// idle tells which coordinates no model sees anything of, nil when there are none. One
// that exists in some points only, decides whether others do, or is seen through
// components, never is.
func (st *state) idle(s *Space) []bool {
	mean := s.prior(st.points).Mean
	idle := make([]bool, len(s.Dims))
	for j := range idle {
		idle[j] = true
	}
	for _, m := range st.models {
		theta := m.Theta()
		at := s.firstTally()
		long := func(i int) bool { return theta[i] >= mean[i]+idleLength }
		for j := range idle {
			idle[j] = idle[j] && long(j)
		}
		for _, set := range s.Alike {
			n := s.tallies(set)
			for i := at; i < at+n; i++ {
				for _, j := range set {
					idle[j] = idle[j] && long(i)
				}
			}
			at += n
		}
		for j := range s.Dims {
			if s.twice(j) {
				idle[j] = idle[j] && long(at)
				at++
			}
		}
	}
	for j, sometimes := range s.sometimes() {
		idle[j] = idle[j] && !sometimes
	}
	if s.projection != nil {
		for _, j := range s.projection.dims {
			idle[j] = false
		}
	}
	if !slices.Contains(idle, true) {
		return nil
	}
	return idle
}
