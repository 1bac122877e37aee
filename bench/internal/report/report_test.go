package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gohone/hone/bench/internal/record"
)

// suite has results of two optimisers of ours and four others on six tasks, one of
// them with a short budget.
func suite() *Suite {
	s := &Suite{Name: "made up", About: "numbers", Halves: true, Base: "hone-auto"}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 6 {
		s.Tasks = append(s.Tasks, fmt.Sprint("t", i))
	}
	for k, alg := range []string{"hone-auto", "hone-tpe", "optuna-tpe", "smac", "hebo", "nobody knows"} {
		budget := 100
		if alg == "hebo" {
			budget = 50
		}
		for _, task := range s.Tasks {
			for seed := range 3 {
				l := record.Line{Alg: alg, Task: task, Seed: seed, Budget: budget, Seconds: math.Pow(10, float64(k)-3)}
				r := make([]float64, budget)
				for i := range r {
					r[i] = (1 + float64(k)/9) / float64(i+1) * (0.9 + 0.2*rng.Float64())
				}
				l.Set(r)
				s.Lines = append(s.Lines, l)
			}
		}
	}
	return s
}

func TestReport(t *testing.T) {
	var a, b strings.Builder
	if err := errors.Join(suite().Markdown(&a, "x.svg"), suite().Markdown(&b, "x.svg")); err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() {
		t.Error("two reports of the same results differ")
	}
	for _, want := range []string{"## made up", "6 tasks: numbers", "(x.svg)", "### After 10 trials", "### After 100 trials", "### Halves", "| hone Auto | 0.0", "| Optuna TPE |"} {
		if !strings.Contains(a.String(), want) {
			t.Errorf("no %q in\n%s", want, a.String())
		}
	}
	if strings.Contains(a.String(), "### After 200") || strings.Contains(a.String(), "NaN") {
		t.Errorf("a table without results, or NaN:\n%s", a.String())
	}
	after := a.String()[strings.Index(a.String(), "### After 100"):strings.Index(a.String(), "### Halves")]
	if strings.Contains(after, "HEBO") {
		t.Errorf("HEBO ran 50 trials:\n%s", after)
	}
	// By hand: the mean of the even tasks.
	sum, n := 0.0, 0
	for _, l := range suite().Lines {
		if l.Alg == "smac" && slices.Contains([]string{"t0", "t2", "t4"}, l.Task) {
			sum += l.Regret["25"]
			n++
		}
	}
	if want := fmt.Sprintf("%.4f / ", sum/float64(n)); !strings.Contains(a.String()[strings.Index(a.String(), "### Halves"):], want) {
		t.Errorf("no mean %s of the even half", want)
	}
}

func TestFamilies(t *testing.T) {
	s := &Suite{Name: "f", Tasks: []string{"a/x", "b/y", "a/z"}, Base: "hone-auto"}
	for i, task := range s.Tasks {
		s.Lines = append(s.Lines, record.Line{Alg: "hone-auto", Task: task, Regret: map[string]float64{"100": float64(i)}})
	}
	got := s.families(100)
	if !strings.HasSuffix(got, "| | hone Auto |\n|---|---|\n| a (2) | 1.0000 |\n| b (1) | 1.0000 |\n") {
		t.Errorf("families:\n%s", got)
	}
	if got := suite().families(100); got != "" {
		t.Errorf("tasks without families:\n%s", got)
	}
}

