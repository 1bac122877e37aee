package storagetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// Domains that the suite uses.
var (
	unit       = distributions.Float{Low: 0, High: 1}
	logFloat   = distributions.Float{Low: 1e-5, High: 10, Log: true}
	stepFloat  = distributions.Float{Low: -1, High: 1, Step: 0.25}
	plainInt   = distributions.Int{Low: -3, High: 12, Step: 1}
	logInt     = distributions.Int{Low: 1, High: 1024, Step: 1, Log: true}
	stepInt    = distributions.Int{Low: 0, High: 10, Step: 5}
	categories = distributions.Categorical{Choices: []any{"relu", "tanh", nil, true, 3, 2.0, "日本 \"x\""}}
)

// times with digits down to the nanosecond, in zones other than UTC.
var (
	begun = time.Date(2024, 2, 29, 23, 59, 58, 123456789, time.FixedZone("east", 5*3600+1800))
	ended = time.Date(2024, 3, 1, 0, 0, 7, 987654321, time.FixedZone("west", -8*3600))
)

// fullTrial returns a template that uses every field.
func fullTrial(state storage.State) *storage.Trial {
	t := &storage.Trial{
		State: state,
		Params: []storage.Param{
			{Name: "z", Value: 0.25, Dist: unit},
			{Name: "lr", Value: 1e-5, Dist: logFloat},
			{Name: "a step", Value: -0.75, Dist: stepFloat},
			{Name: "int", Value: -3, Dist: plainInt},
			{Name: "log int", Value: 1024, Dist: logInt},
			{Name: "step int", Value: 5, Dist: stepInt},
			{Name: "act", Value: 2, Dist: categories},
		},
		Reports:     []storage.Report{{Step: 0, Value: 1.5}, {Step: 3, Value: nan}, {Step: 10, Value: -inf}, {Step: 1 << 20, Value: 0.125}},
		UserAttrs:   storage.Attrs{{Key: "note", Value: `"ünï"`}, {Key: "b", Value: "[1, 2.5, null]"}, {Key: "a", Value: `{"z":1,"a":2}`}},
		SystemAttrs: storage.Attrs{{Key: "fixed_params", Value: `{"z": 0.25}`}, {Key: "constraints", Value: "[-1.0, 2.5]"}},
	}
	if state != storage.Waiting {
		t.Started = begun
	}
	if state.Finished() {
		t.Finished = ended
	}
	if state == storage.Complete || state == storage.Pruned {
		t.Values = []float64{0.5}
	}
	return t
}

// A trial without a template runs from now on and is empty; numbers count up
// from 0 within a study, ids are unique among all studies.
func createTrial(e *env) {
	seen := make(map[int64]bool)
	a, b := e.createStudy("a"), e.createStudy("b", minimize, maximize)
	for i := range 5 {
		for _, study := range []int64{a, b} {
			from := time.Now()
			t := e.create(study, nil)
			to := time.Now()
			if seen[t.ID] {
				e.Errorf("CreateTrial: the id %d is in use already; ids are unique within a storage", t.ID)
			}
			seen[t.ID] = true
			want := storage.Trial{ID: t.ID, Number: i, State: storage.Running, Started: t.Started}
			e.same(t, want, "CreateTrial(nil)")
			e.between(t.Started, from, to, "CreateTrial(nil): Started")
			e.same(e.trial(t.ID), t, "Trial after CreateTrial")
		}
	}
	for _, study := range []int64{a, b} {
		for i, t := range e.trials(study) {
			if t.Number != i {
				e.Errorf("Trials: position %d has the number %d; by id, numbers are 0, 1, 2, …", i, t.Number)
			}
		}
	}
}

