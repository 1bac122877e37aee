package orderstat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The tree against a sorted slice, with many ties and infinities.
func TestAgainstSortedSlice(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for round := range 30 {
		var m Multiset
		var sorted []float64
		for range 200 {
			v := float64(rng.IntN(1 + 10*round))
			switch rng.IntN(40) {
			case 0:
				v = math.Inf(1)
			case 1:
				v = math.Inf(-1)
			}
			m.Insert(v)
			i, _ := slices.BinarySearch(sorted, v)
			sorted = slices.Insert(sorted, i, v)
			if m.Len() != len(sorted) {
				t.Fatalf("Len is %d after %d insertions", m.Len(), len(sorted))
			}
			probe := float64(rng.IntN(1+10*round)) - 0.5*float64(rng.IntN(2))
			below, above := 0, 0
			for _, s := range sorted {
				if s < probe {
					below++
				}
				if s > probe {
					above++
				}
			}
			if got := m.Below(probe); got != below {
				t.Fatalf("Below(%v) = %d, want %d in %v", probe, got, below, sorted)
			}
			if got := m.Above(probe); got != above {
				t.Fatalf("Above(%v) = %d, want %d in %v", probe, got, above, sorted)
			}
		}
		for k, want := range sorted {
			if got := m.Select(k); got != want {
				t.Fatalf("Select(%d) = %v, want %v", k, got, want)
			}
		}
	}
}

// Rising input, the worst for an unbalanced tree, stays shallow.
func TestDepth(t *testing.T) {
	var m Multiset
	const n = 1 << 16
	for i := range n {
		m.Insert(float64(i))
	}
	var depth func(t int32) int
	depth = func(t int32) int {
		if t == 0 {
			return 0
		}
		return 1 + max(depth(m.nodes[t-1].left), depth(m.nodes[t-1].right))
	}
	if d := depth(m.root); d > 60 { // expected about 4.3 ln n = 48
		t.Errorf("depth %d for %d rising numbers", d, n)
	}
}

// Values from numpy.quantile (NumPy 2.4.6).
func TestQuantile(t *testing.T) {
	values := []float64{3, 1, 4, 1, 5, 9, 2, 6, 5, 3.5}
	for _, c := range []struct{ q, want float64 }{
		{0, 1}, {0.1, 1}, {0.25, 2.25}, {0.33, 2.97}, {0.5, 3.75}, {0.75, 5}, {0.9, 6.299999999999999}, {0.999, 8.972999999999999}, {1, 9},
	} {
		var m Multiset
		for _, v := range values {
			m.Insert(v)
		}
		if got := m.Quantile(c.q); got != c.want {
			t.Errorf("quantile %v: got %v, want %v", c.q, got, c.want)
		}
	}
}

func TestQuantileInfinite(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		values  []float64
		q, want float64
	}{
		{nil, 0.5, math.NaN()},
		{[]float64{1, 2, inf}, 0.5, 2},
		{[]float64{1, inf}, 0, 1},
		{[]float64{1, inf}, 0.25, inf},
		{[]float64{1, inf}, 0.75, inf},
		{[]float64{-inf, 1}, 0.25, -inf},
		{[]float64{-inf, 1}, 0.75, -inf},
		{[]float64{-inf, 1}, 1, 1},
		{[]float64{inf, inf}, 0.5, inf},
		{[]float64{-inf, inf}, 0.5, math.NaN()},
		{[]float64{-math.MaxFloat64, math.MaxFloat64}, 0.5, 0},
	} {
		var m Multiset
		for _, v := range c.values {
			m.Insert(v)
		}
		if got := m.Quantile(c.q); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("quantile %v of %v: got %v, want %v", c.q, c.values, got, c.want)
		}
	}
}

func TestPanics(t *testing.T) {
	for name, f := range map[string]func(*Multiset){
		"Insert of NaN":      func(m *Multiset) { m.Insert(math.NaN()) },
		"Select below range": func(m *Multiset) { m.Select(-1) },
		"Select above range": func(m *Multiset) { m.Select(0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			f(new(Multiset))
		}()
	}
}

func BenchmarkInsert10000(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 10000)
	for i := range values {
		values[i] = rng.Float64()
	}
	for range b.N {
		var m Multiset
		for _, v := range values {
			m.Insert(v)
		}
	}
}
