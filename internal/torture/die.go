//go:build linux || darwin

package main

import (
	"context"
	"fmt"
	"sync"
	"syscall"

	"github.com/gohone/hone/storage"
)

// A dying storage kills its process before or after a call.
type dying struct {
	storage.Leaser
	job *job

	mu    sync.Mutex
	calls int
}

// points are the calls at which a worker dies.
var points = []string{"Claim", "SetParam", "SetReport", "SetState", "Beat"}

func dieAt(st storage.Storage, j *job) (storage.Storage, error) {
	l, ok := storage.AsLeaser(st)
	if !ok {
		return nil, fmt.Errorf("%T has no leases", st)
	}
	return &dying{Leaser: l, job: j}, nil
}

// at counts a call, and returns what is to be done after it.
func (d *dying) at(method string) func() {
	if method != d.job.Die {
		return func() {}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calls++; d.calls != d.job.DieAt {
		return func() {}
	}
	die := func() {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {}
	}
	if !d.job.DieLate {
		die()
	}
	return die
}

func (d *dying) Claim(ctx context.Context, study int64, c storage.Claim) (storage.Trial, bool, error) {
	after := d.at("Claim")
	t, ok, err := d.Leaser.Claim(ctx, study, c)
	after()
	return t, ok, err
}

func (d *dying) SetParam(ctx context.Context, trial int64, p storage.Param) error {
	after := d.at("SetParam")
	err := d.Leaser.SetParam(ctx, trial, p)
	after()
	return err
}

func (d *dying) SetReport(ctx context.Context, trial int64, step int, value float64) error {
	after := d.at("SetReport")
	err := d.Leaser.SetReport(ctx, trial, step, value)
	after()
	return err
}

func (d *dying) SetState(ctx context.Context, trial int64, state storage.State, values []float64) (bool, error) {
	after := d.at("SetState")
	ok, err := d.Leaser.SetState(ctx, trial, state, values)
	after()
	return ok, err
}

func (d *dying) Beat(ctx context.Context, study int64, worker string, seq int64, trials []int64) error {
	after := d.at("Beat")
	err := d.Leaser.Beat(ctx, study, worker, seq, trials)
	after()
	return err
}
