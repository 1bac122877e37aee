package rdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// A change is something that is written. It is tried again after faults that may
// pass.
type change struct {
	level level
	// alone: do runs one statement, which is a transaction by itself.
	alone bool
	// whole: do runs a transaction of its own, its beginning and end included,
	// in one round trip.
	whole bool
	// first is the first attempt, if it is not nil. With errAlone it has not made
	// the change, and do is to make it.
	first func() (unknown *backend, err error)
	// do makes the change. It may run several times, each time from the start.
	do func(t *tx) error
	// done reports whether an attempt whose end nobody saw took effect. nil: it
	// does no harm to make the change again.
	done func(ctx context.Context) (bool, error)
}

// A level is how safe a change is when the call returns. Everybody sees it in any
// case.
type level int

const (
	// written: lost when the machine that holds the database dies. On
	// PostgreSQL and MySQL, whose machine is not ours, it is durable.
	written level = iota
	// lazy: may be lost when the server dies, on PostgreSQL.
	lazy
	// durable: on disk.
	durable
)

// A tx is a transaction under way, or a connection for one statement.
type tx struct {
	s    *Storage
	ctx  context.Context
	conn *sql.Conn // nil: any of the pool
}

// change makes a change.
func (s *Storage) change(ctx context.Context, c change) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	if s.o.ReadOnly {
		return ErrReadOnly
	}
	r := s.newRetry()
	for {
		var unknown *backend
		err := errAlone
		if c.first != nil {
			unknown, err = c.first()
			c.first = nil
		}
		if err == errAlone {
			unknown, err = s.attempt(ctx, c)
		}
		if err == nil {
			break
		}
		if err := r.again(ctx, err); err != nil {
			return err
		}
		if unknown != nil {
			if err := s.awaitEnd(ctx, *unknown); err != nil {
				return err
			}
		}
		if unknown != nil && c.done != nil {
			done, err := c.done(ctx)
			if err != nil {
				return err
			}
			if done {
				break
			}
		}
	}
	if c.level == durable && s.lite != nil {
		return s.lite.flush()
	}
	return nil
}

// attempt makes a change once. unknown says that it may have taken effect in
// spite of the error, or still may: it is who works on it.
func (s *Storage) attempt(ctx context.Context, c change) (unknown *backend, err error) {
	if s.lite != nil {
		return nil, s.attemptLite(ctx, c)
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	t := &tx{s: s, ctx: ctx, conn: conn}
	who, err := s.backendOf(t)
	if err != nil {
		return nil, err
	}
	if c.alone {
		if err = c.do(t); s.d.faultOf(err) == lost {
			unknown = &who
		}
		return unknown, err
	}
	begin := "BEGIN"
	if c.level == lazy && s.d == PostgreSQL {
		begin = "BEGIN; SET LOCAL synchronous_commit TO OFF"
	}
	if c.whole {
		if err = c.do(t); err == nil {
			return nil, nil
		}
		if s.d.faultOf(err) == lost || ctx.Err() != nil {
			unknown = &who
		}
	} else if _, err = conn.ExecContext(ctx, begin); err == nil {
		if err = c.do(t); err == nil {
			if _, err = conn.ExecContext(ctx, "COMMIT"); err == nil {
				return nil, nil
			}
			if s.d.faultOf(err) == lost || ctx.Err() != nil {
				unknown = &who
			}
		}
	}
	quiet, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, rollbackErr := conn.ExecContext(quiet, "ROLLBACK"); rollbackErr != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // it leaves the pool
	}
	return unknown, err
}

