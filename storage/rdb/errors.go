package rdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"reflect"
	"strings"
	"syscall"
)

// A fault is what an error of a driver means for the call that met it.
type fault int

const (
	fatal     fault = iota // trying again would not help
	conflict               // with another transaction; nothing was changed
	busy                   // locked by another; nothing was changed
	full                   // the server has no connection to spare, or is starting
	lost                   // the connection, or the server
	duplicate              // of a unique key
	missing                // a row that a foreign key refers to
)

// faultOf classifies an error without knowing the driver: PostgreSQL's drivers
// have a method for the SQLSTATE, MySQL's a field for the number, and SQLite's
// one or the other for the result code.
func (d Dialect) faultOf(err error) fault {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fatal
	}
	switch d {
	case PostgreSQL:
		if state := sqlState(err); state != "" {
			return postgresFault(state)
		}
	case MySQL:
		if n, ok := number(err, "Number"); ok {
			return mysqlFault(n)
		}
	case SQLite:
		var code interface{ Code() int }
		if errors.As(err, &code) {
			return sqliteFault(int64(code.Code()))
		}
		if n, ok := number(err, "ExtendedCode", "Code"); ok {
			return sqliteFault(n)
		}
		if strings.Contains(err.Error(), "database is locked") || strings.Contains(err.Error(), "SQLITE_BUSY") {
			return busy
		}
		return fatal
	}
	if connectionLost(err) {
		return lost
	}
	return fatal
}

// sqlState returns PostgreSQL's code of an error, "" if it has none.
func sqlState(err error) string {
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return state.SQLState()
	}
	return ""
}

func postgresFault(state string) fault {
	switch state {
	case "40001", "40P01", "55P03": // serialisation, deadlock, lock not available
		return conflict
	case "23505", "42P07", "42710": // a key, a table, a type
		return duplicate
	case "23503":
		return missing
	case "53300", "57P03": // too many clients, starting
		return full
	case "57P01", "57P02", "25006": // shut down, crashed, read only after a failover
		return lost
	}
	if strings.HasPrefix(state, "08") {
		return lost
	}
	return fatal
}

func mysqlFault(n int64) fault {
	switch n {
	case 1213, 1205, 1020, 3572: // deadlock, lock wait, changed since read, no wait
		return conflict
	case 1062, 1050: // a key, a table
		return duplicate
	case 1452, 1216, 1451, 1217:
		return missing
	case 1040, 1203, 1226: // too many connections
		return full
	case 1053, 1152, 1158, 1159, 1160, 1161, 1290, 1836, 1927, 2002, 2003, 2006, 2013: // shutdown, network, read only after a failover
		return lost
	}
	return fatal
}

func sqliteFault(code int64) fault {
	switch code {
	case 2067, 1555, 2579: // unique, primary key, rowid
		return duplicate
	case 787:
		return missing
	}
	switch code & 0xff {
	case 5, 6, 15: // busy, locked, locking protocol
		return busy
	}
	return fatal
}

// tableGone reports whether MySQL says that a table is not there.
func (d Dialect) tableGone(err error) bool {
	n, ok := number(err, "Number")
	return d == MySQL && ok && n == 1146
}

// number returns an integer field of the first error in the chain that has one
// of these names.
func number(err error, fields ...string) (int64, bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.ValueOf(err)
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			continue
		}
		for _, name := range fields {
			f := v.FieldByName(name)
			switch {
			case f.IsValid() && f.CanInt():
				return f.Int(), true
			case f.IsValid() && f.CanUint():
				return int64(f.Uint()), true
			}
		}
	}
	return 0, false
}

// cut reports whether somebody answered and then the connection broke.
func cut(err error) bool {
	return !errors.Is(err, syscall.ECONNREFUSED) &&
		(errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
			strings.Contains(err.Error(), "invalid connection"))
}

// connectionLost recognises what drivers report when the other end is gone or
// cannot be reached.
func connectionLost(err error) bool {
	for _, target := range []error{
		driver.ErrBadConn, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.ETIMEDOUT,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return true
	}
	text := err.Error()
	return strings.Contains(text, "invalid connection") || strings.Contains(text, "conn closed") || strings.Contains(text, "bad connection") ||
		strings.Contains(text, "driver: bad connection") || strings.Contains(text, "closed the connection")
}
