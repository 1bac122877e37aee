package hone_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
)

// killWorker is one process of TestKill9: it works on the study until the budget
// is used up, and writes down what was acknowledged.
func killWorker(path, acks string, budget int) error {
	st, err := journal.Open(path, nil)
	if err != nil {
		return err
	}
	s, err := hone.NewStudy(&hone.Options{
		Name: "kill", Storage: st, LoadIfExists: true, Seed: 11, Sampler: new(sampler.Random),
		Lease: hone.LeaseOptions{Beat: 200 * time.Millisecond, Lost: 2 * time.Second, MaxRetries: 100},
	})
	if err != nil {
		return err
	}
	out, err := os.OpenFile(acks, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	return s.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		x, y := t.SuggestFloat("x", -1, 1), t.SuggestLogFloat("y", 1e-3, 1)
		select {
		case <-time.After(30 * time.Millisecond):
		case <-t.Context().Done():
			return 0, context.Cause(t.Context())
		}
		return x * y, nil
	}, &hone.OptimizeOptions{TotalTrials: budget, Callbacks: []func(*hone.Study, hone.FrozenTrial){
		func(_ *hone.Study, f hone.FrozenTrial) {
			// One write, so that a kill leaves a whole line or none.
			fmt.Fprintf(out, "%d %016x\n", f.Number, math.Float64bits(f.Values[0]))
		},
	}})
}

// TestKill9 kills processes at random moments, 150 times, and counts what is left.
func TestKill9(t *testing.T) {
	budget, kills := 2000, 150
	if testing.Short() {
		budget, kills = 300, 20
	}
	const processes = 8
	dir := t.TempDir()
	path := filepath.Join(dir, "study.log")
	start := time.Now()

	var (
		mu     sync.Mutex
		killed int
		wg     sync.WaitGroup
	)
	victims := make([]chan struct{}, processes)
	for i := range processes {
		victims[i] = make(chan struct{})
		wg.Go(func() {
			for generation := 0; ; generation++ {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), fmt.Sprintf("HONE_TEST_KILL=%s|%s|%d", path, filepath.Join(dir, fmt.Sprintf("ack%d.%d", i, generation)), budget))
				var errs strings.Builder
				cmd.Stderr = &errs
				if err := cmd.Start(); err != nil {
					t.Error(err)
					return
				}
				done := make(chan error, 1)
				go func() { done <- cmd.Wait() }()
				select {
				case err := <-done:
					if err != nil {
						t.Errorf("process %d: %v\n%s", i, err, &errs)
					}
					close(victims[i])
					return
				case victims[i] <- struct{}{}:
					if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
						t.Error(err)
					}
					<-done
					mu.Lock()
					killed++
					mu.Unlock()
				}
			}
		})
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range kills {
		time.Sleep(time.Duration(20+r.IntN(101)) * time.Millisecond)
		select {
		case <-victims[r.IntN(processes)]:
		case <-time.After(time.Second):
		}
	}
	wg.Wait()
	took := time.Since(start)

	// What was acknowledged, by number.
	acked := make(map[int]string)
	files, err := filepath.Glob(filepath.Join(dir, "ack*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for sc := bufio.NewScanner(f); sc.Scan(); {
			var number int
			var bits string
			if _, err := fmt.Sscan(sc.Text(), &number, &bits); err != nil {
				t.Fatalf("%s: %q: %v", name, sc.Text(), err)
			}
			if _, twice := acked[number]; twice {
				t.Errorf("trial %d was acknowledged twice", number)
			}
			acked[number] = bits
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}

	st, err := journal.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	s, err := hone.LoadStudy(context.Background(), st, "kill", nil)
	if err != nil {
		t.Fatal(err)
	}
	trials, err := s.Trials()
	if err != nil {
		t.Fatal(err)
	}
	complete, lost := 0, 0
	for i, f := range trials {
		if f.Number != i {
			t.Fatalf("place %d has number %d", i, f.Number)
		}
		switch {
		case f.State == hone.Complete:
			complete++
			if bits, ok := acked[i]; ok && bits != fmt.Sprintf("%016x", math.Float64bits(f.Values[0])) {
				t.Errorf("trial %d: %x is stored, %s was acknowledged", i, math.Float64bits(f.Values[0]), bits)
			}
		case f.State == hone.Failed && f.SystemAttrs[storage.AttrLost] != nil:
			lost++
		default:
			t.Errorf("trial %d is %s: %v", i, f.State, f.SystemAttrs)
		}
		if _, ok := acked[i]; ok && f.State != hone.Complete {
			t.Errorf("trial %d was acknowledged and is %s", i, f.State)
		}
	}
	if complete != budget {
		t.Errorf("%d trials complete, the budget is %d", complete, budget)
	}
	t.Logf("%d kills, %d trials lost and run again, %d of %d results acknowledged, %v", killed, lost, len(acked), complete, took.Round(time.Millisecond))
	if len(acked) < budget*9/10 {
		t.Errorf("only %d results were acknowledged", len(acked))
	}
	readWithPython(t, path, complete, len(trials))
}

// readWithPython has Optuna read the file, if there is one.
func readWithPython(t *testing.T, path string, complete, all int) {
	python := os.Getenv("HONE_PYTHON")
	if python == "" {
		t.Log("HONE_PYTHON is not set to a Python with Optuna: the file was not read with it")
		return
	}
	script := `
import sys
from optuna import load_study, logging
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
logging.set_verbosity(logging.ERROR)
s = load_study(study_name="kill", storage=JournalStorage(JournalFileBackend(sys.argv[1])))
print(len([t for t in s.trials if t.state.name == "COMPLETE"]), len(s.trials), [t.number for t in s.trials] == list(range(len(s.trials))))
`
	out, err := exec.Command(python, "-c", script, path).CombinedOutput()
	if want := fmt.Sprintf("%d %d True", complete, all); err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("Optuna reads %s, want %s (%v)", out, want, err)
	}
}

// stopLease is short, for the test of a stopped process waits for its end, and yet
// long for whoever is to beat in it.
var stopLease = hone.LeaseOptions{Beat: 200 * time.Millisecond, Lost: 3 * time.Second}

// stoppedWorker is the process that TestStoppedProcess stops: it begins a trial,
// says so, and brings its result when it is told to.
func stoppedWorker(path string) error {
	st, err := journal.Open(path, nil)
	if err != nil {
		return err
	}
	s, err := hone.LoadStudy(context.Background(), st, "stop", &hone.Options{Sampler: new(sampler.Random), Lease: stopLease})
	if err != nil {
		return err
	}
	err = s.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		fmt.Println("begun", t.SuggestFloat("x", 0, 1))
		<-t.Context().Done() // comes when it has woken
		fmt.Println("lease lost:", errors.Is(context.Cause(t.Context()), hone.ErrLeaseLost))
		return -1, nil // a result that would be the best
	}, &hone.OptimizeOptions{Trials: 1})
	return errors.Join(err, st.Close())
}
