package open_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/rdb"
	"github.com/gohone/hone/storage/storagetest"
)

// servers runs a test on an empty database of each server.
func servers(t *testing.T, test func(t *testing.T, p place)) {
	places(t, func(t *testing.T, p place) {
		if p.dialect == rdb.SQLite {
			t.Skip("SQLite has no connections that could be lost")
		}
		test(t, p)
	})
}

// F6: connections are cut at random packets, on the way there and on the way back,
// after a commit too. Every call gives the answer that it would have given
// otherwise, and leaves the same behind.
func TestCutConnections(t *testing.T) {
	servers(t, func(t *testing.T, p place) {
		for seed := range uint64(intEnv("HONE_TEST_SEEDS", 2)) {
			t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
				p.name = p.create(t, "")
				through, x := behindProxy(t, p)
				for _, oneTrip := range []bool{true, false} {
					through.plain = !oneTrip
					through.name = p.create(t, "")
					st := through.open(t)
					r := rand.New(rand.NewPCG(seed, 6))
					cuts := 0
					x.set(func(x *proxy) {
						x.cut = func(int, bool) bool {
							cut := r.IntN(60) == 0
							if cut {
								cuts++
							}
							return cut
						}
					})
					memory := storage.NewMemory()
					o := storagetest.Options{}
					if p.dialect == rdb.MySQL {
						o.TimeResolution = time.Second
					}
					storagetest.Compare(t, seed, 150, memory, st, o)
					x.set(func(x *proxy) { x.cut = nil })
					if cuts < 8 {
						t.Errorf("%d connections were cut", cuts)
					}
					st.Close()
				}
			})
		}
	})
}

// A worker dies when it has sent the statements that begin or end a trial, before the
// server answers. Then all of them take effect or none: no trial runs without its
// lease, and none is complete without its values.
func TestWorkerDiesBeforeTheAnswer(t *testing.T) {
	servers(t, func(t *testing.T, p place) {
		through, x := behindProxy(t, p)
		st := p.open(t)
		defer st.Close()
		id, err := st.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize})
		ok(t, err)
		for i := range 16 {
			if i%4 < 2 { // otherwise the queue is, or may be, empty
				_, err := st.CreateTrial(t.Context(), id, &storage.Trial{State: storage.Waiting})
				ok(t, err)
			}
			through.dies(t, x, id, i%2 == 0)
		}
		var trials []storage.Trial
		for range 100 { // the server may not have noticed yet
			trials, err = st.Trials(t.Context(), id, -1, nil)
			ok(t, err)
			for _, tr := range trials {
				if tr.State == storage.Complete && !slices.Equal(tr.Values, []float64{2.5}) || tr.State == storage.Running && tr.Holder() != "dying" {
					t.Errorf("trial %d is %s with the values %v and the holder %q", tr.Number, tr.State, tr.Values, tr.Holder())
				}
			}
			if t.Failed() || slices.ContainsFunc(trials, func(tr storage.Trial) bool { return tr.State == storage.Complete }) {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Errorf("no worker got as far as to end a trial: %v", trials)
	})
}

