package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/gohone/hone/bench/internal/record"
)

// A Goal is something that the default sampler is to reach.
type Goal struct {
	What     string
	Measured string
	Met      bool
}

// most are the goals for mean regret on the tables, after numbers of trials.
var most = []struct {
	at     int
	regret float64
}{{10, 0.15}, {25, 0.060}, {50, 0.028}, {100, 0.014}}

const reference = "optuna-tpe"

// Goals checks an optimiser of ours on the suites tables, tables-noisy and COCO's, those
// of which there are results.
func Goals(suites []*Suite, alg string) []Goal {
	var out []Goal
	for _, s := range suites {
		lines := slices.DeleteFunc(slices.Clone(s.Lines), func(l record.Line) bool { return ours(l.Alg) && l.Alg != alg })
		if !slices.ContainsFunc(lines, func(l record.Line) bool { return l.Alg == alg }) {
			continue
		}
		alone := &Suite{Name: s.Name, Tasks: s.Tasks, Base: alg, Lines: lines}
		switch s.Name {
		case "tables":
			out = append(out, alone.regretGoals()...)
			out = append(out, alone.halfGoals()...)
			out = append(out, alone.tableGoals()...)
		case "tables-noisy":
			out = append(out, alone.beatGoals(false)...)
			out = append(out, alone.significance()...)
		case "bbob3", "bbob20", "mixint20":
			out = append(out, alone.beatGoals(true)...)
		}
	}
	return out
}

func (s *Suite) score(at int, tasks []string, alg string) (record.Score, bool) {
	for _, r := range s.means(at, tasks).Scores {
		if r.Alg == alg {
			return r, true
		}
	}
	return record.Score{}, false
}

func (s *Suite) regretGoals() []Goal {
	var out []Goal
	for _, m := range most {
		if r, ok := s.score(m.at, s.Tasks, s.Base); ok {
			out = append(out, Goal{fmt.Sprintf("%s: mean regret after %d trials at most %.3g", s.Name, m.at, m.regret), fmt.Sprintf("%.4f", r.Mean), r.Mean <= m.regret})
		}
	}
	return out
}

func (s *Suite) halfGoals() []Goal {
	var out []Goal
	for from, half := range []string{"even", "odd"} {
		tasks := s.half(from)
		for _, at := range []int{25, 50, 100} {
			own, ok := s.score(at, tasks, s.Base)
			ref, ok2 := s.score(at, tasks, reference)
			if ok && ok2 {
				out = append(out, Goal{
					fmt.Sprintf("%s, %s half: at most 0.6 times the regret of %s after %d trials", s.Name, half, Label(reference), at),
					fmt.Sprintf("%.2f (%.4f, %.4f)", own.Mean/ref.Mean, own.Mean, ref.Mean), own.Mean <= 0.6*ref.Mean,
				})
			}
		}
	}
	return out
}

// tableGoals: no table on which regret is above that of the reference by more than a
// quarter of it and 0.01.
func (s *Suite) tableGoals() []Goal {
	var out []Goal
	for _, at := range []int{25, 50, 100} {
		worst, measured, any := math.Inf(-1), "", false
		for _, task := range s.Tasks {
			own, ok := s.score(at, []string{task}, s.Base)
			ref, ok2 := s.score(at, []string{task}, reference)
			if !ok || !ok2 {
				continue
			}
			any = true
			if over := own.Mean - 1.25*ref.Mean - 0.01; over > worst {
				worst, measured = over, fmt.Sprintf("nearest to it: %s, %.4f beside %.4f", task, own.Mean, ref.Mean)
			}
		}
		if any {
			out = append(out, Goal{fmt.Sprintf("%s: on no table worse than %s by more than 25 %% of its regret + 0.01 after %d trials", s.Name, Label(reference), at), measured, worst <= 0})
		}
	}
	return out
}

// beatGoals: a better mean, and mean rank, than everybody else's.
func (s *Suite) beatGoals(rank bool) []Goal {
	var out []Goal
	for _, at := range []int{50, 100} {
		own, ok := s.score(at, s.Tasks, s.Base)
		if !ok {
			continue
		}
		mean, place := record.Score{Mean: math.Inf(1)}, record.Score{Rank: math.Inf(1)}
		for _, r := range s.means(at, s.Tasks).Scores {
			if r.Alg == s.Base {
				continue
			}
			if r.Mean < mean.Mean {
				mean = r
			}
			if r.Rank < place.Rank {
				place = r
			}
		}
		if mean.Alg == "" {
			continue
		}
		out = append(out, Goal{fmt.Sprintf("%s: better mean than every stored peer after %d trials", s.Name, at),
			fmt.Sprintf("%.4f, next %s %.4f", own.Mean, Label(mean.Alg), mean.Mean), own.Mean < mean.Mean})
		if rank {
			out = append(out, Goal{fmt.Sprintf("%s: better mean rank than every stored peer after %d trials", s.Name, at),
				fmt.Sprintf("%.2f, next %s %.2f", own.Rank, Label(place.Alg), place.Rank), own.Rank < place.Rank})
		}
	}
	return out
}

// significance: p below 0.05 against each of Optuna's samplers.
func (s *Suite) significance() []Goal {
	var out []Goal
	for _, at := range []int{50, 100} {
		c := s.means(at, s.Tasks)
		for _, r := range c.Scores {
			if strings.HasPrefix(r.Alg, "optuna-") {
				own, _ := s.score(at, s.Tasks, s.Base)
				out = append(out, Goal{fmt.Sprintf("%s: better than %s after %d trials, p < 0.05", s.Name, Label(r.Alg), at),
					fmt.Sprintf("%.4f beside %.4f, p = %s", own.Mean, r.Mean, number(r.P, 2)), own.Mean < r.Mean && r.P < 0.05})
			}
		}
	}
	return out
}

// WriteGoals writes goals as a table, with a heading.
func WriteGoals(w io.Writer, alg string, goals []Goal) error {
	if len(goals) == 0 {
		return nil
	}
	met := 0
	var b strings.Builder
	for _, g := range goals {
		mark := "**no**"
		if g.Met {
			mark = "yes"
			met++
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", g.What, g.Measured, mark)
	}
	_, err := fmt.Fprintf(w, "\n## Goals of %s: %d of %d met\n\n| goal | measured | met |\n|---|---|---|\n%s", Label(alg), met, len(goals), b.String())
	return err
}
