//go:build linux || darwin

package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// F18
func startTogether(r *run) {
	rounds := r.times(1, 100)
	for range rounds {
		p := r.place()
		if r.kind.alone {
			r.together(64, func(int) error {
				s, err := hone.NewStudy(&hone.Options{Name: "one", Storage: p.mem, LoadIfExists: true})
				if err != nil {
					return err
				}
				return s.Optimize(plain, 1)
			})
		} else {
			// Processes, each of which opens it several times.
			n := r.times(8, 32)
			r.together(n, func(int) error {
				q := r.spawn(job{Task: "start", URL: p.url, Study: "one", Workers: 64 / n})
				if q.wait() != nil {
					return errors.New(q.errors())
				}
				return nil
			})
		}
		r.check(p, "one", expect{budget: 64, plain: r.kind.alone})
		st := p.open()
		if all, err := st.Studies(r.ctx); err != nil || len(all) != 1 {
			r.failf("%d studies, %v", len(all), err)
		}
		st.Close()
	}
	r.inject(64*rounds, "starts")
}

// together runs n calls at once and notes their errors.
func (r *run) together(n int, f func(i int) error) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil && p != (abort{}) {
					panic(p)
				}
			}()
			if err := f(i); err != nil {
				r.failf("%v", err)
			}
		})
	}
	wg.Wait()
}

// F19
func crowd(r *run) {
	p := r.place()
	trials := r.times(640, 20000)
	if r.kind.alone {
		s := r.study(p.mem, "one")
		r.must(s.OptimizeContext(r.ctx, plain, &hone.OptimizeOptions{TotalTrials: trials, Workers: 64}))
		r.check(p, "one", expect{budget: trials, plain: true})
	} else {
		c := r.crew(p, 8, job{Budget: trials, Workers: 8, BeatMS: 2000, LostMS: 60e3})
		c.work(nil, nil)
		r.check(p, "one", expect{budget: trials, acks: c.acks()})
	}
	r.inject(trials, "trials")
}

// F20
func goroutines(r *run) {
	if !r.kind.alone {
		r.skip("Of the memory; the others have F19.")
	}
	p := r.place()
	trials := r.times(20000, 100000)
	s := r.study(p.mem, "one")
	r.must(s.OptimizeContext(r.ctx, plain, &hone.OptimizeOptions{TotalTrials: trials, Workers: 256}))
	r.check(p, "one", expect{budget: trials, plain: true})
	r.inject(trials, "trials")
}

// F21
func mixed(r *run) {
	r.shared()
	n := r.times(2, 4)
	p := r.place()
	budget := r.times(120, 2000)
	if _, ok := r.pythonCommand("read"); !ok {
		r.skip("HONE_PYTHON is not set to a Python with Optuna.")
	}
	st := p.open()
	r.study(st, "one")
	r.must(st.Close())
	c := r.crew(p, n, job{Budget: budget, Workers: 1, PauseMS: 100})
	var pythons sync.WaitGroup
	for i := range n {
		pythons.Go(func() {
			for life := 0; r.ctx.Err() == nil; life++ {
				c.mu.Lock()
				c.files++
				acks := fmt.Sprint(r.dir, "/acks", c.files)
				c.mu.Unlock()
				cmd, _ := r.pythonCommand("work", p.pythonURL(), "one", fmt.Sprint(budget), acks, "0.1")
				q := r.start(cmd)
				if i%2 == 0 && life == 0 {
					select {
					case <-time.After(3 * time.Second):
						q.kill()
						r.inject(1, "kills")
					case <-q.done:
					}
				}
				if q.wait() == nil || !q.doomed.Load() {
					if q.err != nil {
						r.failf("Optuna's worker ended by itself: %s", q.errors())
					}
					return
				}
			}
		})
	}
	var killer sync.WaitGroup
	killer.Go(func() {
		for range n {
			time.Sleep(700 * time.Millisecond)
			if victim := c.anyone(r.rand); victim != nil {
				victim.kill()
				r.inject(1, "kills")
			}
		}
	})
	c.work(nil, nil)
	pythons.Wait()
	killer.Wait()
	all := r.check(p, "one", expect{
		budget: budget, over: 2 * n, acks: c.acks(), workers: 3 * n, others: true,
		twice: r.kind.driver == "sqlite",
	})
	r.agrees(p, "one", all)
}