// dies claims a trial and ends it, and dies at the claim or at the end.
func (p place) dies(t *testing.T, x *proxy, study int64, atEnd bool) {
	t.Helper()
	db, dialect, err := p.pool()
	ok(t, err)
	st, err := rdb.Open(t.Context(), db, dialect, &rdb.Options{CloseDB: true, Patience: -1})
	ok(t, err)
	defer st.Close()
	die := func(sign string) {
		x.set(func(x *proxy) {
			x.last = func(sent []byte) bool { return bytes.Contains(sent, []byte(sign)) }
		})
	}
	defer x.set(func(x *proxy) { x.last = nil })
	if !atEnd {
		die("dying")
	}
	tr, _, err := st.Claim(t.Context(), study, storage.Claim{Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"dying"`}}})
	if atEnd {
		ok(t, err)
		die("COMPLETE")
		_, err = st.SetState(t.Context(), tr.ID, storage.Complete, []float64{2.5})
	}
	if err == nil {
		t.Errorf("nobody died (at the end: %v)", atEnd)
	}
}

// F5: the server goes away for a while, time and again, while 16 workers work.
func TestOutages(t *testing.T) {
	servers(t, func(t *testing.T, p place) {
		through, x := behindProxy(t, p)
		st := through.open(t)
		defer st.Close()
		study, err := hone.NewStudy(&hone.Options{Name: "one", Storage: st, Sampler: &sampler.Random{}})
		ok(t, err)
		done := make(chan struct{})
		outages := 0
		go func() {
			defer close(done)
			for outages = 0; outages < 5; outages++ {
				time.Sleep(150 * time.Millisecond)
				x.outage(200 * time.Millisecond)
			}
		}()
		const budget = 500
		err = study.OptimizeContext(t.Context(), func(t *hone.Trial) (float64, error) {
			time.Sleep(20 * time.Millisecond)
			return t.SuggestFloat("x", 0, 1), nil
		}, &hone.OptimizeOptions{TotalTrials: budget, Workers: 16})
		<-done
		ok(t, err)
		checkStudy(t, st, "one", budget)
	})
}

// An outage beyond the patience gives one clear error.
func TestPatience(t *testing.T) {
	servers(t, func(t *testing.T, p place) {
		through, x := behindProxy(t, p)
		db, dialect, err := through.pool()
		ok(t, err)
		st, err := rdb.Open(t.Context(), db, dialect, &rdb.Options{CloseDB: true, Patience: 300 * time.Millisecond})
		ok(t, err)
		defer st.Close()
		id, err := st.CreateStudy(t.Context(), "s", []storage.Direction{storage.Minimize})
		ok(t, err)
		x.set(func(x *proxy) { x.refuse = true })
		x.cutAll()
		for name, call := range map[string]func() error{
			"CreateTrial": func() error { _, err := st.CreateTrial(t.Context(), id, nil); return err },
			"Trials":      func() error { _, err := st.Trials(t.Context(), id, -1, nil); return err },
		} {
			if err := call(); err == nil || !strings.Contains(err.Error(), "given up after") {
				t.Errorf("%s without a server: %v", name, err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := st.Study(ctx, id); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call whose context ended in an outage: %v", err)
		}
		x.set(func(x *proxy) { x.refuse = false })
		if _, err := st.CreateTrial(t.Context(), id, nil); err != nil {
			t.Errorf("after the outage: %v", err)
		}
	})
}

// F23: an outside connection locks the rows that our calls need in the opposite
// order, so that the server has to break a deadlock in each of them. Calls are
// tried again.
func TestDeadlocks(t *testing.T) {
	servers(t, func(t *testing.T, p place) {
		db, _, err := p.pool()
		ok(t, err)
		defer db.Close()
		if p.dialect == rdb.PostgreSQL { // it looks for deadlocks after a second only
			_, err = db.Exec("ALTER ROLE CURRENT_USER SET deadlock_timeout = '20ms'")
			ok(t, err)
			defer db.Exec("ALTER ROLE CURRENT_USER RESET deadlock_timeout")
		}
		st := p.open(t)
		defer st.Close()
		ctx := t.Context()
		study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
		ok(t, err)
		ours, theirs := 0, 0
		// provoke has the outside connection hold the trial until the call holds
		// the study, and only then ask for the study: neither can go on. Studies
		// come before trials with us.
		provoke := func(name string, trial int64, call func() error) {
			t.Helper()
			tx, err := db.BeginTx(ctx, nil)
			ok(t, err)
			defer tx.Rollback()
			_, err = tx.Exec(fmt.Sprintf("SELECT trial_id FROM trials WHERE trial_id = %d FOR UPDATE", trial))
			ok(t, err)
			done := make(chan error, 1)
			go func() { done <- call() }()
			for held := false; !held; {
				select {
				case err := <-done:
					t.Fatalf("%s ended without the trial, which was locked: %v", name, err)
				default:
				}
				err := db.QueryRowContext(ctx, fmt.Sprintf("SELECT study_id FROM studies WHERE study_id = %d FOR UPDATE SKIP LOCKED", study)).Scan(new(int64))
				if held = errors.Is(err, sql.ErrNoRows); !held {
					ok(t, err)
				}
			}
			if _, err = tx.Exec(fmt.Sprintf("SELECT study_id FROM studies WHERE study_id = %d FOR UPDATE", study)); err != nil {
				theirs++
			} else {
				ours++ // was broken off, or the study would not be ours
			}
			tx.Rollback()
			if err := <-done; err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		const rounds = 15
		lease := []storage.Attr{{Key: storage.AttrLease, Value: `"w"`}}
		for i := range rounds {
			waiting, err := st.CreateTrial(ctx, study, &storage.Trial{State: storage.Waiting})
			ok(t, err)
			provoke("Claim", waiting.ID, func() error {
				tr, claimed, err := st.Claim(ctx, study, storage.Claim{Budget: 1000, Attrs: lease})
				if err == nil && (!claimed || tr.ID != waiting.ID) {
					err = fmt.Errorf("got trial %d, %v; trial %d waited", tr.ID, claimed, waiting.ID)
				}
				return err
			})
			// A name that is new locks the study, then the trial.
			provoke("SetParam", waiting.ID, func() error {
				return st.SetParam(ctx, waiting.ID, storage.Param{Name: fmt.Sprint("p", i), Value: 0.5, Dist: distributions.Float{Low: 0, High: 1}})
			})
			provoke("Requeue", waiting.ID, func() error {
				done, err := st.Requeue(ctx, waiting.ID, "w", []storage.Attr{{Key: storage.AttrLost, Value: `"x"`}}, &storage.Trial{State: storage.Failed})
				if err == nil && !done {
					err = errors.New("nothing was done")
				}
				return err
			})
		}
		all, err := st.Trials(ctx, study, -1, nil)
		ok(t, err)
		if len(all) != 2*rounds {
			t.Errorf("%d trials, want %d", len(all), 2*rounds)
		}
		for i, tr := range all {
			if tr.Number != i || tr.State != storage.Failed || i%2 == 0 && len(tr.Params) != 1 {
				t.Errorf("trial %d: number %d, %s, %v", i, tr.Number, tr.State, tr.Params)
			}
		}
		t.Logf("the server broke off our calls %d times and the outside connection %d times", ours, theirs)
		// Deletion locks the study, then its trials.
		provoke("DeleteStudy", all[0].ID, func() error { return st.DeleteStudy(ctx, study) })
	})
}

// F25: a study is deleted while 8 workers work on it: they stop and say so, and
// nothing is left behind.
func TestDeleteUnderWorkers(t *testing.T) {
	places(t, func(t *testing.T, p place) {
		st := p.open(t)
		defer st.Close()
		kept, err := st.CreateStudy(t.Context(), "kept", []storage.Direction{storage.Minimize})
		ok(t, err)
		_, err = st.CreateTrial(t.Context(), kept, nil)
		ok(t, err)
		before := contents(t, p)
		for round := range 5 {
			other := p.open(t)
			study, err := hone.NewStudy(&hone.Options{Name: "doomed", Storage: st, Sampler: &sampler.Random{}})
			ok(t, err)
			errs := make(chan error)
			go func() {
				errs <- study.OptimizeContext(t.Context(), func(t *hone.Trial) (float64, error) {
					x := t.SuggestFloat("x", 0, 1)
					t.Report(0, x)
					t.SetUserAttr("a", x)
					return x, nil
				}, &hone.OptimizeOptions{Workers: 8})
			}()
			time.Sleep(time.Duration(20+10*round) * time.Millisecond)
			ok(t, hone.DeleteStudy(t.Context(), other, "doomed"))
			err = <-errs
			if !errors.Is(err, storage.ErrStudyNotFound) && !errors.Is(err, storage.ErrTrialNotFound) {
				t.Errorf("round %d: workers of a deleted study end with %v", round, err)
			}
			other.Close()
		}
		if after := withoutSequences(contents(t, p)); after != withoutSequences(before) {
			t.Errorf("deleted studies left something behind: the database was\n%s\nand is\n%s", before, after)
		}
	})
}
