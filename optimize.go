package hone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gohone/hone/sampler"
)

// An Objective tries the values that a trial hands out and returns what came of
// them. An error fails the trial; ErrPruned, or an error that wraps it, prunes it.
type Objective func(*Trial) (float64, error)

// A MultiObjective is an Objective with one value for each direction of the
// study.
type MultiObjective func(*Trial) ([]float64, error)

// A StopRule reports, after a trial, whether the call of Optimize should begin no
// more trials.
type StopRule func(*Study, FrozenTrial) bool

// OptimizeOptions say how long a call of Optimize works, and how. Zero fields
// mean no limit.
type OptimizeOptions struct {
	// Trials is the number of trials that this call makes.
	Trials int
	// TotalTrials is the budget of the whole study, over all calls, processes
	// and restarts: complete, pruned and failed trials count; a trial whose
	// worker was lost, or that was cut off, does not. The call returns when the
	// budget is used up, and waits for (or runs again) what others have under
	// way. It is exact among Go workers on one storage; beside Python workers,
	// or through a gRPC proxy that is not hone's, it may be over-run by at most
	// the number of workers.
	TotalTrials int
	// Workers is the number of trials run at once. 0 means one.
	Workers int
	// Timeout is the time after which no new trials begin. Those under way are
	// finished.
	Timeout time.Duration
	// TrialTimeout is the time a trial has. Then its context ends, and it fails
	// and counts.
	TrialTimeout time.Duration
	// Catch reports whether the study goes on after an objective returned this
	// error, panicked, or ended its goroutine; the trial has failed either way.
	// nil: the first such error ends the call. Pruned trials, NaN and a
	// TrialTimeout never end it.
	Catch func(error) bool
	// Callbacks are called one after the other after each trial, when its
	// result is durable. They may call Study.Stop.
	Callbacks []func(*Study, FrozenTrial)
	// Stop holds rules any of which ends the call.
	Stop []StopRule
	// Progress gets a line that is redrawn, if it is a terminal, or else plain
	// lines now and then: trials done, best value, rate, time left.
	Progress io.Writer
}

func (o *OptimizeOptions) validate() error {
	for _, f := range []struct {
		name  string
		value int
	}{{"Trials", o.Trials}, {"TotalTrials", o.TotalTrials}, {"Workers", o.Workers}} {
		if f.value < 0 {
			return fmt.Errorf("hone: OptimizeOptions.%s is %d; it must not be negative", f.name, f.value)
		}
	}
	for _, f := range []struct {
		name  string
		value time.Duration
	}{{"Timeout", o.Timeout}, {"TrialTimeout", o.TrialTimeout}} {
		if f.value < 0 {
			return fmt.Errorf("hone: OptimizeOptions.%s is %v; it must not be negative", f.name, f.value)
		}
	}
	return nil
}

// Optimize runs n trials of an objective, one after the other. It is
// OptimizeContext with a background context and Trials: n; n = 0 runs none.
func (s *Study) Optimize(f Objective, n int) error {
	if n == 0 && f != nil {
		return nil
	}
	return s.OptimizeContext(context.Background(), f, &OptimizeOptions{Trials: n})
}

// OptimizeContext runs trials of an objective until one of the limits is reached,
// the sampler has nothing left to try, Study.Stop is called, or ctx ends. nil
// options set no limit.
//
// It returns the first error of an objective that Catch does not take, wrapped
// with the trial's number; where ctx has ended, an error that wraps ctx's and its
// cause. When ctx ends, the trials under way have a second to return; those that do
// not complete fail, do not count, and are put back into the queue, so that none is
// left running. A limit that is reached is no error.
func (s *Study) OptimizeContext(ctx context.Context, f Objective, o *OptimizeOptions) error {
	if f == nil {
		return errors.New("hone: Optimize: the objective is nil")
	}
	if len(s.directions) != 1 {
		return fmt.Errorf("%w (study %q has %d): use OptimizeMulti", ErrMultiObjective, s.name, len(s.directions))
	}
	return s.optimize(ctx, o, func(t *Trial) ([]float64, error) {
		v, err := f(t)
		t.single[0] = v
		return t.single[:], err
	})
}

// OptimizeMulti is Optimize for a study with any number of objectives.
func (s *Study) OptimizeMulti(f MultiObjective, n int) error {
	if n == 0 && f != nil {
		return nil
	}
	return s.OptimizeMultiContext(context.Background(), f, &OptimizeOptions{Trials: n})
}

// OptimizeMultiContext is OptimizeContext for a study with any number of
// objectives.
func (s *Study) OptimizeMultiContext(ctx context.Context, f MultiObjective, o *OptimizeOptions) error {
	if f == nil {
		return errors.New("hone: Optimize: the objective is nil")
	}
	return s.optimize(ctx, o, f)
}

