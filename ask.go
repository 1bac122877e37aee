package hone

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// A Param names a parameter and its domain, for Study.Ask.
type Param struct {
	Name         string
	Distribution distributions.Distribution
}

// Ask begins a trial outside Optimize and chooses the given parameters (nil:
// none yet; Suggest chooses more). A waiting trial comes first. The trial is kept
// alive by this process until Tell, TellPruned or TellFailed gets its result.
//
// It fails with sampler.ErrExhausted when the sampler has nothing left to try.
func (s *Study) Ask(ctx context.Context, params []Param) (*Trial, error) {
	quiet := context.WithoutCancel(ctx)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("hone: ask: %w", err)
	}
	for {
		t, ok, err := s.start(quiet, quiet, 0, true)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("hone: ask: %w", sampler.ErrExhausted)
		}
		err = t.suggestAll(params)
		if err == nil {
			return t, nil
		}
		tellErr := s.TellFailed(quiet, t)
		if t.elsewhere.Load() && ctx.Err() == nil {
			continue // it was lost before it was handed out; there are others
		}
		return nil, errors.Join(err, tellErr)
	}
}

func (t *Trial) suggestAll(params []Param) error {
	for _, p := range params {
		if _, err := t.Suggest(p.Name, p.Distribution); err != nil {
			return err
		}
	}
	return nil
}

// start begins the next trial. It reports false, without an error, when the
// sampler is exhausted or when budget trials count already (0: no budget).
// ctx is not cancelled, for a trial that was begun must be known of; from is what
// the trial's context derives from, asked whether the user is to end it.
func (s *Study) start(ctx, from context.Context, budget int, asked bool) (*Trial, bool, error) {
	for {
		me := &turn{ctx: ctx, from: from, budget: budget, asked: asked}
		if s.asking.take(me) {
			s.startNow(me)
			s.asking.give()
		}
		if me.err == nil || me.trial == nil || !me.trial.elsewhere.Load() {
			return me.trial, me.ok, me.err
		}
		// Or else it was lost before it had begun in earnest; there are others.
	}
}

// startNow is start for whose turn it is.
func (s *Study) startNow(me *turn) {
	if me.err = s.settleDebts(me.ctx); me.err != nil {
		return
	}
	for {
		s.startOne(me)
		if !errors.Is(me.err, sampler.ErrContended) || me.trial == nil {
			return
		}
		t := me.trial
		me.trial, me.ok, me.err = nil, false, nil
		if me.err = s.discard(me.ctx, t, "its point was taken by another trial"); me.err != nil {
			return
		}
	}
}

// startOne is startNow for one trial, and perhaps some for others who wait. The
// trial comes back with the error if there is one to look at. With
// sampler.ErrContended it is a trial that found no point of its own and is to be
// discarded.
func (s *Study) startOne(me *turn) {
	me.trial, me.ok, me.err = nil, false, nil
	if err := s.refresh(me.ctx); err != nil {
		me.err = s.followed(err)
		return
	}
	if me.err = s.takeBackOrphans(me.ctx); me.err != nil {
		return
	}
	if e, ok := s.sampler.(sampler.Exhauster); ok {
		h, running := s.known.around(-1)
		done, err := exhausted(me.ctx, e, s.newQuery(nil, h, running))
		if err != nil {
			me.err = fmt.Errorf("hone: study %q: sampler %T: %w", s.name, s.sampler, err)
			return
		}
		if waiting, _, _ := s.known.unfinished(); done && waiting == 0 {
			return
		}
	}
	mates := s.asking.mates(me.budget)
	recs, err := s.claim(me.ctx, me.budget, 1+len(mates))
	if err != nil || len(recs) == 0 {
		me.err = err
		return
	}
	for i, rec := range recs[1:] {
		s.begin(mates[i], rec)
		s.asking.serve(mates[i])
	}
	s.begin(me, recs[0])
}

