package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/gohone/hone/internal/filelock"
	"github.com/gohone/hone/internal/oplog"
)

// tornLayout is the time in the name of a file that keeps what was cut off.
const tornLayout = "20060102T150405.000000Z"

// change runs one operation. While the lock is held, plan looks at the state,
// which then is that of the file, and writes records into its batch, or returns
// the error of the operation; settle learns what became of each record. That
// differs from what plan foresaw only if the lock was taken from us, which
// Python's rules allow; then settle may report true to have it all done again.
// A durable operation returns when it is on disk.
//
// In order: read without a lock, so as to hold it briefly; take the lock; read
// the rest; cut off what a dead writer left; plan; look whether the lock is
// still ours; write; apply; give the lock back; sync. The sync is outside the
// lock, so that others write meanwhile, and is shared by those who wait.
func (s *Storage) change(ctx context.Context, durable bool, plan oplog.Plan, settle oplog.Settle) error {
	if s.o.ReadOnly {
		return fmt.Errorf("journal: %s: %w", s.path, ErrReadOnly)
	}
	// The bound only ends what cannot go on for ever: each turn means that
	// somebody broke the lock of a living process.
	for try := 0; ; try++ {
		again, end, err := s.attempt(ctx, plan, settle)
		if again && err == nil && try < 100 {
			continue
		}
		if again && err == nil {
			err = filelock.ErrLost
		}
		if err == nil && durable {
			err = s.flusher.wait(end)
			hook("synced")
		}
		return named(err)
	}
}

// attempt is one turn of change. end is the end of what was written.
func (s *Storage) attempt(ctx context.Context, plan oplog.Plan, settle oplog.Settle) (again bool, end int64, err error) {
	if err := ctx.Err(); err != nil {
		return false, 0, err
	}
	if err := s.flusher.failed(); err != nil {
		return false, 0, err
	}
	s.mu.Lock()
	err = s.catchUp() // what is wrong will be found again, by ready
	s.mu.Unlock()
	if errors.Is(err, fs.ErrClosed) {
		return false, 0, err
	}
	if err := s.lock.Acquire(ctx); err != nil {
		return false, 0, s.explainLock(err)
	}
	defer func() { // also after a panic
		hook("release")
		if err := s.lock.Release(); err != nil && !errors.Is(err, filelock.ErrLost) {
			s.warn("the lock was not released", "error", err)
		}
		hook("released")
	}()
	hook("locked")
	again, end, err = s.locked(plan, settle)
	if errors.Is(err, filelock.ErrLost) {
		return true, 0, nil // nothing was written
	}
	return again, end, err
}

// locked is the part of attempt that needs the lock.
func (s *Storage) locked(plan oplog.Plan, settle oplog.Settle) (again bool, end int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.watched, s.outcomes = "", s.outcomes[:0] }()
	if err := s.ready(); err != nil {
		return false, 0, err
	}
	worker := s.newWorker()
	b := oplog.NewBatch(s.state, worker, time.Now())
	if err := plan(b); err != nil {
		return false, 0, err
	}
	if b.Len() > 0 {
		if err := s.lock.Held(); err != nil {
			return false, 0, err
		}
		if end, err = s.write(b.Lines(), worker); err != nil {
			return false, 0, err
		}
	}
	if len(s.outcomes) != b.Len() {
		return false, end, fmt.Errorf("%s: of %d records that were written %d are there: somebody cut the file", s.path, b.Len(), len(s.outcomes))
	}
	again, err = settle(s.state, s.outcomes)
	return again, end, err
}

// ready brings the state up to the file, and the file into a shape that can be
// appended to. The lock is held.
func (s *Storage) ready() error {
	// Opening the file makes a network file system tell its true size, and
	// shows whether it is still the one that we have open.
	now, err := os.Open(s.path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w", s.path, ErrReplaced)
		}
		return err
	}
	fi, err := now.Stat()
	now.Close()
	if err != nil {
		return err
	}
	if !os.SameFile(fi, s.opened) {
		return fmt.Errorf("%s: %w", s.path, ErrReplaced)
	}
	if err := s.catchUp(); err != nil {
		return err
	}
	if s.offset < s.seen {
		return s.cutTail()
	}
	return nil
}

