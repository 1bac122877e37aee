// Package prunertest checks what every [pruner.Pruner] promises.
//
// Whoever writes a pruner runs the suite in a test, from outside the pruner's
// package:
//
//	func TestMine(t *testing.T) {
//		prunertest.Run(t, func() pruner.Pruner { return &mine.Pruner{} })
//	}
//
// Each promise is a subtest of its own, on instances of its own, and a failure
// says which promise broke. [Options] has what some pruners do otherwise. All
// streams are seeded, so a pruner that keeps its promises gives the same verdict
// on every run. [pruner.Validator] and [pruner.Bracketer] are used and checked
// where the pruner has them.
package prunertest

import (
	"testing"

	"github.com/gohone/hone/internal/conformance"
	"github.com/gohone/hone/pruner"
)

// Options say what a pruner does otherwise than most. The zero value asks for
// everything.
type Options struct {
	// Never says that the pruner never prunes.
	Never bool

	// Alone says that the pruner judges a trial by its own reports, without
	// others to compare it with: the first trial may be stopped, too.
	Alone bool

	// Bounds says that the pruner judges reports by bounds of its own, whatever
	// the direction: minimising and maximising are then not each other's
	// mirror, and a trial that is better than all others may be stopped.
	Bounds bool
}

// Run checks the pruner. fresh returns a new one with each call, all of the same
// settings.
func Run(t *testing.T, fresh func() pruner.Pruner) {
	t.Helper()
	Options{}.Run(t, fresh)
}

// Run checks a pruner that does something otherwise.
func (o Options) Run(t *testing.T, fresh func() pruner.Pruner) {
	t.Helper()
	conformance.Run(t, o.checks(fresh))
}

// Failures makes the same checks as [Run] and returns what they complain of,
// rather than failing tb: a test of a pruner that is broken on purpose uses it.
// Each string begins with the name of the check.
func Failures(tb testing.TB, fresh func() pruner.Pruner) []string {
	tb.Helper()
	return Options{}.Failures(tb, fresh)
}

// Failures is the function of the same name for a pruner that does something
// otherwise.
func (o Options) Failures(tb testing.TB, fresh func() pruner.Pruner) []string {
	tb.Helper()
	return conformance.Failures(tb, o.checks(fresh))
}

func (o Options) checks(fresh func() pruner.Pruner) []conformance.Check {
	all := []struct {
		name string
		run  func(e *env)
	}{
		// judgement.go
		{"Settings", settings},
		{"HopelessIsPruned", hopelessIsPruned},
		{"BestIsNotPruned", bestIsNotPruned},
		{"FirstIsNotPruned", firstIsNotPruned},
		{"DirectionsMirror", directionsMirror},
		{"Never", never},
		// data.go
		{"SparseSteps", sparseSteps},
		{"NaNReports", nanReports},
		{"InfiniteReports", infiniteReports},
		{"OddData", oddData},
		{"OddNotes", oddNotes},
		// query.go
		{"HistoryUntouched", historyUntouched},
		{"Repeatable", repeatable},
		{"OldSnapshot", oldSnapshot},
		{"ShuffledHistory", shuffledHistory},
		{"NothingToNoteWith", nothingToNoteWith},
		{"Concurrent", concurrent},
		{"Brackets", brackets},
	}
	var out []conformance.Check
	for _, c := range all {
		out = append(out, conformance.Check{Name: c.name, Run: func(tb testing.TB) {
			c.run(&env{TB: tb, o: o, fresh: fresh})
		}})
	}
	return out
}

// An env is what one check works with.
type env struct {
	testing.TB
	o     Options
	fresh func() pruner.Pruner
}
