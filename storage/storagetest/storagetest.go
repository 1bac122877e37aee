// Package storagetest checks what every [storage.Storage] promises.
//
// Whoever writes a storage runs the suite in a test of the storage's package:
//
//	func TestStorage(t *testing.T) {
//		storagetest.Run(t, storagetest.Options{
//			Open: func(tb testing.TB) storage.Storage {
//				return open(tb, filepath.Join(tb.TempDir(), "studies"))
//			},
//		})
//	}
//
// Each promise is a subtest of its own, on a storage of its own, and a failure
// says which promise broke. Run it with -race too: some checks are there for
// the race detector. The promises of the optional interfaces (see
// [storage.Claimer], [storage.GroupClaimer] and [storage.Leaser]) are checked where the storage has
// them. [Compare] holds two storages against each other.
package storagetest

import (
	"testing"
	"time"

	"github.com/gohone/hone/internal/conformance"
	"github.com/gohone/hone/storage"
)

// Options say how the suite gets its storages, and what a format cannot keep.
type Options struct {
	// Open returns a new, empty storage. The suite closes what it opens.
	Open func(tb testing.TB) storage.Storage

	// Reopen opens, a second time, the data of a storage that Open or Reopen
	// returned, as another process would: st may still be in use, or be closed
	// already. nil leaves out the checks that need it.
	Reopen func(tb testing.TB, st storage.Storage) storage.Storage

	// TimeResolution is how exactly times are kept. 0 means a microsecond.
	TimeResolution time.Duration

	// Unordered says that parameters and attributes lose their order, as they
	// do on a wire whose messages hold them in maps.
	Unordered bool

	// Goroutines is how many callers the concurrent checks use. 0 means 64,
	// and 16 with -short.
	Goroutines int
}

// Run checks the storage. It needs o.Open.
func Run(t *testing.T, o Options) {
	t.Helper()
	conformance.Run(t, o.checks(t))
}

// Failures makes the same checks as Run and returns what they complain of,
// rather than failing tb: a test of a storage that is broken on purpose uses
// it. Each string begins with the name of the check.
func Failures(tb testing.TB, o Options) []string {
	tb.Helper()
	return conformance.Failures(tb, o.checks(tb))
}

