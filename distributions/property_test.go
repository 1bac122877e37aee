package distributions

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

const (
	tiny = math.SmallestNonzeroFloat64
	huge = math.MaxFloat64
)

// domains are valid domains of every kind, extreme ones among them.
var domains = []Distribution{
	Float{Low: 0, High: 1},
	Float{Low: -1.5, High: 2.5},
	Float{Low: 3, High: 3},
	Float{Low: -huge, High: huge},
	Float{Low: -1e308, High: 1e308},
	Float{Low: 0, High: huge},
	Float{Low: 1e308, High: huge},
	Float{Low: 0, High: tiny},
	Float{Low: -tiny, High: 3 * tiny},
	Float{Low: 1e-310, High: 2e-310},
	Float{Low: 1, High: math.Nextafter(1, 2)},
	Float{Low: 1e16, High: 1e16 + 8},
	Float{Low: 1e-5, High: 1e-1, Log: true},
	Float{Low: 3, High: 3, Log: true},
	Float{Low: tiny, High: huge, Log: true},
	Float{Low: tiny, High: 4 * tiny, Log: true},
	Float{Low: 1e-310, High: 1, Log: true},
	Float{Low: 1, High: math.Nextafter(1, 2), Log: true},
	Float{Low: 1e300, High: 1.0000001e300, Log: true},
	Float{Low: 0, High: 1, Step: 0.1},
	Float{Low: 0.1, High: 0.7, Step: 0.2},
	Float{Low: -7, High: 8, Step: 2.5},
	Float{Low: 0, High: 1, Step: 3},
	Float{Low: 1.0 / 3, High: 10, Step: 1.0 / 7},
	Float{Low: -huge, High: huge, Step: huge},
	Float{Low: -1e308, High: 1e308, Step: 1e307},
	Float{Low: -tiny, High: 5 * tiny, Step: tiny},
	Float{Low: 0, High: 1e9, Step: 1e-3},
	Float{Low: 0, High: 1, Step: 1e-15},
	Float{Low: 1e15, High: 1e15 + 100, Step: 0.5},
	Float{Low: -360000, High: -359999.97, Step: 0.0017},
	Float{Low: 0, High: 1e-25, Step: 3e-27},
	Int{Low: 1, High: 4},
	Int{Low: -3, High: 12},
	Int{Low: 5, High: 5},
	Int{Low: 0, High: 20, Step: 5},
	Int{Low: -7, High: 20, Step: 4},
	Int{Low: 2, High: 3, Step: 9},
	Int{Low: math.MinInt32, High: math.MaxInt32},
	Int{Low: math.MinInt32, High: math.MaxInt32, Step: math.MaxInt32},
	Int{Low: nearInt(-maxExact / 2), High: nearInt(maxExact / 2)},
	Int{Low: nearInt(-maxExact), High: nearInt(maxExact)},
	Int{Low: nearInt(-maxExact + 1), High: nearInt(maxExact), Step: 1 << 30},
	Int{Low: 1, High: 1, Log: true},
	Int{Low: 1, High: 10, Log: true},
	Int{Low: 7, High: 9, Log: true},
	Int{Low: 1, High: math.MaxInt32, Log: true},
	Int{Low: 1, High: nearInt(maxExact), Log: true},
	Categorical{[]any{"only"}},
	Categorical{[]any{"relu", "tanh"}},
	Categorical{[]any{nil, true, 2, 2.5, "1", math.NaN(), math.Inf(1), -7, "日本", "\xed\xa0\xbd"}},
}

// nearInt returns n, or the nearest int to it on machines whose int is smaller.
func nearInt(n int64) int { return int(min(max(n, math.MinInt), math.MaxInt)) }

// points are places on [0, 1]: a lattice, the ends and their neighbours, and draws.
func points() []float64 {
	u := []float64{0, 1, tiny, 1e-300, 0x1p-53, math.Nextafter(1, 0), 1 - 0x1p-52, 0.5, math.Nextafter(0.5, 0)}
	for i := range 101 {
		u = append(u, float64(i)/100)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		u = append(u, rng.Float64())
	}
	return u
}

