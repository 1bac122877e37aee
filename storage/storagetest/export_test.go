package storagetest

import (
	"slices"
	"testing"

	"github.com/gohone/hone/internal/conformance"
)

// FailuresOf is Failures for some checks only.
func FailuresOf(tb testing.TB, o Options, names ...string) []string {
	tb.Helper()
	var some []conformance.Check
	for _, c := range o.checks(tb) {
		if slices.Contains(names, c.Name) {
			some = append(some, c)
		}
	}
	if len(some) != len(names) {
		tb.Fatalf("some of %q are no checks that apply", names)
	}
	return conformance.Failures(tb, some)
}

// Complaints returns what f complains of.
func Complaints(tb testing.TB, f func(tb testing.TB)) []string {
	return conformance.Failures(tb, []conformance.Check{{Name: "f", Run: f}})
}

// Names returns the names of the checks that apply.
func Names(tb testing.TB, o Options) []string {
	var out []string
	for _, c := range o.checks(tb) {
		out = append(out, c.Name)
	}
	return out
}