// checks returns the checks that apply.
func (o Options) checks(tb testing.TB) []conformance.Check {
	tb.Helper()
	if o.Open == nil {
		tb.Fatal("storagetest: Options.Open is nil")
	}
	if o.TimeResolution == 0 {
		o.TimeResolution = time.Microsecond
	}
	if o.Goroutines == 0 {
		o.Goroutines = 64
		if testing.Short() {
			o.Goroutines = 16
		}
	}
	st := o.Open(tb)
	_, claimer := storage.AsClaimer(st)
	_, leaser := storage.AsLeaser(st)
	_, groups := storage.AsGroupClaimer(st)
	if err := st.Close(); err != nil {
		tb.Fatalf("storagetest: Close of an unused storage: %v", err)
	}
	all := []promise{
		// studies.go
		{name: "CreateStudy", run: createStudy},
		{name: "StudyNames", run: studyNames},
		{name: "StudyDirections", run: studyDirections},
		{name: "StudyNotFound", run: studyNotFound},
		{name: "DeleteStudy", run: deleteStudy},
		{name: "DeleteMiddleStudy", run: deleteMiddleStudy},
		{name: "IDsAreNotReused", run: idsAreNotReused},
		{name: "Studies", run: studies},
		// trials.go
		{name: "CreateTrial", run: createTrial},
		{name: "TrialNotFound", run: trialNotFound},
		{name: "Templates", run: templates},
		{name: "TemplateTimes", run: templateTimes},
		{name: "TemplateIsCopied", run: templateIsCopied},
		{name: "RandomTrials", run: randomTrials},
		// states.go
		{name: "StatesMove", run: statesMove},
		{name: "RunningTwice", run: runningTwice},
		{name: "BackToWaiting", run: backToWaiting},
		{name: "FinishedNeverChanges", run: finishedNeverChanges},
		{name: "UnfinishedMayChange", run: unfinishedMayChange},
		{name: "Values", run: values},
		{name: "NaNIsNoResult", run: nanIsNoResult},
		// params.go
		{name: "Params", run: params},
		{name: "ParamOrder", run: paramOrder},
		{name: "ParamFloats", run: paramFloats},
		{name: "ParamOutOfRange", run: paramOutOfRange},
		{name: "ParamIncompatible", run: paramIncompatible},
		{name: "ParamRangesMayChange", run: paramRangesMayChange},
		{name: "Reports", run: reports},
		// attrs.go
		{name: "StudyAttrs", run: studyAttrs},
		{name: "TrialAttrs", run: trialAttrs},
		{name: "AttrKindsAreSeparate", run: attrKindsAreSeparate},
		{name: "AttrJSON", run: attrJSON},
		{name: "AttrOrder", run: attrOrder},
		{name: "AttrLarge", run: attrLarge},
		// reads.go
		{name: "TrialsAfter", run: trialsAfter},
		{name: "Follow", run: follow},
		{name: "SnapshotsDoNotChange", run: snapshotsDoNotChange},
		{name: "SnapshotsUnderReaders", run: snapshotsUnderReaders},
		{name: "ContextCancelled", run: contextCancelled},
		{name: "Closed", run: closed},
		// concurrent.go
		{name: "ConcurrentStudies", run: concurrentStudies},
		{name: "ConcurrentTrials", run: concurrentTrials},
		{name: "ConcurrentFollower", run: concurrentFollower},
		{name: "ConcurrentClaims", run: concurrentClaims},
		{name: "ConcurrentFinish", run: concurrentFinish},
		{name: "ConcurrentAttrs", run: concurrentAttrs},
		{name: "ConcurrentDelete", run: concurrentDelete},
		// reopen.go
		{name: "Reopen", run: reopen, needs: needsReopen},
		{name: "TwoHandles", run: twoHandles, needs: needsReopen},
		{name: "TwoHandlesClaim", run: twoHandlesClaim, needs: needsReopen},
		{name: "TwoHandlesReuseNoID", run: twoHandlesReuseNoID, needs: needsReopen},
		// claimer.go
		{name: "Claim", run: claim, needs: needsClaimer},
		{name: "ClaimOldestFirst", run: claimOldestFirst, needs: needsClaimer},
		{name: "ClaimBudget", run: claimBudget, needs: needsClaimer},
		{name: "ClaimOnce", run: claimOnce, needs: needsClaimer},
		{name: "ClaimBudgetIsExact", run: claimBudgetIsExact, needs: needsClaimer},
		{name: "Requeue", run: requeue, needs: needsClaimer},
		{name: "RequeueFencing", run: requeueFencing, needs: needsClaimer},
		{name: "RequeueOnce", run: requeueOnce, needs: needsClaimer},
		{name: "RequeueOrFinish", run: requeueOrFinish, needs: needsClaimer},
		// claimgroup.go
		{name: "ClaimGroup", run: claimGroup, needs: needsGroups},
		{name: "ClaimGroupBudget", run: claimGroupBudget, needs: needsGroups},
		// leaser.go
		{name: "Beats", run: beats, needs: needsLeaser},
		{name: "BeatsTwoHandles", run: beatsTwoHandles, needs: needsLeaser | needsReopen},
	}
	var has needs
	if o.Reopen != nil {
		has |= needsReopen
	}
	if claimer {
		has |= needsClaimer
	}
	if leaser {
		has |= needsLeaser
	}
	if groups {
		has |= needsGroups
	}
	var out []conformance.Check
	for _, p := range all {
		if p.needs&^has != 0 {
			continue
		}
		out = append(out, conformance.Check{Name: p.name, Run: func(tb testing.TB) {
			st := o.Open(tb)
			e := &env{TB: tb, o: o, st: st, ctx: tb.Context()}
			defer e.close(st)
			p.run(e)
		}})
	}
	return out
}

// needs are what a check asks of the storage.
type needs int

const (
	needsReopen needs = 1 << iota
	needsClaimer
	needsLeaser
	needsGroups
)

type promise struct {
	name  string
	needs needs
	run   func(e *env)
}
