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
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/journal"
)

const epochs = 30 // passes over the images that a network learns from

func suggest(t *hone.Trial) settings {
	return settings{
		Rate:       t.SuggestLogFloat("rate", 0.01, 1),
		Momentum:   t.SuggestFloat("momentum", 0, 0.98),
		L2:         t.SuggestLogFloat("l2", 1e-6, 1e-2),
		Width:      t.SuggestLogInt("width", 16, maxWidth),
		Depth:      t.SuggestInt("depth", 1, 3),
		Batch:      t.SuggestLogInt("batch", 16, 128),
		Activation: t.SuggestCategorical("activation", "relu", "tanh"),
	}
}

// objective trains one network and returns its accuracy on images that it has not
// seen.
func objective(t *hone.Trial, learn, judge images) (accuracy float64, err error) {
	s, rng := suggest(t), rand.New(rand.NewPCG(uint64(t.Number()), t.Study().Seed()))
	net := newMLP(pixels, classes, s, rng)
	for epoch := range epochs {
		net.epoch(learn, s, epoch, rng)
		accuracy = net.accuracy(judge)
		t.Report(epoch, accuracy)
		if t.ShouldPrune() {
			return 0, hone.ErrPruned
		}
		if err := t.Context().Err(); err != nil {
			return 0, err // Ctrl-C
		}
	}
	return accuracy, nil
}

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
