// Package neutral writes down what a storage holds in the neutral form in which
// the fixtures made by Optuna say what they hold, and compares two such forms. It is
// for tests of storages.
package neutral

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// Decode reads a JSON text, with its numbers as they are written.
func Decode(t testing.TB, text []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%v in %.300s", err, text)
	}
}

// Compare reports each part in which two decoded neutral forms differ.
func Compare(t testing.TB, at string, got, want any) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		for k := range w {
			Compare(t, at+"/"+k, g[k], w[k])
		}
		for k := range g {
			if _, ok := w[k]; !ok {
				t.Errorf("%s/%s is %v, want none", at, k, g[k])
			}
		}
		return
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			break
		}
		for i := range w {
			Compare(t, fmt.Sprint(at, "/", i), g[i], w[i])
		}
		return
	}
	if strings.HasSuffix(at, "/written_as") {
		want = today(want)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s is %v, want %v", at, got, want)
	}
}

// today returns the class that took the place of an old one.
func today(class any) any {
	name := class.(string)
	switch {
	case strings.HasPrefix(name, "Int"):
		return "IntDistribution"
	case strings.HasSuffix(name, "UniformDistribution"):
		return "FloatDistribution"
	}
	return class
}

// Study returns the neutral form of a study: floats that are not finite are
// {"__float__": …}, times are UTC.
func Study(t testing.TB, s storage.Study, trials []storage.Trial) []byte {
	directions := []any{}
	for _, d := range s.Directions {
		directions = append(directions, strings.ToUpper(d.String()))
	}
	list := []any{}
	for i := range trials {
		list = append(list, trial(t, &trials[i]))
	}
	text, err := pyjson.AppendValue(nil, map[string]any{
		"study_id":     s.ID,
		"study_name":   s.Name,
		"directions":   directions,
		"user_attrs":   attrs(t, s.UserAttrs),
		"system_attrs": attrs(t, s.SystemAttrs),
		"n_trials":     len(trials),
		"trials":       list,
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var stateNames = map[storage.State]string{
	storage.Running: "RUNNING", storage.Complete: "COMPLETE", storage.Pruned: "PRUNED",
	storage.Failed: "FAIL", storage.Waiting: "WAITING",
}

func trial(t testing.TB, tr *storage.Trial) map[string]any {
	var values any
	if tr.Values != nil {
		list := []any{}
		for _, v := range tr.Values {
			list = append(list, tag(v))
		}
		values = list
	}
	params := []any{}
	for _, p := range tr.Params {
		params = append(params, map[string]any{
			"name":         p.Name,
			"internal":     tag(p.Value),
			"external":     typed(p.Dist.External(p.Value)),
			"distribution": domain(p.Dist),
		})
	}
	reports := []any{}
	for _, r := range tr.Reports {
		reports = append(reports, map[string]any{"step": r.Step, "value": tag(r.Value)})
	}
	constraints := map[string]any{}
	for _, c := range tr.Constraints() {
		constraints[c.Name] = tag(c.Value)
	}
	at := map[string]any{"datetime_start": nil, "datetime_complete": nil}
	if !tr.Started.IsZero() {
		at["datetime_start"] = tr.Started.UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	if !tr.Finished.IsZero() {
		at["datetime_complete"] = tr.Finished.UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	return map[string]any{
		"number": tr.Number, "trial_id": tr.ID, "state": stateNames[tr.State], "values": values,
		"datetime_start": at["datetime_start"], "datetime_complete": at["datetime_complete"],
		"params": params, "intermediate_values": reports, "constraints": constraints,
		"user_attrs": attrs(t, tr.UserAttrs), "system_attrs": attrs(t, tr.SystemAttrs),
	}
}

// domain describes a domain, and with which class Optuna writes it.
func domain(d distributions.Distribution) map[string]any {
	switch d := d.(type) {
	case distributions.Float:
		m := map[string]any{"kind": "float", "low": tag(d.Low), "high": tag(d.High), "log": d.Log, "step": nil, "written_as": "FloatDistribution"}
		if d.Step != 0 {
			m["step"] = d.Step
		}
		return m
	case distributions.Int:
		return map[string]any{"kind": "int", "low": d.Low, "high": d.High, "log": d.Log, "step": d.Step, "written_as": "IntDistribution"}
	case distributions.Categorical:
		choices := []any{}
		for _, c := range d.Choices {
			choices = append(choices, typed(c))
		}
		return map[string]any{"kind": "categorical", "choices": choices}
	}
	return nil
}

// typed says what Python type a value has there.
func typed(v any) map[string]any {
	name := "str"
	switch v.(type) {
	case nil:
		name = "null"
	case bool:
		name = "bool"
	case int, int64, json.Number:
		name = "int"
	case float64:
		name = "float"
	}
	return map[string]any{"type": name, "value": tag(v)}
}

func attrs(t testing.TB, list storage.Attrs) pyjson.Object {
	out := pyjson.Object{}
	for _, a := range list {
		v, err := pyjson.Decode([]byte(a.Value))
		if err != nil {
			t.Fatalf("attribute %q: %v", a.Key, err)
		}
		out = append(out, pyjson.Member{Key: a.Key, Value: tag(v)})
	}
	return out
}

// tag replaces floats that JSON cannot hold.
func tag(v any) any {
	switch v := v.(type) {
	case float64:
		switch {
		case math.IsNaN(v):
			return map[string]any{"__float__": "nan"}
		case math.IsInf(v, 1):
			return map[string]any{"__float__": "inf"}
		case math.IsInf(v, -1):
			return map[string]any{"__float__": "-inf"}
		}
	case []any:
		for i := range v {
			v[i] = tag(v[i])
		}
	case pyjson.Object:
		for i := range v {
			v[i].Value = tag(v[i].Value)
		}
	}
	return v
}
