//go:build linux || darwin

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/redisstore"
)

const noServer = "There is no server: the file is read and written by the worker itself."

func (r *run) networked() {
	r.shared()
	if !r.kind.network() {
		r.skip(noServer)
	}
}

// mine returns the URL of a server that the run may stop.
func (r *run) mine(kind string, args ...string) *server {
	var s *server
	var err error
	if args == nil {
		s, err = r.servers.mine(kind)
	} else if s, err = newServer(kind, r.dir, args...); err == nil {
		r.after(func() { s.stop(true) })
	}
	if err != nil {
		r.skip(err.Error())
	}
	return s
}

// F5
func restartDatabase(r *run) {
	r.shared()
	k := r.kind
	if k.behind != "" {
		k = kindOf(k.behind)
	}
	switch {
	case k.server == "":
		r.skip(noServer)
	case k.server == "Redis":
		r.skip("See F8.")
	}
	s := r.mine(k.server)
	s.inUse.Lock()
	r.after(s.inUse.Unlock)
	p := r.placeOn(r.kind, s.url)
	c := r.crew(p, 2, job{Budget: r.times(300, 20000), Workers: 8, PauseMS: 150, BeatMS: 500, LostMS: 30e3})
	r.inject(restarts(r, c, s, r.times(2, 60)), "restarts")
	r.agrees(p, "one", r.check(p, "one", expect{budget: c.job.Budget, acks: c.acks()}))
}

// restarts has a crew work while a server is restarted, softly and hard in turn.
func restarts(r *run, c *crew, s *server, n int) int {
	over := make(chan struct{})
	done := 0
	var restarter sync.WaitGroup
	restarter.Go(func() {
		for i := range n {
			select {
			case <-over:
				return
			case <-time.After(time.Duration(r.times(300, 10e3)) * time.Millisecond):
			}
			s.stop(i%2 == 1)
			if err := s.start(); err != nil {
				r.failf("%v", err)
				return
			}
			done++
		}
	})
	c.work(nil, nil)
	close(over)
	restarter.Wait()
	return done
}

// F6
func cutPackets(r *run) {
	r.networked()
	p := r.place()
	x := r.proxy()
	through := p.through(x)
	var cuts atomic.Int64
	random := rand.New(rand.NewPCG(r.seed, 6)) // under the proxy's lock
	x.set(func(int, bool) (time.Duration, bool) {
		cut := random.IntN(60) == 0
		if cut {
			cuts.Add(1)
		}
		return 0, cut
	})
	c := r.crew(through, 2, job{Budget: r.times(300, 20000), Workers: 4, BeatMS: 300, LostMS: 3000})
	c.work(nil, nil)
	x.set(nil)
	r.inject(int(cuts.Load()), "cuts")
	r.check(p, "one", expect{budget: c.job.Budget, acks: c.acks()})
}

// F7: nobody is taken for lost.
func latency(r *run) {
	r.networked()
	p := r.place()
	x := r.proxy()
	through := p.through(x)
	random := rand.New(rand.NewPCG(r.seed, 7))
	packets := 0
	x.set(func(packet int, answer bool) (time.Duration, bool) {
		packets = packet
		return rand.N(time.Duration(r.times(60, 500)) * time.Millisecond), random.IntN(100) == 0
	})
	c := r.crew(through, 2, job{Budget: r.times(40, 5000), Workers: 8, BeatMS: 2000, LostMS: 60e3})
	c.work(nil, nil)
	x.set(nil)
	r.inject(packets, "delays")
	for _, t := range r.check(p, "one", expect{budget: c.job.Budget, acks: c.acks()}) {
		if text, lost := t.SystemAttrs.Get(storage.AttrLost); lost {
			r.failf("trial %d was given up: %s", t.Number, text)
		}
	}
}

