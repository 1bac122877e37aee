package bayes

import (
	"math"
	"math/rand/v2"
	"testing"
)

// While all points come out alike, proposals go all over the space, not to its border.
func TestFlat(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, c := range map[string]struct {
		value, limit func(i int) float64 // limit nil: no constraint
		want         bool
	}{
		"constant":                     {value: func(int) float64 { return 7 }, want: true},
		"failures":                     {value: func(int) float64 { return nan }, want: true},
		"failures and infinite values": {value: func(i int) float64 { return []float64{nan, inf}[i%2] }, want: true},
		"equal to within rounding":     {value: func(i int) float64 { return 1 + float64(i%2)*0x1p-52 }, want: true},
		"two values":                   {value: func(i int) float64 { return float64(i / 29) }},
		"a tiny difference":            {value: func(i int) float64 { return 1 + float64(i%2)*1e-12 }},
		"forbidden alike":              {value: func(i int) float64 { return float64(i) }, limit: func(int) float64 { return 1 }, want: true},
		"forbidden by more and less":   {value: func(int) float64 { return 1 }, limit: func(i int) float64 { return float64(i + 1) }},
		"one is allowed":               {value: func(i int) float64 { return float64(i) }, limit: func(i int) float64 { return float64(1 - i/29) }},
		"all are allowed":              {value: func(int) float64 { return 1 }, limit: func(int) float64 { return 0 }, want: true},
		"all are allowed, values":      {value: func(i int) float64 { return float64(i) }, limit: func(int) float64 { return 0 }},
	} {
		rng := rand.New(rand.NewPCG(4, 4))
		p := &Problem{Space: &Space{Dims: make([]Dim, 2)}, Values: [][]float64{nil}}
		if c.limit != nil {
			p.Limits = [][]float64{nil}
		}
		add := func(x []float64) {
			i := len(p.Points)
			p.Points = append(p.Points, x)
			p.Values[0] = append(p.Values[0], c.value(i))
			if c.limit != nil {
				p.Limits[0] = append(p.Limits[0], c.limit(i))
			}
		}
		for range 30 {
			add([]float64{rng.Float64(), rng.Float64()})
		}
		if got := p.flat(); got != c.want {
			t.Errorf("%s: flat is %v", name, got)
		}
		if !c.want {
			continue
		}
		inner := 0
		for range 40 {
			x := (&Engine{}).Propose(p, rand.New(rand.NewPCG(5, uint64(len(p.Points))))).Point
			if min(x[0], x[1], 1-x[0], 1-x[1]) > 0.1 {
				inner++
			}
			add(x)
		}
		if inner < 16 || inner > 36 { // of an area of 0.64
			t.Errorf("%s: %d of 40 points are a tenth of the range away from the border", name, inner)
		}
		p.Belief = func([]float64) float64 { return 0 }
		if p.flat() {
			t.Errorf("%s: flat, with a belief", name)
		}
	}
}
