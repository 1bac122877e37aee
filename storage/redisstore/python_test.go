package redisstore_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// optunas runs a test with each Python Optuna that there is: HONE_PYTHON names
// an interpreter that has version 5 and redis, HONE_PYTHON4 one that has version
// 4 and redis.
func optunas(t *testing.T, test func(t *testing.T, python string)) {
	connect(t) // or skip
	for name, env := range map[string]string{"Optuna5": "HONE_PYTHON", "Optuna4": "HONE_PYTHON4"} {
		t.Run(name, func(t *testing.T) {
			python := os.Getenv(env)
			if python == "" {
				t.Skipf("%s does not name a Python that has optuna and redis", env)
			}
			if exec.Command(python, "-c", "import optuna, redis").Run() != nil {
				t.Skipf("the Python that %s names has no optuna or no redis", env)
			}
			test(t, python)
		})
	}
}

// at is how the peer is told of a journal.
func at(prefix string) string { return os.Getenv("HONE_REDIS") + "#" + prefix }

func peer(t *testing.T, python string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(python, append([]string{"testdata/peer.py"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("peer.py %s: %v\n%s", args[0], err, stderr.String())
	}
	return out
}

// fill makes two studies and a deleted one of all that there can be.
func fill(t *testing.T, st storage.Claimer) {
	t.Helper()
	ctx := t.Context()
	inf, nan := math.Inf(1), math.NaN()
	texts := []string{`"plain"`, `"na\u00efve ☃ 日本語 \u0001 \ud83d"`, `{"a":[1,2.5,null,true,{"b":"c"}],"":""}`,
		`[NaN,Infinity,-Infinity]`, `1180591620717411303424`, `5e-324`, `null`, `-0.0`, "[ 1,\n 2 ]"}
	study, err := st.CreateStudy(ctx, "all 日本", []storage.Direction{storage.Minimize})
	must(t, err)
	for i, text := range texts {
		must(t, st.SetStudyAttr(ctx, study, storage.AttrKind(i%2), fmt.Sprint("k ", i, "\n\"é"), text))
	}
	dists := []distributions.Distribution{
		distributions.Float{Low: -1.5, High: 2.5}, distributions.Float{Low: 1e-5, High: 1, Log: true},
		distributions.Float{Low: 0, High: 0.95, Step: 0.1}, distributions.Int{Low: -3, High: 12, Step: 1},
		distributions.Int{Low: 1, High: 1024, Step: 1, Log: true}, distributions.Int{Low: 0, High: 20, Step: 5},
		distributions.Categorical{Choices: []any{"adam", "日本", "\"\\"}},
		distributions.Categorical{Choices: []any{nil, true, 2, 2.5, "1", inf}},
	}
	values := []float64{0.1, 1e-5, 0.9, -3, 1024, 20, 1, 4}
	for number := range 4 {
		tr, err := st.CreateTrial(ctx, study, nil)
		must(t, err)
		for i, d := range dists {
			must(t, st.SetParam(ctx, tr.ID, storage.Param{Name: fmt.Sprint("p", i), Value: values[i], Dist: d}))
		}
		for i, v := range []float64{nan, inf, -inf, 0, 1e308, 5e-324, math.Pi} {
			must(t, st.SetReport(ctx, tr.ID, i*i, v))
		}
		for i, text := range texts {
			must(t, st.SetTrialAttr(ctx, tr.ID, storage.AttrKind(i%2), fmt.Sprint("k", i), text))
		}
		must(t, st.SetTrialAttr(ctx, tr.ID, storage.SystemAttr, storage.AttrConstraints, "[-1.0, 0.5]"))
		state := []storage.State{storage.Complete, storage.Pruned, storage.Failed, storage.Complete}[number]
		v := [][]float64{{math.Copysign(0, -1)}, {math.Pi}, nil, {inf}}[number]
		_, err = st.SetState(ctx, tr.ID, state, v)
		must(t, err)
	}
	for range 3 {
		_, err = st.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting, SystemAttrs: storage.Attrs{{Key: storage.AttrFixedParams, Value: `{"p0":2.0}`}}})
		must(t, err)
	}
	claimed, _, err := st.Claim(ctx, study, storage.Claim{Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"w"`}}})
	must(t, err)
	done, err := st.Requeue(ctx, claimed.ID, "w", []storage.Attr{{Key: storage.AttrLost, Value: `"gone"`}}, &storage.Trial{State: storage.Waiting, Params: []storage.Param{{Name: "p0", Value: 2, Dist: dists[0]}}})
	if must(t, err); !done {
		t.Fatal("Requeue did nothing")
	}
	waiting, err := st.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting})
	must(t, err)
	_, err = st.SetState(ctx, waiting.ID, storage.Complete, []float64{7}) // without having run
	must(t, err)

	gone, err := st.CreateStudy(ctx, "gone", []storage.Direction{storage.Maximize})
	must(t, err)
	_, err = st.CreateTrial(ctx, gone, nil)
	must(t, err)
	must(t, st.DeleteStudy(ctx, gone))

	multi, err := st.CreateStudy(ctx, "multi", []storage.Direction{storage.Minimize, storage.Maximize})
	must(t, err)
	when := time.Date(2026, 2, 28, 23, 59, 59, 999999000, time.FixedZone("", -7*3600))
	_, err = st.CreateTrial(ctx, multi, &storage.Trial{
		State: storage.Complete, Values: []float64{1, inf}, Started: when, Finished: when.Add(time.Hour),
		Params:    []storage.Param{{Name: "b", Value: 1, Dist: dists[6]}, {Name: "a", Value: 0.5, Dist: dists[0]}},
		Reports:   []storage.Report{{Step: 3, Value: nan}, {Step: 1 << 30, Value: 1}},
		UserAttrs: storage.Attrs{{Key: "z", Value: "1"}, {Key: "a", Value: "2"}},
	})
	must(t, err)
}

// What we write, Optuna reads as we do; it copies it, goes on with it and
// deletes it.
func TestPythonReads(t *testing.T) {
	optunas(t, func(t *testing.T, python string) {
		c := connect(t)
		prefix := newPrefix(t, c)
		st := open(t, c, prefix)
		defer st.Close()
		fill(t, st)
		agrees(t, st, peer(t, python, "read", at(prefix)))

		to := newPrefix(t, c)
		peer(t, python, "copy", at(prefix), "all 日本", at(to))
		copied := open(t, c, to)
		defer copied.Close()
		if s, err := copied.Studies(t.Context()); err != nil || len(s) != 1 || s[0].Name != "all 日本" {
			t.Errorf("the copy holds %+v, %v", s, err)
		}
		agrees(t, copied, peer(t, python, "read", at(to)))

		peer(t, python, "delete", at(prefix), "multi")
		if id, err := st.FindStudy(t.Context(), "multi"); err == nil {
			t.Errorf("Optuna deleted a study, and it is there as %d", id)
		}
		agrees(t, st, peer(t, python, "read", at(prefix)))
	})
}

// What Optuna writes, we read as it does; we go on with it and delete it.
func TestReadsPython(t *testing.T) {
	optunas(t, func(t *testing.T, python string) {
		c := connect(t)
		ctx := t.Context()
		prefix := newPrefix(t, c)
		st := open(t, c, prefix) // before there is anything
		defer st.Close()
		peer(t, python, "fill", at(prefix), "s", "130") // above 100 Optuna writes a snapshot
		agrees(t, st, peer(t, python, "read", at(prefix)))
		snapshot, err := c.Get(ctx, prefix+":snapshot").Result()
		must(t, err)

		study, err := st.FindStudy(ctx, "s")
		must(t, err)
		trials, err := st.Trials(ctx, study, -1, nil)
		if must(t, err); len(trials) != 131 || trials[130].State != storage.Running || trials[130].HoldsBudget() {
			t.Fatalf("%d trials, the last is %+v", len(trials), trials[len(trials)-1])
		}
		tr, ok, err := st.Claim(ctx, study, storage.Claim{Budget: 131})
		if err != nil || !ok || tr.Number != 131 {
			t.Fatalf("Claim: number %d, %v, %v", tr.Number, ok, err)
		}
		must(t, st.SetParam(ctx, tr.ID, storage.Param{Name: "k", Value: 15, Dist: distributions.Int{Low: 0, High: 20, Step: 5}}))
		_, err = st.SetState(ctx, tr.ID, storage.Complete, []float64{2})
		must(t, err)
		agrees(t, st, peer(t, python, "read", at(prefix)))
		must(t, st.DeleteStudy(ctx, study))
		agrees(t, st, peer(t, python, "read", at(prefix)))
		if now, err := c.Get(ctx, prefix+":snapshot").Result(); err != nil || now != snapshot {
			t.Errorf("the snapshot was changed, %v", err)
		}
	})
}

// Optuna and we take turns on one study.
func TestPythonContinues(t *testing.T) {
	optunas(t, func(t *testing.T, python string) {
		c := connect(t)
		prefix := newPrefix(t, c)
		st := open(t, c, prefix)
		defer st.Close()
		ctx := t.Context()
		study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
		must(t, err)
		params := []storage.Param{
			{Name: "x", Value: 0.25, Dist: distributions.Float{Low: 0, High: 1}},
			{Name: "n", Value: 3, Dist: distributions.Int{Low: 1, High: 9, Step: 1}},
			{Name: "c", Value: 1, Dist: distributions.Categorical{Choices: []any{"a", "b"}}},
		}
		for round := range 2 {
			_, err := st.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting,
				SystemAttrs: storage.Attrs{{Key: storage.AttrFixedParams, Value: fmt.Sprintf(`{"x":0.5,"n":%d,"c":"b"}`, round+1)}}})
			must(t, err)
			peer(t, python, "continue", at(prefix), "s", "3")
			ts, err := st.Trials(ctx, study, -1, nil)
			must(t, err)
			if len(ts) != 4*round+3 {
				t.Fatalf("round %d: %d trials, want %d", round, len(ts), 4*round+3)
			}
			first := ts[4*round]
			if first.State != storage.Complete || len(first.Params) != 3 || first.Params[1].Value != float64(round+1) || first.Values[0] != 0.5*float64(round+1) {
				t.Errorf("round %d: what we enqueued became %+v", round, first)
			}
			mine, ok, err := st.Claim(ctx, study, storage.Claim{Budget: 4*round + 4})
			if err != nil || !ok || mine.Number != 4*round+3 {
				t.Fatalf("round %d: Claim: number %d, %v, %v", round, mine.Number, ok, err)
			}
			for _, p := range params {
				must(t, st.SetParam(ctx, mine.ID, p))
			}
			_, err = st.SetState(ctx, mine.ID, storage.Complete, []float64{float64(round)})
			must(t, err)
			agrees(t, st, peer(t, python, "read", at(prefix)))
		}
	})
}

// F22: Optuna's workers and ours empty one queue; each trial is taken once.
func TestQueue(t *testing.T) {
	optunas(t, func(t *testing.T, python string) {
		const trials = 300
		c := connect(t)
		ctx := t.Context()
		prefix := newPrefix(t, c)
		first := open(t, c, prefix)
		defer first.Close()
		study, err := first.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
		must(t, err)
		for range trials {
			_, err := first.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting})
			must(t, err)
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		taken := make(map[int]int)
		byUs := 0
		for range 2 {
			wg.Go(func() {
				for line := range strings.Lines(string(peer(t, python, "take", at(prefix), "s"))) {
					n, err := strconv.Atoi(strings.TrimSpace(line))
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					taken[n]++
					mu.Unlock()
				}
			})
		}
		for range 4 {
			wg.Go(func() {
				st := open(t, c, prefix)
				defer st.Close()
				// Python takes a second to start; the queue must not be empty by then.
				for deadline := time.Now().Add(20 * time.Second); ; {
					if s := first.Stats(); s.Records < trials+1 {
						t.Error("the queue is not there")
					}
					ts, err := st.Trials(ctx, study, -1, nil)
					if err != nil {
						t.Error(err)
						return
					}
					var waiting []int64
					for i := range ts {
						if ts[i].State == storage.Waiting {
							waiting = append(waiting, ts[i].ID)
						}
					}
					if len(waiting) == 0 || time.Now().After(deadline) {
						return
					}
					if len(waiting) == trials {
						time.Sleep(time.Millisecond)
						continue // Python is not there yet
					}
					tr, ok, err := st.Claim(ctx, study, storage.Claim{Budget: trials, Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"w"`}}})
					if err != nil {
						t.Error(err)
						return
					}
					if !ok {
						return
					}
					if tr.Number < trials {
						mu.Lock()
						taken[tr.Number]++
						byUs++
						mu.Unlock()
					}
					if _, err := st.SetState(ctx, tr.ID, storage.Complete, []float64{1}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for n := range trials {
			if taken[n] != 1 {
				t.Errorf("trial %d was taken %d times", n, taken[n])
			}
		}
		t.Logf("%d of %d were taken by us", byUs, trials)
		if byUs == 0 || byUs == trials {
			t.Errorf("%d of %d were taken by us: the two did not meet", byUs, trials)
		}
	})
}

