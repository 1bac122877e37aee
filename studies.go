package hone

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gohone/hone/storage"
)

// findStudy looks a study up by name; "" stands for the only one.
func findStudy(ctx context.Context, st storage.Storage, name string) (storage.Study, error) {
	if name == "" {
		all, err := st.Studies(ctx)
		if err != nil {
			return storage.Study{}, fmt.Errorf("hone: list studies: %w", err)
		}
		switch len(all) {
		case 0:
			return storage.Study{}, fmt.Errorf("hone: load study: %w: the storage holds none", ErrStudyNotFound)
		case 1:
			return all[0], nil
		}
		return storage.Study{}, fmt.Errorf("hone: load study: %w: no name was given, and the storage holds %d studies; name one, such as %s", ErrStudyNotFound, len(all), nearest("", all))
	}
	id, err := st.FindStudy(ctx, name)
	if err != nil {
		if errors.Is(err, ErrStudyNotFound) {
			if all, listErr := st.Studies(ctx); listErr == nil && len(all) > 0 {
				err = fmt.Errorf("%w; did you mean %s?", err, nearest(name, all))
			}
		}
		return storage.Study{}, fmt.Errorf("hone: load study %q: %w", name, err)
	}
	s, err := st.Study(ctx, id)
	if err != nil {
		return storage.Study{}, fmt.Errorf("hone: load study %q: %w", name, err)
	}
	return s, nil
}

// nearest names the three studies, or fewer, whose names are most like name.
func nearest(name string, all []storage.Study) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	slices.SortStableFunc(names, func(a, b string) int { return distance(name, a) - distance(name, b) })
	for i := range names {
		names[i] = fmt.Sprintf("%q", names[i])
	}
	names = names[:min(3, len(names))]
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " or " + names[last]
	}
	return names[0]
}

// distance is Levenshtein's: how many letters to change, put in or take out.
func distance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	row := make([]int, len(rb)+1)
	for j := range row {
		row[j] = j
	}
	for i := range ra {
		diagonal := row[0]
		row[0] = i + 1
		for j := range rb {
			cost := diagonal
			if ra[i] != rb[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(rb)]
}

// DeleteStudy removes a study with all its trials. It fails with
// ErrStudyNotFound when there is none of that name.
func DeleteStudy(ctx context.Context, st storage.Storage, name string) error {
	if err := notNil("DeleteStudy's storage", st); err != nil {
		return err
	}
	if name == "" {
		return fmt.Errorf("hone: delete study: %w: the name is empty", ErrStudyNotFound)
	}
	s, err := findStudy(ctx, st, name)
	if err != nil {
		return err
	}
	if err := st.DeleteStudy(ctx, s.ID); err != nil {
		return fmt.Errorf("hone: delete study %q: %w", name, err)
	}
	return nil
}

// CopyStudy copies a study, its attributes and all its trials, the unfinished
// ones too, into another storage or under another name. An empty newName keeps
// the name. It fails with ErrDuplicateStudy when the name is taken there.
// Numbers stay; ids are new.
func CopyStudy(ctx context.Context, from storage.Storage, name string, to storage.Storage, newName string) error {
	if err := cmp.Or(notNil("CopyStudy's from", from), notNil("CopyStudy's to", to)); err != nil {
		return err
	}
	s, err := findStudy(ctx, from, name)
	if err != nil {
		return err
	}
	if newName == "" {
		newName = s.Name
	}
	if err := storage.CheckName("study", newName); err != nil {
		return fmt.Errorf("hone: copy study %q: %w", s.Name, err)
	}
	trials, err := from.Trials(ctx, s.ID, -1, nil)
	if err != nil {
		return fmt.Errorf("hone: copy study %q: %w", s.Name, err)
	}
	id, err := to.CreateStudy(ctx, newName, s.Directions)
	if err != nil {
		return fmt.Errorf("hone: copy study %q to %q: %w", s.Name, newName, err)
	}
	if err := copyInto(ctx, to, id, s, trials); err != nil {
		// A half copy would pass for the whole study.
		if undo := to.DeleteStudy(context.WithoutCancel(ctx), id); undo != nil {
			err = errors.Join(err, fmt.Errorf("and the half copy could not be removed: %w", undo))
		}
		return fmt.Errorf("hone: copy study %q to %q: %w", s.Name, newName, err)
	}
	return nil
}

func copyInto(ctx context.Context, to storage.Storage, id int64, s storage.Study, trials []storage.Trial) error {
	for _, a := range s.SystemAttrs {
		if err := to.SetStudyAttr(ctx, id, storage.SystemAttr, a.Key, a.Value); err != nil {
			return err
		}
	}
	for _, a := range s.UserAttrs {
		if err := to.SetStudyAttr(ctx, id, storage.UserAttr, a.Key, a.Value); err != nil {
			return err
		}
	}
	for i := range trials {
		t := trials[i]
		// The copy of a running trial has no worker.
		t.SystemAttrs = slices.DeleteFunc(slices.Clone(t.SystemAttrs), func(a storage.Attr) bool {
			return a.Key == storage.AttrLease && !t.State.Finished()
		})
		if _, err := to.CreateTrial(ctx, id, &t); err != nil {
			return fmt.Errorf("trial %d: %w", t.Number, err)
		}
	}
	return nil
}

// A StudySummary describes a study without its trials.
type StudySummary struct {
	Name       string
	Directions []Direction
	// Trials is the number of trials in any state, ByState by state.
	Trials  int
	ByState map[State]int
	// Best is the best feasible trial of a study with one objective, nil if
	// there is none.
	Best *FrozenTrial
	// Started is when the first trial began; zero if none has.
	Started   time.Time
	UserAttrs map[string]any
}

// StudySummaries describes all studies of a storage, in the order in which they
// were made. It reads every trial.
func StudySummaries(ctx context.Context, st storage.Storage) ([]StudySummary, error) {
	if err := notNil("StudySummaries' storage", st); err != nil {
		return nil, err
	}
	all, err := st.Studies(ctx)
	if err != nil {
		return nil, fmt.Errorf("hone: list studies: %w", err)
	}
	out := make([]StudySummary, 0, len(all))
	for _, s := range all {
		trials, err := st.Trials(ctx, s.ID, -1, nil)
		if errors.Is(err, ErrStudyNotFound) {
			continue // deleted since it was listed
		}
		if err != nil {
			return nil, fmt.Errorf("hone: summary of study %q: %w", s.Name, err)
		}
		sum := StudySummary{
			Name:       s.Name,
			Directions: s.Directions,
			Trials:     len(trials),
			ByState:    make(map[State]int),
			UserAttrs:  decodeAttrs(s.UserAttrs),
		}
		var best *storage.Trial
		for i := range trials {
			t := &trials[i]
			sum.ByState[t.State]++
			if !t.Started.IsZero() && (sum.Started.IsZero() || t.Started.Before(sum.Started)) {
				sum.Started = t.Started
			}
			if len(s.Directions) == 1 && betterTrial(t, best, s.Directions[0]) {
				best = t
			}
		}
		if best != nil {
			f := freeze(best)
			sum.Best = &f
		}
		out = append(out, sum)
	}
	return out, nil
}
