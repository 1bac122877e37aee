package journal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gohone/hone/internal/filelock"
	"github.com/gohone/hone/internal/oplog"
)

// A Report tells what Repair did.
type Report struct {
	Kept   int64  // records that can be read
	Broken int64  // lines that cannot
	Saved  string // the file that the broken lines went to; "" if there are none
}

// Repair takes the lines out of a journal that stop its readers, and saves them
// in a file beside it. The journal is written anew under its old name, so it
// must not be in use: stop all workers first. Those that run on find out at
// their next write, with ErrReplaced, but Python's do not find out. A journal
// without such lines is left alone. What Python can read stays: see [UnsupportedError].
//
// What a broken line said is lost to the readers, but then it always was.
func Repair(ctx context.Context, path string) (Report, error) {
	var r Report
	path, err := filepath.Abs(path)
	if err != nil {
		return r, named(err)
	}
	s := &Storage{path: path}
	if err := s.open(); err != nil {
		return r, err
	}
	defer s.f.Close()
	if s.opened.Size() == 0 {
		return r, nil
	}
	head := make([]byte, 1)
	if _, err := s.f.ReadAt(head, 0); err != nil {
		return r, named(err)
	}
	if head[0] != '{' {
		return r, fmt.Errorf("journal: %s: %w: it begins with %q; nothing was changed", path, ErrNotJournal, head)
	}
	lock := filelock.New(path, s.dir(), s.opened.Mode(), nil)
	defer lock.Close()
	if err := lock.Acquire(ctx); err != nil {
		return r, named(s.explainLock(err))
	}
	err = s.repair(&r)
	return r, named(errors.Join(err, lock.Release()))
}

// repair sorts the lines into two new files, and puts the good one in place.
func (s *Storage) repair(r *Report) (err error) {
	mode := s.opened.Mode().Perm()
	saved := s.path + ".torn-" + time.Now().UTC().Format(tornLayout)
	good, err := os.OpenFile(s.path+".repaired", os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("%w; is another Repair running?", err)
	}
	bad, err := os.OpenFile(saved, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return errors.Join(err, good.Close(), os.Remove(good.Name()))
	}
	err = errors.Join(sortLines(s.f, good, bad, r), s.f.Close()) // Windows replaces no open file
	for _, f := range []*os.File{good, bad} {
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil || r.Broken == 0 {
		return errors.Join(err, os.Remove(good.Name()), os.Remove(bad.Name()))
	}
	r.Saved = saved
	if err := os.Rename(good.Name(), s.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(s.path))
}

// sortLines copies the lines that are records to good and the others to bad.
func sortLines(from io.Reader, good, bad io.Writer, r *Report) error {
	state := oplog.NewState()
	in := bufio.NewReaderSize(from, chunkSize)
	g, b := bufio.NewWriter(good), bufio.NewWriter(bad)
	var line []byte
	for {
		line = line[:0]
		var err error
		long := false
		for { // one line, of which no more than can be a record is held
			var part []byte
			part, err = in.ReadSlice('\n')
			if len(line)+len(part) > maxRecord {
				long = true
				if _, werr := b.Write(line); werr != nil {
					return werr
				}
				line = line[:0]
			}
			line = append(line, part...)
			if err != bufio.ErrBufferFull {
				break
			}
		}
		if len(line) > 0 || long {
			ok := false
			if text, whole := bytes.CutSuffix(line, []byte{'\n'}); whole && !long {
				_, aerr := state.Apply(text)
				var unsupported *oplog.UnsupportedError
				ok = aerr == nil || errors.As(aerr, &unsupported)
			}
			out := b
			if ok {
				out = g
				r.Kept++
			} else {
				r.Broken++
			}
			if _, werr := out.Write(line); werr != nil {
				return werr
			}
		}
		if err == io.EOF {
			return errors.Join(g.Flush(), b.Flush())
		}
		if err != nil {
			return err
		}
	}
}
