package hone

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// Options configure a study. The zero value, like a nil *Options, is the
// recommended setting.
type Options struct {
	// Name of the study. "" makes a fresh one; in memory it follows from the seed.
	Name string
	// Direction of a study with one objective. Unset minimises a new study and
	// takes what is stored for one that is loaded; a direction other than the
	// stored one is an error.
	Direction Direction
	// Directions of a study with several objectives, instead of Direction.
	Directions []Direction
	// Storage keeps the study. nil keeps it in the memory of the process.
	Storage storage.Storage
	// Sampler chooses the values. nil means &sampler.Auto{}. A sampler serves
	// one study.
	Sampler sampler.Sampler
	// Pruner stops hopeless trials. nil means &pruner.Median{}, which acts only
	// where the objective reports; &pruner.Nop{} never prunes.
	Pruner pruner.Pruner
	// Seed makes the study repeatable. 0 chooses one at random; Study.Seed
	// tells which. A study that is loaded goes on with its own. With
	// pruner.Hyperband on a Storage, repeat the Name, too.
	Seed uint64
	// LoadIfExists loads the study of this name if there is one, instead of
	// failing with ErrDuplicateStudy. With a Storage it needs a Name: otherwise each
	// start would make another study.
	LoadIfExists bool
	// MetricNames names the objectives, in order. nil leaves them unnamed, or as
	// they are stored. A study without names that is loaded gets these; other names
	// than the stored ones are an error.
	MetricNames []string
	// Logger gets one line for each trial. nil logs nothing.
	Logger *slog.Logger
	// Lease says how workers of several processes watch over one another.
	Lease LeaseOptions
}

// A Study is one optimisation: trials of one objective (or of several at once),
// with what is known of them. It may be used by any number of goroutines, and by
// any number of processes if its storage is.
type Study struct {
	storage    storage.Storage
	id         int64
	name       string
	directions []Direction
	sampler    sampler.Sampler
	pruner     pruner.Pruner
	seed       uint64
	logger     *slog.Logger
	names      atomic.Int64 // of parameters, from which on they are looked at: see warnNames
	metrics    []string
	inMemory   bool

	asking  *turns     // serialises the choice of which trial comes next
	jointly sync.Mutex // serialises what samplers choose jointly, so that each trial sees what the one before has
	judging sync.Mutex // serialises the decisions of pruners that keep a digest
	known   *knowledge
	domains domainCache
	lease   *leaseKeeper

	self   string // whose lease this study's trials are under
	debtMu sync.Mutex
	debts  []debt

	runMu sync.Mutex
	runs  map[*run]struct{} // calls of Optimize under way
}

// NewStudy makes a study, or loads it where Options.LoadIfExists says so. nil
// options are fine.
//
// It fails with ErrDuplicateStudy when the name is taken, with ErrInvalidName
// when some storage could not keep the name, and with an error that names type,
// field and value when a setting of the sampler or the pruner is out of range.
func NewStudy(o *Options) (*Study, error) {
	return newStudy(context.Background(), o)
}

func newStudy(ctx context.Context, o *Options) (*Study, error) {
	if o == nil {
		o = new(Options)
	}
	directions, err := o.directions()
	if err != nil {
		return nil, err
	}
	create := directions
	if create == nil {
		create = []Direction{Minimize}
	}
	if o.Name != "" {
		if err := storage.CheckName("study", o.Name); err != nil {
			return nil, fmt.Errorf("hone: %w", err)
		}
	}
	if err := checkParts(o, create); err != nil {
		return nil, err
	}
	if o.LoadIfExists && o.Name == "" && o.Storage != nil {
		return nil, errors.New("hone: Options.LoadIfExists needs a Name, or every start would make another study; LoadStudy without a name opens the only one of a storage")
	}
	st := o.Storage
	if st == nil {
		st = storage.NewMemory()
	} else if err := notNil("Options.Storage", st); err != nil {
		return nil, err
	}
	if o.MetricNames != nil && len(o.MetricNames) != len(create) {
		if directions == nil && o.LoadIfExists { // it may exist, with other directions
			if _, err := st.FindStudy(ctx, o.Name); err == nil {
				return LoadStudy(ctx, st, o.Name, o)
			}
		}
		return nil, fmt.Errorf("hone: Options.MetricNames has %d names for %d objectives", len(o.MetricNames), len(create))
	}
	seed := o.Seed
	for seed == 0 {
		seed = rand.Uint64()
	}
	name := o.Name
	switch {
	case name != "":
	case o.Storage == nil: // it has no others, and Hyperband's brackets follow from the name
		name = fmt.Sprintf("no-name-%d", seed)
	default:
		name = storage.NewStudyName()
	}
	id, err := st.CreateStudy(ctx, name, create)
	if err != nil {
		if errors.Is(err, ErrDuplicateStudy) {
			if o.LoadIfExists {
				return LoadStudy(ctx, st, name, o)
			}
			return nil, fmt.Errorf("hone: study %q exists already; pass LoadIfExists, or choose another name: %w", name, err)
		}
		return nil, fmt.Errorf("hone: create study %q: %w", name, err)
	}
	if err := st.SetStudyAttr(ctx, id, storage.SystemAttr, storage.AttrSeed, strconv.Quote(strconv.FormatUint(seed, 10))); err != nil {
		return nil, fmt.Errorf("hone: create study %q: %w", name, err)
	}
	if o.MetricNames != nil {
		if err := setMetricNames(ctx, st, id, o.MetricNames); err != nil {
			return nil, fmt.Errorf("hone: create study %q: %w", name, err)
		}
	}
	return openStudy(st, storage.Study{ID: id, Name: name, Directions: slices.Clone(create)}, seed, o.MetricNames, o), nil
}