// begin begins the trial that was claimed for a worker.
func (s *Study) begin(w *turn, rec storage.Trial) {
	t, err := s.newTrial(w.ctx, w.from, rec)
	if err == nil {
		t.asked = w.asked
		s.known.begin(t)
		s.lease.hold(t)
		err = s.tellSampler(w.ctx, t)
	}
	switch {
	case err == nil:
		w.trial, w.ok = t, true
		return
	case t == nil:
		t = &Trial{study: s, from: w.from, quiet: w.ctx, rec: rec}
		s.known.begin(t)
		s.lease.hold(t)
	}
	switch {
	case errors.Is(err, sampler.ErrExhausted):
		w.err = s.discard(w.ctx, t, "the search space is exhausted")
	case errors.Is(err, sampler.ErrContended):
		w.trial, w.err = t, err
	default:
		_, tellErr := s.finishOrOwe(w.ctx, t, Failed, nil, err)
		w.trial, w.err = t, errors.Join(err, tellErr)
	}
}

// tellSampler lets a sampler that wants to know of a beginning trial do so, until
// what the trial has noted and what others have go together (see sampler.Starter).
func (s *Study) tellSampler(ctx context.Context, t *Trial) error {
	st, ok := s.sampler.(sampler.Starter)
	if !ok {
		return nil
	}
	t.choosing.Lock()
	defer t.choosing.Unlock()
	// Whom a trial contends with reads and notes as we do, which takes it a few
	// round trips; one that has died in between is not waited for.
	const most = 8
	pause := time.Millisecond
	for try := 1; ; try++ {
		if err := s.refresh(ctx); err != nil {
			return fmt.Errorf("hone: trial %d: %w", t.rec.Number, err)
		}
		h, running := s.known.around(t.rec.Number)
		t.query = s.newQuery(t, h, running)
		noted := false
		t.query.SetAttr = func(key string, value any) error {
			changed, err := t.noteSystemAttr(key, value)
			noted = noted || changed
			return err
		}
		err := startTrial(ctx, st, t.query)
		t.query.SetAttr = t.setSystemAttr
		contended := errors.Is(err, sampler.ErrContended)
		if err != nil && !contended || contended && try == most {
			return fmt.Errorf("hone: trial %d: sampler %T: %w", t.rec.Number, s.sampler, err)
		}
		if !contended && (!noted || try == most) {
			return nil
		}
		if contended {
			time.Sleep(pause)
			pause *= 2
		}
	}
}

// claim takes the oldest waiting trial or makes one, and up to n where that costs
// no more. It returns none when the budget is used up.
func (s *Study) claim(ctx context.Context, budget, n int) ([]storage.Trial, error) {
	var recs []storage.Trial
	var one storage.Trial
	var ok bool
	var err error
	c, claims := storage.AsClaimer(s.storage)
	var attrs []storage.Attr
	if claims && (budget > 0 || s.lease != nil) {
		attrs = []storage.Attr{{Key: storage.AttrLease, Value: strconv.Quote(s.self)}}
	}
	switch {
	case !claims:
		one, ok, err = s.claimPlain(ctx, budget)
	case n > 1:
		recs, err = s.asking.group.ClaimGroup(ctx, s.id, storage.Claim{Budget: budget, Attrs: attrs}, n)
	default:
		one, ok, err = c.Claim(ctx, s.id, storage.Claim{Budget: budget, Attrs: attrs})
	}
	if err != nil {
		return nil, fmt.Errorf("hone: study %q: begin a trial: %w", s.name, err)
	}
	if ok {
		recs = []storage.Trial{one}
	}
	return recs, nil
}

