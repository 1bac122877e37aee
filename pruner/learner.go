package pruner

import "github.com/gohone/hone/storage"

// A Learner is a [Bracketer] whose brackets depend on what has finished.
type Learner interface {
	Bracketer
	// Learn takes in one more finished trial and reports whether the bracket of
	// any trial may have changed.
	Learn(t *storage.Trial) bool
}