// A run is one call of Optimize.
//
// Each worker is a goroutine that begins a trial, calls the objective, and brings
// the result to the storage. A trial ends in one of two ways, and a flag decides
// which comes first: the objective returns (or panics, or ends its goroutine) and
// its worker writes the result; or the trial's context has ended and a second has
// passed, and then a timer's goroutine writes that it failed and starts another
// worker in the place of the old one, which is left behind with its objective and
// exits when that returns.
type run struct {
	study     *Study
	objective MultiObjective
	o         OptimizeOptions
	ctx       context.Context
	quiet     context.Context // ctx, never cancelled
	progress  *progress
	begun     time.Time

	mu      sync.Mutex
	started int  // trials begun, of which Trials may limit the number
	stopped bool // begin no more
	err     error
	active  int           // workers, without those left behind
	done    chan struct{} // closed when there are none
	wake    chan struct{} // closed and replaced when something has happened
	waiters int           // goroutines that wait for wake

	after sync.Mutex // serialises callbacks
}

// A worker runs one trial at a time.
type worker struct {
	left bool // behind: its place has gone to another
}

var (
	errTrialTimeout = errors.New("the trial ran out of time (OptimizeOptions.TrialTimeout)")
	errAbandoned    = errors.New("the objective did not return within a second of the end of its context and was left behind; have it watch Trial.Context()")
	errGoexit       = errors.New("the objective ended its goroutine (runtime.Goexit, or FailNow of a test)")
)

func (s *Study) optimize(ctx context.Context, o *OptimizeOptions, f MultiObjective) error {
	if o == nil {
		o = new(OptimizeOptions)
	}
	if err := o.validate(); err != nil {
		return err
	}
	r := &run{study: s, objective: f, o: *o, ctx: ctx, quiet: context.WithoutCancel(ctx), begun: time.Now(), done: make(chan struct{}), wake: make(chan struct{})}
	if ctx.Err() != nil {
		return fmt.Errorf("%w (no trial was begun)", r.ended())
	}
	if o.Progress != nil {
		r.progress = newProgress(o.Progress, s, o)
	}
	if o.Trials == 0 && o.TotalTrials == 0 && o.Timeout == 0 && len(o.Stop) == 0 && ctx.Done() == nil && s.logger != nil {
		s.logger.Warn("hone: optimize has no limit: it goes on until Study.Stop is called", "study", s.name)
	}
	s.runMu.Lock()
	s.runs[r] = struct{}{}
	s.runMu.Unlock()
	defer func() {
		s.runMu.Lock()
		delete(s.runs, r)
		s.runMu.Unlock()
	}()
	if o.Timeout > 0 {
		timer := time.AfterFunc(o.Timeout, func() { r.stop(nil) })
		defer timer.Stop()
	}
	unhook := context.AfterFunc(ctx, func() { r.stop(nil) })
	defer unhook()

	r.active = max(1, o.Workers)
	for range r.active {
		go r.work()
	}
	<-r.done
	if r.progress != nil {
		if err := r.userCall("OptimizeOptions.Progress", r.progress.end); err != nil {
			r.stop(err)
		}
	}
	r.mu.Lock()
	err := r.err
	r.mu.Unlock()
	if err != nil {
		s.putInOrder(r.quiet)
		return err
	}
	if ctx.Err() != nil {
		return r.ended()
	}
	return nil
}

// ended returns the error of a call whose ctx has ended: its cause, which is also
// ctx.Err().
func (r *run) ended() error {
	err, cause := r.ctx.Err(), context.Cause(r.ctx)
	if errors.Is(cause, err) {
		err = cause
	} else {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return fmt.Errorf("hone: optimize study %q: %w", r.study.name, err)
}

// stop has no more trials begun. The first error that is given is what Optimize
// returns.
func (r *run) stop(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	if r.err == nil {
		r.err = err
	}
	r.wakeLocked()
}

func (r *run) wakeLocked() {
	if r.waiters > 0 {
		close(r.wake)
		r.wake, r.waiters = make(chan struct{}), 0
	}
}

func (r *run) isStopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopped
}

// reserve takes one of Options.Trials; release gives it back.
func (r *run) reserve() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped || r.o.Trials > 0 && r.started >= r.o.Trials {
		return false
	}
	r.started++
	return true
}

func (r *run) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started--
}

// work runs trials until there are no more to begin. When an objective ends the
// goroutine, another worker takes its place.
func (r *run) work() {
	w, ended := new(worker), false
	defer func() {
		if !w.left {
			r.leave(!ended)
		}
	}()
	for r.reserve() {
		t := r.next()
		if t == nil {
			r.release()
			break
		}
		if r.try(w, t); w.left {
			break
		}
	}
	ended = true
}

// leave gives a worker's place up, or to another worker.
func (r *run) leave(replace bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if replace && !r.stopped {
		go r.work()
		return
	}
	if r.active--; r.active == 0 {
		close(r.done)
	}
}

