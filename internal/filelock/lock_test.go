package filelock

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestMain(m *testing.M) {
	if path := os.Getenv("FILELOCK_TEST_HOLD"); path != "" {
		holdForever(path)
	}
	os.Exit(m.Run())
}

// holdForever is another process: it takes the lock, says so, and sleeps.
func holdForever(path string) {
	l := New(path, path+".d", 0o644, nil)
	if err := l.Acquire(context.Background()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("held")
	if os.Getenv("FILELOCK_TEST_STOPPED") != "" { // until it is woken and robbed
		for l.Held() == nil {
			time.Sleep(time.Millisecond)
		}
		fmt.Println(l.Release())
		if err := l.Acquire(context.Background()); err != nil {
			fmt.Println(err)
		}
		fmt.Println("again")
		os.Exit(0)
	}
	time.Sleep(time.Hour)
}

// modes are the ways in which a lock can work.
var modes = map[string]Options{
	"kernel+links": {},
	"kernel+excl":  {NoLinks: true},
	"links":        {NoKernel: true},
	"excl":         {NoKernel: true, NoLinks: true},
}

func target(t *testing.T) string {
	return filepath.Join(t.TempDir(), "study [1]*.log") // a name that is no pattern
}

func open(t *testing.T, path string, o Options) *Lock {
	l := New(path, path+".d", 0o644, &o)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

func acquire(t *testing.T, l *Lock) {
	t.Helper()
	if err := l.Acquire(t.Context()); err != nil {
		t.Fatalf("Acquire: %v", err)
	}
}

func release(t *testing.T, l *Lock) {
	t.Helper()
	if err := l.Release(); err != nil {
		t.Fatalf("Release: %v", err)
	}
}

// At no time do two hold the lock, be they goroutines of one handle, handles of
// one process or, without the kernel's help, anybody.
func TestExclusive(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			path := target(t)
			var holders, worst atomic.Int32
			var wg sync.WaitGroup
			for range 4 {
				l := open(t, path, o)
				for range 3 {
					wg.Add(1)
					go func() {
						defer wg.Done()
						for range 20 {
							if err := l.Acquire(t.Context()); err != nil {
								t.Error(err)
								return
							}
							if n := holders.Add(1); n > worst.Load() {
								worst.Store(n)
							}
							runtime.Gosched()
							if err := l.Held(); err != nil {
								t.Error(err)
							}
							holders.Add(-1)
							if err := l.Release(); err != nil {
								t.Error(err)
							}
						}
					}()
				}
			}
			wg.Wait()
			if worst.Load() != 1 {
				t.Errorf("%d held the lock at once", worst.Load())
			}
			if _, err := os.Lstat(path + ".lock"); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the lock file is still there: %v", err)
			}
		})
	}
}

// The lock file is what Optuna's waiters expect, and says who we are.
func TestLockFile(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			path := target(t)
			l := open(t, path, o)
			acquire(t, l)
			b, err := os.ReadFile(path + ".lock")
			if err != nil {
				t.Fatal(err)
			}
			host, _ := os.Hostname()
			if want := fmt.Sprintf("hone %s %d ", strings.Join(strings.Fields(host), "_"), os.Getpid()); !strings.HasPrefix(string(b), want) {
				t.Errorf("the lock file says %q, want %q at its beginning", b, want)
			}
			if err := os.Symlink("x", path+".lock"); !errors.Is(err, os.ErrExist) {
				t.Errorf("another process can take the lock beside us: %v", err)
			}
			release(t, l)
		})
	}
}

// A waiter gives up when its context ends, and is not in the way of others then.
func TestContext(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			path := target(t)
			a, b := open(t, path, o), open(t, path, o)
			acquire(t, a)
			for _, waiter := range []*Lock{a, b} { // the same handle, and another
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				if err := waiter.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Acquire returned %v, want the context's error", err)
				}
				cancel()
			}
			release(t, a)
			acquire(t, b)
			release(t, b)
			acquire(t, a)
			release(t, a)
		})
	}
}

// Foreign locks are honoured: the symbolic link that Optuna makes, its other
// kind, and whatever else has the name.
func TestForeignLock(t *testing.T) {
	for name, make := range map[string]func(lock string) error{
		"link to the file":  func(lock string) error { return os.Symlink(strings.TrimSuffix(lock, ".lock"), lock) },
		"dangling link":     func(lock string) error { return os.Symlink("sub/nowhere", lock) },
		"empty file":        func(lock string) error { return os.WriteFile(lock, nil, 0o644) },
		"text of others":    func(lock string) error { return os.WriteFile(lock, []byte("4711\n"), 0o644) },
		"of another host":   func(lock string) error { return os.WriteFile(lock, []byte("hone elsewhere 1 2 3 4\n"), 0o644) },
		"of a living owner": func(lock string) error { return os.WriteFile(lock, []byte(self().String()), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			path := target(t)
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := make(path + ".lock"); err != nil {
				t.Skipf("this file system makes no such lock: %v", err)
			}
			l := open(t, path, Options{Grace: time.Minute})
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
			defer cancel()
			if err := l.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("Acquire returned %v, want it to wait", err)
			}
			if err := os.Remove(path + ".lock"); err != nil {
				t.Fatal(err)
			}
			acquire(t, l)
			release(t, l)
		})
	}
}

