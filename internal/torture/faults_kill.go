//go:build linux || darwin

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gohone/hone/storage"
)

const noProcesses = "The memory of a process is its own: there is no other process that could die, stop or start beside it."

func (r *run) shared() {
	if r.kind.alone {
		r.skip(noProcesses)
	}
}

// F1
func killRandom(r *run) {
	r.shared()
	kills := r.times(15, 1000)
	p := r.place()
	c := r.crew(p, r.times(4, 8), job{Budget: 25 * kills, Workers: 2, PauseMS: 25})
	killed := 0
	var killer sync.WaitGroup
	killer.Go(func() {
		for killed < kills && r.ctx.Err() == nil {
			time.Sleep(time.Duration(20+r.rand.IntN(120)) * time.Millisecond)
			victim := c.anyone(r.rand)
			if victim == nil {
				return
			}
			victim.kill()
			killed++
		}
	})
	c.work(nil, nil)
	killer.Wait()
	r.inject(killed, "kills")
	all := r.check(p, "one", expect{budget: c.job.Budget, acks: c.acks(), workers: 2 * killed})
	// Wasted work: two trials a kill, and those of workers that the machine was
	// too busy to let beat.
	if most := c.job.Budget + 4*killed + 10*c.n; len(all) > most {
		r.failf("%d trials for a budget of %d and %d kills of workers with 2 trials each", len(all), c.job.Budget, killed)
	}
	r.agrees(p, "one", all)
}

// F2: slot 0 dies before or after the k-th call of each method in turn; where there
// is a network, slot 1 dies when the n-th packet passes, before it reaches its end.
func killAtPoint(r *run) {
	r.shared()
	p := r.place()
	type point struct {
		method string
		late   bool
	}
	var all []point
	for _, m := range points {
		for _, late := range []bool{false, true} {
			for range r.times(1, 20) {
				all = append(all, point{m, late})
			}
		}
	}
	packets := 0
	if r.kind.network() {
		packets = r.times(8, 200)
	}
	c := r.crew(p, 3, job{Budget: 20*len(all) + 20*packets, Workers: 2, PauseMS: 15})
	var deaths atomic.Int64
	step := 1
	c.work(func(slot, life int, j *job) {
		switch {
		case slot == 0 && life < len(all):
			at := all[life]
			j.Die, j.DieLate, j.DieAt = at.method, at.late, 1+rand.IntN(3)
			if at.method == "Beat" {
				j.DieAt = 1
			}
			deaths.Add(1)
		case slot == 1 && life < packets:
			x := r.proxy()
			n := step
			step += 1 + life%5*3
			j.URL = p.through(x).url
			x.set(func(packet int, answer bool) (time.Duration, bool) {
				if packet < n {
					return 0, false
				}
				c.mu.Lock()
				victim := c.procs[1]
				c.mu.Unlock()
				if victim != nil && victim.alive() && !victim.doomed.Load() {
					victim.kill()
					deaths.Add(1)
				}
				return 0, true
			})
		}
	}, nil)
	r.inject(int(deaths.Load()), "deaths")
	trials := r.check(p, "one", expect{budget: c.job.Budget, acks: c.acks(), workers: 2 * int(deaths.Load())})
	r.agrees(p, "one", trials)
}

