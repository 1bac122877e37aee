package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gohone/hone/storage"
)

// Trials returns what is above the cursor or is asked for by id, in the order
// of ids.
func trialsAfter(e *env) {
	study, other := e.createStudy(""), e.createStudy("")
	var all, foreign []int64
	for i := range 6 {
		all = append(all, e.create(study, fullTrial([]storage.State{storage.Complete, storage.Running, storage.Waiting}[i%3])).ID)
		foreign = append(foreign, e.create(other, nil).ID)
	}
	top := all[5]
	for _, c := range []struct {
		after   int64
		include []int64
		want    []int64
	}{
		{-1, nil, all},
		{-1, []int64{}, all},
		{-1, []int64{all[0], all[5]}, all},
		{all[0], nil, all[1:]},
		{all[2], nil, all[3:]},
		{top, nil, nil},
		{top + 1000, nil, nil},
		{math.MaxInt64, nil, nil},
		{math.MaxInt64, all, all},
		{all[3], []int64{all[1]}, []int64{all[1], all[4], all[5]}},
		{all[3], []int64{all[2], all[0], all[2]}, []int64{all[0], all[2], all[4], all[5]}},
		{all[3], []int64{all[4], all[1]}, []int64{all[1], all[4], all[5]}},
		{all[4], []int64{all[4]}, []int64{all[4], all[5]}},
		{top, []int64{all[5], all[0]}, []int64{all[0], all[5]}},
		{top, []int64{foreign[0], foreign[5], -1, -5, top + 1000, math.MaxInt64}, nil},
		{all[2], []int64{foreign[1], all[0], -1}, []int64{all[0], all[3], all[4], all[5]}},
	} {
		given := slices.Clone(c.include)
		got, err := e.st.Trials(e.ctx, study, c.after, given)
		e.must(err, "Trials(after %d, include %v)", c.after, c.include)
		if !slices.Equal(ids(got), c.want) {
			e.Errorf("Trials(after %d, include %v): ids %v, want %v (ids above after, and those in include that the study has, each once, in order)", c.after, c.include, ids(got), c.want)
		}
		if !slices.Equal(given, c.include) {
			e.Errorf("Trials changed its argument include from %v to %v", c.include, given)
		}
		for _, t := range got {
			e.same(t, e.trial(t.ID), "Trials(after %d) against Trial", c.after)
		}
	}
	many := make([]int64, 0, 3000)
	for i := range 3000 {
		many = append(many, top+int64(i)-2999)
	}
	got, err := e.st.Trials(e.ctx, study, top, many)
	e.must(err, "Trials with 3000 ids to include")
	want := slices.DeleteFunc(slices.Clone(all), func(id int64) bool { return id < many[0] })
	if !slices.Equal(ids(got), want) {
		e.Errorf("Trials with 3000 ids to include: ids %v, want %v", ids(got), want)
	}
}

// A follower keeps what it has seen of a study up to date as the contract
// advises.
type follower struct {
	seen   map[int64]storage.Trial
	cursor int64
}

func newFollower() *follower { return &follower{seen: make(map[int64]storage.Trial), cursor: -1} }

// poll asks for what is new. It returns an error when an id at or below the
// cursor turns up for the first time, or when a finished trial comes again.
func (f *follower) poll(ctx context.Context, st storage.Storage, study int64) error {
	var open []int64
	for id, t := range f.seen {
		if !t.State.Finished() {
			open = append(open, id)
		}
	}
	cursor := f.cursor
	got, err := st.Trials(ctx, study, cursor, open)
	if err != nil {
		return err
	}
	for _, t := range got {
		if _, ok := f.seen[t.ID]; !ok && t.ID <= cursor {
			return fmt.Errorf("trial %d (id %d) appeared after id %d had been seen", t.Number, t.ID, cursor)
		}
		f.seen[t.ID] = t
		f.cursor = max(f.cursor, t.ID)
	}
	return nil
}

// check compares what the follower has with what the storage says.
func (f *follower) check(e *env, study int64) {
	e.Helper()
	want := e.trials(study)
	if len(f.seen) != len(want) {
		e.Errorf("a follower saw %d trials, the study has %d", len(f.seen), len(want))
	}
	for _, w := range want {
		e.same(f.seen[w.ID], w, "a follower's trial")
	}
}

// With the largest id seen and the ids seen unfinished a follower misses
// nothing.
func follow(e *env) {
	study, noise := e.createStudy(""), e.createStudy("")
	f := newFollower()
	var open []int64
	for i := range 40 {
		e.create(noise, nil)
		switch i % 5 {
		case 0, 1:
			open = append(open, e.create(study, nil).ID)
		case 2:
			e.create(study, fullTrial(storage.Complete))
		case 3:
			e.setReport(open[len(open)-1], i, 1)
			e.setTrialAttr(open[0], storage.UserAttr, fmt.Sprint(i), "1")
		case 4:
			e.move(open[0], storage.Complete, float64(i))
			open = open[1:]
		}
		if i%3 == 0 {
			e.must(f.poll(e.ctx, e.st, study), "following a study")
		}
	}
	e.must(f.poll(e.ctx, e.st, study), "following a study")
	f.check(e, study)
}

// changeEverything makes every kind of change to a study and its open trials.
func changeEverything(e *env, study int64, open []int64) {
	for i, id := range open {
		e.setParam(id, fmt.Sprint("late", i), 0.5, unit)
		e.setReport(id, 1, 77)
		e.setReport(id, 2, 78)
		e.setReport(id, 0, 79)
		for _, kind := range bothKinds {
			e.setTrialAttr(id, kind, "k", `"changed"`)
			e.setTrialAttr(id, kind, "late", "1")
		}
	}
	for _, kind := range bothKinds {
		e.setStudyAttr(study, kind, "k", `"changed"`)
		e.setStudyAttr(study, kind, "late", "1")
	}
	e.create(study, nil)
	for i, id := range open {
		if e.trial(id).State == storage.Waiting {
			e.move(id, storage.Running)
		}
		e.move(id, finishedStates[i%3], 99)
	}
}

// What a storage returned never changes under its holder.
func snapshotsDoNotChange(e *env) {
	study := e.createStudy("")
	var open []int64
	for _, state := range []storage.State{storage.Running, storage.Running, storage.Waiting} {
		t := e.create(study, &storage.Trial{State: state, Values: []float64{1}})
		e.setParam(t.ID, "x", 0.5, unit)
		e.setReport(t.ID, 1, 1)
		e.setReport(t.ID, 5, 1)
		for _, kind := range bothKinds {
			e.setTrialAttr(t.ID, kind, "k", "1")
		}
		open = append(open, t.ID)
	}
	e.create(study, fullTrial(storage.Complete))
	for _, kind := range bothKinds {
		e.setStudyAttr(study, kind, "k", "1")
	}
	held := e.trials(study)
	for _, id := range open {
		held = append(held, e.trial(id))
	}
	fresh := e.create(study, nil)
	held = append(held, fresh)
	heldStudies, err := e.st.Studies(e.ctx)
	e.must(err, "Studies")
	heldStudies = append(heldStudies, e.study(study))
	var want []storage.Trial
	for i := range held {
		want = append(want, held[i].Clone())
	}
	var wantStudies []storage.Study
	for _, s := range heldStudies {
		s.UserAttrs, s.SystemAttrs = slices.Clone(s.UserAttrs), slices.Clone(s.SystemAttrs)
		wantStudies = append(wantStudies, s)
	}
	changeEverything(e, study, append(open, fresh.ID))
	for i := range held {
		e.same(held[i], want[i], "a trial that was returned earlier has changed")
	}
	for i := range heldStudies {
		if d := e.o.diffStudy(&heldStudies[i], &wantStudies[i]); d != "" {
			e.Errorf("a study that was returned earlier has changed: %s", d)
		}
	}
	if n := len(e.trials(study)); n != 6 {
		e.Errorf("the study has %d trials, want 6", n)
	}
}

// Readers hold snapshots, and look at them again, while writers write: the
// race detector sees what is shared.
func snapshotsUnderReaders(e *env) {
	study := e.createStudy("")
	var done atomic.Bool
	writers := max(2, e.o.Goroutines/8)
	var working atomic.Int32
	working.Store(int32(writers))
	parallel(writers+4, func(i int) {
		if i < writers {
			defer func() {
				if working.Add(-1) == 0 {
					done.Store(true)
				}
			}()
			for round := range 4 {
				t, err := e.st.CreateTrial(e.ctx, study, nil)
				if err != nil {
					e.Errorf("CreateTrial: %v", err)
					return
				}
				for k := range 5 {
					name := fmt.Sprint("p", (k*7+i)%9)
					err = errors.Join(err,
						e.st.SetParam(e.ctx, t.ID, storage.Param{Name: name, Value: 0.5, Dist: unit}),
						e.st.SetReport(e.ctx, t.ID, (k*3)%5, float64(k)),
						e.st.SetTrialAttr(e.ctx, t.ID, bothKinds[k%2], fmt.Sprint(k%3), fmt.Sprint(k)),
						e.st.SetStudyAttr(e.ctx, study, bothKinds[k%2], fmt.Sprint(i%5), fmt.Sprint(round)))
				}
				_, serr := e.st.SetState(e.ctx, t.ID, storage.Complete, []float64{1})
				if err = errors.Join(err, serr); err != nil {
					e.Errorf("writing beside readers: %v", err)
					return
				}
			}
			return
		}
		type snapshot struct{ held, copied []storage.Trial }
		var kept []snapshot
		for last := false; ; {
			last = done.Load()
			ts, err := e.st.Trials(e.ctx, study, -1, nil)
			s, serr := e.st.Study(e.ctx, study)
			if err = errors.Join(err, serr); err != nil {
				e.Errorf("reading beside writers: %v", err)
				return
			}
			snap := snapshot{held: ts}
			for k := range ts {
				snap.copied = append(snap.copied, ts[k].Clone())
			}
			kept = append(kept, snap)
			for _, a := range append(slices.Clone(s.UserAttrs), s.SystemAttrs...) {
				if a.Key == "" || a.Value == "" {
					e.Errorf("a study attribute read beside writers is %+v", a)
				}
			}
			for _, old := range kept {
				for k := range old.held {
					if d := e.o.diffTrial(&old.held[k], &old.copied[k]); d != "" {
						e.Errorf("a trial that was returned earlier has changed under its reader: %s", d)
						return
					}
				}
			}
			if len(kept) == 8 {
				kept = kept[4:]
			}
			if last {
				return
			}
		}
	})
}

// calls returns one call of every method of the storage, each of which would
// succeed.
func calls(e *env) map[string]func(ctx context.Context) error {
	study := e.createStudy("calls")
	t := e.create(e.createStudy(""), nil).ID
	waiting := e.create(study, &storage.Trial{State: storage.Waiting}).ID
	doomed := e.createStudy("doomed")
	out := map[string]func(ctx context.Context) error{
		"CreateStudy": func(ctx context.Context) error {
			_, err := e.st.CreateStudy(ctx, "late", []storage.Direction{minimize})
			return err
		},
		"DeleteStudy": func(ctx context.Context) error { return e.st.DeleteStudy(ctx, doomed) },
		"FindStudy":   func(ctx context.Context) error { _, err := e.st.FindStudy(ctx, "calls"); return err },
		"Study":       func(ctx context.Context) error { _, err := e.st.Study(ctx, study); return err },
		"Studies":     func(ctx context.Context) error { _, err := e.st.Studies(ctx); return err },
		"SetStudyAttr": func(ctx context.Context) error {
			return e.st.SetStudyAttr(ctx, study, storage.UserAttr, "k", "1")
		},
		"CreateTrial": func(ctx context.Context) error { _, err := e.st.CreateTrial(ctx, study, nil); return err },
		"CreateTrial from a template": func(ctx context.Context) error {
			_, err := e.st.CreateTrial(ctx, study, fullTrial(storage.Complete))
			return err
		},
		"SetParam": func(ctx context.Context) error {
			return e.st.SetParam(ctx, t, storage.Param{Name: "x", Value: 0.5, Dist: unit})
		},
		"SetReport":    func(ctx context.Context) error { return e.st.SetReport(ctx, t, 1, 1) },
		"SetTrialAttr": func(ctx context.Context) error { return e.st.SetTrialAttr(ctx, t, storage.UserAttr, "k", "1") },
		"SetState": func(ctx context.Context) error {
			_, err := e.st.SetState(ctx, waiting, storage.Running, nil)
			return err
		},
		"Trial":  func(ctx context.Context) error { _, err := e.st.Trial(ctx, t); return err },
		"Trials": func(ctx context.Context) error { _, err := e.st.Trials(ctx, study, -1, nil); return err },
	}
	if c, ok := storage.AsClaimer(e.st); ok {
		held := e.claim(study, storage.Claim{Attrs: lease("w")}).ID
		out["Claim"] = func(ctx context.Context) error { _, _, err := c.Claim(ctx, study, storage.Claim{}); return err }
		out["Requeue"] = func(ctx context.Context) error {
			_, err := c.Requeue(ctx, held, "w", []storage.Attr{{Key: storage.AttrLost, Value: `"x"`}}, nil)
			return err
		}
	}
	if l, ok := storage.AsLeaser(e.st); ok {
		out["Beat"] = func(ctx context.Context) error { return l.Beat(ctx, study, "w", 1, []int64{t}) }
		out["Beats"] = func(ctx context.Context) error { _, err := l.Beats(ctx, study); return err }
	}
	return out
}

// A call whose context has ended returns its error, and the storage works on.
func contextCancelled(e *env) {
	all := calls(e)
	cancelled, cancel := context.WithCancel(e.ctx)
	cancel()
	late, cancelLate := context.WithDeadline(e.ctx, time.Now().Add(-time.Second))
	defer cancelLate()
	for name, call := range all {
		e.is(call(cancelled), context.Canceled, "%s with a cancelled context", name)
		e.is(call(late), context.DeadlineExceeded, "%s with a context past its deadline", name)
	}
	t := e.create(e.createStudy(""), nil)
	e.setReport(t.ID, 0, 1)
	e.move(t.ID, storage.Complete, 1)
}

// After Close every call fails.
func closed(e *env) {
	all := calls(e)
	e.closed = true
	e.must(e.st.Close(), "Close")
	for name, call := range all {
		if err := call(e.ctx); err == nil {
			e.Errorf("%s after Close: no error; calls on a closed storage fail", name)
		}
	}
}
