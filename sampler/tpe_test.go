package sampler_test

import (
	"testing"

	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
)

func TestTPE(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return &sampler.TPE{} })
}

func TestTPEOptuna(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return &sampler.TPE{Optuna: true} })
}

func TestTPEUnivariate(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return &sampler.TPE{Decomposition: sampler.TPEUnivariate} })
}
