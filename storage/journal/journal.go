package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gohone/hone/internal/filelock"
	"github.com/gohone/hone/internal/oplog"
	"github.com/gohone/hone/storage"
)

// Options are the settings of a storage. The zero value is the recommended one.
type Options struct {
	// ReadOnly opens a journal to look at it: nothing is created, locked or
	// written, and calls that would write fail with ErrReadOnly.
	ReadOnly bool
	// NoSync leaves the disk to the operating system: what was acknowledged
	// survives the death of every process, but not that of the machine.
	NoSync bool
	// LockGrace is how long a lock of unknown life is left alone before it is
	// broken. 0 means 30 seconds, as in Optuna; all processes should agree.
	LockGrace time.Duration
	// Logger is told of repairs: locks broken, torn records cut off. nil means
	// nobody is.
	Logger *slog.Logger
}

// Storage is a journal file. It may be used by any goroutine. It implements
// [storage.Leaser] and so leases, and budgets that are exact among processes.
type Storage struct {
	ops

	path    string
	o       Options
	f       *os.File
	opened  fs.FileInfo // of f, to tell it from a file that took its place
	lock    *filelock.Lock
	worker  string       // prefix of our worker ids
	count   atomic.Int64 // of them
	appends atomic.Int64
	flusher flusher
	beats   beats

	mu     sync.RWMutex
	closed bool
	replay
}

// ops holds the methods of storage.Claimer.
type ops = oplog.Ops

var (
	_ storage.Leaser   = (*Storage)(nil)
	_ storage.InMemory = (*Storage)(nil)
)

// Open opens the journal at path, and creates it when there is none. The folder
// must exist. nil options are fine. The path is made absolute, but symbolic
// links in it are kept: the lock is named after the path, and Optuna names it
// so too.
//
// The error is a *[CorruptError], a *[UnsupportedError] or [ErrNotJournal] when the file holds what
// cannot be read.
func Open(path string, o *Options) (*Storage, error) {
	s := &Storage{worker: storage.NewUUID() + "-"}
	s.ops = oplog.NewOps(s.change, s.view)
	if o != nil {
		s.o = *o
	}
	if s.o.LockGrace < 0 {
		return nil, fmt.Errorf("journal: Options.LockGrace is %v", s.o.LockGrace)
	}
	if path == "" {
		return nil, fmt.Errorf("journal: the path is empty; name a file such as study.log")
	}
	var err error
	if s.path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	s.lock = filelock.New(s.path, s.dir(), s.opened.Mode(), &filelock.Options{
		Grace: s.o.LockGrace,
		Warn:  func(message string) { s.warn(message) },
	})
	s.flusher.start(s.f, s.o.NoSync || s.o.ReadOnly)
	s.replay.start(s)
	s.mu.Lock()
	err = s.catchUp()
	s.mu.Unlock()
	if err != nil {
		s.f.Close()
		return nil, named(err)
	}
	if !s.o.ReadOnly {
		s.lock.Tidy()
		s.tidyBeats()
	}
	return s, nil
}

// open opens or creates the file.
func (s *Storage) open() error {
	fi, err := os.Stat(s.path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case err == nil && fi.IsDir():
		return fmt.Errorf("journal: %s is a folder; name a file in it, such as %s", s.path, filepath.Join(s.path, "study.log"))
	case err == nil && !fi.Mode().IsRegular(): // opening a pipe would block
		return fmt.Errorf("journal: %s is no regular file", s.path)
	case err != nil && !missing:
		return fmt.Errorf("journal: %w", err)
	}
	flag := os.O_RDWR | os.O_APPEND
	switch {
	case s.o.ReadOnly:
		flag = os.O_RDONLY
	case missing:
		flag |= os.O_CREATE
	}
	if s.f, err = os.OpenFile(s.path, flag, 0o666); err != nil {
		return s.explain(err)
	}
	if s.opened, err = s.f.Stat(); err != nil {
		s.f.Close()
		return fmt.Errorf("journal: %w", err)
	}
	os.SameFile(s.opened, s.opened) // on Windows the file is identified only when asked for
	if missing && !s.o.NoSync {
		if err := syncDir(filepath.Dir(s.path)); err != nil {
			s.f.Close()
			return fmt.Errorf("journal: create %s: %w", s.path, err)
		}
	}
	return nil
}