// By hand: on two tables, regrets of ours and of the reference.
func TestGoals(t *testing.T) {
	s := &Suite{Name: "tables", Tasks: []string{"a", "b"}, Base: "hone-gp"}
	for _, l := range []struct {
		alg, task string
		regret    float64
	}{{"hone-auto", "a", 0.05}, {"hone-auto", "b", 0.06}, {"hone-gp", "a", 9}, {"hone-gp", "b", 9}, {"optuna-tpe", "a", 0.1}, {"optuna-tpe", "b", 0.03}} {
		s.Lines = append(s.Lines, record.Line{Alg: l.alg, Task: l.task, Budget: 25, Regret: map[string]float64{"25": l.regret}})
	}
	var got []string
	for _, g := range Goals([]*Suite{s}, "hone-auto") {
		got = append(got, fmt.Sprint(g.Measured, " ", g.Met))
	}
	want := []string{
		"0.0550 true",                // ≤ 0.060 after 25 trials
		"0.50 (0.0500, 0.1000) true", // even half
		"2.00 (0.0600, 0.0300) false",
		"nearest to it: b, 0.0600 beside 0.0300 false", // 0.06 > 0.0375 + 0.01
	}
	if !slices.Equal(got, want) {
		t.Errorf("goals\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	s.Name = "bbob3"
	for i := range s.Lines {
		s.Lines[i].Regret["50"] = s.Lines[i].Regret["25"]
	}
	goals := Goals([]*Suite{s}, "hone-auto")
	if len(goals) != 2 || !goals[0].Met || goals[0].Measured != "0.0550, next Optuna TPE 0.0650" || goals[1].Met || goals[1].Measured != "1.50, next Optuna TPE 1.50" {
		t.Errorf("goals on COCO: %+v", goals)
	}
	s.Name = "tables-noisy"
	if goals := Goals([]*Suite{s}, "hone-auto"); len(goals) != 2 || !goals[0].Met || goals[1].Met || !strings.HasSuffix(goals[1].Measured, "p = 1") {
		t.Errorf("goals with noise: %+v", goals)
	}
	if goals := Goals([]*Suite{s}, "hone-none"); len(goals) != 0 {
		t.Errorf("goals of nobody: %+v", goals)
	}
	var b strings.Builder
	if err := WriteGoals(&b, "hone-auto", goals); err != nil || !strings.Contains(b.String(), "1 of 2 met") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// Pictures are XML, the same each time, name everybody, and have no number that is none.
func TestSVG(t *testing.T) {
	svg := suite().SVG()
	if svg != suite().SVG() {
		t.Error("two pictures of the same results differ")
	}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"hone Auto", "SMAC3", "HEBO", "nobody knows", "regret after 100 trials", "prefers-color-scheme: dark"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Error("NaN or Inf in the picture")
	}
	for name, s := range map[string]*Suite{"no results": {Name: "none", Tasks: []string{"t"}}, "no tasks": {}} {
		if got := s.SVG(); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	// One optimiser, one task, one seed, regret 0: nothing to scale by.
	l := record.Line{Alg: "hone-auto", Task: "t", Budget: 10}
	l.Set(make([]float64, 10))
	if got := (&Suite{Name: "one", Tasks: []string{"t"}, Base: "hone-auto", Lines: []record.Line{l}}).SVG(); strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
		t.Errorf("a single result: %s", got)
	}
}

// Colours stand out from both grounds: a contrast of 3 or more, as WCAG 2.1, 1.4.11,
// asks for graphics.
func TestContrast(t *testing.T) {
	for _, l := range append(slices.Clone(looks), lookOf("unknown")) {
		for colour, ground := range map[string]string{l.light: "#ffffff", l.dark: "#0d1117"} {
			if c := contrast(t, colour, ground); c < 3 {
				t.Errorf("%s: %s on %s has a contrast of %.2f", l.alg, colour, ground, c)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	luminance := func(s string) float64 {
		v, err := strconv.ParseUint(s[1:], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, w := range []float64{0.2126, 0.7152, 0.0722} {
			c := float64(v>>(16-8*i)&255) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += w * c
		}
		return sum
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Labels are kept apart, in order, and within bounds where there is room.
func TestSpread(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		n := 1 + rng.IntN(12)
		at := make([]float64, n)
		for i := range at {
			at[i] = 220*rng.Float64() - 10
		}
		slices.Sort(at)
		got := spread(at, 10, 0, 200)
		for i, v := range got {
			if v < -1e-9 || v > 200+1e-9 || i > 0 && v-got[i-1] < 10-1e-9 {
				t.Fatalf("%v become %v", at, got)
			}
		}
	}
	if got := spread([]float64{50, 80, 82}, 10, 0, 100); !slices.Equal(got, []float64{50, 76, 86}) {
		t.Errorf("moved to %v", got)
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		a    axis
		want string
	}{
		{axis{low: 0.02, high: 0.3, log: true}, "[0.02 0.03 0.05 0.07 0.1 0.15 0.2 0.3]"},
		{axis{low: 0.019, high: 0.079, log: true}, "[0.02 0.03 0.05 0.07]"},
		{axis{low: 0.005, high: 200, log: true}, "[0.01 0.1 1 10 100]"},
		{axis{low: 2, high: 11}, "[2 4 6 8 10]"},
		{axis{low: 1, high: 11}, "[2 4 6 8 10]"},
		{axis{low: 1, high: 7}, "[1 2 3 4 5 6 7]"},
		{axis{low: 0, high: 1, log: true}, "[]"},
		{axis{low: 1, high: math.Inf(1)}, "[]"},
		{axis{low: 1, high: 3}, "[1 1.5 2 2.5 3]"},
	} {
		if got := fmt.Sprint(c.a.ticks()); got != c.want {
			t.Errorf("%+v: ticks %s, want %s", c.a, got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0.12345: "0.12", 123.4: "123", 3: "3", 1e-6: "1e-06", 0.05: "0.05", math.NaN(): ""} {
		if got := number(v, 2); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}
