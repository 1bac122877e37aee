package hone

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// WriteCSV writes one row for each trial, by number, under a row of column names:
// number, state, the values (under their metric names if they have such), started,
// finished, seconds, then params_NAME for each parameter and user_NAME for each
// user attribute, sorted by name. Times are UTC in RFC 3339. What a trial lacks is
// empty. Cells that a spreadsheet would take for a formula begin with an
// apostrophe.
func (s *Study) WriteCSV(w io.Writer) error {
	trials, err := s.read(context.Background())
	if err != nil {
		return err
	}
	params, attrs := make(map[string]bool), make(map[string]bool)
	for i := range trials {
		for _, p := range trials[i].Params {
			params[p.Name] = true
		}
		for _, a := range trials[i].UserAttrs {
			attrs[a.Key] = true
		}
	}
	paramNames, attrNames := sortedKeys(params), sortedKeys(attrs)
	header := []string{"number", "state"}
	for k := range s.directions {
		header = append(header, s.valueName(k, len(s.directions)))
	}
	header = append(header, "started", "finished", "seconds")
	for _, name := range paramNames {
		header = append(header, "params_"+name)
	}
	for _, name := range attrNames {
		header = append(header, "user_"+name)
	}
	for i := range header {
		header[i] = plainCell(header[i])
	}
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return fmt.Errorf("hone: write CSV: %w", err)
	}
	for i := range trials {
		if err := out.Write(s.csvRow(&trials[i], paramNames, attrNames)); err != nil {
			return fmt.Errorf("hone: write CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("hone: write CSV: %w", err)
	}
	return nil
}

func (s *Study) csvRow(t *storage.Trial, params, attrs []string) []string {
	row := []string{strconv.Itoa(t.Number), t.State.String()}
	for k := range s.directions {
		cell := ""
		if k < len(t.Values) {
			cell = formatFloat(t.Values[k])
		}
		row = append(row, cell)
	}
	row = append(row, formatTime(t.Started), formatTime(t.Finished))
	if t.Started.IsZero() || t.Finished.IsZero() {
		row = append(row, "")
	} else {
		row = append(row, strconv.FormatFloat(t.Finished.Sub(t.Started).Seconds(), 'f', 6, 64))
	}
	for _, name := range params {
		cell := ""
		if p, ok := t.Param(name); ok {
			cell = formatCell(external(p))
		}
		row = append(row, cell)
	}
	for _, name := range attrs {
		cell := ""
		if text, ok := t.UserAttrs.Get(name); ok {
			cell = formatCell(decodeAttr(text))
		}
		row = append(row, cell)
	}
	return row
}

func formatFloat(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// formatCell writes numbers, bools and nil as they are, strings as plain text,
// and everything else as JSON.
func formatCell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return plainCell(v)
	case float64:
		return formatFloat(v)
	case int:
		return strconv.Itoa(v)
	case bool:
		return strconv.FormatBool(v)
	}
	text, err := encodeAttr(v)
	if err != nil {
		text = fmt.Sprint(v)
	}
	return plainCell(text)
}

// plainCell keeps a spreadsheet from running a text as a formula.
func plainCell(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return s
	}
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return s
	}
	return "'" + s
}