// F21: four processes of ours and four of Optuna's work on one study; half of
// them are killed at random moments, and others take their places.
//
// HONE_TORTURE=1 makes it 2,000 trials.
func TestMixed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	optunas(t, mixed)
}

func mixed(t *testing.T, python string) {
	const workers = 4 // of each kind
	trials := 600
	if os.Getenv("HONE_TORTURE") != "" {
		trials = 2000
	}
	c := newCrew(t, trials, 60)
	st := open(t, c.client, c.prefix)
	defer st.Close()
	_, err := st.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize})
	must(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	left := map[string]int{"go": workers / 2, "python": workers / 2} // kills
	begun := make(chan struct{})                                     // Optuna's workers take seconds to start
	work := func(kind string, start func() *exec.Cmd) {
		for {
			mu.Lock()
			doomed := left[kind] > 0
			left[kind]--
			cmd := start()
			mu.Unlock()
			if doomed {
				go func() {
					<-begun
					time.Sleep(200*time.Millisecond + rand.N(2*time.Second))
					cmd.Process.Kill()
				}()
			}
			if err := cmd.Wait(); err == nil {
				return
			} else if !doomed {
				t.Errorf("a %s worker ended by itself: %v\n%s", kind, err, cmd.Stderr)
				return
			}
		}
	}
	for range workers {
		wg.Go(func() {
			work("python", func() *exec.Cmd {
				cmd := exec.Command(python, "testdata/peer.py", "work", at(c.prefix), "s", fmt.Sprint(c.budget), c.acks("python"), "30", "0.06")
				cmd.Stderr = new(strings.Builder)
				if err := cmd.Start(); err != nil {
					t.Error(err)
				}
				return cmd
			})
		})
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		ts, err := st.Trials(t.Context(), 0, -1, nil)
		if must(t, err); len(ts) >= 20 {
			break
		}
		if time.Now().After(deadline) {
			t.Error("Optuna did not begin")
			break
		}
	}
	close(begun)
	begin := time.Now()
	for range workers {
		wg.Go(func() { work("go", func() *exec.Cmd { return c.start(1) }) })
	}
	wg.Wait()
	t.Logf("%v", time.Since(begin).Round(time.Millisecond))
	// Optuna's workers do not see each other coming.
	ts, _ := c.check(2 * workers)
	byUs, byOptuna := 0, 0
	for i := range ts {
		if ts[i].Holder() != "" {
			byUs++
		} else if ts[i].State == storage.Complete {
			byOptuna++
		}
	}
	t.Logf("%d trials by us, %d by Optuna", byUs, byOptuna)
	if byUs < 20 || byOptuna < 20 {
		t.Errorf("%d trials by us and %d by Optuna: one of them starved", byUs, byOptuna)
	}
	agrees(t, st, peer(t, python, "read", at(c.prefix)))
}