// attemptLite is attempt on SQLite. Statements are short and local: once it is
// our turn, they are not cut off.
func (s *Storage) attemptLite(ctx context.Context, c change) error {
	if err := s.lite.take(ctx); err != nil {
		return err
	}
	t := &tx{s: s, ctx: context.WithoutCancel(ctx), conn: s.lite.conn}
	if c.alone {
		err := c.do(t)
		s.lite.give(false)
		return err
	}
	_, err := t.exec("BEGIN IMMEDIATE")
	if err != nil {
		s.lite.give(false)
		return err
	}
	if err = c.do(t); err == nil {
		_, err = t.exec("COMMIT")
	}
	broken := false
	if err != nil {
		_, rollbackErr := t.exec("ROLLBACK")
		broken = rollbackErr != nil
	}
	s.lite.give(broken)
	return err
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(text string, args ...any) (int64, error) {
	r, err := t.run(text, args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// insert runs an INSERT of one row and returns its key. idColumn names it.
func (t *tx) insert(text, idColumn string, args ...any) (int64, error) {
	if t.s.d == PostgreSQL {
		var id int64
		_, err := t.row(text+" RETURNING "+idColumn, args, &id)
		return id, err
	}
	r, err := t.run(text, args)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

func (t *tx) run(text string, args []any) (sql.Result, error) {
	switch {
	case t.s.lite != nil && t.conn != nil:
		stmt, err := t.s.lite.stmt(t.ctx, text)
		if err != nil {
			return nil, err
		}
		return stmt.ExecContext(t.ctx, args...)
	case t.conn != nil:
		return t.conn.ExecContext(t.ctx, text, args...)
	}
	return t.s.db.ExecContext(t.ctx, text, args...)
}

// query returns the rows of a statement, which the caller closes.
func (t *tx) query(text string, args []any) (*sql.Rows, error) {
	switch {
	case t.s.lite != nil && t.conn != nil:
		stmt, err := t.s.lite.stmt(t.ctx, text)
		if err != nil {
			return nil, err
		}
		return stmt.QueryContext(t.ctx, args...)
	case t.conn != nil:
		return t.conn.QueryContext(t.ctx, text, args...)
	}
	return t.s.db.QueryContext(t.ctx, text, args...)
}

// row reads the first row of a statement. It reports false if there is none.
func (t *tx) row(text string, args []any, dest ...any) (bool, error) {
	rows, err := t.query(text, args)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, rows.Err()
	}
	if err := rows.Scan(dest...); err != nil {
		return false, err
	}
	return true, rows.Close()
}

// each calls f for each row of a statement.
func (t *tx) each(text string, args []any, f func(scan func(...any) error) error) error {
	rows, err := t.query(text, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// read runs f, which reads, outside of a transaction.
func (s *Storage) read(ctx context.Context, f func(t *tx) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	r := s.newRetry()
	for {
		err := s.readOnce(ctx, f)
		if err == nil {
			return nil
		}
		if err := r.again(ctx, err); err != nil {
			return err
		}
	}
}

func (s *Storage) readOnce(ctx context.Context, f func(t *tx) error) error {
	if s.lite != nil && s.lite.one {
		if err := s.lite.take(ctx); err != nil {
			return err
		}
		defer s.lite.give(false)
		return f(&tx{s: s, ctx: context.WithoutCancel(ctx), conn: s.lite.conn})
	}
	return f(&tx{s: s, ctx: ctx})
}

// A retry decides whether a call is tried again.
type retry struct {
	s        *Storage
	until    time.Time
	tries    int
	reported bool
}

func (s *Storage) newRetry() retry {
	return retry{s: s}
}

// again waits before the next try. It returns what the call returns if there is
// none: err, or that of the context.
func (r *retry) again(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w (%v)", ctx.Err(), err)
	}
	f := r.s.d.faultOf(err)
	if f != conflict && f != busy && f != full && f != lost || r.s.closed.Load() {
		return err
	}
	if f == lost && !r.s.opened.Load() && (!cut(err) || r.tries >= 3) {
		return err // nobody is there: the address may be wrong, and that is told at once
	}
	if r.tries == 0 {
		r.until = time.Now().Add(r.s.o.Patience)
	}
	r.tries++
	if r.s.o.Patience < 0 || time.Now().After(r.until) {
		return fmt.Errorf("given up after %d tries: %w", r.tries, err)
	}
	first, most := time.Millisecond, 100*time.Millisecond // conflict
	switch f {
	case busy:
		first, most = 100*time.Microsecond, 10*time.Millisecond
	case full, lost:
		first, most = 10*time.Millisecond, time.Second
		if !r.reported && f == lost {
			r.s.warn("the connection was lost, trying again", "error", err)
			r.reported = true
		}
	}
	wait := min(first<<min(r.tries, 20), most)
	if waitErr := pause(ctx, time.Duration(rand.Int64N(int64(wait)))+wait/4); waitErr != nil {
		return fmt.Errorf("%w (%v)", waitErr, err)
	}
	return nil
}

// pause sleeps unless the context ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errClosed = errors.New("the storage is closed")
