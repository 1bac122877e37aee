package bayes

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gohone/hone/internal/hypervolume"
)

// randomFront draws points of a curved front, near it, that do not dominate one another.
func randomFront(rng *rand.Rand, size, m int) [][]float64 {
	var front [][]float64
	for len(front) < size {
		f, sum := make([]float64, m), 0.0
		for k := range f {
			f[k] = math.Abs(rng.NormFloat64())
			sum += f[k] * f[k]
		}
		for k := range f {
			f[k] *= (1 + 0.1*rng.Float64()) / math.Sqrt(sum)
		}
		keep := true
		for _, g := range front {
			keep = keep && !below(f, g) && !below(g, f)
		}
		if keep {
			front = append(front, f)
		}
	}
	return front
}

// Boxes below a front of many points fill what the front leaves free, and are few.
func TestFree(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 2))
	for m, most := range map[int]int{2: 61, 3: 121, 4: 1500} {
		front, reference := randomFront(rng, 60, m), make([]float64, m)
		for k := range reference {
			reference[k] = 1.05 // some points are outside
		}
		boxes := free(front, reference)
		if len(boxes) > most {
			t.Errorf("%d objectives: %d boxes, want %d at most", m, len(boxes), most)
		}
		volume := 0.0
		for _, b := range boxes {
			v := 1.0
			for k := range m {
				v *= b.high[k] - max(b.low[k], 0) // no point is below 0
			}
			volume += v
		}
		want := math.Pow(1.05, float64(m)) - hypervolume.Volume(front, reference)
		if math.Abs(volume-want) > 1e-9 {
			t.Errorf("%d objectives: boxes of volume %v, want %v", m, volume, want)
		}
		for range 1000 {
			x := make([]float64, m)
			for k := range x {
				x[k] = 1.05*rng.Float64() - 0.1
			}
			inside, dominated := 0, false
			for _, b := range boxes {
				in := true
				for k := range x {
					in = in && b.low[k] < x[k] && x[k] < b.high[k]
				}
				if in {
					inside++
				}
			}
			for _, f := range front {
				dominated = dominated || below(f, x)
			}
			if dominated != (inside == 0) || inside > 1 {
				t.Fatalf("%d objectives: %v is in %d boxes, dominated: %v", m, x, inside, dominated)
			}
		}
	}
}

// With a scale the improvement is that of the volume of told values, where the scale
// is as it is between the front's values.
func TestVolumeByScale(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 3))
	front, reference := randomFront(rng, 40, 3), []float64{1.3, 1.3, 1.3}
	told := func(x []float64) []float64 {
		out := make([]float64, len(x))
		for k, z := range x {
			out[k] = bent(k, z)
		}
		return out
	}
	var toldFront [][]float64
	for _, f := range front {
		toldFront = append(toldFront, told(f))
	}
	c := newVolume(front, reference, bent, 1)
	before := hypervolume.Volume(toldFront, told(reference))
	sure := []float64{1e-9, 1e-9, 1e-9}
	dMu, dSigma := make([]float64, 3), make([]float64, 3)
	for range 200 {
		x := make([]float64, 3)
		for k := range x { // at values of the front the scale is met
			x[k] = front[rng.IntN(len(front))][k]
		}
		want := hypervolume.Volume(append(append([][]float64(nil), toldFront...), told(x)), told(reference)) - before
		got := math.Exp(c.value(x, sure, dMu, dSigma))
		if math.Abs(got-want) > 1e-6 {
			t.Fatalf("improvement %v at %v, want %v", got, x, want)
		}
	}
}

