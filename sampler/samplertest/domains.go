package samplertest

import (
	"fmt"
	"math"
	"slices"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

type (
	float       = distributions.Float
	integer     = distributions.Int
	categorical = distributions.Categorical
	domain      = distributions.Distribution
)

// kinds are domains of every kind.
func kinds() []domain {
	return []domain{
		float{Low: -1, High: 1}, float{Low: 0, High: 1}, float{Low: -1, High: 0},
		float{Low: 1e-7, High: 1, Log: true}, float{Low: 1e-7, High: 10, Log: true},
		float{Low: -10, High: 10, Step: 0.1}, float{Low: -10.2, High: 10.2, Step: 0.1}, float{Low: 0, High: 10, Step: 0.5},
		integer{Low: -10, High: 10}, integer{Low: 0, High: 10}, integer{Low: -10, High: 0},
		integer{Low: -10, High: 10, Step: 2}, integer{Low: 0, High: 10, Step: 3}, integer{Low: 1, High: 100, Log: true},
		categorical{Choices: []any{1, 2, 3}}, categorical{Choices: []any{"a", "b", "c"}}, categorical{Choices: []any{1, "a", nil, true, 2.5}},
	}
}

// few are domains of each kind that every sampler gets to see together.
func few() []domain {
	return []domain{
		float{Low: 0, High: 10}, float{Low: 1e-7, High: 10, Log: true}, float{Low: 0, High: 10, Step: 0.5},
		integer{Low: 0, High: 10}, integer{Low: 1, High: 10, Log: true}, categorical{Choices: []any{0, 1, 2}},
	}
}

// level turns a value into a number in [0, 1]: where it lies in its domain.
func level(t *trial, name string, d domain) float64 {
	v := t.suggest(name, d)
	return t.s.e.o.fit(d).ToUnit(v)
}

// one is an objective of a single parameter with its optimum inside.
func one(d domain) func(t *trial) []float64 {
	return func(t *trial) []float64 { return []float64{math.Abs(level(t, "x", d) - 0.3)} }
}

// mixed is an objective of a parameter of each kind.
func mixed(t *trial) []float64 {
	sum := 0.0
	for i, d := range few() {
		u := level(t, fmt.Sprint("p", i), d) - 0.4
		sum += float64(i+1) * u * u
	}
	return []float64{sum}
}

// Values lie in the domain, for every kind of it, from the first trial to one
// that has a history to learn from.
func inDomain(e *env) {
	for i, d := range kinds() {
		e.study(uint64(i), minimize).optimize(e.o.Trials+4, one(d))
	}
	e.study(1, minimize).optimize(e.o.Trials+4, mixed)
	e.study(2, maximize).optimize(e.o.Trials+4, mixed)
}

// Values that are asked for alone, without a history of their parameter, lie in
// the domain too.
func inDomainAlone(e *env) {
	s := e.study(3, minimize)
	s.optimize(e.o.Trials, one(float{Low: 0, High: 1}))
	s.lenient = e.o.FixedSpace // which may refuse a parameter that it does not know
	for i, d := range kinds() {
		for range 20 {
			t := s.begin(nil)
			if t == nil {
				return
			}
			t.sample(fmt.Sprint("new", i), e.o.fit(d))
			t.tell(storage.Failed)
		}
	}
	for i, d := range kinds() {
		s := e.study(uint64(i), minimize)
		for range 100 {
			t := s.begin(nil)
			if t == nil {
				break
			}
			t.sample("x", e.o.fit(d))
			t.s.under = nil
		}
	}
}

// Two parameters of any two kinds go together.
func combinations(e *env) {
	for i, a := range few() {
		for j, b := range few() {
			e.study(uint64(10*i+j), minimize).optimize(3, func(t *trial) []float64 {
				return []float64{level(t, "a", a) - level(t, "b", b)}
			})
		}
	}
}

// Domains of two values, of hardly any width, and of all the width there is.
func narrowDomains(e *env) {
	for i, d := range []domain{
		float{Low: 1, High: math.Nextafter(1, 2)},
		float{Low: 1e9, High: 1e9 + 1e-6},
		float{Low: -5e-324, High: 5e-324},
		float{Low: 0, High: 5e-324},
		float{Low: -1e308, High: 1e308},
		float{Low: -math.MaxFloat64, High: math.MaxFloat64},
		float{Low: 5e-324, High: 1e-310, Log: true},
		float{Low: 5e-324, High: math.MaxFloat64, Log: true},
		float{Low: 1, High: math.Nextafter(1, 2), Log: true},
		float{Low: 1e9, High: 1e9 + 0.5, Step: 0.5},
		float{Low: 0, High: 1e-300, Step: 1e-300},
		integer{Low: 0, High: 1},
		integer{Low: math.MinInt32, High: math.MinInt32 + 1},
		integer{Low: math.MinInt32, High: math.MaxInt32},
		integer{Low: 1, High: 2, Log: true},
		integer{Low: 1, High: math.MaxInt32, Log: true},
		integer{Low: 0, High: 1000, Step: 1000},
		categorical{Choices: []any{"a", "b"}},
		categorical{Choices: hundred()},
	} {
		e.study(uint64(i), minimize).optimize(e.o.Trials, one(d))
		e.study(uint64(i), maximize).optimize(e.o.Trials, func(t *trial) []float64 { return []float64{t.suggest("x", d)} })
	}
}

func hundred() []any {
	out := make([]any, 100)
	for i := range out {
		out[i] = i
	}
	return out
}

// Domains of a single value never reach the sampler, and do not get in the way
// of others.
func singleDomains(e *env) {
	singles := []domain{
		float{Low: 1, High: 1}, float{Low: 1, High: 1, Log: true}, float{Low: 1, High: 1, Step: 1},
		integer{Low: 1, High: 1}, integer{Low: 1, High: 1, Log: true}, categorical{Choices: []any{1}},
	}
	e.study(1, minimize).optimize(e.o.Trials, func(t *trial) []float64 {
		sum := 0.0
		for i, d := range singles {
			sum += level(t, fmt.Sprint("s", i), d)
		}
		return []float64{sum}
	})
	e.study(1, minimize).optimize(e.o.Trials, func(t *trial) []float64 {
		sum := 0.0
		for i, d := range singles {
			sum += level(t, fmt.Sprint("s", i), d)
		}
		return []float64{sum + level(t, "x", float{Low: 0, High: 1}) + level(t, "n", integer{Low: 0, High: 5})}
	})
	// A domain that had a single value in earlier trials, or has in later ones.
	s := e.study(2, minimize)
	s.lenient = e.o.FixedSpace
	for _, high := range []float64{1, 3, 1} {
		s.optimize(e.o.Trials/2, func(t *trial) []float64 {
			return []float64{level(t, "x", float{Low: 1, High: high}) + level(t, "y", float{Low: 0, High: 1})}
		})
	}
}

// Both ends of a domain are reached by draws that no result has led anywhere.
// With 200 draws, a sampler that draws evenly misses an end with a probability
// below 1e-4.
func bothEnds(e *env) {
	for i, d := range []domain{
		integer{Low: 0, High: 4}, integer{Low: -3, High: -1}, integer{Low: 0, High: 9, Step: 3}, integer{Low: 1, High: 4, Log: true},
		float{Low: 0, High: 1, Step: 0.25}, float{Low: 0, High: 1}, float{Low: 1e-3, High: 1e3, Log: true},
		categorical{Choices: []any{"a", "b", "c", "d", "e"}},
	} {
		s := e.study(uint64(i), minimize)
		low, high := 1.0, 0.0
		for range 200 {
			t := s.begin(nil)
			if t == nil {
				break
			}
			u := e.o.fit(d).ToUnit(t.sample("x", e.o.fit(d)))
			low, high = min(low, u), max(high, u)
			s.under = nil
		}
		// An end is the outermost cell of a discrete domain, and the outermost
		// twentieth of a continuous one.
		edge := 0.05
		if n, ok := e.o.fit(d).Size(); ok {
			edge = e.o.fit(d).ToUnit(e.o.fit(d).FromUnit(0)) + 1e-9
			if top := 1 - e.o.fit(d).ToUnit(e.o.fit(d).FromUnit(1)); n > 1 && high < 1-top-1e-9 {
				e.Errorf("%s: 200 draws never reached the upper end", d)
			}
		} else if high < 1-edge {
			e.Errorf("%s: 200 draws came no nearer to the upper end than %.3g of the width", d, 1-high)
		}
		if low > edge {
			e.Errorf("%s: 200 draws came no nearer to the lower end than %.3g of the width", d, low)
		}
	}
}

// Where the best value is an end of the domain, the end is found.
func followsToTheEnds(e *env) {
	for i, d := range []domain{
		integer{Low: 0, High: 4}, integer{Low: 0, High: 9, Step: 3}, integer{Low: 1, High: 4, Log: true},
		float{Low: 0, High: 1, Step: 0.25}, categorical{Choices: []any{"a", "b", "c", "d", "e"}},
	} {
		for _, sign := range []float64{1, -1} {
			values := e.study(uint64(i), minimize).optimize(max(40, e.o.Trials), func(t *trial) []float64 {
				return []float64{sign * level(t, "x", d)}
			})
			end := d.FromUnit(0)
			if sign < 0 {
				end = d.FromUnit(1)
			}
			if want := sign * e.o.fit(d).ToUnit(end); slices.Min(values) > want {
				e.Errorf("%s: %d trials that get better towards %v never reached it", d, len(values), d.External(end))
			}
		}
	}
}

// A space of one parameter is searched, not sat in.
func oneParameter(e *env) {
	for i, d := range few() {
		s := e.study(uint64(i), minimize)
		s.optimize(e.o.Trials, one(d))
		seen := make(map[string]bool)
		for _, t := range s.finished {
			seen[point(t)] = true
		}
		if len(seen) < min(2, len(s.finished)) {
			e.Errorf("%s: %d trials all ran at %s", d, len(s.finished), point(s.finished[0]))
		}
	}
}

// A space of sixty parameters works, if not well.
func manyParameters(e *env) {
	e.study(1, minimize).optimize(16, func(t *trial) []float64 {
		sum := 0.0
		for i := range 60 {
			u := level(t, fmt.Sprintf("p%02d", i), few()[i%len(few())]) - 0.3
			sum += u * u
		}
		return []float64{sum}
	})
}
