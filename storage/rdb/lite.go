package rdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// lite is what SQLite needs: one connection of this process writes, and callers
// take turns, so that the processes contend for the database and not all their
// goroutines.
//
// With a write-ahead log a commit appends to the log and does not wait for the
// disk (synchronous = NORMAL). A call that must be durable then syncs the log
// file itself, outside of any lock, and callers of one moment share a sync. This
// is what SQLite does with synchronous = FULL, except that others may write
// meanwhile: the log is read back as far as its checksums hold, its header is
// synced by SQLite when it is written, and a checkpoint syncs the log before it
// copies from it and the database before the log begins anew. A log that is not
// there any more was checkpointed.
type lite struct {
	s     *Storage
	one   bool          // the pool has one connection, which is given back after each turn
	turn  chan struct{} // holds one token
	conn  *sql.Conn     // nil: none yet, or given back
	stmts map[string]*sql.Stmt
	wal   string // path of the log, "" where commits are durable by themselves

	mu      sync.Mutex
	current *walSync // under way
	next    *walSync // begins when current is done
}

// A walSync is one sync of the log, which callers wait for.
type walSync struct {
	done chan struct{}
	err  error
}

func openLite(ctx context.Context, s *Storage) (*lite, error) {
	l := &lite{s: s, one: s.db.Stats().MaxOpenConnections == 1, turn: make(chan struct{}, 1)}
	var path string
	err := s.read(ctx, func(t *tx) error {
		return t.each("PRAGMA database_list", nil, func(scan func(...any) error) error {
			var seq int
			var name string
			var file sql.NullString
			err := scan(&seq, &name, &file)
			if name == "main" {
				path = file.String
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	if path == "" && !l.one {
		return nil, fmt.Errorf("a database in memory is one for each connection; call db.SetMaxOpenConns(1), or give it a file")
	}
	if s.o.ReadOnly {
		return l, nil
	}
	if path != "" && !onNetwork(path) {
		mode, err := l.writeAhead(ctx)
		if err != nil {
			return nil, err
		}
		if mode == "wal" {
			l.wal = path + "-wal"
		}
	}
	return l, nil
}

// writeAhead puts the database into write-ahead mode and returns the mode that
// it is in then. While others use it in another mode it cannot be changed, and
// works all the same.
func (l *lite) writeAhead(ctx context.Context) (string, error) {
	var mode string
	for deadline := time.Now().Add(5 * time.Second); ; {
		err := l.s.db.QueryRowContext(ctx, "PRAGMA journal_mode=WAL").Scan(&mode)
		switch {
		case err == nil && mode == "wal":
			return mode, nil
		case err != nil && l.s.d.faultOf(err) != busy:
			return "", err
		case time.Now().After(deadline):
			return mode, nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return "", err
		}
	}
}

// take waits for this process's turn to write and returns the connection. Whoever
// took it calls give.
func (l *lite) take(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if l.s.closed.Load() {
		<-l.turn
		return errClosed
	}
	if l.conn != nil {
		return nil
	}
	conn, err := l.s.db.Conn(ctx)
	if err != nil {
		<-l.turn
		return err
	}
	level := "FULL"
	if l.wal != "" {
		level = "NORMAL"
	}
	for _, pragma := range []string{"PRAGMA busy_timeout=0", "PRAGMA synchronous=" + level} {
		if _, err := conn.ExecContext(ctx, pragma); err != nil {
			conn.Close()
			<-l.turn
			return err
		}
	}
	l.conn, l.stmts = conn, make(map[string]*sql.Stmt)
	return nil
}

// give ends a turn. A connection that may be in a bad state is dropped.
func (l *lite) give(broken bool) {
	if broken || l.one {
		l.drop(broken)
	}
	<-l.turn
}

func (l *lite) drop(broken bool) {
	for _, stmt := range l.stmts {
		stmt.Close()
	}
	if broken {
		// The pool forgets a connection that calls itself bad.
		_ = l.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	l.conn.Close()
	l.conn, l.stmts = nil, nil
}

// stmt returns a prepared statement of the connection that writes.
func (l *lite) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt := l.stmts[text]; stmt != nil {
		return stmt, nil
	}
	stmt, err := l.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	l.stmts[text] = stmt
	return stmt, nil
}

// flush makes all commits durable that were made before the call.
func (l *lite) flush() error {
	if l.wal == "" {
		return nil
	}
	l.mu.Lock()
	if l.current == nil {
		f := &walSync{done: make(chan struct{})}
		l.current = f
		l.mu.Unlock()
		l.run(f)
		return f.err
	}
	// The sync under way may have begun before our commit.
	f := l.next
	if f == nil {
		f = &walSync{done: make(chan struct{})}
		l.next = f
	}
	l.mu.Unlock()
	<-f.done
	return f.err
}

// run syncs, and lets those go on who wait; the next sync, if any wait for one,
// is run by another goroutine.
func (l *lite) run(f *walSync) {
	f.err = syncFile(l.wal)
	close(f.done)
	l.mu.Lock()
	l.current, l.next = l.next, nil
	next := l.current
	l.mu.Unlock()
	if next != nil {
		go l.run(next)
	}
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err != nil {
		return fmt.Errorf("what was written is not durable: %w", err)
	}
	return nil
}

func (l *lite) close() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if l.conn != nil {
		l.drop(false)
	}
	return nil
}
