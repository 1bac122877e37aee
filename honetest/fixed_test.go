package honetest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/honetest"
)

func TestFixedTrial(t *testing.T) {
	tr := honetest.FixedTrial(map[string]any{"x": 0.5, "n": 3, "far": 99.0, "kind": "b", "on": true, "whole": 2})
	if x := tr.SuggestFloat("x", 0, 1); x != 0.5 {
		t.Errorf("x is %v", x)
	}
	if n := tr.SuggestInt("n", 1, 5); n != 3 {
		t.Errorf("n is %v", n)
	}
	if far := tr.SuggestLogFloat("far", 1, 10); far != 99 {
		t.Errorf("a value out of range came as %v", far)
	}
	if kind := tr.SuggestCategorical("kind", "a", "b"); kind != "b" {
		t.Errorf("kind is %v", kind)
	}
	if !tr.SuggestBool("on") {
		t.Error("on is false")
	}
	if w := tr.SuggestFloat("whole", 0, 5); w != 2 {
		t.Errorf("an int for a float came as %v", w)
	}
	for step := range 3 {
		tr.Report(step, 1e9)
		if tr.ShouldPrune() {
			t.Error("a fixed trial is pruned")
		}
	}
	tr.SetUserAttr("note", "kept")
	tr.SetConstraint("c", 1)
	trials, err := tr.Study().Trials()
	if err != nil || trials[0].UserAttrs["note"] != "kept" || trials[0].Constraints["c"] != 1 || len(trials[0].IntermediateValues) != 3 {
		t.Errorf("%+v, %v", trials, err)
	}
	if tr.Context().Err() != nil || tr.Number() != 0 {
		t.Errorf("context %v, number %d", tr.Context().Err(), tr.Number())
	}
}

func TestFixedTrialNamesWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name string
		ask  func(*hone.Trial)
		says string
	}{
		{"no such name", func(tr *hone.Trial) { tr.SuggestFloat("y", 0, 1) }, `no value for "y"`},
		{"unknown category", func(tr *hone.Trial) { tr.SuggestCategorical("x", "a", "b") }, `"x"`},
		{"bad bounds", func(tr *hone.Trial) { tr.SuggestFloat("x", 1, 0) }, "low 1 is above high 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				text := fmt.Sprint(recover())
				if !strings.Contains(text, c.says) || !strings.Contains(text, "fixed_test.go:") {
					t.Errorf("panic %s", text)
				}
			}()
			c.ask(honetest.FixedTrial(map[string]any{"x": 0.5}))
		})
	}
}

func ExampleFixedTrial() {
	objective := func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", -10, 10)
		return (x - 2) * (x - 2), nil
	}
	fmt.Println(objective(honetest.FixedTrial(map[string]any{"x": 5.0})))
	// Output: 9 <nil>
}
