package filelock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// DefaultGrace is how long a lock of unknown life is left alone. Optuna's
// waiters wait as long.
const DefaultGrace = 30 * time.Second

var (
	errNoKernelLock = errors.New("this file system has no kernel locks")
	errClosed       = errors.New("the lock is closed")

	// ErrLost: the lock was taken from us, as happens to a process that was
	// stopped while it held it.
	ErrLost = errors.New("the lock was taken over by another process")
)

// Options are the settings of a Lock. The zero value is the recommended one.
type Options struct {
	// Grace is how long a lock of unknown life is left alone. 0 means
	// DefaultGrace.
	Grace time.Duration
	// Warn, if not nil, is told of locks that are broken.
	Warn func(message string)
	// NoKernel leaves out the kernel lock, NoLinks the links: for tests of what
	// remains.
	NoKernel, NoLinks bool
}

// A Lock is one handle on the lock of a file. Any goroutine may use it; between
// Acquire and Release it belongs to the one that called Acquire.
type Lock struct {
	path  string // the lock file
	dir   string // where our side files are
	mode  fs.FileMode
	o     Options
	me    owner
	slot  chan struct{} // holds a token while the lock is free
	side  *os.File      // for the kernel lock; nil: not open, or none to be had
	own   *os.File      // what the lock file is linked from
	held  fs.FileInfo   // the lock file while it is ours
	since time.Time     // when we took it

	noKernel, noLinks bool
	kernelHeld        bool
	stuck             bool // who has the kernel lock is stopped
	closed            bool
}

// New returns a Lock of the file target. Nothing is created until Acquire:
// side files go into the folder dir, with permissions after mode, those of
// target. Both paths must be absolute, and every process must use the same.
func New(target, dir string, mode fs.FileMode, o *Options) *Lock {
	l := &Lock{path: target + ".lock", dir: dir, mode: mode.Perm(), me: self(), slot: make(chan struct{}, 1)}
	if o != nil {
		l.o = *o
	}
	if l.o.Grace == 0 {
		l.o.Grace = DefaultGrace
	}
	l.noKernel, l.noLinks = l.o.NoKernel, l.o.NoLinks || !haveLinks
	l.slot <- struct{}{}
	return l
}

// Path returns the path of the lock file.
func (l *Lock) Path() string { return l.path }

