// Package downstream is a project of somebody else's that uses hone: how its
// objective is tested without a study, how a whole study runs in a unit test, and
// a sampler of its own with the checks that hone's samplers have to pass.
package downstream

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage"
)

// CacheCost is what the project tunes: a model of what a cache costs, in
// milliseconds a request. The best setting is a size of 256 with 4 shards.
func CacheCost(size, shards int, policy string) (float64, error) {
	if size <= 0 || shards <= 0 {
		return 0, fmt.Errorf("a cache of size %d in %d shards", size, shards)
	}
	cost := math.Abs(math.Log2(float64(size)/256)) + math.Abs(float64(shards-4))/4
	if policy == "fifo" {
		cost++
	}
	return cost, nil
}

// ErrTooLarge is what Objective returns for settings that the host cannot hold.
var ErrTooLarge = errors.New("the cache does not fit")

// Objective offers the settings to hone.
func Objective(t *hone.Trial) (float64, error) {
	size := t.SuggestLogInt("size", 16, 4096)
	shards := t.SuggestInt("shards", 1, 16)
	policy := t.SuggestCategorical("policy", "lru", "fifo")
	if size*shards > 1<<15 {
		return 0, ErrTooLarge
	}
	t.SetUserAttr("megabytes", size/16)
	return CacheCost(size, shards, policy)
}

// Tune finds settings in a study of 24 trials, which is kept in st. Called again,
// after a crash or an error, it goes on where it was.
func Tune(ctx context.Context, st storage.Storage) (size, shards int, err error) {
	study, err := hone.NewStudy(&hone.Options{Name: "cache", Storage: st, LoadIfExists: true, Seed: 1})
	if err != nil {
		return 0, 0, err
	}
	if err := study.OptimizeContext(ctx, Objective, &hone.OptimizeOptions{
		TotalTrials: 24,
		Catch:       func(err error) bool { return errors.Is(err, ErrTooLarge) },
	}); err != nil {
		return 0, 0, fmt.Errorf("tune the cache: %w", err)
	}
	best, err := study.BestParams()
	if err != nil {
		return 0, 0, err
	}
	return best["size"].(int), best["shards"].(int), nil
}
