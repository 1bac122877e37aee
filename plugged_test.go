package hone_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// brittle panics at one place, at the third call.
type brittle struct {
	sampler.Random
	place string
	calls atomic.Int32
}

func (b *brittle) at(place string) {
	if place == b.place && b.calls.Add(1) == 3 {
		panic("out of order")
	}
}

func (b *brittle) Sample(ctx context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	b.at("Sample")
	return b.Random.Sample(ctx, q, name, d)
}

func (b *brittle) SampleJoint(context.Context, *sampler.Query, map[string]distributions.Distribution) (map[string]float64, error) {
	b.at("SampleJoint")
	return nil, nil
}

func (b *brittle) Start(context.Context, *sampler.Query) error { b.at("Start"); return nil }

func (b *brittle) Exhausted(context.Context, *sampler.Query) (bool, error) {
	b.at("Exhausted")
	return false, nil
}

type brittlePruner struct {
	pruner.Nop
	b *brittle
}

func (p *brittlePruner) Prune(context.Context, *pruner.Query) (bool, error) {
	p.b.at("Prune")
	return false, nil
}

type brittleHandler struct {
	slog.Handler
	b *brittle
}

func (h brittleHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h brittleHandler) Handle(context.Context, slog.Record) error { h.b.at("Logger"); return nil }

// Whatever the user has plugged in may panic: the call ends with an error that
// names the part, no trial is left running, and the study goes on with a part that
// works.
func TestPartsThatPanic(t *testing.T) {
	for place, says := range map[string]string{
		"Sample":      "brittle panicked: out of order",
		"SampleJoint": "brittle panicked: out of order",
		"Start":       "brittle panicked: out of order",
		"Exhausted":   "brittle panicked: out of order",
		"Prune":       "brittlePruner panicked: out of order",
		"Logger":      "Options.Logger panicked: out of order",
	} {
		t.Run(place, func(t *testing.T) {
			b := &brittle{place: place}
			st := storage.NewMemory()
			s, err := hone.NewStudy(&hone.Options{Name: "s", Storage: st, Sampler: b, Pruner: &brittlePruner{b: b}, Logger: slog.New(brittleHandler{slog.DiscardHandler, b})})
			if err != nil {
				t.Fatal(err)
			}
			err = s.OptimizeContext(t.Context(), func(tr *hone.Trial) (float64, error) {
				x := tr.SuggestFloat("x", 0, 1)
				tr.Report(0, x)
				if tr.ShouldPrune() {
					return 0, errors.New("a Nop that prunes")
				}
				return x, nil
			}, &hone.OptimizeOptions{Trials: 20, Workers: 2})
			if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "plugged_test.go") {
				t.Errorf("the error is %v", err)
			}
			s, err = hone.LoadStudy(t.Context(), st, "s", nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Optimize(parabola, 2); err != nil {
				t.Error(err)
			}
			if got := states(t, s); got[hone.Running]+got[hone.Waiting] > 0 {
				t.Errorf("states %v", got)
			}
		})
	}
}

// A panicking is a writer that panics.
type panicking struct{}

func (panicking) Write([]byte) (int, error) { panic("out of ink") }

// So may the writer of the progress, whose last line comes when all trials are done.
func TestProgressThatPanics(t *testing.T) {
	s := newStudy(t, nil)
	err := s.OptimizeContext(t.Context(), parabola, &hone.OptimizeOptions{Trials: 2, Progress: panicking{}})
	if err == nil || !strings.Contains(err.Error(), "OptimizeOptions.Progress panicked") || !strings.Contains(err.Error(), "out of ink") {
		t.Errorf("the error is %v", err)
	}
	if got := states(t, s); got[hone.Complete] != 2 {
		t.Errorf("states %v", got)
	}
}

// A constructor that failed leaves a nil pointer, which is no nil interface.
func TestPartsThatAreNilPointers(t *testing.T) {
	ctx, mem := t.Context(), storage.NewMemory()
	var none *storage.Memory
	load := func(o *hone.Options) error {
		if _, err := hone.NewStudy(&hone.Options{Name: "s", Storage: mem, LoadIfExists: true}); err != nil {
			t.Fatal(err)
		}
		_, err := hone.LoadStudy(ctx, mem, "s", o)
		return err
	}
	create := func(o *hone.Options) error { _, err := hone.NewStudy(o); return err }
	for what, err := range map[string]error{
		"Options.Storage is a nil *storage.Memory":         create(&hone.Options{Storage: none}),
		"Options.Sampler is a nil *sampler.TPE":            create(&hone.Options{Sampler: (*sampler.TPE)(nil)}),
		"Options.Pruner is a nil *pruner.Median":           create(&hone.Options{Pruner: (*pruner.Median)(nil)}),
		"Options.Sampler is a nil *sampler.Grid":           load(&hone.Options{Sampler: (*sampler.Grid)(nil)}),
		"LoadStudy's storage is nil":                       func() error { _, err := hone.LoadStudy(ctx, nil, "s", nil); return err }(),
		"LoadStudy's storage is a nil *storage.Memory":     func() error { _, err := hone.LoadStudy(ctx, none, "s", nil); return err }(),
		"DeleteStudy's storage is a nil *storage.Memory":   hone.DeleteStudy(ctx, none, "s"),
		"CopyStudy's from is a nil *storage.Memory":        hone.CopyStudy(ctx, none, "s", mem, ""),
		"CopyStudy's to is nil":                            hone.CopyStudy(ctx, mem, "s", nil, ""),
		"StudySummaries' storage is a nil *storage.Memory": func() error { _, err := hone.StudySummaries(ctx, none); return err }(),
	} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%q: the error is %v", what, err)
		}
	}
}