// Acquire waits for the lock. When ctx ends first it returns ctx.Err().
func (l *Lock) Acquire(ctx context.Context) error {
	select {
	case <-l.slot:
	default:
		select {
		case <-l.slot:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if l.closed {
		l.slot <- struct{}{}
		return errClosed
	}
	if passed, err := l.kernel(ctx); err != nil {
		if !passed { // else a goroutine still waits, and will give the slot back
			l.slot <- struct{}{}
		}
		return err
	}
	if err := l.file(ctx); err != nil {
		return errors.Join(err, l.letGo())
	}
	l.since = time.Now()
	return nil
}

// letGo releases the kernel lock and the slot.
func (l *Lock) letGo() error {
	var err error
	if l.kernelHeld {
		l.kernelHeld = false
		if err = unlockKernel(l.side); err != nil {
			l.side.Close() // which lets go too
			l.side = nil
		}
	}
	l.slot <- struct{}{}
	return err
}

// kernel takes the kernel lock. It reports true when ctx ended and a goroutine
// was left that waits for the lock and then gives the slot back.
//
// A process that was stopped keeps its kernel lock, and those behind it would
// wait for as long as it sleeps. So nobody waits for longer than it takes to
// break a lock file that was left behind; then the lock file alone decides.
func (l *Lock) kernel(ctx context.Context) (passed bool, err error) {
	for !l.noKernel {
		if l.side == nil {
			if l.side, err = l.open("lock", os.O_RDWR|os.O_CREATE); err != nil {
				return false, err
			}
		}
		ok, err := tryKernel(l.side)
		if err == nil && !ok {
			if l.stuck {
				return false, nil
			}
			if passed, err = l.waitKernel(ctx); passed || l.stuck {
				return passed, err
			}
		}
		if errors.Is(err, errNoKernelLock) {
			l.noKernel = true
			l.side.Close()
			l.side = nil
			return false, nil
		}
		if err != nil {
			return false, err
		}
		l.stuck = false
		// Somebody may have removed the side file; then others lock a new one.
		locked, err := l.side.Stat()
		if err != nil {
			return false, errors.Join(err, unlockKernel(l.side))
		}
		if now, err := os.Stat(l.side.Name()); err == nil && os.SameFile(locked, now) {
			l.kernelHeld = true
			return false, nil
		}
		l.side.Close()
		l.side = nil
	}
	return false, nil
}

// waitKernel waits for the kernel lock in a goroutine, for such a wait cannot be
// called off. When the lock does not come, stuck is set and the goroutine keeps
// the side file.
func (l *Lock) waitKernel(ctx context.Context) (passed bool, err error) {
	done := make(chan error, 1)
	side := l.side
	go func() { done <- lockKernel(side) }()
	enough := time.NewTimer(l.o.Grace + l.o.Grace/2)
	defer enough.Stop()
	select {
	case err := <-done:
		return false, err
	case <-ctx.Done():
		go func() {
			if <-done == nil {
				unlockKernel(side)
			}
			l.slot <- struct{}{}
		}()
		return true, ctx.Err()
	case <-enough.C:
		go func() {
			<-done
			side.Close() // which lets go
		}()
		l.side, l.stuck = nil, true
		l.warn(fmt.Sprintf("the process that queues first for %s does not move", l.path))
		return false, nil
	}
}

func (l *Lock) warn(message string) {
	if l.o.Warn != nil {
		l.o.Warn(message)
	}
}

// open opens a side file, and makes the folder first where it is missing.
func (l *Lock) open(name string, flag int) (*os.File, error) {
	path := filepath.Join(l.dir, name)
	f, err := os.OpenFile(path, flag, l.mode)
	if errors.Is(err, fs.ErrNotExist) {
		if err := MakeDir(l.dir, l.mode); err != nil {
			return nil, err
		}
		f, err = os.OpenFile(path, flag, l.mode)
	}
	if err != nil {
		return nil, err
	}
	if fi, err := f.Stat(); err == nil && fi.Mode().Perm() != l.mode {
		// Past the umask, so that whoever may write the target may lock it. It
		// fails on the files of other users, where it is done already.
		_ = f.Chmod(l.mode)
	}
	return f, nil
}

// MakeDir makes a folder that whoever may use a file of this mode may use.
func MakeDir(dir string, mode fs.FileMode) error {
	mode = mode.Perm()
	mode |= mode >> 2 & 0o111 // x where r
	if err := os.Mkdir(dir, mode); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		return err
	}
	_ = os.Chmod(dir, mode) // past the umask
	return nil
}

// file takes the lock file.
func (l *Lock) file(ctx context.Context) error {
	var w watch
	sleep, longest := time.Millisecond, 10*time.Millisecond
	for {
		err := l.create()
		if err == nil {
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		stale, err := w.look(l)
		if err != nil {
			return err
		}
		if stale != "" {
			if err := l.breakLock(w.seen, stale); err != nil {
				return err
			}
			w = watch{}
			sleep = time.Millisecond
			continue
		}
		if w.seen == nil { // gone already
			continue
		}
		// Jitter, so that waiters on several machines do not move in step.
		t := time.NewTimer(sleep/2 + rand.N(sleep))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
		sleep = min(2*sleep, longest)
		if time.Since(w.since) > time.Second {
			longest = 50 * time.Millisecond
		}
	}
}

// create makes the lock file, or returns an fs.ErrExist.
func (l *Lock) create() error {
	if !l.noLinks {
		err := l.link()
		if err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
		if !noLinks(err) {
			return err
		}
		l.noLinks = true
	}
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, l.mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(l.me.String())
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		l.held, err = os.Lstat(l.path)
	}
	if err != nil {
		os.Remove(l.path)
		return err
	}
	os.SameFile(l.held, l.held) // on Windows the file is identified only when asked for
	return nil
}

func (l *Lock) link() error {
	for try := 0; ; try++ {
		if l.own == nil {
			f, err := l.open(fmt.Sprintf("owner.%d.%08x", l.me.pid, rand.Uint32()), os.O_RDWR|os.O_CREATE|os.O_EXCL)
			if err != nil {
				return err
			}
			l.own = f
		}
		// Written anew each time: Optuna's waiters take a lock whose
		// modification time stands still for the lock of a dead process.
		if _, err := l.own.WriteAt([]byte(l.me.String()), 0); err != nil {
			return err
		}
		err := os.Link(l.own.Name(), l.path)
		if errors.Is(err, fs.ErrNotExist) && try == 0 { // somebody tidied our file away
			l.own.Close()
			l.own = nil
			continue
		}
		if err != nil {
			return err
		}
		l.held, err = l.own.Stat()
		return err
	}
}

// Held returns nil while the lock is ours, and ErrLost when somebody took it
// over, which can happen to a process that slept for longer than the grace
// period. A holder asks just before it writes.
func (l *Lock) Held() error {
	now, err := os.Lstat(l.path)
	if err != nil || !l.ours(now) {
		return ErrLost
	}
	return nil
}

// ours reports whether fi is the lock that we took. The file that we link from
// is nobody else's, and a network file system may tell another time of its last
// change later; one that was created could be a new file in its old place.
func (l *Lock) ours(fi fs.FileInfo) bool {
	if l.noLinks {
		return sameLock(l.held, fi)
	}
	return os.SameFile(l.held, fi)
}

// Release lets go of the lock. It returns ErrLost when it was ours no more.
func (l *Lock) Release() error {
	err := l.Held()
	switch {
	case err != nil:
	case time.Since(l.since) < l.o.Grace/3:
		err = os.Remove(l.path) // nobody can have taken it over yet
	default:
		err = l.remove(l.ours)
	}
	l.held = nil
	return errors.Join(err, l.letGo())
}

// Close releases what the Lock holds open. Acquire fails afterwards. It must
// not be called between Acquire and Release by the one who holds the lock.
func (l *Lock) Close() error {
	<-l.slot
	defer func() { l.slot <- struct{}{} }()
	l.closed = true
	var err error
	if l.own != nil {
		err = errors.Join(l.own.Close(), os.Remove(l.own.Name()))
		l.own = nil
	}
	if l.side != nil {
		err = errors.Join(err, l.side.Close())
		l.side = nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // somebody tidied up before us
	}
	return err
}