// A lock that does not change for the grace period is broken; one that changes
// is not, however long that goes on.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // so that the one who touches it is never late
		const grace = 30 * time.Second
		path := target(t)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+".lock", nil, 0o644); err != nil {
			t.Fatal(err)
		}
		var warned string
		l := open(t, path, Options{Grace: grace, Warn: func(m string) { warned = m }})
		touched := make(chan time.Time, 1)
		go func() {
			for range 10 {
				time.Sleep(grace - time.Second)
				now := time.Now()
				if err := os.Chtimes(path+".lock", now, now); err != nil {
					t.Error(err)
				}
			}
			touched <- time.Now()
		}()
		acquire(t, l)
		if after := time.Since(<-touched); after < grace || after > grace+grace/8 {
			t.Errorf("the lock was broken %v after it changed, the grace period is %v", after, grace)
		}
		if !strings.Contains(warned, "not changed") {
			t.Errorf("the warning is %q", warned)
		}
		release(t, l)
	})
}

// The lock of a process that was killed is broken at once, not after the grace
// period.
func TestDeadOwner(t *testing.T) {
	for name, o := range map[string]Options{"kernel": {}, "no kernel": {NoKernel: true}} {
		t.Run(name, func(t *testing.T) {
			path := target(t)
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "FILELOCK_TEST_HOLD="+path)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if line, _ := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
				t.Fatalf("the other process says %q", line)
			}
			var warned string
			o.Warn = func(m string) { warned = m }
			o.Grace = time.Hour
			l := open(t, path, o)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			if err := l.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("while the other process lives: Acquire returned %v", err)
			}
			cancel()
			cmd.Process.Kill()
			if o.NoKernel {
				cmd.Wait()
			} else {
				defer cmd.Wait() // the dead are told from the living before they are waited for
			}
			acquire(t, l)
			release(t, l)
			if !strings.Contains(warned, "dead") {
				t.Errorf("the warning is %q", warned)
			}
			l.Tidy()
			files, _ := os.ReadDir(path + ".d")
			for _, f := range files {
				if strings.Contains(f.Name(), fmt.Sprintf(".%d.", cmd.Process.Pid)) {
					t.Errorf("%s of the dead process is left", f.Name())
				}
			}
		})
	}
}

// An owner that dies while another waits is found out at once as well.
func TestOwnerDiesMeanwhile(t *testing.T) {
	path := target(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FILELOCK_TEST_HOLD="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the other process says %q", line)
	}
	l := open(t, path, Options{Grace: time.Hour, NoKernel: true})
	killed := time.AfterFunc(100*time.Millisecond, func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	defer killed.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := l.Acquire(ctx); err != nil {
		t.Fatalf("the lock of a process that died while we waited: %v", err)
	}
	release(t, l)
}

// A clock that was put back or forward breaks no lock and keeps none: only
// whether it changes counts.
func TestClockJump(t *testing.T) {
	for name, d := range map[string]time.Duration{"a day ago": -24 * time.Hour, "in a day": 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			const grace = 100 * time.Millisecond
			path := target(t)
			if err := os.WriteFile(path+".lock", nil, 0o644); err != nil {
				t.Fatal(err)
			}
			at := time.Now().Add(d)
			if err := os.Chtimes(path+".lock", at, at); err != nil {
				t.Fatal(err)
			}
			l := open(t, path, Options{Grace: grace})
			begin := time.Now()
			acquire(t, l)
			if took := time.Since(begin); took < grace {
				t.Errorf("the lock was broken after %v, the grace period is %v", took, grace)
			}
			release(t, l)
		})
	}
}

// Owners are told dead or alive by all that their lock says.
func TestOwnerDead(t *testing.T) {
	me := self()
	other := me
	other.pid = 1 << 30 // beyond any process number
	with := func(o owner, f func(*owner)) owner { f(&o); return o }
	for name, c := range map[string]struct {
		o            owner
		kernel, dead bool
	}{
		"ourselves":                   {me, true, false},
		"no such process":             {other, false, true},
		"same number, later start":    {with(me, func(o *owner) { o.start = "1" }), false, me.start != "-"},
		"start unknown":               {with(me, func(o *owner) { o.start = "-" }), false, false},
		"other host":                  {with(other, func(o *owner) { o.host = "x" }), true, false},
		"other boot":                  {with(other, func(o *owner) { o.boot = "x" }), true, false},
		"other space, no kernel lock": {with(other, func(o *owner) { o.space = "x" }), false, false},
		"other space, kernel lock":    {with(other, func(o *owner) { o.space = "x" }), true, true},
	} {
		if got := c.o.dead(me, c.kernel); got != c.dead {
			t.Errorf("%s: dead is %v, want %v", name, got, c.dead)
		}
		if back, ok := parseOwner(c.o.String()); !ok || back != c.o {
			t.Errorf("%s: %q is read as %+v", name, c.o.String(), back)
		}
	}
	for _, text := range []string{"", "hone", "hone h 1 2 3 4", "hone h x 2 3 4\n", "hone h -1 2 3 4\n", "other h 1 2 3 4\n", "hone h 1 2 3 4 5\n"} {
		if o, ok := parseOwner(text); ok {
			t.Errorf("%q is read as %+v", text, o)
		}
	}
}

