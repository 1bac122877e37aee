//go:build unix

package filelock

import (
	"bufio"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A process that is stopped while it holds the lock, kernel lock included, is
// passed by after the grace period; when it wakes it learns that it was.
func TestStoppedHolder(t *testing.T) {
	path := target(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FILELOCK_TEST_HOLD="+path, "FILELOCK_TEST_STOPPED=1")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	out := bufio.NewReader(pipe)
	says := func(want string) {
		t.Helper()
		if line, _ := out.ReadString('\n'); line != want+"\n" {
			t.Fatalf("the other process says %q, want %q", line, want)
		}
	}
	says("held")
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	const grace = 500 * time.Millisecond
	warned := 0
	l := open(t, path, Options{Grace: grace, Warn: func(string) { warned++ }})
	begin := time.Now()
	acquire(t, l)
	if took := time.Since(begin); took < grace {
		t.Errorf("the lock of a living process was broken after %v, the grace period is %v", took, grace)
	}
	release(t, l)
	begin = time.Now()
	for range 20 { // and from then on nobody waits for it
		acquire(t, l)
		release(t, l)
	}
	if took := time.Since(begin); took > 20*grace {
		t.Errorf("20 turns beside a stopped process took %v", took)
	}
	if warned != 2 {
		t.Errorf("%d warnings, want one for each lock", warned)
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	says(ErrLost.Error())
	says("again")
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	// The dead process's lock is broken, and the kernel lock back in use, as soon as the
	// goroutine that still waited for it has had it.
	back := false
	for end := time.Now().Add(10 * time.Second); !back && time.Now().Before(end); {
		acquire(t, l)
		back = l.kernelHeld
		release(t, l)
	}
	if !back {
		t.Error("the kernel lock is still passed by")
	}
}
