package distributions

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/gohone/hone/internal/pyjson"
)

// Marshal returns the JSON text under which d is stored, to the byte what Python
// Optuna writes for the same domain. d is normalised on the way. The error says what
// Optuna would refuse about it.
func Marshal(d Distribution) (string, error) {
	d = value(d)
	var err error
	switch d := d.(type) {
	case Float:
		err = d.check()
	case Int:
		err = d.check()
	case Categorical:
		err = d.check()
	case WideInt:
		err = d.check()
	default:
		err = errNil
	}
	if err != nil {
		return "", fmt.Errorf("distributions: %w", err)
	}
	b := make([]byte, 0, 128) // enough for the numeric ones
	switch d := normal(d).(type) {
	case Float:
		b = append(b, `{"name": "FloatDistribution", "attributes": {"step": `...)
		if d.Step == 0 {
			b = append(b, "null"...)
		} else {
			b = pyjson.AppendFloat(b, d.Step)
		}
		b = append(b, `, "low": `...)
		b = pyjson.AppendFloat(b, d.Low)
		b = append(b, `, "high": `...)
		b = pyjson.AppendFloat(b, d.High)
		b = append(b, `, "log": `...)
		b = strconv.AppendBool(b, d.Log)
	case Int:
		b = append(b, `{"name": "IntDistribution", "attributes": {"log": `...)
		b = strconv.AppendBool(b, d.Log)
		b = append(b, `, "step": `...)
		b = strconv.AppendInt(b, int64(d.Step), 10)
		b = append(b, `, "low": `...)
		b = strconv.AppendInt(b, int64(d.Low), 10)
		b = append(b, `, "high": `...)
		b = strconv.AppendInt(b, int64(d.High), 10)
	case WideInt:
		b = fmt.Appendf(b, `{"name": "IntDistribution", "attributes": {"log": %t, "step": %s, "low": %s, "high": %s`, d.Log, d.Step, d.Low, d.High)
	case Categorical:
		b = append(b, `{"name": "CategoricalDistribution", "attributes": {"choices": `...)
		if b, err = pyjson.AppendSpaced(b, d.Choices); err != nil {
			return "", fmt.Errorf("distributions: choices: %w", err)
		}
	}
	return string(append(b, "}}"...)), nil
}

// Unmarshal returns the distribution that a JSON text written by Optuna means,
// normalised. It reads the three classes of today, the five that Optuna had before
// version 3, and the short form {"type": "float", "low": 0, "high": 1}.
//
// It accepts what Optuna accepts, which is more than Validate does: bounds that are
// not finite, for instance, lists as choices ([]any and map[string]any), and whole
// numbers that an int of this machine does not hold as bounds: see [WideInt].
//
// One study repeats few texts often; whoever reads many trials should remember them.
func Unmarshal(text string) (Distribution, error) {
	d, err := unmarshal(text)
	if err != nil {
		return nil, fmt.Errorf("distributions: %w", err)
	}
	return d, nil
}

func unmarshal(text string) (Distribution, error) {
	decoded, err := pyjson.Decode([]byte(text))
	if err != nil {
		return nil, err
	}
	obj, ok := decoded.(pyjson.Object)
	if !ok {
		return nil, fmt.Errorf("the text is not a JSON object")
	}
	name, named := obj.Get("name")
	if !named {
		kind, ok := obj.Get("type")
		if !ok {
			return nil, fmt.Errorf("the object has neither name nor type")
		}
		for _, f := range forms {
			if f.short == kind {
				return f.read(fields{obj, ""})
			}
		}
		return nil, fmt.Errorf("unknown type %s", describe(kind))
	}
	for _, f := range forms {
		if f.class == name {
			attributes, _ := obj.Get("attributes")
			attrs, ok := attributes.(pyjson.Object)
			if !ok {
				return nil, fmt.Errorf("%s has no attributes", f.class)
			}
			if err := f.unknown(attrs); err != nil {
				return nil, err
			}
			return f.read(fields{attrs, f.step})
		}
	}
	return nil, fmt.Errorf("unknown class %s", describe(name))
}

// A form is one way in which a distribution is written.
type form struct {
	class string // Optuna's class
	short string // the type of the short form, if it has one
	attrs []string
	step  string // what the step is called, if not "step"
	read  func(fields) (Distribution, error)
}

