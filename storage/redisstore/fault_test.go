package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/redisstore"
	"github.com/gohone/hone/storage/storagetest"
)

// A wire is a connection on which commands are lost, or their answers are.
type wire struct {
	mu      sync.Mutex
	process func(cmd redis.Cmder, send func() error) error
}

func (w *wire) DialHook(next redis.DialHook) redis.DialHook                               { return next }
func (w *wire) ProcessPipelineHook(n redis.ProcessPipelineHook) redis.ProcessPipelineHook { return n }
func (w *wire) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		w.mu.Lock()
		f := w.process
		w.mu.Unlock()
		if f == nil {
			return next(ctx, cmd)
		}
		err := f(cmd, func() error { return next(ctx, cmd) })
		if err != nil {
			cmd.SetErr(err)
		}
		return err
	}
}

func (w *wire) set(f func(cmd redis.Cmder, send func() error) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.process = f
}

// wired returns a client of the same server with such a wire.
func wired(t *testing.T, c *redis.Client) (*redis.Client, *wire) {
	o := *c.Options()
	o.MaxRetries = -1
	flaky := redis.NewClient(&o)
	t.Cleanup(func() { flaky.Close() })
	w := new(wire)
	flaky.AddHook(w)
	return flaky, w
}

// writes reports whether a command is one that appends.
func writes(cmd redis.Cmder) bool {
	return strings.HasPrefix(cmd.Name(), "eval") && len(cmd.Args()) > 3+3+8
}

// With one command in four, and one answer in four, lost, everything is done,
// and nothing twice.
func TestLostConnection(t *testing.T) {
	c := connect(t)
	flaky, w := wired(t, c)
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 0))
		lost := 0
		w.set(func(cmd redis.Cmder, send func() error) error {
			before, after := rng.IntN(4) == 0, rng.IntN(4) == 0
			if before || after {
				lost++
			}
			if before {
				return &net.OpError{Op: "write", Net: "tcp", Err: io.ErrClosedPipe}
			}
			err := send()
			if after {
				return io.EOF
			}
			return err
		})
		var a *redisstore.Storage
		var err error
		prefix := newPrefix(t, c)
		for a == nil { // New does not wait for a server
			a, err = redisstore.New(flaky, &redisstore.Options{Prefix: prefix})
			if err != nil && lost == 0 {
				t.Fatal(err)
			}
		}
		b := storage.NewMemory()
		storagetest.Compare(t, seed, 60, a, b, storagetest.Options{TimeResolution: time.Microsecond})
		w.set(nil)
		must(t, a.Close())
		must(t, b.Close())
		if lost < 20 {
			t.Errorf("only %d commands were lost", lost)
		}
	}
}

// A command that the network kept back, and that arrives after its operation was
// done by a second one, does nothing: neither at once nor after the next.
func TestLateCommand(t *testing.T) {
	c := connect(t)
	flaky, w := wired(t, c)
	prefix := newPrefix(t, c)
	st := open(t, flaky, prefix)
	defer st.Close()
	ctx := t.Context()
	study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	must(t, err)
	var late []any
	w.set(func(cmd redis.Cmder, send func() error) error {
		if late == nil && writes(cmd) {
			late = cmd.Args()
			return io.EOF
		}
		return send()
	})
	_, err = st.CreateTrial(ctx, study, nil)
	must(t, err)
	if late == nil {
		t.Fatal("nothing was kept back")
	}
	for range 2 {
		if err := c.Do(ctx, late...).Err(); err != nil {
			t.Fatal(err)
		}
		if ts, err := st.Trials(ctx, study, -1, nil); err != nil || len(ts) != 1 {
			t.Fatalf("%d trials, %v", len(ts), err)
		}
		must(t, st.SetReport(ctx, 0, 1, 1))
	}
}

