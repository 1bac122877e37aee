package storage

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/gohone/hone/distributions"
)

// Memory keeps studies in the memory of the process. It is what a study uses
// when no storage is given. Trials' ids are positions in one table, so every
// call on a trial is O(1).
type Memory struct {
	mu      sync.Mutex
	closed  bool
	studies []*memStudy // by id; nil: deleted
	byName  map[string]int64
	trials  []*memTrial // by id; nil: its study was deleted
}

type memStudy struct {
	Study
	trials  []int64                               // ids, by number
	dists   map[string]distributions.Distribution // first domain of each name
	waiting []int64                               // ids that may be waiting, in order
	counts  int                                   // finished trials that count
	held    int                                   // running trials that hold budget
	params  int                                   // parameters of the last finished trial
	free    []memTrial                            // allocated and not used yet
}

type memTrial struct {
	Trial
	study *memStudy
}

// NewMemory returns an empty storage.
func NewMemory() *Memory {
	return &Memory{byName: make(map[string]int64)}
}

var (
	_ Claimer  = (*Memory)(nil)
	_ InMemory = (*Memory)(nil)
)

// InMemory reports true.
func (m *Memory) InMemory() bool { return true }

// Close releases the studies. Later calls fail.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.studies, m.trials, m.byName = nil, nil, nil
	return nil
}

// begin is what every call checks first, with the lock held.
func (m *Memory) begin(ctx context.Context) error {
	if m.closed {
		return fmt.Errorf("storage: Memory is closed")
	}
	return ctx.Err()
}

func (m *Memory) study(ctx context.Context, id int64) (*memStudy, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	if id < 0 || id >= int64(len(m.studies)) || m.studies[id] == nil {
		return nil, fmt.Errorf("storage: %w: id %d", ErrStudyNotFound, id)
	}
	return m.studies[id], nil
}

func (m *Memory) trial(ctx context.Context, id int64) (*memTrial, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	if id < 0 || id >= int64(len(m.trials)) || m.trials[id] == nil {
		return nil, fmt.Errorf("storage: %w: id %d", ErrTrialNotFound, id)
	}
	return m.trials[id], nil
}

// open returns a trial that may be changed.
func (m *Memory) open(ctx context.Context, id int64) (*memTrial, error) {
	t, err := m.trial(ctx, id)
	if err != nil {
		return nil, err
	}
	if t.State.Finished() {
		return nil, fmt.Errorf("storage: %w: trial %d is %s", ErrTrialFinished, t.Number, t.State)
	}
	return t, nil
}

// CreateStudy implements [Storage].
func (m *Memory) CreateStudy(ctx context.Context, name string, directions []Direction) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	if name == "" {
		name = NewStudyName()
	}
	if err := CheckDirections(directions); err != nil {
		return 0, err
	}
	if _, ok := m.byName[name]; ok {
		return 0, fmt.Errorf("storage: %w: %q", ErrDuplicateStudy, name)
	}
	id := int64(len(m.studies))
	m.studies = append(m.studies, &memStudy{
		Study: Study{ID: id, Name: name, Directions: slices.Clone(directions)},
		dists: make(map[string]distributions.Distribution),
	})
	m.byName[name] = id
	return id, nil
}

// CheckDirections returns an error unless there is at least one direction and
// each is Minimize or Maximize.
func CheckDirections(directions []Direction) error {
	if len(directions) == 0 {
		return fmt.Errorf("storage: a study needs at least one direction")
	}
	for i, d := range directions {
		if d != Minimize && d != Maximize {
			return fmt.Errorf("storage: direction %d is %s, not minimize or maximize", i, d)
		}
	}
	return nil
}

// DeleteStudy implements [Storage].
func (m *Memory) DeleteStudy(ctx context.Context, study int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.study(ctx, study)
	if err != nil {
		return err
	}
	for _, id := range s.trials {
		m.trials[id] = nil
	}
	m.studies[study] = nil
	delete(m.byName, s.Name)
	return nil
}

// FindStudy implements [Storage].
func (m *Memory) FindStudy(ctx context.Context, name string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	id, ok := m.byName[name]
	if !ok {
		return 0, fmt.Errorf("storage: %w: %q", ErrStudyNotFound, name)
	}
	return id, nil
}

// Study implements [Storage].
func (m *Memory) Study(ctx context.Context, study int64) (Study, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.study(ctx, study)
	if err != nil {
		return Study{}, err
	}
	return s.view(), nil
}

func (s *memStudy) view() Study {
	v := s.Study
	v.UserAttrs = slices.Clip(v.UserAttrs)
	v.SystemAttrs = slices.Clip(v.SystemAttrs)
	return v
}

