// Package samplers makes samplers by name for the programs of bench.
package samplers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gohone/hone/sampler"
)

// To add a sampler to every program of bench, add a line.
var makers = map[string]func() sampler.Sampler{
	"auto":       func() sampler.Sampler { return &sampler.Auto{} },
	"gp":         func() sampler.Sampler { return &sampler.GP{} },
	"gp-pca10":   func() sampler.Sampler { return &sampler.GP{Projection: 10} },
	"random":     func() sampler.Sampler { return &sampler.Random{} },
	"qmc":        func() sampler.Sampler { return &sampler.QMC{} },
	"halton":     func() sampler.Sampler { return &sampler.QMC{Halton: true} },
	"bruteforce": func() sampler.Sampler { return &sampler.BruteForce{} },
	"grid":       func() sampler.Sampler { return &sampler.Grid{} },
	"cma":        func() sampler.Sampler { return &sampler.CMAES{} },
	"tpe":        func() sampler.Sampler { return &sampler.TPE{} },
	"tpe-optuna": func() sampler.Sampler { return &sampler.TPE{Optuna: true} },
	"tpe-uni":    func() sampler.Sampler { return &sampler.TPE{Decomposition: sampler.TPEUnivariate} },
}

// New makes a sampler.
func New(name string) (sampler.Sampler, error) {
	if f, ok := makers[name]; ok {
		return f(), nil
	}
	return nil, fmt.Errorf("unknown sampler %q; there are %s", name, Names())
}

// Names lists the names, sorted.
func Names() string { return strings.Join(slices.Sorted(maps.Keys(makers)), ", ") }
