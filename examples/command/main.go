// Command tunes another program through its flags and what it prints, and kills the
// runs that take too long. One learns how to hand a trial's context to a process. The
// program here is a small compressor, this one under another flag; any will do.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"time"

	"github.com/gohone/hone"
)

func objective(t *hone.Trial) (float64, error) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-pack",
		fmt.Sprint("-window=", t.SuggestInt("window", 8, 20)),
		fmt.Sprint("-tries=", t.SuggestLogInt("tries", 1, 30000)),
		fmt.Sprint("-shortest=", t.SuggestInt("shortest", 3, 10)),
		fmt.Sprint("-lazy=", t.SuggestBool("lazy")),
	)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return 0, err // killed, crashed, or not there
	}
	var size float64
	_, err = fmt.Sscanf(string(out), "packed to %f bytes", &size)
	return size, err
}

func main() {
	trials, seed := flag.Int("trials", 60, "runs; 0: go on until Ctrl-C"), flag.Uint64("seed", 1, "seed of the study")
	limit := flag.Duration("limit", 0, "time that a run has; 0: 20 times what the program takes as it comes")
	if isPacker() { // the program that is tuned
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	study, err := hone.NewStudy(&hone.Options{Seed: *seed})
	if err == nil && *limit == 0 {
		*limit, err = asItComes(ctx)
	}
	if err == nil {
		crashed := func(err error) bool { return errors.As(err, new(*exec.ExitError)) } // the study goes on with other values
		err = study.OptimizeContext(ctx, objective, &hone.OptimizeOptions{Trials: *trials, Workers: runtime.NumCPU(), TrialTimeout: *limit, Catch: crashed, Progress: os.Stderr})
	}
	if err != nil && !errors.Is(err, context.Canceled) { // after Ctrl-C what was found so far is shown
		log.Fatal(err)
	}
	report(study)
}
