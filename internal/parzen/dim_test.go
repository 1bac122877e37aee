package parzen

import (
	"math"
	"testing"
)

func TestDimUnit(t *testing.T) {
	for _, c := range []struct {
		name       string
		d          Dim
		x, u, back float64
	}{
		{"low end", Range(-2, 3, false), -2, 0, -2},
		{"high end", Range(-2, 3, false), 3, 1, 3},
		{"middle", Range(-2, 3, false), 0.5, 0.5, 0.5},
		{"outside", Range(0, 1, false), 2, 2, 1},
		{"far outside", Range(0, 1, false), -1e300, -far, 0},
		{"log", Range(1e-4, 1, true), 1e-2, 0.5, 1e-2},
		{"grid, first", Grid(1, 10, 1, false), 1, 0.05, 1},
		{"grid, last", Grid(1, 10, 1, false), 10, 0.95, 10},
		{"grid of 0.25", Grid(0, 1, 0.25, false), 0.75, 0.7, 0.75},
		{"beside the grid", Grid(0, 4, 2, false), 3.1, 4.1 / 6, 4},
		{"log grid", Grid(1, 16, 1, true), 4, (math.Log(4) - math.Log(0.5)) / (math.Log(16.5) - math.Log(0.5)), 4},
		{"category", Categories(3), 2, 2, 2},
		{"category with a fraction", Categories(3), 1.9, 1, 1},
		{"all numbers", Range(-math.MaxFloat64, math.MaxFloat64, false), 0, 0.5, 0},
		{"grid at the end of numbers", Grid(-math.MaxFloat64, math.MaxFloat64, math.MaxFloat64, false), 0, 0.5, 0},
	} {
		u := c.d.Unit(c.x)
		if math.Abs(u-c.u) > 1e-14*max(1, math.Abs(c.u)) {
			t.Errorf("%s: Unit(%v) = %v, want %v", c.name, c.x, u, c.u)
		}
		if back := c.d.Value(u); math.Abs(back-c.back) > 1e-14*math.Abs(c.back) {
			t.Errorf("%s: Value(%v) = %v, want %v", c.name, u, back, c.back)
		}
	}
	for _, c := range []struct {
		d Dim
		x float64
	}{
		{Range(0, 1, false), math.NaN()}, {Range(0, 1, false), math.Inf(1)}, {Range(1, 2, true), 0}, {Range(1, 2, true), -3},
		{Categories(3), 3}, {Categories(3), -1}, {Categories(3), math.NaN()},
	} {
		if u := c.d.Unit(c.x); !math.IsNaN(u) {
			t.Errorf("%+v: Unit(%v) = %v, want NaN", c.d, c.x, u)
		}
	}
}

// Every place of the unit interval leads to a value of the dimension, both ends
// are reached, and grid cells are as wide as they should be.
func TestDimValue(t *testing.T) {
	for _, d := range []Dim{
		Range(0, 1, false), Range(-5e-324, 5e-324, false), Range(1e-320, 1e308, true), Range(-math.MaxFloat64, math.MaxFloat64, false),
		Grid(1, 10, 1, false), Grid(-7, 7, 3.5, false), Grid(1, 100, 1, true), Grid(math.MinInt64, math.MaxInt64-1023, 1, false), Categories(5),
	} {
		low, high := math.Inf(1), math.Inf(-1)
		for i := -5; i <= 1005; i++ {
			u := float64(i) / 1000
			if !d.Numeric() {
				u *= 5
			}
			v := d.Value(u)
			if math.IsNaN(v) {
				t.Fatalf("%+v: Value(%v) is NaN", d, u)
			}
			low, high = min(low, v), max(high, v)
		}
		wantLow, wantHigh := d.low, d.high
		if !d.Numeric() {
			wantLow, wantHigh = 0, 4
		}
		if low != wantLow || high != wantHigh {
			t.Errorf("%+v: values reach from %v to %v, want %v to %v", d, low, high, wantLow, wantHigh)
		}
		if v := d.Value(math.NaN()); !(v >= wantLow && v <= wantHigh) {
			t.Errorf("%+v: Value(NaN) = %v", d, v)
		}
		if d.step > 0 && d.cells < 1e6 {
			end := 0.0
			for k := 0.0; k < d.cells; k++ {
				x := d.At(k)
				if d.Index(x) != int(k) {
					t.Errorf("%+v: Index(%v) = %d, want %v", d, x, d.Index(x), k)
				}
				mid, width := d.cell(x)
				if math.Abs(mid-width/2-end) > 1e-12 || !(width > 0) {
					t.Errorf("%+v: cell of %v is %v wide around %v, the one before ends at %v", d, x, width, mid, end)
				}
				end = mid + width/2
			}
			if math.Abs(end-1) > 1e-12 {
				t.Errorf("%+v: the last cell ends at %v", d, end)
			}
		}
	}
}
