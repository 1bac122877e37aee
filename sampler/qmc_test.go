package sampler_test

import (
	"testing"

	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
)

func TestQMC(t *testing.T) {
	for name, fresh := range map[string]func() sampler.Sampler{
		"Sobol":            func() sampler.Sampler { return &sampler.QMC{} },
		"Halton":           func() sampler.Sampler { return &sampler.QMC{Halton: true} },
		"Sobol, published": func() sampler.Sampler { return &sampler.QMC{NoScramble: true} },
	} {
		t.Run(name, func(t *testing.T) {
			samplertest.Options{Blind: true}.Run(t, fresh)
		})
	}
}
