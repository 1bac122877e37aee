package downstream

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/honetest"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
)

// The objective alone, with values that the test chooses.
func TestObjective(t *testing.T) {
	for _, c := range []struct {
		size, shards int
		policy       string
		want         float64
		err          error
	}{
		{256, 4, "lru", 0, nil},
		{512, 8, "lru", 2, nil},
		{256, 4, "fifo", 1, nil},
		{4096, 16, "lru", 0, ErrTooLarge},
	} {
		trial := honetest.FixedTrial(map[string]any{"size": c.size, "shards": c.shards, "policy": c.policy})
		got, err := Objective(trial)
		if !errors.Is(err, c.err) || got != c.want {
			t.Errorf("%+v: cost %v, error %v", c, got, err)
		}
	}
}

// A value that is not given is named.
func TestObjectiveAsksForMore(t *testing.T) {
	defer func() {
		err, ok := recover().(error)
		if !ok || !strings.Contains(err.Error(), `"policy"`) || !strings.Contains(err.Error(), "tune.go:") {
			t.Errorf("panic %v", err)
		}
	}()
	_, err := Objective(honetest.FixedTrial(map[string]any{"size": 16, "shards": 1}))
	t.Errorf("no panic, error %v", err)
}

// A whole study in a unit test.
func TestTuning(t *testing.T) {
	study, err := hone.NewStudy(&hone.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := study.OptimizeContext(context.Background(), Objective, &hone.OptimizeOptions{
		Trials: 100,
		Catch:  func(err error) bool { return errors.Is(err, ErrTooLarge) },
	}); err != nil {
		t.Fatal(err)
	}
	best, err := study.BestTrial()
	if err != nil {
		t.Fatal(err)
	}
	if best.Values[0] > 1 {
		t.Errorf("best cost after 100 trials: %v with %v", best.Values[0], best.Params)
	}
}

// A study of the shortest kind.
func TestOptimize(t *testing.T) {
	study, err := hone.NewStudy(nil)
	if err != nil {
		t.Fatal(err)
	}
	objective := func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", -10, 10)
		return x * x, nil
	}
	if err := study.Optimize(objective, 100); err != nil {
		t.Fatal(err)
	}
	if best, err := study.BestValue(); err != nil || best > 1 {
		t.Errorf("best %v, %v", best, err)
	}
}

func TestElite(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return new(Elite) })
}

// The suite names the promise that a broken sampler breaks.
func TestBrokenElite(t *testing.T) {
	broken := samplertest.Failures(t, func() sampler.Sampler { return new(forgetful) })
	text := strings.Join(broken, "\n")
	if !strings.Contains(text, "domain") {
		t.Errorf("the suite did not say that values must lie in the domain:\n%s", text)
	}
	t.Logf("what the suite says of a broken sampler:\n%s", text)
}
