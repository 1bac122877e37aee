package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gohone/hone/bench/internal/record"
	"github.com/gohone/hone/bench/internal/report"
	"github.com/gohone/hone/bench/internal/samplers"
)

// writeReport writes tables and pictures of the suites of which there are results of
// ours, in the folder -keep: README.md and SUITE.svg in the folder -report.
func (o *options) writeReport() error {
	keep := o.keep
	if keep == "" {
		keep = filepath.Join(o.dir, "own")
	}
	if err := os.MkdirAll(o.report, 0o777); err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, reportHead, reportCommand)
	var all []*report.Suite
	for _, suite := range suites {
		if o.suites != "" && !slices.Contains(strings.Split(o.suites, ","), suite.Name) {
			continue
		}
		s, err := o.collect(suite, keep)
		if err != nil {
			return err
		}
		if len(s.Lines) > 0 {
			all = append(all, s)
		}
	}
	for _, alg := range []string{"hone-auto", "hone-gp"} {
		if err := report.WriteGoals(&text, alg, report.Goals(all, alg)); err != nil {
			return err
		}
	}
	for _, s := range all {
		picture := s.SVG()
		if picture == "" {
			continue
		}
		name := s.Name + ".svg"
		if err := os.WriteFile(filepath.Join(o.report, name), []byte(picture), 0o666); err != nil {
			return err
		}
		text.WriteString("\n")
		if err := s.Markdown(&text, name); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(o.report, "README.md"), []byte(text.String()), 0o666)
}

const reportCommand = "go run ./bench -report bench/report"

const reportHead = `# hone beside other systems

Made by ` + "`%s`" + ` from the results in own/ and peers/. [Regret](../README.md) is the mean over tasks of the mean over
seeds, with a bootstrap interval over seeds. b–w counts the tasks on which a row is better and worse than the one that the suite
names; p is that of Wilcoxon's signed-rank test over the tasks' means, two-sided. Time is what passes inside the optimiser on
one core.
`

// collect gathers the results of a suite, ours and the stored ones of others. Without
// any of ours it is empty.
func (o *options) collect(suite Suite, keep string) (*report.Suite, error) {
	s := &report.Suite{Name: suite.Name, About: suite.About, Halves: strings.HasPrefix(suite.Name, "tables")}
	for _, name := range strings.Split(samplers.Names(), ", ") {
		lines, err := record.Read(filepath.Join(keep, suite.Name+"-"+name+".jsonl"))
		if err != nil {
			return nil, err
		}
		if len(lines) > 0 && (s.Base == "" || name == "auto") {
			s.Base = lines[0].Alg
		}
		s.Lines = append(s.Lines, lines...)
	}
	if len(s.Lines) == 0 {
		return s, nil
	}
	var err error
	if s.Tasks, err = o.tasks(suite, s.Lines); err != nil {
		return nil, err
	}
	peers, err := record.Read(filepath.Join(o.dir, "peers", suite.Peers+"-*.jsonl"))
	if err != nil {
		return nil, err
	}
	for _, l := range peers {
		if slices.Contains(s.Tasks, l.Task) {
			s.Lines = append(s.Lines, l)
		}
	}
	s.Lines = record.Longest(s.Lines)
	return s, nil
}

// tasks lists the tasks of a suite in their order. Python is not started for it:
// COCO's names are in the order of their numbers.
func (o *options) tasks(suite Suite, lines []record.Line) ([]string, error) {
	var out []string
	if suite.Python {
		for _, l := range lines {
			out = append(out, l.Task)
		}
		slices.Sort(out)
		return slices.Compact(out), nil
	}
	env := &Env{Dir: o.dir}
	problems, err := suite.Problems(env)
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		out = append(out, p.Name)
	}
	return out, env.Close()
}
