// Package pyjson reads and writes JSON the way Python's json module does, which
// is what Optuna's storages hold. It differs from encoding/json in this:
//
//   - The bare tokens NaN, Infinity and -Infinity are numbers, and a literal
//     beyond the range of float64 such as 1e400 is an infinity.
//   - Integers and floats are different kinds: 2 and 2.0 each come back as they
//     were written, and integers of any size are kept.
//   - Floats are written as Python's repr writes them: 2.0, 1e-05, 1e+16, 5e-324.
//   - The text written is ASCII, with \uXXXX for everything else. Raw UTF-8 is
//     accepted on input; invalid UTF-8 is an error and never replaced.
//   - A lone surrogate such as \ud83d, legal in a Python string, is held in a Go
//     string as its three-byte generalised UTF-8 form (WTF-8) and is written back
//     as the same escape.
//   - Of duplicate keys the last wins; the order of keys is kept (see [Object]).
//
// There are three ways to read: [Decode] builds Go values, [Scanner] walks the
// members of one object without building anything, and the Parse functions turn
// one raw value into a Go value. [AppendValue] and its kin write.
//
// Nesting is limited to [MaxDepth] levels in both directions, so that no input
// can exhaust the stack.
package pyjson

import "fmt"

// MaxDepth is the deepest nesting of arrays and objects that is read or written.
// Python's own limit is its recursion limit, 1000 by default.
const MaxDepth = 1000

// A SyntaxError tells what is wrong with a JSON text, and where.
type SyntaxError struct {
	Offset int    // index of the first byte that is wrong; the length of the text when it ends too early
	Msg    string // what is wrong there
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("pyjson: offset %d: %s", e.Offset, e.Msg)
}