// cutTail removes what a writer that died, or a full disk, left behind the last
// record, and keeps it in a file of its own. No reader has seen it: it is not a
// line, or not one that can be parsed.
func (s *Storage) cutTail() error {
	size := s.seen
	if s.offset == 0 {
		head := make([]byte, 32)
		n, err := s.f.ReadAt(head[:min(size, 32)], 0)
		if err != nil && err != io.EOF {
			return err
		}
		if head = head[:n]; !looksTorn(head) {
			return fmt.Errorf("%s: %w: it begins with %.40q; nothing was changed", s.path, ErrNotJournal, head)
		}
	}
	name := s.path + ".torn-" + time.Now().UTC().Format(tornLayout)
	kept, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, s.opened.Mode().Perm())
	if err != nil {
		return fmt.Errorf("keep the torn end of the file: %w", err)
	}
	_, err = io.Copy(kept, io.NewSectionReader(s.f, s.offset, size-s.offset))
	if err == nil && !s.o.NoSync {
		err = kept.Sync()
	}
	if cerr := kept.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		os.Remove(name)
		return fmt.Errorf("keep the torn end of the file in %s: %w", name, err)
	}
	if err := s.truncate(s.offset); err != nil {
		return fmt.Errorf("cut off the torn end of the file: %w", err)
	}
	s.warn("cut off what a writer did not finish", "bytes", size-s.offset, "offset", s.offset, "kept", name)
	s.seen = s.offset
	return nil
}

// truncate cuts the file. Windows does not let a file that was opened for
// appending be cut, so there it is opened once more.
func (s *Storage) truncate(size int64) error {
	err := s.f.Truncate(size)
	if err == nil {
		return nil
	}
	f, oerr := os.OpenFile(s.path, os.O_WRONLY, 0)
	if oerr != nil {
		return err
	}
	defer f.Close()
	if fi, serr := f.Stat(); serr != nil || !os.SameFile(fi, s.opened) {
		return err
	}
	return f.Truncate(size)
}

// write appends the records of a batch and applies them. The file ends at s.offset.
func (s *Storage) write(lines []byte, worker string) (end int64, err error) {
	for _, line := range bytes.SplitAfter(lines, []byte{'\n'}) {
		if len(line) > maxRecord {
			return 0, fmt.Errorf("a record would have %d bytes, at most %d can be read back", len(line), maxRecord)
		}
	}
	hook("write")
	if _, err := writeFile(s.f, lines); err != nil {
		// The disk is full, or worse. What is there of the batch goes again;
		// nobody else writes now.
		if size, serr := s.size(); serr == nil && size != s.offset {
			if terr := s.truncate(s.offset); terr != nil {
				s.warn("a record that could not be written was not removed either", "error", terr)
			}
		}
		return 0, err
	}
	hook("written")
	s.appends.Add(1)
	s.watched = worker
	size, err := s.size()
	if err != nil {
		return 0, err
	}
	if end = s.offset + int64(len(lines)); size == end {
		err = s.applyLines(lines)
		s.noteTail(lines)
		s.seen = s.offset
	} else {
		// Somebody else wrote too: our lock was broken between the last look
		// and the write. The file tells who came first.
		err = s.catchUp()
		end = s.offset
	}
	s.flusher.wrote(end)
	return end, err
}

// noteTail notes what was just applied as what stands before offset.
func (r *replay) noteTail(b []byte) {
	if len(b) < tailSize {
		keep := min(len(r.tail), tailSize-len(b))
		n := copy(r.tail, r.tail[len(r.tail)-keep:])
		r.tail = append(r.tail[:n], b...)
		return
	}
	r.tail = append(r.tail[:0], b[len(b)-tailSize:]...)
}

// explainLock adds to an error of taking the lock what it is about.
func (s *Storage) explainLock(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("lock %s: %w", s.path, err)
}
