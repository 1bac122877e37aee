package bayes

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// mixedSpace has a coordinate of each kind.
func mixedSpace() *Space {
	return &Space{Dims: []Dim{{}, {Kind: Ordinal, Cells: 6}, {Kind: Nominal, Cells: 3}, {Kind: Ordinal, Cells: 200, Growth: 1}, {}}}
}

// sumOfSquares is least, 0, at the positions nearest to 0.3 and in any category but 1.
func sumOfSquares(s *Space, x []float64) float64 {
	sum := 0.0
	for j, d := range s.Dims {
		switch {
		case math.IsNaN(x[j]):
			sum += 0.05
		case d.Kind == Nominal:
			if x[j] == 1 {
				sum += 0.1
			}
		default:
			sum += math.Pow(x[j]-d.Snap(0.3), 2)
		}
	}
	return sum
}

// A run proposes and evaluates points, as a sampler does.
type run struct {
	p      Problem
	engine *Engine
	seed   uint64
	f      func(x []float64) (values, limits []float64)
	fits   []Fit
	at     int
}

func (r *run) next(t *testing.T) Proposal {
	t.Helper()
	r.p.Former, r.p.FormerAt = r.fits, r.at
	p := r.engine.Propose(&r.p, rand.New(rand.NewPCG(r.seed, uint64(len(r.p.Points)))))
	for j, d := range r.p.Space.Dims {
		if v := p.Point[j]; !math.IsNaN(v) && !(v >= 0 && d.Snap(v) == v) {
			t.Fatalf("after %d points: coordinate %d is %v", len(r.p.Points), j, v)
		}
	}
	if p.Fits != nil {
		r.fits, r.at = p.Fits, len(r.p.Points)
		for _, f := range p.Fits {
			for _, v := range f.Theta {
				if v != v || v > 50 || v < -50 {
					t.Fatalf("after %d points: hyperparameters %v", len(r.p.Points), f.Theta)
				}
			}
		}
	}
	return p
}

func (r *run) step(t *testing.T) Proposal {
	t.Helper()
	p := r.next(t)
	values, limits := r.f(p.Point)
	if r.p.Values == nil {
		r.p.Values, r.p.Limits = make([][]float64, len(values)), make([][]float64, len(limits))
	}
	r.p.Points = append(r.p.Points, p.Point)
	for k, v := range values {
		r.p.Values[k] = append(r.p.Values[k], v)
	}
	for k, v := range limits {
		r.p.Limits[k] = append(r.p.Limits[k], v)
	}
	return p
}

func newRun(s *Space, seed uint64, f func(x []float64) (values, limits []float64)) *run {
	return &run{p: Problem{Space: s}, engine: new(Engine), seed: seed, f: f}
}

// seeds is n, and 1 with -short.
func seeds(n uint64) uint64 {
	if testing.Short() {
		return 1
	}
	return n
}

// In forty proposals a bowl over coordinates of every kind is searched to within a
// thousandth of its height, which random points do not come near to.
func TestFindsTheBottom(t *testing.T) {
	for name, s := range map[string]*Space{"mixed": mixedSpace(), "branching": branching()} {
		for seed := range seeds(3) {
			r := newRun(s, seed, func(x []float64) ([]float64, []float64) { return []float64{sumOfSquares(s, x)}, nil })
			best := math.Inf(1)
			for range 40 {
				r.step(t)
				best = min(best, r.p.Values[0][len(r.p.Points)-1])
			}
			if best > 2e-3 {
				t.Errorf("%s, seed %d: the best of 40 proposals is %v", name, seed, best)
			}
		}
	}
}

// What a proposal is does not depend on what the engine remembers, whether
// others are pending or not.
func TestMemoryIsACache(t *testing.T) {
	s := branching()
	f := func(x []float64) ([]float64, []float64) {
		return []float64{sumOfSquares(s, x), x[0]}, []float64{0.2 - sumOfSquares(s, x)}
	}
	warm := newRun(s, 4, f)
	for i := range 24 {
		warm.p.Pending = nil
		if i%3 == 1 && len(warm.p.Points) > 2 {
			warm.p.Pending = [][]float64{{0, 1, 0.7, 0.2}, {1, nan, nan, 0.9}}
		}
		cold := *warm
		cold.engine = new(Engine)
		a, b := warm.next(t), cold.next(t)
		if key(a.Point) != key(b.Point) || a.How != b.How || !reflect.DeepEqual(a.Fits, b.Fits) {
			t.Fatalf("after %d points: %+v and %+v", i, a, b)
		}
		warm.step(t)
	}
}