// Optuna's takeover admits several waiters at once after a lock was left behind.
// Here at most one holds it, also where only the lock file keeps them apart.
func TestStaleLockManyWaiters(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			if o.NoKernel {
				// With a clock that stands still while anybody works: a holder
				// that the machine lets wait for the grace period is robbed.
				o.Grace = 5 * time.Second
				for range 10 {
					synctest.Test(t, func(t *testing.T) { manyWaiters(t, o) })
				}
				return
			}
			// The kernel's locks know no such clock.
			o.Grace = 2 * time.Second
			manyWaiters(t, o)
		})
	}
}

func manyWaiters(t *testing.T, o Options) {
	path := target(t)
	if err := os.WriteFile(path+".lock", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var holders, worst atomic.Int32
	var wg sync.WaitGroup
	for range 24 {
		l := open(t, path, o)
		wg.Go(func() {
			for { // as a writer does: take it, look again, write
				if err := l.Acquire(t.Context()); err != nil {
					t.Error(err)
					return
				}
				if l.Held() != nil {
					l.Release()
					continue
				}
				if n := holders.Add(1); n > worst.Load() {
					worst.Store(n)
				}
				time.Sleep(200 * time.Microsecond)
				holders.Add(-1)
				l.Release()
				return
			}
		})
	}
	wg.Wait()
	if worst.Load() != 1 {
		t.Fatalf("%d held the lock at once", worst.Load())
	}
}

// Who lost the lock learns so before it writes, and does not remove the lock of
// the one who has it now.
func TestLost(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			path := target(t)
			l := open(t, path, o)
			for _, slow := range []bool{false, true} {
				acquire(t, l)
				if slow {
					l.since = time.Now().Add(-time.Hour)
				}
				if err := os.Remove(path + ".lock"); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path+".lock", []byte("somebody else"), 0o644); err != nil {
					t.Fatal(err)
				}
				if err := l.Held(); !errors.Is(err, ErrLost) {
					t.Errorf("Held returned %v", err)
				}
				if err := l.Release(); !errors.Is(err, ErrLost) {
					t.Errorf("Release returned %v", err)
				}
				if b, err := os.ReadFile(path + ".lock"); string(b) != "somebody else" {
					t.Errorf("the other's lock is now %q, %v", b, err)
				}
				os.Remove(path + ".lock")
			}
			// A holder that slept and was not robbed lets go like any other.
			acquire(t, l)
			l.since = time.Now().Add(-time.Hour)
			release(t, l)
			if files, _ := filepath.Glob(escapeGlob(path) + ".lock*"); len(files) > 0 {
				t.Errorf("left over: %v", files)
			}
		})
	}
}

// A lock that was judged and has changed hands since is put back.
func TestPutBack(t *testing.T) {
	path := target(t)
	l := open(t, path, Options{})
	lock := path + ".lock"
	if err := os.WriteFile(lock, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	old, err := os.Lstat(lock)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(lock)
	if err := os.Symlink(path, lock); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	if err := l.breakLock(old, "test"); err != nil {
		t.Errorf("breakLock: %v", err)
	}
	if to, err := os.Readlink(lock); to != path {
		t.Errorf("the fresh lock points to %q, %v", to, err)
	}
	if files, _ := filepath.Glob(escapeGlob(lock) + "?*"); len(files) > 0 {
		t.Errorf("left over: %v", files)
	}
}

// Side files that are removed under running processes are made again.
func TestSideFilesRemoved(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			path := target(t)
			a, b := open(t, path, o), open(t, path, o)
			for range 3 {
				for _, l := range []*Lock{a, b} {
					acquire(t, l)
					release(t, l)
				}
				if err := os.RemoveAll(path + ".d"); err != nil {
					t.Skipf("files in use cannot be removed here: %v", err)
				}
			}
			acquire(t, a)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			if err := b.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("beside a holder Acquire returned %v", err)
			}
			cancel()
			release(t, a)
		})
	}
}

func TestClose(t *testing.T) {
	path := target(t)
	l := New(path, path+".d", 0o644, nil)
	acquire(t, l)
	release(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Acquire(t.Context()); err == nil {
		t.Error("Acquire works after Close")
	}
	if owners, _ := filepath.Glob(escapeGlob(path) + ".d/owner.*"); len(owners) > 0 {
		t.Errorf("left over: %v", owners)
	}
}

func TestNoFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "such", "study.log")
	l := open(t, path, Options{})
	if err := l.Acquire(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Acquire returned %v, want one that is fs.ErrNotExist", err)
	}
}

func BenchmarkAcquire(b *testing.B) {
	for name, o := range modes {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "x.log")
			l := New(path, path+".d", 0o644, &o)
			defer l.Close()
			for b.Loop() {
				if err := l.Acquire(b.Context()); err != nil {
					b.Fatal(err)
				}
				if err := l.Release(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
