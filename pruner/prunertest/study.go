package prunertest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"

	"github.com/gohone/hone/internal/conformance"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/storage"
)

// A study does with a pruner what hone.Study does, without a storage, and
// watches every step. It serves one goroutine.
type study struct {
	e         *env
	pruner    func() pruner.Pruner // the one to use for the next call
	direction storage.Direction
	seed      uint64
	finished  []*storage.Trial // in the order in which they became known
	under     []*trial         // under way
	number    int              // of the next trial
	logs      map[int]*storage.Log
	taken     int // finished trials that are in logs

	what    string // what is special about the study, for messages
	noNotes bool   // leave SetAttr nil
	watch   bool   // compare what the pruner was handed before and after each call
}

// study begins one with one instance of the pruner.
func (e *env) study(direction storage.Direction) *study {
	one := e.fresh()
	return e.studyWith(direction, func() pruner.Pruner { return one })
}

func (e *env) studyWith(direction storage.Direction, p func() pruner.Pruner) *study {
	return &study{e: e, pruner: p, direction: direction, seed: 42}
}

const studyName = "a study"

// A trial of a study.
type trial struct {
	s   *study
	rec storage.Trial
}

func (s *study) begin() *trial {
	t := &trial{s: s, rec: storage.Trial{ID: int64(1000 + s.number), Number: s.number, State: storage.Running}}
	s.number++
	s.under = append(s.under, t)
	return t
}

// learner is a pruner.Bracketer whose brackets depend on what has finished.
type learner interface {
	Learn(t *storage.Trial) bool
}

// logFor returns the log of finished trials that a trial is judged by: all, or
// those of its bracket.
func (s *study) logFor(p pruner.Pruner, number int) *storage.Log {
	b, ok := p.(pruner.Bracketer)
	if l, learns := p.(learner); learns {
		changed := false
		for _, t := range s.finished {
			changed = l.Learn(t) || changed
		}
		if changed {
			s.logs, s.taken = nil, 0
		}
	}
	if s.logs == nil {
		s.logs = make(map[int]*storage.Log)
	}
	bracket := func(number int) int {
		if !ok {
			return 0
		}
		return b.Bracket(studyName, number)
	}
	log := func(i int) *storage.Log {
		if s.logs[i] == nil {
			s.logs[i] = storage.NewLog(1)
		}
		return s.logs[i]
	}
	for _, t := range s.finished[s.taken:] {
		log(bracket(t.Number)).Append(t)
	}
	s.taken = len(s.finished)
	return log(bracket(number))
}

// query builds what hone.Study would hand to the pruner.
func (t *trial) query(p pruner.Pruner) *pruner.Query {
	s := t.s
	rec := t.rec.Clone()
	last, _ := rec.LastReport()
	q := &pruner.Query{
		Study: studyName, Direction: s.direction, Trial: &rec,
		History: s.logFor(p, rec.Number).History(),
		Rand:    rand.New(rand.NewPCG(s.seed, uint64(rec.Number)<<32^uint64(last.Step))),
	}
	b, ok := p.(pruner.Bracketer)
	for _, o := range s.under {
		if o != t && (!ok || b.Bracket(studyName, o.rec.Number) == b.Bracket(studyName, rec.Number)) {
			c := o.rec.Clone()
			q.Running = append(q.Running, &c)
		}
	}
	if !s.noNotes {
		q.SetAttr = t.note
	}
	return q
}

// note is Query.SetAttr.
func (t *trial) note(key string, value any) error {
	text, err := json.Marshal(value)
	if f, ok := value.(float64); ok && err != nil { // NaN and ±Inf are legal in attributes
		text, err = []byte(pythonFloat(f)), nil
	}
	if err != nil {
		t.s.e.Errorf("trial %d: the pruner notes a value that has no JSON form under %q: %v", t.rec.Number, key, err)
		return err
	}
	t.rec.SystemAttrs = slices.Clip(t.rec.SystemAttrs).With(key, string(text))
	return nil
}

func pythonFloat(f float64) string {
	switch {
	case f != f:
		return "NaN"
	case f > 0:
		return "Infinity"
	}
	return "-Infinity"
}

