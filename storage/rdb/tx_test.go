package rdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Errors as the drivers make them.
type (
	pgError     struct{ state string }
	mysqlError  struct{ Number uint16 }
	modernError struct{ code int }
	cgoError    struct {
		Code         int
		ExtendedCode int
	}
)

func (e *pgError) Error() string    { return "pg: " + e.state }
func (e *pgError) SQLState() string { return e.state }
func (e *mysqlError) Error() string { return fmt.Sprint("Error ", e.Number) }
func (e *modernError) Error() string {
	return fmt.Sprint("sqlite ", e.code)
}
func (e *modernError) Code() int { return e.code }
func (e cgoError) Error() string { return fmt.Sprint("sqlite3 ", e.ExtendedCode) }

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		d    Dialect
		err  error
		want fault
	}{
		{PostgreSQL, &pgError{"40001"}, conflict}, {PostgreSQL, &pgError{"40P01"}, conflict}, {PostgreSQL, &pgError{"23505"}, duplicate},
		{PostgreSQL, &pgError{"23503"}, missing}, {PostgreSQL, &pgError{"53300"}, full}, {PostgreSQL, &pgError{"57P01"}, lost},
		{PostgreSQL, &pgError{"57P03"}, full}, {PostgreSQL, &pgError{"08006"}, lost}, {PostgreSQL, &pgError{"42601"}, fatal}, {PostgreSQL, &pgError{"28P01"}, fatal},
		{MySQL, &mysqlError{1213}, conflict}, {MySQL, &mysqlError{1205}, conflict}, {MySQL, &mysqlError{1062}, duplicate}, {MySQL, &mysqlError{1452}, missing},
		{MySQL, &mysqlError{1040}, full}, {MySQL, &mysqlError{1053}, lost}, {MySQL, &mysqlError{1064}, fatal}, {MySQL, &mysqlError{1045}, fatal},
		{SQLite, &modernError{5}, busy}, {SQLite, &modernError{517}, busy}, {SQLite, &modernError{261}, busy}, {SQLite, &modernError{2067}, duplicate},
		{SQLite, &modernError{787}, missing}, {SQLite, &modernError{13}, fatal}, {SQLite, &modernError{8}, fatal},
		{SQLite, cgoError{5, 5}, busy}, {SQLite, cgoError{19, 1555}, duplicate}, {SQLite, cgoError{19, 787}, missing},
		{SQLite, errors.New("database is locked (5) (SQLITE_BUSY)"), busy}, {SQLite, errors.New("out of cheese"), fatal}, {SQLite, io.EOF, fatal},
		{MySQL, driver.ErrBadConn, lost}, {PostgreSQL, io.ErrUnexpectedEOF, lost}, {MySQL, errors.New("invalid connection"), lost},
		{PostgreSQL, &net.OpError{Op: "read", Err: syscall.ECONNRESET}, lost}, {PostgreSQL, errors.New("conn closed"), lost}, {PostgreSQL, errors.New("out of cheese"), fatal},
		{PostgreSQL, context.Canceled, fatal}, {MySQL, context.DeadlineExceeded, fatal}, {MySQL, nil, fatal},
	} {
		for _, err := range []error{c.err, fmt.Errorf("while it ran: %w", c.err)} {
			if c.err == nil {
				err = nil
			}
			if got := c.d.faultOf(err); got != c.want {
				t.Errorf("%v: %v is %d, want %d", c.d, err, got, c.want)
			}
		}
	}
}

// A nowhere is a database whose statements find and do nothing.
type nowhere struct{}

func (nowhere) Connect(context.Context) (driver.Conn, error) { return &nowhere{}, nil }
func (nowhere) Driver() driver.Driver                        { return nil }
func (nowhere) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("not here") }
func (nowhere) Begin() (driver.Tx, error)                    { return nil, errors.New("not here") }
func (nowhere) Close() error                                 { return nil }
func (nowhere) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return nothing{}, nil
}

type nothing struct{}

func (nothing) Columns() []string         { return []string{"a", "b"} }
func (nothing) Close() error              { return nil }
func (nothing) Next([]driver.Value) error { return io.EOF }

