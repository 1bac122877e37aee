// Cost prints what a study costs whose objective, a sum of squares, is free.
//
//	go run ./bench/cost -sampler tpe -trials 1000 -dims 10
//	go run ./bench/cost -sampler tpe -trials 1000 -dims 10 -peer python3
//	go run ./bench/cost -promised -peer python3
//
// CPU seconds are those of the whole process since the study began, so that other
// load matters little; the garbage collector's share is in it. First and last are
// the processor time of a trial in the first and in the last tenth of the study.
//
// With -steps the parameters are integers, for samplers that count what they have
// tried:
//
//	go run ./bench/cost -sampler bruteforce -trials 100000 -dims 5 -steps 10
//
// With -peer, a Python that has Rustuna or Optuna runs the same study, turn and
// turn about, and the ratio of the two is printed: the least time of either counts.
// -promised does so for the studies whose ratio must not exceed a limit, and fails
// if one does.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gohone/hone/bench/internal/samplers"
)

func main() {
	var o options
	flag.StringVar(&o.samplers, "sampler", "", "one or several, with commas between, of "+samplers.Names()+" (default tpe; with -promised all)")
	flag.IntVar(&o.trials, "trials", 1000, "number of trials")
	flag.IntVar(&o.dims, "dims", 10, "number of parameters")
	flag.IntVar(&o.steps, "steps", 0, "number of values of a parameter; 0: floats")
	flag.IntVar(&o.history, "history", 0, "number of random trials that the study has at the beginning")
	flag.IntVar(&o.studies, "studies", 1, "number of studies, each printed")
	flag.StringVar(&o.python, "peer", "", "a Python that has the peer's package")
	flag.StringVar(&o.library, "library", "rustuna", "the peer: rustuna or optuna")
	flag.BoolVar(&o.promised, "promised", false, "the studies whose cost beside Rustuna is promised")
	flag.Parse()
	err := fmt.Errorf("unexpected argument %q", flag.Arg(0))
	if flag.NArg() == 0 {
		err = o.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cost:", err)
		os.Exit(1)
	}
}

// An options is what the command line says.
type options struct {
	samplers, python, library             string
	trials, dims, steps, history, studies int
	promised                              bool
}

func (o *options) run() error {
	if o.trials < 1 || o.dims < 1 || o.studies < 1 || o.steps < 0 || o.history < 0 {
		return fmt.Errorf("-trials, -dims and -studies must be above 0, -steps and -history not below")
	}
	if o.python != "" && (o.history > 0 || o.steps > 0) {
		return fmt.Errorf("-peer does not go together with -history and -steps")
	}
	if o.promised {
		return o.keep()
	}
	names := o.samplers
	if names == "" {
		names = "tpe"
	}
	for name := range strings.SplitSeq(names, ",") {
		if _, err := o.compare(job{name, o.trials, o.dims, o.steps, o.history}, o.studies); err != nil {
			return err
		}
	}
	return nil
}

// compare runs so many studies, prints what they cost, and returns the ratio of
// the least processor time of ours to the peer's: 0 without one.
func (o *options) compare(j job, studies int) (float64, error) {
	var ours, theirs time.Duration
	for i := range studies {
		c, err := j.run()
		if err != nil {
			return 0, err
		}
		fmt.Println(c)
		if i == 0 || c.cpu < ours {
			ours = c.cpu
		}
		if o.python == "" || peerSampler(j.sampler) == "" {
			continue
		}
		p, err := o.peer(j)
		if err != nil {
			return 0, err
		}
		if i == 0 || p < theirs {
			theirs = p
		}
	}
	if theirs == 0 {
		return 0, nil
	}
	ratio := ours.Seconds() / theirs.Seconds()
	fmt.Printf("%s n=%d d=%d: %.3f s beside %.3f s of %s, ratio %.3f\n", j.sampler, j.trials, j.dims, ours.Seconds(), theirs.Seconds(), o.library, ratio)
	return ratio, nil
}
