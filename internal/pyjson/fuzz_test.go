package pyjson

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// FuzzDecode holds the readers and writers against each other and against
// encoding/json where the two languages are the same.
func FuzzDecode(f *testing.F) {
	for _, c := range readGolden(f).Texts {
		if len(c.Text) < 200 {
			f.Add([]byte(c.Text))
		}
	}
	f.Add([]byte("\"\xff\""))
	f.Add([]byte("\"\xed\xa0\x80\""))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Decode(text)
		if Valid(text) != (err == nil) {
			t.Fatalf("Valid says %v, Decode %v", Valid(text), err)
		}
		if err == nil && !bytes.Contains(text, []byte("NaN")) && !bytes.Contains(text, []byte("Infinity")) && !json.Valid(text) {
			t.Fatal("accepted, but encoding/json refuses it")
		}
		if err != nil {
			if json.Valid(text) && utf8.Valid(text) && bytes.Count(text, []byte("[")) < MaxDepth/2 && bytes.Count(text, []byte("{")) < MaxDepth/2 {
				t.Fatalf("encoding/json accepts it, got %v", err)
			}
			if offset := err.(*SyntaxError).Offset; offset < 0 || offset > len(text) {
				t.Fatalf("offset %d of %d", offset, len(text))
			}
			if walk(text) == nil && len(bytes.TrimLeft(text, " \t\r\n")) > 0 && bytes.ContainsAny(bytes.TrimLeft(text, " \t\r\n")[:1], "[{") {
				t.Fatalf("the Scanner accepts what Decode refuses: %v", err)
			}
			return
		}
		once, err := AppendValue(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(once)
		if err != nil {
			t.Fatalf("own output %s: %v", once, err)
		}
		if twice, err := AppendValue(nil, again); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s is rewritten as %s, %v", once, twice, err)
		}
		short, err := Compact(nil, text)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := Decode(short); err != nil {
			t.Fatalf("compacted %s: %v", short, err)
		} else if got, err := AppendValue(nil, v); err != nil || !bytes.Equal(got, once) {
			t.Fatalf("compacted to %s, which is %s, want %s (%v)", short, got, once, err)
		}
		for _, c := range once {
			if c < ' ' || c > '~' {
				t.Fatalf("byte %#x in the output %q", c, once)
			}
		}
		switch v.(type) {
		case []any, Object:
			if err := walk(text); err != nil {
				t.Fatalf("Scanner: %v", err)
			}
		case string:
			if s, err := ParseString(bytes.TrimSpace(text)); err != nil || s != v {
				t.Fatalf("ParseString gives %q, %v, want %q", s, err, v)
			}
		case float64:
			if x, err := ParseFloat(bytes.TrimSpace(text)); err != nil || x != v && x == x {
				t.Fatalf("ParseFloat gives %v, %v, want %v", x, err, v)
			}
		case int64:
			if n, err := ParseInt(bytes.TrimSpace(text)); err != nil || n != v {
				t.Fatalf("ParseInt gives %v, %v, want %v", n, err, v)
			}
		}
	})
}

// walk goes through text with Scanners at every level.
func walk(text []byte) error {
	var s Scanner
	for s.Reset(text); s.Next(); {
		if k := KindOf(s.Value()); k == Array || k == Map {
			if err := walk(s.Value()); err != nil {
				return err
			}
		}
	}
	return s.Err()
}
