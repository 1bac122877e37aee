package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// An env is what one check works with. Its methods are the storage's, for the
// calls that must succeed: they end the check if the call fails.
type env struct {
	testing.TB
	o      Options
	st     storage.Storage
	ctx    context.Context
	closed bool
}

// on returns an env for another handle on the same data.
func (e *env) on(st storage.Storage) *env {
	return &env{TB: e.TB, o: e.o, st: st, ctx: e.ctx}
}

// close closes the storage unless the check did so itself.
func (e *env) close(st storage.Storage) {
	e.Helper()
	if e.closed {
		return
	}
	if err := st.Close(); err != nil {
		e.Errorf("Close: %v", err)
	}
}

func (e *env) must(err error, format string, args ...any) {
	e.Helper()
	if err != nil {
		e.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// is wants err to be a sentinel.
func (e *env) is(err, want error, format string, args ...any) {
	e.Helper()
	if !errors.Is(err, want) {
		e.Errorf("%s: error is %v, want one that is %q", fmt.Sprintf(format, args...), err, want)
	}
}

func (e *env) createStudy(name string, directions ...storage.Direction) int64 {
	e.Helper()
	if len(directions) == 0 {
		directions = []storage.Direction{storage.Minimize}
	}
	id, err := e.st.CreateStudy(e.ctx, name, directions)
	e.must(err, "CreateStudy(%q, %v)", name, directions)
	return id
}

func (e *env) study(id int64) storage.Study {
	e.Helper()
	s, err := e.st.Study(e.ctx, id)
	e.must(err, "Study(%d)", id)
	return s
}

func (e *env) create(study int64, template *storage.Trial) storage.Trial {
	e.Helper()
	t, err := e.st.CreateTrial(e.ctx, study, template)
	e.must(err, "CreateTrial(%d)", study)
	return t
}

func (e *env) trial(id int64) storage.Trial {
	e.Helper()
	t, err := e.st.Trial(e.ctx, id)
	e.must(err, "Trial(%d)", id)
	return t
}

// param returns a trial's parameter, the zero Param if it has none.
func (e *env) param(trial int64, name string) storage.Param {
	e.Helper()
	t := e.trial(trial)
	p, _ := t.Param(name)
	return p
}

func (e *env) trials(study int64) []storage.Trial {
	e.Helper()
	ts, err := e.st.Trials(e.ctx, study, -1, nil)
	e.must(err, "Trials(%d, -1)", study)
	return ts
}

func (e *env) setParam(trial int64, name string, value float64, d distributions.Distribution) {
	e.Helper()
	e.must(e.st.SetParam(e.ctx, trial, storage.Param{Name: name, Value: value, Dist: d}), "SetParam(%q, %v)", name, value)
}

func (e *env) setReport(trial int64, step int, value float64) {
	e.Helper()
	e.must(e.st.SetReport(e.ctx, trial, step, value), "SetReport(step %d, %v)", step, value)
}

func (e *env) setTrialAttr(trial int64, kind storage.AttrKind, key, value string) {
	e.Helper()
	e.must(e.st.SetTrialAttr(e.ctx, trial, kind, key, value), "SetTrialAttr(%q, %.40q)", key, value)
}

func (e *env) setStudyAttr(study int64, kind storage.AttrKind, key, value string) {
	e.Helper()
	e.must(e.st.SetStudyAttr(e.ctx, study, kind, key, value), "SetStudyAttr(%q, %.40q)", key, value)
}

// move wants SetState to make the change.
func (e *env) move(trial int64, state storage.State, values ...float64) {
	e.Helper()
	ok, err := e.st.SetState(e.ctx, trial, state, values)
	e.must(err, "SetState(%s, %v)", state, values)
	if !ok {
		e.Fatalf("SetState(%s, %v) reported false; it is the one that makes the change", state, values)
	}
}

func (e *env) claimer() storage.Claimer { return e.st.(storage.Claimer) }

func (e *env) claim(study int64, c storage.Claim) storage.Trial {
	e.Helper()
	t, ok, err := e.claimer().Claim(e.ctx, study, c)
	e.must(err, "Claim(budget %d)", c.Budget)
	if !ok {
		e.Fatalf("Claim(budget %d) reported that the budget is spent; it is not", c.Budget)
	}
	return t
}

// same wants two trials to hold the same, ids, numbers and times included.
func (e *env) same(got, want storage.Trial, format string, args ...any) {
	e.Helper()
	if d := e.o.diffTrial(&got, &want); d != "" {
		e.Errorf("%s: %s", fmt.Sprintf(format, args...), d)
	}
}

// between wants a time to lie between two others.
func (e *env) between(got, from, to time.Time, what string) {
	e.Helper()
	res := e.o.TimeResolution
	if got.IsZero() || got.Before(from.Add(-res)) || got.After(to.Add(res)) {
		e.Errorf("%s is %v, want the time of the call, from %v to %v", what, got, from, to)
	}
}

// parallel runs f(0) to f(n−1) at the same time and waits for them.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			f(i)
		}()
	}
	close(start)
	wg.Wait()
}

func ids(trials []storage.Trial) []int64 {
	out := make([]int64, len(trials))
	for i := range trials {
		out[i] = trials[i].ID
	}
	return out
}

// Values that are hard to keep: each must come back exactly.
var (
	finite = []float64{
		0, 3.141592653589793, -3.141592653589793, 0.1, 1e-5, 1e22, 1 << 53,
		maxFloat, -maxFloat, minNormal, -minNormal, 5e-324,
	}
	extended = append(slices.Clone(finite), inf, -inf) // of results
	reported = append(slices.Clone(extended), nan)     // of reports
)

// Strings that are hard to keep: as a name, a key or a text each must come
// back byte by byte.
var oddNames = []string{
	"plain", "with space", " leading and trailing ", "UPPER", "upper", "dots.and:colons/and-slashes",
	"ünïcödé", "日本語", "🎛️🚀", "tab\tand\nnewline", "\x01control\x7f", "quote\"s and 'apostrophes'",
	"`back-ticks` and back\\slashes", "'; DROP TABLE trials;--", "%s %d %% $1 ? :name", "<script>alert(1)</script>",
	"__proto__", "null", "0", "NaN", "{}", "a\u2028b", "e\u0301", "\u00e9",
}
