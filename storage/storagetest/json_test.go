package storagetest

import (
	"strings"
	"testing"
)

// Texts of one line say the same, those of different lines do not.
func TestDiffJSON(t *testing.T) {
	same := [][]string{
		{`null`, " null\n"}, {`true`}, {`false`}, {`"null"`, `"nu\u006cl"`}, {`""`}, {`[]`, `[ ]`}, {`{}`, `{ }`},
		{`0`}, {`0.0`, `0e5`, `0.00`}, {`-0`}, {`1`, ` 1 `}, {`1.0`, `1e0`, `10e-1`, `1.00`},
		{`1180591620717411303424`}, {`1180591620717411303425`}, {`1180591620717411303424.0`, `1.1805916207174113e+21`},
		{`0.1`, `1e-1`}, {`1e-05`, `0.00001`}, {`5e-324`, `4.9e-324`},
		{`NaN`}, {`Infinity`, `1e999`}, {`-Infinity`, `-1e999`}, {`"NaN"`},
		{`[1, 2]`, `[1,2]`, "[\n1\t,\r2 ]"}, {`[2,1]`}, {`[1,[2]]`}, {`[[1],2]`},
		{`{"a":1,"b":2}`, `{ "a" : 1 , "b" : 2 }`, `{"\u0061":1,"b":2}`}, {`{"b":2,"a":1}`}, {`{"a":1,"b":2.0}`},
		{`"ü"`, `"\u00fc"`, `"\u00FC"`}, {`"u\u0308"`, "\"u\u0308\""}, {`"🎛"`, `"\ud83c\udf9b"`}, {`"\ud83c"`}, {`"\udf9b"`}, {`"\udf9b\ud83c"`},
		{`"/"`, `"\/"`}, {`"\n"`, `"\u000a"`}, {`"\\n"`}, {`"\""`, `"\u0022"`}, {`"\b\f\r\t"`, `"\u0008\u000c\u000d\u0009"`}, {"\"\u007f\"", `"\u007f"`},
	}
	for i, a := range same {
		for _, x := range a {
			for j, b := range same {
				for _, y := range b {
					if got := diffJSON(x, y); (got == "") != (i == j) {
						t.Errorf("diffJSON(%q, %q) = %q", x, y, got)
					}
				}
			}
		}
	}
}

func TestCanonicalRefuses(t *testing.T) {
	for _, bad := range []string{
		``, ` `, `nul`, `True`, `nan`, `'x'`, `"`, `"x`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\n\"", "\"\xff\"", `[`, `[1`, `[1 2]`, `[1,]`, `[,1]`,
		`{`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{1:2}`, `{"a" 1}`, `1 2`, `null null`, `--1`, `+-1`, `e5`, `.`, `[}`, `{]`, `[1]]`,
		strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
	} {
		if got, err := canonical(bad); err == nil {
			t.Errorf("canonical(%.30q) = %q, no error", bad, got)
		}
	}
	if d := diffJSON(`[1,`, `[1]`); !strings.Contains(d, "is no JSON") {
		t.Errorf("a text that is no JSON: %q", d)
	}
}
