package pyjson

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// AppendValue appends v to dst as compact JSON: json.dumps(v, separators=(",",":")).
//
// nil, booleans, integers, floats, strings, [json.Number], *[big.Int], [Object],
// slices, arrays, pointers, and maps with string keys (written in the order of
// the keys) are written here, so floats that are not finite may occur at any
// depth in them. What implements json.Marshaler or encoding.TextMarshaler, and
// structs, go through encoding/json, which refuses such floats.
//
// On an error dst is returned as it was. Errors are values without a JSON form
// (channels, functions), strings that are neither UTF-8 nor WTF-8, and nesting
// beyond [MaxDepth], which cyclic values end in.
func AppendValue(dst []byte, v any) ([]byte, error) {
	return compact.append(dst, v)
}

// AppendSpaced is [AppendValue] with a blank after each comma and colon, which is
// what json.dumps(v) writes by default.
func AppendSpaced(dst []byte, v any) ([]byte, error) {
	return spaced.append(dst, v)
}

// AppendFloat appends f as Python's repr prints it: the shortest decimal that
// reads back as f, always with a fraction or an exponent, the exponent from 1e+16
// and below 1e-4; NaN, Infinity, -Infinity.
func AppendFloat(dst []byte, f float64) []byte { return appendFloat(dst, f, 64) }

func appendFloat(dst []byte, f float64, bits int) []byte {
	abs := math.Abs(f)
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case abs > math.MaxFloat64 && f > 0:
		return append(dst, "Infinity"...)
	case abs > math.MaxFloat64:
		return append(dst, "-Infinity"...)
	case abs != 0 && (abs < 1e-4 || abs >= 1e16):
		return strconv.AppendFloat(dst, f, 'e', -1, bits)
	}
	n := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, bits)
	if slices.Contains(dst[n:], '.') {
		return dst
	}
	return append(dst, ".0"...)
}

// AppendString appends s as an ASCII JSON string with quotes. Bytes that are
// neither UTF-8 nor a surrogate in WTF-8 become \ufffd; [ValidString] finds them
// beforehand, and [AppendValue] refuses them.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = appendEscaped(dst, s)
	return append(dst, '"')
}

// ValidString reports whether s survives a round trip through JSON: whether it is
// UTF-8, lone surrogates in three bytes allowed.
func ValidString(s string) bool {
	if utf8.ValidString(s) {
		return true
	}
	for len(s) > 0 {
		_, n, ok := decodeRune(s)
		if !ok {
			return false
		}
		s = s[n:]
	}
	return true
}

// decodeRune is utf8.DecodeRuneInString that also decodes surrogates. ok is
// false for a byte that begins neither.
func decodeRune(s string) (r rune, n int, ok bool) {
	r, n = utf8.DecodeRuneInString(s)
	if r != utf8.RuneError || n > 1 {
		return r, n, true
	}
	if len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3, true
	}
	return r, 1, false
}

const hexDigits = "0123456789abcdef"

// appendEscaped appends the inside of a string.
func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] && c != 0x7f {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		n := 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			var r rune
			r, n, _ = decodeRune(s[i:])
			dst = appendUnicode(dst, r)
		}
		i += n
		start = i
	}
	return append(dst, s[start:]...)
}

