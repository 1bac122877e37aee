package hone

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// SuggestFloat returns a value of [low, high], both ends included.
//
// Like all Suggest methods that return the value alone, it panics with an error
// when it cannot: when the bounds make no sense, when the parameter was of
// another kind, scale or set of categories in the study, when the trial has
// ended, or when the storage or the sampler fails. The error tells file and line
// of the call. Optimize recovers it and fails the trial with it, even if the
// objective has recovered it before.
//
// A name that was suggested in this trial already gives its first value again.
// The range may change from trial to trial.
func (t *Trial) SuggestFloat(name string, low, high float64) float64 {
	return t.mustFloat(name, distributions.Float{Low: low, High: high})
}

// SuggestLogFloat returns a value of [low, high], both above zero, that is
// looked for on a logarithmic scale. It panics as SuggestFloat does.
func (t *Trial) SuggestLogFloat(name string, low, high float64) float64 {
	return t.mustFloat(name, distributions.Float{Low: low, High: high, Log: true})
}

// SuggestStepFloat returns one of low, low+step, low+2·step, … up to high. It
// panics as SuggestFloat does.
func (t *Trial) SuggestStepFloat(name string, low, high, step float64) float64 {
	if step == 0 { // in a Float it means: continuous
		t.raise(fmt.Errorf("suggest %q: step is 0; it must be above 0", name))
	}
	return t.mustFloat(name, distributions.Float{Low: low, High: high, Step: step})
}

// SuggestInt returns one of low, low+1, …, high. It panics as SuggestFloat does.
func (t *Trial) SuggestInt(name string, low, high int) int {
	return t.mustInt(name, distributions.Int{Low: low, High: high, Step: 1})
}

// SuggestLogInt returns one of low, …, high, all of them above zero, that is
// looked for on a logarithmic scale. It panics as SuggestFloat does.
func (t *Trial) SuggestLogInt(name string, low, high int) int {
	return t.mustInt(name, distributions.Int{Low: low, High: high, Step: 1, Log: true})
}

// SuggestStepInt returns one of low, low+step, low+2·step, … up to high. It
// panics as SuggestFloat does.
func (t *Trial) SuggestStepInt(name string, low, high, step int) int {
	if step == 0 { // in an Int it means 1
		t.raise(fmt.Errorf("suggest %q: step is 0; it must be above 0", name))
	}
	return t.mustInt(name, distributions.Int{Low: low, High: high, Step: step})
}

// SuggestCategorical returns one of the choices, between which there is no
// order. The choices of a name stay the same, in the same order, for the whole
// study. It panics as SuggestFloat does. See Choose for other types, and Pick for
// values that cannot be stored.
func (t *Trial) SuggestCategorical(name string, choices ...string) string {
	return choices[choose(t, name, choices)]
}

// SuggestBool returns false or true. It panics as SuggestFloat does.
func (t *Trial) SuggestBool(name string) bool {
	return choose(t, name, []bool{false, true}) == 1
}

// Suggest is the form that returns its error, and the one for goroutines other
// than the objective's own. The value is a float64, an int, or the category
// itself. An error fails the trial unless it is about the call alone and happens
// outside Optimize.
func (t *Trial) Suggest(name string, d distributions.Distribution) (any, error) {
	v, chosen, err := t.suggest(name, d)
	if err != nil {
		err = fmt.Errorf("hone: trial %d: suggest %q: %w", t.rec.Number, name, err)
		t.fail(err)
		return nil, err
	}
	return native(chosen.External(v)), nil
}

// mustFloat and mustInt spare the allocation that it costs to make a Distribution
// of a struct, where the domain is the one of the last trial.
func (t *Trial) mustFloat(name string, d distributions.Float) float64 {
	if e := t.study.domains.last(name); e != nil {
		if f, ok := e.given.(distributions.Float); ok && f == d {
			return t.mustNormal(name, e.normal)
		}
	}
	return t.mustSuggest(name, d)
}

