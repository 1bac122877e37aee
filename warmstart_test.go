package hone_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
)

// earlier is a study with these points, whose value is x.
func earlier(t *testing.T, direction hone.Direction) *hone.Study {
	t.Helper()
	s, err := hone.NewStudy(&hone.Options{Direction: direction, Sampler: &sampler.Random{}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct {
		x   float64
		n   int
		act string
	}{{5, 50, "relu"}, {3, 30, "tanh"}, {3, 30, "tanh"}, {0.5, 7, "gone"}, {4, 40, "relu"}, {1, 10, "tanh"}} {
		if err := s.Enqueue(map[string]any{"x": p.x, "n": p.n, "act": p.act}, nil); err != nil {
			t.Fatal(err)
		}
	}
	err = s.Optimize(func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", 0, 5)
		t.SuggestInt("n", 1, 50)
		t.SuggestCategorical("act", "relu", "tanh", "gone")
		if x == 1 {
			t.SetConstraint("memory", 2) // the second best breaks a constraint
		}
		if x == 4 {
			return 0, hone.ErrPruned
		}
		return x, nil
	}, 6)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// queued runs n trials that ask for a changed space and returns the points.
func queued(t *testing.T, s *hone.Study, n int, objective func(t *hone.Trial) string) []string {
	t.Helper()
	var got []string
	err := s.Optimize(func(t *hone.Trial) (float64, error) {
		got = append(got, objective(t))
		return 0, nil
	}, n)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func freshStudy(t *testing.T) *hone.Study {
	t.Helper()
	s, err := hone.NewStudy(&hone.Options{Sampler: &sampler.Random{}, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWarmStart(t *testing.T) {
	ask := func(t *hone.Trial) string {
		return fmt.Sprint(t.SuggestFloat("x", 0, 5), " ", t.SuggestInt("n", 1, 50), " ", t.SuggestCategorical("act", "relu", "tanh", "gone"))
	}
	for direction, want := range map[hone.Direction][]string{
		hone.Minimize: {"0.5 7 gone", "3 30 tanh", "5 50 relu"},
		hone.Maximize: {"5 50 relu", "3 30 tanh", "0.5 7 gone"},
	} {
		from, s := earlier(t, direction), freshStudy(t)
		n, err := s.WarmStart(from, nil)
		if err != nil || n != 3 {
			t.Fatalf("%s: %d points, %v", direction, n, err)
		}
		if again, err := s.WarmStart(from, nil); err != nil || again != 3 {
			t.Fatalf("%s, again: %d points, %v", direction, again, err)
		}
		if got := queued(t, s, 3, ask); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", direction, got, want)
		}
		all, err := s.Trials()
		if err != nil || len(all) != 3 {
			t.Errorf("%s: %d trials, %v: the second call put points in again", direction, len(all), err)
		}
		s = freshStudy(t)
		if n, err := s.WarmStart(from, &hone.WarmStartOptions{Trials: 1}); err != nil || n != 1 {
			t.Errorf("%s: %d points instead of one, %v", direction, n, err)
		}
	}
}

// The space has changed: x has moved to a log scale from 1, n to steps of 4, one
// category is gone, act2 is new, and what is no longer asked for is left out.
func TestWarmStartChangedSpace(t *testing.T) {
	from, s := earlier(t, hone.Minimize), freshStudy(t)
	n, err := s.WarmStart(from, &hone.WarmStartOptions{Space: []hone.Param{
		{Name: "x", Distribution: distributions.Float{Low: 1, High: 4, Log: true}},
		{Name: "n", Distribution: distributions.Int{Low: 1, High: 33, Step: 4}},
		{Name: "act", Distribution: distributions.Categorical{Choices: []any{"tanh", "relu"}}},
		{Name: "act2", Distribution: distributions.Categorical{Choices: []any{"a"}}},
	}})
	if err != nil || n != 3 {
		t.Fatalf("%d points, %v", n, err)
	}
	got := queued(t, s, 3, func(t *hone.Trial) string {
		x, n := t.SuggestLogFloat("x", 1, 4), t.SuggestStepInt("n", 1, 33, 4)
		act := t.SuggestCategorical("act", "tanh", "relu")
		if t.Number() == 0 {
			act = "chosen" // at random, for its category is gone
		}
		return fmt.Sprint(x, " ", n, " ", act, " ", t.SuggestCategorical("act2", "a", "b"))
	})
	for i, want := range []string{"1 5 chosen", "3 29 tanh", "4 33 relu"} {
		if !strings.HasPrefix(got[i], want) {
			t.Errorf("point %d: %q, want %q and a new parameter", i, got[i], want)
		}
	}

	// The study's own trials tell its space as well. Points that have become
	// alike are put in once.
	s = freshStudy(t)
	queued(t, s, 1, func(t *hone.Trial) string { return fmt.Sprint(t.SuggestFloat("x", 4, 9)) })
	if n, err = s.WarmStart(from, nil); err != nil || n != 2 {
		t.Fatalf("%d points, %v", n, err)
	}
	got = queued(t, s, 2, func(t *hone.Trial) string { return fmt.Sprint(t.SuggestFloat("x", 4, 9)) })
	if !slices.Equal(got, []string{"4", "5"}) {
		t.Errorf("points %q", got)
	}
}

// Of several objectives the Pareto front comes first.
func TestWarmStartMulti(t *testing.T) {
	from, err := hone.NewStudy(&hone.Options{Directions: []hone.Direction{hone.Minimize, hone.Maximize}, Sampler: &sampler.Random{}, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	values := [][]float64{{2, 2}, {1, 5}, {0, 3}, {3, 1}, {math.Inf(1), 9}}
	err = from.OptimizeMulti(func(t *hone.Trial) ([]float64, error) {
		t.SuggestFloat("x", 0, 1)
		return values[t.Number()], nil
	}, len(values))
	if err != nil {
		t.Fatal(err)
	}
	trials, err := from.Trials()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, number := range []int{1, 2, 4, 0} { // the front, then what is left without it
		want = append(want, fmt.Sprint(trials[number].Params["x"]))
	}
	s := freshStudy(t)
	if n, err := s.WarmStart(from, &hone.WarmStartOptions{Trials: 4}); err != nil || n != 4 {
		t.Fatalf("%d points, %v", n, err)
	}
	got := queued(t, s, 4, func(t *hone.Trial) string { return fmt.Sprint(t.SuggestFloat("x", 0, 1)) })
	if !slices.Equal(got, want) {
		t.Errorf("points %q, want %q", got, want)
	}
}

func TestWarmStartBadInput(t *testing.T) {
	s := freshStudy(t)
	from := earlier(t, hone.Minimize)
	for want, call := range map[string]func() (int, error){
		"the earlier study is nil":      func() (int, error) { return s.WarmStart(nil, nil) },
		"WarmStartOptions.Trials is -1": func() (int, error) { return s.WarmStart(from, &hone.WarmStartOptions{Trials: -1}) },
		`parameter "x" has no distribution`: func() (int, error) {
			return s.WarmStart(from, &hone.WarmStartOptions{Space: []hone.Param{{Name: "x"}}})
		},
		"the name of a parameter is empty": func() (int, error) {
			return s.WarmStart(from, &hone.WarmStartOptions{Space: []hone.Param{{Distribution: distributions.Int{High: 1}}}})
		},
		`parameter "x" is there twice`: func() (int, error) {
			return s.WarmStart(from, &hone.WarmStartOptions{Space: []hone.Param{{Name: "x", Distribution: distributions.Int{High: 1}}, {Name: "x", Distribution: distributions.Int{High: 2}}}})
		},
		`parameter "x": low 2 is above high 1`: func() (int, error) {
			return s.WarmStart(from, &hone.WarmStartOptions{Space: []hone.Param{{Name: "x", Distribution: distributions.Float{Low: 2, High: 1}}}})
		},
	} {
		if _, err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for name, empty := range map[string]*hone.Study{"an empty study": freshStudy(t), "itself": s} {
		if n, err := s.WarmStart(empty, nil); err != nil || n != 0 {
			t.Errorf("%s: %d points, %v", name, n, err)
		}
	}
	// A space in which nothing of the earlier one is left.
	if n, err := s.WarmStart(from, &hone.WarmStartOptions{Space: []hone.Param{{Name: "z", Distribution: distributions.Int{Low: 0, High: 1}}}}); err != nil || n != 0 {
		t.Errorf("a foreign space: %d points, %v", n, err)
	}
}
