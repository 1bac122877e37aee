package storagetest

import (
	"fmt"
	"math/rand/v2"

	"github.com/gohone/hone/storage"
)

// open opens the data of the check's storage once more.
func (e *env) open() *env {
	e.Helper()
	st := e.o.Reopen(e.TB, e.st)
	if st == nil {
		e.Fatalf("Options.Reopen returned nil")
	}
	return e.on(st)
}

// What was written is there when the data is opened again.
func reopen(e *env) {
	r := rand.New(rand.NewPCG(3, 4))
	gone := e.createStudy("gone")
	e.create(gone, nil)
	var made []int64
	for i, directions := range [][]storage.Direction{{minimize}, {maximize, minimize}} {
		study := e.createStudy(oddNames[7+i], directions...)
		made = append(made, study)
		for k, text := range jsonTexts() {
			e.setStudyAttr(study, bothKinds[k%2], oddNames[k%len(oddNames)], text)
		}
		for range 12 {
			e.create(study, randomTrial(r, len(directions)))
		}
		t := e.create(study, nil)
		e.setParam(t.ID, "live", 0.5, unit)
		e.setReport(t.ID, 3, nan)
		e.setTrialAttr(t.ID, storage.UserAttr, "k", "1")
		done := e.create(study, nil)
		e.setParam(done.ID, "live", 0.25, unit)
		e.move(done.ID, storage.Complete, make([]float64, len(directions))...)
	}
	e.must(e.st.DeleteStudy(e.ctx, gone), "DeleteStudy")
	studies, err := e.st.Studies(e.ctx)
	e.must(err, "Studies")
	var want [][]storage.Trial
	for _, s := range studies {
		want = append(want, e.trials(s.ID))
	}
	e.closed = true
	e.must(e.st.Close(), "Close")

	again := e.open()
	defer again.close(again.st)
	got, err := again.st.Studies(e.ctx)
	e.must(err, "Studies after opening again")
	if len(got) != len(studies) {
		e.Fatalf("%d studies after opening again, want %d", len(got), len(studies))
	}
	for i := range studies {
		if d := e.o.diffStudy(&got[i], &studies[i]); d != "" {
			e.Errorf("a study after opening again: %s", d)
		}
		trials := again.trials(studies[i].ID)
		if len(trials) != len(want[i]) {
			e.Fatalf("%d trials after opening again, want %d", len(trials), len(want[i]))
		}
		for k := range trials {
			e.same(trials[k], want[i][k], "a trial after opening again")
		}
	}
	// Work goes on where it stopped.
	t := again.create(made[0], nil)
	if t.Number != len(want[0]) {
		e.Errorf("the first trial after opening again has the number %d, want %d", t.Number, len(want[0]))
	}
	if last := want[1][len(want[1])-1].ID; t.ID <= last {
		e.Errorf("the first trial after opening again has the id %d, and %d is in use: ids grow and are never reused", t.ID, last)
	}
	live := want[0][len(want[0])-2]
	again.move(live.ID, storage.Complete, 1)
	err = again.st.SetParam(e.ctx, t.ID, storage.Param{Name: "live", Value: 1, Dist: plainInt})
	e.is(err, storage.ErrIncompatible, "SetParam of another kind after opening again")
	_, err = again.st.CreateStudy(e.ctx, studies[0].Name, []storage.Direction{minimize})
	e.is(err, storage.ErrDuplicateStudy, "CreateStudy of an old name after opening again")
}

