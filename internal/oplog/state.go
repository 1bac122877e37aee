package oplog

import (
	"fmt"
	"slices"
	"sort"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// A State is what the records so far come to. Apply, Waiting and Compatible
// need it for themselves; the other methods may be called at the same time as
// each other. What any of them returns never changes afterwards, so a caller
// need hold a lock only for the call.
type State struct {
	studies []*study // by id; nil: deleted
	byName  map[string]int64
	trials  []*trial // by id; nil: its study was deleted
	records int64
	unknown int64

	rec   record
	scan  pyjson.Scanner // of the record
	inner pyjson.Scanner // of an object inside
	names map[string]string
	dists map[string]*domain // by text
}

type study struct {
	storage.Study
	trials  []int64           // ids, by number
	first   map[string]*first // by parameter
	waiting []int64           // ids that may be waiting, rising
	counts  int               // finished trials that count
	held    int               // running trials that hold budget
	params  int               // parameters of the last finished trial
	wide    [2]map[string]int // places of keys, of attributes by kind
}

// first tells which trial of a study, in the order of creation, is the first
// that has a parameter: its domain is what others must be compatible with.
type first struct {
	number int
	dom    *domain
}

type trial struct {
	storage.Trial
	study *study
	wide  [2]map[string]int // as in study
}

// A domain is a distribution as the log has it.
type domain struct {
	class string // Optuna compares the exact class, old ones included
	dist  distributions.Distribution
	err   error // the text is no distribution
}

// NewState returns the state of an empty log.
func NewState() *State {
	return &State{
		byName: make(map[string]int64),
		names:  make(map[string]string),
		dists:  make(map[string]*domain),
	}
}

// Records returns how many records were applied or passed over.
func (s *State) Records() int64 { return s.records }

// Unknown returns how many of them had an operation code that is not known.
func (s *State) Unknown() int64 { return s.unknown }

// Study returns a study, or storage.ErrStudyNotFound.
func (s *State) Study(id int64) (storage.Study, error) {
	st, err := s.study(id)
	if err != nil {
		return storage.Study{}, err
	}
	return st.view(), nil
}

// FindStudy returns the id of the study of that name, or
// storage.ErrStudyNotFound.
func (s *State) FindStudy(name string) (int64, error) {
	id, ok := s.byName[name]
	if !ok {
		return 0, fmt.Errorf("%w: %q", storage.ErrStudyNotFound, name)
	}
	return id, nil
}

// Studies returns the studies in the order of their ids.
func (s *State) Studies() []storage.Study {
	out := make([]storage.Study, 0, len(s.byName))
	for _, st := range s.studies {
		if st != nil {
			out = append(out, st.view())
		}
	}
	return out
}

// Trial returns a trial, or storage.ErrTrialNotFound.
func (s *State) Trial(id int64) (storage.Trial, error) {
	t, err := s.trial(id)
	if err != nil {
		return storage.Trial{}, err
	}
	return t.view(), nil
}

// Trials returns the trials of a study as [storage.Storage].Trials does.
func (s *State) Trials(id, after int64, include []int64) ([]storage.Trial, error) {
	st, err := s.study(id)
	if err != nil {
		return nil, err
	}
	from := sort.Search(len(st.trials), func(i int) bool { return st.trials[i] > after })
	n := len(st.trials) - from
	if n == 0 && len(include) == 0 {
		return nil, nil
	}
	out := make([]storage.Trial, 0, n+len(include))
	if len(include) > 0 {
		include = slices.Clone(include)
		slices.Sort(include)
		for _, id := range slices.Compact(include) {
			if id >= 0 && id <= after && id < int64(len(s.trials)) && s.trials[id] != nil && s.trials[id].study == st {
				out = append(out, s.trials[id].view())
			}
		}
	}
	for _, id := range st.trials[from:] {
		out = append(out, s.trials[id].view())
	}
	return out, nil
}

// Waiting returns the study's oldest waiting trial; ok is false when there is
// none.
func (s *State) Waiting(id int64) (t storage.Trial, ok bool, err error) {
	st, err := s.study(id)
	if err != nil {
		return storage.Trial{}, false, err
	}
	for len(st.waiting) > 0 {
		if t := s.trials[st.waiting[0]]; t.State == storage.Waiting {
			return t.view(), true, nil
		}
		st.waiting = st.waiting[1:]
	}
	return storage.Trial{}, false, nil
}

// Spent returns how many trials of a study count towards a budget, and how
// many running ones hold a place of it.
func (s *State) Spent(id int64) (counted, held int, err error) {
	st, err := s.study(id)
	if err != nil {
		return 0, 0, err
	}
	return st.counts, st.held, nil
}

// StudyOf returns the id of the study that a trial belongs to.
func (s *State) StudyOf(id int64) (int64, error) {
	t, err := s.trial(id)
	if err != nil {
		return 0, err
	}
	return t.study.ID, nil
}

// Holders returns who holds the running trials of a study, each once.
func (s *State) Holders(id int64) ([]string, error) {
	st, err := s.study(id)
	if err != nil {
		return nil, err
	}
	var out []string
	if st.held == 0 {
		return nil, nil
	}
	left := st.held
	for i := len(st.trials) - 1; i >= 0 && left > 0; i-- { // running trials are among the last
		t := s.trials[st.trials[i]]
		if !t.HoldsBudget() {
			continue
		}
		left--
		if h := t.Holder(); !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out, nil
}

// Compatible returns storage.ErrIncompatible, wrapped, when a parameter may not
// be added to a trial of the study.
func (s *State) Compatible(id int64, p storage.Param) error {
	st, err := s.study(id)
	if err != nil {
		return err
	}
	f := st.first[p.Name]
	if f == nil {
		return nil
	}
	text, err := distributions.Marshal(p.Dist)
	if err != nil {
		return err
	}
	return f.dom.compatible(p.Name, s.domain(text))
}

func (s *State) study(id int64) (*study, error) {
	if id < 0 || id >= int64(len(s.studies)) || s.studies[id] == nil {
		return nil, fmt.Errorf("%w: id %d", storage.ErrStudyNotFound, id)
	}
	return s.studies[id], nil
}

func (s *State) trial(id int64) (*trial, error) {
	if id < 0 || id >= int64(len(s.trials)) || s.trials[id] == nil {
		return nil, fmt.Errorf("%w: id %d", storage.ErrTrialNotFound, id)
	}
	return s.trials[id], nil
}

func (st *study) view() storage.Study {
	v := st.Study
	v.Directions = slices.Clip(v.Directions)
	v.UserAttrs = slices.Clip(v.UserAttrs)
	v.SystemAttrs = slices.Clip(v.SystemAttrs)
	return v
}

// view returns the trial as callers may keep it: what is appended later goes
// beyond the ends of its slices, and what is overwritten is copied first.
func (t *trial) view() storage.Trial {
	v := t.Trial
	v.Values = slices.Clip(v.Values)
	v.Params = slices.Clip(v.Params)
	v.Reports = slices.Clip(v.Reports)
	v.UserAttrs = slices.Clip(v.UserAttrs)
	v.SystemAttrs = slices.Clip(v.SystemAttrs)
	return v
}

// account keeps the number of trials that count or hold budget: by is 1 when t
// entered its state and −1 when it is about to leave it.
func (st *study) account(t *storage.Trial, by int) {
	if t.Counts() {
		st.counts += by
	} else if t.HoldsBudget() {
		st.held += by
	}
}

// remember notes a parameter of a trial that was just set.
func (st *study) remember(name string, number int, dom *domain) {
	f := st.first[name]
	switch {
	case f == nil:
		st.first[name] = &first{number, dom}
	case number <= f.number:
		f.number, f.dom = number, dom
	}
}

// compatible is Optuna's check_distribution_compatibility, in which old classes
// differ from the ones that took their place.
func (d *domain) compatible(name string, other *domain) error {
	if d.class != other.class {
		if err := distributions.Compatible(d.dist, other.dist); err != nil {
			return fmt.Errorf("%w: %q: %w", storage.ErrIncompatible, name, err)
		}
		return fmt.Errorf("%w: %q is of class %s in this study, this is %s: the class must not change; use a new name", storage.ErrIncompatible, name, d.class, other.class)
	}
	if err := distributions.Compatible(d.dist, other.dist); err != nil {
		return fmt.Errorf("%w: %q: %w", storage.ErrIncompatible, name, err)
	}
	return nil
}
