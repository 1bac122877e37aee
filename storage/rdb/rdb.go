package rdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gohone/hone/storage"
)

// ErrReadOnly: the storage was opened with Options.ReadOnly.
var ErrReadOnly = errors.New("opened for reading only")

// Options are the settings of a storage. The zero value is the recommended one.
type Options struct {
	// ReadOnly opens a database to look at it: nothing is created, and calls
	// that would write fail with ErrReadOnly.
	ReadOnly bool
	// SkipBroken leaves trials out that cannot be read, because a row of theirs
	// was damaged or means nothing to us, and tells the Logger. Otherwise a
	// call that meets one fails and names it.
	SkipBroken bool
	// LocalTime writes and reads times as local time, as Optuna 4 and older
	// do. Otherwise they are in UTC, as with Optuna 5.
	LocalTime bool
	// Patience is for how long a call tries again while the database is
	// locked or cannot be reached. 0 means a minute; below zero, not at all.
	Patience time.Duration
	// CloseDB has Close close the *sql.DB as well, and Open when it fails.
	CloseDB bool
	// Logger is told of trials that were left out and of connections that were
	// lost. nil means nobody is.
	Logger *slog.Logger
}

// Storage is a database that holds studies. It may be used by any goroutine. It
// implements [storage.Leaser], so leases and budgets are exact among processes.
type Storage struct {
	db      *sql.DB
	d       Dialect
	o       Options
	zone    *time.Location
	maxText int         // bytes of a text column; 0: no limit
	collate string      // MySQL: of the columns that hold names
	charset string      // MySQL: of the columns that hold names and texts, if it is not utf8mb4
	lite    *lite       // SQLite only
	oneTrip atomic.Bool // whole transactions in one round trip work
	noSync  atomic.Bool // PostgreSQL: the log cannot be flushed by itself
	opened  atomic.Bool // the server has answered: from then on, lost connections are waited for
	closed  atomic.Bool
	dists   distCache
	inserts sync.Map // texts of statements that insert several rows

	mu      sync.Mutex
	studies map[int64]*study // what is known of studies
	trials  map[int64]*held  // trials under way in this process

	backends map[any]backend // by the driver's connection
}

var (
	_ storage.Leaser       = (*Storage)(nil)
	_ storage.GroupClaimer = (*Storage)(nil)
)

// Open uses the database behind db, and creates the tables when there are none.
// nil options are fine. The database's dialect cannot be told from db; a wrong
// one is an error. db stays the caller's, who may use it for other things.
//
// A database whose tables are of another revision, or are not Optuna's, is left
// as it is, and the error is a *[SchemaError].
func Open(ctx context.Context, db *sql.DB, dialect Dialect, o *Options) (*Storage, error) {
	s := &Storage{db: db, d: dialect, zone: time.UTC, studies: make(map[int64]*study), trials: make(map[int64]*held)}
	if o != nil {
		s.o = *o
	}
	if s.o.Patience == 0 {
		s.o.Patience = time.Minute
	}
	if s.o.LocalTime {
		s.zone = time.Local
	}
	switch {
	case db == nil:
		return nil, errors.New("rdb: the *sql.DB is nil")
	case dialect < SQLite || dialect > MySQL:
		return nil, fmt.Errorf("rdb: there is no %v; use rdb.SQLite, rdb.PostgreSQL or rdb.MySQL", dialect)
	}
	if err := s.open(ctx); err != nil {
		s.Close()
		return nil, s.named(err)
	}
	return s, nil
}

func (s *Storage) open(ctx context.Context) error {
	err := s.read(ctx, func(t *tx) error { return s.db.PingContext(ctx) })
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	s.opened.Store(true)
	if err := s.read(ctx, s.checkDialect); err != nil {
		return err
	}
	if s.d == SQLite {
		lite, err := openLite(ctx, s)
		if err != nil {
			return err
		}
		s.lite = lite
	}
	if err := s.ensureSchema(ctx); err != nil {
		return err
	}
	if s.d == MySQL {
		if err := s.readLimits(ctx); err != nil {
			return err
		}
	}
	return s.probe(ctx)
}

// Close releases what the storage holds; later calls fail.
func (s *Storage) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	var err error
	if s.lite != nil {
		err = s.lite.close()
	}
	if s.o.CloseDB {
		err = errors.Join(err, s.db.Close())
	}
	if err != nil {
		return fmt.Errorf("rdb: close: %w", err)
	}
	return nil
}

// ready is what every call checks first.
func (s *Storage) ready(ctx context.Context) error {
	if s.closed.Load() {
		return errClosed
	}
	return ctx.Err()
}

// named puts the name of the package before an error.
func (s *Storage) named(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("rdb: %w", err)
}

func (s *Storage) warn(message string, args ...any) {
	if s.o.Logger != nil {
		s.o.Logger.Warn("rdb: "+message, args...)
	}
}
