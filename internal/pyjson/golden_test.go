package pyjson

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"
)

// golden is what testdata/golden.py wrote with Python's own module.
type golden struct {
	Floats  [][2]string // hexadecimal float, json.dumps of it
	Strings [][2]string // bytes in hexadecimal, json.dumps of them
	Texts   []struct {
		Text            string
		Compact, Spaced *string // nil: refused
	}
}

func readGolden(t testing.TB) golden {
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Floats) == 0 || len(g.Strings) == 0 || len(g.Texts) == 0 {
		t.Fatal("testdata/golden.json lacks cases")
	}
	return g
}

func TestFloatsAsPythonPrintsThem(t *testing.T) {
	for _, c := range readGolden(t).Floats {
		f, err := strconv.ParseFloat(c[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendFloat(nil, f)); got != c[1] {
			t.Errorf("%s is written %s, Python writes %s", c[0], got, c[1])
		}
		back, err := ParseFloat([]byte(c[1]))
		if err != nil || math.Float64bits(back) != math.Float64bits(f) && !(back != back && f != f) {
			t.Errorf("%s is read as %v, %v; want %s", c[1], back, err, c[0])
		}
	}
}

func TestStringsAsPythonPrintsThem(t *testing.T) {
	for _, c := range readGolden(t).Strings {
		b, err := hex.DecodeString(c[0])
		if err != nil {
			t.Fatal(err)
		}
		s := string(b)
		if !ValidString(s) {
			t.Errorf("%q is not valid", s)
		}
		if got := string(AppendString(nil, s)); got != c[1] {
			t.Errorf("%q is written %s, Python writes %s", s, got, c[1])
		}
		// A high surrogate before a low one cannot come from an escape: Python's
		// own reader joins them as well, so the text is what must be stable.
		back, err := ParseString([]byte(c[1]))
		if err != nil || string(AppendString(nil, back)) != c[1] {
			t.Errorf("%s is read as %q, %v", c[1], back, err)
		}
		if appended, err := AppendUnquoted([]byte("x"), []byte(c[1])); err != nil || string(appended) != "x"+back {
			t.Errorf("%s is appended as %q, %v; want %q", c[1], appended, err, back)
		}
	}
}

func TestTextsAsPythonReadsThem(t *testing.T) {
	for _, c := range readGolden(t).Texts {
		v, err := Decode([]byte(c.Text))
		if Valid([]byte(c.Text)) != (err == nil) {
			t.Errorf("%.80q: Valid and Decode (%v) disagree", c.Text, err)
		}
		if c.Compact == nil {
			if err == nil {
				t.Errorf("%.80q is read as %v; Python refuses it", c.Text, v)
			}
			continue
		}
		if err != nil {
			t.Errorf("%.80q: %v; Python reads it", c.Text, err)
			continue
		}
		got, err := AppendValue(nil, v)
		if err != nil || string(got) != *c.Compact {
			t.Errorf("%.80q is written %s, %v; want %s", c.Text, got, err, *c.Compact)
		}
		got, err = AppendSpaced([]byte("x"), v)
		if err != nil || string(got) != "x"+*c.Spaced {
			t.Errorf("%.80q is written %s, %v; want x%s", c.Text, got, err, *c.Spaced)
		}
	}
}
