// Package conformance runs lists of named checks: as subtests, or against
// something that is broken on purpose, to see that a check can fail.
package conformance

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
)

// A Check is one promise and the code that tests it.
type Check struct {
	Name string
	Run  func(tb testing.TB)
}

// Run runs each check as a subtest of its name.
func Run(t *testing.T, checks []Check) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.Name, func(t *testing.T) { c.Run(t) })
	}
}

// Failures runs the checks and returns what they complain of, each line begun
// with the name of its check. tb lends its temporary directories and its
// context; it does not fail.
func Failures(tb testing.TB, checks []Check) []string {
	tb.Helper()
	var out []string
	for _, c := range checks {
		r := &recorder{TB: tb, name: tb.Name() + "/" + c.Name}
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() {
				if p := recover(); p != nil {
					r.Errorf("panic: %v\n%s", p, debug.Stack())
				}
			}()
			c.Run(r)
		}()
		<-done // a recorder's FailNow ends the goroutine
		r.cleanUp()
		for _, m := range r.messages {
			out = append(out, c.Name+": "+m)
		}
		if r.failed && len(r.messages) == 0 {
			out = append(out, c.Name+": failed without a message")
		}
	}
	return out
}

// A recorder is a testing.TB that notes failures instead of reporting them.
// What it does not define goes to the TB inside.
type recorder struct {
	testing.TB
	name string

	mu       sync.Mutex
	failed   bool
	skipped  bool
	messages []string
	cleanups []func()
}

func (r *recorder) note(message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
	r.messages = append(r.messages, message)
}

// cleanUp runs what was given to Cleanup, last first.
func (r *recorder) cleanUp() {
	for {
		r.mu.Lock()
		n := len(r.cleanups)
		if n == 0 {
			r.mu.Unlock()
			return
		}
		f := r.cleanups[n-1]
		r.cleanups = r.cleanups[:n-1]
		r.mu.Unlock()
		f()
	}
}

func (r *recorder) Name() string { return r.name }
func (r *recorder) Helper()      {}

func (r *recorder) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

func (r *recorder) Error(args ...any)                 { r.note(fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) { r.note(fmt.Sprintf(format, args...)) }

func (r *recorder) Fatal(args ...any) {
	r.note(fmt.Sprint(args...))
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.note(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func (r *recorder) Fail() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = true
}

func (r *recorder) FailNow() {
	r.Fail()
	runtime.Goexit()
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) Log(...any)          {}
func (r *recorder) Logf(string, ...any) {}

func (r *recorder) Skip(...any)          { r.SkipNow() }
func (r *recorder) Skipf(string, ...any) { r.SkipNow() }

func (r *recorder) SkipNow() {
	r.mu.Lock()
	r.skipped = true
	r.mu.Unlock()
	runtime.Goexit()
}

func (r *recorder) Skipped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.skipped
}
