package hone

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// A Trial is one attempt of an objective: it hands out the values to try and
// takes in what is learned on the way. It may be used from any goroutine of its
// objective, until the objective returns.
type Trial struct {
	study  *Study
	from   context.Context // what Context is derived from
	quiet  context.Context // the same, never cancelled: for writes to the storage
	rand   rand.PCG
	asked  bool       // by the user: no call of Optimize runs it
	held   bool       // counted by the leaseKeeper, under its lock
	single [1]float64 // the objective's value, on its way

	// choosing serialises the calls that ask the sampler or the pruner. It is
	// taken before mu.
	choosing sync.Mutex
	query    *sampler.Query
	joint    map[string]float64
	jointly  bool           // SampleJoint has been asked
	fixed    map[string]any // enqueued values
	used     int            // how many of them were asked for
	seen     int64          // notes at the last look

	done      atomic.Bool  // told, or given up; written under mu
	elsewhere atomic.Bool  // found to have been ended by somebody else
	notes     atomic.Int64 // reports and attributes set so far

	mu     sync.Mutex
	rec    storage.Trial // what it has so far; slices only grow or are replaced
	err    error         // the first failure, which fails the trial
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// newTrial wraps a running trial of the storage. Randomness depends on the
// study's seed and the trial's number alone.
func (s *Study) newTrial(quiet, from context.Context, rec storage.Trial) (*Trial, error) {
	t := &Trial{study: s, from: from, quiet: quiet, rec: rec}
	if n := s.known.params(); n > cap(rec.Params) {
		t.rec.Params = slices.Grow(slices.Clip(rec.Params), n-len(rec.Params))
	}
	t.rand.Seed(s.seed, uint64(rec.Number))
	text, ok := rec.SystemAttrs.Get(storage.AttrFixedParams)
	if !ok {
		return t, nil
	}
	v, err := pyjson.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("hone: trial %d: attribute %q: %w", rec.Number, storage.AttrFixedParams, err)
	}
	if fixed, ok := native(pyjson.Plain(v)).(map[string]any); ok {
		t.fixed = fixed
	}
	return t, nil
}

// snapshot returns what the trial has so far. It shares memory that does not
// change.
func (t *Trial) snapshot() storage.Trial {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.snapshotLocked()
}

func (t *Trial) snapshotLocked() storage.Trial {
	c := t.rec
	c.Params = slices.Clip(c.Params)
	c.Reports = slices.Clip(c.Reports)
	c.UserAttrs = slices.Clip(c.UserAttrs)
	c.SystemAttrs = slices.Clip(c.SystemAttrs)
	return c
}

// Number returns the trial's number within its study, counted from 0.
func (t *Trial) Number() int { return t.rec.Number }

// Study returns the trial's study.
func (t *Trial) Study() *Study { return t.study }

// Context ends when the trial should: when the context given to OptimizeContext
// ends, when TrialTimeout has passed, or when the trial's lease was lost
// (context.Cause then gives ErrLeaseLost). After that the objective has a second
// to return.
func (t *Trial) Context() context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx == nil {
		t.ctx, t.cancel = context.WithCancelCause(t.from)
		if t.done.Load() {
			t.cancel(context.Canceled)
		}
	}
	return t.ctx
}

// abort ends the trial's context with a cause.
func (t *Trial) abort(cause error) {
	t.Context()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cancel(cause)
}

// Params returns the parameters that the trial has so far, in the form in which
// the objective got them.
func (t *Trial) Params() map[string]any {
	rec := t.snapshot()
	params := make(map[string]any, len(rec.Params))
	for _, p := range rec.Params {
		params[p.Name] = external(p)
	}
	return params
}

// fail keeps the first error: the trial fails with it whatever the objective
// returns.
func (t *Trial) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
	}
}

// failure returns the error that fail kept.
func (t *Trial) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// open returns an error unless the trial is under way.
func (t *Trial) open() error {
	if t.done.Load() {
		return fmt.Errorf("%w: it has returned or was told a result", ErrTrialFinished)
	}
	return nil
}

