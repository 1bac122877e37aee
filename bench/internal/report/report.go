// Package report writes what a comparison of optimisers found: tables in Markdown,
// and pictures in SVG of regret, ranks, cost and spread. The same results give the
// same bytes.
package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gohone/hone/bench/internal/record"
)

// At are the numbers of trials that tables are made for.
var At = []int{10, 25, 50, 100, 200}

// A Suite is what there is to tell about a suite.
type Suite struct {
	Name, About string
	// Tasks in the order that says which are even and odd.
	Tasks []string
	// Halves says that even and odd tasks are to be told apart: settings were
	// chosen on the even ones.
	Halves bool
	// Base is the optimiser that the others are compared with.
	Base  string
	Lines []record.Line
}

func (s *Suite) compare(at int, tasks []string) record.Comparison {
	return record.Compare(s.Lines, at, s.Base, tasks)
}

// means is compare without intervals.
func (s *Suite) means(at int, tasks []string) record.Comparison {
	return record.Means(s.Lines, at, s.Base, tasks)
}

// half returns every other task, from the first or the second on.
func (s *Suite) half(from int) []string {
	var out []string
	for i := from; i < len(s.Tasks); i += 2 {
		out = append(out, s.Tasks[i])
	}
	return out
}

// Markdown writes the tables of a suite, below a heading, with its picture.
func (s *Suite) Markdown(w io.Writer, picture string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%d tasks: %s. b–w and p: against %s.\n\n![regret, ranks, cost and spread](%s)\n", s.Name, len(s.Tasks), s.About, Label(s.Base), picture)
	for _, at := range At {
		if c := s.compare(at, s.Tasks); len(c.Scores) > 0 {
			b.WriteString(table(&c))
		}
	}
	if s.Halves {
		b.WriteString(s.halves())
	}
	b.WriteString(s.families(100))
	_, err := io.WriteString(w, b.String())
	return err
}

// table is a comparison after one number of trials.
func table(c *record.Comparison) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### After %d trials\n\n| | regret | 95 %% interval | mean rank | b–w | p | seeds | ms a trial |\n|---|---|---|---|---|---|---|---|\n", c.At)
	for _, r := range c.Scores {
		against, p := "", ""
		if r.Alg != c.Base {
			against, p = fmt.Sprintf("%d–%d", r.Better, r.Worse), number(r.P, 2)
		}
		note := ""
		if r.Errors > 0 {
			note = fmt.Sprintf(" (%d runs broke)", r.Errors)
		}
		interval := fmt.Sprintf("%.4f – %.4f", r.Low, r.High)
		if r.Seeds == 1 {
			interval = "" // nothing is known of others
		}
		fmt.Fprintf(&b, "| %s%s | %.4f | %s | %.2f | %s | %s | %s | %s |\n",
			Label(r.Alg), note, r.Mean, interval, r.Rank, against, p, number(r.Seeds, 3), number(1000*r.PerTrial, 2))
	}
	return b.String()
}

// halves are the means over the even and the odd tasks.
func (s *Suite) halves() string {
	halves := [][]string{s.half(0), s.half(1)}
	means := make(map[string]map[[2]int]float64)
	order := make(map[string]float64)
	var at []int
	for _, n := range At {
		any := false
		for h, tasks := range halves {
			for _, r := range s.means(n, tasks).Scores {
				if means[r.Alg] == nil {
					means[r.Alg] = make(map[[2]int]float64)
				}
				means[r.Alg][[2]int{n, h}] = r.Mean
				order[r.Alg] = r.Mean
				any = true
			}
		}
		if any {
			at = append(at, n)
		}
	}
	var algs []string
	for alg := range means {
		algs = append(algs, alg)
	}
	slices.SortFunc(algs, func(a, b string) int {
		return cmp.Or(cmp.Compare(order[a], order[b]), cmp.Compare(a, b))
	})
	var b strings.Builder
	fmt.Fprintf(&b, "\n### Halves\n\nMean regret over the tasks at even positions, on which settings were chosen, and over those at odd ones: even / odd.\n\n|")
	for _, n := range at {
		fmt.Fprintf(&b, " | %d", n)
	}
	fmt.Fprintf(&b, " |\n|---%s|\n", strings.Repeat("|---", len(at)))
	for _, alg := range algs {
		fmt.Fprintf(&b, "| %s", Label(alg))
		for _, n := range at {
			even, ok := means[alg][[2]int{n, 0}]
			odd, ok2 := means[alg][[2]int{n, 1}]
			if ok && ok2 {
				fmt.Fprintf(&b, " | %.4f / %.4f", even, odd)
			} else {
				b.WriteString(" | ")
			}
		}
		b.WriteString(" |\n")
	}
	return b.String()
}

// families are the means over the tasks of each family, FAMILY/TASK, after a number of
// trials. It is empty if tasks have no families.
func (s *Suite) families(at int) string {
	var names []string
	tasks := make(map[string][]string)
	for _, task := range s.Tasks {
		if family, _, ok := strings.Cut(task, "/"); ok {
			if tasks[family] == nil {
				names = append(names, family)
			}
			tasks[family] = append(tasks[family], task)
		}
	}
	all := s.means(at, s.Tasks).Scores
	if len(names) == 0 || len(all) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n### By family, after %d trials\n\n|", at)
	for _, r := range all {
		fmt.Fprintf(&b, " | %s", Label(r.Alg))
	}
	fmt.Fprintf(&b, " |\n|---%s|\n", strings.Repeat("|---", len(all)))
	for _, family := range names {
		means := make(map[string]float64)
		for _, r := range s.means(at, tasks[family]).Scores {
			means[r.Alg] = r.Mean
		}
		fmt.Fprintf(&b, "| %s (%d)", family, len(tasks[family]))
		for _, r := range all {
			fmt.Fprintf(&b, " | %.4f", means[r.Alg])
		}
		b.WriteString(" |\n")
	}
	return b.String()
}

// number formats with so many significant digits, without an exponent where that is
// short.
func number(v float64, digits int) string {
	if math.IsNaN(v) {
		return ""
	}
	if a := math.Abs(v); a >= 1e-3 && a < 1e5 {
		if a >= math.Pow(10, float64(digits)) {
			return strconv.FormatFloat(v, 'f', 0, 64)
		}
		return strconv.FormatFloat(round(v, digits), 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', digits, 64)
}

func round(v float64, digits int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	if err != nil {
		return v
	}
	return r
}