// eachDomain runs f on every domain, normalised.
func eachDomain(t *testing.T, f func(t *testing.T, d Distribution)) {
	for _, d := range domains {
		t.Run(d.String(), func(t *testing.T) {
			n, err := Normalize(d)
			if err != nil {
				t.Fatal(err)
			}
			f(t, n)
		})
	}
}

// discrete reports whether values come from a finite grid.
func discrete(d Distribution) bool {
	f, ok := d.(Float)
	return !ok || f.Step != 0
}

func TestFromUnitStaysInside(t *testing.T) {
	eachDomain(t, func(t *testing.T, d Distribution) {
		for _, u := range points() {
			v := d.FromUnit(u)
			if !d.Contains(v) {
				t.Errorf("FromUnit(%v) = %v is outside", u, v)
			}
			if w := d.ToUnit(v); !(w >= 0 && w <= 1) {
				t.Errorf("ToUnit(%v) = %v", v, w)
			}
		}
	})
}

func TestFromUnitRises(t *testing.T) {
	eachDomain(t, func(t *testing.T, d Distribution) {
		for i := range 2000 {
			u, w := float64(i)/2000, float64(i+1)/2000
			if a, b := d.FromUnit(u), d.FromUnit(w); a > b {
				t.Fatalf("FromUnit(%v) = %v, FromUnit(%v) = %v", u, a, w, b)
			} else if p, q := d.ToUnit(a), d.ToUnit(b); p > q {
				t.Fatalf("ToUnit(%v) = %v, ToUnit(%v) = %v", a, p, b, q)
			}
		}
	})
}

func TestEndsAreReached(t *testing.T) {
	eachDomain(t, func(t *testing.T, d Distribution) {
		var low, high float64
		switch d := d.(type) {
		case Float:
			low, high = d.Low, d.High
		case Int:
			low, high = float64(d.Low), float64(d.High)
		case Categorical:
			high = float64(len(d.Choices) - 1)
		}
		if got := d.FromUnit(0); got != low {
			t.Errorf("FromUnit(0) = %v, want %v", got, low)
		}
		if got := d.FromUnit(1); got != high {
			t.Errorf("FromUnit(1) = %v, want %v", got, high)
		}
		if !d.Contains(low) || !d.Contains(high) {
			t.Errorf("Contains says %v of %v and %v of %v", d.Contains(low), low, d.Contains(high), high)
		}
		if d.Single() != (low == high) {
			t.Errorf("Single is %v", d.Single())
		}
	})
}

func TestThereAndBack(t *testing.T) {
	eachDomain(t, func(t *testing.T, d Distribution) {
		for _, u := range points() {
			v := d.FromUnit(u)
			back := d.FromUnit(d.ToUnit(v))
			allowed := 0.0
			if f, ok := d.(Float); ok {
				switch {
				case f.Log: // relative, as far as ln v has digits
					allowed = v*1e-12 + tiny
				case f.Step == 0 || f.High/f.Step-f.Low/f.Step > 1<<50: // as far as [0, 1] has points
					allowed = math.Max(math.Abs(f.Low), math.Abs(f.High)) * 0x1p-50
				}
			}
			if i, ok := d.(Int); ok {
				if i.Log {
					allowed = v * 1e-12
				} else if width := float64(i.High) - float64(i.Low); width > 1<<50 {
					allowed = max(width*0x1p-52, float64(i.step()))
				}
			}
			if math.Abs(back-v) > allowed {
				t.Errorf("%v goes to %v and comes back as %v", v, d.ToUnit(v), back)
			}
		}
	})
}