// A trial that does not exist gives ErrTrialNotFound.
func trialNotFound(e *env) {
	study := e.createStudy("")
	t := e.create(study, nil)
	other := e.createStudy("")
	gone := e.create(other, nil)
	e.must(e.st.DeleteStudy(e.ctx, other), "DeleteStudy")
	for _, id := range []int64{gone.ID, t.ID + 1000, -1, -7} {
		_, err := e.st.Trial(e.ctx, id)
		e.is(err, storage.ErrTrialNotFound, "Trial(%d)", id)
		e.is(e.st.SetParam(e.ctx, id, storage.Param{Name: "x", Value: 0.5, Dist: unit}), storage.ErrTrialNotFound, "SetParam(%d)", id)
		e.is(e.st.SetReport(e.ctx, id, 0, 1), storage.ErrTrialNotFound, "SetReport(%d)", id)
		for _, kind := range []storage.AttrKind{storage.UserAttr, storage.SystemAttr} {
			e.is(e.st.SetTrialAttr(e.ctx, id, kind, "k", "1"), storage.ErrTrialNotFound, "SetTrialAttr(%d)", id)
		}
		for _, state := range []storage.State{storage.Running, storage.Complete} {
			_, err = e.st.SetState(e.ctx, id, state, nil)
			e.is(err, storage.ErrTrialNotFound, "SetState(%d, %s)", id, state)
		}
		if c, ok := storage.AsClaimer(e.st); ok {
			_, err = c.Requeue(e.ctx, id, "", nil, nil)
			e.is(err, storage.ErrTrialNotFound, "Requeue(%d)", id)
		}
	}
	e.same(e.trial(t.ID), t, "calls on trials that do not exist changed one that does")
}

// Everything of a template is kept, but not its id and number.
func templates(e *env) {
	for _, directions := range [][]storage.Direction{{minimize}, {minimize, maximize}} {
		study := e.createStudy("", directions...)
		n := 0
		for _, state := range []storage.State{storage.Complete, storage.Pruned, storage.Failed, storage.Running, storage.Waiting} {
			want := fullTrial(state)
			if len(directions) > 1 && want.Values != nil {
				want.Values = []float64{-inf, 1e-5}
			}
			want.ID, want.Number = 12345, 678
			got := e.create(study, want)
			if got.Number != n {
				e.Errorf("CreateTrial with a template of another number: the number is %d, want the next one, %d", got.Number, n)
			}
			if got.ID == 12345 {
				e.Errorf("CreateTrial took the id of the template, %d", got.ID)
			}
			want.ID, want.Number = got.ID, n
			e.same(got, *want, "CreateTrial with a %s template", state)
			e.same(e.trial(got.ID), *want, "Trial made from a %s template", state)
			n++
		}
		// An empty template is legal too.
		got := e.create(study, &storage.Trial{State: storage.Waiting})
		e.same(e.trial(got.ID), storage.Trial{ID: got.ID, Number: n, State: storage.Waiting}, "Trial made from an empty waiting template")
	}
}

// Times of a template survive; those that its state must have and lacks are
// the time of the call.
func templateTimes(e *env) {
	study := e.createStudy("")
	old := time.Date(1999, 12, 31, 23, 59, 59, 999999000, time.UTC)
	for _, at := range []time.Time{old, begun, begun.Truncate(time.Microsecond), time.Date(2038, 1, 20, 0, 0, 0, 1000, time.UTC)} {
		t := e.create(study, &storage.Trial{State: storage.Complete, Values: []float64{1}, Started: at, Finished: at.Add(90*time.Minute + 5*time.Microsecond)})
		got := e.trial(t.ID)
		if !e.o.sameTime(got.Started, at) {
			e.Errorf("Started of a template is %v, want %v (to within %v)", got.Started, at, e.o.TimeResolution)
		}
		if want := at.Add(90*time.Minute + 5*time.Microsecond); !e.o.sameTime(got.Finished, want) {
			e.Errorf("Finished of a template is %v, want %v (to within %v)", got.Finished, want, e.o.TimeResolution)
		}
	}
	for _, state := range []storage.State{storage.Running, storage.Complete, storage.Pruned, storage.Failed, storage.Waiting} {
		template := &storage.Trial{State: state}
		if state == storage.Complete {
			template.Values = []float64{1}
		}
		from := time.Now()
		t := e.trial(e.create(study, template).ID)
		to := time.Now()
		if state == storage.Waiting {
			if !t.Started.IsZero() {
				e.Errorf("a waiting trial has Started %v, want none", t.Started)
			}
		} else {
			e.between(t.Started, from, to, fmt.Sprintf("Started of a %s template without it", state))
		}
		if state.Finished() {
			e.between(t.Finished, from, to, fmt.Sprintf("Finished of a %s template without it", state))
		} else if !t.Finished.IsZero() {
			e.Errorf("a %s trial has Finished %v, want none", state, t.Finished)
		}
	}
	if t := e.create(study, &storage.Trial{State: storage.Failed, Started: begun}); !e.o.sameTime(t.Started, begun) || t.Finished.IsZero() {
		e.Errorf("a failed template with Started alone: times are %v, %v; want Started kept and Finished set", t.Started, t.Finished)
	}
}

