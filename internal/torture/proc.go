//go:build linux || darwin

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// taskVar is the variable that makes this program a worker of itself.
const taskVar = "HONE_TORTURE_TASK"

// A job is what a child process is told to do.
type job struct {
	Task       string
	URL        string
	Study      string
	Budget     int // TotalTrials
	Trials     int // of this call
	Workers    int
	Handles    int // storages that the process opens
	PauseMS    int // of an objective, at most
	BeatMS     int // 0: hone's own
	LostMS     int
	Acks       string // file of acknowledged results
	Listen     string // of a gRPC server
	Die        string // method at which to die
	DieAt      int    // at which call of it
	DieLate    bool   // after it, before its caller knows
	Limit      int64  // of a file's size, or of descriptors
	Grace      int64  // of a journal's lock, in ms
	PatienceMS int    // 0: that of the torture
	Deaf       bool   // the objective ignores its context
}

// A proc is a child process.
type proc struct {
	r      *run
	cmd    *exec.Cmd
	stdout buffer
	stderr buffer
	doomed atomic.Bool // it is to be killed: its end is no failure
	done   chan struct{}
	err    error // after done
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// spawn starts this program again for a job.
func (r *run) spawn(j job, env ...string) *proc {
	text, err := json.Marshal(j)
	r.must(err)
	self, err := os.Executable()
	r.must(err)
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), taskVar+"="+string(text)), env...)
	return r.start(cmd)
}

// start starts a child that does not outlive the run.
func (r *run) start(cmd *exec.Cmd) *proc {
	p := &proc{r: r, cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.stdout, &p.stderr
	r.must(cmd.Start())
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	r.after(func() {
		p.kill()
		p.wait()
	})
	return p
}

func (p *proc) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// ready waits until a worker listens to signals.
func (p *proc) ready() {
	for p.alive() && !strings.Contains(p.stdout.String(), isReady) {
		time.Sleep(time.Millisecond)
	}
}

// isReady is what a worker says then.
const isReady = "ready"

// kill is kill -9.
func (p *proc) kill() {
	p.doomed.Store(true)
	_ = p.cmd.Process.Kill() // it may have ended
}

// wait returns when the process has ended, and looks at what it said.
func (p *proc) wait() error {
	<-p.done
	for _, text := range []string{p.stderr.String(), p.stdout.String()} {
		p.r.scrubbed("a process's output", text)
		if strings.Contains(text, "panic: ") || strings.Contains(text, "fatal error: ") {
			p.r.failf("a process panicked: %s", head(text))
		}
	}
	return p.err
}

func (p *proc) errors() string { return fmt.Sprintf("%v: %s", p.err, head(p.stderr.String())) }

func head(s string) string {
	if len(s) > 1500 {
		s = s[:1500] + "…"
	}
	return strings.TrimSpace(s)
}
