package main

import (
	"testing"

	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
)

// All that hone promises of its own samplers holds for this one.
func TestAnnealing(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return &Annealing{} })
}
