package distributions

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"github.com/gohone/hone/internal/pyjson"
)

// number returns the number in v as a float64: of any integer or float type or
// named form of one, a json.Number or a *big.Int. Integers beyond 2⁵³ are rounded.
func number(v any) (f float64, ok bool) {
	switch v := plain(v).(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case json.Number: // a large integer, or text that is no number
		f, err := pyjson.ParseFloat([]byte(v))
		return f, err == nil
	}
	return 0, false
}

// plain returns v as one of the kinds that choices have in a normalised
// Categorical: nil, bool, int, float64, string; int64 for what an int of this
// machine does not hold, json.Number for an integer that no int64 holds. What is
// none of them comes back as it is.
func plain(v any) any {
	switch v := v.(type) {
	case nil, bool, int, float64, string:
		return v
	case int64:
		return whole(v)
	case json.Number:
		return literal(string(v), v)
	case *big.Int:
		if v == nil {
			return nil
		}
		return literal(v.String(), v)
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Bool:
		return r.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return whole(r.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if u := r.Uint(); u > math.MaxInt64 {
			return json.Number(strconv.FormatUint(u, 10))
		}
		return whole(int64(r.Uint()))
	case reflect.Float32, reflect.Float64:
		return r.Float()
	case reflect.String:
		return r.String()
	}
	return v
}

func whole(n int64) any {
	if int64(int(n)) == n {
		return int(n)
	}
	return n
}

// literal returns the number that text spells, or v if it spells none.
func literal(text string, v any) any {
	decoded, err := pyjson.Decode([]byte(text))
	if err != nil {
		return v
	}
	switch decoded := decoded.(type) {
	case int64:
		return whole(decoded)
	case float64, json.Number:
		return decoded
	}
	return v
}

// equal compares two plain values as Python's == does, but NaN equals NaN.
// Lists and objects, which Optuna lets pass as choices with a warning, are compared
// by their elements.
func equal(a, b any) bool { return equalAt(a, b, 0) }

// equalAt is equal inside of depth lists and objects. What is nested more deeply
// than JSON may be, a cyclic list for instance, equals nothing.
func equalAt(a, b any, depth int) bool {
	if a, ok := a.(string); ok {
		b, ok := b.(string)
		return ok && a == b
	}
	switch a := a.(type) {
	case nil:
		return b == nil
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) || depth >= pyjson.MaxDepth {
			return false
		}
		for i := range a {
			if !equalAt(plain(a[i]), plain(b[i]), depth+1) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) || depth >= pyjson.MaxDepth {
			return false
		}
		for k, v := range a {
			if w, ok := b[k]; !ok || !equalAt(plain(v), plain(w), depth+1) {
				return false
			}
		}
		return true
	case float64:
		if a != a {
			b, ok := b.(float64)
			return ok && b != b
		}
	}
	an, af, aok := exact(a)
	bn, bf, bok := exact(b)
	switch {
	case !aok || !bok:
		return false
	case an != nil && bn != nil:
		return an.Cmp(bn) == 0
	case an == nil && bn == nil:
		return af == bf
	}
	return false
}

// exact returns the value of a plain number or bool, in f if a float64 holds it
// exactly, otherwise in n.
func exact(v any) (n *big.Int, f float64, ok bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return nil, 1, true
		}
		return nil, 0, true
	case float64:
		return nil, v, true
	case int:
		return exactInt(int64(v))
	case int64:
		return exactInt(v)
	case json.Number:
		n, ok := new(big.Int).SetString(string(v), 10)
		if !ok {
			return nil, 0, false
		}
		if f, acc := new(big.Float).SetInt(n).Float64(); acc == big.Exact {
			return nil, f, true
		}
		return n, 0, true
	}
	return nil, 0, false
}

func exactInt(v int64) (n *big.Int, f float64, ok bool) {
	if f = float64(v); v >= -maxExact && v <= maxExact {
		return nil, f, true
	}
	if f < math.MaxInt64 && int64(f) == v {
		return nil, f, true
	}
	return big.NewInt(v), 0, true
}

// describe returns v for a message: numbers, strings and lists as in JSON, strings
// in Go's quotes, anything else by its type alone.
func describe(v any) string {
	const most = 60
	var s string
	switch v := v.(type) {
	case nil:
		return "nil"
	case string:
		s = strconv.Quote(v)
	default:
		text, err := pyjson.AppendSpaced(nil, v)
		if err != nil {
			return fmt.Sprintf("a %T", v)
		}
		s = string(text)
	}
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
