package redisstore_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/redisstore"
)

// Some tests run workers in processes of their own, which are this test binary
// once more.

func TestMain(m *testing.M) {
	if prefix := os.Getenv("HONE_TEST_PREFIX"); prefix != "" {
		if err := workerMain(prefix); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// workerMain works on the study "s" until its budget is used up, and notes what
// was acknowledged.
func workerMain(prefix string) error {
	number := func(name string) int {
		n, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			panic(err)
		}
		return n
	}
	budget, workers, pause := number("HONE_TEST_BUDGET"), number("HONE_TEST_WORKERS"), number("HONE_TEST_PAUSE")
	o, err := redis.ParseURL(os.Getenv("HONE_REDIS"))
	if err != nil {
		return err
	}
	st, err := redisstore.New(redis.NewClient(o), &redisstore.Options{Prefix: prefix, CloseClient: true})
	if err != nil {
		return err
	}
	defer st.Close()
	lease := hone.LeaseOptions{Beat: 200 * time.Millisecond, Lost: 2 * time.Second, MaxRetries: 100}
	if pause == 0 { // nobody is killed
		lease.Lost = time.Minute
	}
	s, err := hone.NewStudy(&hone.Options{Name: "s", Storage: st, LoadIfExists: true, Sampler: new(sampler.Random), Lease: lease})
	if err != nil {
		return err
	}
	acks, err := os.OpenFile(os.Getenv("HONE_TEST_ACKS"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer acks.Close()
	return s.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		if pause == 0 {
			return 1, nil // only the storage is at work
		}
		x := t.SuggestFloat("x", 0, 1)
		t.Report(0, x/3)
		select {
		case <-time.After(rand.N(time.Duration(pause) * time.Millisecond)):
		case <-t.Context().Done():
			return 0, context.Cause(t.Context())
		}
		return x * 1e100, nil
	}, &hone.OptimizeOptions{TotalTrials: budget, Workers: workers, Callbacks: []func(*hone.Study, hone.FrozenTrial){
		func(_ *hone.Study, f hone.FrozenTrial) {
			x, _ := f.Params["x"].(float64)
			// One write, so that a kill leaves a whole line or none.
			fmt.Fprintf(acks, "%d %016x %016x\n", f.Number, math.Float64bits(x), math.Float64bits(f.Values[0]))
		},
	}})
}

// A crew is the processes that work on a study.
type crew struct {
	t      *testing.T
	client *redis.Client
	prefix string
	dir    string // of what was acknowledged
	budget int
	pause  int // milliseconds; 0: nothing is done in a trial
	next   int
}

func newCrew(t *testing.T, budget, pause int) *crew {
	c := connect(t)
	return &crew{t: t, client: c, prefix: newPrefix(t, c), dir: t.TempDir(), budget: budget, pause: pause}
}

// acks names a file for one process.
func (c *crew) acks(kind string) string {
	c.next++
	return filepath.Join(c.dir, fmt.Sprint(kind, ".", c.next))
}

// start starts a process of ours with so many workers.
func (c *crew) start(workers int) *exec.Cmd {
	c.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HONE_TEST_PREFIX="+c.prefix, "HONE_TEST_ACKS="+c.acks("go"),
		fmt.Sprint("HONE_TEST_BUDGET=", c.budget), fmt.Sprint("HONE_TEST_WORKERS=", workers), fmt.Sprint("HONE_TEST_PAUSE=", c.pause))
	cmd.Stderr = new(strings.Builder)
	must(c.t, cmd.Start())
	return cmd
}

// check looks at the study when all have ended: what was acknowledged is there
// and was acknowledged once, numbers have no gap, and as many trials count as
// the budget says, or at most over more. It returns the trials and how many each
// process had acknowledged.
func (c *crew) check(over int) (ts []storage.Trial, perProcess []int) {
	t := c.t
	t.Helper()
	st := open(t, c.client, c.prefix)
	defer st.Close()
	study, err := st.FindStudy(t.Context(), "s")
	must(t, err)
	ts, err = st.Trials(t.Context(), study, -1, nil)
	must(t, err)
	counts, left := 0, 0
	for i := range ts {
		if ts[i].Number != i {
			t.Fatalf("trial %d has the number %d", i, ts[i].Number)
		}
		if !ts[i].State.Finished() {
			left++
		}
		if ts[i].Counts() {
			counts++
		}
	}
	// Python's dead leave theirs, and when Python fills the budget nobody waits
	// until it is certain that a worker of ours is dead.
	if left > over/2 {
		t.Errorf("%d trials are not finished", left)
	}
	if counts < c.budget || counts > c.budget+over {
		t.Errorf("%d trials count, want %d and at most %d more", counts, c.budget, over)
	}
	files, err := filepath.Glob(filepath.Join(c.dir, "*"))
	must(t, err)
	acked := make(map[int]bool)
	for _, name := range files {
		text, err := os.ReadFile(name)
		must(t, err)
		n := 0
		for line := range strings.Lines(string(text)) {
			var number int
			var x, value uint64
			if k, _ := fmt.Sscanf(line, "%d %x %x", &number, &x, &value); k != 3 {
				t.Fatalf("%s: %q", name, line)
			}
			n++
			if acked[number] {
				t.Errorf("the result of trial %d was acknowledged twice", number)
			}
			acked[number] = true
			if number >= len(ts) {
				t.Errorf("trial %d was acknowledged and is not there", number)
				continue
			}
			tr := ts[number]
			p, _ := tr.Param("x")
			if tr.State != storage.Complete || len(tr.Values) != 1 || math.Float64bits(tr.Values[0]) != value || math.Float64bits(p.Value) != x {
				t.Errorf("trial %d was acknowledged with x %x and value %x, and is %+v", number, x, value, tr)
			}
		}
		perProcess = append(perProcess, n)
	}
	t.Logf("%d trials, %d of them count, %d were acknowledged", len(ts), counts, len(acked))
	return ts, perProcess
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// F18, F19: 64 workers in 8 processes start together on nothing and work on one
// study whose trials take no time. No error, the budget is exact, and nobody
// starves.
//
// HONE_TORTURE=1 makes it 20,000 trials.
func TestManyWorkers(t *testing.T) {
	trials := 2000
	if os.Getenv("HONE_TORTURE") != "" {
		trials = 20000
	}
	c := newCrew(t, trials, 0)
	begin := time.Now()
	var all []*exec.Cmd
	for range 8 {
		all = append(all, c.start(8))
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Errorf("a worker ended by itself: %v\n%s", err, cmd.Stderr)
		}
	}
	took := time.Since(begin)
	ts, per := c.check(0)
	if len(ts) != trials {
		t.Errorf("%d trials were made for a budget of %d", len(ts), trials)
	}
	t.Logf("%v: %.0f trials/s; by process %v", took.Round(time.Millisecond), float64(trials)/took.Seconds(), per)
}
