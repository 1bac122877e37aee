package oplog

import (
	"fmt"
	"time"

	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// A record is a log line taken apart: the raw text of each field, nil where the
// field is absent.
type record struct {
	op, worker                     []byte
	studyID, studyName, directions []byte
	trialID, state, step           []byte
	value, values                  []byte
	started, finished              []byte
	paramName, paramValue, dist    []byte
	report                         []byte
	userAttr, systemAttr           []byte
	userAttrs, systemAttrs         []byte
	params, distributions, reports []byte
}

// split takes a line apart. Fields that no operation has are passed over; of a
// field that is there twice the last counts, as in Python.
func (r *record) split(sc *pyjson.Scanner, line []byte) error {
	*r = record{}
	for sc.Reset(line); sc.Next(); {
		v := sc.Value()
		switch string(sc.Key()) {
		case "op_code":
			r.op = v
		case "worker_id":
			r.worker = v
		case "study_id":
			r.studyID = v
		case "study_name":
			r.studyName = v
		case "directions":
			r.directions = v
		case "trial_id":
			r.trialID = v
		case "state":
			r.state = v
		case "step":
			r.step = v
		case "value":
			r.value = v
		case "values":
			r.values = v
		case "datetime_start":
			r.started = v
		case "datetime_complete":
			r.finished = v
		case "param_name":
			r.paramName = v
		case "param_value_internal":
			r.paramValue = v
		case "distribution":
			r.dist = v
		case "intermediate_value":
			r.report = v
		case "user_attr":
			r.userAttr = v
		case "system_attr":
			r.systemAttr = v
		case "user_attrs":
			r.userAttrs = v
		case "system_attrs":
			r.systemAttrs = v
		case "params":
			r.params = v
		case "distributions":
			r.distributions = v
		case "intermediate_values":
			r.reports = v
		}
	}
	return sc.Err()
}

func missing(field string) error { return fmt.Errorf("the record has no field %q", field) }

func bad(field string, err error) error { return fmt.Errorf("field %q: %w", field, err) }

func isNull(raw []byte) bool { return string(raw) == "null" }

// parseID returns an id, or −1 for what can be none.
func parseID(field string, raw []byte) (int64, error) {
	if raw == nil {
		return 0, missing(field)
	}
	if n, ok := shortInt(raw); ok {
		return n, nil
	}
	n, err := pyjson.ParseInt(raw)
	if err != nil || n < 0 {
		return -1, nil
	}
	return n, nil
}

// shortInt reads a plain number of up to 18 digits.
func shortInt(raw []byte) (n int64, ok bool) {
	if len(raw) == 0 || len(raw) > 18 {
		return 0, false
	}
	for _, c := range raw {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

func parseInt(field string, raw []byte) (int64, error) {
	if raw == nil {
		return 0, missing(field)
	}
	if n, ok := shortInt(raw); ok {
		return n, nil
	}
	n, err := pyjson.ParseInt(raw)
	if err != nil {
		return 0, bad(field, err)
	}
	return n, nil
}

func parseState(raw []byte) (storage.State, error) {
	n, err := parseInt("state", raw)
	if err != nil {
		return 0, err
	}
	if s := storage.State(n); n >= 0 && n <= 4 {
		return s, nil
	}
	return 0, fmt.Errorf("field %q: there is no state %d", "state", n)
}

func parseFloat(field string, raw []byte) (float64, error) {
	if raw == nil {
		return 0, missing(field)
	}
	f, err := pyjson.ParseFloat(raw)
	if err != nil {
		return 0, bad(field, err)
	}
	return f, nil
}

// parseFloats reads an array of numbers, or null as nil.
func parseFloats(field string, raw []byte) ([]float64, error) {
	if isNull(raw) {
		return nil, nil
	}
	if pyjson.KindOf(raw) != pyjson.Array {
		return nil, fmt.Errorf("field %q is no array", field)
	}
	out := make([]float64, 0, 1)
	var sc pyjson.Scanner
	for sc.Reset(raw); sc.Next(); {
		f, err := pyjson.ParseFloat(sc.Value())
		if err != nil {
			return nil, bad(field, err)
		}
		out = append(out, f)
	}
	return out, sc.Err()
}

// timeLayout is how Optuna 5 writes times: UTC, to the microsecond.
const timeLayout = "2006-01-02T15:04:05.000000-07:00"

// Other shapes that Python's datetime.fromisoformat takes. Those without an
// offset are the local time of whoever reads them, as in Optuna.
var timeLayouts = []string{
	"2006-01-02T15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02T15:04",
	"2006-01-02",
}

// parseTime reads a time, or null as the zero time.
func parseTime(field string, raw []byte) (time.Time, error) {
	if raw == nil {
		return time.Time{}, missing(field)
	}
	if isNull(raw) {
		return time.Time{}, nil
	}
	if t, ok := shortTime(raw); ok {
		return t, nil
	}
	text, err := pyjson.ParseString(raw)
	if err != nil {
		return time.Time{}, bad(field, err)
	}
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("field %q: %.40q is no ISO 8601 time", field, text)
}

// shortTime reads exactly the shape of timeLayout in UTC, quotes included.
func shortTime(raw []byte) (time.Time, bool) {
	const shape = `"0000-00-00T00:00:00.000000+00:00"`
	if len(raw) != len(shape) {
		return time.Time{}, false
	}
	for i := range shape {
		switch c := raw[i]; {
		case shape[i] == '0' && i <= 26:
			if c < '0' || c > '9' {
				return time.Time{}, false
			}
		case c != shape[i]:
			return time.Time{}, false
		}
	}
	num := func(from, n int) int {
		v := 0
		for _, c := range raw[from : from+n] {
			v = v*10 + int(c-'0')
		}
		return v
	}
	year, month, day := num(1, 4), num(6, 2), num(9, 2)
	hour, minute, second, micro := num(12, 2), num(15, 2), num(18, 2), num(21, 6)
	if year < 1 || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false // the slow way knows the lengths of months
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, micro*1000, time.UTC), true
}
