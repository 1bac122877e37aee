package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/gohone/hone/internal/oplog"
	"github.com/gohone/hone/internal/pyjson"
)

const (
	chunkSize = 1 << 20
	// maxRecord bounds the memory that one line can ask for.
	maxRecord = 64 << 20
	// tailSize is how much of what was read last is compared before reading on.
	tailSize = 512
)

// A replay is the state that the journal comes to, and how far it was read. Its
// owner's mu guards it.
//
// Whoever reads takes no lock on the file. So a reader may meet half a line,
// which is left for later, and may read records that their writer then takes
// back, because the disk was full: then the file ends before what was read, or
// goes on differently, and everything is read anew.
type replay struct {
	s      *Storage
	state  *oplog.State
	offset int64  // end of the last record that was read
	line   int64  // number of records read
	seen   int64  // size of the file when it was last read
	tail   []byte // what stands before offset
	buf    []byte

	// Outcomes of records by the worker watched, while one of our operations
	// waits for them.
	watched  string
	outcomes []oplog.Outcome
}

func (r *replay) start(s *Storage) {
	r.s = s
	r.state = oplog.NewState()
	r.offset, r.line, r.seen, r.tail = 0, 0, 0, nil
}

// catchUp reads what is new in the file.
func (r *replay) catchUp() error {
	size, err := r.s.size()
	if err != nil || size == r.seen {
		return err
	}
	if size < r.offset {
		r.restart("it became shorter")
	}
	for {
		err := r.readTo(size)
		if errors.Is(err, errChanged) {
			r.restart("its last records were changed")
			continue
		}
		if err != nil {
			return err
		}
		r.seen = size
		return nil
	}
}

var errChanged = errors.New("the journal changed")

func (r *replay) restart(why string) {
	r.s.warn("the file is read anew", "because", why, "offset", r.offset)
	r.start(r.s)
	r.outcomes = r.outcomes[:0]
}

// readTo applies the lines that end before size. Where it stops, the rest is
// half a line, or one that cannot be parsed and has no other behind it: what a
// writer that died left there, for the next writer to cut off.
func (r *replay) readTo(size int64) error {
	at := r.offset - int64(len(r.tail)) // of the file, where buf begins
	buf := r.buf[:0]
	defer func() {
		if r.buf = buf[:0]; cap(buf) > 4*chunkSize {
			r.buf = nil // no need to keep what one long line took
		}
	}()
	for end := at; end < size; end = at + int64(len(buf)) {
		n, from := int(min(size-end, chunkSize)), len(buf)
		buf = slices.Grow(buf, n)[:from+n]
		m, err := r.s.f.ReadAt(buf[from:], end)
		if err == io.EOF { // cut off in the meantime
			buf, size = buf[:from+m], end+int64(m)
		} else if err != nil {
			return err
		}
		if from == 0 && !bytes.HasPrefix(buf, r.tail) {
			return errChanged
		}
		if end == 0 && len(buf) > 0 && buf[0] != '{' {
			return fmt.Errorf("%s: %w: it begins with %.20q; nothing was changed", r.s.path, ErrNotJournal, buf[:min(len(buf), 40)])
		}
		err = r.applyLines(buf[r.offset-at:])
		rest := buf[r.offset-at:] // not applied
		done := buf[:len(buf)-len(rest)]
		done = done[max(0, len(done)-tailSize):]
		r.tail = append(r.tail[:0], done...)
		if err == nil && len(rest) > maxRecord {
			err = fmt.Errorf("it is longer than %d bytes", maxRecord)
			rest = nil
		}
		if err != nil {
			return r.broken(err, rest, at+int64(len(buf)), size)
		}
		at += int64(len(buf) - len(rest) - len(done))
		buf = append(buf[:0], buf[len(buf)-len(rest)-len(done):]...)
	}
	return nil
}

// applyLines applies the complete lines of b, which begins at offset.
func (r *replay) applyLines(b []byte) error {
	for {
		n := bytes.IndexByte(b, '\n')
		if n < 0 {
			return nil
		}
		o, err := r.state.Apply(b[:n])
		if err != nil {
			return err
		}
		if r.watched != "" && string(o.Worker) == r.watched {
			o.Worker = nil // it shares memory with b
			r.outcomes = append(r.outcomes, o)
		}
		r.line++
		r.offset += int64(n) + 1
		b = b[n+1:]
	}
}

// broken decides about a line at offset that could not be read: rest is what
// was read of it and of what follows, next the offset behind that. What is not
// even JSON is left alone while it is the last line, as Python does.
func (r *replay) broken(err error, rest []byte, next, size int64) error {
	var unsupported *oplog.UnsupportedError
	if errors.As(err, &unsupported) {
		return &UnsupportedError{Path: r.s.path, Offset: r.offset, Line: r.line + 1, Err: err}
	}
	corrupt := &CorruptError{Path: r.s.path, Offset: r.offset, Line: r.line + 1, Err: err}
	var syntax *pyjson.SyntaxError
	if rest != nil && !errors.As(err, &syntax) {
		return corrupt
	}
	if n := bytes.IndexByte(rest, '\n'); n >= 0 && bytes.IndexByte(rest[n+1:], '\n') >= 0 {
		return corrupt
	}
	more, rerr := r.lineEnds(next, size)
	if rerr != nil {
		return rerr
	}
	if more {
		return corrupt
	}
	return nil
}

// lineEnds reports whether a line ends between two offsets.
func (r *replay) lineEnds(from, size int64) (bool, error) {
	buf := make([]byte, chunkSize)
	for from < size {
		n, err := r.s.f.ReadAt(buf[:min(size-from, chunkSize)], from)
		if bytes.IndexByte(buf[:n], '\n') >= 0 {
			return true, nil
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		from += int64(n)
	}
	return false, nil
}

// looksTorn reports whether these bytes, all that there is of a file, may be the
// beginning of a first record.
func looksTorn(b []byte) bool {
	const record = `{"op_code":`
	n := min(len(b), len(record))
	return string(b[:n]) == record[:n]
}
