package signedrank

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// testdata/golden.py made the numbers with SciPy.
func TestEqualsSciPy(t *testing.T) {
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		D             []float64
		Greater, Less float64
	}
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) < 100 {
		t.Fatalf("only %d golden rows", len(rows))
	}
	for _, row := range rows {
		negated := make([]float64, len(row.D))
		for i, x := range row.D {
			negated[i] = -x
		}
		for _, c := range []struct {
			name string
			d    []float64
			want float64
		}{{"greater", row.D, row.Greater}, {"less", negated, row.Less}} {
			if got := Greater(c.d); math.Abs(got-c.want) > 1e-12+1e-9*c.want {
				t.Errorf("%s, %d differences %.60v: got %v, want %v", c.name, len(c.d), c.d, got, c.want)
			}
		}
	}
}

// Every assignment of signs is as likely: over all of them the p-value takes
// each attainable level exactly as often as it says (the test is exact).
func TestExactIsUniform(t *testing.T) {
	for _, magnitudes := range [][]float64{{1, 2, 3, 4, 5, 6, 7, 8}, {1, 1, 2, 2, 2, 5, 7, 7}, {0, 1, 1, 3, 4, 0, 5, 9}} {
		var all []float64
		for signs := range 1 << len(magnitudes) {
			d := make([]float64, len(magnitudes))
			for i, m := range magnitudes {
				d[i] = m
				if signs>>i&1 == 1 {
					d[i] = -m
				}
			}
			all = append(all, Greater(d))
		}
		for _, p := range all {
			var atMost float64
			for _, q := range all {
				if q <= p {
					atMost++
				}
			}
			if got := atMost / float64(len(all)); math.Abs(got-p) > 1e-12 {
				t.Errorf("magnitudes %v: P(p ≤ %v) = %v", magnitudes, p, got)
			}
		}
	}
}

func TestOddInput(t *testing.T) {
	if p := Greater(nil); !math.IsNaN(p) {
		t.Errorf("no differences: p = %v, want NaN", p)
	}
	if p := Greater([]float64{1, math.NaN()}); !math.IsNaN(p) {
		t.Errorf("NaN: p = %v, want NaN", p)
	}
	if p := Greater([]float64{math.Inf(1), 2, 3}); p != 0.125 {
		t.Errorf("three positive, one infinite: p = %v, want 1/8", p)
	}
	d := []float64{3, -1, 2}
	Greater(d)
	if d[0] != 3 || d[1] != -1 || d[2] != 2 {
		t.Errorf("the differences were changed to %v", d)
	}
}
