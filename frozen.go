package hone

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// A FrozenTrial is a trial as it stands: a copy, which is the caller's.
type FrozenTrial struct {
	// Number counts the study's trials from 0.
	Number int
	State  State
	// Values has one value for each objective when the trial is complete; when
	// it was pruned, its last reported value, if there is one.
	Values []float64
	// Params are the values that the objective got: float64, int, or the
	// category itself (string, bool, int, float64, nil).
	Params map[string]any
	// Distributions are the domains that this trial drew them from.
	Distributions map[string]distributions.Distribution
	// UserAttrs and SystemAttrs are as JSON gives them back: nil, bool, int,
	// float64, string, []any, map[string]any.
	UserAttrs   map[string]any
	SystemAttrs map[string]any
	// Constraints are feasible when ≤ 0.
	Constraints map[string]float64
	// IntermediateValues are the reports by step.
	IntermediateValues map[int]float64
	// Started and Finished are zero when it has not.
	Started  time.Time
	Finished time.Time

	// order of the parameters as they were suggested, kept for export and for
	// copies.
	order []string
}

// String returns number, state, values and parameters, on one line:
//
//	trial 7: complete, 0.25, map[x:1.5]
func (t FrozenTrial) String() string {
	text := fmt.Sprintf("trial %d: %s", t.Number, t.State)
	switch len(t.Values) {
	case 0:
	case 1:
		text += fmt.Sprintf(", %v", t.Values[0])
	default:
		text += fmt.Sprintf(", %v", t.Values)
	}
	if !t.Feasible() {
		text += ", infeasible"
	}
	return fmt.Sprintf("%s, %v", text, t.Params)
}

// Value returns the value of the only objective, and whether there is one.
func (t FrozenTrial) Value() (float64, bool) {
	if len(t.Values) != 1 {
		return math.NaN(), false
	}
	return t.Values[0], true
}

// Duration returns how long the trial ran; 0 if it has not finished.
func (t FrozenTrial) Duration() time.Duration {
	if t.Started.IsZero() || t.Finished.IsZero() {
		return 0
	}
	return t.Finished.Sub(t.Started)
}

// Feasible reports whether no constraint is above zero.
func (t FrozenTrial) Feasible() bool {
	for _, c := range t.Constraints {
		if !(c <= 0) {
			return false
		}
	}
	return true
}

// freeze builds the full form of a trial.
func freeze(t *storage.Trial) FrozenTrial {
	f := FrozenTrial{
		Number:             t.Number,
		State:              t.State,
		Values:             slices.Clone(t.Values),
		Params:             make(map[string]any, len(t.Params)),
		Distributions:      make(map[string]distributions.Distribution, len(t.Params)),
		UserAttrs:          decodeAttrs(t.UserAttrs),
		SystemAttrs:        decodeAttrs(t.SystemAttrs),
		Constraints:        make(map[string]float64),
		IntermediateValues: make(map[int]float64, len(t.Reports)),
		Started:            t.Started,
		Finished:           t.Finished,
	}
	for _, p := range t.Params {
		f.order = append(f.order, p.Name)
		f.Params[p.Name] = external(p)
		f.Distributions[p.Name] = p.Dist
	}
	for _, c := range t.Constraints() {
		f.Constraints[c.Name] = c.Value
	}
	for _, r := range t.Reports {
		f.IntermediateValues[r.Step] = r.Value
	}
	return f
}

// external returns what users see of a parameter.
func external(p storage.Param) any {
	if p.Dist == nil {
		return p.Value
	}
	return native(p.Dist.External(p.Value))
}

// names returns the parameters in order of suggestion, and by name where that is
// not known.
func (t FrozenTrial) names() []string {
	names := make([]string, 0, len(t.Params))
	for _, name := range t.order {
		if _, ok := t.Params[name]; ok {
			names = append(names, name)
		}
	}
	rest := len(names)
	for name := range t.Params {
		if !slices.Contains(names[:rest], name) {
			names = append(names, name)
		}
	}
	slices.Sort(names[rest:])
	return names
}

