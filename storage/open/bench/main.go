// Bench measures storages beside Optuna's, on the same server and in the same run.
//
//	. DIR/env                                  # of `.ci/servers start DIR`
//	go -C storage/open run ./bench one         # one worker, trials of five floats
//	go -C storage/open run ./bench many        # 8 processes of 8 workers, 20,000 trials that do nothing
//	go -C storage/open run ./bench resume      # open a study of 100,000 trials and go on
//
// Storages are a new SQLite file, and the servers that HONE_POSTGRES, HONE_MYSQL
// and HONE_REDIS name; -storage chooses. HONE_PYTHON names a Python that has
// Optuna; without it there are no ratios. Studies that are made are deleted. The
// command fails when a budget is not met exactly or a process fails.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A place is a storage that is measured.
type place struct {
	name string
	url  string // ours
	dir  string // of the file of SQLite
}

// optuna returns the URL for Optuna.
func (p place) optuna() string {
	switch p.name {
	case "postgres":
		return strings.Replace(p.url, "postgresql://", "postgresql+psycopg2://", 1)
	case "mysql":
		return strings.Replace(p.url, "mysql://", "mysql+pymysql://", 1)
	case "redis":
		u, _, _ := strings.Cut(p.url, "?")
		return u
	}
	return "sqlite:///" + filepath.Join(p.dir, "optuna.db")
}

type options struct {
	storages                           string
	trials, processes, workers, params int
	peerTrials, rounds                 int
	sampler                            string
	python                             string
}

func main() {
	if task := os.Getenv("HONE_BENCH_TASK"); task != "" {
		if err := child(task); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) < 2 {
		return errors.New("say what: one, many or resume")
	}
	what := os.Args[1]
	o := options{python: os.Getenv("HONE_PYTHON"), processes: 1, workers: 1, params: 5, trials: 400, peerTrials: 200}
	switch what {
	case "one":
	case "many":
		o.processes, o.workers, o.params, o.trials, o.peerTrials = 8, 8, 0, 20000, 800
	case "resume":
		o.trials = 100_000
	default:
		return fmt.Errorf("there is no %q, only one, many and resume", what)
	}
	f := flag.NewFlagSet(what, flag.ContinueOnError)
	f.StringVar(&o.storages, "storage", "sqlite,postgres,mysql,redis", "which, with commas between")
	f.IntVar(&o.trials, "trials", o.trials, "trials of ours")
	f.IntVar(&o.peerTrials, "peer-trials", o.peerTrials, "trials of Optuna's, which are slower")
	f.IntVar(&o.processes, "processes", o.processes, "processes")
	f.IntVar(&o.workers, "workers", o.workers, "workers of each process; Optuna's have one")
	f.IntVar(&o.params, "params", o.params, "floats of a trial")
	f.IntVar(&o.rounds, "rounds", 3, "how often ours and Optuna's are run in turn (one); the least time counts")
	f.StringVar(&o.sampler, "sampler", "auto", "that goes on (resume): auto, tpe or random")
	if err := f.Parse(os.Args[2:]); err != nil || f.NArg() > 0 {
		return errors.Join(err, fmt.Errorf("unexpected %q", f.Args()))
	}
	for _, name := range strings.Split(o.storages, ",") {
		if err := o.measure(what, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (o options) measure(what, name string) error {
	p := place{name: name}
	variable, known := map[string]string{"sqlite": "", "postgres": "HONE_POSTGRES", "mysql": "HONE_MYSQL", "redis": "HONE_REDIS"}[name]
	switch {
	case !known:
		return errors.New("it is none of sqlite, postgres, mysql, redis")
	case name == "sqlite":
		var err error
		if p.dir, err = os.MkdirTemp("", "hone-bench"); err != nil {
			return err
		}
		defer os.RemoveAll(p.dir)
		p.url = "sqlite:///" + filepath.Join(p.dir, "hone.db")
	default:
		if p.url = os.Getenv(variable); p.url == "" {
			fmt.Printf("%s: left out, for %s is not set\n", name, variable)
			return nil
		}
		if _, err := url.Parse(p.url); err != nil {
			return err
		}
		if name == "redis" {
			p.url += "?prefix=" + studyName
		}
	}
	ctx := context.Background()
	if name == "redis" {
		defer p.forget(ctx)
	}
	switch what {
	case "one":
		return o.one(ctx, p)
	case "many":
		return o.many(ctx, p)
	}
	return o.resume(ctx, p)
}

// peer runs trials with Optuna and returns the time of each.
func (o options) peer(ctx context.Context, p place, processes int) (time.Duration, error) {
	script := "bench/peer.py"
	if _, err := os.Stat(script); err != nil {
		return 0, fmt.Errorf("run it as go -C storage/open run ./bench: %w", err)
	}
	if p.name == "sqlite" {
		for _, end := range []string{"", "-wal", "-shm", "-journal"} {
			os.Remove(filepath.Join(p.dir, "optuna.db"+end))
		}
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, o.python, script, p.optuna(), fmt.Sprint(processes), fmt.Sprint(o.peerTrials), fmt.Sprint(o.params))
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("the program for Optuna: %w\n%s", err, stderr.String())
	}
	var seconds float64
	var failed int
	if _, err := fmt.Sscan(string(out), &seconds, &failed); err != nil {
		return 0, fmt.Errorf("the program for Optuna says %q: %w", out, err)
	}
	if failed > 0 {
		fmt.Printf("%-9s Optuna: %d of %d processes failed: %s\n", p.name, failed, processes, lastLine(stderr.String()))
	}
	return time.Duration(seconds * 1e9 / float64(o.peerTrials/processes*processes)), nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
