package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ErrNotJournal: the keys hold something else than a journal of Optuna's.
// Nothing was changed in them.
var ErrNotJournal = errors.New("not a journal")

// ErrLogLost: the journal on the server is shorter than, or differs from, what
// was read from it before: the server was restarted without its data, was
// flushed, or a replica that was behind took its place. Nothing is written any
// more. To go on with what is left there, open the storage anew.
var ErrLogLost = errors.New("the server has lost a part of the journal")

// ErrBusy: within Options.Patience others always came first, or the server did
// not answer.
var ErrBusy = errors.New("gave up after Options.Patience")

// ErrClosed: the storage was closed.
var ErrClosed = errors.New("the storage is closed")

// A CorruptError tells of a record that cannot be read. What stands before it
// was read; what stands behind it nobody can read, in Python neither.
type CorruptError struct {
	Key string // of the record
	Err error  // what is wrong with it
}

// Error names the key and the reason.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("redisstore: the key %q holds no record: %v", e.Key, e.Err)
}

// Unwrap returns what is wrong with the record.
func (e *CorruptError) Unwrap() error { return e.Err }

// An UnsupportedError tells of a record that Python can read and this program
// cannot: a report at a step that an int of this machine does not hold. What stands
// behind it was not read.
type UnsupportedError struct {
	Key string // of the record
	Err error  // the study, the trial and what is too large
}

// Error names the key, the trial and the reason.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("redisstore: the record %q is not supported: %v", e.Key, e.Err)
}

// Unwrap returns what is too large.
func (e *UnsupportedError) Unwrap() error { return e.Err }

// A HoleError tells of a record that is missing although later ones are there,
// or counted: on a cluster Optuna counts first and writes second, and a worker
// was killed in between. Optuna's readers wait for it for ever. When the worker
// is certainly dead, a record that everybody passes over ends that:
//
//	SET <key> '{"op_code":7,"worker_id":"","trial_id":-1,"step":0,"intermediate_value":0.0}' NX
type HoleError struct {
	Key string // that is missing
}

// Error names the key.
func (e *HoleError) Error() string {
	return fmt.Sprintf("redisstore: the record %q is missing: its writer has counted it and not written it", e.Key)
}

// named puts the name of the package before an error.
func named(err error) error {
	var c *CorruptError
	var h *HoleError
	var u *UnsupportedError
	if err == nil || errors.As(err, &c) || errors.As(err, &u) || errors.As(err, &h) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("redisstore: %w", err)
}

// passing reports whether an error may go away by itself: one of the connection,
// after which what the script was to do may have been done; a server that is
// starting or changing roles; a hole.
func passing(err error) bool {
	for _, final := range []error{context.Canceled, context.DeadlineExceeded, redis.ErrClosed, ErrClosed, ErrLogLost, ErrNotJournal} {
		if errors.Is(err, final) {
			return false
		}
	}
	var corrupt *CorruptError
	var unsupported *UnsupportedError
	if errors.As(err, &corrupt) || errors.As(err, &unsupported) {
		return false
	}
	var reply redis.Error
	if !errors.As(err, &reply) {
		return true // the connection
	}
	for _, p := range []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "UNBLOCKED", "NOREPLICAS", "ERR max number of clients"} {
		if strings.HasPrefix(reply.Error(), p) {
			return true
		}
	}
	return false
}

// explain adds to an error of the server what is to be done about it.
func explain(err error) error {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return err
	}
	switch text := reply.Error(); {
	case strings.Contains(text, "WRONGTYPE"):
		return fmt.Errorf("%w: %w", ErrNotJournal, err)
	case strings.HasPrefix(text, "CROSSSLOT") || strings.HasPrefix(text, "MOVED"):
		return fmt.Errorf("%w; the server is part of a cluster: use redis.NewClusterClient and an Options.Prefix with a hash tag such as \"{hone}\"", err)
	case strings.HasPrefix(text, "OOM"):
		return fmt.Errorf("%w; the server's memory is full, nothing was written", err)
	case strings.HasPrefix(text, "NOPERM"):
		return fmt.Errorf("%w; the user needs the commands EVAL, EVALSHA, GET, SET, DEL, EXISTS, MGET and the keys below the prefix", err)
	}
	return err
}
