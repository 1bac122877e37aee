package hone

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// WarmStartOptions refine Study.WarmStart. The zero value is the recommended
// setting.
type WarmStartOptions struct {
	// Trials is the number of starting points. 0 means 10.
	Trials int
	// Space tells the parameters that this study will ask for and their domains,
	// where they are not those of the earlier study. What it leaves out is left
	// to the sampler. nil means the parameters that this study has had so far; if
	// it has had none, values are taken over as they are, and a category that the
	// objective does not know fails the trial.
	Space []Param
}

// WarmStart puts the best trials of an earlier study into this one's queue, best
// first, so that they are run before the sampler chooses anything, and returns how
// many there are. nil options are fine.
//
// Starting points are distinct, complete and feasible, and are not put in again
// when this study has them already, so every process of a study may call
// WarmStart (those that do so at the same moment may put a point in twice). Where the space has changed, a number outside of its domain moves to
// the nearest value, and parameters that are new, or whose category is gone, are
// chosen by the sampler. Of a study with several objectives the Pareto front comes
// first, then what is on the front without it, and so on.
func (s *Study) WarmStart(from *Study, o *WarmStartOptions) (int, error) {
	if o == nil {
		o = new(WarmStartOptions)
	}
	n := o.Trials
	switch {
	case from == nil:
		return 0, errors.New("hone: warm start: the earlier study is nil")
	case n < 0:
		return 0, fmt.Errorf("hone: WarmStartOptions.Trials is %d; it must not be negative", n)
	case n == 0:
		n = 10
	}
	ctx := context.Background()
	space, err := s.warmSpace(ctx, o.Space)
	if err != nil {
		return 0, err
	}
	ranked, err := from.ranked(ctx, n)
	if err != nil {
		return 0, err
	}
	var points []map[string]any
	for _, t := range ranked {
		point := make(map[string]any, len(t.Params))
		for _, p := range t.Params {
			if v, ok := carry(p, space); ok {
				point[p.Name] = v
			}
		}
		if len(point) == 0 || slices.ContainsFunc(points, func(q map[string]any) bool { return samePoint(point, q) }) {
			continue
		}
		if points = append(points, point); len(points) == n {
			break
		}
	}
	for _, point := range points {
		if err := s.Enqueue(point, &EnqueueOptions{SkipIfExists: true}); err != nil {
			return 0, fmt.Errorf("hone: warm start: %w", err)
		}
	}
	return len(points), nil
}

// warmSpace returns the domains of this study, nil if nothing is known.
func (s *Study) warmSpace(ctx context.Context, given []Param) (map[string]distributions.Distribution, error) {
	if given == nil {
		if err := s.refresh(ctx); err != nil {
			return nil, fmt.Errorf("hone: warm start: %w", err)
		}
		if space := s.known.history(-1).Space(); len(space) > 0 {
			return space, nil
		}
		return nil, nil
	}
	space := make(map[string]distributions.Distribution, len(given))
	for _, p := range given {
		if err := storage.CheckName("parameter", p.Name); err != nil {
			return nil, fmt.Errorf("hone: warm start: WarmStartOptions.Space: %w", err)
		}
		if _, ok := space[p.Name]; ok {
			return nil, fmt.Errorf("hone: warm start: WarmStartOptions.Space: parameter %q is there twice", p.Name)
		}
		if p.Distribution == nil {
			return nil, fmt.Errorf("hone: warm start: WarmStartOptions.Space: parameter %q has no distribution", p.Name)
		}
		d, err := distributions.Normalize(p.Distribution)
		if err != nil {
			return nil, fmt.Errorf("hone: warm start: WarmStartOptions.Space: parameter %q: %w", p.Name, err)
		}
		space[p.Name] = d
	}
	return space, nil
}

// ranked returns the study's feasible complete trials from the best on. Of several
// objectives it ranks no more than the fronts that hold n trials.
func (s *Study) ranked(ctx context.Context, n int) ([]*storage.Trial, error) {
	trials, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	var rows []*storage.Trial
	for i := range trials {
		t := &trials[i]
		if t.State == Complete && len(t.Values) == len(s.directions) && !slices.ContainsFunc(t.Values, math.IsNaN) && t.Feasible() {
			rows = append(rows, t)
		}
	}
	if len(s.directions) == 1 {
		sign := s.directions[0].Sign()
		slices.SortFunc(rows, func(a, b *storage.Trial) int {
			return cmp.Or(cmp.Compare(sign*a.Values[0], sign*b.Values[0]), cmp.Compare(a.Number, b.Number))
		})
		return rows, nil
	}
	var out []*storage.Trial
	for len(rows) > 0 && len(out) < 4*n { // some will turn out to be alike
		front := paretoFront(rows, s.directions)
		out = append(out, front...)
		rows = slices.DeleteFunc(rows, func(t *storage.Trial) bool { return slices.Contains(front, t) })
	}
	return out, nil
}

// carry returns the value that a parameter of an earlier study has in a space, nil
// for any. ok is false if it has none there.
func carry(p storage.Param, space map[string]distributions.Distribution) (value any, ok bool) {
	if p.Dist == nil || math.IsNaN(p.Value) {
		return nil, false
	}
	value = external(p)
	if space == nil {
		return value, true
	}
	d, ok := space[p.Name]
	if !ok {
		return nil, false
	}
	_, wasCategory := p.Dist.(distributions.Categorical)
	_, isCategory := d.(distributions.Categorical)
	if wasCategory || isCategory {
		v, err := d.Internal(value)
		if err != nil || !d.Contains(v) {
			return nil, false
		}
		return d.External(v), true
	}
	v := p.Value
	if !d.Contains(v) {
		v = d.FromUnit(d.ToUnit(v)) // the nearest value
	}
	return d.External(v), true
}

// samePoint reports whether two points have the same parameters with the same
// values.
func samePoint(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for name, v := range a {
		w, ok := b[name]
		if !ok || !agree(v, w) {
			return false
		}
	}
	return true
}
