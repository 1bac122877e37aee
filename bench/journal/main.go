// Journal measures the journal file: a worker beside Optuna's, workers that share
// syncs, and a large file that is opened.
//
//	go run ./bench/journal                       # without a peer: no ratio
//	go run ./bench/journal -peer python3         # a Python that has Optuna
//	go run ./bench/journal -dir /mnt/disk -peer python3
//
// The disk that counts is that of -dir. A worker, Optuna's worker, and the disk
// itself, which appends as much and syncs, take turns; medians are compared. The
// command fails if what is promised is not kept:
//
//   - a trial of five floats takes at most 0.2 of Optuna's time, or 1.3 syncs;
//   - eight workers sync at most 0.4 times for each result, and where a sync takes
//     2 ms or more they are at least three times as fast as one;
//   - a journal of 28,000 trials and 135 MB opens within 2 s, and then costs only
//     what is new.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.dir, "dir", "", "folder on the disk to be measured (default: a new one where temporary files are)")
	flag.StringVar(&o.python, "peer", "", "a Python that has Optuna")
	flag.IntVar(&o.trials, "trials", 150, "trials in a turn")
	flag.IntVar(&o.turns, "turns", 7, "turns")
	flag.Parse()
	err := fmt.Errorf("unexpected argument %q", flag.Arg(0))
	if flag.NArg() == 0 {
		err = o.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "journal:", err)
		os.Exit(1)
	}
}

// An options is what the command line says.
type options struct {
	dir, python   string
	trials, turns int
	broken        int // promises that were not kept
}

func (o *options) run() error {
	if o.trials < 1 || o.turns < 1 {
		return fmt.Errorf("-trials and -turns must be above 0")
	}
	dir, err := os.MkdirTemp(o.dir, "hone-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.dir = dir
	for _, part := range []func() error{o.workers, o.open} {
		if err := part(); err != nil {
			return err
		}
	}
	if o.broken > 0 {
		return fmt.Errorf("%d promises are broken", o.broken)
	}
	return nil
}

// promise prints a figure beside its limit.
func (o *options) promise(what string, got float64, most bool, limit float64) {
	word, kept := "at least", got >= limit
	if most {
		word, kept = "at most", got <= limit
	}
	verdict := ""
	if !kept {
		verdict = "  BROKEN"
		o.broken++
	}
	fmt.Printf("%-60s %8.3f, %s %.3g%s\n", what, got, word, limit, verdict)
}

// path returns the path of a journal that is not there yet.
func (o *options) path(name string, turn int) string {
	return filepath.Join(o.dir, fmt.Sprintf("%s%d.log", name, turn))
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }
