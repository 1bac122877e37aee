package storagetest

import (
	"fmt"

	"github.com/gohone/hone/storage"
)

// wantBeat wants the last beat of a worker to be seq.
func wantBeat(e *env, st storage.Storage, study int64, worker string, seq int64) {
	e.Helper()
	got, err := st.(storage.Leaser).Beats(e.ctx, study)
	e.must(err, "Beats")
	if got[worker] != seq {
		e.Errorf("Beats: the last beat of %q is %d, want %d (of %v)", worker, got[worker], seq, got)
	}
}

// The last beat of each worker is seen, within its study.
func beats(e *env) {
	l := e.st.(storage.Leaser)
	study, other := e.createStudy("a"), e.createStudy("b")
	none, err := l.Beats(e.ctx, study)
	e.must(err, "Beats")
	if len(none) != 0 {
		e.Errorf("Beats of a new study: %v, want none", none)
	}
	a := e.claim(study, storage.Claim{Attrs: lease("w1")}).ID
	b := e.claim(study, storage.Claim{Attrs: lease("w1")}).ID
	c := e.claim(study, storage.Claim{Attrs: lease("w2")}).ID
	before := e.trial(a)
	for seq := int64(1); seq <= 3; seq++ {
		e.must(l.Beat(e.ctx, study, "w1", seq, []int64{a, b}), "Beat")
		wantBeat(e, e.st, study, "w1", seq)
	}
	e.must(l.Beat(e.ctx, study, "w2", 1, []int64{c}), "Beat")
	wantBeat(e, e.st, study, "w1", 3)
	wantBeat(e, e.st, study, "w2", 1)
	e.same(e.trial(a), before, "a trial whose holder beat")
	if n := len(e.trials(study)); n != 3 {
		e.Errorf("beats made trials: %d, want 3", n)
	}
	elsewhere, err := l.Beats(e.ctx, other)
	e.must(err, "Beats")
	if len(elsewhere) != 0 {
		e.Errorf("Beats of another study: %v, want none", elsewhere)
	}
	// A worker goes on under the trials it holds now.
	e.move(a, storage.Complete, 1)
	e.must(l.Beat(e.ctx, study, "w1", 4, []int64{b}), "Beat")
	wantBeat(e, e.st, study, "w1", 4)
	e.must(l.Beat(e.ctx, study, "w1", 1<<40, []int64{b}), "Beat")
	wantBeat(e, e.st, study, "w1", 1<<40)
	// Workers beat at the same time.
	held := make([]int64, e.o.Goroutines)
	for i := range held {
		held[i] = e.claim(study, storage.Claim{Attrs: lease(fmt.Sprint("p", i))}).ID
	}
	parallel(len(held), func(i int) {
		for seq := int64(1); seq <= 3; seq++ {
			if err := l.Beat(e.ctx, study, fmt.Sprint("p", i), seq, held[i:i+1]); err != nil {
				e.Errorf("Beat beside others: %v", err)
			}
		}
	})
	for i := range held {
		wantBeat(e, e.st, study, fmt.Sprint("p", i), 3)
	}
}

// Beats cross from handle to handle: that is what they are for.
func beatsTwoHandles(e *env) {
	b := e.open()
	defer b.close(b.st)
	study := e.createStudy("")
	mine := e.claim(study, storage.Claim{Attrs: lease("w1")}).ID
	theirs := b.claim(study, storage.Claim{Attrs: lease("w2")}).ID
	for seq := int64(1); seq <= 3; seq++ {
		e.must(e.st.(storage.Leaser).Beat(e.ctx, study, "w1", seq, []int64{mine}), "Beat")
		e.must(b.st.(storage.Leaser).Beat(e.ctx, study, "w2", 10*seq, []int64{theirs}), "Beat")
		for _, st := range []storage.Storage{e.st, b.st} {
			wantBeat(e, st, study, "w1", seq)
			wantBeat(e, st, study, "w2", 10*seq)
		}
	}
	// A lost trial is re-queued through another handle than its holder's.
	if ok, err := b.claimer().Requeue(e.ctx, mine, "w1", lost, &storage.Trial{State: storage.Waiting}); !ok || err != nil {
		e.Errorf("Requeue through the other handle: %v, %v, want true", ok, err)
	}
	if ok, err := e.claimer().Requeue(e.ctx, mine, "w1", lost, &storage.Trial{State: storage.Waiting}); ok || err != nil {
		e.Errorf("Requeue of a trial that the other handle re-queued: %v, %v, want false", ok, err)
	}
	_, err := e.st.SetState(e.ctx, mine, storage.Complete, []float64{1})
	e.is(err, storage.ErrTrialFinished, "SetState by a holder whose trial was re-queued through the other handle")
}
