package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gohone/hone/bench/internal/record"
)

// Optuna's samplers, driven from here, do what Optuna does: its random one meets the
// stored results, which another runner made, to the last digit. Where there are
// conditions and constraints, TPE runs too. It runs where HONE_PYTHON is set, by
// .ci/interop.
func TestOptuna(t *testing.T) {
	o := options{seeds: 2, budget: 100, jobs: 1, python: os.Getenv("HONE_PYTHON")}
	if o.python == "" {
		t.Skip("HONE_PYTHON is not set; .ci/run sets it")
	}
	problems, err := tables.Problems(&Env{Dir: "."})
	if err != nil {
		t.Fatal(err)
	}
	problems = problems[:2]
	got, err := o.study(tables, problems, "optuna-random", "")
	if err != nil {
		t.Fatal(err)
	}
	stored, err := record.Read("peers/tables-optuna-random.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range got {
		i := slices.IndexFunc(stored, func(s record.Line) bool { return s.Key() == l.Key() })
		if i < 0 || l.Error != "" {
			t.Fatalf("%+v has no counterpart", l)
		}
		for at, want := range stored[i].Regret {
			if l.Regret[at] != want {
				t.Errorf("%s, seed %d: regret %v after %s trials, stored %v", l.Task, l.Seed, l.Regret[at], at, want)
			}
		}
		if !(l.Seconds > 0) {
			t.Errorf("took %v s", l.Seconds)
		}
	}
	o = options{seeds: 1, budget: 25, jobs: 1, python: o.python}
	for _, suite := range []string{"constrained", "conditional", "noisy"} {
		s, err := findSuite(suite)
		if err != nil {
			t.Fatal(err)
		}
		problems, err := s.Problems(&Env{Dir: "."})
		if err != nil {
			t.Fatal(err)
		}
		lines, err := o.study(s, problems[:2], "optuna-tpe", "")
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if _, ok := l.Regret["25"]; l.Error != "" || !ok {
				t.Errorf("%s: %+v", l.Task, l)
			}
		}
	}
}

func TestOptunaBadInput(t *testing.T) {
	problems := syntheticProblems("continuous")[:1]
	for _, c := range []struct{ python, sampler, want string }{
		{"", "optuna-tpe", "needs -python"},
		{"python3", "optuna-none", "is one of [random tpe"},
		{"/no/such/python", "optuna-tpe", "name a Python that has Optuna"},
	} {
		o := options{seeds: 1, budget: 2, jobs: 1, python: c.python}
		lines, err := o.study(synthetic, problems, c.sampler, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) != 1 || !strings.Contains(lines[0].Error, c.want) {
			t.Errorf("%s with %q: %+v, want an error with %q", c.sampler, c.python, lines, c.want)
		}
	}
}