// Far behind the front the criterion is finite, and falls with each step farther away.
func TestVolumeFarBehind(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 4))
	for m := 2; m <= 4; m++ {
		reference := make([]float64, m)
		for k := range reference {
			reference[k] = 1.5
		}
		c := newVolume(randomFront(rng, 20, m), reference, bent, 1)
		mu, sigma, dMu, dSigma := make([]float64, m), make([]float64, m), make([]float64, m), make([]float64, m)
		for _, s := range []float64{0.3, 1e-2, 1e-4} {
			last := math.Inf(1)
			for step := range 40 {
				for k := range mu {
					mu[k], sigma[k] = 1+0.25*float64(step), s
				}
				v := c.value(mu, sigma, dMu, dSigma)
				if math.IsInf(v, 0) || !(v < last) {
					t.Fatalf("%d objectives, σ = %v: %v at %v, after %v", m, s, v, mu, last)
				}
				last = v
				for k := range mu {
					if !(dMu[k] <= 0) || math.IsNaN(dSigma[k]) || math.IsInf(dSigma[k], 0) {
						t.Fatalf("%d objectives, σ = %v: derivatives %v and %v at %v", m, s, dMu, dSigma, mu)
					}
				}
			}
		}
	}
}

// Below the best value of each objective, lengths count as much as is hoped; elsewhere
// hope changes nothing.
func TestHope(t *testing.T) {
	front, reference, sure := [][]float64{{0, 1}, {1, 0}}, []float64{2, 2}, []float64{1e-9, 1e-9}
	full, half := newVolume(front, reference, straight, 1), newVolume(front, reference, straight, 0.5)
	scrap := make([]float64, 2)
	for _, c := range []struct{ x, y, full, half float64 }{
		{0.5, 0.5, 0.25, 0.25}, {-1, 1.5, 0.5, 0.25}, {-1, -1, 6, 3.25},
	} {
		for v, want := range map[*volume]float64{full: c.full, half: c.half} {
			if got := math.Exp(v.value([]float64{c.x, c.y}, sure, scrap, scrap)); math.Abs(got-want) > 1e-6 {
				t.Errorf("improvement %v at (%v, %v), want %v", got, c.x, c.y, want)
			}
		}
	}
}

// A point that is hardly better in one objective and much worse in another is not
// what the reference point goes by.
func TestCloseReference(t *testing.T) {
	front := [][]float64{{0, 1}, {0.3, 0.7}, {0.7, 0.3}, {1, 0}, {1.0001, -1e-12}, {3, -1e-9}, {-1e-9, 2}}
	if got := proper(front); len(got) != 4 {
		t.Errorf("proper points %v, want four", got)
	}
	same := scale{{-1, -1}, {5, 5}}
	for k, r := range closeReference(front, []scale{same, same}) {
		if math.Abs(r-1.1) > 1e-9 {
			t.Errorf("reference %v in objective %d, want 1.1", r, k)
		}
	}
	if got := closeReference([][]float64{{1, 2}}, []scale{same, same}); !math.IsInf(got[0], 1) || !math.IsInf(got[1], 1) {
		t.Errorf("reference %v of a single point, want none", got)
	}
}

// Scales lead back and forth, whatever values there are.
func TestScales(t *testing.T) {
	for name, told := range map[string][]float64{
		"numbers": {3, -1, 2, 2, 10, 0.5}, "constant": {4, 4, 4, 4, 4, 4}, "zeros": {0, 0, 0, 0, 0, 0},
		"huge": {1e100, -1e100, 0, 1, 2, 3}, "tiny": {1e-300, 2e-300, 3e-300, 0, 4e-300, 5e-300},
	} {
		for _, w := range []Warp{Plain, Power, Half} {
			z := make([]float64, len(told))
			w.apply(z, told)
			st := &state{told: [][]float64{told}, values: [][]float64{z}}
			s := st.scales()[0]
			for i := range s {
				if got := s.warped(s.told(s[i][1])); math.Abs(got-s[i][1]) > 1e-9 {
					t.Errorf("%s, warp %d: %v comes back as %v", name, w, s[i][1], got)
				}
			}
			for _, x := range []float64{-7, -0.1, 0.3, 7} {
				if y := s.told(x); math.IsNaN(y) || math.IsInf(y, 0) || s.told(x+0.1) < y {
					t.Errorf("%s, warp %d: %v is told %v, and %v is %v", name, w, x, y, x+0.1, s.told(x+0.1))
				}
			}
		}
	}
}