// claimPlain is claim on a storage that has no Claim of its own: the budget then
// is kept within this process, and may be over-run by the number of workers of
// others. Trials carry no lease, for nobody could tell when it is lost, and would
// wait for the trial of a dead worker for ever.
func (s *Study) claimPlain(ctx context.Context, budget int) (storage.Trial, bool, error) {
	if budget > 0 {
		_, _, leased := s.known.unfinished()
		s.known.mu.Lock()
		counts, here := s.known.counts, len(s.known.live)
		s.known.mu.Unlock()
		if counts+here+leased >= budget {
			return storage.Trial{}, false, nil
		}
	}
	for _, id := range s.known.oldestWaiting() {
		won, err := s.storage.SetState(ctx, id, Running, nil)
		if errors.Is(err, ErrTrialFinished) || errors.Is(err, ErrTrialNotFound) || err == nil && !won {
			continue // somebody else's
		}
		if err != nil {
			return storage.Trial{}, false, err
		}
		rec, err := s.storage.Trial(ctx, id)
		return rec, err == nil, err
	}
	rec, err := s.storage.CreateTrial(ctx, s.id, nil)
	return rec, err == nil, err
}

// Attach returns a trial that is under way, by number: one that was asked for in
// another process, or before a restart. It carries no lease of this process. It
// fails with ErrTrialNotFound, or with ErrTrialFinished.
func (s *Study) Attach(ctx context.Context, number int) (*Trial, error) {
	s.known.mu.Lock()
	for _, t := range s.known.live {
		if t.rec.Number == number {
			s.known.mu.Unlock()
			return t, nil
		}
	}
	s.known.mu.Unlock()
	trials, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	for _, rec := range trials {
		if rec.Number != number {
			continue
		}
		if rec.State.Finished() {
			return nil, fmt.Errorf("hone: attach trial %d: %w: it is %s", number, ErrTrialFinished, rec.State)
		}
		if rec.State == Waiting {
			return nil, fmt.Errorf("hone: attach trial %d: it is waiting; Ask takes it", number)
		}
		quiet := context.WithoutCancel(ctx)
		return s.newTrial(quiet, quiet, rec)
	}
	return nil, fmt.Errorf("hone: attach trial %d: %w: study %q has %d trials", number, ErrTrialNotFound, s.name, len(trials))
}

// Tell completes a trial with one value for each objective. When the number of
// values is wrong or one is NaN, it fails and the trial goes on. A trial that was
// told before gives ErrTrialFinished; one that was given up as lost, ErrLeaseLost
// as well. The result is durable when Tell returns.
func (s *Study) Tell(ctx context.Context, t *Trial, values ...float64) error {
	if err := s.owns(t); err != nil {
		return err
	}
	if err := s.checkResult(values); err != nil {
		return fmt.Errorf("hone: tell trial %d: %w", t.rec.Number, err)
	}
	_, err := s.finish(ctx, t, Complete, values, nil)
	return err
}

// TellPruned ends a trial as pruned. Its value is that of the last step that was
// reported, if any. Errors are those of Tell.
func (s *Study) TellPruned(ctx context.Context, t *Trial) error {
	if err := s.owns(t); err != nil {
		return err
	}
	_, err := s.finish(ctx, t, Pruned, nil, nil)
	return err
}

// TellFailed ends a trial as failed. Errors are those of Tell.
func (s *Study) TellFailed(ctx context.Context, t *Trial) error {
	if err := s.owns(t); err != nil {
		return err
	}
	_, err := s.finish(ctx, t, Failed, nil, nil)
	return err
}

func (s *Study) owns(t *Trial) error {
	if t == nil {
		return errors.New("hone: tell: the trial is nil")
	}
	if t.study != s {
		return fmt.Errorf("hone: tell trial %d: it belongs to study %q, not to %q; tell the study that asked for it, or Attach to it", t.rec.Number, t.study.name, s.name)
	}
	return nil
}

func (s *Study) checkResult(values []float64) error {
	if len(values) != len(s.directions) {
		return fmt.Errorf("%d values for %d objectives", len(values), len(s.directions))
	}
	for i, v := range values {
		if math.IsNaN(v) {
			if len(values) == 1 {
				return errors.New("the value is NaN, which is not a result")
			}
			return fmt.Errorf("value %d is NaN, which is not a result", i)
		}
	}
	return nil
}

