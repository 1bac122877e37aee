package distributions

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

var (
	inf = math.Inf(1)
	nan = math.NaN()
)

func TestValidate(t *testing.T) {
	type pointed struct{ X int }
	for _, c := range []struct {
		d    Distribution
		want string // part of the message; "" is valid
	}{
		{Float{Low: 1, High: 0}, "low 1 is above high 0"},
		{Float{Low: 2, High: 2}, ""},
		{Float{Low: nan, High: 0}, "low NaN is not a finite number"},
		{Float{Low: 0, High: nan}, "high NaN is not a finite number"},
		{Float{Low: -inf, High: 0}, "low -Inf is not a finite number"},
		{Float{Low: 0, High: inf}, "high +Inf is not a finite number"},
		{Float{Low: -1e308, High: 1e308}, ""},
		{Float{Low: 0, High: tiny}, ""},
		{Float{Low: 0, High: 1, Log: true}, "log scale needs low above 0"},
		{Float{Low: -1, High: 1, Log: true}, "log scale needs low above 0"},
		{Float{Low: tiny, High: 1, Log: true}, ""},
		{Float{Low: 1, High: 2, Step: 1, Log: true}, "log and step 1 exclude each other"},
		{Float{Low: 0, High: 1, Step: -0.5}, "step -0.5 is not positive"},
		{Float{Low: 0, High: 1, Step: nan}, "step NaN is not a finite number"},
		{Float{Low: 0, High: 1, Step: inf}, "step +Inf is not a finite number"},
		{Float{Low: 0, High: 1, Step: 2}, ""},
		{Float{Low: 0, High: 0.95, Step: 0.1}, ""},
		{Float{Low: 1e16, High: 2e16, Step: 1}, "neighbours would be equal"},
		{Float{Low: 0, High: 1e300, Step: 1}, "neighbours would be equal"},
		{Float{Low: 0, High: 2.2e16, Step: 3}, "neighbours would be equal"},
		{Float{Low: 0, High: 2.2e16, Step: 4}, ""},
		{Float{Low: -math.MaxFloat64, High: 0, Step: 1e300}, ""},
		{Float{Low: 1e16, High: 1e16, Step: 1}, ""},

		{Int{Low: 1, High: 0}, "low 1 is above high 0"},
		{Int{Low: 3, High: 3}, ""},
		{Int{Low: 0, High: 9, Step: -1}, "step -1 is not positive"},
		{Int{Low: 0, High: 9, Step: 20}, ""},
		{Int{Low: 0, High: 9, Log: true}, "low of at least 1, not 0"},
		{Int{Low: 1, High: 9, Step: 2, Log: true}, "log and step 2 exclude each other"},
		{Int{Low: 1, High: 9, Step: 1, Log: true}, ""},
		{Int{Low: math.MinInt32, High: math.MaxInt32}, ""},
		{Int{Low: nearInt(-maxExact), High: nearInt(maxExact)}, ""},

		{Categorical{}, "no choices given"},
		{Categorical{[]any{"one"}}, ""},
		{Categorical{[]any{"a", "a"}}, ""}, // Optuna lets it pass too
		{Categorical{[]any{1, 1.0, true, nil, nan, nan}}, ""},
		{Categorical{[]any{int8(1), uint64(math.MaxUint64), float32(0.5), json.Number("12"), big.NewInt(3)}}, ""},
		{Categorical{[]any{"a", []any{1}}}, "choice 1 is a []interface {}"},
		{Categorical{[]any{pointed{}}}, "choice 0 is a distributions.pointed"},
		{Categorical{[]any{&pointed{}}}, "choice 0 is a *distributions.pointed"},
		{Categorical{[]any{func() {}}}, "choice 0 is a func()"},
		{Categorical{[]any{complex(1, 0)}}, "choice 0 is a complex128"},
		{Categorical{[]any{json.Number("twelve")}}, "choice 0 is a json.Number"},
		{Categorical{[]any{"ok", "a\xff"}}, `choice 1, "a\xff", is not valid UTF-8`},
		{Categorical{make([]any, maxChoices)}, ""},
		{Categorical{make([]any, 1_000_000)}, "1000000 choices are more than 100000; make the parameter an Int"},
	} {
		err := c.d.Validate()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%v: %v", c.d, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%v: got %v, want %q", c.d, err, c.want)
		}
		n, normErr := Normalize(c.d)
		if (err == nil) != (normErr == nil) {
			t.Errorf("%v: Validate says %v, Normalize %v", c.d, err, normErr)
		}
		if normErr == nil && n.Validate() != nil {
			t.Errorf("%v is normalised to %v, which is not valid: %v", c.d, n, n.Validate())
		}
	}
}

