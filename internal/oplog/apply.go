package oplog

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// maxInterned bounds the tables of texts seen before, which only save work.
const maxInterned = 1 << 14

// Apply folds one record, a line without its end, into the state. An error
// means that the line is no record that Optuna could read either, unless it is an
// *UnsupportedError; the state is then as before. When the line is not even JSON,
// the error is a *pyjson.SyntaxError.
func (s *State) Apply(line []byte) (Outcome, error) {
	r := &s.rec
	if err := r.split(&s.scan, line); err != nil {
		return Outcome{}, err
	}
	op, err := parseInt("op_code", r.op)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Op: Op(op), ID: -1}
	if n := len(r.worker); n >= 2 && r.worker[0] == '"' {
		out.Worker = r.worker[1 : n-1]
	}
	switch out.Op {
	case CreateStudy:
		err = s.createStudy(r, &out)
	case DeleteStudy:
		err = s.deleteStudy(r, &out)
	case StudyUserAttr, StudySystemAttr:
		err = s.setStudyAttr(r, &out)
	case CreateTrial:
		err = s.createTrial(r, &out)
	case SetParam, SetState, SetReport, TrialUserAttr, TrialSystemAttr:
		err = s.changeTrial(r, &out)
	default:
		s.unknown++
		out.Verdict = Unknown
	}
	if err != nil {
		return Outcome{}, err
	}
	s.records++
	return out, nil
}

func (s *State) createStudy(r *record, out *Outcome) error {
	if r.studyName == nil {
		return missing("study_name")
	}
	name, err := pyjson.ParseString(r.studyName)
	if err != nil {
		return bad("study_name", err)
	}
	if pyjson.KindOf(r.directions) != pyjson.Array {
		return fmt.Errorf("field %q is missing or no array", "directions")
	}
	var directions []storage.Direction
	for s.inner.Reset(r.directions); s.inner.Next(); {
		d, err := pyjson.ParseInt(s.inner.Value())
		if err != nil {
			return bad("directions", err)
		}
		if d < 0 || d > 2 {
			return fmt.Errorf("field %q: there is no direction %d", "directions", d)
		}
		directions = append(directions, storage.Direction(d))
	}
	if _, ok := s.byName[name]; ok {
		out.Verdict = DuplicateStudy
		return nil
	}
	out.ID = int64(len(s.studies))
	s.studies = append(s.studies, &study{
		Study: storage.Study{ID: out.ID, Name: name, Directions: directions},
		first: make(map[string]*first),
	})
	s.byName[name] = out.ID
	return nil
}

// reaches finds the study that a record is about; nil with a verdict when there
// is none.
func (s *State) reaches(r *record, out *Outcome) (*study, error) {
	id, err := parseID("study_id", r.studyID)
	if err != nil {
		return nil, err
	}
	if id < 0 || id >= int64(len(s.studies)) || s.studies[id] == nil {
		out.Verdict = NoStudy
		return nil, nil
	}
	return s.studies[id], nil
}

func (s *State) deleteStudy(r *record, out *Outcome) error {
	st, err := s.reaches(r, out)
	if st == nil {
		return err
	}
	// Ids are never given again, so the places stay.
	for _, id := range st.trials {
		s.trials[id] = nil
	}
	s.studies[st.ID] = nil
	delete(s.byName, st.Name)
	return nil
}

func (s *State) setStudyAttr(r *record, out *Outcome) error {
	st, err := s.reaches(r, out)
	if st == nil {
		return err
	}
	if out.Op == StudyUserAttr {
		st.UserAttrs, err = s.withAttr(st.UserAttrs, "user_attr", r.userAttr, &st.wide[storage.UserAttr])
	} else {
		st.SystemAttrs, err = s.withAttr(st.SystemAttrs, "system_attr", r.systemAttr, &st.wide[storage.SystemAttr])
	}
	return err
}

// manyAttrs is from how many attributes on a list has an index.
const manyAttrs = 64

