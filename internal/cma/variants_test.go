package cma

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// integers is a Cell for coordinates from `from` on: the integers from −10 to 10.
func integers(from int) func(int, float64) (float64, float64, bool) {
	return func(j int, v float64) (lo, hi float64, ok bool) {
		if j < from {
			return 0, 0, false
		}
		k := min(max(math.Round(v), -10), 10)
		lo, hi = k-0.5, k+0.5
		if k == -10 {
			lo = math.Inf(-1)
		}
		if k == 10 {
			hi = math.Inf(1)
		}
		return lo, hi, true
	}
}

// search counts evaluations until f reaches 1e-8, −1 if the budget ends first.
func search(o Options, seed uint64, budget int, f func(*Solution) float64) int {
	rng := newRand(seed)
	if o.Mean == nil {
		panic("no start")
	}
	for j, m := range o.Mean {
		if math.IsNaN(m) {
			o.Mean[j] = 1 + 2*rng.Float64()
		}
	}
	c := New(o)
	s := make([]Solution, c.Population())
	for count := 0; count < budget; {
		for i := range s {
			c.Ask(rng, &s[i])
			s[i].Value = f(&s[i])
			if count++; s[i].Value <= 1e-8 {
				return count
			}
		}
		c.Tell(s)
	}
	return -1
}

func ellipsoid2(x []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += math.Pow(1000, 2*float64(i)/float64(len(x)-1)) * v * v
	}
	return s
}

// TestVariants compares the margin, the categories and the adapted rates with the
// implementations of their authors: testdata/variants.json, made by
// testdata/variants.py. As many runs succeed, and the median is at most 10 %
// above theirs (the standard error of a median is about 2 %); with -short
// there are ten runs and 30 %.
func TestVariants(t *testing.T) {
	var tasks []struct {
		Kind, Function string
		Size           struct {
			Cont, Ints, Cats, K, N int
			Start, Sigma           float64
		}
		Budget, Runs int
		Successes    int
		Median       float64
	}
	text, err := os.ReadFile("testdata/variants.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &tasks); err != nil {
		t.Fatal(err)
	}
	functions := map[string]func([]float64) float64{"sphere": sphere, "ellipsoid": ellipsoid2, "rastrigin": rastrigin}
	for _, task := range tasks {
		f := functions[task.Function]
		var o Options
		var g func(*Solution) float64
		switch task.Kind {
		case "margin", "catcmawm":
			o = Options{Mean: slices.Repeat([]float64{math.NaN()}, task.Size.Cont+task.Size.Ints), Sigma: 1, Cell: integers(task.Size.Cont)}
			g = func(s *Solution) float64 {
				x := slices.Clone(s.X)
				for j := task.Size.Cont; j < len(x); j++ {
					x[j] = min(max(math.Round(x[j]), -10), 10)
				}
				return f(x)
			}
		case "categorical":
			o = Options{Mean: slices.Repeat([]float64{math.NaN()}, task.Size.Cont), Sigma: 1, Categories: slices.Repeat([]int{task.Size.K}, task.Size.Cats)}
			g = func(s *Solution) float64 {
				v := f(s.X)
				for _, k := range s.C {
					v += float64(min(k, 1))
				}
				return v
			}
		case "rates":
			o = Options{Mean: slices.Repeat([]float64{task.Size.Start}, task.Size.N), Sigma: task.Size.Sigma, AdaptRates: true}
			g = func(s *Solution) float64 { return f(s.X) }
		default:
			t.Fatalf("unknown kind %q", task.Kind)
		}
		runs, tol := task.Runs, 0.1
		if testing.Short() {
			if runs, tol = min(runs, 10), 0.3; task.Budget > 100000 {
				continue
			}
		}
		var ok []int
		for r := range runs {
			one := o
			one.Mean = slices.Clone(o.Mean)
			if k := search(one, uint64(r+1), task.Budget, g); k > 0 {
				ok = append(ok, k)
			}
		}
		slices.Sort(ok)
		median := 0
		if len(ok) > 0 {
			median = ok[len(ok)/2]
		}
		t.Logf("%s, %s %+v: median of %d evaluations, %d of %d runs; theirs %v, %d of %d", task.Kind, task.Function, task.Size,
			median, len(ok), runs, task.Median, task.Successes, task.Runs)
		if float64(len(ok))/float64(runs) < float64(task.Successes)/float64(task.Runs) || float64(median) > task.Median*(1+tol) {
			t.Errorf("%s, %s: worse than the authors' implementation", task.Kind, task.Function)
		}
	}
}