// What the caller does with the template afterwards does not reach the trial.
func templateIsCopied(e *env) {
	study := e.createStudy("")
	for _, state := range []storage.State{storage.Complete, storage.Waiting} {
		template := fullTrial(state)
		want := fullTrial(state)
		t := e.create(study, template)
		want.ID, want.Number = t.ID, t.Number
		for i := range template.Values {
			template.Values[i] = 99
		}
		for i := range template.Params {
			template.Params[i] = storage.Param{Name: "other", Value: 99, Dist: unit}
		}
		for i := range template.Reports {
			template.Reports[i] = storage.Report{Step: i, Value: 99}
		}
		for _, as := range []storage.Attrs{template.UserAttrs, template.SystemAttrs} {
			for i := range as {
				as[i] = storage.Attr{Key: "other", Value: "99"}
			}
		}
		e.same(e.trial(t.ID), *want, "a trial after its template was modified")
		e.same(t, *want, "what CreateTrial returned, after the template was modified")
	}
}

// randomTrial makes a template of random contents.
func randomTrial(r *rand.Rand, objectives int) *storage.Trial {
	states := []storage.State{storage.Complete, storage.Pruned, storage.Failed, storage.Running, storage.Waiting}
	t := &storage.Trial{State: states[r.IntN(len(states))]}
	dists := []distributions.Distribution{unit, logFloat, stepFloat, plainInt, logInt, stepInt, categories}
	for _, k := range r.Perm(len(dists))[:r.IntN(len(dists)+1)] {
		d := dists[k]
		t.Params = append(t.Params, storage.Param{Name: fmt.Sprintf("p%d", k), Value: d.FromUnit(r.Float64()), Dist: d})
	}
	special := []float64{0, inf, -inf, nan, maxFloat, 5e-324}
	for step := 0; step < 40; step += 1 + r.IntN(15) {
		v := r.NormFloat64()
		if r.IntN(4) == 0 {
			v = special[r.IntN(len(special))]
		}
		t.Reports = append(t.Reports, storage.Report{Step: step, Value: v})
	}
	texts := jsonTexts()
	for _, as := range []*storage.Attrs{&t.UserAttrs, &t.SystemAttrs} {
		for _, k := range r.Perm(len(oddNames))[:r.IntN(4)] {
			*as = append(*as, storage.Attr{Key: oddNames[k], Value: texts[r.IntN(len(texts))]})
		}
	}
	if t.State == storage.Complete {
		for range objectives {
			t.Values = append(t.Values, extended[r.IntN(len(extended))])
		}
	}
	if t.State != storage.Waiting {
		t.Started = begun.Add(time.Duration(r.Int64N(int64(1000 * time.Hour)))).Truncate(time.Microsecond)
	}
	if t.State.Finished() {
		t.Finished = t.Started.Add(time.Duration(r.Int64N(int64(time.Hour)))).Truncate(time.Microsecond)
	}
	return t
}

// Random trials come back equal, one by one and all together.
func randomTrials(e *env) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, directions := range [][]storage.Direction{{maximize}, {minimize, maximize}} {
		study := e.createStudy("", directions...)
		var want []storage.Trial
		for i := range 20 {
			t := randomTrial(r, len(directions))
			t.ID, t.Number = e.create(study, t).ID, i
			want = append(want, *t)
			e.same(e.trial(t.ID), *t, "Trial %d", i)
		}
		got := e.trials(study)
		if !slices.Equal(ids(got), ids(want)) {
			e.Fatalf("Trials: the ids are %v, want %v", ids(got), ids(want))
		}
		for i := range got {
			e.same(got[i], want[i], "Trials, position %d", i)
		}
	}
}