// F22
func queue(r *run) {
	p := r.place()
	n := r.times(256, 10000)
	st := p.open()
	s := r.study(st, "one")
	for i := range n {
		r.must(s.Enqueue(map[string]any{"x": float64(i) / float64(n)}, nil))
	}
	if r.kind.alone {
		r.must(s.OptimizeContext(r.ctx, plain, &hone.OptimizeOptions{TotalTrials: n, Workers: 64}))
	}
	r.must(st.Close())
	if !r.kind.alone {
		c := r.crew(p, 8, job{Budget: n, Workers: 8, BeatMS: 2000, LostMS: 60e3})
		c.work(nil, nil)
	}
	taken := make(map[float64]int)
	for _, t := range r.check(p, "one", expect{budget: n, plain: r.kind.alone}) {
		if t.State == storage.Complete {
			taken[t.Params[0].Value]++
		}
	}
	for i := range n {
		if got := taken[float64(i)/float64(n)]; got != 1 {
			r.failf("I3: enqueued trial %d was run %d times", i, got)
		}
	}
	r.inject(n, "trials")
}

// F25
func deleted(r *run) {
	rounds := r.times(3, 50)
	p := r.place()
	st := p.open()
	defer st.Close()
	kept := r.study(st, "kept")
	r.must(kept.Optimize(plain, 2))
	for round := range rounds {
		s := r.study(st, "doomed")
		errs := make(chan error)
		var begun atomic.Int64
		go func() {
			errs <- s.OptimizeContext(r.ctx, func(t *hone.Trial) (float64, error) {
				x := t.SuggestFloat("x", 0, 1)
				t.Report(0, x)
				t.SetUserAttr("a", x)
				begun.Add(1)
				return x, nil
			}, &hone.OptimizeOptions{Workers: 8})
		}()
		for begin := time.Now(); begun.Load() < int64(8+4*round%40) && time.Since(begin) < time.Minute; {
			time.Sleep(time.Millisecond)
		}
		other := p.open()
		r.must(hone.DeleteStudy(r.ctx, other, "doomed"))
		if err := <-errs; !errors.Is(err, storage.ErrStudyNotFound) && !errors.Is(err, storage.ErrTrialNotFound) {
			r.failf("workers of a deleted study end with %v", err)
		}
		other.Close()
	}
	r.inject(rounds, "deletions")
	all, err := st.Studies(r.ctx)
	r.must(err)
	if len(all) != 1 || all[0].Name != "kept" {
		r.failf("the studies afterwards: %v", all)
	}
	if r.kind.sql() {
		db := p.db()
		defer db.Close()
		for table, want := range map[string]int{"studies": 1, "trials": 2, "trial_params": 2, "trial_values": 2, "trial_user_attributes": 0, "trial_intermediate_values": 0} {
			var got int
			r.must(db.QueryRowContext(r.ctx, "SELECT COUNT(*) FROM "+table).Scan(&got))
			if got != want {
				r.failf("%d rows are left in %s, want %d", got, table, want)
			}
		}
	}
}

// F26
func reader(r *run) {
	r.shared()
	p := r.place()
	st := p.open()
	r.study(st, "one")
	r.must(st.Close())
	q := r.spawn(job{Task: "read", URL: p.url, Study: "one"})
	c := r.crew(p, 8, job{Budget: r.times(400, 20000), Workers: 8, PauseMS: 200, BeatMS: 2000, LostMS: 60e3})
	c.work(nil, nil)
	r.must(q.cmd.Process.Signal(syscall.SIGTERM))
	if q.wait() != nil {
		r.failf("the reader: %s", q.errors())
	}
	reads := 0
	if _, err := fmt.Sscan(q.stdout.String(), &reads); err != nil {
		r.failf("the reader said %q", q.stdout.String())
	}
	r.inject(reads, "reads")
	r.check(p, "one", expect{budget: c.job.Budget, acks: c.acks()})
}

// F27: a study of many trials of 20 parameters each is opened by another process.
func large(r *run) {
	p := r.place()
	n := r.times(2000, 100000)
	r.fillWith(p, n)
	if r.kind.alone {
		s, err := hone.LoadStudy(r.ctx, p.mem, "one", nil)
		r.must(err)
		r.must(s.Optimize(plain, 1))
	} else {
		q := r.spawn(job{Task: "measure", URL: p.url, Study: "one", Trials: n})
		if q.wait() != nil {
			r.failf("%s", q.errors())
		}
	}
	r.inject(n, "trials")
}