func TestStrangePlaces(t *testing.T) {
	eachDomain(t, func(t *testing.T, d Distribution) {
		nan, inf := math.NaN(), math.Inf(1)
		if d.Contains(nan) || d.Contains(inf) || d.Contains(-inf) {
			t.Error("NaN or an infinity is contained")
		}
		if got := d.ToUnit(nan); got != 0.5 {
			t.Errorf("ToUnit(NaN) = %v", got)
		}
		if got, want := d.ToUnit(-inf), d.ToUnit(d.FromUnit(0)); got != want {
			t.Errorf("ToUnit(-Inf) = %v, want that of the low end, %v", got, want)
		}
		if got, want := d.ToUnit(inf), d.ToUnit(d.FromUnit(1)); got != want {
			t.Errorf("ToUnit(+Inf) = %v, want that of the high end, %v", got, want)
		}
		for u, same := range map[float64]float64{-1: 0, -inf: 0, 2: 1, inf: 1, math.Copysign(0, -1): 0} {
			if got, want := d.FromUnit(u), d.FromUnit(same); got != want {
				t.Errorf("FromUnit(%v) = %v, want %v", u, got, want)
			}
		}
		if got, want := d.FromUnit(nan), d.FromUnit(0.5); got != want {
			t.Errorf("FromUnit(NaN) = %v, want %v", got, want)
		}
	})
}

func TestExternalAndInternal(t *testing.T) {
	eachDomain(t, func(t *testing.T, d Distribution) {
		for _, u := range points() {
			v := d.FromUnit(u)
			back, err := d.Internal(d.External(v))
			if err != nil || back != v {
				t.Fatalf("%v is %v outside and comes back as %v, %v", v, d.External(v), back, err)
			}
		}
	})
}

func TestNormalForm(t *testing.T) {
	eachDomain(t, func(t *testing.T, d Distribution) {
		again, err := Normalize(d)
		if err != nil || !Equal(d, again) {
			t.Errorf("normalised again it is %v, %v", again, err)
		}
		text, err := Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		read, err := Unmarshal(text)
		if err != nil || !Equal(d, read) {
			t.Errorf("%s reads as %v, %v", text, read, err)
		}
		if err := Compatible(d, read); err != nil {
			t.Errorf("not compatible with itself: %v", err)
		}
		for i, e := range domains {
			if n, err := Normalize(e); err != nil {
				t.Errorf("domain %d: %v", i, err)
			} else if Equal(d, n) != (d.String() == n.String()) {
				t.Errorf("Equal to %v: %v", n, Equal(d, n))
			}
		}
	})
}

func TestSizeCountsValues(t *testing.T) {
	eachDomain(t, func(t *testing.T, d Distribution) {
		n, ok := d.Size()
		if ok != discrete(d) && !d.Single() {
			// A grid of more than 2⁵³ values, or one that an int does not hold.
			if f, isFloat := d.(Float); !isFloat || (f.High/2-f.Low/2)/f.Step < math.MaxInt32/2 {
				if _, isInt := d.(Int); !isInt {
					t.Fatalf("Size = %d, %v", n, ok)
				}
			}
		}
		if !ok || n > 10_000 {
			return
		}
		seen := map[float64]bool{}
		for i := range 4 * n {
			seen[d.FromUnit((float64(i)+0.5)/float64(4*n))] = true
		}
		if i, isInt := d.(Int); isInt && i.Log {
			for v := i.Low; v <= i.High; v++ {
				seen[float64(v)] = true
			}
		}
		if len(seen) != n {
			t.Errorf("Size is %d, found %d values", n, len(seen))
		}
	})
}