// Studies implements [Storage].
func (m *Memory) Studies(ctx context.Context) ([]Study, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	var out []Study
	for _, s := range m.studies {
		if s != nil {
			out = append(out, s.view())
		}
	}
	return out, nil
}

// SetStudyAttr implements [Storage].
func (m *Memory) SetStudyAttr(ctx context.Context, study int64, kind AttrKind, key, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.study(ctx, study)
	if err != nil {
		return err
	}
	if kind == SystemAttr {
		s.SystemAttrs = s.SystemAttrs.With(key, value)
	} else {
		s.UserAttrs = s.UserAttrs.With(key, value)
	}
	return nil
}

// CreateTrial implements [Storage].
func (m *Memory) CreateTrial(ctx context.Context, study int64, template *Trial) (Trial, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.study(ctx, study)
	if err != nil {
		return Trial{}, err
	}
	return m.create(s, template)
}

func (m *Memory) create(s *memStudy, template *Trial) (Trial, error) {
	t := s.room()
	if template == nil {
		t.Started = time.Now()
		if s.params > 0 {
			t.Params = make([]Param, 0, s.params)
		}
	} else {
		for _, p := range template.Params {
			if err := s.compatible(p); err != nil {
				return Trial{}, err
			}
		}
		t.Trial = template.Clone()
		t.Trial.FillTimes(time.Now())
	}
	t.ID, t.Number = int64(len(m.trials)), len(s.trials)
	m.trials = append(m.trials, t)
	s.trials = append(s.trials, t.ID)
	for _, p := range t.Params {
		s.remember(p)
	}
	s.account(&t.Trial, 1)
	if t.State == Waiting {
		s.waiting = append(s.waiting, t.ID)
	}
	return t.view(), nil
}

// room returns memory for a trial. Trials stay as long as their study, so they are
// allocated together, a few at first.
func (s *memStudy) room() *memTrial {
	if len(s.free) == 0 {
		s.free = make([]memTrial, min(1+len(s.trials)/4, 64))
	}
	t := &s.free[0]
	s.free = s.free[1:]
	t.study = s
	return t
}

// account keeps the number of trials that count or hold budget: by is 1 when t
// entered its state and −1 when it is about to leave it.
func (s *memStudy) account(t *Trial, by int) {
	if t.Counts() {
		s.counts += by
	} else if t.HoldsBudget() {
		s.held += by
	}
}

func (t *memTrial) view() Trial {
	v := t.Trial
	v.Params = slices.Clip(v.Params)
	v.Reports = slices.Clip(v.Reports)
	v.UserAttrs = slices.Clip(v.UserAttrs)
	v.SystemAttrs = slices.Clip(v.SystemAttrs)
	return v
}

func (s *memStudy) compatible(p Param) error {
	old := s.dists[p.Name]
	if old == nil {
		return nil
	}
	if err := distributions.Compatible(old, p.Dist); err != nil {
		return fmt.Errorf("storage: %w: %q: %w", ErrIncompatible, p.Name, err)
	}
	return nil
}

func (s *memStudy) remember(p Param) {
	if _, ok := s.dists[p.Name]; !ok {
		s.dists[p.Name] = p.Dist
	}
}

// admit is compatible and remember with one look at the map.
func (s *memStudy) admit(p Param) error {
	old, ok := s.dists[p.Name]
	if !ok {
		s.dists[p.Name] = p.Dist
		return nil
	}
	if same(old, p.Dist) {
		return nil
	}
	return s.compatible(p)
}

// SetParam implements [Storage]. A second call for one name overwrites.
func (m *Memory) SetParam(ctx context.Context, trial int64, p Param) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.open(ctx, trial)
	if err != nil {
		return err
	}
	if err := t.study.admit(p); err != nil {
		return err
	}
	for i := range t.Params {
		if t.Params[i].Name == p.Name {
			t.Params = slices.Clone(t.Params)
			t.Params[i] = p
			return nil
		}
	}
	t.Params = append(t.Params, p)
	return nil
}

// SetReport implements [Storage].
func (m *Memory) SetReport(ctx context.Context, trial int64, step int, value float64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.open(ctx, trial)
	if err != nil {
		return err
	}
	if step < 0 {
		return fmt.Errorf("storage: report at step %d: steps are not negative", step)
	}
	t.Reports = WithReport(t.Reports, step, value)
	return nil
}

