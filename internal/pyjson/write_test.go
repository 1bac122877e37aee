package pyjson

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"
)

type (
	name   string
	count  int
	rate   float64
	flag   bool
	nested struct {
		Name string `json:"name"`
		Rate float64
	}
)

// A level has a text form of its own.
type level int

func (l level) MarshalText() ([]byte, error) { return []byte(strings.Repeat("é", int(l))), nil }

func TestAppendValue(t *testing.T) {
	seven := 7
	var none *int
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, `null`},
		{true, `true`},
		{7, `7`}, {int8(-7), `-7`}, {int64(math.MinInt64), `-9223372036854775808`}, {uint64(math.MaxUint64), `18446744073709551615`},
		{2.0, `2.0`}, {float32(0.1), `0.1`}, {float32(1e20), `1e+20`}, {math.NaN(), `NaN`}, {math.Inf(-1), `-Infinity`}, {math.Copysign(0, -1), `-0.0`},
		{"é\x00\"", `"\u00e9\u0000\""`},
		{name("a"), `"a"`}, {count(3), `3`}, {rate(3), `3.0`}, {flag(true), `true`},
		{json.Number("1180591620717411303424"), `1180591620717411303424`}, {json.Number("1.50"), `1.50`},
		{new(big.Int).Lsh(big.NewInt(1), 70), `1180591620717411303424`}, {(*big.Int)(nil), `null`},
		{[]any{1, []any{}, nil}, `[1,[],null]`}, {[]any(nil), `null`},
		{[]float64{1, math.Inf(1)}, `[1.0,Infinity]`}, {[]string{"a"}, `["a"]`}, {[]int{1, 2}, `[1,2]`}, {[2]bool{true, false}, `[true,false]`},
		{[]rate{1, rate(math.NaN())}, `[1.0,NaN]`}, {[][]float64{{1}, nil}, `[[1.0],null]`}, {[]byte("hi"), `"aGk="`},
		{map[string]any{"b": 1, "a": math.NaN(), "é": "é"}, `{"a":NaN,"b":1,"\u00e9":"\u00e9"}`}, {map[string]any(nil), `null`},
		{map[name]float64{"z": 1, "y": 2}, `{"y":2.0,"z":1.0}`}, {map[string]int(nil), `null`}, {map[int]string{1: "é"}, `{"1":"\u00e9"}`},
		{Object{{"b", 1}, {"a", Object{}}}, `{"b":1,"a":{}}`},
		{&seven, `7`}, {none, `null`}, {&nested{"é", 1}, `{"name":"\u00e9","Rate":1}`}, {[]nested{{}}, `[{"name":"","Rate":0}]`},
		{level(2), `"\u00e9\u00e9"`},
		{time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), `"2024-01-02T03:04:05Z"`},
		{json.RawMessage(" { \"é\" : [ 1e5, NaN ] } "), `{"\u00e9":[1e5,NaN]}`}, {json.RawMessage(nil), `null`},
	} {
		got, err := AppendValue([]byte("x"), c.v)
		if err != nil || string(got) != "x"+c.want {
			t.Errorf("%#v: got %s, %v; want x%s", c.v, got, err, c.want)
		}
		if spaced, err := AppendSpaced(nil, c.v); err != nil {
			t.Errorf("%#v: %v", c.v, err)
		} else if back, err := Compact(nil, spaced); err != nil || string(back) != c.want {
			t.Errorf("%#v: spaced %s compacts to %s, %v; want %s", c.v, spaced, back, err, c.want)
		}
	}
}

func TestAppendValueRefuses(t *testing.T) {
	for _, v := range []any{
		make(chan int), func() {}, complex(1, 1), "\xff", "a\xed\xa0", []string{"ok", "\xff"}, map[string]any{"\xff": 1},
		[]any{map[string]any{"a": make(chan int)}}, json.Number("1x"), json.Number(""), json.Number("nan"), json.Number("[1]"),
		json.RawMessage("[1,]"), json.RawMessage{}, nested{Rate: math.NaN()}, struct{ C chan int }{},
	} {
		if got, err := AppendValue([]byte("kept"), v); err == nil || string(got) != "kept" {
			t.Errorf("%T %v: got %s, %v", v, v, got, err)
		}
	}
}

func TestAppendValueAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 1024)
	values := []any{nil, true, 17, int64(1) << 60, 0.1, "na\u00efve", []float64{1, 2}, []any{"a", 1.5, nil}, []string{"x"}, Object{{"a", "b"}}}
	for _, v := range values {
		n := testing.AllocsPerRun(100, func() {
			if _, err := AppendValue(buf, v); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%T: %v allocations", v, n)
		}
	}
}

func TestValidString(t *testing.T) {
	for s, want := range map[string]bool{
		"": true, "é": true, "\xed\xa0\xbd": true, "a\xed\xbf\xbfz": true, "\ufffd": true,
		"\xff": false, "\xed\xa0": false, "\xed\xa0\x41": false, "\xc0\x80": false, "\xf4\x90\x80\x80": false,
	} {
		if got := ValidString(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
	if got := string(AppendString(nil, "a\xffb\xed\xa0")); got != `"a\ufffdb\ufffd\ufffd"` {
		t.Errorf("invalid bytes are written as %s", got)
	}
}

func TestCompact(t *testing.T) {
	got, err := Compact([]byte("x"), []byte(" { \"a b\" : [ 1 , -0.50E+3 , \"\\u00e9 é \x7f\" ] , \"a b\" : Infinity } \n"))
	if want := `x{"a b":[1,-0.50E+3,"\u00e9 \u00e9 \u007f"],"a b":Infinity}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if got, err := Compact([]byte("x"), []byte("[")); err == nil || string(got) != "x" {
		t.Errorf("got %s, %v", got, err)
	}
}
