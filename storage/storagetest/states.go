package storagetest

import (
	"slices"
	"time"

	"github.com/gohone/hone/storage"
)

var finishedStates = []storage.State{storage.Complete, storage.Pruned, storage.Failed}

// An unfinished trial moves to any other state, and its times with it.
func statesMove(e *env) {
	study := e.createStudy("")
	for _, state := range finishedStates {
		for _, from := range []storage.State{storage.Running, storage.Waiting} {
			t := e.create(study, &storage.Trial{State: from})
			bystander := e.create(study, nil)
			var v []float64
			if state == storage.Complete {
				v = []float64{0.5}
			}
			start := time.Now()
			e.move(t.ID, state, v...)
			end := time.Now()
			got := e.trial(t.ID)
			if got.State != state {
				e.Errorf("SetState(%s) from %s: the trial is %s", state, from, got.State)
			}
			e.between(got.Finished, start, end, "SetState("+state.String()+") from "+from.String()+": Finished")
			if from == storage.Running && !e.o.sameTime(got.Started, t.Started) {
				e.Errorf("SetState(%s) moved Started from %v to %v; finishing leaves it", state, t.Started, got.Started)
			}
			if got.Started.IsZero() {
				e.Errorf("SetState(%s) from %s left Started empty; a trial that never ran gets it when it is finished", state, from)
			}
			e.same(e.trial(bystander.ID), bystander, "SetState on another trial")
		}
	}
	t := e.create(study, &storage.Trial{State: storage.Waiting})
	from := time.Now()
	e.move(t.ID, storage.Running)
	to := time.Now()
	got := e.trial(t.ID)
	if got.State != storage.Running || !got.Finished.IsZero() {
		e.Errorf("SetState(running) from waiting: the trial is %s, finished %v", got.State, got.Finished)
	}
	e.between(got.Started, from, to, "SetState(running) from waiting: Started")
}

// Moving a running trial to running reports false and changes nothing: whoever
// gets true has claimed it.
func runningTwice(e *env) {
	study := e.createStudy("")
	fresh := e.create(study, nil)
	claimed := e.create(study, fullTrial(storage.Waiting))
	e.move(claimed.ID, storage.Running)
	time.Sleep(2 * e.sleepable())
	for _, id := range []int64{fresh.ID, claimed.ID} {
		before := e.trial(id)
		for _, v := range [][]float64{nil, {7}} {
			ok, err := e.st.SetState(e.ctx, id, storage.Running, v)
			e.must(err, "SetState(running) on a running trial")
			if ok {
				e.Errorf("SetState(running) on a running trial reported true; only the call that claims a waiting trial does")
			}
		}
		e.same(e.trial(id), before, "SetState(running) on a running trial")
	}
}

// sleepable is a span after which a clock read anew would differ in the
// storage, where it is short enough to wait for.
func (e *env) sleepable() time.Duration { return min(e.o.TimeResolution, time.Millisecond) }

// A running trial may be given back, and claimed again.
func backToWaiting(e *env) {
	study := e.createStudy("")
	t := e.create(study, nil)
	e.setTrialAttr(t.ID, storage.UserAttr, "k", "1")
	e.move(t.ID, storage.Waiting)
	got := e.trial(t.ID)
	if got.State != storage.Waiting || !got.Finished.IsZero() {
		e.Errorf("SetState(waiting) on a running trial: it is %s, finished %v", got.State, got.Finished)
	}
	e.move(t.ID, storage.Running)
	if ok, err := e.st.SetState(e.ctx, t.ID, storage.Running, nil); ok || err != nil {
		e.Errorf("SetState(running) the second time: %v, %v; want false, nil", ok, err)
	}
	if v, _ := e.trial(t.ID).UserAttrs.Get("k"); v != "1" {
		e.Errorf("an attribute is %q after the trial waited and ran again, want 1", v)
	}
}

