// Parallel runs eight processes on one study in one file. Kill some of them, kill
// all, start it again: it goes on, and the study ends with its budget, exactly.
//
//	go run ./examples/parallel                      # 8 workers, 400 trials
//	go run ./examples/parallel -kill                # and a worker is killed every second
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/journal"
)

var (
	path    = flag.String("journal", "parallel.log", "file of the study")
	workers = flag.Int("workers", 8, "number of processes")
	trials  = flag.Int("trials", 400, "trials of the study, over all processes and runs")
	kill    = flag.Bool("kill", false, "kill a process every second and start another")
	worker  = flag.Bool("worker", false, "be one of the processes")
)

// objective stands for work of about 30 ms.
func objective(t *hone.Trial) (float64, error) {
	x, y := t.SuggestFloat("x", -5, 5), t.SuggestFloat("y", -5, 5)
	select {
	case <-time.After(30 * time.Millisecond):
	case <-t.Context().Done():
		return 0, context.Cause(t.Context())
	}
	return math.Pow(x*x+y-11, 2) + math.Pow(x+y*y-7, 2), nil // Himmelblau's
}

func work() error {
	st, err := journal.Open(*path, nil)
	if err != nil {
		return err
	}
	study, err := hone.NewStudy(&hone.Options{Name: "parallel", Storage: st, LoadIfExists: true, Seed: 1,
		Lease: hone.LeaseOptions{Beat: 500 * time.Millisecond, Lost: 3 * time.Second}})
	if err == nil {
		err = study.OptimizeContext(context.Background(), objective, &hone.OptimizeOptions{TotalTrials: *trials})
	}
	if closeErr := st.Close(); err == nil {
		err = closeErr
	}
	return err
}

// keep runs one worker process, and another if it is killed.
func keep(spare <-chan struct{}) {
	for {
		cmd := exec.Command(os.Args[0], "-worker", "-journal", *path, "-trials", fmt.Sprint(*trials))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			log.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		select {
		case err := <-done:
			if err != nil {
				log.Fatal(err)
			}
			return
		case <-spare:
			if err := cmd.Process.Kill(); err != nil {
				log.Print(err)
			}
			<-done
			fmt.Printf("killed process %d and started another\n", cmd.Process.Pid)
		}
	}
}

func main() {
	flag.Parse()
	if *worker {
		if err := work(); err != nil {
			log.Fatal(err)
		}
		return
	}
	var wg sync.WaitGroup
	spare := make([]chan struct{}, *workers)
	for i := range spare {
		spare[i] = make(chan struct{})
		wg.Go(func() { keep(spare[i]) })
	}
	if *kill {
		go func() {
			for range time.Tick(time.Second) {
				select {
				case spare[rand.IntN(len(spare))] <- struct{}{}:
				case <-time.After(10 * time.Millisecond):
				}
			}
		}()
	}
	wg.Wait()
	if err := report(); err != nil {
		log.Fatal(err)
	}
}

func report() error {
	st, err := journal.Open(*path, nil)
	if err != nil {
		return err
	}
	sums, err := hone.StudySummaries(context.Background(), st)
	if err != nil {
		return err
	}
	for _, s := range sums {
		fmt.Printf("%s: %d trials complete, %d lost and run again; best %.4f at %v\n", s.Name,
			s.ByState[hone.Complete], s.ByState[hone.Failed], s.Best.Values[0], s.Best.Params)
	}
	return st.Close()
}