// report adds a report, rising in step, and returns whether the pruner would
// stop the trial there.
func (t *trial) report(step int, value float64) bool {
	t.s.e.Helper()
	t.rec.Reports = storage.WithReport(slices.Clip(t.rec.Reports), step, value)
	return t.ask()
}

// ask asks the pruner and wants an answer.
func (t *trial) ask() bool {
	t.s.e.Helper()
	p := t.s.pruner()
	q := t.query(p)
	return t.decide(p, q)
}

func (t *trial) decide(p pruner.Pruner, q *pruner.Query) bool {
	t.s.e.Helper()
	var before map[string]uint64
	if t.s.watch {
		before = prints(q)
	}
	var prune bool
	var err error
	panicked := ""
	func() {
		defer func() {
			if r := recover(); r != nil {
				panicked = fmt.Sprintf("%v\n%s", r, debug.Stack())
			}
		}()
		prune, err = p.Prune(t.s.e.Context(), q)
	}()
	switch {
	case panicked != "":
		t.s.e.Fatalf("trial %d %safter %v: Prune panicked: %s", t.rec.Number, t.s.what, t.rec.Reports, panicked)
	case err != nil:
		t.s.e.Fatalf("trial %d %safter %v: Prune: error %v; nothing was asked that a pruner may refuse", t.rec.Number, t.s.what, t.rec.Reports, err)
	}
	if t.s.watch {
		for what, print := range prints(q) {
			if before[what] != print {
				t.s.e.Errorf("trial %d: Prune changed %s; what it is handed is read only", t.rec.Number, what)
			}
		}
	}
	return prune
}

// prints returns what a pruner must not change, in a form that can be compared.
func prints(q *pruner.Query) map[string]uint64 {
	out := map[string]uint64{"the trial": conformance.Fingerprint(q.Trial), "the direction": uint64(q.Direction)}
	for i, t := range q.Running {
		out[fmt.Sprint("running trial ", i)] = conformance.Fingerprint(t)
	}
	for i, t := range q.History.Trials() {
		out[fmt.Sprint("trial ", i, " of the history")] = conformance.Fingerprint(t)
	}
	values := &storage.Trial{Values: slices.Concat(q.History.Value(0), q.History.Violation())}
	out["the columns of the history"] = conformance.Fingerprint(values)
	return out
}

// tell ends the trial. What it is told becomes history.
func (t *trial) tell(state storage.State, values ...float64) {
	t.s.under = slices.DeleteFunc(slices.Clone(t.s.under), func(o *trial) bool { return o == t })
	t.rec.State, t.rec.Values = state, values
	t.s.add(t.rec.Clone())
}

func (s *study) add(rec storage.Trial) {
	s.finished = append(s.finished, &rec)
	s.number = max(s.number, rec.Number+1)
}

// A curve says what a trial reports at a step.
type curve func(step int) float64

// run runs one trial of that many steps to its end, or to where the pruner stops
// it. It returns the step at which it was stopped, −1 if it was not.
func (s *study) run(steps []int, c curve) int {
	s.e.Helper()
	t := s.begin()
	value := 0.0
	for _, step := range steps {
		value = c(step)
		if t.report(step, value) {
			t.tell(storage.Pruned, value)
			return step
		}
	}
	t.tell(storage.Complete, value)
	return -1
}

// steps returns 0, 1, … n−1.
func steps(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// length is how many steps the trials of most checks have.
const length = 27

// loss is a curve that falls towards level, with noise of its own.
func loss(seed uint64, sign, level float64) curve {
	return func(step int) float64 {
		r := rand.New(rand.NewPCG(seed, uint64(step)))
		return sign * (level + 1/float64(step+1) + 0.05*r.NormFloat64())
	}
}

// usual runs n trials of different merit. The decisions are returned.
func (s *study) usual(n int) []int {
	s.e.Helper()
	var out []int
	for range n {
		level := rand.New(rand.NewPCG(1, uint64(s.number))).Float64()
		out = append(out, s.run(steps(length), loss(uint64(s.number), s.direction.Sign(), level)))
	}
	return out
}
