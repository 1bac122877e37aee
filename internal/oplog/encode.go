package oplog

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// The Append functions append one record without a line end. They return an
// error for what Optuna could not read back, for one such record would stop
// every Python reader for good; dst is then returned as it was.

func begin(dst []byte, op Op, worker string) []byte {
	dst = append(dst, `{"op_code":`...)
	dst = strconv.AppendInt(dst, int64(op), 10)
	dst = append(dst, `,"worker_id":`...)
	return pyjson.AppendString(dst, worker)
}

func appendID(dst []byte, field string, id int64) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, field...)
	dst = append(dst, '"', ':')
	return strconv.AppendInt(dst, id, 10)
}

// checkText refuses a name or key that does not survive a round trip.
func checkText(what, text string) error {
	if !pyjson.ValidString(text) {
		return fmt.Errorf("%w: the %s %.40q is not valid UTF-8", storage.ErrInvalidName, what, text)
	}
	return nil
}

// AppendCreateStudy appends the record of a new study.
func AppendCreateStudy(dst []byte, worker, name string, directions []storage.Direction) ([]byte, error) {
	if err := checkText("name of the study", name); err != nil {
		return dst, err
	}
	if err := storage.CheckDirections(directions); err != nil {
		return dst, err
	}
	dst = begin(dst, CreateStudy, worker)
	dst = append(dst, `,"study_name":`...)
	dst = pyjson.AppendString(dst, name)
	dst = append(dst, `,"directions":[`...)
	for i, d := range directions {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(d), 10)
	}
	return append(dst, "]}"...), nil
}

// AppendDeleteStudy appends the record that removes a study.
func AppendDeleteStudy(dst []byte, worker string, study int64) []byte {
	dst = begin(dst, DeleteStudy, worker)
	return append(appendID(dst, "study_id", study), '}')
}

// AppendStudyAttr appends the record of an attribute of a study.
func AppendStudyAttr(dst []byte, worker string, study int64, kind storage.AttrKind, key, value string) ([]byte, error) {
	op := StudyUserAttr
	if kind == storage.SystemAttr {
		op = StudySystemAttr
	}
	return appendAttr(dst, appendID(begin(dst, op, worker), "study_id", study), kind, key, value)
}

// AppendTrialAttr appends the record of an attribute of a trial.
func AppendTrialAttr(dst []byte, worker string, trial int64, kind storage.AttrKind, key, value string) ([]byte, error) {
	op := TrialUserAttr
	if kind == storage.SystemAttr {
		op = TrialSystemAttr
	}
	return appendAttr(dst, appendID(begin(dst, op, worker), "trial_id", trial), kind, key, value)
}

// appendAttr ends a record begun with an attribute; before is what to return
// with an error.
func appendAttr(before, dst []byte, kind storage.AttrKind, key, value string) ([]byte, error) {
	if kind == storage.SystemAttr {
		dst = append(dst, `,"system_attr":{`...)
	} else {
		dst = append(dst, `,"user_attr":{`...)
	}
	dst, err := appendMember(dst, key, value)
	if err != nil {
		return before, err
	}
	return append(dst, "}}"...), nil
}

// appendMember appends "key":value of an attribute.
func appendMember(dst []byte, key, value string) ([]byte, error) {
	if err := checkText("key of the attribute", key); err != nil {
		return dst, err
	}
	dst = pyjson.AppendString(dst, key)
	out, err := pyjson.Compact(append(dst, ':'), []byte(value))
	if err != nil {
		return dst, fmt.Errorf("the value of attribute %.80q is no JSON text: %w", key, err)
	}
	return out, nil
}

func appendTime(dst []byte, field string, t time.Time) ([]byte, error) {
	t = t.UTC()
	if y := t.Year(); y < 2 || y > 9998 { // Python moves it to another zone
		return dst, fmt.Errorf("the time %v is outside the years 2 to 9998", t)
	}
	dst = append(dst, ',', '"')
	dst = append(dst, field...)
	dst = append(dst, '"', ':', '"')
	dst = t.AppendFormat(dst, timeLayout)
	return append(dst, '"'), nil
}

func appendFloats(dst []byte, values []float64) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = pyjson.AppendFloat(dst, v)
	}
	return append(dst, ']')
}

// checkParam returns the text of a parameter's distribution. It refuses what
// Python fails on when it makes the external value: a category that does not
// exist, and an integer that is not finite.
func checkParam(p storage.Param) (string, error) {
	if err := checkText("name of the parameter", p.Name); err != nil {
		return "", err
	}
	text, err := distributions.Marshal(p.Dist)
	if err != nil {
		return "", fmt.Errorf("parameter %.80q: %w", p.Name, err)
	}
	switch d := p.Dist.(type) {
	case distributions.Categorical:
		if !(p.Value > -1 && p.Value < float64(len(d.Choices))) {
			return "", fmt.Errorf("parameter %.80q: there is no category %v among %d", p.Name, p.Value, len(d.Choices))
		}
	case distributions.Int, distributions.WideInt:
		if math.IsNaN(p.Value) || math.IsInf(p.Value, 0) {
			return "", fmt.Errorf("parameter %.80q: %v is no integer", p.Name, p.Value)
		}
	}
	return text, nil
}

