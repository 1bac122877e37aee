// Bench measures how good samplers are: it runs whole studies on problems whose
// optimum is known, and compares the regret with that of other systems.
//
//	go run ./bench -suite tables -sampler tpe -seeds 15
//	go run ./bench -suite tables -sampler tpe,random -quick
//	go run ./bench -report bench/report
//	go run ./bench -suite bbob3,bbob20,mixint20 -sampler tpe -seeds 5
//
// Regret after n trials is (best so far − optimum) / (median of random points −
// optimum). On noisy problems the point that counts is the one with the best
// observed value, scored without noise. Results are kept as JSON lines, and a run
// goes on where it stopped. The stored results of other systems are in peers/; the
// programs that made them are not needed.
//
// One study uses one processor. With -j 1 its time is that of the processor, whatever
// else the machine does. A suite is one file, suite_….go: it makes problems,
// and registers itself by a line in suites. See README.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gohone/hone/bench/internal/optuna"
	"github.com/gohone/hone/bench/internal/record"
	"github.com/gohone/hone/bench/internal/samplers"
)

func main() {
	if err := mainError(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// An options is what the command line says.
type options struct {
	suites, samplers, keep, report, out, dir, at, base, task, half, python string
	seeds, from, budget, jobs                                              int
	quick, fresh                                                           bool
	begun                                                                  []string // files that fresh has thrown away
}

func mainError() error {
	var o options
	flag.StringVar(&o.suites, "suite", "", "one or several, with commas between, of "+suiteNames()+"; default tables, and for -report all")
	flag.StringVar(&o.samplers, "sampler", "tpe", "one or several, with commas between, of "+samplers.Names()+", and, with -python, optuna-"+strings.Join(optuna.Names, ", optuna-"))
	flag.IntVar(&o.seeds, "seeds", 15, "number of studies for each task")
	flag.IntVar(&o.from, "from", 0, "first seed")
	flag.IntVar(&o.budget, "budget", 100, "trials in a study")
	flag.IntVar(&o.jobs, "j", runtime.GOMAXPROCS(0), "studies at a time; with 1, seconds are those of the processor, else those of the clock")
	flag.BoolVar(&o.quick, "quick", false, "a few tasks, three seeds: seconds")
	flag.StringVar(&o.dir, "dir", "bench", "folder of this program, with tables/ and peers/")
	flag.StringVar(&o.keep, "keep", "", "folder of results, SUITE-SAMPLER.jsonl in it; default DIR/results")
	flag.StringVar(&o.report, "report", "", "runs nothing: folder for tables and pictures of the results in -keep (default here DIR/own) beside the stored ones of others")
	flag.StringVar(&o.out, "out", "", "one file of results in the place of that folder; none keeps nothing")
	flag.BoolVar(&o.fresh, "fresh", false, "throw away what results there are, as after a change to a sampler")
	flag.StringVar(&o.python, "python", "", "a Python: with coco-experiment and numpy for COCO's suites (default: one is set up in the user's cache), with scikit-learn for real, with Optuna for its samplers")
	flag.StringVar(&o.at, "at", "25,50,100", "trials after which to compare")
	flag.StringVar(&o.base, "base", "", "who to compare the others with; default the first sampler")
	flag.StringVar(&o.task, "task", "", "only tasks whose name contains this")
	flag.StringVar(&o.half, "half", "", "only tasks at even or odd positions")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if o.seeds < 1 || o.budget < 1 || o.jobs < 1 {
		return fmt.Errorf("-seeds, -budget and -j must be above 0")
	}
	if o.quick {
		o.seeds = min(o.seeds, 3)
	}
	if o.report != "" {
		return o.writeReport()
	}
	if o.suites == "" {
		o.suites = "tables"
	}
	for _, name := range strings.Split(o.suites, ",") {
		suite, err := findSuite(name)
		if err != nil {
			return err
		}
		env := &Env{Dir: o.dir, Python: o.python}
		if err := errors.Join(o.run(suite, env), env.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) run(suite Suite, env *Env) error {
	problems, err := suite.Problems(env)
	if err != nil {
		return err
	}
	problems = o.choose(problems)
	var lines []record.Line
	for _, name := range strings.Split(o.samplers, ",") {
		own, err := o.study(suite, problems, name, o.file(suite, name))
		if err != nil {
			return err
		}
		lines = append(lines, own...)
	}
	peers, err := o.peers(suite, problems, lines)
	if err != nil {
		return err
	}
	base := o.base
	if base == "" {
		base = lines[0].Alg
	}
	return o.compare(append(lines, peers...), problems, base)
}

// peers reads the stored results of others, without those of which there are lines.
func (o *options) peers(suite Suite, problems []Problem, lines []record.Line) ([]record.Line, error) {
	all, err := record.Read(filepath.Join(o.dir, "peers", suite.Peers+"-*.jsonl"))
	return slices.DeleteFunc(all, func(l record.Line) bool {
		return !slices.ContainsFunc(problems, func(p Problem) bool { return p.Name == l.Task }) ||
			slices.ContainsFunc(lines, func(own record.Line) bool { return own.Alg == l.Alg })
	}), err
}

// file returns where the results of a sampler are kept, empty for nowhere.
func (o *options) file(suite Suite, sampler string) string {
	switch {
	case o.out == "none":
		return ""
	case o.out != "":
		return o.out
	case o.keep != "":
		return filepath.Join(o.keep, suite.Name+"-"+sampler+".jsonl")
	}
	return filepath.Join(o.dir, "results", suite.Name+"-"+sampler+".jsonl")
}

// choose leaves out the tasks that were not asked for.
func (o *options) choose(problems []Problem) []Problem {
	var out []Problem
	for i, p := range problems {
		if o.quick && i%3 != 0 || o.half == "even" && i%2 != 0 || o.half == "odd" && i%2 == 0 {
			continue
		}
		if strings.Contains(p.Name, o.task) {
			out = append(out, p)
		}
	}
	return out
}

func (o *options) compare(lines []record.Line, problems []Problem, base string) error {
	var tasks []string
	for _, p := range problems {
		tasks = append(tasks, p.Name)
	}
	slices.Sort(tasks)
	for _, text := range strings.Split(o.at, ",") {
		at, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("-at: %w", err)
		}
		if at > o.budget {
			continue
		}
		c := record.Compare(lines, at, base, tasks)
		if err := c.Print(os.Stdout); err != nil {
			return err
		}
	}
	return nil
}