// F3: signalled workers leave no trial running, and say by which signal they ended;
// a second signal ends one whose objective does not listen.
func signals(r *run) {
	r.shared()
	p := r.place()
	for round := range r.times(3, 100) {
		var procs []*proc
		for range 3 {
			procs = append(procs, r.spawn(job{Task: "work", URL: p.url, Study: "one", Workers: 2, PauseMS: 50}))
		}
		for _, q := range procs {
			q.ready()
		}
		r.await(p, "one", (round+1)*10)
		for i, q := range procs {
			r.must(q.cmd.Process.Signal([]syscall.Signal{syscall.SIGTERM, syscall.SIGINT}[i%2]))
		}
		for _, q := range procs {
			_ = q.wait()
			if code := q.cmd.ProcessState.ExitCode(); code != 143 {
				r.failf("a worker that was told to stop ended with %d: %s", code, q.errors())
			}
		}
		r.inject(len(procs), "signals")
		r.nothingRuns(p, "one")
	}
	// One that is deaf for longer than its second, and then for ever.
	q := r.spawn(job{Task: "work", URL: p.url, Study: "deaf", Workers: 1, PauseMS: 3600e3, Deaf: true, BeatMS: 200, LostMS: 2000})
	r.awaitRunning(p, "deaf")
	r.must(q.cmd.Process.Signal(syscall.SIGTERM))
	time.Sleep(50 * time.Millisecond)
	r.must(ignoreGone(q.cmd.Process.Signal(syscall.SIGTERM)))
	err := q.wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		r.failf("after a second signal a worker ended with %v", err)
	}
	r.inject(2, "signals")
}

// F4
func freeze(r *run) {
	r.shared()
	p := r.place()
	c := r.crew(p, 4, job{Budget: r.times(300, 2000), Workers: 1, PauseMS: 60, BeatMS: 100, LostMS: 700})
	frozen := 0
	var freezer sync.WaitGroup
	freezer.Go(func() {
		for range r.times(4, 100) {
			time.Sleep(300 * time.Millisecond)
			victim := c.anyone(r.rand)
			if victim == nil || victim.cmd.Process.Signal(syscall.SIGSTOP) != nil {
				return
			}
			time.Sleep(1400 * time.Millisecond)
			if victim.cmd.Process.Signal(syscall.SIGCONT) != nil {
				return
			}
			frozen++
		}
	})
	c.work(nil, nil)
	freezer.Wait()
	r.inject(frozen, "stops")
	r.check(p, "one", expect{budget: c.job.Budget, acks: c.acks()})
}

// F9
func killProxy(r *run) {
	if r.kind.behind == "" {
		r.skip("There is no gRPC server before it.")
	}
	p := r.place()
	c := r.crew(p, 4, job{Budget: r.times(400, 8000), Workers: r.times(2, 8), PauseMS: 40})
	kills := 0
	over := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		for range r.times(6, 100) {
			select {
			case <-over:
				return
			case <-time.After(time.Duration(300+r.rand.IntN(300)) * time.Millisecond):
			}
			p.grpc.kill()
			_ = p.grpc.wait()
			kills++
			p.serve()
		}
	})
	c.work(nil, nil)
	close(over)
	killer.Wait()
	r.inject(kills, "kills")
	r.agrees(p, "one", r.check(p, "one", expect{budget: c.job.Budget, acks: c.acks()}))
}

// await waits until a study has so many trials.
func (r *run) await(p *place, study string, trials int) {
	r.poll(p, study, func(all []storage.Trial) bool { return len(all) >= trials })
}

func (r *run) awaitRunning(p *place, study string) {
	r.poll(p, study, func(all []storage.Trial) bool { return len(all) > 0 && len(all[0].Params) > 0 })
}

func (r *run) poll(p *place, study string, ok func([]storage.Trial) bool) {
	st := p.open()
	defer st.Close()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		id, err := st.FindStudy(r.ctx, study)
		if err == nil {
			var all []storage.Trial
			if all, err = st.Trials(r.ctx, id, -1, nil); err == nil && ok(all) {
				return
			}
		}
		if err != nil && !errors.Is(err, storage.ErrStudyNotFound) {
			r.must(err)
		}
		if time.Since(begin) > 2*time.Minute {
			r.must(fmt.Errorf("study %q does not get as far as it should", study))
		}
	}
}

func (r *run) nothingRuns(p *place, study string) {
	st := p.open()
	defer st.Close()
	id, err := st.FindStudy(r.ctx, study)
	r.must(err)
	all, err := st.Trials(r.ctx, id, -1, nil)
	r.must(err)
	for i := range all {
		if all[i].State == storage.Running {
			r.failf("I4: trial %d still runs after its worker drained", i)
		}
	}
}

func ignoreGone(err error) error {
	if err != nil && err.Error() == "os: process already finished" {
		return nil
	}
	return err
}