// Finished trials never change: every call that would change one gives
// ErrTrialFinished.
func finishedNeverChanges(e *env) {
	study := e.createStudy("")
	for _, state := range finishedStates {
		moved := e.create(study, nil)
		e.setParam(moved.ID, "z", 0.5, unit)
		e.setReport(moved.ID, 1, 0.5)
		e.setTrialAttr(moved.ID, storage.UserAttr, "k", "1")
		e.setTrialAttr(moved.ID, storage.SystemAttr, "k", "2")
		e.move(moved.ID, state, 0.5)
		imported := e.create(study, fullTrial(state))
		for _, id := range []int64{moved.ID, imported.ID} {
			before := e.trial(id)
			for _, to := range []storage.State{storage.Complete, storage.Pruned, storage.Failed, storage.Running, storage.Waiting} {
				for _, v := range [][]float64{nil, {0.5}, {9}} {
					ok, err := e.st.SetState(e.ctx, id, to, v)
					e.is(err, storage.ErrTrialFinished, "SetState(%s, %v) on a %s trial", to, v, state)
					if ok {
						e.Errorf("SetState(%s) on a %s trial reported true", to, state)
					}
				}
			}
			e.is(e.st.SetParam(e.ctx, id, storage.Param{Name: "z", Value: 0.75, Dist: unit}), storage.ErrTrialFinished, "SetParam of an old name on a %s trial", state)
			e.is(e.st.SetParam(e.ctx, id, storage.Param{Name: "new", Value: 0.75, Dist: unit}), storage.ErrTrialFinished, "SetParam of a new name on a %s trial", state)
			// The state is looked at before the distribution.
			e.is(e.st.SetParam(e.ctx, id, storage.Param{Name: "z", Value: 1, Dist: plainInt}), storage.ErrTrialFinished, "SetParam of another kind on a %s trial", state)
			e.is(e.st.SetReport(e.ctx, id, 1, 9), storage.ErrTrialFinished, "SetReport of an old step on a %s trial", state)
			e.is(e.st.SetReport(e.ctx, id, 77, 9), storage.ErrTrialFinished, "SetReport of a new step on a %s trial", state)
			for _, kind := range []storage.AttrKind{storage.UserAttr, storage.SystemAttr} {
				e.is(e.st.SetTrialAttr(e.ctx, id, kind, "k", "9"), storage.ErrTrialFinished, "SetTrialAttr of an old key on a %s trial", state)
				e.is(e.st.SetTrialAttr(e.ctx, id, kind, "new", "9"), storage.ErrTrialFinished, "SetTrialAttr of a new key on a %s trial", state)
			}
			e.same(e.trial(id), before, "a %s trial after calls that it refused", state)
		}
	}
	// What a finished trial refused left nothing behind in the study.
	t := e.create(study, nil)
	e.setParam(t.ID, "new", 1, plainInt)
}

// Running and waiting trials take every change.
func unfinishedMayChange(e *env) {
	study := e.createStudy("")
	for _, state := range []storage.State{storage.Running, storage.Waiting} {
		t := e.create(study, &storage.Trial{State: state})
		e.setParam(t.ID, "x", 0.5, unit)
		e.setReport(t.ID, 2, 0.25)
		e.setTrialAttr(t.ID, storage.UserAttr, "u", "1")
		e.setTrialAttr(t.ID, storage.SystemAttr, "s", "2")
		want := t.Clone()
		want.Params = []storage.Param{{Name: "x", Value: 0.5, Dist: unit}}
		want.Reports = []storage.Report{{Step: 2, Value: 0.25}}
		want.UserAttrs = storage.Attrs{{Key: "u", Value: "1"}}
		want.SystemAttrs = storage.Attrs{{Key: "s", Value: "2"}}
		e.same(e.trial(t.ID), want, "a %s trial after changes", state)
	}
}

// Values are kept exactly, ±Inf too, and only those of the trial that is meant.
func values(e *env) {
	study := e.createStudy("")
	untouched := e.create(study, nil)
	for _, v := range extended {
		for _, state := range finishedStates {
			given := []float64{v}
			t := e.create(study, nil)
			e.move(t.ID, state, given...)
			given[0] = 99 // the caller's slice is the caller's
			if got := e.trial(t.ID).Values; !slices.EqualFunc(got, []float64{v}, sameFloat) {
				e.Errorf("SetState(%s, [%v]): the values are %v", state, v, got)
			}
		}
	}
	e.same(e.trial(untouched.ID), untouched, "a trial without values")

	two := e.createStudy("", minimize, maximize)
	for _, v := range [][]float64{{1, 2}, {-inf, inf}, {maxFloat, 5e-324}} {
		t := e.create(two, nil)
		e.move(t.ID, storage.Complete, v...)
		if got := e.trial(t.ID).Values; !slices.Equal(got, v) {
			e.Errorf("SetState(complete, %v): the values are %v; one for each objective, in order", v, got)
		}
	}
	// nil leaves the values that a template brought.
	t := e.create(study, &storage.Trial{State: storage.Running, Values: []float64{3}})
	e.move(t.ID, storage.Complete)
	if got := e.trial(t.ID).Values; !slices.Equal(got, []float64{3}) {
		e.Errorf("SetState(complete, nil) on a trial with values [3]: they are %v now; nil leaves them", got)
	}
	t = e.create(study, &storage.Trial{State: storage.Running, Values: []float64{3}})
	e.move(t.ID, storage.Complete, 4)
	if got := e.trial(t.ID).Values; !slices.Equal(got, []float64{4}) {
		e.Errorf("SetState(complete, [4]) on a trial with values [3]: they are %v now, want [4]", got)
	}
}

// NaN is no result: it is refused, and the trial stays as it was.
func nanIsNoResult(e *env) {
	for _, v := range [][]float64{{nan}, {1, nan}, {nan, 1}} {
		study := e.createStudy("", slices.Repeat([]storage.Direction{minimize}, len(v))...)
		t := e.create(study, nil)
		before := e.trial(t.ID)
		if ok, err := e.st.SetState(e.ctx, t.ID, storage.Complete, v); err == nil || ok {
			e.Fatalf("SetState(complete, %v): %v, %v; NaN is no result and must be refused", v, ok, err)
		}
		e.same(e.trial(t.ID), before, "a trial whose result was refused")
		e.move(t.ID, storage.Complete, make([]float64, len(v))...)
	}
}
