package pruner_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/gohone/hone"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/storage"
)

// The default of a study: a trial that is worse than the median of the others at
// the same step is stopped.
func ExampleMedian() {
	run(&pruner.Median{})
	// Output: 11 of 20 trials stopped, 254 of 540 steps made, best 0.07
}

// A trial goes on while it is among the best three quarters.
func ExamplePercentile() {
	run(&pruner.Percentile{Percentile: 75})
	// Output: 7 of 20 trials stopped, 358 of 540 steps made, best 0.07
}

func ExampleNop() {
	run(&pruner.Nop{})
	// Output: 0 of 20 trials stopped, 540 of 540 steps made, best 0.07
}

// deadline stops whatever is still above a limit at a step. It is a pruner of
// one's own, with a check of its fields.
type deadline struct {
	step  int
	limit float64
}

func (d deadline) Prune(_ context.Context, q *pruner.Query) (bool, error) {
	last, ok := q.Trial.LastReport()
	return ok && last.Step >= d.step && last.Value*q.Direction.Sign() > d.limit, nil
}

func (d deadline) Validate() error {
	if d.step < 0 {
		return fmt.Errorf("deadline: step is %d, it must not be negative", d.step)
	}
	return nil
}

func ExamplePruner() {
	run(deadline{step: 9, limit: 0.7})
	// Output: 8 of 20 trials stopped, 396 of 540 steps made, best 0.07
}

// A pruner is handed data, and so is tried with a literal.
func ExampleQuery() {
	q := &pruner.Query{
		Study:     "by hand",
		Direction: storage.Minimize,
		Trial:     &storage.Trial{Reports: []storage.Report{{Step: 0, Value: 3}, {Step: 9, Value: 1}}},
		History:   storage.NewHistory(1),
		Rand:      rand.New(rand.NewPCG(1, 2)),
	}
	fmt.Println(deadline{step: 9, limit: 0.7}.Prune(context.Background(), q))
	// Output: true <nil>
}

func ExampleValidator() {
	var p pruner.Validator = deadline{step: -1}
	fmt.Println(p.Validate())
	_, err := hone.NewStudy(&hone.Options{Pruner: deadline{step: -1}})
	fmt.Println(err)
	// Output:
	// deadline: step is -1, it must not be negative
	// hone: deadline: step is -1, it must not be negative
}

// halves judges trials of even and of odd numbers apart, until one has reached 0:
// then all are one group.
type halves struct {
	pruner.Median
	together bool
}

func (h *halves) Bracket(_ string, number int) int {
	if h.together {
		return 0
	}
	return number % 2
}

func (h *halves) Learn(t *storage.Trial) bool {
	if h.together || t.State != storage.Complete || t.Values[0] > 0 {
		return false
	}
	h.together = true
	return true
}

func ExampleBracketer() {
	var p pruner.Bracketer = new(halves)
	fmt.Println(p.Bracket("study", 4), p.Bracket("study", 5))
	// Output: 0 1
}

func ExampleLearner() {
	var p pruner.Learner = new(halves)
	moved := p.Learn(&storage.Trial{State: storage.Complete, Values: []float64{0}})
	fmt.Println(moved, p.Bracket("study", 4), p.Bracket("study", 5))
	// Output: true 0 0
}
