// Digits tunes a neural network on images of handwritten digits. Many settings
// are tried on all cores, those that lag behind the others are stopped early, and
// the best one is trained once more on all images and judged by images of other
// writers. One learns how a real training loop reports to hone.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"runtime"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/journal"
)

func main() {
	trials := flag.Int("trials", 60, "settings to try")
	workers := flag.Int("workers", runtime.NumCPU(), "trials at once")
	seed := flag.Uint64("seed", 0, "seed of the study; 0 chooses one")
	path := flag.String("journal", "", "file that keeps the study; a second run goes on with it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := tune(ctx, *trials, *workers, *seed, *path); err != nil {
		log.Fatal(err)
	}
}

func tune(ctx context.Context, trials, workers int, seed uint64, path string) (err error) {
	all, test, err := load()
	if err != nil {
		return err
	}
	o := &hone.Options{Name: "digits", Direction: hone.Maximize, Seed: seed, LoadIfExists: true}
	if path != "" {
		st, err := journal.Open(path, nil)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, st.Close()) }()
		o.Storage = st
	}
	study, err := hone.NewStudy(o)
	if err != nil {
		return err
	}
	learn, judge := split(all)
	f := func(t *hone.Trial) (float64, error) { return objective(t, learn, judge) }
	err = study.OptimizeContext(ctx, f, &hone.OptimizeOptions{TotalTrials: trials, Workers: workers, Progress: os.Stderr})
	if err != nil {
		return err
	}
	return report(os.Stdout, study, all, test)
}
