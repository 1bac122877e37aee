package distributions

import (
	"math"
	"strconv"
	"testing"
)

const wideText = `{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 18446744073709551616}}`

// A range that Python alone can draw from is read, and written again to the byte.
func TestWideIntIsHandedOn(t *testing.T) {
	for text, want := range map[string]string{
		wideText: "Int(0, 18446744073709551616)",
		`{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 9223372036854775808}}`:                     "Int(1, 9223372036854775808, log)",
		`{"name": "IntDistribution", "attributes": {"log": false, "step": 3, "low": -9223372036854775809, "high": 0}}`:                   "Int(-9223372036854775809, 0, step 3)",
		`{"name": "IntDistribution", "attributes": {"log": false, "step": 9223372036854775808, "low": 0, "high": 18446744073709551616}}`: "Int(0, 18446744073709551616, step 9223372036854775808)",
		`{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 9223372036854775808, "high": 9223372036854775808}}`:  "Int(9223372036854775808, 9223372036854775808)",
	} {
		d, err := Unmarshal(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if d.String() != want {
			t.Errorf("%s is %v, want %s", text, d, want)
		}
		if got, err := Marshal(d); got != text || err != nil {
			t.Errorf("%s is written as %s, %v", text, got, err)
		}
		if again, _ := Unmarshal(text); !Equal(d, again) || !Equal(d, &[]WideInt{d.(WideInt)}[0]) {
			t.Errorf("%v is not equal to itself", d)
		}
		if _, err := Normalize(d); err == nil {
			t.Errorf("%v can be drawn from", d)
		}
	}
	// What the grid does not reach is cut off, as in Python, and may then fit.
	d, err := Unmarshal(`{"name":"IntDistribution","attributes":{"low":0,"high":1e30,"step":1e40}}`)
	if w, ok := d.(WideInt); err != nil || !ok || w.High != "0" || !w.Single() {
		t.Errorf("a step wider than the range is %v, %v", d, err)
	}
}

// On machines of 32 bits what needs more is wide, on others it is not.
func TestWideIntByMachine(t *testing.T) {
	d, err := Unmarshal(`{"name":"IntDistribution","attributes":{"low":0,"high":4294967296}}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, wide := d.(WideInt); wide != (strconv.IntSize == 32) {
		t.Errorf("%T with ints of %d bits", d, strconv.IntSize)
	}
}

func TestWideIntValues(t *testing.T) {
	d, err := Unmarshal(wideText)
	if err != nil {
		t.Fatal(err)
	}
	const two64 = 1 << 64
	for v, want := range map[float64]any{3: 3, 3.7: 3, 1e19: 1e19, two64: float64(two64), math.Inf(1): math.Inf(1)} {
		if got := d.External(v); got != want {
			t.Errorf("%v is shown as %v, want %v", v, got, want)
		}
	}
	for v, want := range map[float64]bool{0: true, 5: true, 5.5: false, 1e19: true, two64: true, 1e20: false, -1: false, math.NaN(): false} {
		if d.Contains(v) != want {
			t.Errorf("contains %v: %v", v, !want)
		}
	}
	if _, ok := d.Size(); ok || d.Single() {
		t.Error("it has too many values to count")
	}
	for _, d := range []Distribution{d, WideInt{}, WideInt{Low: "x", High: "-", Step: "0"}, WideInt{Low: "-1" + zeros(400), High: "1" + zeros(400), Step: "1"}, WideInt{Low: "1", High: "1" + zeros(400), Step: "1", Log: true}} {
		for _, u := range append(points(), -1, 2, math.NaN()) {
			v := d.FromUnit(u)
			if !d.Contains(v) {
				t.Errorf("%.60s: %v, from %v, lies outside", d, v, u)
			}
			if back := d.ToUnit(v); !(back >= 0 && back <= 1) {
				t.Errorf("%.60s: %v goes to %v", d, v, back)
			}
		}
		d.Size()
		_ = d.Validate().Error()
	}
	for _, d := range []WideInt{{}, {Low: "x", High: "1", Step: "1"}, {Low: "1.5", High: "1", Step: "1"}, {Low: "1}", High: "1", Step: "1"}} {
		if text, err := Marshal(d); err == nil {
			t.Errorf("%v is written as %s", d, text)
		}
	}
}

func zeros(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0'
	}
	return string(b)
}

// The kind of a parameter is that of an Int: the range may change, log may not.
func TestWideIntIsCompatibleWithInt(t *testing.T) {
	d, _ := Unmarshal(wideText)
	for _, c := range []struct {
		other Distribution
		ok    bool
	}{{Int{Low: 0, High: 3}, true}, {d, true}, {Int{Low: 1, High: 3, Log: true}, false}, {Float{Low: 0, High: 3}, false}, {Categorical{[]any{1}}, false}} {
		if (Compatible(d, c.other) == nil) != c.ok || (Compatible(c.other, d) == nil) != c.ok {
			t.Errorf("%v beside %v: %v, %v, want ok: %t", d, c.other, Compatible(d, c.other), Compatible(c.other, d), c.ok)
		}
	}
}
