package storage

import (
	"strconv"
	"strings"
)

// A Constraint is one constraint's value in a trial: feasible when ≤ 0.
type Constraint struct {
	Name  string
	Value float64
}

// Constraints returns the trial's constraint values as Optuna 5 derives them:
// the entries of the list attribute "constraints" under the names "0", "1", …,
// then each attribute "constraints:<name>", which overrides an entry of the
// same name. Entries that are no numbers are passed over.
func (t *Trial) Constraints() []Constraint {
	var out []Constraint
	for _, a := range t.SystemAttrs {
		if a.Key != AttrConstraints {
			continue
		}
		list, ok := strings.CutPrefix(strings.TrimSpace(a.Value), "[")
		if !ok {
			break
		}
		list = strings.TrimSuffix(list, "]")
		for i, text := range strings.Split(list, ",") {
			if v, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
				out = append(out, Constraint{strconv.Itoa(i), v})
			}
		}
	}
attrs:
	for _, a := range t.SystemAttrs {
		name, ok := strings.CutPrefix(a.Key, AttrConstraintPrefix)
		if !ok {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(a.Value), 64)
		if err != nil {
			continue
		}
		for i := range out {
			if out[i].Name == name {
				out[i].Value = v
				continue attrs
			}
		}
		out = append(out, Constraint{name, v})
	}
	return out
}

// Feasible reports whether no constraint of the trial is above zero. A trial
// without constraints is feasible; NaN is not.
func (t *Trial) Feasible() bool {
	for _, c := range t.Constraints() {
		if !(c.Value <= 0) {
			return false
		}
	}
	return true
}
