// Cluster is a worker of a study that many machines share: every process that is
// started with the same storage works on it until its budget is used up. Kill some,
// start more: no trial is lost, none is counted twice. README.md says how to start
// them with a process runner, Docker Compose, Kubernetes and Slurm.
//
//	HONE_STORAGE=postgresql://user@host/studies go run . -trials 400
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/open"
)

func main() {
	name := flag.String("study", "cluster", "name of the study")
	trials := flag.Int("trials", 400, "trials of the study, over all workers and restarts")
	flag.Parse()
	// On SIGTERM what is under way goes back into the queue.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := work(ctx, *name, *trials); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func work(ctx context.Context, name string, trials int) error {
	st, err := open.Open(ctx, os.Getenv("HONE_STORAGE"), nil)
	if err != nil {
		return err
	}
	defer st.Close()
	study, err := hone.NewStudy(&hone.Options{Name: name, Storage: st, LoadIfExists: true})
	if err == nil {
		err = study.OptimizeContext(ctx, objective, &hone.OptimizeOptions{TotalTrials: trials})
	}
	if err != nil {
		return err
	}
	best, err := study.BestTrial()
	fmt.Printf("best of the study: trial %d, %.4f\n", best.Number, best.Values)
	return err
}
