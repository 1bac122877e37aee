package pyjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		text   string
		offset int
		msg    string
	}{
		{``, 0, "unexpected end"},
		{`  `, 2, "unexpected end"},
		{`[1,2`, 4, "expected , or ]"},
		{`[1 2]`, 3, "expected , or ]"},
		{`[1,]`, 3, "expected a value"},
		{`{"a" 1}`, 5, "expected :"},
		{`{"a":1 "b":2}`, 7, "expected , or }"},
		{`{a:1}`, 1, "key in double quotes"},
		{`tru`, 0, "expected true"},
		{`1 1`, 2, "text after the value"},
		{`-x`, 1, "expected a digit"},
		{`1.x`, 2, "after the decimal point"},
		{`1ex`, 2, "in the exponent"},
		{`"ab`, 3, "without closing quote"},
		{`"a\q"`, 2, "invalid escape"},
		{`"a\u12"`, 2, "invalid escape"},
		{"\"0123456789\n\"", 11, "control character"},
		{"\"01\n3456789abcdef\"", 3, "control character"},
		{"\"01234567\x1f9abcdefgh\"", 9, "control character"},
		{"[1, \"ab\xffcd\"]", 7, "invalid UTF-8 in the string that opens at offset 4"},
		{"\"01234567\xc3\x28\"", 9, "invalid UTF-8"},
		{"\"\xed\xa0\xbd\"", 1, "invalid UTF-8"}, // a surrogate belongs into an escape
		{"\"\xc0\x80\"", 1, "invalid UTF-8"},     // not the shortest form
		{"{\"\xff\":1}", 2, "invalid UTF-8"},
	} {
		for name, err := range map[string]error{"Check": Check([]byte(c.text)), "Decode": second(Decode([]byte(c.text))), "Compact": second(Compact(nil, []byte(c.text)))} {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Errorf("%s %q: got %v, want a SyntaxError", name, c.text, err)
			} else if syntax.Offset != c.offset || !strings.Contains(syntax.Msg, c.msg) {
				t.Errorf("%s %q: got %v, want offset %d and %q", name, c.text, syntax, c.offset, c.msg)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestDepth(t *testing.T) {
	nested := func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	objects := func(n int) []byte { return []byte(strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)) }
	for _, make := range []func(int) []byte{nested, objects} {
		if _, err := Decode(make(MaxDepth)); err != nil || !Valid(make(MaxDepth)) {
			t.Errorf("depth %d: %v", MaxDepth, err)
		}
		for _, n := range []int{MaxDepth + 1, 1_000_000} {
			if _, err := Decode(make(n)); err == nil || Valid(make(n)) {
				t.Errorf("depth %d passes", n)
			}
			var s Scanner
			for s.Reset(make(n)); s.Next(); {
			}
			if s.Err() == nil {
				t.Errorf("the Scanner passes depth %d", n)
			}
		}
	}
	v, err := Decode(nested(MaxDepth))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := AppendValue(nil, v); err != nil || string(text) != string(nested(MaxDepth)) {
		t.Errorf("what was read at the limit is not written: %v", err)
	}
	cyclic := map[string]any{}
	cyclic["self"] = cyclic
	if dst, err := AppendValue([]byte("kept"), cyclic); err == nil || string(dst) != "kept" {
		t.Errorf("a cyclic map gives %.20q, %v", dst, err)
	}
	loop := []any{nil}
	loop[0] = &loop
	if _, err := AppendValue(nil, loop); err == nil {
		t.Error("a cyclic slice passes")
	}
}

func TestDecode(t *testing.T) {
	var many strings.Builder // more keys than are compared one by one
	var want Object
	for i := range 60 {
		fmt.Fprintf(&many, `"k%d":%d,`, i%50, i)
		if i < 50 {
			want = append(want, Member{fmt.Sprint("k", i), int64(i)})
		} else {
			want[i-50].Value = int64(i)
		}
	}
	for _, c := range []struct {
		text string
		want any
	}{
		{`null`, nil},
		{`[true,false]`, []any{true, false}},
		{`[1,1.0,-0]`, []any{int64(1), 1.0, int64(0)}},
		{`[9223372036854775807,9223372036854775808]`, []any{int64(math.MaxInt64), json.Number("9223372036854775808")}},
		{`[1e400,-1e400]`, []any{math.Inf(1), math.Inf(-1)}},
		{`[]`, []any{}},
		{`{}`, Object{}},
		{`{"b":1,"a":2,"b":{"c":null}}`, Object{{"b", Object{{"c", nil}}}, {"a", int64(2)}}},
		{`"\ud83d"`, "\xed\xa0\xbd"},
		{`"\ud83d\ude00"`, "\U0001f600"},
		{`"\ude00\ud83d\u0041"`, "\xed\xb8\x80\xed\xa0\xbdA"},
		{"\"\U0001f600\"", "\U0001f600"},
		{"{" + strings.TrimSuffix(many.String(), ",") + "}", want},
	} {
		if got, err := Decode([]byte(c.text)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, %v; want %#v", c.text, got, err, c.want)
		}
	}
}

func TestDecodeKeepsNoText(t *testing.T) {
	text := []byte(`{"key":["value",123456789012345678901234567890]}`)
	v, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	clear(text)
	want := Object{{"key", []any{"value", json.Number("123456789012345678901234567890")}}}
	if !reflect.DeepEqual(v, want) {
		t.Errorf("got %v after the text was overwritten, want %v", v, want)
	}
}

func TestObjectGet(t *testing.T) {
	o := Object{{"a", nil}, {"b", 2}}
	if v, ok := o.Get("a"); v != nil || !ok {
		t.Errorf("a: got %v, %v", v, ok)
	}
	if v, ok := o.Get("c"); v != nil || ok {
		t.Errorf("c: got %v, %v", v, ok)
	}
}

func TestPlain(t *testing.T) {
	v, err := Decode([]byte(`[{"a":{"b":[1,{}]}},2]`))
	if err != nil {
		t.Fatal(err)
	}
	want := []any{map[string]any{"a": map[string]any{"b": []any{int64(1), map[string]any{}}}}, int64(2)}
	if got := Plain(v); !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

func TestScanner(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // key=value@offset; then the error's offset, if any
	}{
		{`{}`, ""},
		{` [ ] `, ""},
		{`{"a":1}`, "a=1@5;"},
		{" { \"a\" : [1, {\"b\":2}] ,\t\"\\u0062\\n\":\"x\" } ", `a=[1, {"b":2}]@9;` + "b\n" + `="x"@35;`},
		{`{"a":1,"a":2}`, "a=1@5;a=2@11;"},
		{`{"\u0061":1,"\u0062":2}`, "a=1@10;b=2@21;"},
		{`[1,"2",[3]]`, `=1@1;="2"@3;=[3]@7;`},
		{``, "error 0"},
		{`1`, "error 0"},
		{`"a"`, "error 0"},
		{`{`, "error 1"},
		{`{"a":1`, "a=1@5;error 6"},
		{`{"a":1,}`, "a=1@5;error 7"},
		{`{"a":1 "b":2}`, "a=1@5;error 7"},
		{`{"a":1}x`, "a=1@5;error 7"},
		{`{"a":nul}`, "error 5"},
		{`{"a":[1,{"b":01}]}`, "error 14"},
		{`[1,]`, "=1@1;error 3"},
		{`[,1]`, "error 1"},
		{`[1}`, "=1@1;error 2"},
	} {
		var s Scanner
		var got strings.Builder
		for s.Reset([]byte(c.text)); s.Next(); {
			fmt.Fprintf(&got, "%s=%s@%d;", s.Key(), s.Value(), s.Offset())
		}
		var syntax *SyntaxError
		if errors.As(s.Err(), &syntax) {
			fmt.Fprintf(&got, "error %d", syntax.Offset)
		}
		if got.String() != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got.String(), c.want)
		}
		if s.Next() {
			t.Errorf("%s: Next goes on after the end", c.text)
		}
	}
	var s Scanner
	if s.Next() || s.Err() != nil {
		t.Error("the zero Scanner is not empty")
	}
	s.Reset(nil)
	if s.Next() || s.Err() == nil {
		t.Error("an empty text is no object")
	}
}

