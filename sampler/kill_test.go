package sampler_test

import (
	"context"
	"errors"
	"fmt"
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
	"github.com/gohone/hone/storage/journal"
)

// bruteForceStudy opens the study of TestBruteForceKilled.
func bruteForceStudy(path string) (*hone.Study, *journal.Storage, error) {
	st, err := journal.Open(path, nil)
	if err != nil {
		return nil, nil, err
	}
	s, err := hone.NewStudy(&hone.Options{
		Name: "brute", Storage: st, LoadIfExists: true, Seed: 5, Sampler: &sampler.BruteForce{},
		Lease: hone.LeaseOptions{Beat: 200 * time.Millisecond, Lost: 2 * time.Second, MaxRetries: 100},
	})
	return s, st, err
}

// TestBruteForceWorker is one process of TestBruteForceKilled, of four workers.
func TestBruteForceWorker(t *testing.T) {
	path := os.Getenv("HONE_TEST_BRUTEFORCE")
	if path == "" {
		return // this is not such a process
	}
	s, _, err := bruteForceStudy(path)
	if err != nil {
		t.Fatal(err)
	}
	err = s.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		a, b, c := t.SuggestInt("a", 0, 1), t.SuggestCategorical("b", "x", "y", "z"), t.SuggestInt("c", 0, 3)
		select {
		case <-time.After(60 * time.Millisecond):
		case <-t.Context().Done():
			return 0, context.Cause(t.Context())
		}
		return float64(a + len(b) + c), nil
	}, &hone.OptimizeOptions{TotalTrials: 24, Workers: 4})
	if err != nil {
		t.Fatal(err)
	}
}

// Four processes of four workers go through 24 combinations while one after the
// other is killed: in the end each combination has one complete trial.
func TestBruteForceKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "study.log")
	if _, st, err := bruteForceStudy(path); err != nil { // the study and its seed are there
		t.Fatal(err)
	} else if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	kills := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				cmd := exec.Command(os.Args[0], "-test.run", "^TestBruteForceWorker$")
				cmd.Env = append(os.Environ(), "HONE_TEST_BRUTEFORCE="+path)
				var out strings.Builder
				cmd.Stdout, cmd.Stderr = &out, &out
				if err := cmd.Start(); err != nil {
					t.Error(err)
					return
				}
				done := make(chan error, 1)
				go func() { done <- cmd.Wait() }()
				select {
				case err := <-done:
					if err != nil {
						t.Errorf("%v\n%s", err, &out)
					}
					return
				case <-kills:
					if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
						t.Error(err)
					}
					<-done
				}
			}
		})
	}
	for range 12 {
		time.Sleep(time.Duration(30+rng.IntN(60)) * time.Millisecond)
		select {
		case kills <- struct{}{}:
		case <-time.After(time.Second):
		}
	}
	wg.Wait()
	s, st, err := bruteForceStudy(path)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	trials, err := s.Trials()
	if err != nil {
		t.Fatal(err)
	}
	complete, lost := make(map[string]int), 0
	for _, tr := range trials {
		if tr.State == hone.Complete {
			complete[fmt.Sprint(tr.Params)]++
		} else {
			lost++
		}
	}
	t.Logf("%d trials, %d of them lost", len(trials), lost)
	for point, n := range complete {
		if n != 1 {
			t.Errorf("%s has %d complete trials", point, n)
		}
	}
	if len(complete) != 24 {
		t.Errorf("%d of 24 combinations are complete", len(complete))
	}
}
