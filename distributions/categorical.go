package distributions

import (
	"fmt"
	"strings"

	"github.com/gohone/hone/internal/pyjson"
)

// Categorical is a list of choices without an order among them. Their places in
// the list are what is stored, so a study's choices must not change their order.
//
// A choice is nil, a bool, a string, or a number of any Go type. Equal choices may
// occur more than once; then the first stands for all of them where a value is
// looked up.
type Categorical struct {
	Choices []any
}

func (Categorical) isDistribution() {}

// maxChoices is the largest number of choices that Validate accepts. Every trial
// carries its distribution, so that a longer list would cost megabytes a trial.
const maxChoices = 100_000

// Validate says what is wrong with the choices: that there are none, more than
// 100,000, or one of an unsupported type.
func (d Categorical) Validate() error {
	if err := d.check(); err != nil {
		return err
	}
	if len(d.Choices) > maxChoices {
		return fmt.Errorf("%d choices are more than %d; make the parameter an Int and look the choice up", len(d.Choices), maxChoices)
	}
	for i, c := range d.Choices {
		switch c := plain(c).(type) {
		case nil, bool, float64:
		case string:
			if !pyjson.ValidString(c) {
				return fmt.Errorf("choice %d, %q, is not valid UTF-8", i, c)
			}
		default:
			if _, ok := number(c); !ok {
				return fmt.Errorf("choice %d is a %T; only nil, bool, numbers and strings can be stored: give each choice a name and look it up", i, c)
			}
		}
	}
	return nil
}

// check is the part of Validate that Optuna has too.
func (d Categorical) check() error {
	if len(d.Choices) == 0 {
		return fmt.Errorf("no choices given")
	}
	return nil
}

func (d Categorical) normal() Categorical {
	choices := make([]any, len(d.Choices))
	for i, c := range d.Choices {
		choices[i] = plain(c)
	}
	return Categorical{choices}
}

func (d Categorical) sameChoices(e Categorical) bool {
	if len(d.Choices) != len(e.Choices) {
		return false
	}
	for i, c := range d.Choices {
		if !equal(plain(c), plain(e.Choices[i])) {
			return false
		}
	}
	return true
}

// index returns the place of the choice that v stands for, -1 if there is none.
// Fractions are cut off, as Python's int does.
func (d Categorical) index(v float64) int {
	if n := len(d.Choices); n > 0 && v > -1 && v < float64(n) {
		return int(v)
	}
	return -1
}

// Contains reports whether v, with its fraction cut off, is the index of a choice.
func (d Categorical) Contains(v float64) bool { return d.index(v) >= 0 }

// Single reports whether there is one choice only.
func (d Categorical) Single() bool { return len(d.Choices) == 1 }

// Size returns the number of choices.
func (d Categorical) Size() (n int, ok bool) { return len(d.Choices), true }

// External returns the choice of index v, nil if there is none.
func (d Categorical) External(v float64) any {
	if i := d.index(v); i >= 0 {
		return d.Choices[i]
	}
	return nil
}

// Internal returns the index of the first choice that equals v as Python compares
// them: 1, 1.0 and true are equal, and NaN equals NaN.
func (d Categorical) Internal(v any) (float64, error) {
	v = plain(v)
	for i, c := range d.Choices {
		if equal(plain(c), v) {
			return float64(i), nil
		}
	}
	return 0, fmt.Errorf("%s is none of the choices %s", describe(v), d.list())
}

// ToUnit returns the middle (i+½)/n of the cell of choice i.
func (d Categorical) ToUnit(v float64) float64 {
	n := float64(len(d.Choices))
	if v != v || n == 0 {
		return 0.5
	}
	i := min(max(v, 0), n-1)
	return (float64(int(i)) + 0.5) / n
}

// FromUnit returns the index of the choice in whose cell u lies.
func (d Categorical) FromUnit(u float64) float64 {
	n := len(d.Choices)
	return float64(max(min(int(unit(u)*float64(n)), n-1), 0))
}

// String returns for example Categorical("relu", "tanh", nil).
func (d Categorical) String() string { return "Categorical" + d.list() }

// list returns the choices in parentheses, no more than fit a message.
func (d Categorical) list() string {
	const most = 20
	var b strings.Builder
	b.WriteByte('(')
	for i, c := range d.Choices {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == most {
			fmt.Fprintf(&b, "… %d in all", len(d.Choices))
			break
		}
		b.WriteString(describe(c))
	}
	b.WriteByte(')')
	return b.String()
}