// directions returns what the options ask for, nil if they leave it open.
func (o *Options) directions() ([]Direction, error) {
	switch {
	case o.Directions != nil && o.Direction != Unset:
		return nil, errors.New("hone: Options has both Direction and Directions; give one of them")
	case o.Directions != nil:
		if len(o.Directions) == 0 {
			return nil, errors.New("hone: Options.Directions is empty; a study needs at least one objective")
		}
		for i, d := range o.Directions {
			if d != Minimize && d != Maximize {
				return nil, fmt.Errorf("hone: Options.Directions[%d] is %s; it must be Minimize or Maximize", i, d)
			}
		}
		return o.Directions, nil
	case o.Direction == Unset:
		return nil, nil
	case o.Direction != Minimize && o.Direction != Maximize:
		return nil, fmt.Errorf("hone: Options.Direction is %s; it must be Minimize or Maximize", o.Direction)
	}
	return []Direction{o.Direction}, nil
}

// checkParts asks the sampler and the pruner whether their settings make sense.
func checkParts(o *Options, directions []Direction) error {
	for _, part := range []struct {
		name string
		is   any
	}{{"Options.Sampler", o.Sampler}, {"Options.Pruner", o.Pruner}} {
		if part.is != nil { // the default
			if err := notNil(part.name, part.is); err != nil {
				return err
			}
		}
	}
	if v, ok := o.Sampler.(sampler.Validator); ok {
		if err := v.Validate(directions); err != nil {
			return fmt.Errorf("hone: %w", err)
		}
	}
	if v, ok := o.Pruner.(pruner.Validator); ok {
		if err := v.Validate(); err != nil {
			return fmt.Errorf("hone: %w", err)
		}
	}
	return o.Lease.validate()
}

// LoadStudy opens a study that is in st. An empty name stands for the only
// study there. Of the options, Sampler, Pruner, Logger and Lease are used.
// Direction or Directions and MetricNames must agree with what is stored if they
// are given; names are stored where there are none.
//
// It fails with ErrStudyNotFound when there is no such study, and names those
// of similar names.
func LoadStudy(ctx context.Context, st storage.Storage, name string, o *Options) (*Study, error) {
	if o == nil {
		o = new(Options)
	}
	if err := notNil("LoadStudy's storage", st); err != nil {
		return nil, err
	}
	s, err := findStudy(ctx, st, name)
	if err != nil {
		return nil, err
	}
	want, err := o.directions()
	if err != nil {
		return nil, err
	}
	if want != nil && !slices.Equal(want, s.Directions) {
		return nil, fmt.Errorf("hone: study %q is stored with directions %v, the options say %v; leave Direction unset to take the stored ones", s.Name, s.Directions, want)
	}
	if err := checkParts(o, s.Directions); err != nil {
		return nil, err
	}
	if o.LoadIfExists {
		if s, err = awaitSeed(ctx, st, s); err != nil {
			return nil, err
		}
	}
	metrics, err := nameMetrics(ctx, st, s, o.MetricNames)
	if err != nil {
		return nil, err
	}
	return openStudy(st, s, storedSeed(s), metrics, o), nil
}

// nameMetrics returns the names of a stored study's objectives. Where it has none,
// those given become its names.
func nameMetrics(ctx context.Context, st storage.Storage, s storage.Study, given []string) ([]string, error) {
	stored := storedMetrics(s)
	switch {
	case given == nil || slices.Equal(given, stored):
		return stored, nil
	case len(given) != len(s.Directions):
		return nil, fmt.Errorf("hone: Options.MetricNames has %d names for the %d objectives of study %q", len(given), len(s.Directions), s.Name)
	case stored != nil:
		return nil, fmt.Errorf("hone: study %q is stored with the metric names %q, the options say %q; leave MetricNames nil to take the stored ones", s.Name, stored, given)
	}
	if err := setMetricNames(ctx, st, s.ID, given); err != nil {
		return nil, fmt.Errorf("hone: study %q: set its metric names: %w", s.Name, err)
	}
	return slices.Clone(given), nil
}

func setMetricNames(ctx context.Context, st storage.Storage, study int64, names []string) error {
	text, err := encodeAttr(names)
	if err != nil {
		return err
	}
	return st.SetStudyAttr(ctx, study, storage.SystemAttr, storage.AttrMetricNames, text)
}

