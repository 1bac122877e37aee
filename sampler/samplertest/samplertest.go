// Package samplertest checks what every [sampler.Sampler] promises.
//
// Whoever writes a sampler runs the suite in a test, from outside the sampler's
// package:
//
//	func TestMine(t *testing.T) {
//		samplertest.Run(t, func() sampler.Sampler { return &mine.Sampler{} })
//	}
//
// Each promise is a subtest of its own, on instances of its own, and a failure
// says which promise broke. [Options] has what some samplers cannot do:
//
//	samplertest.Options{Blind: true}.Run(t, func() sampler.Sampler { return &sampler.Random{} })
//
// All streams are seeded, so a sampler that keeps its promises gives the same
// verdict on every run. Optional interfaces ([sampler.JointSampler],
// [sampler.Starter], [sampler.Exhauster], [sampler.NoRepeater],
// [sampler.Validator]) are used and checked where the sampler has them.
package samplertest

import (
	"testing"

	"github.com/gohone/hone/internal/conformance"
	"github.com/gohone/hone/sampler"
)

// Options say what a sampler does not do. The zero value asks for everything.
type Options struct {
	// Blind says that the sampler does not learn from results, so that it need
	// not be better than one that draws at random, nor depend on the seed.
	Blind bool

	// Discrete says that the sampler takes only domains of finitely many
	// values. The suite then puts steps in place of continuous floats.
	Discrete bool

	// FixedSpace says that the sampler refuses, with an error, a space that
	// changes from trial to trial or has conditions.
	FixedSpace bool

	// Trials is how many finished trials the sampler must have seen to show
	// what it can do. 0 means 24, which leads past ten trials of start-up (16
	// with -short).
	Trials int

	// Budget is how many trials the sampler has to be better than random on
	// average. 0 means 60.
	Budget int
}

// Run checks the sampler. fresh returns a new one with each call, all of the
// same settings.
func Run(t *testing.T, fresh func() sampler.Sampler) {
	t.Helper()
	Options{}.Run(t, fresh)
}

// Run checks a sampler that does not do everything.
func (o Options) Run(t *testing.T, fresh func() sampler.Sampler) {
	t.Helper()
	conformance.Run(t, o.checks(fresh))
}

// Failures makes the same checks as [Run] and returns what they complain of,
// rather than failing tb: a test of a sampler that is broken on purpose uses it.
// Each string begins with the name of the check.
func Failures(tb testing.TB, fresh func() sampler.Sampler) []string {
	tb.Helper()
	return Options{}.Failures(tb, fresh)
}

// Failures is the function of the same name for a sampler that does not do
// everything.
func (o Options) Failures(tb testing.TB, fresh func() sampler.Sampler) []string {
	tb.Helper()
	return conformance.Failures(tb, o.checks(fresh))
}

func (o Options) checks(fresh func() sampler.Sampler) []conformance.Check {
	if o.Trials == 0 {
		o.Trials = 24
		if testing.Short() {
			o.Trials = 16
		}
	}
	if o.Budget == 0 {
		o.Budget = 60
	}
	all := []struct {
		name string
		run  func(e *env)
	}{
		// domains.go
		{"InDomain", inDomain},
		{"InDomainAlone", inDomainAlone},
		{"Combinations", combinations},
		{"NarrowDomains", narrowDomains},
		{"SingleDomains", singleDomains},
		{"BothEnds", bothEnds},
		{"FollowsToTheEnds", followsToTheEnds},
		{"OneParameter", oneParameter},
		{"ManyParameters", manyParameters},
		// spaces.go
		{"ChangingSpace", changingSpace},
		{"ConditionalSpace", conditionalSpace},
		{"DisjointBranches", disjointBranches},
		{"LateParameter", lateParameter},
		{"EnqueuedValues", enqueuedValues},
		// results.go
		{"FailedTrials", failedTrials},
		{"PrunedTrials", prunedTrials},
		{"InfiniteValues", infiniteValues},
		{"Outliers", outliers},
		{"ConstantObjective", constantObjective},
		{"MultiObjective", multiObjective},
		{"OddData", oddData},
		{"OddNotes", oddNotes},
		// query.go
		{"HistoryUntouched", historyUntouched},
		{"Repeatable", repeatable},
		{"OldSnapshot", oldSnapshot},
		{"ShuffledHistory", shuffledHistory},
		{"SeedMatters", seedMatters},
		{"Running", running},
		{"RunningOddly", runningOddly},
		{"NothingToNoteWith", nothingToNoteWith},
		{"Concurrent", concurrent},
		// quality.go
		{"NoRepeats", noRepeats},
		{"NoRepeatsOfEnqueued", noRepeatsOfEnqueued},
		{"NoRepeatsInParallel", noRepeatsInParallel},
		{"BetterThanRandom", betterThanRandom},
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
	fresh func() sampler.Sampler
}
