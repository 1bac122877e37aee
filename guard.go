package hone

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// A guard watches over one call of an objective: it ends the trial's context in
// time, and takes the trial away from an objective that does not heed it.
type guard struct {
	taken   atomic.Bool // by the worker or by the guard, whoever is first
	expired atomic.Bool
	timer   *time.Timer // ends the trial's time
	unhook  func() bool // stops watching ctx
}

// guard begins to watch.
func (r *run) guard(t *Trial) *guard {
	g := new(guard)
	if r.o.TrialTimeout > 0 {
		g.timer = time.AfterFunc(r.o.TrialTimeout, func() {
			g.expired.Store(true)
			t.abort(errTrialTimeout)
			r.abandonLater(t, g, false)
		})
	}
	if r.ctx.Done() != nil {
		g.unhook = context.AfterFunc(r.ctx, func() { r.abandonLater(t, g, false) })
	}
	return g
}

// back is for the worker whose objective has returned: it reports whether the
// trial is still the worker's to end.
func (g *guard) back() bool {
	if g.timer != nil {
		g.timer.Stop()
	}
	if g.unhook != nil {
		g.unhook()
	}
	return g.take()
}

// take decides who ends the trial: the first to call it gets true.
func (g *guard) take() bool { return g.taken.CompareAndSwap(false, true) }

func (g *guard) timedOut() bool { return g.expired.Load() }

// abandonLater gives the objective its second and then ends the trial without
// it. While the objective waits for the sampler, the pruner or the storage it is
// not to blame, and gets another second once they are done; waited says that it
// was so a second ago.
func (r *run) abandonLater(t *Trial, g *guard, waited bool) {
	time.AfterFunc(graceAfterCancel, func() {
		if g.taken.Load() {
			return
		}
		waits := !t.choosing.TryLock()
		if !waits {
			t.choosing.Unlock()
		}
		if waits || waited {
			r.abandonLater(t, g, waits)
			return
		}
		if !g.take() {
			return
		}
		t.fail(fmt.Errorf("hone: trial %d: %w", t.rec.Number, errAbandoned))
		if l := r.study.logger; l != nil {
			l.Error("hone: objective left behind", "study", r.study.name, "trial", t.rec.Number, "error", errAbandoned)
		}
		if err := r.userCall("OptimizeOptions.Progress", func() { r.progress.note(fmt.Sprintf("trial %d: %v", t.rec.Number, errAbandoned)) }); err != nil {
			r.stop(err)
		}
		r.conclude(t, nil, errAbandoned, g)
		r.leave(true) // the place of the worker that is left behind
	})
}
