package samplertest_test

import (
	"testing"

	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
)

// The body of a test of one's own, such as TestMine(t *testing.T).
func ExampleRun() {
	testMine := func(t *testing.T) {
		samplertest.Run(t, func() sampler.Sampler { return &sampler.TPE{} })
	}
	_ = testMine
}

// Random does not learn from results: the checks of that are left out.
func ExampleOptions() {
	testRandom := func(t *testing.T) {
		samplertest.Options{Blind: true}.Run(t, func() sampler.Sampler { return &sampler.Random{} })
	}
	_ = testRandom
}