func (t *Trial) mustInt(name string, d distributions.Int) int {
	if e := t.study.domains.last(name); e != nil {
		if i, ok := e.given.(distributions.Int); ok && i == d {
			return int(t.mustNormal(name, e.normal))
		}
	}
	return int(t.mustSuggest(name, d))
}

func (t *Trial) mustSuggest(name string, d distributions.Distribution) float64 {
	v, _, err := t.suggest(name, d)
	if err != nil {
		t.raise(fmt.Errorf("suggest %q: %w", name, err))
	}
	return v
}

// mustNormal is mustSuggest for a domain in its normal form.
func (t *Trial) mustNormal(name string, d distributions.Distribution) float64 {
	v, _, err := t.suggestNormal(name, d)
	if err != nil {
		t.raise(fmt.Errorf("suggest %q: %w", name, err))
	}
	return v
}

// A raised is the panic of a method that returns a value alone.
type raised struct{ err error }

func (r *raised) Error() string { return r.err.Error() }
func (r *raised) Unwrap() error { return r.err }

// raise fails the trial and panics with the error, to which it adds the place in
// the caller's code.
func (t *Trial) raise(err error) {
	err = &raised{fmt.Errorf("hone: trial %d: %w (%s)", t.rec.Number, err, callSite())}
	t.fail(err)
	panic(err)
}

// callSite returns file:line of the first caller outside this package.
func callSite() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "github.com/gohone/hone.") || strings.HasSuffix(f.File, "_test.go") {
			return fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)
		}
		if !more {
			return "unknown place"
		}
	}
}

// suggest returns the internal value of a parameter and the domain it is from.
func (t *Trial) suggest(name string, given distributions.Distribution) (float64, distributions.Distribution, error) {
	if err := t.open(); err != nil {
		return 0, nil, err
	}
	d, warning, err := t.study.domains.normalize(name, given)
	if err != nil {
		return 0, nil, err
	}
	if warning != "" {
		t.warn(warning, "parameter", name, "domain", fmt.Sprint(given))
	}
	return t.suggestNormal(name, d)
}

func (t *Trial) suggestNormal(name string, d distributions.Distribution) (float64, distributions.Distribution, error) {
	t.choosing.Lock()
	defer t.choosing.Unlock()
	if err := t.open(); err != nil {
		return 0, nil, err
	}
	// Only holders of choosing write rec.Params, so it may be read here.
	if old, ok := t.rec.Param(name); ok {
		if err := distributions.Compatible(old.Dist, d); err != nil {
			return 0, nil, fmt.Errorf("%w: this trial has had it before: %w", ErrIncompatible, err)
		}
		if !distributions.Equal(old.Dist, d) {
			t.warn("asked twice with another range, the first value stands", "parameter", name)
		}
		return old.Value, old.Dist, nil
	}
	v, err := t.decide(name, d)
	if err != nil {
		return 0, nil, err
	}
	p := storage.Param{Name: name, Value: v, Dist: d}
	if err := t.study.storage.SetParam(t.quiet, t.rec.ID, p); err != nil {
		return 0, nil, t.refused(err)
	}
	t.mu.Lock()
	t.rec.Params = append(t.rec.Params, p)
	t.mu.Unlock()
	return v, d, nil
}

// decide chooses a value: an enqueued one, the only one, one that was chosen
// together with others, or one of its own, in this order.
func (t *Trial) decide(name string, d distributions.Distribution) (float64, error) {
	if value, ok := t.fixed[name]; ok {
		v, err := d.Internal(value)
		if err != nil {
			return 0, fmt.Errorf("the enqueued value %v: %w", value, err)
		}
		t.used++
		if !d.Contains(v) {
			t.warn("enqueued value lies outside the domain and is used as it is", "parameter", name, "value", value, "domain", d.String())
		}
		return v, nil
	}
	if d.Single() {
		return only(d), nil
	}
	q, err := t.ask()
	if err != nil {
		return 0, err
	}
	if v, ok := t.joint[name]; ok && d.Contains(v) {
		return v, nil
	}
	t.look(q.Trial)
	v, err := sampleOne(t.quiet, t.study.sampler, q, name, d)
	if err != nil {
		return 0, fmt.Errorf("sampler %T: %w", t.study.sampler, err)
	}
	if !d.Contains(v) {
		return 0, fmt.Errorf("sampler %T chose %v, which is not in the domain %s", t.study.sampler, v, d)
	}
	return v, nil
}