// badResult tells what the objective returned, and for which parameters. why is
// what checkResult said.
func (t *Trial) badResult(values []float64, why error) error {
	var b strings.Builder
	if len(values) == 1 {
		fmt.Fprintf(&b, "objective returned %v", values[0])
	} else {
		fmt.Fprintf(&b, "objective returned %v", values)
	}
	for i, p := range t.snapshot().Params {
		if i == 0 {
			b.WriteString(" for")
		}
		if v, ok := external(p).(string); ok {
			fmt.Fprintf(&b, " %s=%q", p.Name, v)
		} else {
			fmt.Fprintf(&b, " %s=%v", p.Name, external(p))
		}
	}
	return fmt.Errorf("%s: %w; return an error to mark a failure, or hone.ErrPruned to prune", &b, why)
}

// finish ends a trial, whose result is then durable and known. why is kept with a
// failed one.
func (s *Study) finish(ctx context.Context, t *Trial, state State, values []float64, why error) (*storage.Trial, error) {
	// A suggestion under way in another goroutine is let finish first.
	t.choosing.Lock()
	defer t.choosing.Unlock()
	rec, ok := t.close()
	if !ok {
		return nil, fmt.Errorf("hone: tell trial %d: %w", t.rec.Number, t.lostOr(ErrTrialFinished))
	}
	if state == Pruned {
		if last, ok := rec.LastReport(); ok && !math.IsNaN(last.Value) && len(s.directions) == 1 {
			values = []float64{last.Value}
		}
	}
	attached, noted := s.known.tell(rec.ID), s.known.finish
	if attached {
		noted = s.known.finishAttached
	}
	err := s.write(ctx, &rec, state, values, why)
	if err != nil {
		if errors.Is(err, ErrTrialFinished) || errors.Is(err, ErrTrialNotFound) || errors.Is(err, ErrStudyNotFound) {
			err = t.refused(err)
			noted(rec.ID, nil)
			s.lease.drop(t)
			t.release()
		} else {
			if attached {
				noted(rec.ID, nil)
			}
			t.reopen() // it may be told again
		}
		return nil, fmt.Errorf("hone: tell trial %d: %w", rec.Number, err)
	}
	noted(rec.ID, &rec)
	s.lease.drop(t)
	t.release()
	t.noteUnused()
	return &rec, nil
}

// write brings a result to the storage, and fills rec with what is stored.
func (s *Study) write(ctx context.Context, rec *storage.Trial, state State, values []float64, why error) error {
	if why != nil {
		text, err := encodeAttr(why.Error())
		if err != nil {
			text = strconv.QuoteToASCII(why.Error())
		}
		if err := s.storage.SetTrialAttr(ctx, rec.ID, storage.SystemAttr, storage.AttrError, text); err != nil {
			return err
		}
		rec.SystemAttrs = rec.SystemAttrs.With(storage.AttrError, text)
	}
	if _, err := s.storage.SetState(ctx, rec.ID, state, values); err != nil {
		return err
	}
	if s.inMemory {
		stored, err := s.storage.Trial(ctx, rec.ID)
		if err == nil {
			*rec = stored
			return nil
		}
	}
	rec.State, rec.Values, rec.Finished = state, slices.Clone(values), time.Now()
	if rec.Started.IsZero() {
		rec.Started = rec.Finished
	}
	return nil
}

// noteUnused warns of enqueued values that the objective never asked for.
func (t *Trial) noteUnused() {
	if t.used >= len(t.fixed) || t.study.logger == nil {
		return
	}
	for _, name := range sortedKeys(t.fixed) {
		if _, ok := t.rec.Param(name); !ok {
			t.warn("enqueued parameter was never asked for", "parameter", name)
		}
	}
}

// discard takes back a trial that was begun for nothing: it fails, does not
// count, and is not run again.
func (s *Study) discard(ctx context.Context, t *Trial, why string) error {
	_, err := s.requeue(ctx, t, why, false)
	return err
}

