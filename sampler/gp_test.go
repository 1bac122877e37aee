package sampler_test

import (
	"testing"

	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
)

func TestGP(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return new(sampler.GP) })
}