// Every point of a discrete space is proposed once before any is again.
func TestNoPointTwice(t *testing.T) {
	s := &Space{
		Dims:   []Dim{{Kind: Ordinal, Cells: 3}, {Kind: Nominal, Cells: 3}, {Kind: Ordinal, Cells: 2}},
		Groups: []Group{{Dims: []int{2}, Parent: 1, On: map[int]bool{0: true, 1: false, 2: true}}},
	}
	const size = 3 * (2 + 1 + 2)
	for seed := range uint64(4) {
		r := newRun(s, seed, func(x []float64) ([]float64, []float64) { return []float64{sumOfSquares(s, x)}, nil })
		seen := make(map[string]bool)
		for i := range size + 3 {
			p := r.step(t)
			if k := key(p.Point); seen[k] && i < size {
				t.Fatalf("seed %d: %v again after %d of %d points", seed, p.Point, len(seen), size)
			} else {
				seen[k] = true
			}
		}
	}
}

// The search finds the most promising point of a space that can be enumerated.
func TestSearchAgainstAll(t *testing.T) {
	s := &Space{Dims: []Dim{{Kind: Ordinal, Cells: 12}, {Kind: Nominal, Cells: 5}, {Kind: Ordinal, Cells: 40}}}
	missed, total := 0, 0
	for seed := range uint64(6) {
		r := newRun(s, seed, func(x []float64) ([]float64, []float64) {
			return []float64{math.Sin(9*x[0]) + math.Cos(7*x[2]+x[1]) + x[0]*x[2]}, nil
		})
		for range 25 {
			r.step(t)
		}
		for range 4 {
			st := new(Engine).state(&r.p)
			rng := rand.New(rand.NewPCG(seed, 77))
			crit, _ := st.criterion(&r.p, rng)
			tried := remember(r.p.Points, nil)
			sr := &search{space: s, models: st.models, crit: crit, x: st.ranked, tried: tried, rng: rng}
			sr.prepare()
			got := sr.value(sr.run())
			best := math.Inf(-1)
			for a := range 12 {
				for b := range 5 {
					for c := range 40 {
						x := []float64{s.Dims[0].Position(a), float64(b), s.Dims[2].Position(c)}
						if !tried.has(x) {
							best = max(best, sr.value(x))
						}
					}
				}
			}
			total++
			if got < best-1e-9 {
				missed++
				t.Logf("n %d: %v instead of %v, %T", len(r.p.Points), got, best, crit)
			}
			r.step(t)
		}
	}
	if missed > total/4 {
		t.Errorf("the search missed the best of 2,400 points %d times out of %d", missed, total)
	}
}

// The gradient of the promise agrees with differences.
func TestSearchGradient(t *testing.T) {
	s := mixedSpace()
	s.Dims[0].Ratio = 1e4 // bent, by each model its own way
	r := newRun(s, 1, func(x []float64) ([]float64, []float64) {
		return []float64{sumOfSquares(s, x)}, []float64{x[0] - x[4]}
	})
	for range 15 {
		r.step(t)
	}
	st := new(Engine).state(&r.p)
	sr := &search{space: s, models: st.models, crit: constrained{objective: improvement{-1, 0.01}, from: 1}, x: st.ranked, rng: rand.New(rand.NewPCG(1, 2))}
	sr.prepare()
	grad, scrap := make([]float64, 5), make([]float64, 5)
	for range 30 {
		x := make([]float64, 5)
		s.random(x, nil, sr.rng)
		v := sr.gradient(x, grad, math.Inf(-1))
		if w := sr.value(x); math.Abs(v-w) > 1e-9*max(1, math.Abs(v)) {
			t.Fatalf("promise %v with the gradient, %v without", v, w)
		}
		for j, d := range s.Dims {
			if d.Kind == Nominal {
				continue
			}
			const h = 1e-5 // with less, rounding shows where the model is nearly sure
			old := x[j]
			x[j] = old + h
			up := sr.gradient(x, scrap, math.Inf(-1))
			x[j] = old - h
			down := sr.gradient(x, scrap, math.Inf(-1))
			x[j] = old
			if want := (up - down) / (2 * h); math.Abs(grad[j]-want) > 1e-4*max(1, math.Abs(want)) {
				t.Errorf("derivative %v for coordinate %d, differences say %v", grad[j], j, want)
			}
		}
	}
}

