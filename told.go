package hone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/gohone/hone/storage"
)

// told does what comes after a trial's result was written, or could not be.
func (r *run) told(rec *storage.Trial, err error) {
	r.mu.Lock()
	r.wakeLocked()
	r.mu.Unlock()
	s := r.study
	switch {
	case errors.Is(err, ErrTrialFinished), errors.Is(err, ErrLeaseLost):
		// Somebody else ended it: a dashboard, or a worker that took us for
		// lost. Its result is not counted, and the study goes on.
		if s.logger != nil {
			s.logger.Warn("hone: result was not counted", "study", s.name, "error", err)
		}
		return
	case err != nil:
		r.stop(err)
		return
	}
	s.logTrial(rec)
	if err := s.loggerPanic(); err != nil {
		r.stop(err)
	}
	if r.progress != nil {
		if err := r.userCall("OptimizeOptions.Progress", func() { r.progress.trial(rec) }); err != nil {
			r.stop(err)
		}
	}
	if len(r.o.Callbacks) == 0 && len(r.o.Stop) == 0 {
		return
	}
	r.after.Lock()
	defer r.after.Unlock()
	f := freeze(rec)
	for i, call := range r.o.Callbacks {
		if err := r.userCall(fmt.Sprintf("OptimizeOptions.Callbacks[%d]", i), func() { call(s, f) }); err != nil {
			r.stop(err)
			return
		}
	}
	for i, rule := range r.o.Stop {
		stop := false
		if err := r.userCall(fmt.Sprintf("OptimizeOptions.Stop[%d]", i), func() { stop = rule(s, f) }); err != nil {
			r.stop(err)
			return
		}
		if stop {
			r.stop(nil)
		}
	}
}

// userCall calls a function of the user's. A panic becomes an error that names it;
// where the function ends its goroutine, as FailNow of a test does, the call of
// Optimize ends with such an error.
func (r *run) userCall(what string, f func()) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if p := recover(); p != nil {
			err = fmt.Errorf("hone: %s panicked (the trial's result is stored): %v", what, p)
			return
		}
		r.stop(fmt.Errorf("hone: %s ended its goroutine (runtime.Goexit, or FailNow of a test; the trial's result is stored)", what))
	}()
	f()
	returned = true
	return nil
}

// logTrial writes the one line a trial gets.
func (s *Study) logTrial(rec *storage.Trial) {
	if s.logger == nil {
		return
	}
	level := slog.LevelInfo
	if rec.State == Failed {
		level = slog.LevelWarn
	}
	ctx := context.Background()
	if !s.logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("study", s.name),
		slog.Int("trial", rec.Number),
		slog.String("state", rec.State.String()),
	}
	for k, v := range rec.Values {
		attrs = append(attrs, slog.Float64(s.valueName(k, len(rec.Values)), v))
	}
	params := make([]any, 0, len(rec.Params))
	for _, p := range rec.Params {
		params = append(params, slog.Any(p.Name, external(p)))
	}
	attrs = append(attrs, slog.Group("params", params...), slog.Duration("took", rec.Finished.Sub(rec.Started).Round(time.Microsecond)))
	if text, ok := rec.SystemAttrs.Get(storage.AttrError); ok {
		attrs = append(attrs, slog.Any("error", decodeAttr(text)))
	}
	if best, number := s.bestSoFar(); number >= 0 {
		attrs = append(attrs, slog.Float64("best", best), slog.Int("best_trial", number))
	}
	s.logger.LogAttrs(ctx, level, "trial finished", attrs...)
}

// valueName names objective k in output.
func (s *Study) valueName(k, n int) string {
	switch {
	case k < len(s.metrics):
		return s.metrics[k]
	case n == 1:
		return "value"
	}
	return fmt.Sprintf("value_%d", k)
}

// bestSoFar returns the best feasible value and its trial, −1 if there is none,
// without looking into the storage.
func (s *Study) bestSoFar() (float64, int) {
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	if s.known.best == nil {
		return math.NaN(), -1
	}
	return s.known.best.Values[0], s.known.best.Number
}