// appendUnicode appends \uXXXX, twice for what needs a surrogate pair.
func appendUnicode(dst []byte, r rune) []byte {
	if r >= 0x10000 {
		r -= 0x10000
		dst = appendUnicode(dst, 0xd800+r>>10)
		r = 0xdc00 + r&0x3ff
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// Compact appends the JSON text src to dst without the white space around its
// tokens, and with what is not ASCII in its strings escaped. Numbers, escapes and
// duplicate keys stay as they are written.
func Compact(dst, src []byte) ([]byte, error) {
	return compact.reformat(dst, src)
}

// A style is how the separators are written.
type style struct{ comma, colon string }

var (
	compact = style{",", ":"}
	spaced  = style{", ", ": "}
)

// reformat appends the tokens of src with the separators of st.
func (st style) reformat(dst, src []byte) ([]byte, error) {
	if err := Check(src); err != nil {
		return dst, err
	}
	for i := 0; i < len(src); {
		switch c := src[i]; c {
		case ' ', '\n', '\t', '\r':
			i++
		case ',':
			dst = append(dst, st.comma...)
			i++
		case ':':
			dst = append(dst, st.colon...)
			i++
		case '"':
			next, _, _ := skipString(src, i)
			for i < next {
				if c := src[i]; c < 0x7f {
					dst = append(dst, c)
					i++
					continue
				}
				r, n := utf8.DecodeRune(src[i:])
				dst = appendUnicode(dst, r)
				i += n
			}
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst, nil
}

func (st style) append(dst []byte, v any) ([]byte, error) {
	n := len(dst)
	out, err := st.value(dst, v, 0)
	if err != nil {
		return dst[:n], fmt.Errorf("pyjson: %w", err)
	}
	return out, nil
}

// value appends v. The kinds that storages hold come first, without reflection.
func (st style) value(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return st.str(dst, v)
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case float64:
		return AppendFloat(dst, v), nil
	case []any:
		return list(dst, st, v, depth, func(dst []byte, e any, depth int) ([]byte, error) { return st.value(dst, e, depth) })
	case []string:
		return list(dst, st, v, depth, func(dst []byte, e string, _ int) ([]byte, error) { return st.str(dst, e) })
	case []float64:
		return list(dst, st, v, depth, func(dst []byte, e float64, _ int) ([]byte, error) { return AppendFloat(dst, e), nil })
	case []int:
		return list(dst, st, v, depth, func(dst []byte, e int, _ int) ([]byte, error) { return strconv.AppendInt(dst, int64(e), 10), nil })
	case Object:
		return st.object(dst, v, depth)
	case map[string]any:
		if v == nil {
			return append(dst, "null"...), nil
		}
		members := make(Object, 0, len(v))
		for key, e := range v {
			members = append(members, Member{key, e})
		}
		return st.object(dst, sorted(members), depth)
	case json.Number:
		if next, _, err := skipNumberAt([]byte(v)); err != nil || next != len(v) {
			return dst, fmt.Errorf("%q is not a number", string(v))
		}
		return append(dst, v...), nil
	case *big.Int:
		if v == nil {
			return append(dst, "null"...), nil
		}
		return v.Append(dst, 10), nil
	case json.RawMessage:
		if v == nil {
			return append(dst, "null"...), nil
		}
		return st.reformat(dst, v)
	case json.Marshaler, encoding.TextMarshaler:
		return st.foreign(dst, v)
	}
	return st.reflected(dst, v, depth)
}

var errDeep = fmt.Errorf("nested deeper than %d levels", MaxDepth)

// list appends a slice. A nil slice is null, as in encoding/json.
func list[T any](dst []byte, st style, s []T, depth int, element func([]byte, T, int) ([]byte, error)) ([]byte, error) {
	if s == nil {
		return append(dst, "null"...), nil
	}
	if depth >= MaxDepth {
		return dst, errDeep
	}
	dst = append(dst, '[')
	for i, e := range s {
		if i > 0 {
			dst = append(dst, st.comma...)
		}
		var err error
		if dst, err = element(dst, e, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func (st style) object(dst []byte, o Object, depth int) ([]byte, error) {
	if depth >= MaxDepth {
		return dst, errDeep
	}
	dst = append(dst, '{')
	for i, m := range o {
		if i > 0 {
			dst = append(dst, st.comma...)
		}
		var err error
		if dst, err = st.str(dst, m.Key); err != nil {
			return dst, err
		}
		dst = append(dst, st.colon...)
		if dst, err = st.value(dst, m.Value, depth+1); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func (st style) str(dst []byte, s string) ([]byte, error) {
	if !ValidString(s) {
		return dst, fmt.Errorf("string %q is not valid UTF-8; encode bytes as text first, in base64 for instance", clip([]byte(s)))
	}
	return AppendString(dst, s), nil
}

func sorted(o Object) Object {
	slices.SortFunc(o, func(a, b Member) int {
		switch {
		case a.Key < b.Key:
			return -1
		case a.Key > b.Key:
			return 1
		}
		return 0
	})
	return o
}

// foreign appends what encoding/json makes of v.
func (st style) foreign(dst []byte, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return dst, err
	}
	return st.reformat(dst, text)
}

// reflected appends the kinds that have no case of their own in value: named
// types, sized numbers, other slices and maps.
func (st style) reflected(dst []byte, v any, depth int) ([]byte, error) {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(dst, r.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(dst, r.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.AppendUint(dst, r.Uint(), 10), nil
	case reflect.Float32:
		return appendFloat(dst, r.Float(), 32), nil
	case reflect.Float64:
		return AppendFloat(dst, r.Float()), nil
	case reflect.String:
		return st.str(dst, r.String())
	case reflect.Pointer:
		if r.IsNil() {
			return append(dst, "null"...), nil
		}
		if depth >= MaxDepth {
			return dst, errDeep
		}
		return st.value(dst, r.Elem().Interface(), depth+1)
	case reflect.Slice, reflect.Array:
		if r.Kind() == reflect.Slice && (r.IsNil() || r.Type().Elem().Kind() == reflect.Uint8) {
			return st.foreign(dst, v) // null, or bytes in base64
		}
		elements := make([]any, r.Len())
		for i := range elements {
			elements[i] = r.Index(i).Interface()
		}
		return st.value(dst, elements, depth)
	case reflect.Map:
		if r.IsNil() || r.Type().Key().Kind() != reflect.String {
			return st.foreign(dst, v)
		}
		members := make(Object, 0, r.Len())
		for it := r.MapRange(); it.Next(); {
			members = append(members, Member{it.Key().String(), it.Value().Interface()})
		}
		return st.object(dst, sorted(members), depth)
	}
	return st.foreign(dst, v)
}
