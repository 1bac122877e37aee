package testfunc

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Points of the fronts of many objectives, and of the problems of Fronts, do not dominate one another, are inside
// the reference point, and no other point dominates them.
func TestManyFronts(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 9))
	below := func(a, b []float64) bool {
		for k := range a {
			if a[k] > b[k]-1e-9 {
				return false
			}
		}
		return true
	}
	for _, p := range append(Suite(Many), Suite(Fronts)...) {
		front := p.Front(200)
		if len(front) < 200 || len(front) > 225 {
			t.Errorf("%s: %d points", p.Name, len(front))
		}
		volume := 1.0
		for _, r := range p.Reference {
			volume *= r
		}
		if volume <= 0 {
			t.Errorf("%s: reference point %v", p.Name, p.Reference)
		}
		for i, f := range front {
			if len(f) != p.Objectives || !below(f, p.Reference) {
				t.Fatalf("%s: front point %v, reference point %v", p.Name, f, p.Reference)
			}
			for _, g := range front[:i] {
				if below(f, g) || below(g, f) {
					t.Fatalf("%s: on the front, %v and %v", p.Name, f, g)
				}
			}
		}
		for range 2000 {
			x := p.Random(rng)
			v, _ := p.Eval(x)
			for _, f := range front {
				if below(v, f) {
					t.Fatalf("%s: %v at %v dominates %v of the front", p.Name, v, x, f)
				}
			}
		}
	}
	// With the last parameters in the middle the second problem of DTLZ is on its front.
	p := Sphered(5, 8)
	for range 100 {
		x, sum := p.Random(rng), 0.0
		for j := 4; j < 8; j++ {
			x[j] = 0.5
		}
		v, _ := p.Eval(x)
		for _, f := range v {
			sum += f * f
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Fatalf("at %v the values are %v, off the unit sphere", x, v)
		}
	}
}

// A problem of three objectives is the same one as the older definition has.
func TestSpheredIsDTLZ2(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 10))
	a, b := Sphered(3, 7), DTLZ(2, 7)
	for range 50 {
		x := a.Random(rng)
		v, _ := a.Eval(x)
		w, _ := b.Eval(x)
		for k := range v {
			if math.Abs(v[k]-w[k]) > 1e-12 {
				t.Fatalf("at %v: %v and %v", x, v, w)
			}
		}
	}
}

// A condition of the kind "or more" is kept by all larger values.
func TestAtLeast(t *testing.T) {
	p := Layers()
	for depth := 1.0; depth <= 3; depth++ {
		x := []float64{depth, 0.01, 64, 0.5, 64, 0.5, 64, 0.5}
		for j := range 6 {
			if got, want := p.Active(2+j, x), j/2 < int(depth); got != want {
				t.Errorf("depth %v: parameter %s exists: %v", depth, p.Params[2+j].Name, got)
			}
		}
	}
}