func openStudy(st storage.Storage, s storage.Study, seed uint64, metrics []string, o *Options) *Study {
	study := &Study{
		storage:    st,
		id:         s.ID,
		name:       s.Name,
		directions: s.Directions,
		sampler:    o.Sampler,
		pruner:     o.Pruner,
		seed:       seed,
		metrics:    metrics,
		runs:       make(map[*run]struct{}),
		self:       storage.NewUUID(),
	}
	if o.Logger != nil {
		study.logger = slog.New(newCalmHandler(o.Logger.Handler()))
	}
	if study.sampler == nil {
		study.sampler = new(sampler.Auto)
	}
	if study.pruner == nil {
		study.pruner = new(pruner.Median)
	}
	study.asking = newTurns(st, study.sampler)
	if m, ok := st.(storage.InMemory); ok {
		study.inMemory = m.InMemory()
	}
	brackets, _ := study.pruner.(pruner.Bracketer)
	study.known = newKnowledge(study.name, study.directions, brackets)
	if leaser, ok := storage.AsLeaser(st); ok {
		study.lease = newLeaseKeeper(study, leaser, o.Lease)
	}
	return study
}

// awaitSeed gives another process that is just making the study the time to note
// its seed, which takes a second call.
func awaitSeed(ctx context.Context, st storage.Storage, s storage.Study) (storage.Study, error) {
	for pause := time.Millisecond; pause < 300*time.Millisecond; pause *= 2 {
		if _, ok := s.SystemAttrs.Get(storage.AttrSeed); ok {
			return s, nil
		}
		trials, err := st.Trials(ctx, s.ID, -1, nil)
		if err == nil && len(trials) > 0 {
			return s, nil // Python's
		}
		if err == nil {
			time.Sleep(pause)
			s, err = st.Study(ctx, s.ID)
		}
		if err != nil {
			return s, fmt.Errorf("hone: load study %q: %w", s.Name, err)
		}
	}
	return s, nil
}

// storedSeed returns the seed kept with a study. One that Python made has none
// and gets one from its name.
func storedSeed(s storage.Study) uint64 {
	if text, ok := s.SystemAttrs.Get(storage.AttrSeed); ok {
		if t, err := pyjson.ParseString([]byte(text)); err == nil {
			if seed, err := strconv.ParseUint(t, 10, 64); err == nil && seed != 0 {
				return seed
			}
		}
	}
	h := fnv.New64a()
	h.Write([]byte(s.Name))
	if seed := binary.BigEndian.Uint64(h.Sum(nil)); seed != 0 {
		return seed
	}
	return 1
}

func storedMetrics(s storage.Study) []string {
	text, ok := s.SystemAttrs.Get(storage.AttrMetricNames)
	if !ok {
		return nil
	}
	v, _ := pyjson.Decode([]byte(text))
	list, _ := v.([]any)
	if len(list) != len(s.Directions) {
		return nil
	}
	names := make([]string, len(list))
	for i := range list {
		if names[i], ok = list[i].(string); !ok {
			return nil
		}
	}
	return names
}

// Name returns the study's name.
func (s *Study) Name() string { return s.name }

// Seed returns the study's seed.
func (s *Study) Seed() uint64 { return s.seed }

// Directions returns one direction for each objective.
func (s *Study) Directions() []Direction { return slices.Clone(s.directions) }

// MetricNames returns the names of the objectives, nil if they have none.
func (s *Study) MetricNames() []string { return slices.Clone(s.metrics) }

// Storage returns the storage that keeps the study.
func (s *Study) Storage() storage.Storage { return s.storage }

// Sampler returns the study's sampler.
func (s *Study) Sampler() sampler.Sampler { return s.sampler }

// SetUserAttr keeps a value with the study. It must have a JSON form; NaN and
// infinities have none.
func (s *Study) SetUserAttr(key string, value any) error {
	if err := storage.CheckName("attribute", key); err != nil {
		return fmt.Errorf("hone: study %q: %w", s.name, err)
	}
	text, err := encodeUserAttr(value)
	if err == nil {
		err = s.storage.SetStudyAttr(context.Background(), s.id, storage.UserAttr, key, text)
	}
	if err != nil {
		return fmt.Errorf("hone: study %q: set attribute %q: %w", s.name, key, err)
	}
	return nil
}

// UserAttrs returns the values that were kept with the study, as JSON gives them
// back: nil, bool, int, float64, string, []any, map[string]any.
func (s *Study) UserAttrs() (map[string]any, error) {
	st, err := s.storage.Study(context.Background(), s.id)
	if err != nil {
		return nil, fmt.Errorf("hone: study %q: %w", s.name, err)
	}
	return decodeAttrs(st.UserAttrs), nil
}

// Stop ends the calls of Optimize that are under way in this process: trials
// under way are finished, and no new ones begin. Callbacks and objectives may
// call it; without a call of Optimize under way it does nothing.
func (s *Study) Stop() {
	s.runMu.Lock()
	defer s.runMu.Unlock()
	for r := range s.runs {
		r.stop(nil)
	}
}
