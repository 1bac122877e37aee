package pyjson

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A Kind is the JSON type of a raw value.
type Kind byte

// The kinds. A number is an Int when it has neither fraction nor exponent, as in
// Python; the tokens NaN, Infinity and -Infinity are Floats.
const (
	Invalid Kind = iota
	Null
	Bool
	Int
	Float
	String
	Array
	Map
)

// KindOf returns the kind of raw, a value such as [Scanner.Value] returns. It
// looks at no more than it needs: only of a valid value is the answer right.
func KindOf(raw []byte) Kind {
	if len(raw) == 0 {
		return Invalid
	}
	switch c := raw[0]; {
	case c == 'n':
		return Null
	case c == 't' || c == 'f':
		return Bool
	case c == '"':
		return String
	case c == '[':
		return Array
	case c == '{':
		return Map
	case c == 'N' || c == 'I':
		return Float
	case c == '-' || '0' <= c && c <= '9':
		for _, c := range raw[1:] {
			if c < '0' || c > '9' {
				return Float
			}
		}
		return Int
	}
	return Invalid
}

// ParseFloat returns the number raw, integer or float, with the three tokens for
// what is not finite. A literal too large for float64 is an infinity, as in
// Python.
func ParseFloat(raw []byte) (float64, error) {
	if next, _, serr := skipNumberAt(raw); serr != nil || next != len(raw) {
		return 0, notA("number", raw)
	}
	f, err := strconv.ParseFloat(string(raw), 64) // knows the three tokens too
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, notA("number", raw)
	}
	return f, nil
}

// ParseInt returns the integer raw. A float such as 2.0 is an error, and so is
// an integer outside int64.
func ParseInt(raw []byte) (int64, error) {
	next, integer, serr := skipNumberAt(raw)
	if serr != nil || next != len(raw) || !integer {
		return 0, notA("integer", raw)
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("pyjson: integer %s is outside int64", clip(raw))
	}
	return n, nil
}

// ParseBool returns the boolean raw.
func ParseBool(raw []byte) (bool, error) {
	switch string(raw) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, notA("boolean", raw)
}

// ParseString returns the string raw, quotes included, with its escapes resolved.
func ParseString(raw []byte) (string, error) {
	inner, escaped, err := unquote(raw)
	if err != nil {
		return "", err
	}
	return resolve(inner, escaped), nil
}

// resolve returns the inside of a checked string with its escapes resolved.
func resolve(inner []byte, escaped bool) string {
	if !escaped {
		return string(inner)
	}
	return string(appendUnescaped(make([]byte, 0, len(inner)), inner))
}

// AppendUnquoted appends what [ParseString] would return to dst, so that a caller
// with a buffer allocates nothing.
func AppendUnquoted(dst, raw []byte) ([]byte, error) {
	inner, escaped, err := unquote(raw)
	if err != nil {
		return dst, err
	}
	if !escaped {
		return append(dst, inner...), nil
	}
	return appendUnescaped(dst, inner), nil
}

// unquote checks that raw is one string and returns what is between its quotes.
func unquote(raw []byte) (inner []byte, escaped bool, err error) {
	if len(raw) == 0 || raw[0] != '"' {
		return nil, false, notA("string", raw)
	}
	next, escaped, serr := skipString(raw, 0)
	if serr != nil {
		return nil, false, serr
	}
	if next != len(raw) {
		return nil, false, &SyntaxError{next, "text after the string"}
	}
	return raw[1 : next-1], escaped, nil
}

func skipNumberAt(raw []byte) (next int, integer bool, err *SyntaxError) {
	if len(raw) == 0 {
		return 0, false, &SyntaxError{0, "expected a value"}
	}
	return skipNumber(raw, 0)
}

func notA(what string, raw []byte) error {
	return fmt.Errorf("pyjson: %q is not a JSON %s", clip(raw), what)
}

// clip keeps error messages short.
func clip(raw []byte) []byte {
	if len(raw) > 40 {
		return append(append([]byte{}, raw[:37]...), "..."...)
	}
	return raw
}

// appendUnescaped appends the inside of a string, which skipString has checked,
// with its escapes resolved. Two escapes that form a surrogate pair become one
// code point; a surrogate alone becomes its three bytes.
func appendUnescaped(dst, s []byte) []byte {
	for {
		n := bytes.IndexByte(s, '\\')
		if n < 0 {
			return append(dst, s...)
		}
		dst, s = append(dst, s[:n]...), s[n:]
		if s[1] != 'u' {
			dst, s = append(dst, unescape[s[1]]), s[2:]
			continue
		}
		r, _ := hex4(s)
		s = s[6:]
		if isHigh(r) {
			if low, ok := hex4(s); ok && isLow(low) {
				r = (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
				s = s[6:]
			}
		}
		dst = appendRune(dst, r)
	}
}

// unescape maps the letter after a backslash to the byte it stands for.
var unescape = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func isHigh(r rune) bool { return 0xd800 <= r && r < 0xdc00 }
func isLow(r rune) bool  { return 0xdc00 <= r && r < 0xe000 }

// appendRune is utf8.AppendRune that also encodes surrogates.
func appendRune(dst []byte, r rune) []byte {
	if isHigh(r) || isLow(r) {
		return append(dst, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0xbf, 0x80|byte(r)&0xbf)
	}
	return utf8.AppendRune(dst, r)
}
