//go:build linux || darwin

package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"
)

// A crew is a number of processes that share a study. Those that are killed are
// replaced.
type crew struct {
	r     *run
	p     *place
	job   job
	n     int
	files int

	mu    sync.Mutex
	procs []*proc // by place in the crew
	ended int
}

// crew makes one of n processes. Its leases are so short that a killed worker's
// trial comes back within seconds; a worker that the machine keeps from beating for
// so long loses its trial, which must do no harm either.
func (r *run) crew(p *place, n int, j job) *crew {
	j.Task, j.URL, j.Study = "work", p.url, "one"
	if j.LostMS == 0 {
		j.BeatMS, j.LostMS = 200, 2000
	}
	return &crew{r: r, p: p, job: j, n: n, procs: make([]*proc, n)}
}

func (c *crew) acks() string { return filepath.Join(c.r.dir, "acks*") }

// next is the job of another process.
func (c *crew) next() job {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files++
	j := c.job
	j.Acks = filepath.Join(c.r.dir, fmt.Sprint("acks", c.files))
	return j
}

// work runs all to their end. change may alter the job of a process, env adds to
// its environment; both may be nil.
func (c *crew) work(change func(slot, life int, j *job), env func(slot int) []string) {
	var wg sync.WaitGroup
	for slot := range c.n {
		wg.Go(func() {
			for life := 0; c.r.ctx.Err() == nil; life++ {
				j := c.next()
				if change != nil {
					change(slot, life, &j)
				}
				var vars []string
				if env != nil {
					vars = env(slot)
				}
				p := c.r.spawn(j, vars...)
				c.mu.Lock()
				c.procs[slot] = p
				c.mu.Unlock()
				err := p.wait()
				if err == nil || !p.doomed.Load() && j.Die == "" {
					if err != nil {
						c.r.failf("a worker ended by itself: %s", p.errors())
					}
					break
				}
			}
			c.mu.Lock()
			c.ended++
			c.mu.Unlock()
		})
	}
	wg.Wait()
}

// anyone returns a process that runs, nil when there is none any more.
func (c *crew) anyone(r *rand.Rand) *proc {
	for {
		c.mu.Lock()
		if c.ended > 0 { // the budget is used up
			c.mu.Unlock()
			return nil
		}
		p := c.procs[r.IntN(c.n)]
		c.mu.Unlock()
		if p != nil && p.alive() {
			return p
		}
		time.Sleep(time.Millisecond)
	}
}
