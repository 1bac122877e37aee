package distributions

import (
	"math/rand/v2"
	"testing"
)

var benchDomains = []struct {
	name string
	d    Distribution
}{
	{"float", Float{Low: -1, High: 3}},
	{"float-log", Float{Low: 1e-5, High: 1e-1, Log: true}},
	{"float-step", Float{Low: 0, High: 1, Step: 0.1}},
	{"int", Int{Low: 1, High: 64, Step: 1}},
	{"int-log", Int{Low: 1, High: 1024, Step: 1, Log: true}},
	{"categorical", Categorical{[]any{"relu", "tanh", "gelu", "silu"}}},
}

// each runs a benchmark for every kind of domain, on values of that domain.
func each(b *testing.B, f func(b *testing.B, d Distribution, u, v []float64)) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range benchDomains {
		u, v := make([]float64, 256), make([]float64, 256)
		for i := range u {
			u[i] = rng.Float64()
			v[i] = c.d.FromUnit(u[i])
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			f(b, c.d, u, v)
		})
	}
}

var sink float64

func BenchmarkFromUnit(b *testing.B) {
	each(b, func(b *testing.B, d Distribution, u, _ []float64) {
		for i := range b.N {
			sink += d.FromUnit(u[i&255])
		}
	})
}

func BenchmarkToUnit(b *testing.B) {
	each(b, func(b *testing.B, d Distribution, _, v []float64) {
		for i := range b.N {
			sink += d.ToUnit(v[i&255])
		}
	})
}

func BenchmarkContains(b *testing.B) {
	each(b, func(b *testing.B, d Distribution, _, v []float64) {
		for i := range b.N {
			if !d.Contains(v[i&255]) {
				b.Fatal("outside")
			}
		}
	})
}

func BenchmarkInternal(b *testing.B) {
	each(b, func(b *testing.B, d Distribution, _, v []float64) {
		external := d.External(v[0])
		for range b.N {
			if _, err := d.Internal(external); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkNormalize(b *testing.B) {
	each(b, func(b *testing.B, d Distribution, _, _ []float64) {
		for range b.N {
			if _, err := Normalize(d); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEqual(b *testing.B) {
	each(b, func(b *testing.B, d Distribution, _, _ []float64) {
		for range b.N {
			if !Equal(d, d) {
				b.Fatal("not equal")
			}
		}
	})
}

func BenchmarkMarshal(b *testing.B) {
	each(b, func(b *testing.B, d Distribution, _, _ []float64) {
		for range b.N {
			if _, err := Marshal(d); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkUnmarshal(b *testing.B) {
	each(b, func(b *testing.B, d Distribution, _, _ []float64) {
		text, err := Marshal(d)
		if err != nil {
			b.Fatal(err)
		}
		for range b.N {
			if _, err := Unmarshal(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
