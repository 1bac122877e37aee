package honetest

import (
	"context"
	"fmt"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// A Script is a sampler whose every choice is written down: trial number k gets
// the values of Trials[k], which are what the objective would get (float64, int,
// string, bool). When the script is at its end the study ends, unless Then is set.
//
//	study, err := hone.NewStudy(&hone.Options{Sampler: &honetest.Script{
//		Trials: []map[string]any{{"x": 1.0}, {"x": -1.0}},
//	}})
//
// A parameter that the script lacks, or a value that its domain does not contain,
// fails the trial with an error that names it.
type Script struct {
	Trials []map[string]any
	// Then chooses for the trials after the script. nil: there are none.
	Then sampler.Sampler
}

var (
	_ sampler.JointSampler = (*Script)(nil)
	_ sampler.Exhauster    = (*Script)(nil)
	_ sampler.Starter      = (*Script)(nil)
	_ sampler.Validator    = (*Script)(nil)
)

// Validate implements [sampler.Validator] for Then.
func (s *Script) Validate(directions []storage.Direction) error {
	if v, ok := s.Then.(sampler.Validator); ok {
		if err := v.Validate(directions); err != nil {
			return fmt.Errorf("honetest: Script.Then: %w", err)
		}
	}
	return nil
}

// Exhausted reports whether all trials of the script are done or under way, and
// Then, if there is one, has nothing left to try.
func (s *Script) Exhausted(ctx context.Context, q *sampler.Query) (bool, error) {
	if q.History.Len()+len(q.Running) < len(s.Trials) {
		return false, nil
	}
	if then, ok := s.Then.(sampler.Exhauster); ok {
		return then.Exhausted(ctx, q)
	}
	return s.Then == nil, nil
}

// Start implements [sampler.Starter].
func (s *Script) Start(ctx context.Context, q *sampler.Query) error {
	if q.Trial.Number < len(s.Trials) {
		return nil
	}
	if then, ok := s.Then.(sampler.Starter); ok {
		return then.Start(ctx, q)
	}
	if s.Then == nil {
		return sampler.ErrExhausted
	}
	return nil
}

// SampleJoint implements [sampler.JointSampler] for Then.
func (s *Script) SampleJoint(ctx context.Context, q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	if then, ok := s.Then.(sampler.JointSampler); ok && q.Trial.Number >= len(s.Trials) {
		return then.SampleJoint(ctx, q, space)
	}
	return nil, nil
}

// Sample implements [sampler.Sampler].
func (s *Script) Sample(ctx context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	n := q.Trial.Number
	if n >= len(s.Trials) {
		if s.Then == nil {
			return 0, fmt.Errorf("honetest: the script has %d trials, this is trial %d", len(s.Trials), n)
		}
		return s.Then.Sample(ctx, q, name, d)
	}
	value, ok := s.Trials[n][name]
	if !ok {
		return 0, fmt.Errorf("honetest: the script has no %q for trial %d", name, n)
	}
	v, err := d.Internal(value)
	if err == nil && !d.Contains(v) {
		err = fmt.Errorf("it lies outside %s", d)
	}
	if err != nil {
		return 0, fmt.Errorf("honetest: the script has %v as %q for trial %d: %w", value, name, n, err)
	}
	return v, nil
}
