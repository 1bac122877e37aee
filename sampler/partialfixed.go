package sampler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// PartialFixed holds some parameters at given values and has another sampler
// choose the rest: to go on with a study in a part of its space, for example around
// its best trial.
//
//	&sampler.PartialFixed{Fixed: map[string]any{"optimizer": "adam"}, Base: &sampler.TPE{}}
//
// Base sees the trials of the whole study. It may be used by any number of
// goroutines if Base may.
type PartialFixed struct {
	// Fixed holds values as the objective would get them. A value that is not in
	// the domain that the objective asks for is an error; a name that it never asks
	// for is not noticed, for it may be one of a branch.
	Fixed map[string]any
	// Base chooses the other parameters. nil means &Auto{}. In the place of a Grid
	// with one value for a parameter, give Grid.Values that one value.
	Base Sampler

	once sync.Once
	base Sampler
}

var (
	_ JointSampler = (*PartialFixed)(nil)
	_ Starter      = (*PartialFixed)(nil)
	_ Exhauster    = (*PartialFixed)(nil)
	_ Validator    = (*PartialFixed)(nil)
	_ NoRepeater   = (*PartialFixed)(nil)
)

// inner returns the sampler that chooses the rest.
func (s *PartialFixed) inner() Sampler {
	s.once.Do(func() {
		switch b := s.Base.(type) {
		case nil:
			s.base = new(Auto)
		case *BruteForce: // which is to know how far the space reaches
			s.base = &BruteForce{fixed: s.Fixed, patient: b.patient}
		case *PartialFixed: // one that fixes all there is to fix
			fixed := maps.Clone(s.Fixed)
			for name, v := range b.Fixed {
				if _, ok := fixed[name]; !ok {
					fixed[name] = v
				}
			}
			s.base = &PartialFixed{Fixed: fixed, Base: b.Base}
		case *QMC:
			s.base = &QMC{Halton: b.Halton, NoScramble: b.NoScramble, fixed: s.Fixed}
		default:
			s.base = b
		}
	})
	return s.base
}

// Validate implements [Validator]: errors of Fixed, then those of Base.
func (s *PartialFixed) Validate(directions []storage.Direction) error {
	if len(s.Fixed) == 0 {
		return errors.New("sampler: PartialFixed.Fixed is empty; name a parameter and its value, or use the base sampler alone")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Fixed)) {
		switch v := s.Fixed[name].(type) {
		case float64:
			if math.IsNaN(v) {
				return fmt.Errorf("sampler: PartialFixed.Fixed[%q] is NaN", name)
			}
		case nil, string, bool, int, int64, float32:
		default:
			return fmt.Errorf("sampler: PartialFixed.Fixed[%q] is of type %T; it must be a string, bool, int, float64 or nil", name, v)
		}
	}
	if _, ok := s.Base.(*Grid); ok {
		return errors.New("sampler: PartialFixed.Base is a Grid, which would go through the fixed parameters' other values in vain; give Grid.Values one value for each of them instead")
	}
	if v, ok := s.Base.(Validator); ok {
		if err := v.Validate(directions); err != nil {
			return fmt.Errorf("sampler: PartialFixed.Base: %w", err)
		}
	}
	return nil
}

// value returns a fixed parameter's internal value.
func (s *PartialFixed) value(name string, d distributions.Distribution) (v float64, ok bool, err error) {
	given, ok := s.Fixed[name]
	if !ok {
		return 0, false, nil
	}
	v, err = d.Internal(given)
	if err == nil && !d.Contains(v) {
		err = fmt.Errorf("it lies outside %s", d)
	}
	if err != nil {
		return 0, true, fmt.Errorf("sampler: PartialFixed.Fixed[%q] is %v: %w", name, given, err)
	}
	return v, true, nil
}

// Sample implements [Sampler].
func (s *PartialFixed) Sample(ctx context.Context, q *Query, name string, d distributions.Distribution) (float64, error) {
	if v, ok, err := s.value(name, d); ok {
		return v, err
	}
	return s.inner().Sample(ctx, q, name, d)
}

// SampleJoint implements [JointSampler]: Base is asked for what is not fixed, with
// the fixed values in the trial already.
func (s *PartialFixed) SampleJoint(ctx context.Context, q *Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	joint, ok := s.inner().(JointSampler)
	if !ok {
		return nil, nil
	}
	rest := make(map[string]distributions.Distribution, len(space))
	given := *q
	trial := q.Trial.Clone()
	given.Trial = &trial
	for _, name := range slices.Sorted(maps.Keys(space)) {
		d := space[name]
		if _, ok := s.Fixed[name]; !ok {
			rest[name] = d
		} else if v, _, err := s.value(name, d); err == nil { // else the domain has changed, or Sample will tell
			trial.Params = append(trial.Params, storage.Param{Name: name, Value: v, Dist: d})
		}
	}
	if len(rest) == 0 {
		return nil, nil
	}
	return joint.SampleJoint(ctx, &given, rest)
}

// Start implements [Starter].
func (s *PartialFixed) Start(ctx context.Context, q *Query) error {
	if st, ok := s.inner().(Starter); ok {
		return st.Start(ctx, q)
	}
	return nil
}

// Exhausted implements [Exhauster].
func (s *PartialFixed) Exhausted(ctx context.Context, q *Query) (bool, error) {
	if x, ok := s.inner().(Exhauster); ok {
		return x.Exhausted(ctx, q)
	}
	return false, nil
}

// NoRepeats reports whether Base says that it repeats no points, and can tell when
// all have been tried. QMC repeats none of the points that are left beside the fixed
// values, but goes on after the last; other bases may not know how few are left.
func (s *PartialFixed) NoRepeats() bool {
	n, ok := s.inner().(NoRepeater)
	_, counts := s.inner().(Exhauster)
	return ok && counts && n.NoRepeats()
}