// fillWith adds finished trials of 20 parameters.
func (r *run) fillWith(p *place, n int) {
	st := p.open()
	defer st.Close()
	id, err := st.CreateStudy(r.ctx, "one", []storage.Direction{storage.Minimize})
	r.must(err)
	t := storage.Trial{State: storage.Complete, Values: []float64{1}, Started: time.Now(), Finished: time.Now()}
	for i := range 20 {
		t.Params = append(t.Params, storage.Param{Name: fmt.Sprint("x", i), Value: float64(i) / 20, Dist: distributions.Float{High: 1}})
	}
	var next atomic.Int64
	r.together(8, func(int) error {
		for int(next.Add(1)) <= n {
			if _, err := st.CreateTrial(r.ctx, id, &t); err != nil {
				return err
			}
		}
		return nil
	})
}

// measure opens a study and goes on with it. At full length it fails when that
// takes more than 10 s or 500 MB.
func measure(ctx context.Context, j *job) error {
	begin := time.Now()
	st, err := j.open(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	s, err := hone.LoadStudy(ctx, st, j.Study, &hone.Options{Sampler: &sampler.Random{}})
	if err != nil {
		return err
	}
	trials, err := s.Trials()
	if err != nil {
		return err
	}
	if len(trials) != j.Trials {
		return fmt.Errorf("%d trials are there, want %d", len(trials), j.Trials)
	}
	opened := time.Since(begin)
	trials = nil
	if err := s.Optimize(plain, 1); err != nil {
		return err
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if j.Trials >= 100000 && (opened > 10*time.Second || m.HeapAlloc > 500<<20) {
		return fmt.Errorf("%d trials took %v to open and %d MB", j.Trials, opened, m.HeapAlloc>>20)
	}
	return nil
}

// F24: what is not ours to use is refused, with what was found, what is needed and
// what to do, and left as it is.
func schemas(r *run) {
	if !r.kind.sql() {
		r.skip("It has no schema.")
	}
	const needed = "v3.2.0.a"
	cases := []struct {
		change []string
		says   string
	}{
		{[]string{"UPDATE alembic_version SET version_num = 'v2.6.0.a'"}, "optuna storage upgrade"},
		{[]string{"UPDATE alembic_version SET version_num = 'v0.9.0.a'"}, "optuna storage upgrade"},
		{[]string{"UPDATE alembic_version SET version_num = 'v3.0.0.d'"}, "optuna storage upgrade"},
		{[]string{"UPDATE alembic_version SET version_num = 'v6.0.0.a'"}, "newer"},
		{[]string{"UPDATE alembic_version SET version_num = '5f3c1a9e2b7d'"}, "another program"},
		{[]string{"INSERT INTO alembic_version VALUES ('v3.0.0.d')"}, "2 revisions"},
		{[]string{"DELETE FROM alembic_version", "UPDATE version_info SET schema_version = 1"}, "optuna storage upgrade"},
		{[]string{"DELETE FROM alembic_version"}, "did not finish"},
		{[]string{"DELETE FROM alembic_version", "DELETE FROM version_info"}, "did not finish"},
		{[]string{"DROP TABLE trial_heartbeats"}, "trial_heartbeats"},
		{[]string{"DROP TABLE trial_values", "DROP TABLE alembic_version"}, "trial_values"},
		{[]string{"DROP TABLE trial_params", "UPDATE alembic_version SET version_num = 'x'"}, "not known"},
	}
	r.together(len(cases), func(i int) error { // at once, for some wait for tables that somebody may be making
		c := cases[i]
		p := r.place()
		st := p.open()
		r.study(st, "one")
		r.must(st.Close())
		db := p.db()
		for _, text := range c.change {
			_, err := db.ExecContext(r.ctx, text)
			r.must(err)
		}
		count := func() (out string) {
			for _, table := range []string{"studies", "study_system_attributes"} {
				var n int
				r.must(db.QueryRowContext(r.ctx, "SELECT COUNT(*) FROM "+table).Scan(&n))
				out += fmt.Sprint(table, n, " ")
			}
			return out
		}
		before := count()
		err := r.readAll(p)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), needed) {
			r.failf("%v: the error is %v, want one that says %q and %q", c.change, err, c.says, needed)
		}
		if after := count(); after != before {
			r.failf("%v: %s became %s", c.change, before, after)
		}
		db.Close()
		r.inject(1, "schemas")
		return nil
	})
}
