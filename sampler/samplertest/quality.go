package samplertest

import (
	"context"
	"math"
	"slices"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// declares reports whether the sampler says that it does not repeat points.
func (e *env) declares() bool {
	r, ok := e.fresh().(sampler.NoRepeater)
	return ok && r.NoRepeats()
}

// small is a space of 24 points.
func small(t *trial) []float64 {
	a := level(t, "a", integer{Low: 0, High: 3})
	b := level(t, "b", categorical{Choices: []any{"x", "y", "z"}})
	c := level(t, "c", float{Low: 0, High: 0.5, Step: 0.5})
	return []float64{math.Abs(a-0.3) + math.Abs(b-0.6) + c}
}

const smallSize = 24

// A sampler that declares NoRepeats tries every point of a discrete space before
// any of them again, and is exhausted then and not before.
func noRepeats(e *env) {
	if !e.declares() {
		return
	}
	for seed := range uint64(3) {
		s := e.study(seed, minimize)
		seen := make(map[string]int)
		for i := range smallSize {
			t := s.begin(nil)
			if t == nil {
				e.Fatalf("exhausted after %d of %d points", i, smallSize)
			}
			values := small(t)
			if n, ok := seen[point(&t.rec)]; ok {
				e.Fatalf("trial %d runs at %s, as trial %d did, with %d of %d points untried; the sampler declares NoRepeats", t.rec.Number, point(&t.rec), n, smallSize-len(seen), smallSize)
			}
			seen[point(&t.rec)] = t.rec.Number
			t.end(values)
		}
		t := s.begin(nil)
		if _, ok := s.sampler().(sampler.Exhauster); ok && t != nil {
			e.Errorf("all %d points have been tried, and Exhausted does not say so", smallSize)
		}
		if t != nil { // it goes on, then
			t.end(small(t))
		}
	}
}

// Points that were enqueued count as tried.
func noRepeatsOfEnqueued(e *env) {
	if !e.declares() {
		return
	}
	s := e.study(4, minimize)
	seen := make(map[string]int)
	for i := range smallSize {
		var fixed map[string]float64
		if i == 0 {
			fixed = map[string]float64{"a": 2, "b": 1, "c": 0.5}
		}
		t := s.begin(fixed)
		if t == nil {
			e.Fatalf("exhausted after %d of %d points", i, smallSize)
		}
		values := small(t)
		if n, ok := seen[point(&t.rec)]; ok {
			e.Fatalf("trial %d runs at %s, as trial %d did (trial 0 was enqueued), with %d of %d points untried; the sampler declares NoRepeats", i, point(&t.rec), n, smallSize-len(seen), smallSize)
		}
		seen[point(&t.rec)] = i
		t.tell(storage.Complete, values...)
	}
}

// With trials under way, their points are not tried again either.
func noRepeatsInParallel(e *env) {
	if !e.declares() {
		return
	}
	s := e.study(5, minimize)
	s.optimize(1, small) // makes the space known
	seen := map[string]int{point(s.finished[0]): 0}
	for len(seen) < smallSize {
		var under []*trial
		for len(under) < 4 && len(seen) < smallSize {
			t := s.begin(nil)
			if t == nil {
				e.Fatalf("exhausted after %d of %d points, %d of them under way", len(seen), smallSize, len(under))
			}
			under = append(under, t)
			small(t)
			if n, ok := seen[point(&t.rec)]; ok {
				e.Fatalf("trial %d runs at %s, as trial %d did or does, with %d of %d points untried; the sampler declares NoRepeats", t.rec.Number, point(&t.rec), n, smallSize-len(seen), smallSize)
			}
			seen[point(&t.rec)] = t.rec.Number
		}
		if _, ok := s.sampler().(sampler.Exhauster); ok && len(seen) == smallSize && s.begin(nil) != nil {
			e.Errorf("all %d points have been tried or are under way, and Exhausted does not say so", smallSize)
		}
		for _, t := range under {
			t.end(small(t))
		}
	}
}

// draws is a sampler that draws evenly: what others are measured against.
type draws struct{}

func (draws) Sample(_ context.Context, q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
	return d.FromUnit(q.Rand.Float64()), nil
}

// On a sphere in two dimensions the sampler comes nearer to the optimum than
// random draws: the median over 5 seeds of the squared distance is at most 0.4 of
// the median for random draws (over 101 seeds), minimising and maximising. The
// best of n random draws is exponentially distributed, so the logarithm of the
// ratio of these medians has a standard deviation of about 1/(ln 2 · √5) = 0.65,
// and random draws would pass both times with a probability below 1 %; the seeds
// are fixed.
func betterThanRandom(e *env) {
	if e.o.Blind {
		return
	}
	side := float{Low: -5, High: 5}
	if e.o.Discrete {
		side.Step = 0.05
	}
	sphere := func(t *trial) []float64 {
		x, y := t.suggest("x", side)-1, t.suggest("y", side)+2
		return []float64{t.s.directions[0].Sign() * (x*x + y*y)}
	}
	median := func(seeds int, directions []storage.Direction, fresh func() sampler.Sampler) float64 {
		var best []float64
		for seed := range seeds {
			one := fresh()
			s := e.studyWith(uint64(100+seed), directions, func() sampler.Sampler { return one })
			least := math.Inf(1)
			for _, v := range s.optimize(e.o.Budget, sphere) {
				least = min(least, math.Abs(v))
			}
			best = append(best, least)
		}
		slices.Sort(best)
		return best[len(best)/2]
	}
	random := median(101, minimize, func() sampler.Sampler { return draws{} })
	for _, d := range [][]storage.Direction{minimize, maximize} {
		if got := median(5, d, e.fresh); !(got <= 0.4*random) {
			e.Errorf("on a sphere, to %s, %d trials came to a squared distance of %.3g in the median, random draws to %.3g; a sampler that learns comes to at most 0.4 of that", d[0], e.o.Budget, got, random)
		}
	}
}
