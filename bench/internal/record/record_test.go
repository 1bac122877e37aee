package record

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Of three optimisers on two tasks, all numbers can be reckoned by hand.
func TestCompare(t *testing.T) {
	line := func(alg, task string, seed int, v float64) Line {
		return Line{Alg: alg, Task: task, Seed: seed, Budget: 10, Seconds: 2, Regret: map[string]float64{"10": v}}
	}
	lines := []Line{
		line("a", "s", 0, 0.1), line("a", "s", 1, 0.3), line("a", "t", 0, 0.4),
		line("b", "s", 0, 0.2), line("b", "t", 0, 0.6),
		line("c", "s", 0, 0.0), // never ran t
		{Alg: "b", Task: "t", Seed: 1, Budget: 10, Error: "broke"},
	}
	c := Compare(lines, 10, "a", nil)
	if len(c.Scores) != 2 || c.Scores[0].Alg != "a" || c.Scores[1].Alg != "b" {
		t.Fatalf("scores %+v", c.Scores)
	}
	a, b := c.Scores[0], c.Scores[1]
	for name, got := range map[string][2]float64{
		"mean of a": {a.Mean, 0.3}, "mean of b": {b.Mean, 0.4}, "median of b": {b.Median, 0.4},
		"rank of a": {a.Rank, 1.25}, "rank of b": {b.Rank, 1.75}, "seeds of a": {a.Seeds, 1.5}, "time": {a.PerTrial, 0.2},
		"broken": {float64(b.Errors), 1}, "better": {float64(b.Better), 0}, "worse": {float64(b.Worse), 1},
		"p": {b.P, 1}, // one difference tells nothing
		// Drawing two of {0.1, 0.3} anew gives 0.1 to 0.3, and t is fixed.
		"low": {a.Low, 0.25}, "high": {a.High, 0.35},
	} {
		if math.Abs(got[0]-got[1]) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, got[0], got[1])
		}
	}
	if !math.IsNaN(a.P) {
		t.Errorf("p of the base is %v", a.P)
	}
	var out strings.Builder
	if err := c.Print(&out); err != nil || !strings.Contains(out.String(), "1 broken runs") {
		t.Errorf("printed %v:\n%s", err, out.String())
	}
	if c := Compare(lines, 99, "a", nil); len(c.Scores) != 0 {
		t.Errorf("scores after 99 trials: %+v", c.Scores)
	}
}

// Two-sided p-values of SciPy's wilcoxon: eight differences of one sign give 2/2⁸.
func TestCompareSignificance(t *testing.T) {
	var lines []Line
	for i := range 8 {
		task := string(rune('a' + i))
		lines = append(lines,
			Line{Alg: "x", Task: task, Regret: map[string]float64{"10": float64(i)}},
			Line{Alg: "y", Task: task, Regret: map[string]float64{"10": float64(i) + 0.1*float64(i+1)}})
	}
	c := Compare(lines, 10, "x", nil)
	if p := c.Scores[1].P; math.Abs(p-2.0/256) > 1e-12 || c.Scores[1].Worse != 8 {
		t.Errorf("p = %v, want %v; %+v", p, 2.0/256, c.Scores[1])
	}
}

func TestFileGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "r.jsonl")
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	l := Line{Alg: "a", Task: "t", Seed: 1, Budget: 30}
	l.Set([]float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 0.123456789, 0.1})
	if len(l.Regret) != 1 || l.Regret["10"] != 0.123457 {
		t.Errorf("regret %v", l.Regret)
	}
	if err := f.Add(l); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	// The last line is cut off, as by kill -9.
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(raw, `{"alg": "b", "ta`...), 0o666); err != nil {
		t.Fatal(err)
	}
	if f, err = Open(path); err != nil {
		t.Fatal(err)
	}
	if got, ok := f.Has(l.Key()); !ok || got.Regret["10"] != 0.123457 {
		t.Errorf("the result is %+v, %v", got, ok)
	}
	other := l
	other.Seed = 2
	if err := f.Add(other); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	lines, err := Read(filepath.Join(filepath.Dir(path), "*.jsonl"))
	if err != nil || len(lines) != 2 || lines[1].Seed != 2 {
		t.Errorf("read %+v, %v", lines, err)
	}
}

func TestLongest(t *testing.T) {
	var lines []Line
	for _, l := range []struct{ seed, budget int }{{0, 100}, {1, 100}, {0, 200}, {1, 50}, {0, 200}} {
		lines = append(lines, Line{Alg: "a", Task: "t", Seed: l.seed, Budget: l.budget})
	}
	got := Longest(lines)
	if len(got) != 2 || got[0].Seed != 1 || got[0].Budget != 100 || got[1].Seed != 0 || got[1].Budget != 200 {
		t.Errorf("left are %+v", got)
	}
}

func TestReadBadLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	if err := os.WriteFile(path, []byte("{\n{}\n{}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), "r.jsonl:1") {
		t.Errorf("error %v, want one that names the line", err)
	}
}
