package storage_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

func sameFloats(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return x == y || x != x && y != y })
}

// someTrial makes a finished trial of random contents: parameters come and go,
// ranges change.
func someTrial(r *rand.Rand, number, objectives int) *storage.Trial {
	t := &storage.Trial{ID: int64(number), Number: number, State: []storage.State{storage.Complete, storage.Complete, storage.Pruned, storage.Failed}[r.IntN(4)]}
	for k := range 6 {
		if r.IntN(3) == 0 {
			continue
		}
		var d distributions.Distribution = distributions.Float{Low: 0, High: float64(1 + r.IntN(3))}
		if k%2 == 1 {
			d = distributions.Int{Low: -r.IntN(3), High: 9, Step: 1}
		}
		t.Params = append(t.Params, storage.Param{Name: fmt.Sprint("p", k), Value: d.FromUnit(r.Float64()), Dist: d})
	}
	switch t.State {
	case storage.Complete:
		for range objectives {
			t.Values = append(t.Values, r.NormFloat64())
		}
	case storage.Pruned:
		if r.IntN(2) == 0 {
			t.Values = []float64{r.NormFloat64()}
		}
	}
	switch r.IntN(4) {
	case 0:
		t.SystemAttrs = storage.Attrs{{Key: storage.AttrConstraints, Value: fmt.Sprintf("[%v, %v]", r.NormFloat64(), r.NormFloat64())}}
	case 1:
		t.SystemAttrs = storage.Attrs{{Key: storage.AttrConstraintPrefix + "c", Value: fmt.Sprint(r.NormFloat64())}}
	}
	return t
}

// checkHistory compares a history with the trials that it must hold, looked at
// one by one.
func checkHistory(t *testing.T, h *storage.History, want []*storage.Trial, objectives int) {
	t.Helper()
	n := len(want)
	if h.Len() != n || h.Objectives() != objectives || len(h.Trials()) != n {
		t.Fatalf("Len %d, Objectives %d, %d trials; want %d, %d", h.Len(), h.Objectives(), len(h.Trials()), n, objectives)
	}
	for i := range want {
		if h.Trial(i) != want[i] || h.Trials()[i] != want[i] {
			t.Fatalf("position %d holds trial %d, want %d", i, h.Trial(i).Number, want[i].Number)
		}
	}
	names, constraints := make(map[string]bool), make(map[string]bool)
	for _, w := range want {
		for _, p := range w.Params {
			names[p.Name] = true
		}
		for _, c := range w.Constraints() {
			constraints[c.Name] = true
		}
	}
	for name := range names {
		column := make([]float64, n)
		highest := -1
		var dist distributions.Distribution
		for i, w := range want {
			column[i] = math.NaN()
			if p, ok := w.Param(name); ok {
				column[i] = p.Value
				if w.Number > highest {
					highest, dist = w.Number, p.Dist
				}
			}
		}
		if got := h.Column(name); !sameFloats(got, column) {
			t.Fatalf("Column(%q) = %v, want %v", name, got, column)
		}
		if got := h.Space()[name]; got == nil || !distributions.Equal(got, dist) {
			t.Fatalf("Space()[%q] = %v, want that of the highest number, %v", name, got, dist)
		}
	}
	if len(h.Space()) != len(names) {
		t.Fatalf("Space has %d parameters, want %d", len(h.Space()), len(names))
	}
	if h.Column("none") != nil || h.Constraint("none") != nil {
		t.Fatalf("a column of an unknown name: %v, %v", h.Column("none"), h.Constraint("none"))
	}
	for k := range objectives {
		column := make([]float64, n)
		for i, w := range want {
			column[i] = math.NaN()
			switch {
			case w.State == storage.Complete:
				column[i] = w.Values[k]
			case w.State == storage.Pruned && len(w.Values) == objectives:
				column[i] = w.Values[k]
			}
		}
		if got := h.Value(k); !sameFloats(got, column) {
			t.Fatalf("Value(%d) = %v, want %v", k, got, column)
		}
	}
	violation := make([]float64, n)
	for i, w := range want {
		violation[i] = math.NaN()
		for j, c := range w.Constraints() {
			if j == 0 {
				violation[i] = 0
			}
			violation[i] += max(0, c.Value)
		}
	}
	if got := h.Violation(); !sameFloats(got, violation) {
		t.Fatalf("Violation = %v, want %v", got, violation)
	}
	for name := range constraints {
		column := make([]float64, n)
		for i, w := range want {
			column[i] = math.NaN()
			for _, c := range w.Constraints() {
				if c.Name == name {
					column[i] = c.Value
				}
			}
		}
		if got := h.Constraint(name); !sameFloats(got, column) {
			t.Fatalf("Constraint(%q) = %v, want %v", name, got, column)
		}
	}
	for name := range constraints {
		if !slices.Contains(h.ConstraintNames(), name) {
			t.Fatalf("ConstraintNames %v lack %q", h.ConstraintNames(), name)
		}
	}
}

// Histories against the trials one by one; snapshots of one log do not change
// when it grows. Columns are looked at now and then only, so that some have
// fallen behind.
func TestHistory(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for round := range 40 {
		objectives := 1 + round%3
		l := storage.NewLog(objectives)
		numbers := r.Perm(40)
		var all []*storage.Trial
		type snapshot struct {
			h *storage.History
			n int
		}
		var held []snapshot
		for _, number := range numbers {
			x := someTrial(r, number, objectives)
			all = append(all, x)
			l.Append(x)
			if r.IntN(6) == 0 {
				h := l.History()
				if h.Log() != l {
					t.Fatal("a snapshot does not know its log")
				}
				held = append(held, snapshot{h, len(all)})
				if r.IntN(2) == 0 {
					checkHistory(t, h, all, objectives)
				}
			}
		}
		held = append(held, snapshot{l.History(), len(all)})
		for _, s := range held {
			checkHistory(t, s.h, all[:s.n], objectives)
		}
	}
}

