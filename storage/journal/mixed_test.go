package journal

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gohone/hone/storage"
)

// F21: four processes of ours and four of Optuna's work on one file; half of
// them are killed at random moments, and others take their places.
func TestMixed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	for name, env := range map[string]string{"Optuna5": "HONE_PYTHON", "Optuna4": "HONE_PYTHON4"} {
		t.Run(name, func(t *testing.T) {
			python := os.Getenv(env)
			if python == "" {
				t.Skipf("%s does not name a Python that has optuna", env)
			}
			mixed(t, python)
		})
	}
}

func mixed(t *testing.T, python string) {
	const workers, grace = 4, 3 // of each kind; seconds
	c := newCrew(t, 1000, 60*time.Millisecond)
	c.grace = grace * time.Second
	var wg sync.WaitGroup
	var mu sync.Mutex
	var killed atomic.Int32
	left := map[string]int{"go": workers / 2, "python": workers / 2} // kills
	work := func(kind string, start func() *exec.Cmd) {
		defer wg.Done()
		for {
			cmd := start()
			mu.Lock()
			doomed := left[kind] > 0
			left[kind]--
			mu.Unlock()
			if doomed {
				time.AfterFunc(2*time.Second+rand.N(3*time.Second), func() { cmd.Process.Kill() })
			}
			if err := cmd.Wait(); err == nil {
				return
			} else if !doomed {
				t.Errorf("a %s worker ended by itself: %v\n%s", kind, err, cmd.Stderr)
				return
			}
			killed.Add(1)
		}
	}
	begin := time.Now()
	for i := range workers {
		wg.Add(2)
		go work("go", func() *exec.Cmd { return c.start() })
		go work("python", func() *exec.Cmd {
			acks := filepath.Join(filepath.Dir(c.path), fmt.Sprintf("acks.py%d.%d", i, rand.Uint32()))
			cmd := exec.Command(python, "testdata/peer.py", "work", c.path, "s", fmt.Sprint(c.budget), acks, fmt.Sprint(grace), "0.06")
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Error(err)
			}
			return cmd
		})
	}
	wg.Wait()
	t.Logf("%v, %d of %d processes killed", time.Since(begin).Round(time.Millisecond), killed.Load(), 2*workers)
	if killed.Load() == 0 {
		t.Error("no process was killed before the trials were done")
	}
	c.over = 2 * workers // Optuna's workers do not see each other coming
	c.check()

	// Optuna reads what we read.
	text, err := exec.Command(python, "testdata/peer.py", "read", c.path).Output()
	must(t, err)
	var theirs struct {
		Studies []struct {
			Trials []struct {
				Number int
				State  string
				Values []float64
			}
		}
	}
	// Results that are not finite are objects there; their trials are counted all the same.
	err = json.Unmarshal([]byte(strings.NewReplacer(`{"__float__": "inf"}`, "1e308", `{"__float__": "-inf"}`, "-1e308").Replace(string(text))), &theirs)
	must(t, err)
	s := openAt(t, c.path, nil)
	ours, err := s.Trials(t.Context(), 0, -1, nil)
	must(t, err)
	python1, byUs := 0, 0
	if len(theirs.Studies) != 1 || len(theirs.Studies[0].Trials) != len(ours) {
		t.Fatalf("Optuna reads other trials than we do: %.300s", text)
	}
	names := map[storage.State]string{storage.Running: "RUNNING", storage.Complete: "COMPLETE", storage.Failed: "FAIL", storage.Waiting: "WAITING"}
	for i, tr := range theirs.Studies[0].Trials {
		if tr.Number != ours[i].Number || tr.State != names[ours[i].State] || len(tr.Values) != len(ours[i].Values) {
			t.Errorf("Optuna reads %+v, we %+v", tr, ours[i])
		}
		if ours[i].Holder() != "" {
			byUs++
		} else if ours[i].State == storage.Complete {
			python1++
		}
	}
	t.Logf("%d trials by us, %d by Optuna", byUs, python1)
	if python1 < 20 || byUs < 20 {
		t.Errorf("%d trials by us and %d by Optuna: one of them starved", byUs, python1)
	}
}