// SetTrialAttr implements [Storage].
func (m *Memory) SetTrialAttr(ctx context.Context, trial int64, kind AttrKind, key, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.open(ctx, trial)
	if err != nil {
		return err
	}
	if kind == UserAttr {
		t.UserAttrs = t.UserAttrs.With(key, value)
		return nil
	}
	t.study.account(&t.Trial, -1)
	t.SystemAttrs = t.SystemAttrs.With(key, value)
	t.study.account(&t.Trial, 1)
	return nil
}

// SetState implements [Storage].
func (m *Memory) SetState(ctx context.Context, trial int64, state State, values []float64) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.open(ctx, trial)
	if err != nil {
		return false, err
	}
	if t.State == Running && state == Running {
		return false, nil
	}
	if err := CheckValues(values); err != nil {
		return false, err
	}
	m.move(t, state, values)
	return true, nil
}

// CheckValues returns an error when one of the objective values is NaN.
func CheckValues(values []float64) error {
	for i, v := range values {
		if v != v {
			return fmt.Errorf("storage: value %d of the trial is NaN, which is not a result", i)
		}
	}
	return nil
}

func (m *Memory) move(t *memTrial, state State, values []float64) {
	t.study.account(&t.Trial, -1)
	now := time.Now()
	switch {
	case state == Running:
		t.Started = now
	case state == Waiting:
		// Claim takes the oldest, whenever it came back.
		if i, found := slices.BinarySearch(t.study.waiting, t.ID); !found {
			t.study.waiting = slices.Insert(t.study.waiting, i, t.ID)
		}
	case state.Finished():
		t.Finished = now
		if t.Started.IsZero() {
			t.Started = now
		}
		t.study.params = len(t.Params)
		if cap(t.Params) > len(t.Params) {
			t.Params = slices.Clone(t.Params)[:len(t.Params):len(t.Params)]
		}
	}
	t.State = state
	if values != nil {
		t.Values = slices.Clone(values)
	}
	t.study.account(&t.Trial, 1)
}

// Trial implements [Storage].
func (m *Memory) Trial(ctx context.Context, trial int64) (Trial, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.trial(ctx, trial)
	if err != nil {
		return Trial{}, err
	}
	return t.view(), nil
}

// Trials implements [Storage].
func (m *Memory) Trials(ctx context.Context, study, after int64, include []int64) ([]Trial, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.study(ctx, study)
	if err != nil {
		return nil, err
	}
	first := sort.Search(len(s.trials), func(i int) bool { return s.trials[i] > after })
	n := len(s.trials) - first
	if n == 0 && len(include) == 0 {
		return nil, nil
	}
	out := make([]Trial, 0, n+len(include))
	if len(include) > 0 {
		include = slices.Clone(include)
		slices.Sort(include)
		for _, id := range slices.Compact(include) {
			if id >= 0 && id <= after && id < int64(len(m.trials)) && m.trials[id] != nil && m.trials[id].study == s {
				out = append(out, m.trials[id].view())
			}
		}
	}
	for _, id := range s.trials[first:] {
		out = append(out, m.trials[id].view())
	}
	return out, nil
}

// Claim implements [Claimer].
func (m *Memory) Claim(ctx context.Context, study int64, c Claim) (Trial, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.study(ctx, study)
	if err != nil {
		return Trial{}, false, err
	}
	if c.Budget > 0 && s.counts+s.held >= c.Budget {
		return Trial{}, false, nil
	}
	for len(s.waiting) > 0 {
		t := m.trials[s.waiting[0]]
		s.waiting = s.waiting[1:]
		if t.State != Waiting {
			continue
		}
		for _, a := range c.Attrs {
			t.SystemAttrs = t.SystemAttrs.With(a.Key, a.Value)
		}
		m.move(t, Running, nil)
		return t.view(), true, nil
	}
	var template *Trial
	if len(c.Attrs) > 0 {
		template = &Trial{State: Running, SystemAttrs: c.Attrs}
	}
	t, err := m.create(s, template)
	return t, err == nil, err
}

// Requeue implements [Claimer].
func (m *Memory) Requeue(ctx context.Context, trial int64, holder string, attrs []Attr, retry *Trial) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, err := m.trial(ctx, trial)
	if err != nil {
		return false, err
	}
	if t.State != Running || t.Holder() != holder {
		return false, nil
	}
	if retry != nil { // which is checked before anything changes
		if _, err := m.create(t.study, retry); err != nil {
			return false, err
		}
	}
	t.study.account(&t.Trial, -1)
	for _, a := range attrs {
		t.SystemAttrs = t.SystemAttrs.With(a.Key, a.Value)
	}
	t.study.account(&t.Trial, 1)
	m.move(t, Failed, nil)
	return true, nil
}
