package pyjson

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// The functions of this file find where a value ends and check it on the way.
// All take the whole text and an index into it, so that the offsets in errors
// are offsets of the text.

// Valid reports whether raw is one JSON value, with nothing but white space
// around it.
func Valid(raw []byte) bool { return Check(raw) == nil }

// Check is [Valid] with the reason: nil, or a *[SyntaxError].
func Check(raw []byte) error {
	i, err := skipValue(raw, skipSpace(raw, 0), 0)
	if err == nil {
		err = end(raw, i)
	}
	if err != nil {
		return err
	}
	return nil
}

// end reports an error unless only white space follows index i.
func end(data []byte, i int) *SyntaxError {
	if i = skipSpace(data, i); i < len(data) {
		return &SyntaxError{i, "text after the value"}
	}
	return nil
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

// skipValue checks the value that begins at data[i], which is not white space,
// and returns the index after it. depth counts the arrays and objects around it.
func skipValue(data []byte, i, depth int) (int, *SyntaxError) {
	if i >= len(data) {
		return i, &SyntaxError{i, "unexpected end of text"}
	}
	switch data[i] {
	case '"':
		i, _, err := skipString(data, i)
		return i, err
	case '{':
		return skipObject(data, i, depth)
	case '[':
		return skipArray(data, i, depth)
	case 't':
		return skipWord(data, i, "true")
	case 'f':
		return skipWord(data, i, "false")
	case 'n':
		return skipWord(data, i, "null")
	default:
		i, _, err := skipNumber(data, i)
		return i, err
	}
}

func skipWord(data []byte, i int, word string) (int, *SyntaxError) {
	if len(data)-i < len(word) || string(data[i:i+len(word)]) != word {
		return i, &SyntaxError{i, "invalid literal, expected " + word}
	}
	return i + len(word), nil
}

func skipObject(data []byte, i, depth int) (int, *SyntaxError) {
	if depth >= MaxDepth {
		return i, &SyntaxError{i, "nested too deeply"}
	}
	if i = skipSpace(data, i+1); i < len(data) && data[i] == '}' {
		return i + 1, nil
	}
	for {
		var err *SyntaxError
		if i, _, _, err = skipKey(data, i); err != nil {
			return i, err
		}
		if i, err = skipValue(data, i, depth+1); err != nil {
			return i, err
		}
		i = skipSpace(data, i)
		switch {
		case i < len(data) && data[i] == ',':
			i = skipSpace(data, i+1)
		case i < len(data) && data[i] == '}':
			return i + 1, nil
		default:
			return i, &SyntaxError{i, "expected , or } in an object"}
		}
	}
}

// skipKey checks a key and its colon at data[i] and returns the index of the
// value. key is what stands between the key's quotes; escaped tells whether it
// holds a backslash.
func skipKey(data []byte, i int) (value int, key []byte, escaped bool, err *SyntaxError) {
	if i >= len(data) || data[i] != '"' {
		return i, nil, false, &SyntaxError{i, "expected a key in double quotes"}
	}
	next, escaped, err := skipString(data, i)
	if err != nil {
		return next, nil, false, err
	}
	key = data[i+1 : next-1]
	i = skipSpace(data, next)
	if i >= len(data) || data[i] != ':' {
		return i, nil, false, &SyntaxError{i, "expected : after a key"}
	}
	return skipSpace(data, i+1), key, escaped, nil
}

func skipArray(data []byte, i, depth int) (int, *SyntaxError) {
	if depth >= MaxDepth {
		return i, &SyntaxError{i, "nested too deeply"}
	}
	if i = skipSpace(data, i+1); i < len(data) && data[i] == ']' {
		return i + 1, nil
	}
	for {
		var err *SyntaxError
		if i, err = skipValue(data, i, depth+1); err != nil {
			return i, err
		}
		i = skipSpace(data, i)
		switch {
		case i < len(data) && data[i] == ',':
			i = skipSpace(data, i+1)
		case i < len(data) && data[i] == ']':
			return i + 1, nil
		default:
			return i, &SyntaxError{i, "expected , or ] in an array"}
		}
	}
}

// skipNumber checks the number at data[i]; integer tells that it has neither
// fraction nor exponent. The tokens NaN, Infinity and -Infinity are floats.
func skipNumber(data []byte, i int) (next int, integer bool, err *SyntaxError) {
	start := i
	switch data[i] {
	case 'N':
		i, err = skipWord(data, i, "NaN")
		return i, false, err
	case 'I':
		i, err = skipWord(data, i, "Infinity")
		return i, false, err
	case '-':
		i++
		if i < len(data) && data[i] == 'I' {
			i, err = skipWord(data, i, "Infinity")
			return i, false, err
		}
	}
	switch {
	case i < len(data) && data[i] == '0':
		i++
	case i < len(data) && '1' <= data[i] && data[i] <= '9':
		i = skipDigits(data, i)
	case i == start:
		return i, false, &SyntaxError{i, "expected a value"}
	default:
		return i, false, &SyntaxError{i, "expected a digit"}
	}
	integer = true
	if i < len(data) && data[i] == '.' {
		integer = false
		from := i + 1
		if i = skipDigits(data, from); i == from {
			return i, false, &SyntaxError{i, "expected a digit after the decimal point"}
		}
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		integer = false
		from := i + 1
		if from < len(data) && (data[from] == '+' || data[from] == '-') {
			from++
		}
		if i = skipDigits(data, from); i == from {
			return i, false, &SyntaxError{i, "expected a digit in the exponent"}
		}
	}
	return i, integer, nil
}

func skipDigits(data []byte, i int) int {
	for i < len(data) && '0' <= data[i] && data[i] <= '9' {
		i++
	}
	return i
}

// skipString checks the string whose opening quote is data[i]. escaped tells
// whether it holds a backslash.
func skipString(data []byte, i int) (next int, escaped bool, err *SyntaxError) {
	open := i
	i++
	for {
		for len(data)-i >= 8 && allPlain(binary.LittleEndian.Uint64(data[i:])) {
			i += 8
		}
		for i < len(data) && plain[data[i]] {
			i++
		}
		if i >= len(data) {
			return i, escaped, &SyntaxError{i, "string without closing quote"}
		}
		switch c := data[i]; {
		case c == '"':
			return i + 1, escaped, nil
		case c == '\\':
			escaped = true
			n := escapeLen(data[i:])
			if n == 0 {
				return i, escaped, &SyntaxError{i, "invalid escape in a string"}
			}
			i += n
		case c < ' ':
			return i, escaped, &SyntaxError{i, "control character in a string"}
		default:
			r, n := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && n <= 1 {
				return i, escaped, &SyntaxError{i, "invalid UTF-8 in the string that opens at offset " + strconv.Itoa(open)}
			}
			i += n
		}
	}
}

// plain tells which bytes stand for themselves inside a string, quote and
// backslash apart: printable ASCII and DEL.
var plain = func() (t [256]bool) {
	for c := ' '; c < 0x80; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// allPlain is plain for eight bytes at once. Each term has the top bit of a byte
// set when that byte is below 0x20, a quote, a backslash, or not ASCII. A borrow
// from a lower byte can only set bits in words that are refused anyway.
func allPlain(w uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote := w ^ ones*'"'
	slash := w ^ ones*'\\'
	return ((w-ones*' ')|(quote-ones)|(slash-ones)|w)&tops == 0
}

// escapeLen returns the length of the escape at the start of s, 0 if it is not
// a valid one.
func escapeLen(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(s); ok {
			return 6
		}
	}
	return 0
}

// hex4 returns the code unit of the escape \uXXXX at the start of s.
func hex4(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range s[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
