package hone

import (
	"reflect"

	"github.com/gohone/hone/distributions"
)

// Choose returns one of the choices, between which there is no order. They may
// be of any string, bool, int or float64 kind and are stored as such. The choices
// of a name stay the same, in the same order, for the whole study. It panics as
// Trial.SuggestFloat does.
func Choose[T ~string | ~bool | ~int | ~float64](t *Trial, name string, choices ...T) T {
	return choices[choose(t, name, choices)]
}

// Pick returns one of the map's values, between which there is no order. The
// study stores the keys, sorted, so the values may be functions, structs, or
// anything else. It panics as Trial.SuggestFloat does.
func Pick[T any](t *Trial, name string, choices map[string]T) T {
	keys := sortedKeys(choices)
	return choices[keys[choose(t, name, keys)]]
}

// choose returns the index of the choice.
func choose[T ~string | ~bool | ~int | ~float64](t *Trial, name string, choices []T) int {
	list := make([]any, len(choices))
	for i, c := range choices {
		list[i] = basic(c)
	}
	return int(t.mustSuggest(name, distributions.Categorical{Choices: list}))
}

// basic strips a named type, so that what is stored does not depend on it.
func basic(v any) any {
	switch v := v.(type) {
	case string, bool, int, float64:
		return v
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.String:
		return r.String()
	case reflect.Bool:
		return r.Bool()
	case reflect.Int:
		return int(r.Int())
	default:
		return r.Float()
	}
}
