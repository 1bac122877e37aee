package rdb

import (
	"context"
	"reflect"
	"time"
)

// When a connection is lost, the server may have received what was sent and not
// yet worked it off: it may take effect after we have looked whether it did.
// Before we look, the server's end of the connection must be gone.

// A backend is the server's end of a connection. The zero value is one that is not
// known.
type backend struct {
	id    int64
	since string // PostgreSQL uses the ids of processes again
}

var (
	whoAmI = query{
		PostgreSQL: `SELECT pid, COALESCE(backend_start::text, '') FROM pg_catalog.pg_stat_activity WHERE pid = pg_backend_pid()`,
		MySQL:      `SELECT CONNECTION_ID(), ''`,
	}
	backendHere = query{
		PostgreSQL: `SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = $1 AND COALESCE(backend_start::text, '') = $2`,
		MySQL:      `SELECT 1 FROM information_schema.processlist WHERE id = ? AND ? = ''`,
	}
)

// maxBackends bounds the memory for those of connections that were closed.
const maxBackends = 256

// backendOf returns the server's end of a connection. It asks once for each.
func (s *Storage) backendOf(t *tx) (backend, error) {
	var key any
	err := t.conn.Raw(func(c any) error {
		key = c
		return nil
	})
	if err != nil || key == nil || !reflect.TypeOf(key).Comparable() {
		return backend{}, err
	}
	s.mu.Lock()
	b, ok := s.backends[key]
	s.mu.Unlock()
	if ok {
		return b, nil
	}
	if _, err := t.row(whoAmI[s.d], nil, &b.id, &b.since); err != nil {
		return backend{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.backends == nil || len(s.backends) >= maxBackends {
		s.backends = make(map[any]backend)
	}
	s.backends[key] = b
	return b, nil
}

// graceBackend is how long a backend is waited for. Servers end those whose
// connection is gone as soon as they notice; behind a pooler of connections they
// may go on living for others.
const graceBackend = 20 * time.Second

// awaitEnd waits until the server's end of a lost connection is gone.
func (s *Storage) awaitEnd(ctx context.Context, b backend) error {
	if b.id == 0 {
		return nil
	}
	for end := time.Now().Add(graceBackend); time.Now().Before(end); {
		here := false
		err := s.read(ctx, func(t *tx) (err error) {
			here, err = t.row(backendHere[s.d], []any{b.id, b.since}, new(int))
			return err
		})
		if err != nil || !here {
			return err
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