// A server that is gone, or is just starting, is waited for, but not for ever,
// and not longer than the context says.
func TestPatience(t *testing.T) {
	c := connect(t)
	flaky, w := wired(t, c)
	prefix := newPrefix(t, c)
	st := open(t, flaky, prefix) // has the usual patience
	defer st.Close()
	ctx := t.Context()
	study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	must(t, err)
	n := 0
	w.set(func(cmd redis.Cmder, send func() error) error {
		if n++; n%3 != 0 {
			return []error{redis.ErrPoolTimeout, loading{}}[n%2]
		}
		return send()
	})
	if err := st.SetStudyAttr(ctx, study, storage.UserAttr, "k", "1"); err != nil {
		t.Error(err)
	}
	if s, err := st.Study(ctx, study); err != nil || len(s.UserAttrs) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	tries := 0
	w.set(func(redis.Cmder, func() error) error { tries++; return broken{} })
	if err := st.SetStudyAttr(ctx, study, storage.UserAttr, "k", "4"); !errors.As(err, new(broken)) || tries != 1 {
		t.Errorf("with an error that stays: %v after %d tries", err, tries)
	}
	w.set(nil)
	st, err = redisstore.New(flaky, &redisstore.Options{Prefix: prefix, Patience: 300 * time.Millisecond})
	must(t, err)
	defer st.Close()
	w.set(func(redis.Cmder, func() error) error { return io.EOF })
	if err := st.SetStudyAttr(ctx, study, storage.UserAttr, "k", "2"); !errors.Is(err, redisstore.ErrBusy) || !errors.Is(err, io.EOF) {
		t.Errorf("without a server: %v", err)
	}
	if _, err := st.Study(ctx, study); !errors.Is(err, io.EOF) {
		t.Errorf("without a server: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if err := st.SetStudyAttr(short, study, storage.UserAttr, "k", "3"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a context that ended: %v", err)
	}
	w.set(nil)
	if err := st.SetStudyAttr(ctx, study, storage.UserAttr, "k", "5"); err != nil {
		t.Errorf("with the server back: %v", err)
	}
}

type loading struct{}

func (loading) Error() string { return "LOADING Redis is loading the dataset in memory" }
func (loading) RedisError()   {}

type broken struct{}

func (broken) Error() string { return "NOPERM this user has no permissions" }
func (broken) RedisError()   {}

// What was read and is not there any more is noticed, whoever asks, and nothing
// is written over it.
func TestLogLost(t *testing.T) {
	c := connect(t)
	const create = `{"op_code":0,"worker_id":"w","study_name":"%s","directions":[1]}`
	for name, lose := range map[string]func(ctx context.Context, prefix string) error{
		"flushed": func(ctx context.Context, p string) error {
			return c.Del(ctx, p+":log_number", p+":log:0", p+":log:1", p+":log:2").Err()
		},
		"counter": func(ctx context.Context, p string) error { return c.Del(ctx, p+":log_number").Err() },
		"shorter": func(ctx context.Context, p string) error { return c.Set(ctx, p+":log_number", 1, 0).Err() },
		"record":  func(ctx context.Context, p string) error { return c.Del(ctx, p+":log:2").Err() },
		"different": func(ctx context.Context, p string) error {
			return c.Set(ctx, p+":log:2", fmt.Sprintf(create, "x"), 0).Err()
		},
		"overtaken": func(ctx context.Context, p string) error {
			for i := range 5 {
				c.Set(ctx, fmt.Sprint(p, ":log:", i), fmt.Sprintf(create, fmt.Sprint("other", i)), 0)
			}
			return c.Set(ctx, p+":log_number", 4, 0).Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, read := range []bool{true, false} {
				prefix := newPrefix(t, c)
				st := open(t, c, prefix)
				ctx := t.Context()
				for i := range 3 {
					_, err := st.CreateStudy(ctx, fmt.Sprint(i), []storage.Direction{storage.Minimize})
					must(t, err)
				}
				must(t, lose(ctx, prefix))
				dump := func() string {
					var out strings.Builder
					for i := range 8 {
						fmt.Fprintln(&out, c.Get(ctx, fmt.Sprint(prefix, ":log:", i)).Val())
					}
					return out.String() + c.Get(ctx, prefix+":log_number").Val()
				}
				before := dump()
				for range 2 {
					var err error
					if read {
						_, err = st.Study(ctx, 0)
					} else {
						_, err = st.CreateStudy(ctx, "new", []storage.Direction{storage.Minimize})
					}
					if !errors.Is(err, redisstore.ErrLogLost) {
						t.Errorf("read %v: %v", read, err)
					}
				}
				if after := dump(); after != before {
					t.Errorf("the keys were\n%s\nand are\n%s", before, after)
				}
				must(t, st.Close())
			}
		})
	}
}