// Report tells an intermediate value, so that the pruner can judge the trial.
// Steps are not negative and may come in any order; a second report of one step
// is passed over. NaN and infinities are values. It panics, as SuggestFloat
// does, when the step is negative, when the study has several objectives, or when
// the storage fails.
func (t *Trial) Report(step int, value float64) {
	if err := t.report(step, value); err != nil {
		t.raise(fmt.Errorf("report at step %d: %w", step, err))
	}
}

func (t *Trial) report(step int, value float64) error {
	if len(t.study.directions) != 1 {
		return fmt.Errorf("%w (%d): reports have no meaning there", ErrMultiObjective, len(t.study.directions))
	}
	if step < 0 {
		return errors.New("the step is negative; count steps from 0")
	}
	t.choosing.Lock()
	defer t.choosing.Unlock()
	if err := t.open(); err != nil {
		return err
	}
	if slices.ContainsFunc(t.snapshot().Reports, func(r storage.Report) bool { return r.Step == step }) {
		t.warn("step reported twice, the first value stands", "step", step)
		return nil
	}
	if err := t.study.storage.SetReport(t.quiet, t.rec.ID, step, value); err != nil {
		return t.refused(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rec.Reports = storage.WithReport(t.rec.Reports, step, value)
	t.notes.Add(1)
	return nil
}

// ShouldPrune reports whether the study's pruner would stop the trial now; the
// objective then returns ErrPruned. It is false before the first report. It
// panics as SuggestFloat does.
func (t *Trial) ShouldPrune() bool {
	prune, err := t.shouldPrune()
	if err != nil {
		t.raise(fmt.Errorf("should prune: %w", err))
	}
	return prune
}

func (t *Trial) shouldPrune() (bool, error) {
	s := t.study
	if len(s.directions) != 1 {
		return false, fmt.Errorf("%w (%d): pruners judge one; leave ShouldPrune out", ErrMultiObjective, len(s.directions))
	}
	t.choosing.Lock()
	defer t.choosing.Unlock()
	if err := t.open(); err != nil {
		return false, err
	}
	rec := t.snapshot()
	last, ok := rec.LastReport()
	if _, nop := s.pruner.(*pruner.Nop); nop || !ok {
		return false, nil
	}
	if err := s.refresh(t.quiet); err != nil {
		return false, err
	}
	if digests(s.pruner) {
		s.judging.Lock()
		defer s.judging.Unlock()
	}
	h, running := s.known.around(rec.Number)
	q := &pruner.Query{
		Study:     s.name,
		Direction: s.directions[0],
		Trial:     &rec,
		Running:   running,
		History:   h,
		// Another stream than the sampler's: the golden ratio's bits tell them
		// apart, the step tells one decision from the next.
		Rand:    rand.New(rand.NewPCG(s.seed^0x9e3779b97f4a7c15, uint64(rec.Number)<<32^uint64(last.Step))),
		SetAttr: t.setSystemAttr,
	}
	stop, err := prune(t.quiet, s.pruner, q)
	if err != nil {
		return false, fmt.Errorf("pruner %T: %w", s.pruner, err)
	}
	return stop, nil
}

// digests reports whether a pruner keeps a digest of the history, which costs a
// decision what is new if snapshots come in order, and all there is for one that
// another worker's has overtaken. A pruner of the user's may wait for other trials,
// so it is not held back.
func digests(p pruner.Pruner) bool {
	switch p := p.(type) {
	case *pruner.Median, *pruner.Percentile, *pruner.SuccessiveHalving, *pruner.Hyperband, *pruner.Wilcoxon:
		return true
	case *pruner.Patient:
		return digests(p.Pruner)
	}
	return false
}

// SetUserAttr keeps a value with the trial. It must have a JSON form. It panics
// as SuggestFloat does when it has none, or when the storage fails.
func (t *Trial) SetUserAttr(key string, value any) {
	err := storage.CheckName("attribute", key)
	var text string
	if err == nil {
		text, err = encodeUserAttr(value)
	}
	if err == nil {
		err = t.setAttr(storage.UserAttr, key, text)
	}
	if err != nil {
		t.raise(fmt.Errorf("set attribute %q: %w", key, err))
	}
}

// SetConstraint tells the value of a constraint, which is satisfied when it is
// ≤ 0. The best trial is the best of those that satisfy all. A second value for
// one key is passed over. It panics as SuggestFloat does when the value is NaN,
// or when the storage fails.
func (t *Trial) SetConstraint(key string, value float64) {
	err := storage.CheckName("constraint", key)
	if err == nil && value != value {
		err = errors.New("the value is NaN; a constraint is satisfied when it is ≤ 0, violated when it is above")
	}
	if err == nil {
		name := storage.AttrConstraintPrefix + key
		if _, ok := t.snapshot().SystemAttrs.Get(name); ok {
			t.warn("constraint set twice, the first value stands", "constraint", key)
			return
		}
		err = t.setAttr(storage.SystemAttr, name, string(pyjson.AppendFloat(nil, value)))
	}
	if err != nil {
		t.raise(fmt.Errorf("set constraint %q: %w", key, err))
	}
}

func (t *Trial) setSystemAttr(key string, value any) error {
	text, err := encodeAttr(value)
	if err != nil {
		return err
	}
	return t.setAttr(storage.SystemAttr, key, text)
}

// noteSystemAttr is setSystemAttr that writes, and reports true, only if the value
// is not there yet.
func (t *Trial) noteSystemAttr(key string, value any) (bool, error) {
	text, err := encodeAttr(value)
	if err != nil {
		return false, err
	}
	t.mu.Lock()
	old, ok := t.rec.SystemAttrs.Get(key)
	t.mu.Unlock()
	if ok && old == text {
		return false, nil
	}
	return true, t.setAttr(storage.SystemAttr, key, text)
}

func (t *Trial) setAttr(kind storage.AttrKind, key, text string) error {
	if err := t.open(); err != nil {
		return err
	}
	if err := t.study.storage.SetTrialAttr(t.quiet, t.rec.ID, kind, key, text); err != nil {
		return t.refused(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if kind == storage.UserAttr {
		t.rec.UserAttrs = t.rec.UserAttrs.With(key, text)
	} else {
		t.rec.SystemAttrs = t.rec.SystemAttrs.With(key, text)
	}
	t.notes.Add(1)
	return nil
}

func (t *Trial) warn(msg string, args ...any) {
	if l := t.study.logger; l != nil {
		l.Warn("hone: "+msg, append([]any{"study", t.study.name, "trial", t.rec.Number}, args...)...)
	}
}

// refused looks at why the storage did not take a change. A trial that is under
// way here and finished there was ended by somebody else, most often by a worker
// that took this one for lost; one that is not there, in a study that is, was lost
// by the server itself. The trial's context ends, and the call of Optimize goes on
// without its result.
func (t *Trial) refused(err error) error {
	why, how := ErrTrialFinished, "it was ended by another worker"
	switch {
	case errors.Is(err, ErrTrialFinished):
	case errors.Is(err, ErrTrialNotFound) && t.study.lease.holds(t):
		if _, gone := t.study.storage.Study(t.quiet, t.study.id); gone != nil {
			return err
		}
		how = "the storage does not know it any more"
	default:
		return err
	}
	if t.study.lease.holds(t) {
		why = ErrLeaseLost
	}
	t.elsewhere.Store(true)
	t.abort(fmt.Errorf("hone: trial %d: %w: %s", t.rec.Number, why, how))
	return t.lostOr(err)
}

// lostOr returns ErrLeaseLost together with err if the trial's lease was lost,
// else err.
func (t *Trial) lostOr(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx != nil && errors.Is(context.Cause(t.ctx), ErrLeaseLost) {
		return fmt.Errorf("%w: %w", ErrLeaseLost, err)
	}
	return err
}

// close marks the trial as ended and returns what it has, once.
func (t *Trial) close() (storage.Trial, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done.Swap(true) {
		return storage.Trial{}, false
	}
	return t.snapshotLocked(), true
}

// reopen undoes close when the result could not be written.
func (t *Trial) reopen() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done.Store(false)
}

// release frees the trial's context.
func (t *Trial) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cancel != nil {
		t.cancel(context.Canceled)
	}
}

// graceAfterCancel is how long an objective has to return after its context
// ended, before it is left behind.
const graceAfterCancel = time.Second