// Coordinates that are kept stay as they are, also outside of the space.
func TestKept(t *testing.T) {
	s := mixedSpace()
	r := newRun(s, 2, func(x []float64) ([]float64, []float64) { return []float64{sumOfSquares(s, x)}, nil })
	for i := range 12 {
		r.p.Kept, r.p.Base = []bool{true, false, true, false, false}, []float64{1.3, 0, 2, 0, 0}
		p := r.engine.Propose(&r.p, rand.New(rand.NewPCG(3, uint64(i))))
		if p.Point[0] != 1.3 || p.Point[2] != 2 {
			t.Fatalf("kept coordinates became %v", p.Point)
		}
		r.p.Kept, r.p.Base = nil, nil
		r.step(t)
	}
}

// Constraints are kept once a point is known that keeps them, mostly.
func TestConstraints(t *testing.T) {
	s := &Space{Dims: []Dim{{}, {}}}
	r := newRun(s, 5, func(x []float64) ([]float64, []float64) {
		return []float64{x[0] + x[1]}, []float64{0.25 - x[0]*x[1]} // least, 1, at (½, ½)
	})
	best := math.Inf(1)
	for i := range 30 {
		r.step(t)
		if r.p.Limits[0][i] <= 0 {
			best = min(best, r.p.Values[0][i])
		}
	}
	if best > 1.02 {
		t.Errorf("the best allowed value is %v, the optimum 1", best)
	}
}

// Two objectives: the front comes to lie along its whole length.
func TestFront(t *testing.T) {
	s := &Space{Dims: []Dim{{}, {}}}
	r := newRun(s, 6, func(x []float64) ([]float64, []float64) {
		return []float64{x[0] + x[1]*x[1], 1 - x[0] + x[1]*x[1]}, nil // the front: x[1] = 0
	})
	for range 30 {
		r.step(t)
	}
	cells := make(map[int]bool)
	for i, x := range r.p.Points {
		if x[1] < 0.02 {
			cells[int(5*r.p.Values[0][i])] = true
		}
	}
	if len(cells) < 5 {
		t.Errorf("points on %d fifths of the front", len(cells))
	}
}

// More points than are modelled at once: a proposal is still made, and near what
// is good.
func TestManyPoints(t *testing.T) {
	s := mixedSpace()
	rng := rand.New(rand.NewPCG(8, 1))
	p := Problem{Space: s, Values: make([][]float64, 1)}
	for range exactPoints + 200 {
		if len(p.Points) == 100 { // enough to learn from: what is tested is the rest
			p.Former, p.FormerAt = new(Engine).Propose(&p, rng).Fits, exactPoints+200
		}
		x := make([]float64, len(s.Dims))
		s.random(x, nil, rng)
		p.Points = append(p.Points, x)
		p.Values[0] = append(p.Values[0], sumOfSquares(s, x))
	}
	got := new(Engine).Propose(&p, rng)
	if v := sumOfSquares(s, got.Point); v > 0.02 {
		t.Errorf("proposes a point of value %v by %s", v, got.How)
	}
}

// Of more points than are modelled those that none dominates still come first, each
// before whom it dominates.
func TestRankingOfMany(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 2))
	p := Problem{Points: make([][]float64, 3*exactPoints+7), Values: make([][]float64, 2)}
	for range p.Points {
		a := rng.Float64()
		p.Values[0], p.Values[1] = append(p.Values[0], a), append(p.Values[1], 1-a+0.1*rng.Float64())
	}
	front := make(map[int]bool)
	for i := range p.Points {
		dominated := false
		for j := range p.Points {
			dominated = dominated || dominates(p.Values, j, i)
		}
		if !dominated {
			front[i] = true
		}
	}
	order := p.ranking()
	for _, i := range order[:len(front)] {
		if !front[i] {
			t.Fatalf("point %d is among the first %d, and dominated", i, len(front))
		}
	}
	// Counts of a third of the points order the rest roughly: the worst come last.
	exact := func(i int) (count int) {
		for j := range p.Points {
			if dominates(p.Values, j, i) {
				count++
			}
		}
		return count
	}
	if good, bad := exact(order[len(order)/4]), exact(order[len(order)-1]); good >= bad/2 {
		t.Errorf("a quarter down the order %d points dominate one, at the end %d", good, bad)
	}
}

// Hyperparameters of which no model can be made: a point is chosen as the first ones
// are, and the proposal says so.
func TestNoModel(t *testing.T) {
	s := mixedSpace()
	rng := rand.New(rand.NewPCG(8, 3))
	p := Problem{Space: s, Values: make([][]float64, 1)}
	for range 12 {
		x := make([]float64, len(s.Dims))
		s.random(x, nil, rng)
		p.Points = append(p.Points, x)
		p.Values[0] = append(p.Values[0], sumOfSquares(s, x))
	}
	theta := make([]float32, s.Hyperparameters())
	for j := range theta {
		theta[j] = 1000 // e to that is beyond the floats
	}
	p.Former, p.FormerAt = []Fit{{Theta: theta}}, len(p.Points)
	got := new(Engine).Propose(&p, rng)
	if !got.NoModel || got.How != "design" {
		t.Errorf("chosen by %s, NoModel is %v", got.How, got.NoModel)
	}
	for j, d := range s.Dims {
		if v := got.Point[j]; !(v >= 0 && d.Snap(v) == v) {
			t.Errorf("coordinate %d is %v", j, v)
		}
	}
}

