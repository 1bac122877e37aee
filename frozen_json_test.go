package hone_test

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
)

// A trial has a JSON form, whatever its values are, and it is that of WriteJSONL
// with two keys more.
func TestFrozenTrialJSON(t *testing.T) {
	s := newStudy(t, nil)
	if err := s.Optimize(func(t *hone.Trial) (float64, error) {
		t.SuggestFloat("x", 0, 1)
		t.SuggestInt("b", 1, 4)
		t.SuggestCategorical("a", "relu", "<tanh>")
		if _, err := t.Suggest("c", distributions.Categorical{Choices: []any{math.Inf(-1)}}); err != nil {
			return 0, err
		}
		t.Report(10, math.NaN())
		t.Report(9, 1e300)
		t.SetConstraint("memory", math.Inf(-1))
		t.SetUserAttr("loss", []any{map[string]any{"x": 0.5}, nil, true, 3})
		return []float64{math.Inf(1), math.Inf(-1), 0.5}[t.Number()], nil
	}, 3); err != nil {
		t.Fatal(err)
	}
	trials, err := s.Trials()
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	if err := s.WriteJSONL(&lines); err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(lines.String()), "\n") {
		for _, form := range []any{trials[i], &trials[i]} {
			text, err := json.Marshal(form)
			if err != nil {
				t.Fatal(err)
			}
			var got, want map[string]any
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(line), &want); err != nil {
				t.Fatal(err)
			}
			if _, ok := got["distributions"].(map[string]any)["b"]; !ok || got["system_attrs"] == nil {
				t.Errorf("%s lacks distributions or system attributes", text)
			}
			delete(got, "distributions")
			delete(got, "system_attrs")
			if !reflect.DeepEqual(got, want) {
				t.Errorf("trial %d is %v, WriteJSONL has %v", i, got, want)
			}
		}
	}
	text, _ := json.Marshal(trials[0])
	for _, want := range []string{`"state":"complete","values":["Infinity"],"params":{"x":`, `"9":1e+300,"10":"NaN"`, `"memory":"-Infinity"`, `"loss":[{"x":0.5},null,true,3]`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
}

// One that was put together by hand is written too, or refused with a reason.
func TestFrozenTrialJSONByHand(t *testing.T) {
	text, err := json.Marshal(hone.FrozenTrial{})
	if want := `{"number":0,"state":"running","values":[],"params":{},"distributions":{},"user_attrs":{},"system_attrs":{},"constraints":{},"intermediate_values":{},"started":null,"finished":null}`; err != nil || string(text) != want {
		t.Errorf("an empty one is %s, %v", text, err)
	}
	f := hone.FrozenTrial{Number: 3, Params: map[string]any{"x": 1, "y": float32(0.5)}, Distributions: map[string]distributions.Distribution{"x": distributions.Int{Low: 0, High: 3}, "y": nil},
		UserAttrs: map[string]any{"s": struct{ A int }{2}, "nan": []any{math.NaN()}}}
	if text, err := json.Marshal(f); err != nil || !strings.Contains(string(text), `"params":{"x":1,"y":0.5},"distributions":{"x":{`) || !strings.Contains(string(text), `"user_attrs":{"nan":["NaN"],"s":{"A":2}}`) {
		t.Errorf("by hand: %s, %v", text, err)
	}
	f.UserAttrs["f"] = func() {}
	if _, err := json.Marshal(f); err == nil || !strings.Contains(err.Error(), `trial 3: attribute "f"`) {
		t.Errorf("a function: %v", err)
	}
}
