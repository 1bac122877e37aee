package main

import (
	"context"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
)

// delayed draws the first trials at random and leaves the others to a sampler.
type delayed struct {
	sampler.Sampler
	random int
}

func (d *delayed) Sample(ctx context.Context, q *sampler.Query, name string, dist distributions.Distribution) (float64, error) {
	if q.Trial.Number < d.random {
		return dist.FromUnit(q.Rand.Float64()), nil
	}
	return d.Sampler.Sample(ctx, q, name, dist)
}

func (d *delayed) SampleJoint(ctx context.Context, q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	if j, ok := d.Sampler.(sampler.JointSampler); ok && q.Trial.Number >= d.random {
		return j.SampleJoint(ctx, q, space)
	}
	return nil, nil
}
