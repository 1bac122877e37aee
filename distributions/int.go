package distributions

import (
	"fmt"
	"math"
)

// Int is a range of whole numbers, both ends included.
type Int struct {
	Low, High int

	// Step restricts the values to Low, Low+Step, Low+2·Step, … up to High.
	// 0 means 1. Any other than 1 excludes Log.
	Step int

	// Log makes the domain uniform in the logarithm: 1 is as likely as 10 to 20
	// together, but for rounding. Low must be at least 1.
	Log bool
}

func (Int) isDistribution() {}

// Validate says what is wrong with the fields: bounds beyond ±2⁵³, which a float64
// cannot hold exactly, Low above High, a negative step, Log with Low below 1 or with
// a step.
func (d Int) Validate() error {
	if err := d.check(); err != nil {
		return err
	}
	for _, b := range [...]struct {
		name string
		v    int
	}{{"low", d.Low}, {"high", d.High}} {
		if v := int64(b.v); v < -maxExact || v > maxExact {
			return fmt.Errorf("%s %d is beyond ±2^53: values are stored as float64, which is not exact there", b.name, v)
		}
	}
	return nil
}

// check is the part of Validate that Optuna has too.
func (d Int) check() error {
	switch {
	case d.Low > d.High:
		return fmt.Errorf("low %d is above high %d; swap them", d.Low, d.High)
	case d.Step < 0:
		return fmt.Errorf("step %d is not positive", d.Step)
	case d.Log && d.step() != 1:
		return fmt.Errorf("log and step %d exclude each other", d.Step)
	case d.Log && d.Low < 1:
		return fmt.Errorf("a log scale needs low of at least 1, not %d; raise low or drop log", d.Low)
	}
	return nil
}

func (d Int) step() int {
	if d.Step == 0 {
		return 1
	}
	return d.Step
}

func (d Int) normal() Int {
	d.Step = d.step()
	d.High = int(d.at(d.last()))
	return d
}

// last returns the number of the last value; the first has number 0. The
// difference of two int64s always fits an uint64.
func (d Int) last() uint64 {
	if d.Low >= d.High {
		return 0
	}
	return (uint64(int64(d.High)) - uint64(int64(d.Low))) / d.stride()
}

// stride returns the step, 1 for one that is not positive.
func (d Int) stride() uint64 { return uint64(max(d.Step, 1)) }

// at returns the value of number k ≤ last. The sum wraps round at most once over
// the sign, and so comes out right.
func (d Int) at(k uint64) int64 { return int64(uint64(int64(d.Low)) + k*d.stride()) }

// nearest returns the number of the value nearest to v, which is not NaN.
func (d Int) nearest(v float64) uint64 {
	low, last := float64(d.Low), d.last()
	if v <= low {
		return 0
	}
	if v >= float64(d.High) {
		return last
	}
	// Here v lies strictly between two ints, so it has an exact int64.
	n := uint64(int64(math.RoundToEven(v))) - uint64(int64(d.Low))
	s := d.stride()
	k := n / s
	if r := n % s; r > s-r {
		k++
	}
	return min(k, last)
}

// Contains reports whether v is one of the values.
func (d Int) Contains(v float64) bool {
	if v != v || v < float64(d.Low) || v > float64(d.High) {
		return false
	}
	return float64(d.at(d.nearest(v))) == v
}

// Single reports whether Low is the only value.
func (d Int) Single() bool { return d.last() == 0 }

// Size returns the number of values. ok is false if an int cannot hold it.
func (d Int) Size() (n int, ok bool) {
	last := d.last()
	if last >= math.MaxInt {
		return 0, false
	}
	return int(last) + 1, true
}

// External returns v as an int: truncated towards zero, as Optuna does, at most the
// largest and at least the smallest int, and Low for NaN.
func (d Int) External(v float64) any { return d.external(v) }

func (d Int) external(v float64) int {
	switch {
	case v != v:
		return d.Low
	case v >= math.MaxInt:
		return math.MaxInt
	case v <= math.MinInt:
		return math.MinInt
	}
	return int(v)
}

// Internal returns the whole number in v, which may have any numeric type. A
// fraction is an error, and with Log so is what is not positive.
func (d Int) Internal(v any) (float64, error) {
	var f float64
	switch n := v.(type) {
	case int:
		f = float64(n)
	case float64:
		f = n
	default:
		var ok bool
		if f, ok = number(v); !ok {
			return 0, fmt.Errorf("%s is not a number", describe(v))
		}
	}
	if err := numeric(f, d.Log); err != nil {
		return 0, err
	}
	if f != math.Trunc(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%v is not a whole number", f)
	}
	return f, nil
}

// ToUnit returns the middle (k+½)/K of the cell of the nearest of the K values.
// With Log it is where ln v lies between ln(Low−½) and ln(High+½).
func (d Int) ToUnit(v float64) float64 {
	if v != v {
		return 0.5
	}
	k, last := d.nearest(v), d.last()
	if d.Log && d.Low >= 1 {
		if last == 0 {
			return 0.5
		}
		low := math.Log(float64(d.Low) - 0.5)
		return unit((math.Log(float64(d.at(k))) - low) / (math.Log(float64(d.High)+0.5) - low))
	}
	return unit((float64(k) + 0.5) / (float64(last) + 1))
}

// FromUnit is the reverse of ToUnit: the value in whose cell u lies. With Log it is
// e to the power that divides ln(Low−½) to ln(High+½) at u, rounded.
func (d Int) FromUnit(u float64) float64 {
	u = unit(u)
	last := d.last()
	if u == 0 || last == 0 {
		return float64(d.Low)
	}
	if u == 1 {
		return float64(d.at(last))
	}
	if d.Log && d.Low >= 1 {
		low := math.Log(float64(d.Low) - 0.5)
		width := math.Log(float64(d.High)+0.5) - low
		return float64(d.at(d.nearest(math.Floor(math.Exp(low+u*width) + 0.5))))
	}
	k := math.Floor(u * (float64(last) + 1))
	if k >= float64(last) {
		return float64(d.at(last))
	}
	return float64(d.at(uint64(k)))
}

// String returns for example Int(1, 64, log).
func (d Int) String() string {
	s := fmt.Sprintf("Int(%d, %d", d.Low, d.High)
	if d.step() != 1 {
		s += fmt.Sprintf(", step %d", d.Step)
	}
	if d.Log {
		s += ", log"
	}
	return s + ")"
}