// thaw is the way back, for AddTrial: it checks what freeze guarantees.
func thaw(f FrozenTrial, objectives int) (*storage.Trial, error) {
	t := &storage.Trial{State: f.State, Started: f.Started, Finished: f.Finished}
	switch {
	case f.State != Waiting && f.State != Running && !f.State.Finished():
		return nil, fmt.Errorf("its state is %s", f.State)
	case f.State == Complete && len(f.Values) != objectives:
		return nil, fmt.Errorf("a complete trial needs %d values, one for each objective, and has %d", objectives, len(f.Values))
	case f.State == Pruned && len(f.Values) > 1 && len(f.Values) != objectives:
		return nil, fmt.Errorf("the pruned trial has %d values for %d objectives", len(f.Values), objectives)
	case (f.State == Failed || !f.State.Finished()) && len(f.Values) > 0:
		return nil, fmt.Errorf("a %s trial has no values; this one has %v", f.State, f.Values)
	case !f.Finished.IsZero() && !f.State.Finished():
		return nil, fmt.Errorf("a %s trial has no Finished time", f.State)
	}
	if err := storage.CheckValues(f.Values); err != nil {
		return nil, err
	}
	if len(f.Values) > 0 {
		t.Values = slices.Clone(f.Values)
	}
	for name := range f.Distributions {
		if _, ok := f.Params[name]; !ok {
			return nil, fmt.Errorf("there is a distribution for %q, and no value", name)
		}
	}
	for _, name := range f.names() {
		p, err := thawParam(name, f.Params[name], f.Distributions[name])
		if err != nil {
			return nil, err
		}
		t.Params = append(t.Params, p)
	}
	for _, step := range sortedKeys(f.IntermediateValues) {
		if step < 0 {
			return nil, fmt.Errorf("intermediate value at step %d: steps are not negative", step)
		}
		t.Reports = append(t.Reports, storage.Report{Step: step, Value: f.IntermediateValues[step]})
	}
	return t, thawAttrs(t, f)
}

func thawParam(name string, value any, d distributions.Distribution) (storage.Param, error) {
	if err := storage.CheckName("parameter", name); err != nil {
		return storage.Param{}, err
	}
	if d == nil {
		return storage.Param{}, fmt.Errorf("parameter %q has a value and no distribution; put its domain into Distributions", name)
	}
	d, err := distributions.Normalize(d)
	if err != nil {
		return storage.Param{}, fmt.Errorf("parameter %q: %w", name, err)
	}
	v, err := d.Internal(value)
	if err != nil {
		return storage.Param{}, fmt.Errorf("parameter %q: %w", name, err)
	}
	if !d.Contains(v) {
		return storage.Param{}, fmt.Errorf("parameter %q: %v lies outside its domain, %s", name, value, d)
	}
	return storage.Param{Name: name, Value: v, Dist: d}, nil
}

func thawAttrs(t *storage.Trial, f FrozenTrial) error {
	for _, key := range sortedKeys(f.UserAttrs) {
		if err := storage.CheckName("attribute", key); err != nil {
			return err
		}
		text, err := encodeUserAttr(f.UserAttrs[key])
		if err != nil {
			return fmt.Errorf("attribute %q: %w", key, err)
		}
		t.UserAttrs = append(t.UserAttrs, storage.Attr{Key: key, Value: text})
	}
	for _, key := range sortedKeys(f.SystemAttrs) {
		if f.Constraints != nil && (key == storage.AttrConstraints || strings.HasPrefix(key, storage.AttrConstraintPrefix)) {
			continue // they are in Constraints, which the caller may have changed
		}
		text, err := encodeAttr(f.SystemAttrs[key])
		if err != nil {
			return fmt.Errorf("system attribute %q: %w", key, err)
		}
		t.SystemAttrs = append(t.SystemAttrs, storage.Attr{Key: key, Value: text})
	}
	for _, key := range sortedKeys(f.Constraints) {
		c := f.Constraints[key]
		if c != c {
			return fmt.Errorf("constraint %q is NaN", key)
		}
		t.SystemAttrs = append(t.SystemAttrs, storage.Attr{
			Key:   storage.AttrConstraintPrefix + key,
			Value: string(pyjson.AppendFloat(nil, c)),
		})
	}
	return nil
}
