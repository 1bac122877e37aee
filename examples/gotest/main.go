// Gotest tunes a Go program by its own benchmark: the setting of the garbage
// collector and two sizes, which the program reads from its environment. One learns
// how to tune what is measured with noise: every setting is measured several times,
// and a hopeless one is given up after a few.
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
	"path/filepath"

	"github.com/gohone/hone"
	"github.com/gohone/hone/pruner"
)

func main() {
	trials := flag.Int("trials", 40, "settings to try; 0: go on until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "gotest")
	if err == nil {
		err = errors.Join(tune(ctx, *trials, filepath.Join(dir, "gotest.test")), os.RemoveAll(dir))
	}
	if err != nil {
		log.Fatal(err)
	}
}

func tune(ctx context.Context, trials int, binary string) error {
	if out, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "github.com/gohone/hone/examples/gotest").CombinedOutput(); err != nil {
		return fmt.Errorf("build the benchmark (run this in a clone of hone): %w\n%s", err, out)
	}
	study, err := hone.NewStudy(&hone.Options{Seed: 1, Pruner: &pruner.Wilcoxon{}})
	if err != nil {
		return err
	}
	// What the program does without being told is the first trial.
	if err := study.Enqueue(map[string]any{"gogc": 100, "buffer": defaultBuffer, "capacity": defaultCapacity}, nil); err != nil {
		return err
	}
	err = study.OptimizeContext(ctx, func(t *hone.Trial) (float64, error) {
		return measure(t, binary, t.SuggestLogInt("gogc", 10, 2000), t.SuggestLogInt("buffer", 16, 1<<20), t.SuggestLogInt("capacity", 1, 1<<16))
	}, &hone.OptimizeOptions{Trials: trials, Progress: os.Stderr})
	if err != nil && !errors.Is(err, context.Canceled) { // after Ctrl-C what was found so far is shown
		return err
	}
	return report(study)
}
