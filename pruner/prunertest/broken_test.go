package prunertest_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/pruner/prunertest"
	"github.com/gohone/hone/storage"
)

// A broken pruner is a sound one that breaks one promise: its functions stand
// in for the methods.
type broken struct {
	prune    func(q *pruner.Query) (bool, error)
	bracket  func(study string, number int) int
	validate func() error
}

func (b *broken) Prune(_ context.Context, q *pruner.Query) (bool, error) { return b.prune(q) }
func (b *broken) Bracket(study string, number int) int                   { return b.bracket(study, number) }
func (b *broken) Validate() error                                        { return b.validate() }

// breakIt returns fresh broken pruners.
func breakIt(take func(b *broken)) func() pruner.Pruner {
	return func() pruner.Pruner {
		b := &broken{
			prune:    func(q *pruner.Query) (bool, error) { return noting{}.Prune(context.Background(), q) },
			bracket:  func(string, int) int { return 0 },
			validate: func() error { return nil },
		}
		take(b)
		return b
	}
}

// before has something done before each decision.
func (b *broken) before(do func(q *pruner.Query) error) {
	prune := b.prune
	b.prune = func(q *pruner.Query) (bool, error) {
		if err := do(q); err != nil {
			return false, err
		}
		return prune(q)
	}
}

var errRefused = errors.New("refused")

// finite refuses reports that satisfy bad.
func refuse(bad func(r storage.Report) bool) func(q *pruner.Query) error {
	return func(q *pruner.Query) error {
		if slices.ContainsFunc(q.Trial.Reports, bad) {
			return errRefused
		}
		return nil
	}
}