// TestUniform draws from domains with few values and compares the counts with
// the probabilities: chi-squared, at one false alarm in a million for each domain.
func TestUniform(t *testing.T) {
	const draws = 200_000
	for seed, d := range []Distribution{
		Int{Low: 1, High: 4},
		Int{Low: -3, High: 12},
		Int{Low: 0, High: 20, Step: 5},
		Int{Low: 1, High: 10, Log: true},
		Int{Low: 7, High: 9, Log: true},
		Int{Low: 1, High: 1024, Log: true},
		Float{Low: 0, High: 1, Step: 0.1},
		Float{Low: 1.0 / 3, High: 10, Step: 1.0 / 7},
		Float{Low: -1e308, High: 1e308, Step: 1e307},
		Categorical{[]any{"a", "b", "c", nil, 5}},
	} {
		t.Run(d.String(), func(t *testing.T) {
			n, ok := d.Size()
			if !ok {
				t.Fatal("no size")
			}
			rng := rand.New(rand.NewPCG(uint64(seed), 99))
			counts := map[float64]int{}
			for range draws {
				counts[d.FromUnit(rng.Float64())]++
			}
			chi2, total := 0.0, 0.0
			for k := range n {
				v, p := d.FromUnit((float64(k)+0.5)/float64(n)), 1/float64(n)
				if i, ok := d.(Int); ok && i.Log {
					// The probability of v is the length of ln[v−½, v+½].
					v = float64(i.Low + k)
					p = math.Log((v+0.5)/(v-0.5)) / math.Log((float64(i.High)+0.5)/(float64(i.Low)-0.5))
				}
				want := p * draws
				chi2 += (float64(counts[v]) - want) * (float64(counts[v]) - want) / want
				total += p
				delete(counts, v)
			}
			if len(counts) > 0 || math.Abs(total-1) > 1e-9 {
				t.Fatalf("probabilities sum to %v; values without one: %v", total, counts)
			}
			if p := (distuv.ChiSquared{K: float64(n - 1)}).Survival(chi2); p < 1e-6 {
				t.Errorf("chi-squared is %.1f with %d degrees of freedom, p = %v", chi2, n-1, p)
			}
		})
	}
}

// TestEqualCells looks at the cells themselves, where a count by chance sees only
// coarse errors: K equal cells of a fine lattice hold equally many points.
func TestEqualCells(t *testing.T) {
	const perCell = 1000
	eachDomain(t, func(t *testing.T, d Distribution) {
		n, ok := d.Size()
		if i, isInt := d.(Int); !ok || n > 1000 || isInt && i.Log {
			return
		}
		counts := map[float64]int{}
		for i := range n * perCell {
			counts[d.FromUnit((float64(i)+0.5)/float64(n*perCell))]++
		}
		for v, c := range counts {
			if c != perCell {
				t.Errorf("value %v has %d of %d points", v, c, perCell)
			}
		}
	})
}

// TestNothingPanics calls every method with every combination of strange fields
// and arguments: what is stored may be anything.
func TestNothingPanics(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	floats := []float64{0, math.Copysign(0, -1), 1, -1, 0.1, tiny, -tiny, huge, -huge, 1e16, inf, -inf, nan}
	ints := []int{0, 1, -1, 7, math.MaxInt, math.MinInt, math.MaxInt - 1, math.MinInt + 1, nearInt(maxExact + 1)}
	var all []Distribution
	for _, log := range []bool{false, true} {
		for _, low := range floats {
			for _, high := range floats {
				for _, step := range floats {
					all = append(all, Float{low, high, step, log})
				}
			}
		}
		for _, low := range ints {
			for _, high := range ints {
				for _, step := range ints {
					all = append(all, Int{low, high, step, log})
				}
			}
		}
	}
	cycle := []any{nil}
	cycle[0] = cycle
	cyclic := Categorical{[]any{cycle, make(chan int), func() {}}} // equals nothing
	all = append(all, Categorical{}, Categorical{[]any{}}, Categorical{[]any{[]any{nan}, map[string]any{"a": nil}}}, cyclic)
	for i, d := range all {
		for _, x := range floats {
			if u := d.ToUnit(x); !(u >= 0 && u <= 1) {
				t.Fatalf("%v: ToUnit(%v) = %v", d, x, u)
			}
			v := d.FromUnit(x)
			if d.Validate() == nil && !d.Contains(v) {
				t.Fatalf("%v: FromUnit(%v) = %v is outside", d, x, v)
			}
			d.Contains(x)
			if ext := d.External(x); ext != nil {
				if _, isInt := d.(Int); isInt {
					_ = ext.(int)
				}
			}
			if _, err := d.Internal(x); err != nil && err.Error() == "" {
				t.Fatal("an error without text")
			}
		}
		d.Single()
		if n, ok := d.Size(); ok && n < 1 && d.Validate() == nil {
			t.Fatalf("%v: Size = %d", d, n)
		}
		if d.String() == "" {
			t.Fatalf("%T is printed as nothing", d)
		}
		if Equal(d, d) != (i < len(all)-1) {
			t.Fatalf("%v equals itself: %v", d, Equal(d, d))
		}
		if n, err := Normalize(d); (err == nil) != (d.Validate() == nil) {
			t.Fatalf("%v: Normalize gives %v, %v", d, n, err)
		}
		if text, err := Marshal(d); err == nil {
			if back, err := Unmarshal(text); err != nil || !Equal(back, normal(d)) {
				t.Fatalf("%v is written as %s and read as %v, %v", d, text, back, err)
			}
		} else if d.Validate() == nil {
			t.Fatalf("%v is valid and cannot be written: %v", d, err)
		}
	}
}

