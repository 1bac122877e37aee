// Package distributions holds the domains of parameters: what values a parameter
// may take, and how they are laid out on the unit interval for samplers.
//
// There are three:
//
//	distributions.Float{Low: 1e-5, High: 1e-1, Log: true} // a learning rate
//	distributions.Int{Low: 1, High: 8}                    // a number of layers, both ends included
//	distributions.Categorical{Choices: []any{"relu", "tanh", nil}}
//
// # Internal and external values
//
// Storages and samplers hold every value as one float64, the internal value: a
// Float's value itself, an Int's value as a float, the index of a Categorical's
// choice counted from zero. The user sees the external value: a float64, an int,
// the choice. External and Internal convert.
//
// # The unit interval
//
// ToUnit and FromUnit carry a domain onto [0, 1] and back, so that a sampler needs
// to know nothing else about it. A uniform draw from [0, 1] becomes a uniform draw
// from the domain, uniform in the logarithm where Log is set. Domains of K equally
// likely values divide [0, 1] into K equal cells, so both ends are reached as often
// as any other value.
//
// # Making one
//
// The types are plain structs. [Normalize] checks one and brings it to the form
// that is stored: it is what the study calls. The other functions and methods
// never panic and always return something in their range, whatever the fields and
// arguments hold, because stored data may be older or stranger than today's
// program; but their results mean something only for a domain that passed
// Validate.
//
// # Stored form
//
// [Marshal] and [Unmarshal] speak the JSON of Python Optuna, its older forms
// included. [Compatible] is the rule of what may change about a parameter between
// two trials of a study.
package distributions

import (
	"errors"
	"fmt"
	"math"
)

// A Distribution is the domain of one parameter: a [Float], an [Int] or a
// [Categorical], or, read from a storage only, a [WideInt]. No other package can
// add one. Compare two with [Equal]; == panics
// on a Categorical. All methods may be called concurrently.
type Distribution interface {
	// Validate says what is wrong with the fields, nil if nothing is. The text
	// fits behind a prefix such as `hone: suggest "lr": `.
	Validate() error

	// Contains reports whether an internal value belongs to the domain. For
	// stepped domains it must lie on the grid, floats within 1e-8 steps.
	Contains(internal float64) bool

	// Single reports whether only one value is possible.
	Single() bool

	// Size returns the number of different values. ok is false if they cannot
	// be counted in an int, as in a continuous Float.
	Size() (n int, ok bool)

	// External returns the value that the user sees for an internal one, which
	// may lie outside the domain: a float64 for a Float, an int for an Int, the
	// choice itself for a Categorical, nil if it has none of that index.
	External(internal float64) any

	// Internal is the reverse of External. It accepts a number of any Go type
	// for Float and Int, and does not ask whether it lies in the range: see
	// Contains.
	Internal(value any) (float64, error)

	// ToUnit returns where in [0, 1] an internal value lies. Values outside the
	// domain are moved to its nearer end, and NaN to the middle.
	ToUnit(internal float64) float64

	// FromUnit returns the internal value at a point of [0, 1]. Points outside
	// are moved to the nearer end, and NaN to the middle. The value returned is
	// contained in the domain.
	FromUnit(u float64) float64

	// String returns a short form for messages, such as Float(1e-05, 0.1, log).
	String() string

	isDistribution()
}

var errNil = errors.New("no distribution given")

// value returns d without a pointer around it, so that the functions of this
// package know values only. nil stays nil.
func value(d Distribution) Distribution {
	switch d := d.(type) {
	case *Float:
		if d != nil {
			return *d
		}
	case *Int:
		if d != nil {
			return *d
		}
	case *Categorical:
		if d != nil {
			return *d
		}
	case *WideInt:
		if d != nil {
			return *d
		}
	case Float, Int, Categorical, WideInt:
		return d
	}
	return nil
}

// Normalize returns d in the form in which it is stored, after validating it: an
// Int's Step of 0 becomes 1, High comes down to the last value of the grid (for
// floats in decimal arithmetic: 0 to 0.95 in steps of 0.1 ends at 0.9), choices
// become nil, bool, int, float64 or string. What is returned shares no memory with
// d, and is a value also where d is a pointer. The error is that of Validate.
func Normalize(d Distribution) (Distribution, error) {
	d = value(d)
	if d == nil {
		return nil, errNil
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	return normal(d), nil
}

// normal is Normalize without the validation. d is no pointer. What is in normal
// form already is returned as it is, so that this costs no allocation.
func normal(d Distribution) Distribution {
	switch old := d.(type) {
	case Float:
		if n := old.normal(); n != old {
			return n
		}
	case Int:
		if n := old.normal(); n != old {
			return n
		}
	case Categorical:
		return old.normal()
	}
	return d
}

// Equal reports whether two distributions are the same in every field. NaN equals
// NaN, and choices are compared as Python compares them: 1, 1.0 and true are equal.
func Equal(a, b Distribution) bool {
	a, b = value(a), value(b)
	switch a := a.(type) {
	case nil:
		return b == nil
	case Float:
		b, ok := b.(Float)
		return ok && a.Log == b.Log && same(a.Low, b.Low) && same(a.High, b.High) && same(a.Step, b.Step)
	case Int:
		b, ok := b.(Int)
		return ok && a.Log == b.Log && a.Low == b.Low && a.High == b.High && a.step() == b.step()
	case WideInt:
		return a == b
	case Categorical:
		b, ok := b.(Categorical)
		return ok && a.sameChoices(b)
	}
	return false
}

func same(a, b float64) bool { return a == b || a != a && b != b }

// Compatible returns nil if a parameter that some trial of a study has with the
// distribution old may have the distribution new in another trial, and otherwise
// what stands against it. The kind and Log must not change, nor the choices and
// their order. Low, High and Step may.
func Compatible(old, new Distribution) error {
	old, new = value(old), value(new)
	if old == nil || new == nil {
		return errNil
	}
	var oldLog, newLog bool
	switch o := old.(type) {
	case Float:
		n, ok := new.(Float)
		if !ok {
			return changed("kind", old, new)
		}
		oldLog, newLog = o.Log, n.Log
	case Int, WideInt:
		var ok bool
		if oldLog, newLog, ok = logOfInts(old, new); !ok {
			return changed("kind", old, new)
		}
	case Categorical:
		n, ok := new.(Categorical)
		if !ok {
			return changed("kind", old, new)
		}
		if !o.sameChoices(n) {
			return changed("choices", old, new)
		}
	}
	if oldLog != newLog {
		return changed("log", old, new)
	}
	return nil
}

func changed(what string, old, new Distribution) error {
	return fmt.Errorf("the study has %v, this is %v: %s must not change; use a new name", old, new, what)
}

// unit brings u into [0, 1], NaN to the middle.
func unit(u float64) float64 {
	switch {
	case u != u:
		return 0.5
	case u < 0:
		return 0
	case u > 1:
		return 1
	}
	return u
}

// maxExact is 2⁵³: up to it every integer is a float64.
const maxExact = 1 << 53

// finite reports whether x is neither an infinity nor NaN.
func finite(x float64) bool { return math.Abs(x) <= math.MaxFloat64 }
