package samplertest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gohone/hone/storage"
)

// The range of a parameter may change from trial to trial: it narrows, widens
// or moves away, and values follow.
func changingSpace(e *env) {
	for i, change := range [][2]domain{
		{float{Low: 0, High: 10}, float{Low: 0, High: 5}},
		{float{Low: 0, High: 10}, float{Low: 0, High: 20}},
		{float{Low: 0, High: 10}, float{Low: 20, High: 30}},
		{float{Low: 0, High: 10}, float{Low: 0, High: 10, Step: 2.5}},
		{float{Low: 1, High: 10, Log: true}, float{Low: 1e-3, High: 2, Log: true}},
		{integer{Low: 0, High: 10}, integer{Low: 0, High: 5}},
		{integer{Low: 0, High: 10}, integer{Low: 0, High: 20}},
		{integer{Low: 0, High: 10}, integer{Low: 20, High: 30}},
		{integer{Low: 0, High: 10}, integer{Low: 1, High: 11, Step: 5}},
		{integer{Low: 1, High: 10, Log: true}, integer{Low: 100, High: 1000, Log: true}},
	} {
		s := e.study(uint64(i), minimize)
		s.what = fmt.Sprintf("x changes from %s to %s and back", change[0], change[1])
		s.lenient = e.o.FixedSpace
		for phase := range 3 { // there, and back again
			d := change[phase%2]
			s.optimize(e.o.Trials/2, func(t *trial) []float64 {
				return []float64{t.suggest("x", d) + level(t, "y", float{Low: 0, High: 1})}
			})
		}
	}
	// A range that differs in every trial.
	s := e.study(99, minimize)
	s.lenient = e.o.FixedSpace
	s.optimize(e.o.Trials, func(t *trial) []float64 {
		n := t.rec.Number
		return []float64{t.suggest("x", integer{Low: -n, High: 1 + n%7}) - t.suggest("y", float{Low: float64(n % 5), High: float64(n%5 + n + 1)})}
	})
}

// branches is an objective with a condition: each branch has parameters of its
// own, and they share one.
func branches(t *trial) []float64 {
	sum := level(t, "shared", float{Low: 0, High: 1})
	switch t.suggest("branch", categorical{Choices: []any{"a", "b", "none"}}) {
	case 0:
		sum += t.suggest("y", float{Low: -10, High: 10})
		if level(t, "deep", integer{Low: 0, High: 3}) > 0.5 {
			sum += level(t, "deeper", float{Low: 1e-3, High: 1, Log: true})
		}
	case 1:
		sum += level(t, "z", integer{Low: -10, High: 10}) - level(t, "c", categorical{Choices: []any{"p", "q"}})
	}
	return []float64{sum}
}

// A parameter may exist in some trials only.
func conditionalSpace(e *env) {
	s := e.study(1, minimize)
	s.lenient = e.o.FixedSpace
	s.optimize(2*e.o.Trials, branches)
	s = e.study(2, maximize)
	s.lenient = e.o.FixedSpace
	s.optimizeBeside(2*e.o.Trials, 3, branches)
}

// A history whose trials have nothing in common, and a trial that then asks for
// what only some of them had (optuna#2734).
func disjointBranches(e *env) {
	for _, ask := range []string{"category", "x", "y"} {
		s := e.study(4, minimize)
		s.lenient = e.o.FixedSpace
		dists := map[string]domain{
			"category": e.o.fit(categorical{Choices: []any{"x", "y"}}),
			"x":        e.o.fit(float{Low: 0, High: 5}), "y": e.o.fit(float{Low: 6, High: 10}),
		}
		for i := range e.o.Trials {
			rec := storage.Trial{ID: int64(i), Number: i, State: storage.Complete, Values: []float64{float64(i % 5)}}
			branch := []string{"x", "y"}[i%2]
			rec.Params = append(rec.Params,
				storage.Param{Name: "category", Value: float64(i % 2), Dist: dists["category"]},
				storage.Param{Name: branch, Value: dists[branch].FromUnit(float64(i%7) / 7), Dist: dists[branch]})
			s.add(rec)
		}
		for range 3 {
			if t := s.begin(nil); t != nil {
				t.suggest(ask, dists[ask])
				for _, name := range slices.Sorted(maps.Keys(dists)) {
					t.suggest(name, dists[name])
				}
				t.tell(storage.Complete, 1)
			}
		}
	}
}

// A parameter may appear when there is a history already, and one may go.
func lateParameter(e *env) {
	s := e.study(5, minimize)
	s.lenient = e.o.FixedSpace
	for phase := range 3 {
		s.optimize(e.o.Trials/2, func(t *trial) []float64 {
			sum := level(t, "always", float{Low: 0, High: 1})
			if phase != 1 {
				sum += level(t, "leaves", integer{Low: 0, High: 7})
			}
			for i := range phase {
				sum += level(t, fmt.Sprint("late", i), few()[2*i])
			}
			return []float64{sum}
		})
	}
}

// Values that were enqueued are in the trial before anything is chosen, and may
// lie outside today's domain. They are not chosen again.
func enqueuedValues(e *env) {
	s := e.study(6, minimize)
	s.optimize(e.o.Trials/2, mixed)
	for i := range e.o.Trials {
		// Some of the parameters, then all, then none that anyone asks for.
		fixed := make(map[string]float64)
		switch i % 4 {
		case 0:
			fixed["p0"], fixed["p5"] = e.o.fit(few()[0]).FromUnit(0.9), 2
		case 1:
			for k, d := range few() {
				fixed[fmt.Sprint("p", k)] = e.o.fit(d).FromUnit(float64(i%3) / 2)
			}
		case 2:
			fixed["unknown"] = 3
		case 3:
			fixed["p0"], fixed["p3"] = 99, -7 // outside
		}
		t := s.begin(fixed)
		if t == nil {
			break
		}
		values := mixed(t)
		for name, v := range fixed {
			if p, ok := t.rec.Param(name); ok && p.Value != v {
				e.Errorf("trial %d: the enqueued value of %q is %v and became %v", t.rec.Number, name, v, p.Value)
			}
		}
		t.tell(storage.Complete, values...)
		s.optimize(1, mixed)
	}
}
