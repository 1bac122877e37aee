package storagetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// A parameter belongs to its trial and keeps its domain.
func params(e *env) {
	study := e.createStudy("")
	a, b, c := e.create(study, nil), e.create(study, nil), e.create(study, nil)
	all := fullTrial(storage.Running).Params
	for _, p := range all {
		e.must(e.st.SetParam(e.ctx, a.ID, p), "SetParam(%q)", p.Name)
		got := e.trial(a.ID)
		if q, ok := got.Param(p.Name); !ok || q.Value != p.Value || !sameDist(q.Dist, p.Dist) {
			e.Errorf("SetParam(%q, %v, %v): the trial has %+v", p.Name, p.Value, p.Dist, q)
		}
	}
	e.setParam(b.ID, "z", 0.75, unit)
	want := a.Clone()
	want.Params = all
	e.same(e.trial(a.ID), want, "a trial with parameters, after another trial got one")
	want = b.Clone()
	want.Params = []storage.Param{{Name: "z", Value: 0.75, Dist: unit}}
	e.same(e.trial(b.ID), want, "a trial with one parameter")
	e.same(e.trial(c.ID), c, "a trial without parameters, after others got some")
	e.move(a.ID, storage.Complete, 1)
	if d := e.o.diffParams(e.trial(a.ID).Params, all); d != "" {
		e.Errorf("the parameters of a trial after it was finished: %s", d)
	}
}

// Parameters are in the order in which they were set, under any name.
func paramOrder(e *env) {
	study := e.createStudy("")
	r := rand.New(rand.NewPCG(7, 7))
	for range 2 {
		t := e.create(study, nil)
		var want []storage.Param
		names := slices.Clone(oddNames)
		for i := range 30 {
			names = append(names, fmt.Sprintf("p%02d", i))
		}
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for i, name := range names {
			want = append(want, storage.Param{Name: name, Value: float64(i) / 64, Dist: unit})
			e.setParam(t.ID, name, float64(i)/64, unit)
		}
		if d := e.o.diffParams(e.trial(t.ID).Params, want); d != "" {
			e.Errorf("Trial: %s; parameters are in the order in which they were set", d)
		}
		for _, got := range e.trials(study) {
			if got.ID != t.ID {
				continue
			}
			if d := e.o.diffParams(got.Params, want); d != "" {
				e.Errorf("Trials: %s; parameters are in the order in which they were set", d)
			}
		}
	}
}

// Values are kept exactly, whatever float64 they are.
func paramFloats(e *env) {
	study := e.createStudy("")
	wide := distributions.Float{Low: -maxFloat, High: maxFloat}
	t := e.create(study, nil)
	for i, v := range finite {
		e.setParam(t.ID, fmt.Sprint("x", i), v, wide)
	}
	for i, v := range finite {
		if p := e.param(t.ID, fmt.Sprint("x", i)); p.Value != v {
			e.Errorf("SetParam(%v): the value is %v", v, p.Value)
		}
	}
	for i, d := range []distributions.Distribution{
		distributions.Float{Low: 5e-324, High: 1e-310, Log: true},
		distributions.Float{Low: -1e308, High: 1e308},
		distributions.Float{Low: 0.1, High: 0.7, Step: 0.1},
		distributions.Int{Low: math.MinInt32, High: math.MaxInt32, Step: 1},
		distributions.Int{Low: 7, High: 7, Step: 1},
		distributions.WideInt{Low: "-1", High: "18446744073709551616", Step: "1"}, // Python's
		distributions.Categorical{Choices: []any{""}},
		distributions.Categorical{Choices: []any{nan, inf, -inf, 1 << 30, -0.5, 1e300, false, "😀\n"}},
		distributions.Categorical{Choices: []any{1, 2.0, "1", "2.0", nil, "None"}},
	} {
		name := fmt.Sprint("d", i)
		e.setParam(t.ID, name, d.FromUnit(0.5), d)
		if p := e.param(t.ID, name); !sameDist(p.Dist, d) {
			e.Errorf("SetParam with the distribution %#v: the trial has %#v", d, p.Dist)
		}
	}
}

// A value is not checked against its domain: an enqueued one may lie outside.
func paramOutOfRange(e *env) {
	study := e.createStudy("")
	t := e.create(study, nil)
	e.setParam(t.ID, "x", 0.5, distributions.Float{Low: 1, High: 2})
	e.setParam(t.ID, "n", 99, plainInt)
	got := e.trial(t.ID)
	if p, _ := got.Param("x"); p.Value != 0.5 {
		e.Errorf("SetParam(0.5) with a domain from 1 to 2: the value is %v; it is kept as given", p.Value)
	}
	if p, _ := got.Param("n"); p.Value != 99 {
		e.Errorf("SetParam(99) with a domain up to 12: the value is %v; it is kept as given", p.Value)
	}
}

