package prunertest_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/pruner/prunertest"
	"github.com/gohone/hone/storage"
)

// third stops a trial whose last report is worse than two thirds of the others'
// at that step: the smallest pruner that compares.
type third struct{}

func (third) Prune(_ context.Context, q *pruner.Query) (bool, error) {
	return worse(q, q.Trial, others(q)), nil
}

// others returns what finished trials reported at the last step of the trial, in
// rising order of badness, without NaN.
func others(q *pruner.Query) []float64 {
	last, _ := q.Trial.LastReport()
	var out []float64
	for _, t := range q.History.Trials() {
		for _, r := range t.Reports {
			if r.Step == last.Step && t.State == storage.Complete && !math.IsNaN(r.Value) {
				out = append(out, q.Direction.Sign()*r.Value)
			}
		}
	}
	slices.Sort(out)
	return out
}

func worse(q *pruner.Query, t *storage.Trial, others []float64) bool {
	last, _ := t.LastReport()
	return len(others) >= 5 && q.Direction.Sign()*last.Value > others[len(others)*2/3]
}

// noting keeps its trial's last value as a note, and divides the trials into two
// brackets.
type noting struct{ third }

var (
	_ pruner.Bracketer = noting{}
	_ pruner.Validator = noting{}
)

func (noting) Validate() error                  { return nil }
func (noting) Bracket(_ string, number int) int { return number % 2 }

func (n noting) Prune(ctx context.Context, q *pruner.Query) (bool, error) {
	if q.SetAttr != nil {
		last, _ := q.Trial.LastReport()
		if err := q.SetAttr("hone:noting", last.Value); err != nil {
			return false, err
		}
	}
	return n.third.Prune(ctx, q)
}

// doubling has brackets that depend on what has finished.
type doubling struct {
	third
	seen int
}

func (d *doubling) Bracket(_ string, number int) int {
	if d.seen < 4 {
		return 0
	}
	return number % 2
}

func (d *doubling) Learn(t *storage.Trial) bool {
	before := d.seen
	d.seen = max(d.seen, t.Number)
	return before < 4 && d.seen >= 4
}

// limit stops trials above a bound.
type limit struct{}

func (limit) Prune(_ context.Context, q *pruner.Query) (bool, error) {
	last, _ := q.Trial.LastReport()
	return math.Abs(last.Value) > 20, nil
}

// impatient stops trials that have become worse three times in a row.
type impatient struct{}

func (impatient) Prune(_ context.Context, q *pruner.Query) (bool, error) {
	r := q.Trial.Reports
	if len(r) < 4 {
		return false, nil
	}
	for i := len(r) - 3; i < len(r); i++ {
		if s := q.Direction.Sign(); !(s*r[i].Value > s*r[i-1].Value) {
			return false, nil
		}
	}
	return true, nil
}

func TestNop(t *testing.T) {
	prunertest.Options{Never: true}.Run(t, func() pruner.Pruner { return &pruner.Nop{} })
}

func TestThird(t *testing.T) {
	prunertest.Run(t, func() pruner.Pruner { return third{} })
}

func TestNoting(t *testing.T) {
	prunertest.Run(t, func() pruner.Pruner { return noting{} })
}

func TestDoubling(t *testing.T) {
	prunertest.Run(t, func() pruner.Pruner { return &doubling{} })
}

func TestLimit(t *testing.T) {
	prunertest.Options{Alone: true, Bounds: true}.Run(t, func() pruner.Pruner { return limit{} })
}

func TestImpatient(t *testing.T) {
	prunertest.Options{Alone: true}.Run(t, func() pruner.Pruner { return impatient{} })
}

func TestFailuresOfASoundPruner(t *testing.T) {
	if got := prunertest.Failures(t, func() pruner.Pruner { return noting{} }); len(got) > 0 {
		t.Errorf("a sound pruner fails: %q", got)
	}
}