// A record that is counted and missing is waited for, and then told of.
func TestHole(t *testing.T) {
	c := connect(t)
	ctx := t.Context()
	prefix := newPrefix(t, c)
	st := open(t, c, prefix) // has the usual patience
	defer st.Close()
	study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	must(t, err)
	const attr = `{"op_code": 2, "worker_id": "w", "study_id": 0, "user_attr": {"k": 7}}`
	// A slow writer.
	must(t, c.Incr(ctx, prefix+":log_number").Err())
	written := make(chan error, 1)
	time.AfterFunc(100*time.Millisecond, func() { written <- c.Set(ctx, prefix+":log:1", attr, 0).Err() })
	s, err := st.Study(ctx, study)
	if err != nil || len(s.UserAttrs) != 1 {
		t.Errorf("with a slow writer: %+v, %v", s, err)
	}
	must(t, <-written)
	// A dead one.
	st, err = redisstore.New(c, &redisstore.Options{Prefix: prefix, Patience: 300 * time.Millisecond})
	must(t, err)
	defer st.Close()
	must(t, c.Incr(ctx, prefix+":log_number").Err())
	var hole *redisstore.HoleError
	if _, err := st.Study(ctx, study); !errors.As(err, &hole) || hole.Key != prefix+":log:2" {
		t.Errorf("with a dead writer: %v", err)
	}
	if _, err := st.CreateTrial(ctx, study, nil); !errors.As(err, &hole) {
		t.Errorf("with a dead writer: %v", err)
	}
	if n := c.Get(ctx, prefix+":log_number").Val(); n != "2" {
		t.Errorf("something was written behind the hole: the last record has the number %s", n)
	}
	if _, err := redisstore.New(c, &redisstore.Options{Prefix: prefix}); !errors.As(err, &hole) {
		t.Errorf("New: %v", err)
	}
	// The way out that HoleError tells of.
	must(t, c.SetNX(ctx, hole.Key, `{"op_code":7,"worker_id":"","trial_id":-1,"step":0,"intermediate_value":0.0}`, 0).Err())
	if tr, err := st.CreateTrial(ctx, study, nil); err != nil || tr.Number != 0 {
		t.Errorf("with the hole filled: %v", err)
	}
	optunas(t, func(t *testing.T, python string) {
		agrees(t, st, peer(t, python, "read", at(prefix)))
	})
}

// A claim that others always disturb gets its turn.
func TestTurn(t *testing.T) {
	c := connect(t)
	ctx := t.Context()
	slow, w := wired(t, c)
	prefix := newPrefix(t, c)
	fast, far := open(t, c, prefix), open(t, slow, prefix)
	defer fast.Close()
	defer far.Close()
	study, err := fast.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	must(t, err)
	for range 200 { // whoever claims takes the oldest
		_, err := fast.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting})
		must(t, err)
	}
	claims := 0
	disturb := func() {
		tr, ok, err := fast.Claim(ctx, study, storage.Claim{Budget: 1000, Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"fast"`}}})
		if err != nil || !ok {
			t.Errorf("the fast one: %v, %v", ok, err)
		}
		if _, err := fast.SetState(ctx, tr.ID, storage.Complete, []float64{1}); err != nil {
			t.Error(err)
		}
		claims++
	}
	// Each command of the far one takes as long as two operations of the fast
	// one, until that has to wait.
	w.set(func(cmd redis.Cmder, send func() error) error {
		if writes(cmd) && claims < 150 {
			if c.Exists(ctx, prefix+":hone:turn").Val() == 0 {
				disturb()
			}
		}
		return send()
	})
	tr, ok, err := far.Claim(ctx, study, storage.Claim{Budget: 1000, Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"far"`}}})
	if err != nil || !ok || tr.Number != claims {
		t.Fatalf("the far one: number %d, %v, %v", tr.Number, ok, err)
	}
	if claims < 3 || claims > 80 {
		t.Errorf("the far one had its turn after %d others", claims)
	}
	w.set(nil)
	if n := c.Exists(ctx, prefix+":hone:turn").Val(); n != 0 {
		t.Error("the turn did not end with the operation")
	}
	// While another has its turn, a claim waits; other operations do not. A
	// turn whose owner died ends by itself.
	begin := time.Now()
	must(t, c.Set(ctx, prefix+":hone:turn", "somebody else", 300*time.Millisecond).Err())
	must(t, fast.SetStudyAttr(ctx, study, storage.UserAttr, "k", "1"))
	if c.Exists(ctx, prefix+":hone:turn").Val() != 1 && time.Since(begin) < 300*time.Millisecond {
		t.Error("an operation that is not exact ended another's turn")
	}
	disturb()
	if took := time.Since(begin); took < 250*time.Millisecond {
		t.Errorf("a claim did not wait for another's turn: %v", took)
	}
}