// look brings a query's view of the trial up to date. Parameters are written by
// holders of choosing alone, of whom the caller is one; the rest is rarely new.
func (t *Trial) look(view *storage.Trial) {
	view.Params = slices.Clip(t.rec.Params)
	if notes := t.notes.Load(); notes != t.seen {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.seen = notes
		view.Reports = slices.Clip(t.rec.Reports)
		view.UserAttrs = slices.Clip(t.rec.UserAttrs)
		view.SystemAttrs = slices.Clip(t.rec.SystemAttrs)
	}
}

// only returns the one value of a domain that has no other.
func only(d distributions.Distribution) float64 {
	switch d := d.(type) {
	case distributions.Float:
		return d.Low
	case distributions.Int:
		return float64(d.Low)
	}
	return 0
}

// ask prepares the trial's query and has the sampler choose together what it
// likes to, once in a trial. What the trial knows of others stays as it was at
// that time.
func (t *Trial) ask() (*sampler.Query, error) {
	joint, ok := t.study.sampler.(sampler.JointSampler)
	if ok && !t.jointly {
		// What is under way is looked at when it is this trial's turn: workers whose
		// trials begin together would else know nothing of what the others choose.
		t.study.jointly.Lock()
		defer t.study.jointly.Unlock()
	}
	if t.query == nil {
		h, running := t.study.known.around(t.rec.Number)
		t.study.warnNames(h)
		t.query = t.study.newQuery(t, h, running)
	}
	if !ok || t.jointly {
		return t.query, nil
	}
	t.jointly = true
	space := t.query.History.Space()
	rec := t.snapshot()
	if drop := t.settled(space); len(drop) > 0 {
		space = maps.Clone(space)
		for _, p := range drop {
			delete(space, p.Name)
			if _, ok := rec.Param(p.Name); !ok && p.Dist != nil {
				rec.Params = append(rec.Params, p)
			}
		}
	}
	*t.query.Trial = rec
	if len(space) == 0 {
		return t.query, nil
	}
	values, err := sampleJointly(t.quiet, joint, t.query, space)
	if err != nil {
		return nil, fmt.Errorf("sampler %T: %w", t.study.sampler, err)
	}
	t.joint = values
	return t.query, nil
}

// settled returns what a sampler need not choose: what the trial has already,
// enqueued values, and domains of one value (without Dist, if they are nothing
// for a model to know).
func (t *Trial) settled(space map[string]distributions.Distribution) []storage.Param {
	var out []storage.Param
	for _, p := range t.rec.Params {
		if _, ok := space[p.Name]; ok {
			out = append(out, p)
		}
	}
	given := len(out)
	for name, d := range space {
		if value, ok := t.fixed[name]; ok {
			if v, err := d.Internal(value); err == nil {
				out = append(out, storage.Param{Name: name, Value: v, Dist: d})
				continue
			}
		}
		if d.Single() {
			out = append(out, storage.Param{Name: name})
		}
	}
	// A map has no order, and most spaces nothing that would have to be sorted.
	slices.SortFunc(out[given:], func(a, b storage.Param) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// newQuery builds a query. t is nil when there is no trial yet.
func (s *Study) newQuery(t *Trial, h *storage.History, running []*storage.Trial) *sampler.Query {
	q := &sampler.Query{
		Study:      s.name,
		Seed:       s.seed,
		Directions: s.directions,
		Running:    running,
		History:    h,
		Logger:     s.logger,
	}
	if t != nil {
		rec := t.snapshot()
		q.Trial = &rec
		q.Rand = rand.New(&t.rand)
		q.SetAttr = t.setSystemAttr
	}
	return q
}