// Refits come at every point at first and then rarer, at numbers that depend on
// nothing but those before.
func TestDue(t *testing.T) {
	at, refits := 0, 0
	for n := 4; n <= 1000; n++ {
		if refit, _ := due(n, at); refit {
			at = n
			refits++
		}
	}
	if refits < 50 || refits > 120 {
		t.Errorf("%d refits in 1,000 points", refits)
	}
}

// odd makes results that no model likes.
func odd(kind, i int, rng *rand.Rand) float64 {
	switch kind % 9 {
	case 0:
		return 3
	case 1:
		return []float64{1, 1e300}[min(1, i%7/6)]
	case 2:
		return math.Inf(1 - 2*(i%2))
	case 3:
		return nan
	case 4:
		return float64(i % 2)
	case 5:
		return -math.MaxFloat64 * float64(i%3-1)
	case 6:
		return 5e-324 * float64(i%4)
	case 7:
		return 1e15 + float64(i%3)
	}
	return rng.NormFloat64()
}

// No data panics the engine or makes a point that is none.
func FuzzPropose(f *testing.F) {
	for kind := range 9 {
		f.Add(uint64(kind), uint8(kind), uint8(kind*3), uint8(kind))
	}
	f.Add(uint64(99), uint8(8), uint8(255), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, kind, dims, shape uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := new(Space)
		for range 1 + int(dims)%7 {
			d := Dim{Kind: Kind(rng.IntN(3)), Cells: []int{1, 2, 3, 7, 40, 10_000, int(min(int64(1)<<33, math.MaxInt))}[rng.IntN(7)]}
			if d.Kind == Ordinal && rng.IntN(2) == 0 {
				d.Growth = math.Exp(6*rng.NormFloat64() - 3)
			}
			s.Dims = append(s.Dims, d)
		}
		if last := len(s.Dims) - 1; last > 0 && shape&1 > 0 {
			g := Group{Dims: []int{last}, Parent: -1}
			if d := s.Dims[0]; d.Kind != Continuous && last > 1 {
				g.Parent, g.On = 0, map[int]bool{0: true, d.Cells - 1: false}
			}
			s.Groups = append(s.Groups, g)
		}
		objectives, limits := 1+int(shape>>1)%3, int(shape>>3)%3
		n := int(shape>>5) * 3
		r := newRun(s, seed, nil)
		r.p.Components = int(seed % 4)
		i := 0
		r.f = func(x []float64) (values, limit []float64) {
			for k := range objectives {
				values = append(values, odd(int(kind)+k, i, rng))
			}
			for k := range limits {
				limit = append(limit, odd(int(kind)+k+3, i, rng))
			}
			i++
			return values, limit
		}
		for range n {
			r.step(t)
			if rng.IntN(3) == 0 { // the same again
				last := len(r.p.Points) - 1
				r.p.Points = append(r.p.Points, r.p.Points[last])
				for k := range r.p.Values {
					r.p.Values[k] = append(r.p.Values[k], odd(int(kind), i, rng))
				}
				for k := range r.p.Limits {
					r.p.Limits[k] = append(r.p.Limits[k], odd(int(kind), i, rng))
				}
			}
		}
		if shape&16 > 0 {
			x := make([]float64, len(s.Dims))
			s.random(x, nil, rng)
			r.p.Pending = [][]float64{x, x}
		}
		if n == 0 {
			r.p.Values = make([][]float64, objectives)
		}
		r.next(t)
	})
}

func BenchmarkPropose(b *testing.B) {
	for _, n := range []int{30, 100, 300, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := &Space{Dims: make([]Dim, 10)}
			rng := rand.New(rand.NewPCG(1, 1))
			p := Problem{Space: s, Values: make([][]float64, 1)}
			for range n {
				x := make([]float64, 10)
				s.random(x, nil, rng)
				p.Points = append(p.Points, x)
				p.Values[0] = append(p.Values[0], sumOfSquares(s, x))
			}
			e := new(Engine)
			p.Former, p.FormerAt = e.Propose(&p, rng).Fits, n
			for b.Loop() {
				e.Propose(&p, rng)
			}
		})
	}
}