func TestIntsBeyondFloat64(t *testing.T) {
	if math.MaxInt == math.MaxInt32 {
		t.Skip("every int of 32 bits is exact as a float64")
	}
	for _, d := range []Int{
		{Low: 0, High: nearInt(maxExact + 1)},
		{Low: nearInt(-maxExact - 1), High: 0},
		{Low: math.MinInt, High: math.MaxInt},
	} {
		if err := d.Validate(); err == nil || !strings.Contains(err.Error(), "beyond ±2^53") {
			t.Errorf("%v: got %v", d, err)
		}
		// Optuna may have stored it nevertheless.
		text, err := Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Unmarshal(text)
		if err != nil || !Equal(back, d) {
			t.Errorf("%s reads as %v, %v", text, back, err)
		}
		for _, u := range points() {
			if v := d.FromUnit(u); !d.Contains(v) {
				t.Errorf("%v: FromUnit(%v) = %v is outside", d, u, v)
			}
		}
	}
}

func TestNormalize(t *testing.T) {
	type name string
	for _, c := range []struct{ d, want Distribution }{
		{Float{Low: 0, High: 0.95, Step: 0.1}, Float{Low: 0, High: 0.9, Step: 0.1}},
		{Float{Low: 0, High: 1, Step: 0.1}, Float{Low: 0, High: 1, Step: 0.1}},
		{Float{Low: 0.1, High: 0.75, Step: 0.2}, Float{Low: 0.1, High: 0.7, Step: 0.2}},
		{Float{Low: 0, High: 1, Step: 3}, Float{Low: 0, High: 0, Step: 3}},
		{Float{Low: -1e308, High: 1e308, Step: 3e307}, Float{Low: -1e308, High: 8e307, Step: 3e307}},
		{Float{Low: 0, High: 1e-25, Step: 3e-26}, Float{Low: 0, High: 9e-26, Step: 3e-26}},
		// Twelve steps are 10.00000000000000024, which reads as 10: see lastOnGrid.
		{Float{Low: 8.2, High: 10, Step: 0.15000000000000002}, Float{Low: 8.2, High: 10, Step: 0.15000000000000002}},
		{Float{Low: 0, High: 3, Step: 0.30000000000000004}, Float{Low: 0, High: 2.7, Step: 0.30000000000000004}},
		{Int{Low: 0, High: 9}, Int{Low: 0, High: 9, Step: 1}},
		{Int{Low: 0, High: 9, Step: 4}, Int{Low: 0, High: 8, Step: 4}},
		{Int{Low: -9, High: -1, Step: 100}, Int{Low: -9, High: -9, Step: 100}},
		{Int{Low: math.MinInt32, High: math.MaxInt32, Step: math.MaxInt32}, Int{Low: math.MinInt32, High: math.MaxInt32 - 1, Step: math.MaxInt32}},
		{
			Categorical{[]any{name("a"), int8(1), uint(2), float32(0.5), json.Number("3"), json.Number("3.0"), json.Number("1e30"), big.NewInt(4), nil, true, nan}},
			Categorical{[]any{"a", 1, 2, 0.5, 3, 3.0, 1e30, 4, nil, true, nan}},
		},
		{Categorical{[]any{uint64(math.MaxUint64)}}, Categorical{[]any{json.Number("18446744073709551615")}}},
	} {
		got, err := Normalize(c.d)
		if err != nil {
			t.Errorf("%v: %v", c.d, err)
			continue
		}
		if cat, ok := got.(Categorical); ok {
			for i, w := range c.want.(Categorical).Choices {
				if g := cat.Choices[i]; !equal(g, w) || reflect.TypeOf(g) != reflect.TypeOf(w) {
					t.Errorf("choice %d is %#v, want %#v", i, g, w)
				}
			}
		} else if got != c.want {
			t.Errorf("%v: got %v, want %v", c.d, got, c.want)
		}
	}
	choices := []any{"a", "b"}
	n, err := Normalize(Categorical{choices})
	if err != nil {
		t.Fatal(err)
	}
	if choices[0] = "changed"; n.External(0) != "a" {
		t.Error("the normal form shares the caller's slice")
	}
}

