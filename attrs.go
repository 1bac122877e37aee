package hone

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// encodeAttr returns the JSON text of a value of hone's own.
func encodeAttr(value any) (string, error) {
	text, err := pyjson.AppendValue(nil, value)
	return string(text), err
}

// encodeUserAttr returns the JSON text of a user's value.
func encodeUserAttr(value any) (string, error) {
	text, err := pyjson.AppendValue(nil, value)
	if err != nil {
		return "", fmt.Errorf("a value of type %T has no JSON form: %w", value, err)
	}
	if !json.Valid(text) {
		return "", errors.New("the value holds NaN or an infinity, for which JSON has no form; store it as a string")
	}
	return string(text), nil
}

// decodeAttr returns the Go value of an attribute's text: nil, bool, int, float64,
// string, []any, map[string]any; json.Number for an integer beyond int. A text
// that is no JSON comes back as it is.
func decodeAttr(text string) any {
	v, err := pyjson.Decode([]byte(text))
	if err != nil {
		return text
	}
	return native(pyjson.Plain(v))
}

// native turns int64 into int where it fits.
func native(v any) any {
	switch v := v.(type) {
	case int64:
		if int64(int(v)) == v {
			return int(v)
		}
	case []any:
		for i := range v {
			v[i] = native(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = native(v[k])
		}
	}
	return v
}

func decodeAttrs(attrs storage.Attrs) map[string]any {
	out := make(map[string]any, len(attrs))
	for _, a := range attrs {
		out[a.Key] = decodeAttr(a.Value)
	}
	return out
}
