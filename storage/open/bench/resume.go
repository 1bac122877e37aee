package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/open"
)

// resume fills a study and measures a process that opens it and runs one trial.
func (o options) resume(ctx context.Context, p place) error {
	st, err := open.Open(ctx, p.url, nil)
	if err != nil {
		return err
	}
	defer st.Close()
	id, err := st.CreateStudy(ctx, studyName, []storage.Direction{storage.Minimize})
	if err != nil {
		return err
	}
	defer hone.DeleteStudy(ctx, st, studyName)
	begin := time.Now()
	if err := o.fill(ctx, st, id); err != nil {
		return err
	}
	fmt.Printf("%-9s %d trials of %d floats were written in %v\n", p.name, o.trials, o.params, time.Since(begin).Round(time.Second))
	c, err := start(ctx, "resume", p, "HONE_BENCH_SAMPLER="+o.sampler, fmt.Sprint("HONE_BENCH_PARAMS=", o.params))
	if err != nil {
		return err
	}
	out, err := c.end()
	if err != nil {
		return err
	}
	cpu := c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime()
	fmt.Printf("%-9s %s, %v of processor time\n", p.name, strings.TrimSpace(out), cpu.Round(10*time.Millisecond))
	return nil
}

// fill writes finished trials, with 16 goroutines.
func (o options) fill(ctx context.Context, st storage.Storage, study int64) error {
	var left atomic.Int64
	left.Store(int64(o.trials))
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			for left.Add(-1) >= 0 {
				t := storage.Trial{State: storage.Complete}
				sum := 0.0
				for k := range o.params {
					x := rng.Float64()
					sum += x * x
					t.Params = append(t.Params, storage.Param{Name: fmt.Sprint("x", k), Value: x, Dist: distributions.Float{Low: 0, High: 1}})
				}
				t.Values = []float64{sum}
				if _, err := st.CreateTrial(ctx, study, &t); err != nil {
					errs[i] = err
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func resumeChild(ctx context.Context) error {
	var params int
	fmt.Sscan(os.Getenv("HONE_BENCH_PARAMS"), &params)
	o := &hone.Options{}
	switch name := os.Getenv("HONE_BENCH_SAMPLER"); name {
	case "auto":
	case "tpe":
		o.Sampler = &sampler.TPE{}
	case "random":
		o.Sampler = &sampler.Random{}
	default:
		return fmt.Errorf("there is no sampler %q here", name)
	}
	fmt.Println("ready")
	begin := time.Now()
	st, err := open.Open(ctx, os.Getenv("HONE_BENCH_URL"), nil)
	if err != nil {
		return err
	}
	defer st.Close()
	study, err := hone.LoadStudy(ctx, st, studyName, o)
	if err != nil {
		return err
	}
	opened := time.Since(begin)
	run := func(t *hone.Trial) (float64, error) {
		sum := 0.0
		for k := range params {
			x := t.SuggestFloat(fmt.Sprint("x", k), 0, 1)
			sum += x * x
		}
		return sum, nil
	}
	if err := study.OptimizeContext(ctx, run, &hone.OptimizeOptions{Trials: 1}); err != nil {
		return err
	}
	first := time.Since(begin)
	if err := study.OptimizeContext(ctx, run, &hone.OptimizeOptions{Trials: 20}); err != nil {
		return err
	}
	fmt.Printf("opened after %v, first trial done after %v, %v for each of the next 20, at most %s of memory\n",
		opened.Round(time.Millisecond), first.Round(time.Millisecond), ((time.Since(begin) - first) / 20).Round(10*time.Microsecond), peak())
	return nil
}

// peak returns the most memory that this process had, where the system says so.
func peak() string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "an unknown amount"
	}
	for line := range strings.Lines(string(text)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			var n int
			fmt.Sscan(kb, &n)
			return fmt.Sprintf("%d MB", n/1024)
		}
	}
	return "an unknown amount"
}