// What another process did meanwhile never makes an operation fail that would
// succeed on what is there.
func TestStale(t *testing.T) {
	c := connect(t)
	ctx := t.Context()
	prefix := newPrefix(t, c)
	a, b := open(t, c, prefix), open(t, c, prefix)
	defer a.Close()
	defer b.Close()
	study, err := a.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	must(t, err)
	must(t, b.SetStudyAttr(ctx, study, storage.UserAttr, "k", "1"))
	tr, err := a.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting})
	must(t, err)
	if ok, err := b.SetState(ctx, tr.ID, storage.Running, nil); err != nil || !ok {
		t.Errorf("b claims what a made: %v, %v", ok, err)
	}
	if ok, err := a.SetState(ctx, tr.ID, storage.Running, nil); err != nil || ok {
		t.Errorf("a claims what b has: %v, %v", ok, err)
	}
	x := storage.Param{Name: "x", Value: 1, Dist: distributions.Float{Low: 0, High: 1}}
	must(t, a.SetParam(ctx, tr.ID, x))
	x.Dist = distributions.Int{Low: 0, High: 1, Step: 1}
	if err := b.SetParam(ctx, tr.ID, x); !errors.Is(err, storage.ErrIncompatible) {
		t.Errorf("another kind: %v", err)
	}
	if ok, err := b.SetState(ctx, tr.ID, storage.Complete, []float64{1}); err != nil || !ok {
		t.Errorf("b finishes: %v, %v", ok, err)
	}
	if err := a.SetReport(ctx, tr.ID, 1, 1); !errors.Is(err, storage.ErrTrialFinished) {
		t.Errorf("a reports: %v", err)
	}
	must(t, a.DeleteStudy(ctx, study))
	if again, err := b.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize}); err != nil || again == study {
		t.Errorf("the name is free again: %d, %v", again, err)
	}
	if n := a.Stats().Appends + b.Stats().Appends; n < 7 {
		t.Errorf("%d operations wrote", n)
	}
}

// A journal of more records than one answer holds, and of more bytes.
func TestLongJournal(t *testing.T) {
	c := connect(t)
	ctx := t.Context()
	records := []string{`{"op_code": 0, "worker_id": "w", "study_name": "s", "directions": [1]}`}
	for i := range 3500 {
		records = append(records, fmt.Sprintf(`{"op_code": 2, "worker_id": "w", "study_id": 0, "user_attr": {"k": %d}}`, i))
	}
	prefix := newPrefix(t, c)
	early := open(t, c, prefix)
	defer early.Close()
	study, err := early.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	must(t, err)
	pipe := c.Pipeline()
	for i, r := range records[1:] {
		pipe.Set(ctx, fmt.Sprint(prefix, ":log:", i+1), r, 0)
	}
	pipe.Set(ctx, prefix+":log_number", len(records)-1, 0)
	_, err = pipe.Exec(ctx)
	must(t, err)
	// A write by one that is far behind.
	tr, ok, err := early.Claim(ctx, study, storage.Claim{Budget: 1})
	if err != nil || !ok || tr.Number != 0 {
		t.Fatalf("Claim: %+v, %v, %v", tr, ok, err)
	}
	big := `"` + strings.Repeat("a", 3<<20) + `"`
	for i := range 4 {
		must(t, early.SetTrialAttr(ctx, tr.ID, storage.UserAttr, fmt.Sprint(i), big))
	}
	late := open(t, c, prefix)
	defer late.Close()
	got, err := late.Trial(ctx, tr.ID)
	if err != nil || len(got.UserAttrs) != 4 || got.UserAttrs[3].Value != big {
		t.Errorf("%d attributes, %v", len(got.UserAttrs), err)
	}
	s, err := late.Study(ctx, study)
	if v, _ := s.UserAttrs.Get("k"); err != nil || v != "3499" {
		t.Errorf("k is %s, %v", v, err)
	}
	if trips := late.Stats().Trips; trips > 12 {
		t.Errorf("%d round trips to read %d records", trips, late.Stats().Records)
	}
}

// F25: a study is deleted while 8 workers work on it: they stop and say so.
func TestDeleteUnderWorkers(t *testing.T) {
	c := connect(t)
	prefix := newPrefix(t, c)
	st, other := open(t, c, prefix), open(t, c, prefix)
	defer st.Close()
	defer other.Close()
	for round := range 5 {
		study, err := hone.NewStudy(&hone.Options{Name: "doomed", Storage: st, Sampler: new(sampler.Random)})
		must(t, err)
		var some sync.WaitGroup // of the trials, so that there is something to delete
		some.Add(20 * (round + 1))
		var n atomic.Int64
		errs := make(chan error)
		go func() {
			errs <- study.OptimizeContext(t.Context(), func(t *hone.Trial) (float64, error) {
				x := t.SuggestFloat("x", 0, 1)
				t.Report(0, x)
				if n.Add(1) <= 20*int64(round+1) {
					some.Done()
				}
				return x, nil
			}, &hone.OptimizeOptions{Workers: 8})
		}()
		some.Wait()
		must(t, hone.DeleteStudy(t.Context(), other, "doomed"))
		if err := <-errs; !errors.Is(err, storage.ErrStudyNotFound) && !errors.Is(err, storage.ErrTrialNotFound) {
			t.Errorf("round %d: workers of a deleted study end with %v", round, err)
		}
	}
	if all, err := st.Studies(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d studies are left, %v", len(all), err)
	}
}
