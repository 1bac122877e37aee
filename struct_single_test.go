package hone_test

import (
	"math"
	"testing"

	"github.com/gohone/hone"
)

// A float32 keeps to its tag's range: 0.1 and 0.7 lie between two of them, and the
// nearest is below low for the one and outside for others.
func TestSuggestStructFloat32StaysInside(t *testing.T) {
	type config struct {
		A float32 `hone:"a,low=0.1,high=0.7"`
		B float32 `hone:"b,low=-0.7,high=-0.1"`
		C float32 `hone:"c,low=1e-5,high=0.3,log"`
		D float32 `hone:"d,low=0.1,high=0.1"`    // there is none: the nearest
		E float32 `hone:"e,choices=0.1|0.2"`     // nor a range
		F float64 `hone:"f,low=0.1,high=0.7"`    // exact
		G float32 `hone:"g,low=0.25,high=0.625"` // exact, too
	}
	s := newStudy(t, nil)
	for _, high := range []bool{false, true} {
		at := map[string]any{"a": 0.1, "b": -0.7, "c": 1e-5, "f": 0.1, "g": 0.25}
		if high {
			at = map[string]any{"a": 0.7, "b": -0.1, "c": 0.3, "f": 0.7, "g": 0.625}
		}
		if err := s.Enqueue(at, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Optimize(func(tr *hone.Trial) (float64, error) {
			var c config
			tr.SuggestStruct(&c)
			for _, f := range []struct {
				name      string
				v         float32
				at        float64
				low, high float64
			}{{"a", c.A, at["a"].(float64), 0.1, 0.7}, {"b", c.B, at["b"].(float64), -0.7, -0.1}, {"c", c.C, at["c"].(float64), 1e-5, 0.3}, {"g", c.G, at["g"].(float64), 0.25, 0.625}} {
				if float64(f.v) < f.low || float64(f.v) > f.high || math.Abs(float64(f.v)-f.at) > 1e-7 {
					t.Errorf("%s is %v for %v, outside of %v to %v or far from it", f.name, float64(f.v), f.at, f.low, f.high)
				}
				if stored := tr.Params()[f.name]; stored != f.at {
					t.Errorf("%s is stored as %v, not %v", f.name, stored, f.at)
				}
			}
			if c.D != 0.1 || c.E != 0.1 && c.E != 0.2 || c.F != at["f"] {
				t.Errorf("the others are %+v", c)
			}
			return 0, nil
		}, 1); err != nil {
			t.Fatal(err)
		}
	}
}