// explain adds to an error of opening what can be done.
func (s *Storage) explain(err error) error {
	dir := filepath.Dir(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && s.o.ReadOnly:
		return fmt.Errorf("journal: %w; there is nothing to read", err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("journal: %w; create the folder %s first", err, dir)
	case errors.Is(err, fs.ErrPermission) && !s.o.ReadOnly:
		if f, rerr := os.Open(s.path); rerr == nil {
			f.Close()
			return fmt.Errorf("journal: %w; to look at it only, set Options.ReadOnly", err)
		}
	}
	return fmt.Errorf("journal: %w", err)
}

// syncDir makes a new name in a folder durable. Where folders cannot be synced,
// as on Windows, there is nothing to do.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil // a folder that may be written to need not be readable
	}
	defer d.Close()
	err = d.Sync()
	if runtime.GOOS == "windows" || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}

// dir is where our side files are.
func (s *Storage) dir() string { return s.path + ".hone" }

// Path returns the absolute path of the journal.
func (s *Storage) Path() string { return s.path }

// InMemory reports true: reading a trial back costs next to nothing.
func (s *Storage) InMemory() bool { return true }

// Stats tell what a storage did.
type Stats struct {
	Records int64 // in the journal, as far as it was read
	Unknown int64 // of these, those with an operation that is not known
	Bytes   int64 // of the journal, as far as it was read
	Appends int64 // calls of this handle that wrote
	Syncs   int64 // syncs of this handle
}

// Stats returns what the storage did so far.
func (s *Storage) Stats() Stats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return Stats{
		Records: s.state.Records(),
		Unknown: s.state.Unknown(),
		Bytes:   s.offset,
		Appends: s.appends.Load(),
		Syncs:   s.flusher.syncs.Load(),
	}
}

// Close makes what was written durable and closes the file. Later calls fail.
func (s *Storage) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	err := errors.Join(s.lock.Close(), s.flusher.close(), s.closeBeats(), s.f.Close())
	if err != nil {
		return fmt.Errorf("journal: close %s: %w", s.path, err)
	}
	return nil
}

// view calls f with the state as the file has it now.
func (s *Storage) view(ctx context.Context, f func(*oplog.State) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.RLock()
	if fresh, err := s.fresh(); fresh || err != nil {
		defer s.mu.RUnlock()
		if err == nil {
			err = f(s.state)
		}
		return named(err)
	}
	s.mu.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.catchUp()
	if err == nil {
		err = f(s.state)
	}
	return named(err)
}

// fresh reports whether the file holds nothing that was not read.
func (s *Storage) fresh() (bool, error) {
	size, err := s.size()
	return err == nil && size == s.seen, err
}

// size returns the size of the file.
func (s *Storage) size() (int64, error) {
	if s.closed {
		return 0, fmt.Errorf("%s is closed: %w", s.path, fs.ErrClosed)
	}
	return s.f.Seek(0, io.SeekEnd) // nothing uses the position
}

// named puts the name of the package before an error.
func named(err error) error {
	var c *CorruptError
	var u *UnsupportedError
	if err == nil || errors.As(err, &c) || errors.As(err, &u) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("journal: %w", err)
}

// newWorker returns a worker id that no other operation has.
func (s *Storage) newWorker() string {
	return s.worker + strconv.FormatInt(s.count.Add(1), 10)
}

func (s *Storage) warn(message string, args ...any) {
	if s.o.Logger != nil {
		s.o.Logger.Warn("journal: "+message, append([]any{"path", s.path}, args...)...)
	}
}
