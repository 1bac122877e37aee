package samplertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/conformance"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

var (
	minimize = []storage.Direction{storage.Minimize}
	maximize = []storage.Direction{storage.Maximize}
)

// A study does with a sampler what hone.Study does, without a storage, and
// watches every step. It serves one goroutine.
type study struct {
	e          *env
	sampler    func() sampler.Sampler // the one to use for the next call
	directions []storage.Direction
	seed       uint64
	log        *storage.Log
	finished   []*storage.Trial
	under      []*trial // under way
	number     int      // of the next trial

	snapshot *storage.History // what to hand out, if not the latest

	what    string // what is special about the study, for messages
	noNotes bool   // leave SetAttr and Logger nil
	lenient bool   // errors other than ErrExhausted are allowed, too
	watch   bool   // compare what the sampler was handed before and after each call
}

// study begins one with one instance of the sampler.
func (e *env) study(seed uint64, directions []storage.Direction) *study {
	one := e.fresh()
	return e.studyWith(seed, directions, func() sampler.Sampler { return one })
}

func (e *env) studyWith(seed uint64, directions []storage.Direction, s func() sampler.Sampler) *study {
	return &study{e: e, sampler: s, directions: directions, seed: seed, log: storage.NewLog(len(directions))}
}

// A trial of a study.
type trial struct {
	s     *study
	rec   storage.Trial
	query *sampler.Query
	rand  *rand.Rand
	fixed map[string]float64
	joint map[string]float64
	asked bool  // SampleJoint was called
	err   error // an error that was allowed
}

// begin starts the next trial, with enqueued values if there are any. It
// returns nil when the sampler is exhausted.
func (s *study) begin(fixed map[string]float64) *trial {
	s.e.Helper()
	smp := s.sampler()
	if x, ok := smp.(sampler.Exhauster); ok && fixed == nil {
		done := false
		q := s.newQuery(nil)
		err := s.call("Exhausted", q, nil, func() (err error) {
			done, err = x.Exhausted(s.e.Context(), q)
			return err
		})
		if err != nil && !s.lenient {
			s.e.Fatalf("Exhausted before %s: %v", s.at(s.number), err)
		}
		if done {
			return nil
		}
	}
	t := &trial{s: s, fixed: fixed, rand: rand.New(rand.NewPCG(s.seed, uint64(s.number)))}
	t.rec = storage.Trial{ID: int64(1000 + s.number), Number: s.number, State: storage.Running}
	if fixed != nil {
		t.rec.SystemAttrs = storage.Attrs{{Key: storage.AttrFixedParams, Value: "{}"}}
	}
	s.number++
	t.query = s.newQuery(t)
	if st, ok := s.sampler().(sampler.Starter); ok {
		// As hone does, until nothing new is noted. Nobody else notes anything
		// here, so the second call finds all in order.
		for again := false; ; again = true {
			before := slices.Clone(t.rec.SystemAttrs)
			err := s.call("Start", t.query, nil, func() error { return st.Start(s.e.Context(), t.query) })
			if errors.Is(err, sampler.ErrExhausted) {
				return nil
			}
			if err != nil {
				t.fails("Start", err)
			}
			if slices.Equal(before, t.rec.SystemAttrs) || err != nil {
				break
			}
			if again {
				s.e.Errorf("%s: Start notes something else each time: %v, then %v; it is called again after each note, until nothing is new", s.at(t.rec.Number), before, t.rec.SystemAttrs)
				break
			}
			t.query = s.newQuery(t)
		}
	}
	s.under = append(s.under, t)
	return t
}

// newQuery builds what hone.Study would hand to the sampler.
func (s *study) newQuery(t *trial) *sampler.Query {
	q := &sampler.Query{
		Study: "a study", Seed: s.seed, Directions: s.directions, History: s.snapshot,
	}
	if q.History == nil {
		q.History = s.log.History()
	}
	for _, o := range s.under {
		c := o.rec.Clone()
		q.Running = append(q.Running, &c)
	}
	if t != nil {
		c := t.rec.Clone()
		q.Trial, q.Rand = &c, t.rand
		if !s.noNotes {
			q.SetAttr, q.Logger = t.note, slog.New(slog.DiscardHandler)
		}
	}
	return q
}

// note is Query.SetAttr.
func (t *trial) note(key string, value any) error {
	if !strings.HasPrefix(key, "hone:") {
		t.s.e.Errorf("%s: the sampler notes something under %q; its keys must begin with hone:", t.s.at(t.rec.Number), key)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.s.e.Errorf("%s: the sampler notes a value that has no JSON form under %q: %v", t.s.at(t.rec.Number), key, err)
		return err
	}
	t.rec.SystemAttrs = slices.Clip(t.rec.SystemAttrs).With(key, string(text))
	return nil
}

// at names a trial in messages.
func (s *study) at(number int) string {
	if s.what == "" {
		return fmt.Sprint("trial ", number)
	}
	return fmt.Sprintf("trial %d (%s)", number, s.what)
}

// fails handles an error of the sampler's.
func (t *trial) fails(method string, err error) {
	t.s.e.Helper()
	if !t.s.lenient {
		t.s.e.Fatalf("%s: %s: error %v; nothing was asked that a sampler may refuse", t.s.at(t.rec.Number), method, err)
	}
	t.err = err
}

// call calls the sampler and turns a panic into a failure: no data makes a
// sampler panic.
func (s *study) call(method string, q *sampler.Query, space map[string]distributions.Distribution, f func() error) error {
	s.e.Helper()
	number := -1
	if q.Trial != nil {
		number = q.Trial.Number
	}
	var before map[string]uint64
	if s.watch {
		before = prints(q, space)
	}
	var panicked string
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
		}()
		return f()
	}()
	if panicked != "" {
		s.e.Fatalf("%s: %s panicked: %s", s.at(number), method, panicked)
	}
	if s.watch {
		for what, print := range prints(q, space) {
			if before[what] != print {
				s.e.Errorf("%s: %s changed %s; what it is handed is read only", s.at(number), method, what)
			}
		}
	}
	return err
}

// prints returns what a sampler must not change, in a form that can be compared.
func prints(q *sampler.Query, space map[string]distributions.Distribution) map[string]uint64 {
	out := make(map[string]uint64)
	if q.Trial != nil {
		out["the trial"] = conformance.Fingerprint(q.Trial)
	}
	for i, t := range q.Running {
		out[fmt.Sprint("running trial ", i)] = conformance.Fingerprint(t)
	}
	for i, t := range q.History.Trials() {
		out[fmt.Sprint("trial ", i, " of the history")] = conformance.Fingerprint(t)
	}
	// A trial that holds the rest, to hash it.
	var rest storage.Trial
	for k := range q.History.Objectives() {
		rest.Values = append(rest.Values, q.History.Value(k)...)
	}
	rest.Values = append(rest.Values, q.History.Violation()...)
	for _, s := range []map[string]distributions.Distribution{space, q.History.Space()} {
		for _, name := range slices.Sorted(maps.Keys(s)) {
			rest.Params = append(rest.Params, storage.Param{Name: name, Dist: s[name]})
			rest.Values = append(rest.Values, q.History.Column(name)...)
		}
	}
	rest.UserAttrs = storage.Attrs{{Key: q.Study, Value: fmt.Sprint(q.Seed, q.Directions)}}
	out["the space, the directions or the columns of the history"] = conformance.Fingerprint(&rest)
	return out
}