// scripted returns a storage on nowhere, whose changes run one statement that has
// these outcomes one after the other.
func scripted(t *testing.T, patience time.Duration, outcomes ...error) (*Storage, change, *int) {
	s := &Storage{d: PostgreSQL, o: Options{Patience: patience}, db: sql.OpenDB(nowhere{})}
	t.Cleanup(func() { s.db.Close() })
	s.opened.Store(true)
	tries := new(int)
	return s, change{alone: true, do: func(*tx) error {
		err := outcomes[min(*tries, len(outcomes)-1)]
		*tries++
		return err
	}}, tries
}

func TestTriesAgain(t *testing.T) {
	deadlock, gone, syntax := &pgError{"40P01"}, &pgError{"57P01"}, &pgError{"42601"}
	for _, c := range []struct {
		name     string
		outcomes []error
		done     []bool // what reading back says; nil: nothing is read
		want     error
		tries    int
	}{
		{"conflicts", []error{deadlock, deadlock, deadlock, nil}, nil, nil, 4},
		{"what stays", []error{syntax}, nil, syntax, 1},
		{"lost, harmless to repeat", []error{gone, nil}, nil, nil, 2},
		{"lost after it took effect", []error{gone, nil}, []bool{true}, nil, 1},
		{"lost before it took effect", []error{gone, gone, nil}, []bool{false, false}, nil, 3},
		{"a conflict is not unknown", []error{deadlock, nil}, []bool{}, nil, 2},
	} {
		s, ch, tries := scripted(t, time.Minute, c.outcomes...)
		asked := 0
		if c.done != nil {
			ch.done = func(context.Context) (bool, error) {
				asked++
				return c.done[asked-1], nil
			}
		}
		if err := s.change(t.Context(), ch); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if *tries != c.tries || asked != len(c.done) {
			t.Errorf("%s: %d tries, read back %d times; want %d and %d", c.name, *tries, asked, c.tries, len(c.done))
		}
	}
}

func TestGivesUp(t *testing.T) {
	gone := &pgError{"57P01"}
	s, ch, tries := scripted(t, 20*time.Millisecond, gone)
	if err := s.change(t.Context(), ch); !errors.Is(err, gone) || !strings.Contains(fmt.Sprint(err), "given up after") || *tries < 2 {
		t.Errorf("beyond the patience: %v after %d tries", err, *tries)
	}
	s, ch, tries = scripted(t, -1, gone)
	if err := s.change(t.Context(), ch); !errors.Is(err, gone) || *tries != 1 {
		t.Errorf("without patience: %v after %d tries", err, *tries)
	}
	s, ch, tries = scripted(t, time.Minute, gone)
	s.opened.Store(false) // an address that nobody answers is reported at once
	if err := s.change(t.Context(), ch); !errors.Is(err, gone) || *tries != 1 {
		t.Errorf("while opening: %v after %d tries", err, *tries)
	}
	s, ch, tries = scripted(t, time.Minute, driver.ErrBadConn, driver.ErrBadConn, nil)
	s.opened.Store(false) // one who answers and hangs up is asked again
	if err := s.change(t.Context(), ch); err != nil || *tries != 3 {
		t.Errorf("cut while opening: %v after %d tries", err, *tries)
	}
	s, ch, tries = scripted(t, time.Minute, driver.ErrBadConn)
	s.opened.Store(false)
	if err := s.change(t.Context(), ch); !errors.Is(err, driver.ErrBadConn) || *tries != 4 {
		t.Errorf("cut time and again while opening: %v after %d tries", err, *tries)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s, ch, tries = scripted(t, time.Minute, gone)
	do := ch.do
	ch.do = func(x *tx) error {
		if *tries == 2 {
			cancel()
		}
		return do(x)
	}
	if err := s.change(ctx, ch); !errors.Is(err, context.Canceled) || *tries != 3 {
		t.Errorf("with the context cancelled: %v after %d tries", err, *tries)
	}
	if err := s.change(ctx, ch); !errors.Is(err, context.Canceled) || *tries != 3 {
		t.Errorf("with a context that was cancelled before: %v after %d tries", err, *tries)
	}
	s, ch, tries = scripted(t, time.Minute, gone)
	s.o.ReadOnly = true
	if err := s.change(t.Context(), ch); !errors.Is(err, ErrReadOnly) || *tries != 0 {
		t.Errorf("for reading only: %v after %d tries", err, *tries)
	}
	s.closed.Store(true)
	if err := s.change(t.Context(), ch); !errors.Is(err, errClosed) {
		t.Errorf("closed: %v", err)
	}
}