func TestPointersAndNil(t *testing.T) {
	var none *Float
	for _, d := range []Distribution{nil, none, (*Int)(nil), (*Categorical)(nil)} {
		if n, err := Normalize(d); err == nil {
			t.Errorf("Normalize(%T) = %v", d, n)
		}
		if text, err := Marshal(d); err == nil {
			t.Errorf("Marshal(%T) = %s", d, text)
		}
		if Compatible(d, Float{}) == nil || Compatible(Float{}, d) == nil {
			t.Errorf("%T is compatible", d)
		}
		if Equal(d, Float{}) || Equal(Float{}, d) || !Equal(d, nil) {
			t.Errorf("%T is equal to the wrong ones", d)
		}
	}
	n, err := Normalize(&Int{Low: 1, High: 8, Step: 3})
	if got, ok := n.(Int); err != nil || !ok || got != (Int{Low: 1, High: 7, Step: 3}) {
		t.Errorf("a pointer is normalised to %#v, %v", n, err)
	}
	if !Equal(&Float{High: 1}, Float{High: 1}) || Compatible(&Float{}, Float{}) != nil {
		t.Error("a pointer differs from its value")
	}
	if text, err := Marshal(&Categorical{[]any{1}}); err != nil || text != `{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}` {
		t.Errorf("a pointer is written as %s, %v", text, err)
	}
}

func TestNormalizeAllocatesNothing(t *testing.T) {
	for _, d := range []Distribution{
		Float{Low: -1.5, High: 2.5}, Float{Low: 1e-5, High: 1e-1, Log: true}, Float{Low: 0, High: 1, Step: 0.1},
		Int{Low: 1, High: 9, Step: 1}, Int{Low: 0, High: 20, Step: 5},
	} {
		n := testing.AllocsPerRun(50, func() {
			if _, err := Normalize(d); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%v is in normal form, yet costs %v allocations", d, n)
		}
	}
}

func TestHotPathsAllocateNothing(t *testing.T) {
	for _, d := range domains {
		u, v := 0.3, d.FromUnit(0.7)
		var boxed any = d.External(v)
		n := testing.AllocsPerRun(50, func() {
			v = d.FromUnit(u)
			u = d.ToUnit(v)
			if !d.Contains(v) {
				t.Fatalf("%v does not contain %v", d, v)
			}
			if _, err := d.Internal(boxed); err != nil {
				t.Fatal(err)
			}
			d.Single()
			d.Size()
			if !Equal(d, d) || Compatible(d, d) != nil {
				t.Fatal(fmt.Sprint(d, " differs from itself"))
			}
		})
		if n != 0 {
			t.Errorf("%v: %v allocations", d, n)
		}
	}
}
