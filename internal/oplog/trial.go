package oplog

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// changeTrial applies a record that changes one trial. The order of the checks
// is Optuna's: whether the trial is there, whether it is finished, and only
// then what the record says.
func (s *State) changeTrial(r *record, out *Outcome) error {
	id, err := parseID("trial_id", r.trialID)
	if err != nil {
		return err
	}
	if id < 0 || id >= int64(len(s.trials)) || s.trials[id] == nil {
		out.Verdict = NoTrial
		return nil
	}
	t := s.trials[id]
	if t.State.Finished() {
		out.Verdict = Finished
		return nil
	}
	switch out.Op {
	case SetParam:
		return s.setParam(t, r, out)
	case SetState:
		return t.setState(r, out)
	case SetReport:
		return t.setReport(r)
	case TrialUserAttr:
		t.UserAttrs, err = s.withAttr(t.UserAttrs, "user_attr", r.userAttr, &t.wide[storage.UserAttr])
		return err
	}
	attrs, err := s.withAttr(t.SystemAttrs, "system_attr", r.systemAttr, &t.wide[storage.SystemAttr])
	if err != nil {
		return err
	}
	t.study.account(&t.Trial, -1)
	t.SystemAttrs = attrs
	t.study.account(&t.Trial, 1)
	return nil
}

func (s *State) setParam(t *trial, r *record, out *Outcome) error {
	if r.paramName == nil {
		return missing("param_name")
	}
	var name string
	if raw := r.paramName; len(raw) > 2 && raw[0] == '"' && !slices.Contains(raw, '\\') {
		name = s.name(raw[1 : len(raw)-1])
	} else {
		text, err := pyjson.ParseString(raw)
		if err != nil {
			return bad("param_name", err)
		}
		name = s.name([]byte(text))
	}
	value, err := parseFloat("param_value_internal", r.paramValue)
	if err != nil {
		return err
	}
	dom, err := s.rawDomain("distribution", r.dist)
	if err != nil {
		return err
	}
	f := t.study.first[name]
	if f != nil && f.dom != dom && f.dom.compatible(name, dom) != nil {
		out.Verdict = Incompatible
		return nil
	}
	if f == nil || t.Number <= f.number {
		t.study.remember(name, t.Number, dom)
	}
	p := storage.Param{Name: name, Value: value, Dist: dom.dist}
	for i := range t.Params {
		if t.Params[i].Name == name {
			t.Params = slices.Clone(t.Params)
			t.Params[i] = p
			return nil
		}
	}
	t.Params = append(t.Params, p)
	return nil
}

func (t *trial) setState(r *record, out *Outcome) error {
	state, err := parseState(r.state)
	if err != nil {
		return err
	}
	if state == storage.Running && t.State == storage.Running {
		out.Verdict = NotWaiting
		return nil
	}
	if r.values == nil {
		return missing("values")
	}
	values, err := parseFloats("values", r.values)
	if err != nil {
		return err
	}
	started, finished := t.Started, t.Finished
	switch {
	case state == storage.Running:
		if started, err = parseTime("datetime_start", r.started); err != nil {
			return err
		}
	case state.Finished():
		if finished, err = parseTime("datetime_complete", r.finished); err != nil {
			return err
		}
	}
	st := t.study
	st.account(&t.Trial, -1)
	if state == storage.Waiting && t.State != storage.Waiting {
		at, found := slices.BinarySearch(st.waiting, t.ID)
		if !found {
			st.waiting = slices.Insert(slices.Clone(st.waiting), at, t.ID)
		}
	}
	if state.Finished() {
		st.params = len(t.Params)
		clear(t.wide[:]) // needed no more
		if cap(t.Params) > len(t.Params) {
			t.Params = slices.Clone(t.Params)[:len(t.Params):len(t.Params)]
		}
	}
	t.State, t.Started, t.Finished = state, started, finished
	if values != nil {
		t.Values = values
	}
	st.account(&t.Trial, 1)
	return nil
}

func (t *trial) setReport(r *record) error {
	step, err := t.parseStep("step", r.step)
	if err != nil {
		return err
	}
	value, err := parseReport("intermediate_value", r.report)
	if err != nil {
		return err
	}
	t.Reports = storage.WithReport(t.Reports, step, value)
	return nil
}

// parseStep reads a step: a number, or the key of an object.
func (t *trial) parseStep(field string, raw []byte) (int, error) {
	if raw == nil {
		return 0, missing(field)
	}
	n, ok := shortInt(raw)
	if !ok {
		var err error
		if n, err = pyjson.ParseInt(raw); err != nil {
			if digits := bytes.TrimPrefix(raw, []byte("-")); len(digits) > 0 && len(bytes.Trim(digits, "0123456789")) == 0 {
				return 0, t.tooLarge(raw)
			}
			return 0, fmt.Errorf("field %q: %.40q is no step", field, raw)
		}
	}
	if n != int64(int(n)) {
		return 0, t.tooLarge(raw)
	}
	return int(n), nil
}

func (t *trial) tooLarge(step []byte) error {
	return &UnsupportedError{t.study.Name, t.Number, fmt.Sprintf("the step %.40s of a report does not fit an int of %d bits", step, strconv.IntSize)}
}

// parseReport reads an intermediate value. null, which Optuna reads without
// complaint, is no number.
func parseReport(field string, raw []byte) (float64, error) {
	if raw != nil && isNull(raw) {
		return math.NaN(), nil
	}
	return parseFloat(field, raw)
}
