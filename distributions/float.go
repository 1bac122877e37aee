package distributions

import (
	"fmt"
	"math"
)

// Float is a range of real numbers, both ends included.
type Float struct {
	Low, High float64

	// Step, if not 0, restricts the values to Low, Low+Step, Low+2·Step, … up
	// to High. It excludes Log.
	Step float64

	// Log makes the domain uniform in the logarithm. Low must be above 0.
	Log bool
}

func (Float) isDistribution() {}

// Validate says what is wrong with the fields: bounds or step that are not finite,
// Low above High, a negative step or one too small to tell neighbours apart, Log
// with Low ≤ 0 or with a step.
func (d Float) Validate() error {
	switch {
	case !finite(d.Low):
		return fmt.Errorf("low %v is not a finite number", d.Low)
	case !finite(d.High):
		return fmt.Errorf("high %v is not a finite number", d.High)
	case !finite(d.Step):
		return fmt.Errorf("step %v is not a finite number", d.Step)
	}
	if err := d.check(); err != nil {
		return err
	}
	if d.Step != 0 && d.Low < d.High && d.Step < spacing(math.Max(math.Abs(d.Low), math.Abs(d.High))) {
		return fmt.Errorf("step %v is too small beside low %v and high %v: neighbours would be equal", d.Step, d.Low, d.High)
	}
	return nil
}

// spacing returns the distance from x ≥ 0 to the next larger float64.
func spacing(x float64) float64 {
	if x == math.MaxFloat64 {
		return x - math.Nextafter(x, 0)
	}
	return math.Nextafter(x, math.Inf(1)) - x
}

// check is the part of Validate that Optuna has too. What passes here may stand in
// a storage.
func (d Float) check() error {
	switch {
	case d.Low > d.High:
		return fmt.Errorf("low %v is above high %v; swap them", d.Low, d.High)
	case d.Log && d.Step != 0:
		return fmt.Errorf("log and step %v exclude each other", d.Step)
	case d.Log && d.Low <= 0:
		return fmt.Errorf("a log scale needs low above 0, not %v; raise low or drop log", d.Low)
	case d.Step < 0 || d.Step != d.Step:
		return fmt.Errorf("step %v is not positive", d.Step)
	case d.Step != 0 && !(finite(d.Low) && finite(d.High) && finite(d.Step)):
		return fmt.Errorf("step %v from %v to %v is no grid", d.Step, d.Low, d.High)
	}
	return nil
}

func (d Float) normal() Float {
	if d.Step != 0 {
		d.High = lastOnGrid(d.Low, d.High, d.Step)
	}
	return d
}

// Contains reports whether v is between Low and High and, with a step, within
// 1e-8 steps of the grid.
func (d Float) Contains(v float64) bool {
	if !(d.Low <= v && v <= d.High) {
		return false
	}
	if d.Step == 0 {
		return true
	}
	k := steps(d.Low, v, d.Step)
	whole := math.RoundToEven(k)
	// The last clause holds where k is too large for eight decimals.
	return math.Abs(k-whole) < gridTolerance || d.at(whole) == v
}

// gridTolerance is how far from the grid a value may lie, in steps. It is Optuna's.
const gridTolerance = 1e-8

// Single reports whether Low is the only value.
func (d Float) Single() bool {
	if d.Low == d.High {
		return true
	}
	if !(d.Step > 0) {
		return false
	}
	last, _ := d.last()
	return last == 0
}

// Size returns the number of values: 1 for a single one, otherwise that of the
// grid; ok is false without a step.
func (d Float) Size() (n int, ok bool) {
	if d.Single() {
		return 1, true
	}
	if !(d.Step > 0) {
		return 0, false
	}
	last, _ := d.last()
	if !(last < maxExact) || last >= math.MaxInt {
		return 0, false
	}
	return int(last) + 1, true
}

// External returns v itself.
func (d Float) External(v float64) any { return v }

// Internal returns the number in v, which may have any numeric type. NaN is an
// error, and with Log so is what is not positive.
func (d Float) Internal(v any) (float64, error) {
	f, ok := v.(float64)
	if !ok {
		if f, ok = number(v); !ok {
			return 0, fmt.Errorf("%s is not a number", describe(v))
		}
	}
	return f, numeric(f, d.Log)
}

