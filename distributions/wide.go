package distributions

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/gohone/hone/internal/pyjson"
)

// WideInt is a range of whole numbers of which an int of this machine does not
// hold a bound or the step. Python, whose integers have no end, stores such
// ranges, and [Unmarshal] returns them, so that a study which has one can be read
// and handed on as it is. No trial of this program can draw from one: Validate
// always fails.
type WideInt struct {
	Low, High, Step string // decimal
	Log             bool
}

// maxIntDigits is how long an integer may be in Python's JSON.
const maxIntDigits = 4300

func (WideInt) isDistribution() {}

// newInt returns the Int of these fields, the WideInt where it takes one, or what
// Optuna has against them.
func newInt(low, high, step *big.Int, log bool) (Distribution, error) {
	fits := func(n *big.Int) bool { return n.IsInt64() && int64(int(n.Int64())) == n.Int64() }
	if fits(low) && fits(high) && fits(step) {
		d := Int{int(low.Int64()), int(high.Int64()), int(step.Int64()), log}
		if err := d.check(); err != nil {
			return nil, err
		}
		return d.normal(), nil
	}
	switch {
	case low.Cmp(high) > 0:
		return nil, fmt.Errorf("low %v is above high %v; swap them", low, high)
	case log && (!step.IsInt64() || step.Int64() != 1):
		return nil, fmt.Errorf("log and step %v exclude each other", step)
	case log && low.Sign() <= 0:
		return nil, fmt.Errorf("a log scale needs low of at least 1, not %v; raise low or drop log", low)
	}
	over := new(big.Int).Sub(high, low)
	over.Mod(over, step)
	high = new(big.Int).Sub(high, over) // the last of the grid
	if fits(low) && fits(high) && fits(step) {
		return Int{int(low.Int64()), int(high.Int64()), int(step.Int64()), log}, nil
	}
	return WideInt{low.String(), high.String(), step.String(), log}, nil
}

// integer returns the whole number in a decoded JSON value; a float loses its
// fraction, as by Python's int.
func integer(v any) (*big.Int, bool) {
	switch n := v.(type) {
	case int64:
		return big.NewInt(n), true
	case float64:
		if !finite(n) {
			return nil, false
		}
		i, _ := new(big.Float).SetFloat64(n).Int(nil)
		return i, true
	case json.Number:
		if len(n) > maxIntDigits {
			return nil, false
		}
		return new(big.Int).SetString(string(n), 10)
	}
	return nil, false
}

// Validate tells that no trial of this program can have such a range.
func (d WideInt) Validate() error {
	return fmt.Errorf("%v is beyond the ints of this machine (%d bits); only Python can draw from it", d, strconv.IntSize)
}

// reals is the domain without its grid.
func (d WideInt) reals() Float {
	bound := func(text string) float64 {
		v, _ := strconv.ParseFloat(text, 64)
		return min(max(v, -math.MaxFloat64), math.MaxFloat64)
	}
	return Float{Low: bound(d.Low), High: bound(d.High), Log: d.Log}
}

// Contains reports whether v is a whole number between the bounds. Where float64
// is so coarse, it does not tell the values of a grid apart.
func (d WideInt) Contains(v float64) bool {
	r := d.reals()
	return v >= r.Low && v <= r.High && v == math.Trunc(v)
}

// Single reports whether Low is the only value.
func (d WideInt) Single() bool { return d.Low == d.High }

// Size returns the number of values. ok is false if an int cannot hold it.
func (d WideInt) Size() (n int, ok bool) {
	low, ok1 := new(big.Int).SetString(d.Low, 10)
	high, ok2 := new(big.Int).SetString(d.High, 10)
	step, ok3 := new(big.Int).SetString(d.Step, 10)
	if !ok1 || !ok2 || !ok3 || step.Sign() <= 0 || low.Cmp(high) > 0 {
		return 0, false
	}
	last := high.Sub(high, low)
	last.Quo(last, step)
	if !last.IsInt64() || last.Int64() >= math.MaxInt {
		return 0, false
	}
	return int(last.Int64()) + 1, true
}

// External returns v, truncated towards zero, as an int, and as a float64 what no
// int holds.
func (d WideInt) External(v float64) any {
	if v > math.MinInt && v < math.MaxInt {
		return int(v)
	}
	return math.Trunc(v)
}

// Internal returns the whole number in v, as for an Int.
func (d WideInt) Internal(v any) (float64, error) { return Int{Log: d.Log}.Internal(v) }

// ToUnit returns where v lies between the bounds, or its logarithm between theirs.
func (d WideInt) ToUnit(v float64) float64 { return d.reals().ToUnit(v) }

// FromUnit is the reverse of ToUnit, rounded to a whole number.
func (d WideInt) FromUnit(u float64) float64 { return math.RoundToEven(d.reals().FromUnit(u)) }

// String returns for example Int(0, 18446744073709551616).
func (d WideInt) String() string {
	s := fmt.Sprintf("Int(%s, %s", d.Low, d.High)
	if d.Step != "1" {
		s += ", step " + d.Step
	}
	if d.Log {
		s += ", log"
	}
	return s + ")"
}

// check refuses fields that no Unmarshal made.
func (d WideInt) check() error {
	for _, n := range [...]string{d.Low, d.High, d.Step} {
		if _, err := pyjson.Decode([]byte(n)); err != nil || n == "" {
			return fmt.Errorf("%.40q is not an integer", n)
		}
		if _, ok := new(big.Int).SetString(n, 10); !ok {
			return fmt.Errorf("%.40q is not an integer", n)
		}
	}
	return nil
}

// logOfInts returns whether two domains, both of whole numbers, are logarithmic.
func logOfInts(a, b Distribution) (aLog, bLog, ok bool) {
	one := func(d Distribution) (log, ok bool) {
		switch d := d.(type) {
		case Int:
			return d.Log, true
		case WideInt:
			return d.Log, true
		}
		return false, false
	}
	aLog, aok := one(a)
	bLog, bok := one(b)
	return aLog, bLog, aok && bok
}