// WriteJSONL writes one JSON object on a line for each trial, by number, with the
// keys number, state, values, params, user_attrs, constraints,
// intermediate_values (by step), started and finished (UTC in RFC 3339, or null).
// Parameters keep their order and their kind. Floats that are not finite, for
// which JSON has no form, are the strings "NaN", "Infinity" and "-Infinity".
func (s *Study) WriteJSONL(w io.Writer) error {
	trials, err := s.read(context.Background())
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	var line []byte
	for i := range trials {
		line, err = pyjson.AppendValue(line[:0], jsonTrial(&trials[i]))
		if err != nil {
			return fmt.Errorf("hone: write JSON lines: trial %d: %w", trials[i].Number, err)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("hone: write JSON lines: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("hone: write JSON lines: %w", err)
	}
	return nil
}

func jsonTrial(t *storage.Trial) pyjson.Object {
	values := make([]any, len(t.Values))
	for k, v := range t.Values {
		values[k] = finite(v)
	}
	params, attrs, constraints, reports := pyjson.Object{}, pyjson.Object{}, pyjson.Object{}, pyjson.Object{}
	for _, p := range t.Params {
		params = append(params, pyjson.Member{Key: p.Name, Value: finite(external(p))})
	}
	for _, a := range t.UserAttrs {
		v, err := pyjson.Decode([]byte(a.Value))
		if err != nil {
			v = a.Value
		}
		attrs = append(attrs, pyjson.Member{Key: a.Key, Value: finite(v)})
	}
	for _, c := range t.Constraints() {
		constraints = append(constraints, pyjson.Member{Key: c.Name, Value: finite(c.Value)})
	}
	for _, r := range t.Reports {
		reports = append(reports, pyjson.Member{Key: strconv.Itoa(r.Step), Value: finite(r.Value)})
	}
	return pyjson.Object{
		{Key: "number", Value: t.Number},
		{Key: "state", Value: t.State.String()},
		{Key: "values", Value: values},
		{Key: "params", Value: params},
		{Key: "user_attrs", Value: attrs},
		{Key: "constraints", Value: constraints},
		{Key: "intermediate_values", Value: reports},
		{Key: "started", Value: jsonTime(t.Started)},
		{Key: "finished", Value: jsonTime(t.Finished)},
	}
}

func jsonTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return formatTime(t)
}

// MarshalJSON returns the trial with the keys that WriteJSONL writes, in the same
// form, and beside them system_attrs and distributions (as Optuna stores them).
// There is no way back from it: see CopyStudy and AddTrial.
func (t FrozenTrial) MarshalJSON() ([]byte, error) {
	values := make([]any, len(t.Values))
	for k, v := range t.Values {
		values[k] = finite(v)
	}
	params, domains := pyjson.Object{}, pyjson.Object{}
	for _, name := range t.names() {
		v, err := jsonValue(t.Params[name])
		if err != nil {
			return nil, fmt.Errorf("hone: trial %d: parameter %q: %w", t.Number, name, err)
		}
		params = append(params, pyjson.Member{Key: name, Value: v})
		if d := t.Distributions[name]; d != nil {
			text, err := distributions.Marshal(d)
			if err == nil {
				v, err = pyjson.Decode([]byte(text))
			}
			if err != nil {
				return nil, fmt.Errorf("hone: trial %d: parameter %q: %w", t.Number, name, err)
			}
			domains = append(domains, pyjson.Member{Key: name, Value: finite(v)})
		}
	}
	constraints, reports := pyjson.Object{}, pyjson.Object{}
	for _, name := range sortedKeys(t.Constraints) {
		constraints = append(constraints, pyjson.Member{Key: name, Value: finite(t.Constraints[name])})
	}
	for _, step := range sortedKeys(t.IntermediateValues) {
		reports = append(reports, pyjson.Member{Key: strconv.Itoa(step), Value: finite(t.IntermediateValues[step])})
	}
	user, err := jsonAttrs(t.UserAttrs)
	if err != nil {
		return nil, fmt.Errorf("hone: trial %d: %w", t.Number, err)
	}
	system, err := jsonAttrs(t.SystemAttrs)
	if err != nil {
		return nil, fmt.Errorf("hone: trial %d: %w", t.Number, err)
	}
	return pyjson.AppendValue(nil, pyjson.Object{
		{Key: "number", Value: t.Number},
		{Key: "state", Value: t.State.String()},
		{Key: "values", Value: values},
		{Key: "params", Value: params},
		{Key: "distributions", Value: domains},
		{Key: "user_attrs", Value: user},
		{Key: "system_attrs", Value: system},
		{Key: "constraints", Value: constraints},
		{Key: "intermediate_values", Value: reports},
		{Key: "started", Value: jsonTime(t.Started)},
		{Key: "finished", Value: jsonTime(t.Finished)},
	})
}

func jsonAttrs(attrs map[string]any) (pyjson.Object, error) {
	out := pyjson.Object{}
	for _, key := range sortedKeys(attrs) {
		v, err := jsonValue(attrs[key])
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", key, err)
		}
		out = append(out, pyjson.Member{Key: key, Value: v})
	}
	return out, nil
}

// jsonValue returns what is written for a value: what an attribute may be.
func jsonValue(v any) (any, error) {
	text, err := encodeAttr(v)
	if err != nil {
		return nil, err
	}
	if v, err = pyjson.Decode([]byte(text)); err != nil {
		return nil, err
	}
	return finite(v), nil
}

// finite puts strings in the place of floats that JSON cannot hold.
func finite(v any) any {
	switch v := v.(type) {
	case float64:
		if v-v != 0 {
			return string(pyjson.AppendFloat(nil, v))
		}
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = finite(out[i])
		}
		return out
	case pyjson.Object:
		out := slices.Clone(v)
		for i := range out {
			out[i].Value = finite(out[i].Value)
		}
		return out
	}
	return v
}