var forms = []form{
	{"FloatDistribution", "float", []string{"low", "high", "log", "step"}, "", readFloat},
	{"IntDistribution", "int", []string{"low", "high", "log", "step"}, "", readInt},
	{"CategoricalDistribution", "categorical", []string{"choices"}, "", readCategorical},
	{"UniformDistribution", "", []string{"low", "high"}, "", readFloat},
	{"LogUniformDistribution", "", []string{"low", "high"}, "", logarithmic(readFloat)},
	{"DiscreteUniformDistribution", "", []string{"low", "high", "q"}, "q", readFloat},
	{"IntUniformDistribution", "", []string{"low", "high", "step"}, "", readInt},
	{"IntLogUniformDistribution", "", []string{"low", "high", "step"}, "", logarithmic(readInt)},
}

// unknown refuses attributes that the class does not have, as Python does.
func (f form) unknown(attrs pyjson.Object) error {
next:
	for _, m := range attrs {
		for _, a := range f.attrs {
			if m.Key == a {
				continue next
			}
		}
		return fmt.Errorf("%s has no attribute %q", f.class, m.Key)
	}
	return nil
}

// logarithmic makes the form of a class that is logarithmic by its name.
func logarithmic(read func(fields) (Distribution, error)) func(fields) (Distribution, error) {
	return func(f fields) (Distribution, error) {
		return read(fields{append(f.obj[:len(f.obj):len(f.obj)], pyjson.Member{Key: "log", Value: true}), f.step})
	}
}

// fields are the attributes of one distribution.
type fields struct {
	obj  pyjson.Object
	step string
}

func readFloat(f fields) (Distribution, error) {
	var d Float
	var err error
	if d.Low, err = f.float("low"); err != nil {
		return nil, err
	}
	if d.High, err = f.float("high"); err != nil {
		return nil, err
	}
	if d.Log, err = f.bool("log"); err != nil {
		return nil, err
	}
	key := "step"
	if f.step != "" {
		key = f.step
	}
	if v, ok := f.obj.Get(key); ok && v != nil {
		if d.Step, err = f.float(key); err != nil {
			return nil, err
		}
		if !(d.Step > 0) {
			return nil, fmt.Errorf("%s %v is not positive", key, d.Step)
		}
	} else if f.step != "" {
		return nil, fmt.Errorf("attribute %q is missing", key)
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	return d.normal(), nil
}

func readInt(f fields) (Distribution, error) {
	low, err := f.int("low")
	if err != nil {
		return nil, err
	}
	high, err := f.int("high")
	if err != nil {
		return nil, err
	}
	log, err := f.bool("log")
	if err != nil {
		return nil, err
	}
	step := big.NewInt(1)
	if v, ok := f.obj.Get("step"); ok && v != nil {
		if step, err = f.int("step"); err != nil {
			return nil, err
		}
		if step.Sign() <= 0 {
			return nil, fmt.Errorf("step %v is not positive", step)
		}
	}
	return newInt(low, high, step, log)
}

func readCategorical(f fields) (Distribution, error) {
	v, _ := f.obj.Get("choices")
	choices, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("attribute %q is missing or no list", "choices")
	}
	d := Categorical{pyjson.Plain(choices).([]any)}
	if err := d.check(); err != nil {
		return nil, err
	}
	return d.normal(), nil
}

// float returns a number of either kind as a float.
func (f fields) float(key string) (float64, error) {
	v, ok := f.obj.Get(key)
	if !ok {
		return 0, fmt.Errorf("attribute %q is missing", key)
	}
	x, ok := number(v)
	if _, text := v.(string); !ok || text {
		return 0, fmt.Errorf("attribute %q is %s, not a number", key, describe(v))
	}
	if _, big := v.(json.Number); big && math.IsInf(x, 0) {
		return 0, fmt.Errorf("attribute %q is too large for a float", key)
	}
	return x, nil
}

// int returns a number as an integer, with the fraction of a float cut off, as
// Python's int does.
func (f fields) int(key string) (*big.Int, error) {
	v, ok := f.obj.Get(key)
	if !ok {
		return nil, fmt.Errorf("attribute %q is missing", key)
	}
	n, ok := integer(v)
	if !ok {
		return nil, fmt.Errorf("attribute %q is %s, not an integer", key, describe(v))
	}
	return n, nil
}

func (f fields) bool(key string) (bool, error) {
	v, ok := f.obj.Get(key)
	if !ok {
		return false, nil
	}
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("attribute %q is %s, not true or false", key, describe(v))
	}
	return b, nil
}
