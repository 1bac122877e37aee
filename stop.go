package hone

import "fmt"

// TargetReached stops when the best feasible value is value or better. It is for
// studies with one objective.
func TargetReached(value float64) StopRule {
	return func(s *Study, _ FrozenTrial) bool {
		best, number := s.bestSoFar()
		sign := s.directions[0].Sign()
		return number >= 0 && sign*best <= sign*value
	}
}

// NoImprovement stops when the last n complete trials (at least 1) brought no
// better feasible value than was known before. It is for studies with one
// objective.
func NoImprovement(n int) StopRule {
	if n < 1 {
		panic(fmt.Sprintf("hone: NoImprovement(%d): n must be at least 1", n))
	}
	return func(s *Study, _ FrozenTrial) bool {
		s.known.mu.Lock()
		defer s.known.mu.Unlock()
		return s.known.sawLate >= n
	}
}

// MaxFailures stops when n trials of the study have failed, lost and cut ones not
// counted.
func MaxFailures(n int) StopRule {
	return func(s *Study, _ FrozenTrial) bool {
		s.known.mu.Lock()
		defer s.known.mu.Unlock()
		return s.known.failures >= n
	}
}
