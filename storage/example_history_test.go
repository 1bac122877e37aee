package storage_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// finished returns a complete trial with one parameter.
func finished(number int, name string, x, value float64) *storage.Trial {
	return &storage.Trial{
		Number: number,
		State:  storage.Complete,
		Values: []float64{value},
		Params: []storage.Param{{Name: name, Value: x, Dist: distributions.Float{Low: 0, High: 1}}},
	}
}

// What a sampler sees: one column for each parameter, NaN where a trial lacks it.
func ExampleHistory() {
	h := storage.NewHistory(1, finished(0, "x", 0.25, 7), finished(1, "y", 0.5, 8), finished(2, "x", 0.75, 9))
	fmt.Println(h.Len(), len(h.Space()))
	fmt.Println(h.Column("x"), h.Value(0))
	// Output:
	// 3 2
	// [0.25 NaN 0.75] [7 8 9]
}

// A snapshot stays as it was; a later one begins with the same trials.
func ExampleLog() {
	l := storage.NewLog(1)
	l.Append(finished(0, "x", 0.25, 7))
	early := l.History()
	l.Append(finished(1, "x", 0.5, 8))
	late := l.History()
	for _, t := range late.Trials()[early.Len():] {
		fmt.Println("new:", t.Number)
	}
	fmt.Println(early.Len(), late.Len())
	// Output:
	// new: 1
	// 1 2
}

// A budget that any number of workers share is not over-run: taking a place and
// beginning the trial are one step.
func ExampleClaimer() {
	ctx := context.Background()
	st, ok := storage.AsClaimer(storage.NewMemory())
	if !ok {
		log.Fatal("no budgets here")
	}
	id := studyWith(st)
	claim := storage.Claim{Budget: 2, Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"worker"`}}}
	for range 3 {
		t, ok, err := st.Claim(ctx, id, claim)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ok, t.Number)
	}
	// Output:
	// true 0
	// true 1
	// false 0
}

// A trial that waits in the queue comes before a new one.
func ExampleClaim() {
	ctx := context.Background()
	st := storage.NewMemory()
	id := studyWith(st)
	queued, err := st.CreateTrial(ctx, id, &storage.Trial{State: storage.Waiting})
	if err != nil {
		log.Fatal(err)
	}
	t, ok, err := st.Claim(ctx, id, storage.Claim{}) // no budget
	fmt.Println(t.ID == queued.ID, t.State, ok, err)
	// Output: true running true <nil>
}

// Storages on a server start several trials in one step; others one at a time.
func ExampleGroupClaimer() {
	ctx := context.Background()
	var st storage.Storage = storage.NewMemory()
	study := studyWith(st)
	var trials []storage.Trial
	if group, ok := storage.AsGroupClaimer(st); ok {
		started, err := group.ClaimGroup(ctx, study, storage.Claim{Budget: 100}, 3)
		if err != nil {
			log.Fatal(err)
		}
		trials = started
	} else if claimer, ok := storage.AsClaimer(st); ok {
		t, started, err := claimer.Claim(ctx, study, storage.Claim{Budget: 100})
		if err != nil {
			log.Fatal(err)
		}
		if started {
			trials = append(trials, t)
		}
	}
	fmt.Println(len(trials), "started")
	// Output: 1 started
}

// Memory lives in one process, where nobody is lost and no leases are needed.
func ExampleLeaser() {
	_, ok := storage.AsLeaser(storage.NewMemory())
	fmt.Println(ok)
	// Output: false
}

// old is a client of a server that may be too old for claims.
type old struct {
	*storage.Memory
	claims bool
}

func (o old) Claims() bool { return o.claims }

func ExamplePartial() {
	for _, claims := range []bool{true, false} {
		_, ok := storage.AsClaimer(old{storage.NewMemory(), claims})
		fmt.Println(ok)
	}
	// Output:
	// true
	// false
}

func ExampleInMemory() {
	var st storage.Storage = storage.NewMemory()
	m, ok := st.(storage.InMemory)
	fmt.Println(ok && m.InMemory())
	// Output: true
}
