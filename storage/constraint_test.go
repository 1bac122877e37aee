package storage_test

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/gohone/hone/storage"
)

// What Optuna derives from the same attributes; testdata/constraints.py made it.
func TestConstraintsAsOptuna(t *testing.T) {
	data, err := os.ReadFile("testdata/constraints.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Attrs       [][2]string
			Constraints map[string]string
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 15 {
		t.Fatalf("%d cases in testdata/constraints.json", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		var trial storage.Trial
		for _, a := range c.Attrs {
			trial.SystemAttrs = trial.SystemAttrs.With(a[0], a[1])
		}
		got := trial.Constraints()
		if len(got) != len(c.Constraints) {
			t.Errorf("%v: %v, want %v", c.Attrs, got, c.Constraints)
		}
		feasible := true
		for _, k := range got {
			want, err := strconv.ParseFloat(c.Constraints[k.Name], 64)
			if err != nil || k.Value != want {
				t.Errorf("%v: %q is %v, want %s", c.Attrs, k.Name, k.Value, c.Constraints[k.Name])
			}
			feasible = feasible && want <= 0
		}
		if trial.Feasible() != feasible {
			t.Errorf("%v: Feasible is %v, want %v", c.Attrs, trial.Feasible(), feasible)
		}
	}
}

func TestConstraintsOfBrokenAttributes(t *testing.T) {
	for _, c := range []struct {
		name  string
		attrs storage.Attrs
		want  []storage.Constraint
	}{
		{"no array", storage.Attrs{{Key: "constraints", Value: `{"a": 1}`}}, nil},
		{"a number", storage.Attrs{{Key: "constraints", Value: `1`}}, nil},
		{"empty text", storage.Attrs{{Key: "constraints", Value: ``}}, nil},
		{"entries that are no numbers", storage.Attrs{{Key: "constraints", Value: `["x", 2, null, 4]`}}, []storage.Constraint{{Name: "1", Value: 2}, {Name: "3", Value: 4}}},
		{"named ones that are no numbers", storage.Attrs{{Key: "constraints:a", Value: `"x"`}, {Key: "constraints:b", Value: ` 2 `}}, []storage.Constraint{{Name: "b", Value: 2}}},
		{"cut short", storage.Attrs{{Key: "constraints", Value: `[1, 2`}}, []storage.Constraint{{Name: "0", Value: 1}, {Name: "1", Value: 2}}},
		{"space", storage.Attrs{{Key: "constraints", Value: " [ 1 ,\n-2 ] "}}, []storage.Constraint{{Name: "0", Value: 1}, {Name: "1", Value: -2}}},
	} {
		got := (&storage.Trial{SystemAttrs: c.attrs}).Constraints()
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
}

// NaN is not feasible, and user attributes are no constraints.
func TestFeasible(t *testing.T) {
	for _, c := range []struct {
		text string
		want bool
	}{
		{"[]", true}, {"[0]", true}, {"[-0.0, -1]", true}, {"[-Infinity]", true},
		{"[5e-324]", false}, {"[-1, Infinity]", false}, {"[NaN]", false}, {"[-1, NaN, -1]", false},
	} {
		trial := storage.Trial{SystemAttrs: storage.Attrs{{Key: storage.AttrConstraints, Value: c.text}}}
		if got := trial.Feasible(); got != c.want {
			t.Errorf("constraints %s: Feasible is %v, want %v", c.text, got, c.want)
		}
	}
	trial := storage.Trial{UserAttrs: storage.Attrs{{Key: storage.AttrConstraints, Value: "[1]"}}}
	if !trial.Feasible() || trial.Constraints() != nil {
		t.Errorf("a user attribute makes a constraint: %v", trial.Constraints())
	}
	nan := storage.Trial{SystemAttrs: storage.Attrs{{Key: "constraints:a", Value: "NaN"}}}
	if c := nan.Constraints(); len(c) != 1 || !math.IsNaN(c[0].Value) {
		t.Errorf("a constraint that is NaN: %v", c)
	}
}
