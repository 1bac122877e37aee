package hone

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"sync/atomic"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
)

// What a user has plugged into a study may panic. The panic becomes an error that
// names the part, for an objective's panics are not the only ones that a study
// must survive.

// notNil returns an error for a part that is nil or a nil pointer, which is what is
// left of a constructor whose error nobody looked at.
func notNil(what string, part any) error {
	if part == nil {
		return fmt.Errorf("hone: %s is nil", what)
	}
	if v := reflect.ValueOf(part); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Errorf("hone: %s is a nil %T; look at the error of whatever made it", what, part)
	}
	return nil
}

// caught turns a panic of a part into an error. It is deferred.
func caught(err *error, part any) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%T panicked: %v\n%s", part, p, debug.Stack())
	}
}

func sampleOne(ctx context.Context, s sampler.Sampler, q *sampler.Query, name string, d distributions.Distribution) (v float64, err error) {
	defer caught(&err, s)
	return s.Sample(ctx, q, name, d)
}

func sampleJointly(ctx context.Context, s sampler.JointSampler, q *sampler.Query, space map[string]distributions.Distribution) (values map[string]float64, err error) {
	defer caught(&err, s)
	return s.SampleJoint(ctx, q, space)
}

func startTrial(ctx context.Context, s sampler.Starter, q *sampler.Query) (err error) {
	defer caught(&err, s)
	return s.Start(ctx, q)
}

func exhausted(ctx context.Context, s sampler.Exhauster, q *sampler.Query) (done bool, err error) {
	defer caught(&err, s)
	return s.Exhausted(ctx, q)
}

func prune(ctx context.Context, p pruner.Pruner, q *pruner.Query) (stop bool, err error) {
	defer caught(&err, p)
	return p.Prune(ctx, q)
}

// A calmHandler keeps a panic of the user's slog.Handler from ending the process,
// and tells of the first one.
type calmHandler struct {
	slog.Handler
	panicked *atomic.Pointer[error]
}

func newCalmHandler(h slog.Handler) calmHandler {
	return calmHandler{h, new(atomic.Pointer[error])}
}

func (h calmHandler) caught() {
	if p := recover(); p != nil {
		err := fmt.Errorf("hone: Options.Logger panicked: %v\n%s", p, debug.Stack())
		h.panicked.CompareAndSwap(nil, &err)
	}
}

func (h calmHandler) Enabled(ctx context.Context, l slog.Level) bool {
	defer h.caught()
	return h.Handler.Enabled(ctx, l)
}

func (h calmHandler) Handle(ctx context.Context, r slog.Record) error {
	defer h.caught()
	return h.Handler.Handle(ctx, r)
}

func (h calmHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	defer h.caught()
	return calmHandler{h.Handler.WithAttrs(attrs), h.panicked}
}

func (h calmHandler) WithGroup(name string) slog.Handler {
	defer h.caught()
	return calmHandler{h.Handler.WithGroup(name), h.panicked}
}

// loggerPanic returns the first panic of the user's logger.
func (s *Study) loggerPanic() error {
	if s.logger == nil {
		return nil
	}
	if h, ok := s.logger.Handler().(calmHandler); ok {
		if err := h.panicked.Load(); err != nil {
			return *err
		}
	}
	return nil
}