func TestGridsPrintAsDecimals(t *testing.T) {
	for _, c := range []struct {
		d    Float
		want []float64
	}{
		{Float{Low: 0, High: 1, Step: 0.1}, []float64{0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}},
		{Float{Low: -0.3, High: 0.3, Step: 0.15}, []float64{-0.3, -0.15, 0, 0.15, 0.3}},
		{Float{Low: 1e-5, High: 5e-5, Step: 1e-5}, []float64{1e-5, 2e-5, 3e-5, 4e-5, 5e-5}},
	} {
		n, ok := c.d.Size()
		if !ok || n != len(c.want) {
			t.Errorf("%v: Size is %d, %v", c.d, n, ok)
			continue
		}
		for k, want := range c.want {
			if got := c.d.FromUnit((float64(k) + 0.5) / float64(n)); got != want {
				t.Errorf("%v: value %d is %v, want %v", c.d, k, got, want)
			}
		}
	}
}

func TestContains(t *testing.T) {
	for _, c := range []struct {
		d       Distribution
		in, out []float64
	}{
		{Float{Low: 0, High: 1}, []float64{0, 1, 0.5, tiny, math.Copysign(0, -1)}, []float64{-tiny, math.Nextafter(1, 2), inf, -inf, nan}},
		{Float{Low: 0, High: 1, Step: 0.1}, []float64{0, 0.1, 0.3, 0.1 + 0.2, 1, 0.5 + 5e-10}, []float64{0.05, 0.1 + 2e-9, 1.1, -0.1, nan}},
		{Float{Low: 0, High: 0.95, Step: 0.1}, []float64{0.9}, []float64{0.95, 1}},
		{Int{Low: -3, High: 12}, []float64{-3, 0, 12}, []float64{-4, 13, 0.5, 11.999999999, inf, nan}},
		{Int{Low: -3, High: 12, Step: 4}, []float64{-3, 1, 9}, []float64{-2, 0, 12, 11, 5.5}},
		{Int{Low: 1, High: 8, Log: true}, []float64{1, 3, 8}, []float64{0, 9, 2.5}},
		{Categorical{[]any{"a", "b"}}, []float64{0, 1, 1.9, -0.5}, []float64{-1, 2, inf, -inf, nan, 1e300}},
		{Categorical{}, nil, []float64{0, -0.5, 1}},
	} {
		for _, v := range c.in {
			if !c.d.Contains(v) {
				t.Errorf("%v does not contain %v", c.d, v)
			}
		}
		for _, v := range c.out {
			if c.d.Contains(v) {
				t.Errorf("%v contains %v", c.d, v)
			}
		}
	}
}

func TestToUnitTakesTheNearest(t *testing.T) {
	for _, d := range []Distribution{Int{Low: 0, High: 20, Step: 5}, Float{Low: 0, High: 20, Step: 5}} {
		for v, cell := range map[float64]float64{-1: 0, 0: 0, 2: 0, 3: 1, 5: 1, 7: 1, 7.4: 1, 8: 2, 19: 4, 99: 4} {
			if got, want := d.ToUnit(v), (cell+0.5)/5; got != want {
				t.Errorf("%v: ToUnit(%v) = %v, want %v", d, v, got, want)
			}
		}
	}
}

func TestWidthBeyondFloat64(t *testing.T) {
	d := Float{Low: -huge, High: huge}
	for u, want := range map[float64]float64{0: -huge, 0.25: -huge / 2, 0.5: 0, 0.75: huge / 2, 1: huge} {
		if got := d.FromUnit(u); math.Abs(got-want) > math.Abs(want)*0x1p-52 {
			t.Errorf("FromUnit(%v) = %v, want %v", u, got, want)
		}
		if got := d.ToUnit(want); got != u {
			t.Errorf("ToUnit(%v) = %v, want %v", want, got, u)
		}
	}
}

