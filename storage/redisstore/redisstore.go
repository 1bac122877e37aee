package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone/internal/oplog"
	"github.com/gohone/hone/storage"
)

// Options are the settings of a storage. The zero value is the recommended one.
type Options struct {
	// Prefix comes before the names of all keys, as JournalRedisBackend's
	// prefix does. Its default is empty, as there; the keys then begin with a
	// colon. On a cluster it must hold a hash tag, such as "{hone}".
	Prefix string
	// Patience is how long a call goes on when the server is gone, when others
	// always come first, or when a record is missing. 0 means 30 seconds.
	Patience time.Duration
	// CloseClient makes Close close the client too.
	CloseClient bool
}

// Storage is a journal in Redis. It may be used by any goroutine. It implements
// [storage.Leaser] and so leases, and budgets that are exact among Go workers.
type Storage struct {
	ops
	client  redis.UniversalClient
	o       Options
	prefix  string // of the names of records
	handle  string // is ours alone
	keys    []string
	writing chan struct{} // holds a token while an operation of ours is under way
	seq     int64         // number of the last operation; writing guards it
	appends atomic.Int64
	trips   atomic.Int64
	closed  atomic.Bool

	mu    sync.RWMutex
	state *oplog.State
	known int64  // number of the last record that was read, from 0; −1: none
	last  string // that record
	lost  bool   // the server has another journal than we have read

	// Outcomes of records by the worker watched, while our operation waits for
	// them.
	watched  string
	outcomes []oplog.Outcome

	beats beats
}

// ops holds the methods of storage.Claimer.
type ops = oplog.Ops

var (
	_ storage.Leaser   = (*Storage)(nil)
	_ storage.InMemory = (*Storage)(nil)
)

// New opens the journal below a prefix on a server, and reads it; when there is
// none, the first operation begins one. nil options are fine. Close leaves the
// client open unless Options.CloseClient is set.
//
// The error is [ErrNotJournal], a *[CorruptError] or a *[HoleError] when the
// keys hold what cannot be read.
func New(client redis.UniversalClient, o *Options) (*Storage, error) {
	s := &Storage{
		client:  client,
		handle:  storage.NewUUID(),
		writing: make(chan struct{}, 1),
		state:   oplog.NewState(),
		known:   -1,
	}
	s.ops = oplog.NewOps(s.change, s.view)
	if o != nil {
		s.o = *o
	}
	if client == nil {
		return nil, errors.New("redisstore: the client is nil")
	}
	if s.o.Patience < 0 {
		return nil, fmt.Errorf("redisstore: Options.Patience is %v", s.o.Patience)
	}
	if s.o.Patience == 0 {
		s.o.Patience = 30 * time.Second
	}
	switch client.(type) {
	case *redis.ClusterClient, *redis.Ring:
		if !tagged(s.o.Prefix) {
			return nil, fmt.Errorf("redisstore: the client is one of a cluster, and Options.Prefix is %q: it must hold a hash tag, such as %q, so that all keys are in one slot", s.o.Prefix, "{hone}")
		}
	}
	s.prefix = s.o.Prefix + ":log:"
	s.keys = []string{s.o.Prefix + ":log_number", s.o.Prefix + ":hone:op:" + s.handle, s.o.Prefix + ":hone:turn"}
	// A server that is not there at all, or lets us not in, is reported at once.
	// PING, because an EVAL of a stranger is refused as a fault of the protocol.
	if err := client.Ping(context.Background()).Err(); err != nil {
		return nil, named(explain(err))
	}
	if err := s.catchUp(context.Background(), 0); err != nil {
		return nil, named(err)
	}
	return s, nil
}

// tagged reports whether all keys with this prefix are in one slot of a cluster.
func tagged(prefix string) bool {
	_, rest, ok := strings.Cut(prefix, "{")
	return ok && strings.IndexByte(rest, '}') > 0
}

// InMemory reports true: reading a trial back costs one round trip, whatever the
// study holds.
func (s *Storage) InMemory() bool { return true }

// Stats tell what a storage did.
type Stats struct {
	Records int64 // in the journal, as far as it was read
	Unknown int64 // of these, those with an operation that is not known
	Appends int64 // operations of this handle that wrote
	Trips   int64 // round trips for reading and writing
}

// Stats returns what the storage did so far.
func (s *Storage) Stats() Stats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return Stats{Records: s.state.Records(), Unknown: s.state.Unknown(), Appends: s.appends.Load(), Trips: s.trips.Load()}
}

// Close ends the storage; later calls fail with [ErrClosed]. It waits for an
// operation under way. The journal stays on the server.
func (s *Storage) Close() error {
	s.writing <- struct{}{}
	defer func() { <-s.writing }()
	if s.closed.Swap(true) {
		return nil
	}
	// What is left behind when this fails goes away by its expiry.
	keys := s.beats.take(-1)
	if s.seq > 0 {
		keys = append(keys, s.keys[1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if len(keys) > 0 {
		_ = s.client.Del(ctx, keys...).Err()
	}
	if s.o.CloseClient {
		return named(s.client.Close())
	}
	return nil
}

// DeleteStudy implements [storage.Storage].
func (s *Storage) DeleteStudy(ctx context.Context, study int64) error {
	if err := s.ops.DeleteStudy(ctx, study); err != nil {
		return err
	}
	if keys := s.beats.take(study); len(keys) > 0 {
		_ = s.client.Del(ctx, keys...).Err() // they would expire anyway
	}
	return nil
}

// view calls f with the state of what the server has now.
func (s *Storage) view(ctx context.Context, f func(*oplog.State) error) error {
	if err := s.catchUp(ctx, s.o.Patience); err != nil {
		return named(err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return named(f(s.state))
}

// ready reports why the storage cannot be used, if so.
func (s *Storage) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed.Load() {
		return ErrClosed
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.lost {
		return ErrLogLost
	}
	return nil
}

// recordKey returns the key of a record.
func (s *Storage) recordKey(n int64) string { return s.prefix + strconv.FormatInt(n, 10) }
