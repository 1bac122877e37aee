package prunertest

import (
	"slices"
	"testing"

	"github.com/gohone/hone/internal/conformance"
	"github.com/gohone/hone/pruner"
)

// FailuresOf is Failures for some checks only.
func FailuresOf(tb testing.TB, o Options, fresh func() pruner.Pruner, names ...string) []string {
	tb.Helper()
	var some []conformance.Check
	for _, c := range o.checks(fresh) {
		if slices.Contains(names, c.Name) {
			some = append(some, c)
		}
	}
	if len(some) != len(names) {
		tb.Fatalf("some of %q are no checks", names)
	}
	return conformance.Failures(tb, some)
}

// Names returns the names of all checks.
func Names() []string {
	var out []string
	for _, c := range (Options{}).checks(nil) {
		out = append(out, c.Name)
	}
	return out
}
