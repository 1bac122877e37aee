package hone

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/gohone/hone/distributions"
)

// SuggestStruct fills the fields of the struct that cfg points to, each from its
// tag:
//
//	type Config struct {
//		Rate   float64 `hone:"lr,low=1e-5,high=0.1,log"`
//		Layers int     `hone:"layers,low=1,high=4"`
//		Batch  int     `hone:"batch,low=16,high=256,step=16"`
//		Act    string  `hone:"activation,choices=relu|tanh"`
//		Bias   bool    `hone:"bias"`
//		Opt    Adam    `hone:"adam"` // a struct: its parameters are adam.beta1, …
//		Seed   int     // no tag: left alone
//	}
//
// Fields are floats, ints (of any size), strings, bools, or structs. Strings need
// choices, separated by |, which ints and floats may have instead of low and
// high. An empty name stands for the field's own; a dash leaves the field alone.
// The whole struct is checked before the first value is chosen, and a tag that
// makes no sense is named with the path to its field. It panics as SuggestFloat
// does.
func (t *Trial) SuggestStruct(cfg any) {
	v := reflect.ValueOf(cfg)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		t.raise(fmt.Errorf("SuggestStruct needs a pointer to a struct, not %T", cfg))
	}
	fields, err := structFields(v.Elem(), v.Elem().Type().Name(), "")
	if err != nil {
		t.raise(fmt.Errorf("SuggestStruct: %w", err))
	}
	seen := make(map[string]string, len(fields))
	for _, f := range fields {
		if other, ok := seen[f.name]; ok {
			t.raise(fmt.Errorf("SuggestStruct: %s and %s have the same parameter name, %q", other, f.path, f.name))
		}
		seen[f.name] = f.path
	}
	for _, f := range fields {
		internal, d, err := t.suggest(f.name, f.dist)
		if err == nil {
			err = f.set(native(d.External(internal)))
		}
		if err != nil {
			t.raise(fmt.Errorf("suggest %q for %s: %w", f.name, f.path, err))
		}
	}
}

// A structField is a field that gets a value.
type structField struct {
	path string // Config.Opt.Beta1
	name string // adam.beta1
	v    reflect.Value
	dist distributions.Distribution
}

// set stores a value that comes from the field's domain.
func (f structField) set(value any) error {
	switch x := value.(type) {
	case float64:
		if f.v.Kind() == reflect.Float32 {
			x = f.single(x)
		}
		f.v.SetFloat(x)
	case int:
		if f.v.CanUint() {
			f.v.SetUint(uint64(x))
		} else {
			f.v.SetInt(int64(x))
		}
	case string:
		f.v.SetString(x)
	case bool:
		f.v.SetBool(x)
	default:
		return fmt.Errorf("a %T does not fit a %s", value, f.v.Type())
	}
	return nil
}

// single returns the float32 that is nearest to x within the field's domain. Rounded
// alone it may lie beyond high or below low, which no float32 need be equal to.
func (f structField) single(x float64) float64 {
	d, ok := f.dist.(distributions.Float)
	v := float32(x)
	if !ok || float64(v) >= d.Low && float64(v) <= d.High {
		return float64(v)
	}
	inner := math.Nextafter32(v, float32(math.Inf(1)))
	if float64(v) > d.High {
		inner = math.Nextafter32(v, float32(math.Inf(-1)))
	}
	if float64(inner) >= d.Low && float64(inner) <= d.High {
		return float64(inner)
	}
	return float64(v) // none lies within
}

func structFields(v reflect.Value, path, prefix string) ([]structField, error) {
	var out []structField
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		tag, ok := sf.Tag.Lookup("hone")
		if !ok || tag == "-" {
			continue
		}
		where := path + "." + sf.Name
		if !sf.IsExported() {
			return nil, fmt.Errorf("%s has a hone tag and is not exported, so it cannot be set", where)
		}
		name, rest, _ := strings.Cut(tag, ",")
		if name == "" {
			name = sf.Name
		}
		name = prefix + name
		if sf.Type.Kind() == reflect.Struct {
			if rest != "" {
				return nil, fmt.Errorf("%s is a struct; its tag holds a name only, not %q", where, rest)
			}
			inner, err := structFields(v.Field(i), where, name+".")
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
			continue
		}
		d, err := parseTag(sf.Type, rest)
		if err == nil {
			d, err = distributions.Normalize(d)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: tag %q: %w", where, tag, err)
		}
		out = append(out, structField{where, name, v.Field(i), d})
	}
	return out, nil
}

