package hone

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"

	"github.com/gohone/hone/storage"
)

// EnqueueOptions refine Study.Enqueue.
type EnqueueOptions struct {
	// UserAttrs are kept with the trial.
	UserAttrs map[string]any
	// SkipIfExists adds nothing when the study has a trial with the same
	// parameters, in any state.
	SkipIfExists bool
}

// Enqueue puts a trial with given values into the queue, for whoever begins the
// next trial, in this process or another. Parameters that are left out are chosen
// as usual. Values are the float64, int, string, … that the objective would get;
// they are checked against the domains that the study knows: a wrong type or an
// unknown category is an error, a number out of range is used as it is. nil
// options are fine.
func (s *Study) Enqueue(params map[string]any, o *EnqueueOptions) error {
	if o == nil {
		o = new(EnqueueOptions)
	}
	ctx := context.Background()
	if err := s.refresh(ctx); err != nil {
		return fmt.Errorf("hone: enqueue: %w", err)
	}
	space := s.known.history(-1).Space()
	for _, name := range sortedKeys(params) {
		if err := storage.CheckName("parameter", name); err != nil {
			return fmt.Errorf("hone: enqueue: %w", err)
		}
		switch v := params[name].(type) {
		case float64:
			if math.IsNaN(v) {
				return fmt.Errorf("hone: enqueue: parameter %q is NaN", name)
			}
		case float32:
			if math.IsNaN(float64(v)) {
				return fmt.Errorf("hone: enqueue: parameter %q is NaN", name)
			}
		}
		if d, ok := space[name]; ok {
			v, err := d.Internal(params[name])
			if err != nil {
				return fmt.Errorf("hone: enqueue: parameter %q: %w", name, err)
			}
			if !d.Contains(v) && s.logger != nil {
				s.logger.Warn("hone: enqueued value lies outside the domain and will be used as it is", "study", s.name, "parameter", name, "value", params[name], "domain", d.String())
			}
		}
	}
	if o.SkipIfExists {
		exists, err := s.hasTrialWith(ctx, params)
		if err != nil || exists {
			return err
		}
	}
	if params == nil {
		params = map[string]any{}
	}
	fixed, err := encodeAttr(params)
	if err != nil {
		for _, name := range sortedKeys(params) {
			if _, err := encodeAttr(params[name]); err != nil {
				return fmt.Errorf("hone: enqueue: parameter %q: a value of type %T cannot be stored; give the float64, int, string or bool that the objective would get", name, params[name])
			}
		}
		return fmt.Errorf("hone: enqueue: %w", err)
	}
	t := &storage.Trial{State: Waiting, SystemAttrs: storage.Attrs{{Key: storage.AttrFixedParams, Value: fixed}}}
	for _, key := range sortedKeys(o.UserAttrs) {
		text, err := encodeUserAttr(o.UserAttrs[key])
		if err != nil {
			return fmt.Errorf("hone: enqueue: attribute %q: %w", key, err)
		}
		t.UserAttrs = append(t.UserAttrs, storage.Attr{Key: key, Value: text})
	}
	if _, err := s.storage.CreateTrial(ctx, s.id, t); err != nil {
		return fmt.Errorf("hone: enqueue: %w", err)
	}
	return nil
}

// hasTrialWith reports whether a trial has just these parameters, or waits with
// them. Numbers agree when they differ by at most 1e-5 of their size, as in
// Optuna.
func (s *Study) hasTrialWith(ctx context.Context, params map[string]any) (bool, error) {
	trials, err := s.read(ctx)
	if err != nil {
		return false, err
	}
	for i := range trials {
		t := &trials[i]
		have := make(map[string]any, len(t.Params))
		if text, ok := t.SystemAttrs.Get(storage.AttrFixedParams); ok {
			if m, ok := decodeAttr(text).(map[string]any); ok {
				have = m
			}
		}
		if len(t.Params) > 0 && len(have) != len(params) {
			clear(have)
			for _, p := range t.Params {
				have[p.Name] = external(p)
			}
		}
		if len(have) != len(params) {
			continue
		}
		same := true
		for name, want := range params {
			got, ok := have[name]
			if same = ok && agree(got, want); !same {
				break
			}
		}
		if same {
			return true, nil
		}
	}
	return false, nil
}

func agree(a, b any) bool {
	x, okx := number(a)
	y, oky := number(b)
	if okx && oky {
		return x == y || math.Abs(x-y) <= 1e-5*math.Max(math.Abs(x), math.Abs(y)) || x != x && y != y
	}
	return okx == oky && reflect.DeepEqual(a, b)
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case float32:
		return float64(v), true
	}
	return 0, false
}

// AddTrial puts a trial that was run elsewhere into the study, under a new number.
// It must be whole: a complete trial has its values, every parameter has its
// distribution and lies in it. Times that are out of order, as where a clock was
// set back, are kept with a warning.
func (s *Study) AddTrial(f FrozenTrial) error {
	t, err := thaw(f, len(s.directions))
	if err != nil {
		return fmt.Errorf("hone: add trial: %w", err)
	}
	if t.State == Running {
		return errors.New("hone: add trial: it is running; only waiting and finished trials can be added")
	}
	if !t.Finished.IsZero() && t.Finished.Before(t.Started) && s.logger != nil {
		s.logger.Warn("hone: added trial finished before it started", "study", s.name, "started", t.Started, "finished", t.Finished)
	}
	if _, err := s.storage.CreateTrial(context.Background(), s.id, t); err != nil {
		return fmt.Errorf("hone: add trial: %w", err)
	}
	return nil
}