func TestExternal(t *testing.T) {
	for _, c := range []struct {
		d    Distribution
		v    float64
		want any
	}{
		{Float{Low: 0, High: 1}, 0.25, 0.25},
		{Float{Low: 0, High: 1}, 99, 99.0}, // stored values may be outside
		{Int{Low: 0, High: 9}, 4, 4},
		{Int{Low: 0, High: 9}, 99, 99},
		{Int{Low: 0, High: 9}, -1.9, -1},
		{Int{Low: 3, High: 9}, nan, 3},
		{Int{Low: 0, High: 9}, inf, math.MaxInt},
		{Int{Low: 0, High: 9}, 0x1p63, math.MaxInt},
		{Int{Low: 0, High: 9}, -0x1p80, math.MinInt},
		{Int{Low: 0, High: 9}, -1e300, math.MinInt},
		{Categorical{[]any{"a", nil, 2}}, 0, "a"},
		{Categorical{[]any{"a", nil, 2}}, 1, nil},
		{Categorical{[]any{"a", nil, 2}}, 2.9, 2},
		{Categorical{[]any{"a"}}, 1, nil},
		{Categorical{[]any{"a"}}, -1, nil},
		{Categorical{[]any{"a"}}, nan, nil},
		{Categorical{}, 0, nil},
	} {
		if got := c.d.External(c.v); got != c.want {
			t.Errorf("%v: External(%v) = %#v, want %#v", c.d, c.v, got, c.want)
		}
	}
}

