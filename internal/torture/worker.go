//go:build linux || darwin

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore"
	"github.com/gohone/hone/storage/journal"
	"github.com/gohone/hone/storage/open"
)

// child does a job and returns the exit status.
func child(text string) int {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	err := map[string]func(context.Context, *job) error{
		"work": work, "serve": serve, "start": startHere, "fill": fillDisk, "starve": starve, "read": readForEver, "measure": measure, "denied": denied, "soak": keepOn,
	}[j.Task](ctx, &j)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return 143
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func (j *job) open(ctx context.Context) (storage.Storage, error) {
	if j.Grace > 0 {
		return journal.Open(j.URL[len("journal:///"):], &journal.Options{LockGrace: time.Duration(j.Grace) * time.Millisecond})
	}
	wait := patience
	if j.PatienceMS > 0 {
		wait = time.Duration(j.PatienceMS) * time.Millisecond
	}
	return open.Open(ctx, j.URL, &open.Options{Patience: wait})
}

func (j *job) lease() hone.LeaseOptions {
	return hone.LeaseOptions{Beat: time.Duration(j.BeatMS) * time.Millisecond, Lost: time.Duration(j.LostMS) * time.Millisecond, MaxRetries: 1000}
}

// result is what the objective brings for x in the trial of a number: infinities
// are among them.
func result(number int, x float64) float64 {
	switch number % 17 {
	case 5:
		return math.Inf(1)
	case 11:
		return math.Inf(-1)
	}
	return x * 1e100
}

// work is a worker whose acknowledged results go to a file, one a line and each
// with one write: number, and the bits of the parameter and of the value.
func work(ctx context.Context, j *job) error {
	fmt.Println(isReady)
	var acks *os.File
	if j.Acks != "" {
		var err error
		if acks, err = os.OpenFile(j.Acks, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666); err != nil {
			return err
		}
		defer acks.Close()
	}
	errs := make([]error, max(1, j.Handles))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = j.workOn(ctx, acks) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (j *job) workOn(ctx context.Context, acks *os.File) error {
	st, err := j.open(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	defer st.Close()
	if j.Die != "" {
		if st, err = dieAt(st, j); err != nil {
			return err
		}
	}
	study, err := hone.NewStudy(&hone.Options{Name: j.Study, Storage: st, LoadIfExists: true, Seed: 7, Sampler: &sampler.Random{}, Lease: j.lease()})
	if err != nil {
		return err
	}
	o := &hone.OptimizeOptions{TotalTrials: j.Budget, Trials: j.Trials, Workers: j.Workers}
	if acks != nil {
		o.Callbacks = []func(*hone.Study, hone.FrozenTrial){func(_ *hone.Study, t hone.FrozenTrial) {
			fmt.Fprintf(acks, "%d %016x %016x\n", t.Number, math.Float64bits(t.Params["x"].(float64)), math.Float64bits(t.Values[0]))
		}}
	}
	return study.OptimizeContext(ctx, func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", 0, 1)
		t.Report(0, x/3)
		t.Report(1, math.NaN())
		if j.PauseMS > 0 {
			ctx := t.Context()
			if j.Deaf {
				ctx = context.Background()
			}
			select {
			case <-time.After(rand.N(time.Duration(j.PauseMS) * time.Millisecond)):
			case <-ctx.Done():
				return 0, context.Cause(ctx)
			}
		}
		return result(t.Number(), x), nil
	}, o)
}

// serve is a gRPC server.
func serve(ctx context.Context, j *job) error {
	st, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	l, err := net.Listen("tcp", j.Listen)
	if err != nil {
		return err
	}
	server := grpcstore.NewServer(st, nil)
	context.AfterFunc(ctx, server.Stop)
	return server.Serve(l)
}

// startHere has many workers meet on a storage that is empty: each opens it, makes
// or loads the study, and runs one trial.
func startHere(ctx context.Context, j *job) error {
	errs := make([]error, j.Workers)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			one := *j
			one.Workers, one.Trials = 1, 1
			errs[i] = one.workOn(ctx, nil)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// readForEver reads the whole study ten times a second until it is told to stop.
func readForEver(ctx context.Context, j *job) error {
	st, err := j.open(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	defer st.Close()
	reads := 0
	defer func() { fmt.Println(reads) }()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		study, err := hone.LoadStudy(context.WithoutCancel(ctx), st, j.Study, nil)
		if err != nil {
			return err
		}
		if _, err := study.Trials(); err != nil {
			return err
		}
		reads++
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
