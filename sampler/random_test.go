package sampler_test

import (
	"testing"

	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
)

func TestRandom(t *testing.T) {
	samplertest.Options{Blind: true}.Run(t, func() sampler.Sampler { return new(sampler.Random) })
}
