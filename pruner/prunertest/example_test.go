package prunertest_test

import (
	"testing"

	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/pruner/prunertest"
)

// The body of a test of one's own, such as TestMine(t *testing.T).
func ExampleRun() {
	testMine := func(t *testing.T) {
		prunertest.Run(t, func() pruner.Pruner { return &pruner.Median{} })
	}
	_ = testMine
}

// Nop never stops a trial: the checks that it does are left out.
func ExampleOptions() {
	testNop := func(t *testing.T) {
		prunertest.Options{Never: true}.Run(t, func() pruner.Pruner { return new(pruner.Nop) })
	}
	_ = testNop
}