// requeue fails a trial that was cut off, so that it does not count, and, if
// again, puts its parameters back into the queue under a new number. It reports
// whether the trial was still ours to fail.
func (s *Study) requeue(ctx context.Context, t *Trial, why string, again bool) (bool, error) {
	rec, ok := t.close()
	if !ok {
		return false, nil
	}
	t.release()
	done, err := s.giveUp(ctx, &rec, why, again, false)
	s.known.finish(rec.ID, nil)
	s.lease.drop(t)
	if err != nil {
		return done, fmt.Errorf("hone: trial %d: take back: %w", rec.Number, err)
	}
	return done, nil
}

// giveUp fails a running trial so that it does not count and, if again, has it
// tried again. lost says that its worker is gone; a trial whose workers are lost
// time and again is not tried for ever.
func (s *Study) giveUp(ctx context.Context, rec *storage.Trial, why string, again, lost bool) (bool, error) {
	text, err := encodeAttr(why)
	if err != nil {
		return false, err
	}
	attrs := []storage.Attr{{Key: storage.AttrLost, Value: text}}
	var retry *storage.Trial
	if again {
		retry, err = s.retryOf(rec, lost)
		if err != nil {
			return false, err
		}
	}
	if c, ok := storage.AsClaimer(s.storage); ok {
		return c.Requeue(ctx, rec.ID, rec.Holder(), attrs, retry)
	}
	for _, a := range attrs {
		if err := s.storage.SetTrialAttr(ctx, rec.ID, storage.SystemAttr, a.Key, a.Value); err != nil {
			if errors.Is(err, ErrTrialFinished) {
				return false, nil
			}
			return false, err
		}
	}
	done, err := s.storage.SetState(ctx, rec.ID, Failed, nil)
	if errors.Is(err, ErrTrialFinished) {
		return false, nil
	}
	if err != nil || !done || retry == nil {
		return done, err
	}
	_, err = s.storage.CreateTrial(ctx, s.id, retry)
	return true, err
}

// retryOf returns the waiting trial that stands in for a lost one, nil when it
// was lost too often. Its attributes are those of Optuna's retry callback, and it
// takes over the values that were chosen already.
func (s *Study) retryOf(rec *storage.Trial, lost bool) (*storage.Trial, error) {
	tries := 0
	if text, ok := rec.SystemAttrs.Get(storage.AttrRetry); ok {
		if n, ok := decodeAttr(text).(int); ok {
			tries = n
		}
	}
	if lost {
		if tries++; tries > s.lease.maxRetries() {
			return nil, nil
		}
	}
	fixed := make(map[string]any, len(rec.Params))
	if text, ok := rec.SystemAttrs.Get(storage.AttrFixedParams); ok {
		if m, ok := decodeAttr(text).(map[string]any); ok {
			fixed = m
		}
	}
	for _, p := range rec.Params {
		fixed[p.Name] = external(p)
	}
	first, history := any(rec.Number), []any{}
	if text, ok := rec.SystemAttrs.Get(storage.AttrFailedTrial); ok {
		first = decodeAttr(text)
	}
	if text, ok := rec.SystemAttrs.Get("retry_history"); ok {
		if list, ok := decodeAttr(text).([]any); ok {
			history = list
		}
	}
	history = append(history, rec.Number)
	retry := &storage.Trial{State: Waiting, UserAttrs: rec.UserAttrs}
	for _, a := range []struct {
		key   string
		value any
	}{
		{storage.AttrFixedParams, fixed},
		{storage.AttrRetry, tries},
		{storage.AttrFailedTrial, first},
		{"retry_history", history},
	} {
		text, err := encodeAttr(a.value)
		if err != nil {
			return nil, err
		}
		retry.SystemAttrs = append(retry.SystemAttrs, storage.Attr{Key: a.key, Value: text})
	}
	return retry, nil
}
