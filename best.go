package hone

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/gohone/hone/storage"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// BestTrial returns the best complete trial that satisfies all constraints; of
// equals the first. It fails with ErrNoTrials when none is complete, with
// ErrNoFeasible when each violates a constraint, and with ErrMultiObjective when
// there are several objectives (see ParetoFront).
func (s *Study) BestTrial() (FrozenTrial, error) {
	t, err := s.best()
	if err != nil {
		return FrozenTrial{}, err
	}
	return freeze(t), nil
}

func (s *Study) best() (*storage.Trial, error) {
	if len(s.directions) != 1 {
		return nil, fmt.Errorf("%w (study %q has %d): there is no single best trial; use ParetoFront", ErrMultiObjective, s.name, len(s.directions))
	}
	if err := s.refreshAll(context.Background()); err != nil {
		return nil, fmt.Errorf("hone: study %q: %w", s.name, err)
	}
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	switch {
	case s.known.best != nil:
		return s.known.best, nil
	case s.known.byState[Complete] > 0:
		return nil, fmt.Errorf("%w (study %q)", ErrNoFeasible, s.name)
	}
	return nil, fmt.Errorf("%w (study %q%s)", ErrNoTrials, s.name, s.known.whyNone())
}

// BestValue returns the value of BestTrial, with its errors.
func (s *Study) BestValue() (float64, error) {
	t, err := s.best()
	if err != nil {
		return 0, err
	}
	return t.Values[0], nil
}

// BestParams returns the parameters of BestTrial, with its errors.
func (s *Study) BestParams() (map[string]any, error) {
	t, err := s.best()
	if err != nil {
		return nil, err
	}
	params := make(map[string]any, len(t.Params))
	for _, p := range t.Params {
		params[p.Name] = external(p)
	}
	return params, nil
}

// ParetoFront returns the complete trials that no other dominates, by number:
// for none of them is there a trial that is as good in every objective and
// better in one. When any trial of the study has constraints, only feasible
// trials are looked at. The front may be empty.
func (s *Study) ParetoFront() ([]FrozenTrial, error) {
	trials, err := s.read(context.Background())
	if err != nil {
		return nil, err
	}
	var rows []*storage.Trial
	for i := range trials {
		t := &trials[i]
		if t.State == Complete && len(t.Values) == len(s.directions) && t.Feasible() {
			rows = append(rows, t)
		}
	}
	front := make([]FrozenTrial, 0)
	for _, t := range paretoFront(rows, s.directions) {
		front = append(front, freeze(t))
	}
	return front, nil
}

// paretoFront returns the rows that are not dominated, by number. Rows are gone
// through from the best first value on, so that one can only be dominated by
// those that are on the front already.
func paretoFront(rows []*storage.Trial, directions []Direction) []*storage.Trial {
	loss := func(t *storage.Trial, k int) float64 { return directions[k].Sign() * t.Values[k] }
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(a, b *storage.Trial) int {
		for k := range directions {
			if c := cmp.Compare(loss(a, k), loss(b, k)); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.Number, b.Number)
	})
	dominates := func(a, b *storage.Trial) bool {
		better := false
		for k := range directions {
			la, lb := loss(a, k), loss(b, k)
			if la > lb {
				return false
			}
			better = better || la < lb
		}
		return better
	}
	var front []*storage.Trial
	for _, t := range sorted {
		rivals := front
		if len(directions) == 2 && len(front) > 0 { // the last is the best in the second value
			rivals = front[len(front)-1:]
		}
		if !slices.ContainsFunc(rivals, func(f *storage.Trial) bool { return dominates(f, t) }) {
			front = append(front, t)
		}
	}
	slices.SortFunc(front, func(a, b *storage.Trial) int { return cmp.Compare(a.Number, b.Number) })
	return front
}

// read returns all trials by number, as the storage has them.
func (s *Study) read(ctx context.Context) ([]storage.Trial, error) {
	trials, err := s.storage.Trials(ctx, s.id, -1, nil)
	if err != nil {
		return nil, fmt.Errorf("hone: study %q: read trials: %w", s.name, err)
	}
	slices.SortFunc(trials, func(a, b storage.Trial) int { return cmp.Compare(a.Number, b.Number) })
	return trials, nil
}

// Trials returns all trials, unfinished ones included, by number.
func (s *Study) Trials() ([]FrozenTrial, error) {
	trials, err := s.read(context.Background())
	if err != nil {
		return nil, err
	}
	out := make([]FrozenTrial, len(trials))
	for i := range trials {
		out[i] = freeze(&trials[i])
	}
	return out, nil
}

// AllTrials goes through all trials by number and builds the full form of one at
// a time. A failure to read ends it with an error.
func (s *Study) AllTrials() iter.Seq2[FrozenTrial, error] {
	return func(yield func(FrozenTrial, error) bool) {
		trials, err := s.read(context.Background())
		if err != nil {
			yield(FrozenTrial{}, err)
			return
		}
		for i := range trials {
			if !yield(freeze(&trials[i]), nil) {
				return
			}
		}
	}
}