func TestInternal(t *testing.T) {
	type celsius float32
	type count uint16
	type mode string
	choices := Categorical{[]any{"fast", 2, 2.5, nil, false, nan, json.Number("1180591620717411303424"), []any{1, "x"}}}
	float, whole := Float{Low: 0, High: 1}, Int{Low: 1, High: 9}
	for _, c := range []struct {
		d    Distribution
		v    any
		want float64 // NaN: an error
	}{
		{float, 0.5, 0.5}, {float, 7, 7}, {float, int64(-3), -3}, {float, uint8(200), 200}, {float, float32(0.5), 0.5},
		{float, celsius(1.5), 1.5}, {float, json.Number("2.5"), 2.5}, {float, json.Number("3"), 3}, {float, big.NewInt(5), 5},
		{float, json.Number("1" + strings.Repeat("0", 400)), inf}, {float, inf, inf},
		{float, nan, nan}, {float, "0.5", nan}, {float, true, nan}, {float, nil, nan}, {float, []any{1}, nan}, {float, json.Number("x"), nan},
		{float, json.Number("NaN"), nan}, {float, (*big.Int)(nil), nan},
		{Float{Low: 1, High: 2, Log: true}, 0, nan}, {Float{Low: 1, High: 2, Log: true}, -1.0, nan}, {Float{Low: 1, High: 2, Log: true}, tiny, tiny},

		{whole, 4, 4}, {whole, 4.0, 4}, {whole, count(4), 4}, {whole, json.Number("4"), 4}, {whole, json.Number("4.0"), 4}, {whole, 99, 99},
		{whole, 4.5, nan}, {whole, inf, nan}, {whole, nan, nan}, {whole, "4", nan}, {whole, nil, nan}, {whole, float32(0.5), nan},
		{Int{Low: 1, High: 9, Log: true}, 0, nan}, {Int{Low: 1, High: 9, Log: true}, 2, 2},

		{choices, "fast", 0}, {choices, mode("fast"), 0}, {choices, 2, 1}, {choices, 2.0, 1}, {choices, int8(2), 1}, {choices, json.Number("2"), 1},
		{choices, json.Number("2.0"), 1}, {choices, big.NewInt(2), 1}, {choices, 2.5, 2}, {choices, float32(2.5), 2}, {choices, nil, 3},
		{choices, false, 4}, {choices, 0, 4}, {choices, 0.0, 4}, {choices, nan, 5}, {choices, json.Number("1180591620717411303424"), 6},
		{choices, 0x1p70, 6}, {choices, []any{1.0, "x"}, 7}, {choices, []any{1.0}, nan},
		{choices, "slow", nan}, {choices, "2", nan}, {choices, true, nan}, {choices, inf, nan}, {choices, make(chan int), nan},
	} {
		got, err := c.d.Internal(c.v)
		if c.want != c.want {
			if err == nil || err.Error() == "" {
				t.Errorf("%v: Internal(%#v) = %v, want an error", c.d, c.v, got)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%v: Internal(%#v) = %v, %v; want %v", c.d, c.v, got, err, c.want)
		}
	}
}

// TestLogAgainstPowers checks the logarithmic scale without logarithms: at ¼ of the
// way the fourth power of the value is low³·high.
func TestLogAgainstPowers(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	power := func(x float64, n int) *big.Float {
		p := new(big.Float).SetPrec(2000).SetInt64(1)
		for range n {
			p.Mul(p, big.NewFloat(x))
		}
		return p
	}
	for range 2000 {
		low, high := math.Ldexp(1+rng.Float64(), rng.IntN(2000)-1010), math.Ldexp(1+rng.Float64(), rng.IntN(2000)-1010)
		if rng.IntN(4) == 0 { // ends that nearly meet
			high = low * (1 + rng.Float64()*1e-9)
		}
		if low > high {
			low, high = high, low
		}
		d := Float{Low: low, High: high, Log: true}
		for n := range 5 { // low⁴, low³·high, …, high⁴
			v := d.FromUnit(float64(n) / 4)
			want := power(low, 4-n)
			want.Mul(want, power(high, n))
			ratio, _ := new(big.Float).Quo(power(v, 4), want).Float64()
			if math.Abs(ratio-1) > 2e-12 {
				t.Fatalf("%v: FromUnit(%d/4) = %v, its fourth power is off by the factor %v", d, n, v, ratio)
			}
			// Near the ends of a narrow range one float64 is a visible step.
			if got := d.ToUnit(v); math.Abs(got-float64(n)/4) > 1e-12+0x1p-51*low/(high-low) {
				t.Fatalf("%v: ToUnit(%v) = %v, want %v", d, v, got, float64(n)/4)
			}
		}
	}
}

// TestLinearAgainstExact compares the linear scale with exact arithmetic.
func TestLinearAgainstExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	exact := func(x float64) *big.Float { return new(big.Float).SetPrec(3000).SetFloat64(x) }
	for range 2000 {
		low := math.Float64frombits(rng.Uint64())
		high := math.Float64frombits(rng.Uint64())
		if rng.IntN(4) == 0 {
			high = low * (1 + rng.Float64())
		}
		if !finite(low) || !finite(high) {
			continue
		}
		if low > high {
			low, high = high, low
		}
		d, u := Float{Low: low, High: high}, rng.Float64()
		width := exact(0).Sub(exact(high), exact(low))
		want := exact(0).Add(exact(low), exact(0).Mul(width, exact(u)))
		v := d.FromUnit(u)
		miss, _ := exact(0).Sub(exact(v), want).Float64()
		if math.Abs(miss) > 4*0x1p-53*math.Max(math.Abs(low), math.Abs(high))+tiny {
			t.Fatalf("%v: FromUnit(%v) = %v, off by %v", d, u, v, miss)
		}
		if width.Sign() == 0 {
			continue
		}
		place, _ := exact(0).Quo(exact(0).Sub(exact(v), exact(low)), width).Float64()
		if got := d.ToUnit(v); math.Abs(got-place) > 1e-15 {
			t.Fatalf("%v: ToUnit(%v) = %v, want %v", d, v, got, place)
		}
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		d    Distribution
		want string
	}{
		{Float{Low: 0, High: 1}, "Float(0, 1)"},
		{Float{Low: 1e-5, High: 0.1, Log: true}, "Float(1e-05, 0.1, log)"},
		{Float{Low: 0, High: 1, Step: 0.1}, "Float(0, 1, step 0.1)"},
		{Int{Low: 1, High: 4}, "Int(1, 4)"},
		{Int{Low: 1, High: 64, Log: true}, "Int(1, 64, log)"},
		{Int{Low: 0, High: 20, Step: 5}, "Int(0, 20, step 5)"},
		{Categorical{[]any{"relu", nil, true, 2, 2.0, nan, []any{1}}}, `Categorical("relu", nil, true, 2, 2.0, NaN, [1])`},
		{Categorical{make([]any, 25)}, "Categorical(" + strings.Repeat("nil, ", 20) + "… 25 in all)"},
		{Categorical{[]any{strings.Repeat("é", 100)}}, `Categorical("` + strings.Repeat("é", 29) + "…)"},
	} {
		if got := c.d.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestCompatibleSays(t *testing.T) {
	for _, c := range []struct {
		old, new Distribution
		want     string
	}{
		{Float{High: 1}, Int{High: 1}, "the study has Float(0, 1), this is Int(0, 1): kind must not change; use a new name"},
		{Int{Low: 1, High: 9}, Int{Low: 1, High: 9, Log: true}, "the study has Int(1, 9), this is Int(1, 9, log): log must not change; use a new name"},
		{Categorical{[]any{"a"}}, Categorical{[]any{"a", "b"}}, `the study has Categorical("a"), this is Categorical("a", "b"): choices must not change; use a new name`},
	} {
		if err := Compatible(c.old, c.new); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