func TestScannerAllocatesNothing(t *testing.T) {
	line := journalLine(3)
	var s Scanner
	var buf []byte
	read := func() {
		for s.Reset(line); s.Next(); {
			switch string(s.Key()) {
			case "trial_id":
				if n, err := ParseInt(s.Value()); n != 3 || err != nil {
					t.Fatal(n, err)
				}
			case "param_value_internal":
				if _, err := ParseFloat(s.Value()); err != nil {
					t.Fatal(err)
				}
			case "distribution":
				var err error
				if buf, err = AppendUnquoted(buf[:0], s.Value()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if n := testing.AllocsPerRun(100, read); n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		raw                    string
		float, integer, isBool any // nil: an error
		kind                   Kind
	}{
		{"1", 1.0, int64(1), nil, Int},
		{"-0", 0.0, int64(0), nil, Int},
		{"1.5", 1.5, nil, nil, Float},
		{"1e2", 100.0, nil, nil, Float},
		{"-9223372036854775808", -0x1p63, int64(math.MinInt64), nil, Int},
		{"9223372036854775808", 0x1p63, nil, nil, Int},
		{"Infinity", math.Inf(1), nil, nil, Float},
		{"-Infinity", math.Inf(-1), nil, nil, Float},
		{"1e999", math.Inf(1), nil, nil, Float},
		{"true", nil, nil, true, Bool},
		{"false", nil, nil, false, Bool},
		{"null", nil, nil, nil, Null},
		{`"1"`, nil, nil, nil, String},
		{"[1]", nil, nil, nil, Array},
		{"{}", nil, nil, nil, Map},
		{"", nil, nil, nil, Invalid},
		{"x", nil, nil, nil, Invalid},
		// Spellings that strconv takes and JSON does not.
		{"inf", nil, nil, nil, Invalid},
		{"1_0", nil, nil, nil, Float},
		{"+1", nil, nil, nil, Invalid},
		{"0x1p3", nil, nil, nil, Float},
		{"-infinity", nil, nil, nil, Float},
		{"1 ", nil, nil, nil, Float},
	} {
		if got, err := ParseFloat([]byte(c.raw)); err == nil && any(got) != c.float || err != nil && c.float != nil {
			t.Errorf("ParseFloat(%s) = %v, %v; want %v", c.raw, got, err, c.float)
		}
		if got, err := ParseInt([]byte(c.raw)); err == nil && any(got) != c.integer || err != nil && c.integer != nil {
			t.Errorf("ParseInt(%s) = %v, %v; want %v", c.raw, got, err, c.integer)
		}
		if got, err := ParseBool([]byte(c.raw)); err == nil && any(got) != c.isBool || err != nil && c.isBool != nil {
			t.Errorf("ParseBool(%s) = %v, %v; want %v", c.raw, got, err, c.isBool)
		}
		if got := KindOf([]byte(c.raw)); Valid([]byte(c.raw)) && c.raw != "1 " && got != c.kind {
			t.Errorf("KindOf(%s) = %v, want %v", c.raw, got, c.kind)
		}
	}
	if f, err := ParseFloat([]byte("NaN")); err != nil || f == f {
		t.Errorf("NaN is read as %v, %v", f, err)
	}
	for _, raw := range []string{``, `"`, `"a`, `"a"x`, `a`, `"\x"`, `1`, "\"\xff\""} {
		if s, err := ParseString([]byte(raw)); err == nil {
			t.Errorf("ParseString(%q) = %q", raw, s)
		}
		if b, err := AppendUnquoted([]byte("x"), []byte(raw)); err == nil || string(b) != "x" {
			t.Errorf("AppendUnquoted(%q) = %q, %v", raw, b, err)
		}
	}
}