var brokenPruners = []struct {
	name  string
	take  func(b *broken)
	check string // the check that must fail
	says  string // what it must say
}{
	{"settings that are out of range", func(b *broken) {
		b.validate = func() error { return errRefused }
	}, "Settings", "Validate: refused"},
	{"nothing is ever stopped", func(b *broken) {
		b.prune = func(*pruner.Query) (bool, error) { return false, nil }
	}, "HopelessIsPruned", "none was stopped"},
	{"the good are stopped", func(b *broken) {
		b.prune = func(q *pruner.Query) (bool, error) {
			last, _ := q.Trial.LastReport()
			o := others(q)
			return len(o) > 0 && q.Direction.Sign()*last.Value < o[len(o)/2], nil
		}
	}, "BestIsNotPruned", "better than all others"},
	{"it minimises only", func(b *broken) {
		b.prune = func(q *pruner.Query) (bool, error) {
			c := *q
			c.Direction = storage.Minimize
			return worse(&c, c.Trial, others(&c)), nil
		}
	}, "BestIsNotPruned", "maximize: trial"},
	{"alone is as bad as worst", func(b *broken) {
		b.prune = func(q *pruner.Query) (bool, error) { return len(q.Trial.Reports) > 2 && len(others(q)) == 0, nil }
	}, "FirstIsNotPruned", "nothing to compare it with"},
	{"larger or equal is not the mirror of smaller", func(b *broken) {
		b.prune = func(q *pruner.Query) (bool, error) {
			last, _ := q.Trial.LastReport()
			o := others(q)
			if len(o) < 5 {
				return false, nil
			}
			if q.Direction == storage.Maximize { // another quantile
				return -last.Value > o[len(o)/2], nil
			}
			return last.Value > o[len(o)*2/3], nil
		}
	}, "DirectionsMirror", "the two must be the same"},
	{"steps index a slice", func(b *broken) {
		b.before(func(q *pruner.Query) error {
			last, _ := q.Trial.LastReport()
			if first := make([]float64, 1100); math.IsNaN(first[last.Step]) {
				return errRefused
			}
			return nil
		})
	}, "SparseSteps", "index out of range"},
	{"steps follow one another", func(b *broken) {
		b.before(func(q *pruner.Query) error {
			for i, r := range q.Trial.Reports {
				if r.Step != i {
					return errRefused
				}
			}
			return nil
		})
	}, "SparseSteps", "nothing was asked that a pruner may refuse"},
	{"NaN is refused", func(b *broken) {
		b.before(refuse(func(r storage.Report) bool { return math.IsNaN(r.Value) }))
	}, "NaNReports", "refused"},
	{"infinity is refused", func(b *broken) {
		b.before(refuse(func(r storage.Report) bool { return math.IsInf(r.Value, 0) }))
	}, "InfiniteReports", "refused"},
	{"trials have reports", func(b *broken) {
		b.before(func(q *pruner.Query) error {
			for _, t := range q.History.Trials() {
				if t.Reports[0].Value > 1e12 {
					break
				}
			}
			return nil
		})
	}, "OddData", "panicked: runtime error: index out of range"},
	{"complete trials have a value", func(b *broken) {
		b.before(func(q *pruner.Query) error {
			for _, t := range q.History.Trials() {
				if t.State == storage.Complete && t.Values[0] > 1e12 {
					break
				}
			}
			return nil
		})
	}, "OddData", "panicked"},
	{"running trials have reports", func(b *broken) {
		b.before(func(q *pruner.Query) error {
			for _, t := range q.Running {
				if t.Reports[0].Value > 1e12 {
					break
				}
			}
			return nil
		})
	}, "OddData", "panicked"},
	{"notes are trusted", func(b *broken) {
		b.before(func(q *pruner.Query) error {
			for _, t := range q.History.Trials() {
				if text, ok := t.SystemAttrs.Get("hone:noting"); ok {
					if _, err := strconv.ParseFloat(text, 64); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}, "OddNotes", "replaced by"},
	{"reports are sorted in place", func(b *broken) {
		b.before(func(q *pruner.Query) error {
			for _, t := range q.History.Trials() {
				slices.SortFunc(t.Reports, func(x, y storage.Report) int {
					switch {
					case x.Value < y.Value:
						return -1
					case x.Value > y.Value:
						return 1
					}
					return 0
				})
			}
			return nil
		})
	}, "HistoryUntouched", "of the history; what it is handed is read only"},
	{"the trial's reports are cut", func(b *broken) {
		b.before(func(q *pruner.Query) error {
			if n := len(q.Trial.Reports); n > 3 {
				q.Trial.Reports = q.Trial.Reports[n-3:]
			}
			return nil
		})
	}, "HistoryUntouched", "changed the trial"},
	{"a coin of its own", func(b *broken) {
		prune := b.prune
		b.prune = func(q *pruner.Query) (bool, error) {
			p, err := prune(q)
			return p && rand.IntN(2) == 0, err
		}
	}, "Repeatable", "no generator of its own"},
	{"memory that is no cache", func(b *broken) {
		prune := b.prune
		asked := 0
		b.prune = func(q *pruner.Query) (bool, error) {
			asked++
			p, err := prune(q)
			return p && asked > 100, err
		}
	}, "Repeatable", "may be dropped at any time"},
	{"what it saw once it knows", func(b *broken) {
		var mu sync.Mutex
		var most *storage.History
		prune := b.prune
		b.prune = func(q *pruner.Query) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			if most == nil || q.History.Log() != most.Log() || q.History.Len() > most.Len() {
				most = q.History
			}
			c := *q
			c.History = most
			return prune(&c)
		}
	}, "OldSnapshot", "only the query may matter"},
	{"the last ones matter", func(b *broken) {
		b.prune = func(q *pruner.Query) (bool, error) {
			ts := q.History.Trials()
			h := storage.NewHistory(1, ts[max(0, len(ts)-12):]...)
			c := *q
			c.History = h
			o := others(&c)
			last, _ := q.Trial.LastReport()
			return len(o) > 2 && q.Direction.Sign()*last.Value > o[len(o)/2], nil
		}
	}, "ShuffledHistory", "order in which trials became known"},
	{"it always takes notes", func(b *broken) {
		b.before(func(q *pruner.Query) error { return q.SetAttr("hone:noting", 1) })
	}, "NothingToNoteWith", "panicked"},
	{"callers share a variable", func(b *broken) {
		var shared atomic.Uint64
		b.prune = func(q *pruner.Query) (bool, error) {
			last, _ := q.Trial.LastReport()
			shared.Store(math.Float64bits(last.Value))
			for range 20 {
				runtime.Gosched()
			}
			o := others(q)
			return len(o) > 0 && q.Direction.Sign()*math.Float64frombits(shared.Load()) > o[len(o)/2], nil
		}
	}, "Concurrent", "asked beside others"},
	{"brackets in the order of asking", func(b *broken) {
		var mu sync.Mutex
		given := make(map[string]int)
		b.bracket = func(study string, number int) int {
			mu.Lock()
			defer mu.Unlock()
			key := fmt.Sprint(study, number)
			if _, ok := given[key]; !ok {
				given[key] = len(given) % 3
			}
			return given[key]
		}
	}, "Brackets", "all workers must agree"},
	{"brackets below zero", func(b *broken) {
		b.bracket = func(string, int) int { return -1 }
	}, "Brackets", "none is negative"},
}

// Each promise is seen to break.
func TestBrokenPruners(t *testing.T) {
	for _, c := range brokenPruners {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			got := prunertest.FailuresOf(t, prunertest.Options{}, breakIt(c.take), c.check)
			if len(got) == 0 {
				t.Fatalf("%s passes", c.check)
			}
			if !slices.ContainsFunc(got, func(m string) bool { return strings.Contains(m, c.says) }) {
				t.Errorf("%s does not say %q, but %.300q", c.check, c.says, got)
			}
		})
	}
	// Unbroken, the same pruner passes.
	if got := prunertest.Failures(t, breakIt(func(*broken) {})); len(got) > 0 {
		t.Errorf("unbroken: %q", got)
	}
	// One that says that it never prunes must not.
	if got := (prunertest.Options{Never: true}).Failures(t, breakIt(func(*broken) {})); len(got) != 2 || !strings.Contains(got[0], "a pruner that never prunes") {
		t.Errorf("a pruner that prunes although it never does: %q", got)
	}
}

// No check is without something that it finds.
func TestEveryCheckCanFail(t *testing.T) {
	broken := map[string]bool{"Never": true} // see above
	for _, c := range brokenPruners {
		broken[c.check] = true
	}
	for _, name := range prunertest.Names() {
		if !broken[name] {
			t.Errorf("nothing is broken for %s to find", name)
		}
	}
}