// tagOptions are what a tag can say.
type tagOptions struct {
	low, high, step string
	choices         []string
	log             bool
}

func parseOptions(text string) (tagOptions, error) {
	var o tagOptions
	if text == "" {
		return o, nil
	}
	for _, part := range strings.Split(text, ",") {
		key, value, has := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case key == "low" && has:
			o.low = value
		case key == "high" && has:
			o.high = value
		case key == "step" && has:
			o.step = value
		case key == "choices" && has:
			o.choices = strings.Split(value, "|")
		case key == "log" && !has:
			o.log = true
		default:
			return o, fmt.Errorf("%q is not understood; options are low=, high=, step=, log and choices=a|b", part)
		}
	}
	if o.choices != nil && (o.low != "" || o.high != "" || o.step != "" || o.log) {
		return o, errors.New("choices do not go with low, high, step or log")
	}
	return o, nil
}

func parseTag(t reflect.Type, text string) (distributions.Distribution, error) {
	o, err := parseOptions(text)
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case reflect.Float32, reflect.Float64:
		return parseFloatTag(t, o)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return parseIntTag(t, o)
	case reflect.String:
		if o.choices == nil {
			return nil, errors.New("a string needs choices=a|b|c")
		}
		return parseChoices(o.choices, func(s string) (any, error) { return s, nil })
	case reflect.Bool:
		if text != "" {
			return nil, errors.New("a bool takes no options")
		}
		return distributions.Categorical{Choices: []any{false, true}}, nil
	}
	return nil, fmt.Errorf("a field of type %s cannot be a parameter; use a float, an int, a string, a bool or a struct", t)
}

func parseFloatTag(t reflect.Type, o tagOptions) (distributions.Distribution, error) {
	if o.choices != nil {
		return parseChoices(o.choices, func(s string) (any, error) { return strconv.ParseFloat(s, t.Bits()) })
	}
	d := distributions.Float{Log: o.log}
	for _, n := range []struct {
		name, text string
		to         *float64
		need       bool
	}{{"low", o.low, &d.Low, true}, {"high", o.high, &d.High, true}, {"step", o.step, &d.Step, false}} {
		if n.text == "" {
			if n.need {
				return nil, fmt.Errorf("%s= is missing; a number needs low= and high=, or choices=1|2", n.name)
			}
			continue
		}
		v, err := strconv.ParseFloat(n.text, 64)
		if err != nil {
			return nil, fmt.Errorf("%s must be a number: %w", n.name, err)
		}
		if n.name == "step" && v == 0 {
			return nil, errors.New("step must be above 0")
		}
		*n.to = v
	}
	if t.Kind() == reflect.Float32 && math.Max(math.Abs(d.Low), math.Abs(d.High)) > math.MaxFloat32 {
		return nil, errors.New("the range is wider than a float32")
	}
	return d, nil
}

func parseIntTag(t reflect.Type, o tagOptions) (distributions.Distribution, error) {
	parse := func(s string) (int, error) {
		v, err := strconv.Atoi(s)
		if err != nil {
			return 0, err
		}
		zero := reflect.Zero(t)
		if zero.CanUint() && (v < 0 || zero.OverflowUint(uint64(v))) || zero.CanInt() && zero.OverflowInt(int64(v)) {
			return 0, fmt.Errorf("%d does not fit a field of type %s", v, t)
		}
		return v, nil
	}
	if o.choices != nil {
		return parseChoices(o.choices, func(s string) (any, error) { return parse(s) })
	}
	d := distributions.Int{Step: 1, Log: o.log}
	for _, n := range []struct {
		name, text string
		to         *int
		need       bool
	}{{"low", o.low, &d.Low, true}, {"high", o.high, &d.High, true}, {"step", o.step, &d.Step, false}} {
		if n.text == "" {
			if n.need {
				return nil, fmt.Errorf("%s= is missing; a number needs low= and high=, or choices=1|2", n.name)
			}
			continue
		}
		v, err := parse(n.text)
		if err != nil {
			return nil, fmt.Errorf("%s must be an integer: %w", n.name, err)
		}
		if n.name == "step" && v == 0 {
			return nil, errors.New("step must be above 0")
		}
		*n.to = v
	}
	return d, nil
}

func parseChoices(texts []string, parse func(string) (any, error)) (distributions.Distribution, error) {
	d := distributions.Categorical{Choices: make([]any, len(texts))}
	for i, text := range texts {
		v, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("choice %q: %w", text, err)
		}
		d.Choices[i] = v
	}
	return d, nil
}