// AppendParam appends the record of a parameter.
func AppendParam(dst []byte, worker string, trial int64, p storage.Param) ([]byte, error) {
	text, err := checkParam(p)
	if err != nil {
		return dst, err
	}
	dst = appendID(begin(dst, SetParam, worker), "trial_id", trial)
	dst = append(dst, `,"param_name":`...)
	dst = pyjson.AppendString(dst, p.Name)
	dst = append(dst, `,"param_value_internal":`...)
	dst = pyjson.AppendFloat(dst, p.Value)
	dst = append(dst, `,"distribution":`...)
	dst = pyjson.AppendString(dst, text)
	return append(dst, '}'), nil
}

// AppendState appends the record of a change of state, at the time now. Values
// that are nil leave those of the trial.
func AppendState(dst []byte, worker string, trial int64, state storage.State, values []float64, now time.Time) ([]byte, error) {
	if err := checkState(state); err != nil {
		return dst, err
	}
	if err := storage.CheckValues(values); err != nil {
		return dst, err
	}
	before := dst
	dst = appendID(begin(dst, SetState, worker), "trial_id", trial)
	dst = appendID(dst, "state", int64(state))
	if values == nil {
		dst = append(dst, `,"values":null`...)
	} else {
		dst = appendFloats(append(dst, `,"values":`...), values)
	}
	var err error
	switch {
	case state == storage.Running:
		dst, err = appendTime(dst, "datetime_start", now)
	case state.Finished():
		dst, err = appendTime(dst, "datetime_complete", now)
	}
	if err != nil {
		return before, err
	}
	return append(dst, '}'), nil
}

func checkState(state storage.State) error {
	if state < storage.Running || state > storage.Waiting {
		return fmt.Errorf("there is no state %d", int(state))
	}
	return nil
}

// AppendReport appends the record of an intermediate value.
func AppendReport(dst []byte, worker string, trial int64, step int, value float64) ([]byte, error) {
	if err := checkStep(step); err != nil {
		return dst, err
	}
	dst = appendID(begin(dst, SetReport, worker), "trial_id", trial)
	dst = appendID(dst, "step", int64(step))
	dst = append(dst, `,"intermediate_value":`...)
	dst = pyjson.AppendFloat(dst, value)
	return append(dst, '}'), nil
}

func checkStep(step int) error {
	if step < 0 {
		return fmt.Errorf("report at step %d: steps are not negative", step)
	}
	return nil
}

// AppendCreateTrial appends the record of a new trial: a running one that
// starts now, or with a template everything of that but its id and number. The
// times that its state needs and the template lacks are now.
func AppendCreateTrial(dst []byte, worker string, study int64, template *storage.Trial, now time.Time) ([]byte, error) {
	before := dst
	dst = appendID(begin(dst, CreateTrial, worker), "study_id", study)
	if template == nil {
		dst, err := appendTime(dst, "datetime_start", now)
		if err != nil {
			return before, err
		}
		return append(dst, '}'), nil
	}
	dst, err := appendTemplate(dst, template, now)
	if err != nil {
		return before, err
	}
	return append(dst, '}'), nil
}

func appendTemplate(dst []byte, template *storage.Trial, now time.Time) ([]byte, error) {
	t := *template
	t.FillTimes(now)
	if err := checkState(t.State); err != nil {
		return dst, err
	}
	if err := storage.CheckValues(t.Values); err != nil {
		return dst, err
	}
	var err error
	if t.Started.IsZero() {
		dst = append(dst, `,"datetime_start":null`...)
	} else if dst, err = appendTime(dst, "datetime_start", t.Started); err != nil {
		return dst, err
	}
	dst = appendID(dst, "state", int64(t.State))
	switch len(t.Values) { // Optuna refuses both at once
	case 0:
		dst = append(dst, `,"value":null,"values":null`...)
	case 1:
		dst = pyjson.AppendFloat(append(dst, `,"value":`...), t.Values[0])
		dst = append(dst, `,"values":null`...)
	default:
		dst = appendFloats(append(dst, `,"value":null,"values":`...), t.Values)
	}
	if !t.Finished.IsZero() { // absent, never null
		if dst, err = appendTime(dst, "datetime_complete", t.Finished); err != nil {
			return dst, err
		}
	}
	if dst, err = appendParams(dst, t.Params); err != nil {
		return dst, err
	}
	if dst, err = appendAttrs(append(dst, `,"user_attrs":{`...), t.UserAttrs); err != nil {
		return dst, err
	}
	if dst, err = appendAttrs(append(dst, `,"system_attrs":{`...), t.SystemAttrs); err != nil {
		return dst, err
	}
	dst = append(dst, `,"intermediate_values":{`...)
	for i, r := range t.Reports {
		if err := checkStep(r.Step); err != nil {
			return dst, err
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = strconv.AppendInt(dst, int64(r.Step), 10)
		dst = pyjson.AppendFloat(append(dst, '"', ':'), r.Value)
	}
	return append(dst, '}'), nil
}

func appendParams(dst []byte, params []storage.Param) ([]byte, error) {
	dst = append(dst, `,"distributions":{`...)
	for i, p := range params {
		text, err := checkParam(p)
		if err != nil {
			return dst, err
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = pyjson.AppendString(dst, p.Name)
		dst = pyjson.AppendString(append(dst, ':'), text)
	}
	dst = append(dst, `},"params":{`...)
	for i, p := range params {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = pyjson.AppendString(dst, p.Name)
		dst = pyjson.AppendFloat(append(dst, ':'), p.Value)
	}
	return append(dst, '}'), nil
}

func appendAttrs(dst []byte, attrs storage.Attrs) ([]byte, error) {
	for i, a := range attrs {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendMember(dst, a.Key, a.Value); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}
