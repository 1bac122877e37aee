package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/gohone/hone/bench/internal/cputime"
	"github.com/gohone/hone/bench/internal/record"
	"github.com/gohone/hone/sampler"
)

// Every suite makes problems that a study can run, and a run goes on where it
// stopped.
func TestSuites(t *testing.T) {
	env := &Env{Dir: ".", Python: os.Getenv("HONE_COCO")}
	defer func() {
		if err := env.Close(); err != nil {
			t.Error(err)
		}
	}()
	ran := make(map[string]bool)
	for _, s := range suites {
		if s.Python && env.Python == "" {
			t.Logf("%s: HONE_COCO is not set; .ci/run sets it", s.Name)
			continue
		}
		problems, err := s.Problems(env)
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if len(problems) == 0 {
			t.Errorf("%s has no problems", s.Name)
		}
		for i := range problems {
			p := &problems[i]
			if key := fmt.Sprint(p.Name, s.Workers); ran[key] {
				continue // families are parts of synthetic
			} else {
				ran[key] = true
			}
			if !(p.Median > p.Best) {
				t.Errorf("%s, %s: best %v, median %v", s.Name, p.Name, p.Best, p.Median)
			}
			l := record.Line{Budget: 10}
			if err := runStudy(s, p, &sampler.Random{}, &l, cputime.Process); err != nil {
				t.Errorf("%s, %s: %v", s.Name, p.Name, err)
			} else if v, ok := l.Regret["10"]; !ok || math.IsNaN(v) || v < -1e-9 {
				t.Errorf("%s, %s: regret %v", s.Name, p.Name, l.Regret)
			}
		}
	}
}

func TestResume(t *testing.T) {
	suite, err := findSuite("tables")
	if err != nil {
		t.Fatal(err)
	}
	problems, err := suite.Problems(&Env{Dir: "."})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "r.jsonl")
	o := options{seeds: 2, budget: 12, jobs: 2}
	first, err := o.study(suite, problems[:2], "tpe", path)
	if err != nil {
		t.Fatal(err)
	}
	o.seeds = 3
	second, err := o.study(suite, problems[:2], "tpe", path)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := record.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 4 || len(second) != 6 || len(stored) != 6 {
		t.Fatalf("%d, then %d results, %d stored", len(first), len(second), len(stored))
	}
	o.seeds = 2 // what was run first, again, gives the same
	again, err := o.study(suite, problems[:2], "tpe", "")
	if err != nil {
		t.Fatal(err)
	}
	regret := make(map[string]float64)
	for _, l := range first {
		regret[l.Key()] = l.Regret["10"]
	}
	for _, l := range again {
		if l.Regret["10"] != regret[l.Key()] || l.Error != "" {
			t.Errorf("%s, seed %d: regret %v, at first %v %s", l.Task, l.Seed, l.Regret["10"], regret[l.Key()], l.Error)
		}
	}
	if _, err := findSuite("nothing"); err == nil {
		t.Error("no error for an unknown suite")
	}
}

func TestChoose(t *testing.T) {
	problems := make([]Problem, 7)
	for i := range problems {
		problems[i].Name = string(rune('a' + i))
	}
	for _, c := range []struct {
		o    options
		want string
	}{{options{}, "abcdefg"}, {options{half: "even"}, "aceg"}, {options{half: "odd"}, "bdf"}, {options{quick: true}, "adg"}, {options{task: "c"}, "c"}} {
		got := ""
		for _, p := range c.o.choose(problems) {
			got += p.Name
		}
		if got != c.want {
			t.Errorf("%+v chooses %s, want %s", c.o, got, c.want)
		}
	}
}