// numeric refuses what no numeric parameter can be.
func numeric(f float64, log bool) error {
	if f != f {
		return fmt.Errorf("NaN is not a value")
	}
	if log && f <= 0 {
		return fmt.Errorf("%v is not above 0, as a log scale needs", f)
	}
	return nil
}

// ToUnit returns (v − Low)/(High − Low), with Log that of the logarithms, with a
// step the middle (k+½)/K of the cell of the nearest of the K values. It is ½ for a
// domain of one value.
func (d Float) ToUnit(v float64) float64 {
	if v != v || d.Single() {
		return 0.5
	}
	v = min(max(v, d.Low), d.High)
	switch {
	case d.Step > 0:
		last, _ := d.last()
		k := min(math.RoundToEven(steps(d.Low, v, d.Step)), last)
		return unit((k + 0.5) / (last + 1))
	case d.Log && d.Low > 0:
		if w, near := d.logWidth(); near {
			return unit(math.Log1p((v-d.Low)/d.Low) / w)
		} else {
			return unit((ln(v) - ln(d.Low)) / w)
		}
	}
	if w := d.High - d.Low; w <= math.MaxFloat64 {
		return unit((v - d.Low) / w)
	}
	return unit((v/2 - d.Low/2) / (d.High/2 - d.Low/2))
}

// FromUnit is the reverse of ToUnit. Without a step, 0 gives Low and 1 gives High
// exactly.
func (d Float) FromUnit(u float64) float64 {
	u = unit(u)
	var v float64
	switch {
	case u == 0 || d.Single():
		return d.Low
	case d.Step > 0:
		last, _ := d.last()
		return d.at(min(math.Floor(u*(last+1)), last))
	case u == 1:
		return d.High
	case d.Log && d.Low > 0:
		if w, near := d.logWidth(); near {
			v = d.Low * math.Exp(u*w)
		} else {
			v = math.Exp(ln(d.Low) + u*w)
		}
	default:
		if w := d.High - d.Low; w <= math.MaxFloat64 {
			v = d.Low + u*w
		} else {
			v = 2 * (d.Low/2 + u*(d.High/2-d.Low/2))
		}
	}
	if v != v {
		return d.Low
	}
	return min(max(v, d.Low), d.High)
}

// logWidth returns ln High − ln Low. near tells that High/Low can be computed;
// then the width is exact also where the two logarithms would nearly cancel.
func (d Float) logWidth() (w float64, near bool) {
	if r := (d.High - d.Low) / d.Low; r < 1e300 {
		return math.Log1p(r), true
	}
	return ln(d.High) - ln(d.Low), false
}

// ln is math.Log, which on amd64 takes subnormal numbers for larger ones (Go 1.26).
func ln(x float64) float64 {
	if x > 0 && x < 0x1p-1022 {
		return math.Log(x*0x1p54) - 54*math.Ln2
	}
	return math.Log(x)
}

// last returns the number of the last grid value; the first has number 0. ends
// tells whether that value is High.
func (d Float) last() (n float64, ends bool) {
	k := steps(d.Low, d.High, d.Step)
	n = math.RoundToEven(k)
	// The ends are rounded to 53 bits, which their difference shows.
	ends = !(math.Abs(k-n) > gridTolerance+0x1p-52*(math.Abs(d.Low)/d.Step+math.Abs(d.High)/d.Step))
	if !ends {
		n = math.Floor(k)
	}
	return max(n, 0), ends
}

// at returns the grid value of number k ≤ last.
func (d Float) at(k float64) float64 {
	v, ok := decimalAt(d.Low, d.Step, k)
	if !ok {
		if last, ends := d.last(); ends && k >= last {
			return d.High
		}
		if v = d.Low + k*d.Step; !finite(v) { // k·Step may overflow where the sum does not
			v = 2 * (d.Low/2 + k*(d.Step/2))
		}
	}
	return min(max(v, d.Low), d.High)
}

// String returns for example Float(0, 1, step 0.1).
func (d Float) String() string {
	s := fmt.Sprintf("Float(%v, %v", d.Low, d.High)
	if d.Step != 0 {
		s += fmt.Sprintf(", step %v", d.Step)
	}
	if d.Log {
		s += ", log"
	}
	return s + ")"
}
