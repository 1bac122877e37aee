package open_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/rdb"
)

// workWithAcks is the task of a worker whose results are noted in a file once
// they are acknowledged, one a line: number, parameter and value, in bits.
func workWithAcks(ctx context.Context, st storage.Storage) error {
	acks, err := os.OpenFile(os.Getenv("HONE_TEST_ACKS"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	defer acks.Close()
	study, err := hone.LoadStudy(ctx, st, "one", &hone.Options{
		Sampler: &sampler.Random{},
		Lease:   hone.LeaseOptions{Beat: 200 * time.Millisecond, Lost: 2 * time.Second, MaxRetries: 1000},
	})
	if err != nil {
		return err
	}
	pause := time.Duration(intEnv("HONE_TEST_PAUSE", 0)) * time.Millisecond
	return study.OptimizeContext(ctx, func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", 0, 1)
		t.Report(0, x/3)
		if pause > 0 {
			time.Sleep(rand.N(pause))
		}
		return x * 1e100, nil
	}, &hone.OptimizeOptions{
		TotalTrials: intEnv("HONE_TEST_TRIALS", 100), Workers: intEnv("HONE_TEST_WORKERS", 1),
		Callbacks: []func(*hone.Study, hone.FrozenTrial){func(_ *hone.Study, t hone.FrozenTrial) {
			fmt.Fprintf(acks, "%d %s %s\n", t.Number, bits(t.Params["x"].(float64)), bits(t.Values[0]))
		}},
	})
}

func bits(f float64) string {
	b := math.Float64bits(f)
	return hex.EncodeToString([]byte{byte(b >> 56), byte(b >> 48), byte(b >> 40), byte(b >> 32), byte(b >> 24), byte(b >> 16), byte(b >> 8), byte(b)})
}

// A crew is a number of processes that share a study, some of which are killed
// and replaced.
type crew struct {
	t      *testing.T
	p      place
	dir    string
	budget int
	pause  int // of an objective, at most, in ms
	python string

	mu    sync.Mutex
	kills map[string]int // that are still to be made
	files int
}

func (c *crew) start(kind string) *exec.Cmd {
	c.mu.Lock()
	c.files++
	acks := filepath.Join(c.dir, fmt.Sprintf("acks%d", c.files))
	c.mu.Unlock()
	var cmd *exec.Cmd
	if kind == "python" {
		cmd = exec.Command(c.python, "testdata/peer.py", "work", c.p.pythonURL(), "one", fmt.Sprint(c.budget), acks, fmt.Sprint(float64(c.pause)/1000))
		cmd.Env = append(os.Environ(), "TZ=UTC")
	} else {
		cmd = c.p.again(context.Background(), "acks", "HONE_TEST_ACKS="+acks, fmt.Sprint("HONE_TEST_TRIALS=", c.budget), fmt.Sprint("HONE_TEST_PAUSE=", c.pause))
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return cmd
}

// work runs one worker after the other until one ends by itself.
func (c *crew) work(kind string) {
	for {
		cmd := c.start(kind)
		c.mu.Lock()
		doomed := c.kills[kind] > 0
		c.kills[kind]--
		c.mu.Unlock()
		if doomed {
			after := rand.N(1500 * time.Millisecond)
			if kind == "python" { // which takes long to start
				after += 2 * time.Second
			}
			time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
		if err := cmd.Wait(); err == nil {
			return
		} else if !doomed {
			c.t.Errorf("a %s worker ended by itself: %v\n%s", kind, err, cmd.Stderr)
			return
		}
	}
}

// check looks at the invariants: numbers without a gap (I1), every acknowledged
// result there with equal bits (I2), none of ours counted twice (I3), nothing of
// ours left under way (I4), and the budget met, passed by at most over (I5).
func (c *crew) check(over int) {
	t := c.t
	st := c.p.open(t)
	defer st.Close()
	id, err := st.FindStudy(t.Context(), "one")
	ok(t, err)
	all, err := st.Trials(t.Context(), id, -1, nil)
	ok(t, err)
	complete, counts, lost := 0, 0, 0
	for i, tr := range all {
		if tr.Number != i {
			t.Fatalf("the trial at position %d has the number %d", i, tr.Number)
		}
		if tr.State == storage.Complete {
			complete++
			if len(tr.Params) != 1 || len(tr.Values) != 1 || tr.Values[0] != tr.Params[0].Value*1e100 || len(tr.Reports) != 1 {
				t.Errorf("trial %d is complete with %v, %v, %v", i, tr.Params, tr.Values, tr.Reports)
			}
		}
		if tr.Counts() {
			counts++
		} else if tr.State == storage.Failed {
			lost++
		}
		if tr.HoldsBudget() {
			t.Errorf("trial %d still runs under the lease of %s", i, tr.Holder())
		}
	}
	if counts < c.budget || counts > c.budget+over {
		t.Errorf("%d trials count; the budget was %d, and may be passed by %d", counts, c.budget, over)
	}
	files, err := filepath.Glob(filepath.Join(c.dir, "acks*"))
	ok(t, err)
	acked := make(map[int]bool)
	for _, name := range files {
		f, err := os.Open(name)
		ok(t, err)
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			var number int
			var x, v string
			if n, _ := fmt.Sscan(lines.Text(), &number, &x, &v); n != 3 {
				continue // cut off by a kill
			}
			switch {
			case number >= len(all) || all[number].State != storage.Complete:
				t.Errorf("the acknowledged result of trial %d is not there", number)
			case bits(all[number].Params[0].Value) != x || bits(all[number].Values[0]) != v:
				t.Errorf("trial %d was acknowledged with %s and %s and has %v and %v", number, x, v, all[number].Params[0].Value, all[number].Values[0])
			case acked[number] && !(c.python != "" && c.p.dialect == rdb.SQLite):
				// On SQLite a worker in Python may take what another has taken.
				t.Errorf("the result of trial %d was acknowledged twice", number)
			}
			acked[number] = true
		}
		f.Close()
	}
	if len(acked) > complete || len(acked) < complete-c.files {
		t.Errorf("%d results were acknowledged, %d trials are complete", len(acked), complete)
	}
	t.Logf("%d trials: %d complete, %d lost, %d acknowledged, by %d processes", len(all), complete, lost, len(acked), c.files)
}

func (c *crew) run(kinds ...string) {
	c.dir = c.t.TempDir()
	st := c.p.open(c.t)
	_, err := st.CreateStudy(c.t.Context(), "one", []storage.Direction{storage.Minimize})
	ok(c.t, err)
	ok(c.t, st.Close())
	begin := time.Now()
	var wg sync.WaitGroup
	for _, kind := range kinds {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c.work(kind)
		}()
	}
	wg.Wait()
	c.t.Logf("%v", time.Since(begin).Round(time.Millisecond))
}

// F1: workers are killed at random moments. HONE_TEST_KILLS makes it longer.
func TestKill(t *testing.T) {
	places(t, func(t *testing.T, p place) {
		kills := intEnv("HONE_TEST_KILLS", 12)
		if testing.Short() {
			kills = min(kills, 4)
		}
		c := &crew{t: t, p: p, budget: 40 * kills, pause: 40, kills: map[string]int{"go": kills}}
		c.run("go", "go", "go", "go")
		c.check(0)
	})
}

// F21: workers of ours and of Optuna's share a study; half of both are killed.
// HONE_TEST_PEERS is how many there are of each, HONE_TEST_TRIALS the budget.
func TestMixed(t *testing.T) {
	optunas(t, func(t *testing.T, python string, p place) {
		if testing.Short() {
			t.Skip("takes some seconds")
		}
		n := intEnv("HONE_TEST_PEERS", 2)
		c := &crew{t: t, p: p, python: python, budget: intEnv("HONE_TEST_TRIALS", 300), pause: 100, kills: map[string]int{"go": (n + 1) / 2, "python": (n + 1) / 2}}
		c.run(append(slices.Repeat([]string{"go"}, n), slices.Repeat([]string{"python"}, n)...)...)
		c.check(2 * n)
		p.agreeWithPython(t, python)
	})
}