// What one handle acknowledged the other sees at once.
func twoHandles(e *env) {
	b := e.open()
	defer b.close(b.st)
	hands := []*env{e, b}
	var studies []int64
	for i := range 4 {
		w, r := hands[i%2], hands[(i+1)%2]
		study := w.createStudy(fmt.Sprint("s", i))
		studies = append(studies, study)
		if got, err := r.st.FindStudy(e.ctx, fmt.Sprint("s", i)); err != nil || got != study {
			e.Fatalf("FindStudy through the other handle: %d, %v, want %d", got, err, study)
		}
		w.setStudyAttr(study, storage.UserAttr, "k", fmt.Sprint(i))
		if v, _ := r.study(study).UserAttrs.Get("k"); v != fmt.Sprint(i) {
			e.Errorf("an attribute of a study is %q through the other handle, want %d", v, i)
		}
		t := w.create(study, nil)
		want := t.Clone()
		r.same(r.trial(t.ID), want, "a new trial through the other handle")
		w.setParam(t.ID, "x", 0.5, unit)
		want.Params = []storage.Param{{Name: "x", Value: 0.5, Dist: unit}}
		r.same(r.trial(t.ID), want, "a parameter through the other handle")
		w.setReport(t.ID, 2, -inf)
		want.Reports = []storage.Report{{Step: 2, Value: -inf}}
		r.same(r.trial(t.ID), want, "a report through the other handle")
		w.setTrialAttr(t.ID, storage.SystemAttr, "k", "1")
		want.SystemAttrs = storage.Attrs{{Key: "k", Value: "1"}}
		r.same(r.trial(t.ID), want, "an attribute through the other handle")
		err := r.st.SetParam(e.ctx, r.create(study, nil).ID, storage.Param{Name: "x", Value: 1, Dist: plainInt})
		e.is(err, storage.ErrIncompatible, "SetParam of another kind than the other handle set")
		w.move(t.ID, storage.Complete, 1)
		if got := r.trial(t.ID); got.State != storage.Complete {
			e.Errorf("a finished trial is %s through the other handle", got.State)
		}
		_, err = r.st.SetState(e.ctx, t.ID, storage.Failed, nil)
		e.is(err, storage.ErrTrialFinished, "SetState on a trial that the other handle finished")
		if n := r.create(study, nil).Number; n != 2 {
			e.Errorf("the third trial of two handles has the number %d, want 2", n)
		}
		if all := w.trials(study); len(all) != 3 {
			e.Errorf("Trials: %d through one handle, want the 3 of both", len(all))
		}
		_, err = r.st.CreateStudy(e.ctx, fmt.Sprint("s", i), []storage.Direction{minimize})
		e.is(err, storage.ErrDuplicateStudy, "CreateStudy of a name that the other handle took")
	}
	e.must(b.st.DeleteStudy(e.ctx, studies[0]), "DeleteStudy")
	_, err := e.st.Study(e.ctx, studies[0])
	e.is(err, storage.ErrStudyNotFound, "Study that the other handle deleted")
	_, err = e.st.CreateTrial(e.ctx, studies[0], nil)
	e.is(err, storage.ErrStudyNotFound, "CreateTrial in a study that the other handle deleted")
	e.is(e.st.DeleteStudy(e.ctx, studies[0]), storage.ErrStudyNotFound, "DeleteStudy of a study that the other handle deleted")
}

// A waiting trial is claimed once, whichever handle the callers use.
func twoHandlesClaim(e *env) {
	b := e.open()
	defer b.close(b.st)
	study := e.createStudy("")
	want := e.o.Goroutines
	for i := range want {
		[]*env{e, b}[i%2].create(study, &storage.Trial{State: storage.Waiting})
	}
	checkClaims(e, study, want, raceClaims(e, study, e.st, b.st))
}

// An id that one handle saw deleted is not given out by the other, nor after
// the data was opened again.
func twoHandlesReuseNoID(e *env) {
	first := e.createStudy("first")
	e.create(first, nil)
	doomed := e.createStudy("doomed")
	old := e.create(doomed, nil).ID
	e.must(e.st.DeleteStudy(e.ctx, doomed), "DeleteStudy")
	e.closed = true
	e.must(e.st.Close(), "Close")
	b := e.open()
	defer b.close(b.st)
	if id := b.createStudy("again"); id <= doomed {
		e.Errorf("CreateStudy after opening again: id %d, and %d was in use before: ids are never reused", id, doomed)
	}
	if id := b.create(first, nil).ID; id <= old {
		e.Errorf("CreateTrial after opening again: id %d, and %d was in use before: ids are never reused", id, old)
	}
}
