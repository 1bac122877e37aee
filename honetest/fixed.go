// Package honetest helps programs that use hone to test themselves.
//
//   - [FixedTrial] runs an objective without a study, with values of the test's
//     choice.
//   - [Script] runs a study whose every value is written down.
//   - [Faulty] runs a study whose storage fails when told to: before a call takes
//     effect or after it, once, from some call on, or at random from a seed.
package honetest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
)

// FixedTrial returns a trial that hands out the given values, so that an
// objective can be called in a unit test:
//
//	loss, err := objective(honetest.FixedTrial(map[string]any{"lr": 0.01, "layers": 2}))
//
// Values are what the objective would get: float64, int, string, bool. A value
// out of range is handed out as it is. What the trial is not given, or cannot
// convert, makes Suggest fail: the methods that return a value alone panic with an
// error that names the parameter. ShouldPrune is always false; reports,
// attributes and constraints are kept and can be read with t.Study().Trials().
//
// It panics when the values cannot be stored, which no number, string or bool
// causes.
func FixedTrial(params map[string]any) *hone.Trial {
	study, err := hone.NewStudy(&hone.Options{
		Name:    "fixed trial",
		Seed:    1,
		Sampler: missing{params},
		Pruner:  &pruner.Nop{},
	})
	if err == nil {
		err = study.Enqueue(params, nil)
	}
	var t *hone.Trial
	if err == nil {
		t, err = study.Ask(context.Background(), nil)
	}
	if err != nil {
		panic(fmt.Sprintf("honetest: FixedTrial: %v", err))
	}
	return t
}

// missing is asked for what a FixedTrial has no value for.
type missing struct{ params map[string]any }

func (m missing) Sample(_ context.Context, _ *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	return 0, fmt.Errorf("FixedTrial has no value for %q with the domain %s; it has %q", name, d, slices.Sorted(maps.Keys(m.params)))
}