// set is Attrs.With, for which at holds where each key of a long list is.
func set(attrs storage.Attrs, key, value string, at *map[string]int) storage.Attrs {
	if len(attrs) < manyAttrs {
		return attrs.With(key, value)
	}
	if *at == nil {
		*at = make(map[string]int, 2*len(attrs))
		for i := range attrs {
			(*at)[attrs[i].Key] = i
		}
	}
	i, ok := (*at)[key]
	if !ok {
		(*at)[key] = len(attrs)
		return append(attrs, storage.Attr{Key: key, Value: value})
	}
	attrs = slices.Clone(attrs) // whoever holds a view reads the old ones
	attrs[i].Value = value
	return attrs
}

// withAttr returns attrs with the one member of the object raw set.
func (s *State) withAttr(attrs storage.Attrs, field string, raw []byte, at *map[string]int) (storage.Attrs, error) {
	if raw == nil {
		return attrs, missing(field)
	}
	var key, value string
	n := 0
	for s.inner.Reset(raw); s.inner.Next(); n++ {
		k := s.name(s.inner.Key())
		if n > 0 && k == key {
			n-- // twice the same key is one key
		}
		key, value = k, string(s.inner.Value())
	}
	if n != 1 || raw[0] != '{' {
		return attrs, fmt.Errorf("field %q is no object with one key", field)
	}
	return set(attrs, key, value, at), nil
}

// attrs reads an object of attributes.
func (s *State) attrs(field string, raw []byte) (storage.Attrs, error) {
	if raw == nil {
		return nil, nil
	}
	if raw[0] != '{' {
		return nil, fmt.Errorf("field %q is no object", field)
	}
	var out storage.Attrs
	var at map[string]int
	for s.inner.Reset(raw); s.inner.Next(); {
		out = set(out, s.name(s.inner.Key()), string(s.inner.Value()), &at)
	}
	return out, nil
}

// name returns the string of a name or key, the same string each time.
func (s *State) name(key []byte) string {
	if name, ok := s.names[string(key)]; ok {
		return name
	}
	if len(s.names) >= maxInterned {
		clear(s.names)
	}
	name := string(key)
	s.names[name] = name
	return name
}

// domain returns what a text says, the same value each time.
func (s *State) domain(text string) *domain {
	if d := s.dists[text]; d != nil {
		return d
	}
	d := new(domain)
	d.dist, d.err = distributions.Unmarshal(text)
	d.class = className(text, d.dist)
	s.internDomain(text, d)
	return d
}

func (s *State) internDomain(text string, d *domain) {
	if len(s.dists) >= maxInterned {
		clear(s.dists)
	}
	s.dists[text] = d
}

// rawDomain is domain for a text in quotes as a record holds it.
func (s *State) rawDomain(field string, raw []byte) (*domain, error) {
	if raw == nil {
		return nil, missing(field)
	}
	d := s.dists[string(raw)]
	if d == nil {
		text, err := pyjson.ParseString(raw)
		if err != nil {
			return nil, bad(field, err)
		}
		d = s.domain(text)
		s.internDomain(string(raw), d)
	}
	if d.err != nil {
		return nil, bad(field, d.err)
	}
	return d, nil
}

// className returns the class that a text names, and for the short form the
// class that Optuna makes of it.
func className(text string, d distributions.Distribution) string {
	var sc pyjson.Scanner
	name := ""
	for sc.Reset([]byte(text)); sc.Next(); {
		if string(sc.Key()) == "name" {
			name, _ = pyjson.ParseString(sc.Value())
		}
	}
	if name != "" {
		return name
	}
	switch d.(type) {
	case distributions.Float:
		return "FloatDistribution"
	case distributions.Int, distributions.WideInt:
		return "IntDistribution"
	}
	return "CategoricalDistribution"
}

