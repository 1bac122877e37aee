package hypervolume

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// Numbers that Optuna 5 gives.
func TestAsOptuna(t *testing.T) {
	raw, err := os.ReadFile("testdata/hypervolume.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden []struct {
		Points [][]float64
		Ref    []float64
		Volume float64
		Ranks  []int
		K      int
		Subset []int
	}
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden) < 40 {
		t.Fatalf("%d cases", len(golden))
	}
	for i, g := range golden {
		if got := Volume(g.Points, g.Ref); math.Abs(got-g.Volume) > 1e-10*math.Abs(g.Volume) {
			t.Errorf("case %d: volume %v, want %v", i, got, g.Volume)
		}
		if got := Ranks(g.Points); !slices.Equal(got, g.Ranks) {
			t.Errorf("case %d: ranks %v, want %v", i, got, g.Ranks)
		}
		// Ties may be broken by the last digit: what counts is the volume.
		got := Subset(g.Points, g.K, g.Ref)
		if a, b := Volume(pick(g.Points, got), g.Ref), Volume(pick(g.Points, g.Subset), g.Ref); math.Abs(a-b) > 1e-9*math.Abs(b) {
			t.Errorf("case %d: subset %v of volume %v, want %v of volume %v", i, got, a, g.Subset, b)
		}
	}
}

func pick(points [][]float64, at []int) [][]float64 {
	var out [][]float64
	for _, i := range at {
		out = append(out, points[i])
	}
	return out
}

func TestByHand(t *testing.T) {
	for _, c := range []struct {
		points [][]float64
		ref    []float64
		want   float64
	}{
		{[][]float64{{1, 3}, {2, 2}, {3, 1}}, []float64{4, 4}, 6},
		{[][]float64{{1, 2, 3}, {3, 2, 1}, {2, 2, 2}}, []float64{4, 4, 4}, 12},
		{[][]float64{{1, 2, 3, 4}, {4, 3, 2, 1}, {2, 2, 2, 2}}, []float64{5, 5, 5, 5}, 93},
		{[][]float64{{1, 3}, {2, 2}, {5, 0}}, []float64{4, 4}, 5}, // one point beyond ref
		{[][]float64{{2}, {1}}, []float64{4}, 3},
		{nil, []float64{4, 4}, 0},
		{[][]float64{{math.Inf(-1), 0}}, []float64{1, 1}, math.Inf(1)},
	} {
		if got := Volume(c.points, c.ref); got != c.want {
			t.Errorf("Volume(%v, %v) = %v, want %v", c.points, c.ref, got, c.want)
		}
	}
	if got := Subset([][]float64{{1, 5}, {2, 4}, {3, 3}, {4, 2}, {5, 1}}, 3, []float64{6, 6}); !slices.Equal(got, []int{2, 0, 3}) {
		t.Errorf("Subset = %v, want [2 0 3]", got)
	}
	if got := Ranks([][]float64{{1, 2}, {2, 1}, {2, 2}, {3, 3}, {1, 2}}); !slices.Equal(got, []int{0, 0, 1, 2, 0}) {
		t.Errorf("Ranks = %v, want [0 0 1 2 0]", got)
	}
	if got := Subset([][]float64{{1, 1}, {1, 1}, {0, 2}, {1, 1}}, 3, []float64{3, 3}); !slices.Equal(got, []int{2, 0, 1}) {
		t.Errorf("Subset of equal points = %v, want [2 0 1]", got)
	}
}

// The volume agrees with the share of random points that are dominated: to five
// standard deviations, so 60 cases raise a false alarm with a probability of 4e-5,
// and the stream is fixed.
func TestVolumeByMonteCarlo(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 60 {
		m := 2 + r.IntN(4)
		points := random(r, 1+r.IntN(12), m)
		ref := slices.Repeat([]float64{1}, m)
		const draws = 4000
		hit := 0
		x := make([]float64, m)
		for range draws {
			for k := range x {
				x[k] = r.Float64()
			}
			if slices.ContainsFunc(points, func(p []float64) bool { return weaklyDominates(p, x) }) {
				hit++
			}
		}
		v := Volume(points, ref)
		if got := float64(hit) / draws; math.Abs(got-v) > 5*math.Sqrt(v*(1-v)/draws)+1e-3 {
			t.Errorf("volume of %v is %v, by drawing %v", points, v, got)
		}
	}
}

func random(r *rand.Rand, n, m int) [][]float64 {
	points := make([][]float64, n)
	for i := range points {
		points[i] = make([]float64, m)
		for k := range points[i] {
			points[i][k] = r.Float64()
		}
	}
	return points
}

// A rank is one more than the highest rank among those that dominate the point.
func TestRanksFollowFromDominance(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 60 {
		points := random(r, 1+r.IntN(60), 1+r.IntN(4))
		for _, p := range points { // some ties
			for k := range p {
				if r.IntN(2) == 0 {
					p[k] = math.Round(p[k] * 4)
				}
			}
		}
		ranks := Ranks(points)
		for i, p := range points {
			want := 0
			for j, o := range points {
				if weaklyDominates(o, p) && !slices.Equal(o, p) {
					want = max(want, ranks[j]+1)
				}
			}
			if ranks[i] != want {
				t.Fatalf("%v has rank %d among %v, want %d", p, ranks[i], points, want)
			}
		}
	}
}

// The lazy choice is that of computing every contribution anew.
func TestSubsetIsGreedy(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 40 {
		m := 2 + r.IntN(3)
		points := random(r, 2+r.IntN(20), m)
		ref := slices.Repeat([]float64{1}, m)
		k := 1 + r.IntN(len(points))
		chosen := Subset(points, k, ref)
		if len(chosen) != k {
			t.Fatalf("%d of %d points chosen: %v", len(chosen), k, chosen)
		}
		if k == len(points) {
			continue
		}
		for n := range chosen {
			volume := func(i int) float64 { return Volume(append(pick(points, chosen[:n]), points[i]), ref) }
			got := volume(chosen[n])
			for i := range points {
				if !slices.Contains(chosen[:n], i) && volume(i) > got+1e-12 {
					t.Fatalf("choice %d is %d, which leads to %v; %d leads to %v", n, chosen[n], got, i, volume(i))
				}
			}
		}
	}
}

func TestOddNumbers(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	odd := [][]float64{{nan, 1}, {inf, -inf}, {-inf, inf}, {nan, nan}, {0, 0}, {1e308, -1e308}, {-inf, -inf}}
	for _, ref := range [][]float64{{1, 1}, {inf, inf}, {nan, 0}, {-inf, 3}} {
		if v := Volume(odd, ref); math.IsNaN(v) || v < 0 {
			t.Errorf("Volume up to %v = %v", ref, v)
		}
		for k := range len(odd) + 3 {
			got := Subset(odd, k, ref)
			if len(got) != min(k, len(odd)) {
				t.Errorf("Subset of %d up to %v = %v", k, ref, got)
			}
			slices.Sort(got)
			if len(slices.Compact(got)) != min(k, len(odd)) {
				t.Errorf("Subset of %d up to %v chose one twice: %v", k, ref, got)
			}
		}
	}
	if got := Ranks(odd); got[6] != 0 || got[3] == 0 {
		t.Errorf("Ranks = %v", got)
	}
	if got := Ranks(nil); len(got) != 0 {
		t.Errorf("Ranks(nil) = %v", got)
	}
}