// F8: with its log Redis loses nothing; without one that is noticed, and numbers are
// not used again.
func restartRedis(r *run) {
	if r.kind.server != "Redis" {
		r.skip("It is not Redis.")
	}
	s := r.mine("Redis")
	s.inUse.Lock()
	r.after(s.inUse.Unlock)
	p := r.placeOn(r.kind, s.url)
	c := r.crew(p, 2, job{Budget: r.times(300, 20000), Workers: 8, PauseMS: 100, BeatMS: 500, LostMS: 30e3})
	done := restarts(r, c, s, r.times(4, 50))
	r.check(p, "one", expect{budget: c.job.Budget, acks: c.acks()})

	for range r.times(2, 50) {
		s := r.mine("Redis", "--appendonly", "no")
		p := r.placeOn(r.kind, s.url)
		st := p.open()
		study, err := hone.NewStudy(&hone.Options{Name: "one", Storage: st})
		r.must(err)
		r.must(study.Optimize(plain, 3))
		s.stop(true)
		r.must(s.start())
		if err := study.Optimize(plain, 3); !errors.Is(err, redisstore.ErrLogLost) {
			r.failf("after a restart that lost everything: %v", err)
		}
		st.Close()
		s.stop(true)
		done++
	}
	r.inject(done, "restarts")
}

// F23: an outside connection locks the rows that our calls need in the opposite
// order, once in each call.
func deadlocks(r *run) {
	if r.kind.server != "PostgreSQL" && r.kind.server != "MariaDB" {
		r.skip("Nobody can lock rows of it in another order: its writers take turns.")
	}
	p := r.place()
	if r.kind.server == "PostgreSQL" { // it looks for deadlocks after a second only
		p.url += "%20-cdeadlock_timeout%3D20ms"
	}
	st := p.open()
	defer st.Close()
	db := p.db()
	defer db.Close()
	study, err := st.CreateStudy(r.ctx, "one", []storage.Direction{storage.Minimize})
	r.must(err)
	claimer, _ := storage.AsClaimer(st)
	rounds := r.times(30, 200)
	for i := range rounds {
		t, ok, err := claimer.Claim(r.ctx, study, storage.Claim{Budget: 1e6, Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"w"`}}})
		if err != nil || !ok {
			r.failf("claim: %v, %v", ok, err)
			return
		}
		// A name that is new locks the study, then the trial.
		err = provoke(r.ctx, db, t.ID, study, func() error {
			return st.SetParam(r.ctx, t.ID, storage.Param{Name: fmt.Sprint("p", i), Value: 0.5, Dist: distributions.Float{High: 1}})
		})
		if err == nil {
			err = provoke(r.ctx, db, t.ID, study, func() (err error) {
				ok, err = claimer.Requeue(r.ctx, t.ID, "w", []storage.Attr{{Key: storage.AttrLost, Value: `"x"`}}, &storage.Trial{State: storage.Failed})
				return err
			})
		}
		if err != nil || !ok {
			r.failf("round %d: %v, %v", i, ok, err)
			return
		}
	}
	all, err := st.Trials(r.ctx, study, -1, nil)
	r.must(err)
	if len(all) != 2*rounds {
		r.failf("%d trials after %d rounds of two", len(all), rounds)
	}
	for i := range all {
		if all[i].Number != i || all[i].State != storage.Failed {
			r.failf("I1: trial %d has the number %d and is %s", i, all[i].Number, all[i].State)
		}
	}
	r.inject(2*rounds, "deadlocks")
}

// provoke has an outside connection hold the trial until the call holds the study,
// and only then ask for the study: neither can go on, and the server breaks one of
// them off. It returns what the call does.
func provoke(ctx context.Context, db *sql.DB, trial, study int64, call func() error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT trial_id FROM trials WHERE trial_id = %d FOR UPDATE", trial)); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- call() }()
	for {
		select {
		case err := <-done:
			return fmt.Errorf("the call ended without the trial, which was locked: %w", err)
		default:
		}
		err := db.QueryRowContext(ctx, fmt.Sprintf("SELECT study_id FROM studies WHERE study_id = %d FOR UPDATE SKIP LOCKED", study)).Scan(new(int64))
		if errors.Is(err, sql.ErrNoRows) {
			break // the call holds it
		}
		if err != nil {
			return err
		}
	}
	// Refused or not, the circle was closed.
	_, _ = tx.ExecContext(ctx, fmt.Sprintf("SELECT study_id FROM studies WHERE study_id = %d FOR UPDATE", study))
	tx.Rollback()
	return <-done
}

// plain is an objective of one parameter.
func plain(t *hone.Trial) (float64, error) { return t.SuggestFloat("x", 0, 1), nil }

// study makes or loads a study of the usual kind.
func (r *run) study(st storage.Storage, name string) *hone.Study {
	s, err := hone.NewStudy(&hone.Options{Name: name, Storage: st, LoadIfExists: true, Sampler: &sampler.Random{}, Seed: 1})
	r.must(err)
	return s
}
