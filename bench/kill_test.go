package main

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gohone/hone/bench/internal/record"
	"github.com/gohone/hone/internal/testfunc"
)

// killable is what the process that is killed runs.
func killable(path string) error {
	o := options{seeds: 30, budget: 10, jobs: 1}
	_, err := o.study(synthetic, syntheticProblems(testfunc.Continuous)[:3], "random", path)
	return err
}

// TestKilledWorker is the process that TestKilled kills.
func TestKilledWorker(t *testing.T) {
	path := os.Getenv("HONE_BENCH_KILLED")
	if path == "" {
		t.Skip("the worker of TestKilled")
	}
	if err := killable(path); err != nil {
		t.Fatal(err)
	}
}

// A run that is killed goes on: in the end each result is there once, the same as
// in a run that nobody disturbed.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.jsonl")
	for round := range 4 {
		before := results(t, path)
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWorker$")
		cmd.Env = append(os.Environ(), "HONE_BENCH_KILLED="+path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		done := false
		for !done && results(t, path) <= before {
			select {
			case err := <-ended: // before the next result, so all are there
				if err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				done = true
			case <-time.After(time.Millisecond):
			}
		}
		if !done {
			if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			<-ended
		}
	}
	if err := killable(path); err != nil {
		t.Fatal(err)
	}
	whole := filepath.Join(t.TempDir(), "whole.jsonl")
	if err := killable(whole); err != nil {
		t.Fatal(err)
	}
	got, want := regrets(t, path), regrets(t, whole)
	if len(want) != 90 || !maps.Equal(got, want) {
		t.Errorf("%d results, %d in the run that was not killed, or others", len(got), len(want))
	}
}

// results counts the lines of a file that may not be there yet.
func results(t *testing.T, path string) int {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return bytes.Count(raw, []byte{'\n'})
}

func regrets(t *testing.T, path string) map[string]float64 {
	t.Helper()
	lines, err := record.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]float64)
	for _, l := range lines {
		if _, twice := out[l.Key()]; twice {
			t.Errorf("%s, seed %d: there twice", l.Task, l.Seed)
		}
		out[l.Key()] = l.Regret["10"]
	}
	return out
}
