package record

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/gohone/hone/internal/signedrank"
)

// A Score is what a comparison says of one optimiser after a number of trials.
type Score struct {
	Alg string
	// Mean is the mean over tasks of the mean regret over seeds, Low and High
	// the ends of its 95 % bootstrap interval, over seeds within tasks.
	Mean, Low, High float64
	Median          float64 // over tasks
	Rank            float64 // mean over tasks; equal results share a rank
	Seeds           float64 // mean number for a task
	PerTrial        float64 // seconds inside the optimiser
	Errors          int     // runs that broke
	// Against the base: tasks on which it is better and worse, and the p-value
	// of Wilcoxon's signed-rank test, two-sided, over the tasks' means. NaN for
	// the base itself.
	Better, Worse int
	P             float64
}

// A Comparison is a table of scores, the best first.
type Comparison struct {
	At     int
	Base   string
	Tasks  []string
	Scores []Score
}

// Compare compares optimisers after at trials, on the tasks of tasks (nil: all
// that occur). Those that have no result for some of the tasks are left out. base
// is the one that the others are compared with, if it is there, else the best.
func Compare(lines []Line, at int, base string, tasks []string) Comparison {
	return compare(lines, at, base, tasks, 2000)
}

// Means is Compare without intervals, which take most of its time.
func Means(lines []Line, at int, base string, tasks []string) Comparison {
	return compare(lines, at, base, tasks, 0)
}

// compare draws so many times for an interval.
func compare(lines []Line, at int, base string, tasks []string, draws int) Comparison {
	cells := make(map[string]map[string][]float64) // optimiser, task, seeds
	seconds := make(map[string][]float64)
	broken := make(map[string]int)
	seen := make(map[string]bool)
	key := strconv.Itoa(at)
	for _, l := range lines {
		if l.Error != "" {
			broken[l.Alg]++
			continue
		}
		v, ok := l.Regret[key]
		if !ok {
			continue
		}
		if cells[l.Alg] == nil {
			cells[l.Alg] = make(map[string][]float64)
		}
		cells[l.Alg][l.Task] = append(cells[l.Alg][l.Task], v)
		seconds[l.Alg] = append(seconds[l.Alg], l.Seconds/float64(max(l.Budget, 1)))
		seen[l.Task] = true
	}
	if tasks == nil {
		for task := range seen {
			tasks = append(tasks, task)
		}
		slices.Sort(tasks)
	}
	c := Comparison{At: at, Tasks: tasks}
	means := make(map[string][]float64)
	for alg, of := range cells {
		var m []float64
		for _, task := range tasks {
			if v := of[task]; len(v) > 0 {
				m = append(m, mean(v))
			}
		}
		if len(m) == len(tasks) && len(m) > 0 {
			means[alg] = m
		}
	}
	for alg, m := range means {
		s := Score{Alg: alg, Mean: mean(m), Median: median(m), Rank: rank(means, alg), PerTrial: mean(seconds[alg]), Errors: broken[alg]}
		for _, task := range tasks {
			s.Seeds += float64(len(cells[alg][task])) / float64(len(tasks))
		}
		s.Low, s.High = bootstrap(cells[alg], tasks, draws)
		c.Scores = append(c.Scores, s)
	}
	slices.SortFunc(c.Scores, func(a, b Score) int { return cmp.Or(cmp.Compare(a.Mean, b.Mean), cmp.Compare(a.Alg, b.Alg)) })
	if len(c.Scores) == 0 {
		return c
	}
	if c.Base = base; means[base] == nil {
		c.Base = c.Scores[0].Alg
	}
	for i := range c.Scores {
		c.Scores[i].against(means[c.Scores[i].Alg], means[c.Base])
	}
	return c
}

func (s *Score) against(own, base []float64) {
	var d []float64
	for i := range own {
		switch diff := own[i] - base[i]; {
		case diff < 0:
			s.Better++
			d = append(d, diff)
		case diff > 0:
			s.Worse++
			d = append(d, diff)
		}
	}
	s.P = math.NaN()
	if len(d) > 0 {
		p := signedrank.Greater(d)
		for i := range d {
			d[i] = -d[i]
		}
		s.P = min(1, 2*min(p, signedrank.Greater(d)))
	}
}

// rank returns the mean over tasks of an optimiser's place.
func rank(means map[string][]float64, alg string) float64 {
	total := 0.0
	for i, v := range means[alg] {
		r := 0.5
		for _, m := range means {
			if m[i] < v {
				r++
			} else if m[i] == v {
				r += 0.5
			}
		}
		total += r
	}
	return total / float64(len(means[alg]))
}

// bootstrap returns the 2.5 and 97.5 % quantiles of the mean over tasks when the
// seeds of each task are drawn anew with replacement, NaN if that is never done.
func bootstrap(of map[string][]float64, tasks []string, draws int) (low, high float64) {
	if draws == 0 {
		return math.NaN(), math.NaN()
	}
	r := rand.New(rand.NewPCG(1, 95))
	out := make([]float64, draws)
	for i := range out {
		for _, task := range tasks {
			v := of[task]
			sum := 0.0
			for range v {
				sum += v[r.IntN(len(v))]
			}
			out[i] += sum / float64(len(v)) / float64(len(tasks))
		}
	}
	slices.Sort(out)
	return out[draws/40], out[draws-1-draws/40]
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// Print writes the table.
func (c *Comparison) Print(w io.Writer) error {
	if len(c.Scores) == 0 {
		_, err := fmt.Fprintf(w, "\nafter %d trials: no results\n", c.At)
		return err
	}
	if _, err := fmt.Fprintf(w, "\nafter %d trials, mean over %d tasks (p and better-worse against %s)\n", c.At, len(c.Tasks), c.Base); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "  %-20s %8s %17s %8s %6s %6s %9s %7s %8s\n", "", "regret", "95 % interval", "median", "rank", "seeds", "ms/trial", "b-w", "p"); err != nil {
		return err
	}
	for _, s := range c.Scores {
		p, bw := "", ""
		if s.Alg != c.Base {
			p, bw = strconv.FormatFloat(s.P, 'g', 2, 64), fmt.Sprintf("%d-%d", s.Better, s.Worse)
		}
		broken := ""
		if s.Errors > 0 {
			broken = fmt.Sprintf("  %d broken runs", s.Errors)
		}
		if _, err := fmt.Fprintf(w, "  %-20s %8.4f  %.4f – %.4f  %8.4f %6.2f %6.1f %9.3f %7s %8s%s\n",
			s.Alg, s.Mean, s.Low, s.High, s.Median, s.Rank, s.Seeds, 1000*s.PerTrial, bw, p, broken); err != nil {
			return err
		}
	}
	return nil
}