func TestEmptyHistory(t *testing.T) {
	checkHistory(t, storage.NewHistory(2), nil, 2)
	if h := storage.NewHistory(1); h.Space() == nil || len(h.ConstraintNames()) != 0 {
		t.Errorf("an empty history: space %v, constraints %v", h.Space(), h.ConstraintNames())
	}
}

// NewHistory takes finished trials only.
func TestNewHistoryLeavesOutUnfinished(t *testing.T) {
	done := &storage.Trial{Number: 1, State: storage.Complete, Values: []float64{1}}
	failed := &storage.Trial{Number: 3, State: storage.Failed}
	h := storage.NewHistory(1, &storage.Trial{Number: 0, State: storage.Running}, done, &storage.Trial{Number: 2, State: storage.Waiting}, failed)
	checkHistory(t, h, []*storage.Trial{done, failed}, 1)
}

// Values that storages written by others may hold do no harm.
func TestHistoryOfOddTrials(t *testing.T) {
	f := distributions.Float{Low: 0, High: 1}
	cat := distributions.Categorical{Choices: []any{"a", "b"}}
	nan, inf := math.NaN(), math.Inf(1)
	h := storage.NewHistory(1,
		&storage.Trial{Number: 0, State: storage.Complete},
		&storage.Trial{Number: 1, State: storage.Complete, Values: []float64{1, 2, 3}},
		&storage.Trial{Number: 2, State: storage.Failed, Values: []float64{7}},
		&storage.Trial{Number: 3, State: storage.Complete, Values: []float64{nan}},
		&storage.Trial{Number: 4, State: storage.Pruned, Values: []float64{-inf}},
		&storage.Trial{Number: 5, State: storage.Complete, Values: []float64{1}, Params: []storage.Param{
			{Name: "twice", Value: 1, Dist: f}, {Name: "twice", Value: 2, Dist: f}, {Name: "odd", Value: nan, Dist: f},
		}},
		&storage.Trial{Number: 6, State: storage.Complete, Values: []float64{1}, Params: []storage.Param{{Name: "twice", Value: 0, Dist: cat}, {Name: "odd", Value: inf, Dist: f}}},
	)
	if got, want := h.Value(0)[:2], []float64{nan, 1}; !sameFloats(got, want) {
		t.Errorf("Value(0) = %v, want %v first", got, want)
	}
	if got, want := h.Column("twice"), []float64{nan, nan, nan, nan, nan, 1, 0}; !sameFloats(got, want) {
		t.Errorf("Column of a name that a trial has twice = %v, want the first value, %v", got, want)
	}
	if got, want := h.Column("odd"), []float64{nan, nan, nan, nan, nan, nan, inf}; !sameFloats(got, want) {
		t.Errorf("Column = %v, want %v", got, want)
	}
	if d := h.Space()["twice"]; !distributions.Equal(d, cat) {
		t.Errorf("Space = %v, want the latest, %v", d, cat)
	}
}

// The space of a snapshot is its own, and does not depend on the order in which
// trials become known.
func TestSpaceIsOfTheHighestNumber(t *testing.T) {
	trial := func(number int, high float64) *storage.Trial {
		return &storage.Trial{Number: number, State: storage.Complete, Values: []float64{0}, Params: []storage.Param{{Name: "x", Value: 0, Dist: distributions.Float{Low: 0, High: high}}}}
	}
	l := storage.NewLog(1)
	for i, step := range []struct {
		add  *storage.Trial
		want float64
	}{{trial(5, 5), 5}, {trial(2, 2), 5}, {trial(9, 9), 9}, {trial(7, 7), 9}, {trial(10, 9), 9}} {
		before := l.History()
		l.Append(step.add)
		if got := l.History().Space()["x"]; !distributions.Equal(got, distributions.Float{Low: 0, High: step.want}) {
			t.Errorf("after %d trials the domain is %v, want the upper end %v", i+1, got, step.want)
		}
		if i == 0 && len(before.Space()) != 0 {
			t.Errorf("an earlier snapshot has got the space %v", before.Space())
		}
		if i == 2 && !distributions.Equal(before.Space()["x"], distributions.Float{Low: 0, High: 5}) {
			t.Errorf("an earlier snapshot's domain has become %v", before.Space()["x"])
		}
	}
}

// One goroutine appends while others read, each from a snapshot of its own: run
// with -race.
func TestHistoryUnderReaders(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	var all []*storage.Trial
	for i := range 120 {
		all = append(all, someTrial(r, i, 1))
	}
	l := storage.NewLog(1)
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for _, x := range all {
			l.Append(x)
		}
	}()
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := 0; n < len(all); {
				h := l.History()
				n = h.Len()
				checkHistory(t, h, all[:n], 1)
			}
		}()
	}
	wg.Wait()
}

// A snapshot costs the same however much it holds.
func TestHistoryTakesNoCopy(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	l := storage.NewLog(1)
	for i := range 2000 {
		l.Append(someTrial(r, i, 1))
	}
	h := l.History()
	h.Column("p1") // fills up what has fallen behind
	if n := testing.AllocsPerRun(100, func() {
		h := l.History()
		if len(h.Trials()) != 2000 || len(h.Value(0)) != 2000 || len(h.Column("p1")) != 2000 || len(h.Violation()) != 2000 {
			t.Fatal("a column is short")
		}
	}); n > 1 {
		t.Errorf("a snapshot and a look at its columns allocate %v times, want the snapshot alone", n)
	}
}
