package distributions

import (
	"strings"
	"testing"

	"github.com/gohone/hone/internal/pyjson"
)

func TestMarshal(t *testing.T) {
	for _, c := range []struct {
		d    Distribution
		want string
	}{
		{Float{Low: 0, High: 1e300}, `{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1e+300, "log": false}}`},
		{Float{Low: 0, High: 0.95, Step: 0.1}, `{"name": "FloatDistribution", "attributes": {"step": 0.1, "low": 0.0, "high": 0.9, "log": false}}`},
		{Int{Low: 1, High: 8, Log: true}, `{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 8}}`},
		{Categorical{[]any{2, 2.0, int8(2), "é"}}, `{"name": "CategoricalDistribution", "attributes": {"choices": [2, 2.0, 2, "\u00e9"]}}`},
		{Categorical{[]any{"\xed\xa0\xbd", []any{1, nil}}}, `{"name": "CategoricalDistribution", "attributes": {"choices": ["\ud83d", [1, null]]}}`},
	} {
		if got, err := Marshal(c.d); err != nil || got != c.want {
			t.Errorf("%v: got %s, %v; want %s", c.d, got, err, c.want)
		}
	}
	for _, d := range []Distribution{
		Float{Low: 1, High: 0}, Float{Low: 0, High: 1, Log: true}, Float{Low: 0, High: 1, Step: nan}, Float{Low: 0, High: inf, Step: 1},
		Int{Low: 1, High: 0}, Int{Low: 0, High: 1, Step: -1}, Categorical{}, Categorical{[]any{make(chan int)}}, Categorical{[]any{"\xff"}},
	} {
		if text, err := Marshal(d); err == nil || !strings.HasPrefix(err.Error(), "distributions: ") {
			t.Errorf("%v is written as %s, %v", d, text, err)
		}
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"name":"FloatDistribution","attributes":{"low":1,"high":0}}`:                      "low 1 is above high 0",
		`{"name":"FloatDistribution","attributes":{"low":0,"high":1,"width":1}}`:            `FloatDistribution has no attribute "width"`,
		`{"name":"FloatDistribution","attributes":{"low":0}}`:                               `attribute "high" is missing`,
		`{"name":"FloatDistribution","attributes":{"low":"0","high":1}}`:                    `attribute "low" is "0", not a number`,
		`{"name":"FloatDistribution","attributes":{"low":0,"high":1,"log":1}}`:              `attribute "log" is 1, not true or false`,
		`{"name":"FloatDistribution","attributes":{"low":0,"high":1,"step":0.0}}`:           "step 0 is not positive",
		`{"name":"FloatDistribution"}`:                                                      "FloatDistribution has no attributes",
		`{"name":"IntDistribution","attributes":{"low":0,"high":NaN}}`:                      `attribute "high" is NaN, not an integer`,
		`{"name":"IntDistribution","attributes":{"low":1e30,"high":1}}`:                     "low 1000000000000000019884624838656 is above high 1",
		`{"name":"IntDistribution","attributes":{"low":-1e30,"high":1,"log":true}}`:         "a log scale needs low of at least 1",
		`{"name":"IntDistribution","attributes":{"low":1,"high":1e30,"step":2,"log":true}}`: "log and step 2 exclude each other",
		`{"name":"IntDistribution","attributes":{"low":null,"high":1}}`:                     `attribute "low" is nil, not an integer`,
		`{"name":"CategoricalDistribution","attributes":{"choices":"ab"}}`:                  `attribute "choices" is missing or no list`,
		`{"name":"CategoricalDistribution","attributes":{"choices":[]}}`:                    "no choices given",
		`{"name":"NormalDistribution","attributes":{}}`:                                     `unknown class "NormalDistribution"`,
		`{"type":"normal"}`:              `unknown type "normal"`,
		`{"low":0}`:                      "neither name nor type",
		`[1]`:                            "not a JSON object",
		`{"name":`:                       "offset 8: unexpected end",
		strings.Repeat(`{"a":`, 100_000): "nested too deeply",
	} {
		d, err := Unmarshal(text)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "distributions: ") {
			t.Errorf("%.80s: got %v, %v; want %q", text, d, err, want)
		}
	}
}

// FuzzUnmarshal checks that what is read can be used, written and read again.
func FuzzUnmarshal(f *testing.F) {
	g := readGolden(f)
	for _, c := range g.Texts {
		f.Add(c.Text)
	}
	for _, c := range g.Domains {
		f.Add(c.JSON)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := Unmarshal(text)
		if err != nil {
			return
		}
		if !pyjson.Valid([]byte(text)) {
			t.Fatal("the text is not JSON")
		}
		again, err := Marshal(d)
		if err != nil {
			t.Fatalf("%v cannot be written: %v", d, err)
		}
		back, err := Unmarshal(again)
		if err != nil || !Equal(d, back) {
			t.Fatalf("%v is written as %s and read as %v, %v", d, again, back, err)
		}
		if err := Compatible(d, back); err != nil {
			t.Fatal(err)
		}
		if d.Validate() != nil {
			return // older or stranger than what is made today
		}
		n, err := Normalize(d)
		if err != nil || !Equal(d, n) {
			t.Fatalf("%v is read in another form than %v, %v", d, n, err)
		}
		for _, u := range []float64{0, 0.1, 0.5, 0.77, 1} {
			v := d.FromUnit(u)
			if !d.Contains(v) {
				t.Fatalf("%v: FromUnit(%v) = %v is outside", d, u, v)
			}
			if w := d.ToUnit(v); !(w >= 0 && w <= 1) {
				t.Fatalf("%v: ToUnit(%v) = %v", d, v, w)
			}
			if back, err := d.Internal(d.External(v)); err != nil || back != v && !equalChoices(d, back, v) {
				t.Fatalf("%v: %v comes back as %v, %v", d, v, back, err)
			}
		}
	})
}

// equalChoices reports whether two indices stand for equal choices.
func equalChoices(d Distribution, a, b float64) bool {
	c, ok := d.(Categorical)
	return ok && equal(c.External(a), c.External(b))
}
