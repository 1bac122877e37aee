package journal

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
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// The tests of this file run workers in processes of their own, which are this
// test binary once more.

func TestMain(m *testing.M) {
	if path := os.Getenv("HONE_TEST_JOURNAL"); path != "" {
		if err := workerMain(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A worker is how a process works on a study of these tests.
type worker struct {
	st     *Storage
	study  int64
	name   string
	budget int
	acks   *os.File // what was acknowledged, a line a result
	rng    *rand.Rand
	pause  time.Duration
	lost   time.Duration // after which a worker that does not beat is lost

	seen map[string]sighting
}

// A sighting is a beat of another worker, and when it was first seen.
type sighting struct {
	seq int64
	at  time.Time
}

const beatEvery = 100 * time.Millisecond

func workerMain(path string) error {
	if point, n, ok := strings.Cut(os.Getenv("HONE_TEST_DIE"), ":"); ok {
		times, err := strconv.Atoi(n)
		if err != nil {
			return err
		}
		dieAt(point, times)
	}
	budget, err := strconv.Atoi(os.Getenv("HONE_TEST_BUDGET"))
	if err != nil {
		return err
	}
	pause, err := time.ParseDuration(os.Getenv("HONE_TEST_PAUSE"))
	if err != nil {
		return err
	}
	lost, err := time.ParseDuration(os.Getenv("HONE_TEST_LOST"))
	if err != nil {
		return err
	}
	grace, err := time.ParseDuration(os.Getenv("HONE_TEST_GRACE"))
	if err != nil {
		return err
	}
	st, err := Open(path, &Options{LockGrace: grace})
	if err != nil {
		return err
	}
	defer st.Close()
	w := &worker{st: st, name: storage.NewUUID(), budget: budget, pause: pause, lost: lost, seen: make(map[string]sighting)}
	w.rng = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	if w.study, err = st.FindStudy(context.Background(), "s"); err != nil {
		return err
	}
	w.acks, err = os.OpenFile(filepath.Join(filepath.Dir(path), fmt.Sprintf("acks.%d.%s", os.Getpid(), w.name)), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer w.acks.Close()
	return w.run(context.Background())
}

// dieAt makes the process kill itself when a point of a change is reached for
// the nth time; at the point "torn" after half of a write.
func dieAt(point string, n int) {
	var mu sync.Mutex
	reached := func(at string) bool {
		mu.Lock()
		defer mu.Unlock()
		if at != point {
			return false
		}
		n--
		return n == 0
	}
	hook = func(at string) {
		if reached(at) {
			die()
		}
	}
	writeFile = func(f *os.File, b []byte) (int, error) {
		if reached("torn") {
			f.Write(b[:len(b)/2])
			die()
		}
		return f.Write(b)
	}
	syncFile = func(f *os.File) error {
		if reached("sync") {
			die()
		}
		return f.Sync()
	}
}

// die ends the process as kill -9 does.
func die() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		p.Kill()
	}
	select {}
}

// run works until the budget is finished.
func (w *worker) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- w.beat(ctx) }()
	lease := []storage.Attr{{Key: storage.AttrLease, Value: strconv.Quote(w.name)}}
	for looked := time.Now(); ; {
		if time.Since(looked) > beatEvery {
			looked = time.Now()
			if err := w.reap(ctx); err != nil {
				return err
			}
		}
		t, ok, err := w.st.Claim(ctx, w.study, storage.Claim{Budget: w.budget, Attrs: lease})
		if err != nil {
			return err
		}
		if !ok {
			done, err := w.finished(ctx)
			if err != nil || done {
				cancel()
				return errors.Join(err, <-stopped)
			}
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if err := w.trial(ctx, t); err != nil && !errors.Is(err, storage.ErrTrialFinished) { // lost our lease
			return err
		}
	}
}

// trial runs a trial and notes that it was acknowledged.
func (w *worker) trial(ctx context.Context, t storage.Trial) error {
	x := w.rng.Float64()
	if err := w.st.SetParam(ctx, t.ID, storage.Param{Name: "x", Value: x, Dist: distributions.Float{Low: 0, High: 1}}); err != nil {
		return err
	}
	if err := w.st.SetReport(ctx, t.ID, 0, x/3); err != nil {
		return err
	}
	if w.pause > 0 {
		time.Sleep(rand.N(w.pause))
	}
	value := math.Float64frombits(w.rng.Uint64())
	if math.IsNaN(value) {
		value = math.Inf(1)
	}
	if ok, err := w.st.SetState(ctx, t.ID, storage.Complete, []float64{value}); err != nil || !ok {
		return err
	}
	_, err := fmt.Fprintf(w.acks, "%d %016x %016x\n", t.Number, math.Float64bits(x), math.Float64bits(value))
	return err
}

func (w *worker) beat(ctx context.Context) error {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for seq := int64(1); ; seq++ {
		if err := w.st.Beat(context.WithoutCancel(ctx), w.study, w.name, seq, nil); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// reap gives back the trials of workers whose beat stood still for too long.
func (w *worker) reap(ctx context.Context) error {
	beats, err := w.st.Beats(ctx, w.study)
	if err != nil {
		return err
	}
	ts, err := w.st.Trials(ctx, w.study, -1, nil)
	if err != nil {
		return err
	}
	for i := range ts {
		t := &ts[i]
		if !t.HoldsBudget() || t.Holder() == w.name {
			continue
		}
		who := t.Holder()
		if s, ok := w.seen[who]; !ok || s.seq != beats[who] {
			w.seen[who] = sighting{beats[who], time.Now()}
			continue
		}
		if time.Since(w.seen[who].at) < w.lost {
			continue
		}
		lost := []storage.Attr{{Key: storage.AttrLost, Value: `"worker"`}}
		if _, err := w.st.Requeue(ctx, t.ID, who, lost, &storage.Trial{State: storage.Waiting}); err != nil {
			return err
		}
	}
	return nil
}

// finished reports whether as many trials count as the budget allows, and none
// of a worker that may be lost is left.
func (w *worker) finished(ctx context.Context) (bool, error) {
	ts, err := w.st.Trials(ctx, w.study, -1, nil)
	n, held := 0, 0
	for i := range ts {
		if ts[i].Counts() {
			n++
		}
		if ts[i].HoldsBudget() {
			held++
		}
	}
	return n >= w.budget && held == 0, err
}

// A crew is the processes that work on a journal.
type crew struct {
	t      *testing.T
	path   string
	budget int
	pause  time.Duration
	lost   time.Duration
	grace  time.Duration // of the lock; 0: the usual
	over   int           // trials that may count beyond the budget
}

func newCrew(t *testing.T, budget int, pause time.Duration) *crew {
	t.Helper()
	c := &crew{t: t, path: newPath(t), budget: budget, pause: pause, lost: 1500 * time.Millisecond}
	s, err := Open(c.path, nil)
	must(t, err)
	newStudy(t, s)
	must(t, s.Close())
	return c
}

// start starts a worker process.
func (c *crew) start(env ...string) *exec.Cmd {
	c.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HONE_TEST_JOURNAL="+c.path, fmt.Sprint("HONE_TEST_BUDGET=", c.budget), fmt.Sprint("HONE_TEST_PAUSE=", c.pause), fmt.Sprint("HONE_TEST_LOST=", c.lost), fmt.Sprint("HONE_TEST_GRACE=", c.grace))
	cmd.Env = append(cmd.Env, env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	must(c.t, cmd.Start())
	return cmd
}

// check looks at the journal when all have ended: I1 to I3 and I5 of the
// project's fault table.
func (c *crew) check() {
	t := c.t
	t.Helper()
	s, err := Open(c.path, nil)
	must(t, err)
	defer s.Close()
	ts, err := s.Trials(t.Context(), 0, -1, nil)
	must(t, err)
	counts := 0
	for i := range ts {
		if ts[i].Number != i {
			t.Fatalf("trial %d has the number %d", i, ts[i].Number)
		}
		if !ts[i].State.Finished() && (ts[i].HoldsBudget() || c.over == 0) { // Python's dead leave theirs
			t.Errorf("trial %d is %s and held by %s", i, ts[i].State, ts[i].Holder())
		}
		if ts[i].Counts() {
			counts++
		}
	}
	if counts < c.budget || counts > c.budget+c.over {
		t.Errorf("%d trials count, want %d and at most %d more", counts, c.budget, c.over)
	}
	acked := make(map[int]bool)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(c.path), "acks.*"))
	must(t, err)
	for _, name := range files {
		f, err := os.Open(name)
		must(t, err)
		for sc := bufio.NewScanner(f); sc.Scan(); {
			var number int
			var x, value uint64
			if n, _ := fmt.Sscanf(sc.Text(), "%d %x %x", &number, &x, &value); n != 3 {
				t.Fatalf("%s: %q", name, sc.Text())
			}
			if acked[number] {
				t.Errorf("the result of trial %d was acknowledged twice", number)
			}
			acked[number] = true
			if number >= len(ts) {
				t.Errorf("trial %d was acknowledged and is not there", number)
				continue
			}
			tr := ts[number]
			if tr.State != storage.Complete || len(tr.Values) != 1 || math.Float64bits(tr.Values[0]) != value ||
				len(tr.Params) != 1 || math.Float64bits(tr.Params[0].Value) != x || !slices.Equal(tr.Reports, []storage.Report{{Step: 0, Value: math.Float64frombits(x) / 3}}) {
				t.Errorf("trial %d was acknowledged with x %x and value %x, and is %+v", number, x, value, tr)
			}
		}
		must(t, f.Close())
	}
	t.Logf("%d trials, %d acknowledged, %d torn records kept", len(ts), len(acked), len(tornFiles(t, c.path)))
	if len(acked) == 0 {
		t.Error("nothing was acknowledged")
	}
	if left, _ := filepath.Glob(c.path + ".lock*"); len(left) > 1 {
		t.Errorf("locks are left: %v", left)
	}
}

// F1: processes are killed at random moments and others take their places. No
// acknowledged result is lost, none counts twice, the budget is exact.
//
// HONE_TORTURE=1 makes it 8 processes, 2,000 trials and 150 kills.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	trials, kills, pause := 500, 20, 120*time.Millisecond
	if os.Getenv("HONE_TORTURE") != "" {
		trials, kills, pause = 2000, 150, 120*time.Millisecond
	}
	c := newCrew(t, trials, pause)
	begin := time.Now()
	const workers = 8
	ended := make(chan *exec.Cmd)
	var mu sync.Mutex
	killed := make(map[*exec.Cmd]bool)
	start := func() *exec.Cmd {
		cmd := c.start()
		go func() {
			err := cmd.Wait()
			mu.Lock()
			if err != nil && !killed[cmd] {
				t.Errorf("a worker ended by itself: %v\n%s", err, cmd.Stderr)
			}
			mu.Unlock()
			ended <- cmd
		}()
		return cmd
	}
	var alive []*exec.Cmd
	for range workers {
		alive = append(alive, start())
	}
	next := time.NewTimer(0)
	for len(alive) > 0 {
		select {
		case cmd := <-ended:
			i := slices.Index(alive, cmd)
			alive = slices.Delete(alive, i, i+1)
			mu.Lock()
			again := killed[cmd]
			mu.Unlock()
			if again {
				alive = append(alive, start())
			}
		case <-next.C:
			if kills > 0 {
				victim := alive[rand.IntN(len(alive))]
				mu.Lock()
				if !killed[victim] {
					killed[victim] = true
					kills--
					victim.Process.Kill()
				}
				mu.Unlock()
				next.Reset(20*time.Millisecond + rand.N(100*time.Millisecond))
			}
		}
	}
	t.Logf("%v for %d trials", time.Since(begin).Round(time.Millisecond), trials)
	if kills > 0 {
		t.Errorf("the trials were done before the last %d kills", kills)
	}
	c.check()
}

// F2: a worker dies at each named point of a change, at several moments; then
// another takes over and finishes.
func TestDieAtPoint(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	for _, point := range []string{"locked", "write", "torn", "written", "release", "released", "sync", "synced"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			for _, n := range []int{1, 2, 9} {
				c := newCrew(t, 12, 0)
				c.lost = 2 * beatEvery // only one works at a time
				first := c.start(fmt.Sprintf("HONE_TEST_DIE=%s:%d", point, n))
				if err := first.Wait(); err == nil {
					t.Fatalf("the worker did not die at its point %d\n%s", n, first.Stderr)
				}
				if _, err := os.Lstat(c.path + ".lock"); point == "locked" && err != nil {
					t.Errorf("it did not die holding the lock: %v", err)
				}
				second := c.start()
				if err := second.Wait(); err != nil {
					t.Fatalf("the second worker: %v\n%s", err, second.Stderr)
				}
				c.check()
				if torn := tornFiles(t, c.path); (point == "torn") != (len(torn) == 1) {
					t.Errorf("%d torn records were kept", len(torn))
				}
			}
		})
	}
}
