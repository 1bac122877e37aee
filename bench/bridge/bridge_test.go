package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestServe(t *testing.T) {
	in := `{"space": [{"name": "x", "kind": "float", "low": 0.001, "high": 1, "log": true}, {"name": "n", "kind": "int", "low": -2, "high": 2},
		{"name": "c", "kind": "cat", "choices": ["a", "b"]}], "seed": 3, "budget": 30, "sampler": "tpe"}` + strings.Repeat("\n{\"ask\": 1}\n{\"value\": 0.5}", 30) + "\n{\"ask\": 1}\n{\"value\": null}"
	var out strings.Builder
	if err := serve(strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 31 {
		t.Fatalf("%d answers to 31 questions", len(lines))
	}
	seen := make(map[string]bool)
	for _, line := range lines {
		var p struct {
			X float64
			N int
			C string
		}
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if p.X < 0.001 || p.X > 1 || p.N < -2 || p.N > 2 || p.C != "a" && p.C != "b" {
			t.Errorf("%s is outside of the space", line)
		}
		seen[line] = true
	}
	if len(seen) < 20 {
		t.Errorf("%d different points in 31 trials", len(seen))
	}
}

func TestServeBadInput(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{``, "first line"},
		{`{"sampler": "none"}`, `unknown sampler "none"`},
		{`{"sampler": "tpe", "space": [{"name": "x", "kind": "complex"}]}`, `unknown kind "complex"`},
		{`{"sampler": "tpe"}{"value": 1}`, "a value without a trial"},
		{`{"sampler": "tpe", "space": [{"name": "x", "kind": "float", "low": 2, "high": 1}]}{"ask": 1}`, "low 2 is above high 1"},
	} {
		var out strings.Builder
		if err := serve(strings.NewReader(c.in), &out); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.in, err, c.want)
		}
	}
}
