package pyjson

import (
	"encoding/json"
	"strconv"
)

// A Member is one key of an [Object] with its value.
type Member struct {
	Key   string
	Value any
}

// An Object is a JSON object in the order of its keys. Keys differ from one
// another.
type Object []Member

// Get returns the value of a key, and whether the key is there.
func (o Object) Get(key string) (value any, ok bool) {
	for _, m := range o {
		if m.Key == key {
			return m.Value, true
		}
	}
	return nil, false
}

// Decode returns the value of a JSON text: nil, bool, int64, [json.Number] for an
// integer outside int64, float64, string, []any or [Object]. The error is a
// *[SyntaxError].
//
// Of duplicate keys the last value stands, in the place of the first, as in a
// Python dict.
func Decode(text []byte) (any, error) {
	d := decoder{data: text}
	v, i, err := d.value(skipSpace(text, 0), 0)
	if err == nil {
		err = end(text, i)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Plain returns v with each [Object] in it made a map[string]any. Slices are
// changed in place.
func Plain(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = Plain(v[i])
		}
	case Object:
		m := make(map[string]any, len(v))
		for _, member := range v {
			m[member.Key] = Plain(member.Value)
		}
		return m
	}
	return v
}

type decoder struct{ data []byte }

// value decodes the value at data[i] and returns the index after it.
func (d *decoder) value(i, depth int) (any, int, *SyntaxError) {
	if i >= len(d.data) {
		return nil, i, &SyntaxError{i, "unexpected end of text"}
	}
	switch d.data[i] {
	case '{':
		return d.object(i, depth)
	case '[':
		return d.array(i, depth)
	case '"':
		s, next, err := d.str(i)
		return s, next, err
	case 't':
		next, err := skipWord(d.data, i, "true")
		return true, next, err
	case 'f':
		next, err := skipWord(d.data, i, "false")
		return false, next, err
	case 'n':
		next, err := skipWord(d.data, i, "null")
		return nil, next, err
	}
	return d.number(i)
}

func (d *decoder) number(i int) (any, int, *SyntaxError) {
	next, integer, err := skipNumber(d.data, i)
	if err != nil {
		return nil, next, err
	}
	raw := d.data[i:next]
	if !integer {
		f, _ := strconv.ParseFloat(string(raw), 64) // only ErrRange is left, with the right infinity
		return f, next, nil
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n, next, nil
	}
	return json.Number(raw), next, nil
}

func (d *decoder) str(i int) (string, int, *SyntaxError) {
	next, escaped, err := skipString(d.data, i)
	if err != nil {
		return "", next, err
	}
	return resolve(d.data[i+1:next-1], escaped), next, nil
}

func (d *decoder) array(i, depth int) (any, int, *SyntaxError) {
	if depth >= MaxDepth {
		return nil, i, &SyntaxError{i, "nested too deeply"}
	}
	list := []any{}
	if i = skipSpace(d.data, i+1); i < len(d.data) && d.data[i] == ']' {
		return list, i + 1, nil
	}
	for {
		v, next, err := d.value(i, depth+1)
		if err != nil {
			return nil, next, err
		}
		list = append(list, v)
		i = skipSpace(d.data, next)
		switch {
		case i < len(d.data) && d.data[i] == ',':
			i = skipSpace(d.data, i+1)
		case i < len(d.data) && d.data[i] == ']':
			return list, i + 1, nil
		default:
			return nil, i, &SyntaxError{i, "expected , or ] in an array"}
		}
	}
}

// linearKeys is the number of keys up to which duplicates are looked for by
// comparing with all; beyond, an index is built, so that hostile objects do not
// cost quadratic time.
const linearKeys = 16

func (d *decoder) object(i, depth int) (any, int, *SyntaxError) {
	if depth >= MaxDepth {
		return nil, i, &SyntaxError{i, "nested too deeply"}
	}
	obj := Object{}
	var index map[string]int
	if i = skipSpace(d.data, i+1); i < len(d.data) && d.data[i] == '}' {
		return obj, i + 1, nil
	}
	for {
		at, inner, escaped, err := skipKey(d.data, i)
		if err != nil {
			return nil, at, err
		}
		key := resolve(inner, escaped)
		v, next, err := d.value(at, depth+1)
		if err != nil {
			return nil, next, err
		}
		if len(obj) == linearKeys && index == nil {
			index = make(map[string]int, 2*linearKeys)
			for j, m := range obj {
				index[m.Key] = j
			}
		}
		if j := obj.find(key, index); j >= 0 {
			obj[j].Value = v
		} else {
			if index != nil {
				index[key] = len(obj)
			}
			obj = append(obj, Member{key, v})
		}
		i = skipSpace(d.data, next)
		switch {
		case i < len(d.data) && d.data[i] == ',':
			i = skipSpace(d.data, i+1)
		case i < len(d.data) && d.data[i] == '}':
			return obj, i + 1, nil
		default:
			return nil, i, &SyntaxError{i, "expected , or } in an object"}
		}
	}
}

// find returns the place of key, -1 if it is new. index, when not nil, holds all
// keys.
func (o Object) find(key string, index map[string]int) int {
	if index != nil {
		if j, ok := index[key]; ok {
			return j
		}
		return -1
	}
	for j := range o {
		if o[j].Key == key {
			return j
		}
	}
	return -1
}