// Within a study a name keeps its kind, scale and categories.
func paramIncompatible(e *env) {
	kinds := map[string][]distributions.Distribution{
		"float":      {unit, logFloat, plainInt, logInt, categories},
		"log float":  {logFloat, unit, plainInt, logInt, categories},
		"int":        {plainInt, logInt, unit, logFloat, categories},
		"log int":    {logInt, plainInt, unit, logFloat, categories},
		"categories": {categories, unit, logFloat, plainInt, logInt},
		"order": {
			distributions.Categorical{Choices: []any{"a", "b"}},
			distributions.Categorical{Choices: []any{"b", "a"}},
			distributions.Categorical{Choices: []any{"a"}},
			distributions.Categorical{Choices: []any{"a", "b", "c"}},
		},
	}
	for name, ds := range kinds {
		study := e.createStudy("")
		first := e.create(study, nil)
		e.setParam(first.ID, name, 1, ds[0])
		other := e.createStudy("")
		for _, d := range ds[1:] {
			for _, state := range []storage.State{storage.Running, storage.Waiting} {
				t := e.create(study, &storage.Trial{State: state})
				before := e.trial(t.ID)
				err := e.st.SetParam(e.ctx, t.ID, storage.Param{Name: name, Value: 1, Dist: d})
				e.is(err, storage.ErrIncompatible, "SetParam of %v where the study has %v", d, ds[0])
				e.same(e.trial(t.ID), before, "a trial whose parameter was refused")
				e.setParam(t.ID, name, 1, ds[0])
			}
		}
		e.setParam(e.create(other, nil).ID, name, 1, ds[1]) // another study is free
		e.move(first.ID, storage.Failed)
		t := e.create(study, nil)
		err := e.st.SetParam(e.ctx, t.ID, storage.Param{Name: name, Value: 1, Dist: ds[1]})
		e.is(err, storage.ErrIncompatible, "SetParam of %v where a failed trial has %v", ds[1], ds[0])
		e.setParam(t.ID, name, 1, ds[0])
	}
	// A name that came in with a template counts, too.
	study := e.createStudy("")
	e.create(study, fullTrial(storage.Complete))
	t := e.create(study, nil)
	err := e.st.SetParam(e.ctx, t.ID, storage.Param{Name: "act", Value: 0, Dist: unit})
	e.is(err, storage.ErrIncompatible, "SetParam of a float where a template has categories")
}

// Ranges and steps may change from trial to trial; each trial keeps its own.
func paramRangesMayChange(e *env) {
	study := e.createStudy("")
	var want []storage.Param
	for i, d := range []distributions.Distribution{
		unit, distributions.Float{Low: -5, High: 20}, distributions.Float{Low: 30, High: 31}, distributions.Float{Low: 0, High: 1, Step: 0.5},
	} {
		t := e.create(study, nil)
		want = append(want, storage.Param{Name: "x", Value: 0.5 * float64(i%3), Dist: d})
		e.setParam(t.ID, "x", want[i].Value, d)
		e.setParam(t.ID, "n", 5, distributions.Int{Low: i, High: 10 + i, Step: 1 + i%2*2})
	}
	for i, t := range e.trials(study) {
		if d := e.o.diffParams(t.Params[:1:1], want[i:i+1]); d != "" && !e.o.Unordered {
			e.Errorf("trial %d: %s; each trial keeps the range that it drew from", i, d)
		}
		p, _ := t.Param("x")
		if !sameDist(p.Dist, want[i].Dist) {
			e.Errorf("trial %d: the domain of x is %v, want %v", i, p.Dist, want[i].Dist)
		}
	}
}

// Reports come back by rising step, with any float64 as value; a step that is
// reported again is overwritten.
func reports(e *env) {
	study := e.createStudy("")
	t, other := e.create(study, nil), e.create(study, nil)
	for i, v := range reported {
		e.setReport(t.ID, i, v)
	}
	for i, v := range reported {
		got := e.trial(t.ID).Reports
		if i >= len(got) || got[i].Step != i || !sameFloat(got[i].Value, v) {
			e.Fatalf("SetReport(%d, %v): the reports are %v", i, v, got)
		}
	}
	e.same(e.trial(other.ID), other, "a trial without reports")

	t = e.create(study, nil)
	for _, r := range []storage.Report{{Step: 10, Value: 1}, {Step: 3, Value: 2}, {Step: 100, Value: 3}, {Step: 0, Value: 4}, {Step: math.MaxInt32, Value: 5}, {Step: 50, Value: 6}} {
		e.setReport(t.ID, r.Step, r.Value)
	}
	want := t.Clone()
	want.Reports = []storage.Report{{Step: 0, Value: 4}, {Step: 3, Value: 2}, {Step: 10, Value: 1}, {Step: 50, Value: 6}, {Step: 100, Value: 3}, {Step: math.MaxInt32, Value: 5}}
	e.same(e.trial(t.ID), want, "reports that came out of order, by rising step")
	for i, v := range []float64{nan, inf, 8, -inf, nan, 9} {
		e.setReport(t.ID, want.Reports[i].Step, v)
		want.Reports[i].Value = v
	}
	e.same(e.trial(t.ID), want, "reports that were made again, with the last value")
	if err := e.st.SetReport(e.ctx, t.ID, -1, 1); err == nil {
		e.Errorf("SetReport at step -1: no error; steps are not negative")
	}
	e.same(e.trial(t.ID), want, "reports after one was refused")
	e.move(t.ID, storage.Pruned, 9)
	if got := e.trial(t.ID).Reports; !slices.EqualFunc(got, want.Reports, sameReport) {
		e.Errorf("the reports of a trial after it was pruned are %v, want %v", got, want.Reports)
	}
}