// next begins a trial. With a budget it waits until there is one to begin or the
// budget is used up. nil means that there are no more.
func (r *run) next() *Trial {
	defer r.study.lease.attend()()
	pause, settled := 5*time.Millisecond, false
	for !r.isStopped() && r.ctx.Err() == nil {
		var wake chan struct{}
		if r.o.TotalTrials > 0 { // otherwise one seldom waits
			r.mu.Lock()
			wake = r.wake
			r.waiters++
			r.mu.Unlock()
		}
		// Once begun, a trial is to be known of: the end of ctx is looked at
		// before and after.
		t, ok, err := r.study.start(r.quiet, r.ctx, r.o.TotalTrials, false)
		if err != nil {
			r.stop(err)
			return nil
		}
		if ok {
			return t
		}
		// What was under way may have ended since start looked: it is only over
		// if nothing was under way before that look either.
		before := settled
		if settled, err = r.settled(); err != nil || settled && before && !r.study.lease.doubts() {
			r.stop(err)
			return nil
		}
		if settled && !before {
			continue
		}
		// Somebody's trial may yet fail, or open a branch.
		if wake == nil {
			r.mu.Lock()
			wake = r.wake
			r.waiters++
			r.mu.Unlock()
		}
		select {
		case <-r.ctx.Done():
			return nil
		case <-wake:
		case <-time.After(pause):
		}
		pause = min(2*pause, 500*time.Millisecond)
		r.study.lease.look(r.ctx)
	}
	return nil
}

// settled reports whether the budget is used up, or nothing is under way, here or
// under a lease elsewhere, that may yet fall back into the queue or open a branch.
// Trials that the user asked for are not waited for: the user may be this very
// goroutine.
func (r *run) settled() (bool, error) {
	if err := r.study.refreshAll(r.quiet); err != nil {
		return false, fmt.Errorf("hone: study %q: %w", r.study.name, err)
	}
	waiting, here, leased := r.study.known.unfinished()
	k := r.study.known
	k.mu.Lock()
	counts := k.counts
	k.mu.Unlock()
	return r.o.TotalTrials > 0 && counts >= r.o.TotalTrials || waiting+here+leased == 0, nil
}

// try calls the objective and ends the trial, unless the trial was taken away
// because the objective did not heed its context.
func (r *run) try(w *worker, t *Trial) {
	g := r.guard(t)
	values, err := r.call(w, t, g)
	if !g.back() {
		w.left = true
		return
	}
	r.conclude(t, values, err, g)
}

// call calls the objective and turns a panic into an error. A Goexit cannot be
// stopped: the trial is then ended on the way out.
func (r *run) call(w *worker, t *Trial, g *guard) (values []float64, err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		p := recover()
		switch p := p.(type) {
		case nil:
			if g.back() {
				r.conclude(t, nil, errGoexit, g)
			} else {
				w.left = true
			}
		case *raised:
			err = p
		default:
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	values, err = r.objective(t)
	returned = true
	return values, err
}

// A PanicError is what Optimize returns (wrapped) when an objective panicked.
type PanicError struct {
	Value any    // what it panicked with
	Stack []byte // where
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("the objective panicked: %v\n%s", e.Value, e.Stack)
}

// Unwrap returns the panic's value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// conclude ends a trial with what its objective brought, and lets everybody know
// who waits for it.
func (r *run) conclude(t *Trial, values []float64, err error, g *guard) {
	s := r.study
	if failure := t.failure(); failure != nil {
		err = failure
	}
	timedOut := g.timedOut()
	ctx := r.quiet
	switch {
	case err == nil && !timedOut:
		if err = s.checkResult(values); err == nil {
			r.told(s.finishOrOwe(ctx, t, Complete, values, nil))
			return
		}
		// The trial has failed; the study goes on, as in Optuna.
		r.told(s.finishOrOwe(ctx, t, Failed, nil, t.badResult(values, err)))
	case errors.Is(err, ErrPruned):
		r.told(s.finishOrOwe(ctx, t, Pruned, nil, nil))
	case errors.Is(err, sampler.ErrExhausted) && t.failure() != nil:
		// Found out only when it was asked for a value.
		r.release()
		r.stop(s.discard(ctx, t, "the search space is exhausted"))
	case t.elsewhere.Load():
		_, err := s.finishOrOwe(ctx, t, Failed, nil, err)
		r.told(nil, err)
	case r.ctx.Err() != nil:
		_, err := s.requeue(ctx, t, "cut off: "+context.Cause(r.ctx).Error(), true)
		if err != nil {
			r.stop(err)
		}
	case timedOut:
		if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			err = errTrialTimeout
		} else if !errors.Is(err, errTrialTimeout) { // it may have returned the context's cause
			err = fmt.Errorf("%w: %w", errTrialTimeout, err)
		}
		r.told(s.finishOrOwe(ctx, t, Failed, nil, err))
	default:
		r.told(s.finishOrOwe(ctx, t, Failed, nil, err))
		if t.elsewhere.Load() {
			return // which came out only now
		}
		goOn := false
		if r.o.Catch != nil {
			if panicked := r.userCall("OptimizeOptions.Catch", func() { goOn = r.o.Catch(err) }); panicked != nil {
				err = errors.Join(err, panicked)
			}
		}
		if !goOn {
			var placed *raised
			if !errors.As(err, &placed) { // which tells the trial already
				err = fmt.Errorf("hone: trial %d: %w", t.rec.Number, err)
			}
			r.stop(err)
		}
	}
}
