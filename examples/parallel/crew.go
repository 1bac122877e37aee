package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/journal"
)

// A crew is the processes that work on the study.
type crew struct {
	path            string
	workers, trials int
	kill            bool
}

// run keeps the processes running until the study is done, and reports.
func (c *crew) run() error {
	var wg sync.WaitGroup
	spare := make([]chan struct{}, c.workers)
	for i := range spare {
		spare[i] = make(chan struct{})
		wg.Go(func() { c.keep(spare[i]) })
	}
	if c.kill {
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
	return c.report()
}

// keep runs one process, and another if it is killed.
func (c *crew) keep(spare <-chan struct{}) {
	for {
		cmd := exec.Command(os.Args[0], "-worker", "-journal", c.path, "-trials", fmt.Sprint(c.trials))
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

func (c *crew) report() error {
	st, err := journal.Open(c.path, nil)
	if err != nil {
		return err
	}
	defer st.Close()
	sums, err := hone.StudySummaries(context.Background(), st)
	if err != nil {
		return err
	}
	for _, s := range sums {
		fmt.Printf("%s: %d trials complete, %d lost and run again; best %.4f at %v\n", s.Name,
			s.ByState[hone.Complete], s.ByState[hone.Failed], s.Best.Values[0], s.Best.Params)
	}
	return nil
}
