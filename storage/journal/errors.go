package journal

import (
	"errors"
	"fmt"
)

// ErrNotJournal: the file holds something else than a journal. Nothing was
// changed in it.
var ErrNotJournal = errors.New("not a journal")

// ErrReplaced: the file at the path is not the one that was opened: it was
// deleted, moved or replaced. Open the storage anew.
var ErrReplaced = errors.New("the file was deleted or replaced while it was open")

// ErrReadOnly: the storage was opened with Options.ReadOnly.
var ErrReadOnly = errors.New("opened for reading only")

// An UnsupportedError tells of a line that Python can read and this program cannot:
// a report at a step that an int of this machine does not hold. What stands behind
// it was not read. [Repair] leaves it where it is, for nothing is wrong with it.
type UnsupportedError struct {
	Path   string // the journal
	Offset int64  // of the first byte of the line
	Line   int64  // its number, from 1
	Err    error  // the study, the trial and what is too large
}

// Error names the place, the trial and the reason.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("journal: %s: line %d, at byte %d, is not supported: %v; the file is sound, and nothing was changed", e.Path, e.Line, e.Offset, e.Err)
}

// Unwrap returns what is too large.
func (e *UnsupportedError) Unwrap() error { return e.Err }

// A CorruptError tells of a line in the journal that is no record. Whatever
// stands before it was read; what stands behind it nobody can read, in Python
// neither. [Repair] takes such lines out.
type CorruptError struct {
	Path   string // the journal
	Offset int64  // of the first byte of the line
	Line   int64  // its number, from 1
	Err    error  // what is wrong with it
}

// Error names the place, the reason and the way out.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("journal: %s: line %d, at byte %d, is no record: %v; stop all workers and run journal.Repair, which keeps the other lines and saves the broken one beside the file",
		e.Path, e.Line, e.Offset, e.Err)
}

// Unwrap returns what is wrong with the line.
func (e *CorruptError) Unwrap() error { return e.Err }