func (s *State) createTrial(r *record, out *Outcome) error {
	st, err := s.reaches(r, out)
	if st == nil {
		return err
	}
	t := &trial{study: st}
	t.Number = len(st.trials)
	if t.Started, err = parseTime("datetime_start", r.started); err != nil {
		return err
	}
	if r.finished != nil {
		if isNull(r.finished) {
			return fmt.Errorf("field %q is null", "datetime_complete")
		}
		if t.Finished, err = parseTime("datetime_complete", r.finished); err != nil {
			return err
		}
	}
	if r.state != nil {
		if t.State, err = parseState(r.state); err != nil {
			return err
		}
	}
	if err := t.setValues(r); err != nil {
		return err
	}
	doms, err := s.templateParams(t, r)
	if err != nil {
		return err
	}
	if r.params == nil && st.params > 0 {
		t.Params = make([]storage.Param, 0, st.params)
	}
	if t.UserAttrs, err = s.attrs("user_attrs", r.userAttrs); err != nil {
		return err
	}
	if t.SystemAttrs, err = s.attrs("system_attrs", r.systemAttrs); err != nil {
		return err
	}
	if t.Reports, err = s.templateReports(t, r.reports); err != nil {
		return err
	}
	t.ID = int64(len(s.trials))
	s.trials = append(s.trials, t)
	st.trials = append(st.trials, t.ID)
	for i, p := range t.Params {
		st.remember(p.Name, t.Number, doms[i])
	}
	st.account(&t.Trial, 1)
	if t.State == storage.Waiting {
		st.waiting = append(st.waiting, t.ID)
	}
	out.ID = t.ID
	return nil
}

// setValues reads the values of a template: one in "value", or several in
// "values".
func (t *trial) setValues(r *record) error {
	one := r.value != nil && !isNull(r.value)
	several := r.values != nil && !isNull(r.values)
	switch {
	case one && several:
		return fmt.Errorf("fields %q and %q are both set", "value", "values")
	case one:
		v, err := parseFloat("value", r.value)
		if err != nil {
			return err
		}
		t.Values = []float64{v}
	case several:
		var err error
		if t.Values, err = parseFloats("values", r.values); err != nil {
			return err
		}
	}
	return nil
}

// templateParams reads the parameters of a template, and the domain of each.
func (s *State) templateParams(t *trial, r *record) ([]*domain, error) {
	if r.params == nil {
		return nil, nil
	}
	if r.params[0] != '{' || r.distributions == nil || r.distributions[0] != '{' {
		return nil, fmt.Errorf("fields %q and %q are not both objects", "params", "distributions")
	}
	known := make(map[string]*domain)
	for s.inner.Reset(r.distributions); s.inner.Next(); {
		d, err := s.rawDomain("distributions", s.inner.Value())
		if err != nil {
			return nil, err
		}
		known[s.name(s.inner.Key())] = d
	}
	var doms []*domain
	for s.inner.Reset(r.params); s.inner.Next(); {
		v, err := parseFloat("params", s.inner.Value())
		if err != nil {
			return nil, err
		}
		name := s.name(s.inner.Key())
		d := known[name]
		if d == nil {
			return nil, fmt.Errorf("parameter %.80q has no distribution", name)
		}
		p := storage.Param{Name: name, Value: v, Dist: d.dist}
		if i := slices.IndexFunc(t.Params, func(q storage.Param) bool { return q.Name == name }); i >= 0 {
			t.Params[i] = p
			continue
		}
		t.Params, doms = append(t.Params, p), append(doms, d)
	}
	return doms, nil
}

// templateReports reads an object of step to value.
func (s *State) templateReports(t *trial, raw []byte) ([]storage.Report, error) {
	if raw == nil {
		return nil, nil
	}
	if raw[0] != '{' {
		return nil, fmt.Errorf("field %q is no object", "intermediate_values")
	}
	var out []storage.Report
	for s.inner.Reset(raw); s.inner.Next(); {
		step, err := t.parseStep("intermediate_values", s.inner.Key())
		if err != nil {
			return nil, err
		}
		v, err := parseReport("intermediate_values", s.inner.Value())
		if err != nil {
			return nil, err
		}
		out = append(out, storage.Report{Step: step, Value: v})
	}
	slices.SortStableFunc(out, func(a, b storage.Report) int { return cmp.Compare(a.Step, b.Step) })
	// Of equal steps the last counts.
	n := 0
	for i := range out {
		if i+1 < len(out) && out[i+1].Step == out[i].Step {
			continue
		}
		out[n] = out[i]
		n++
	}
	return out[:n], nil
}
