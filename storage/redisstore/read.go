package redisstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gohone/hone/internal/oplog"
)

// catchUp reads what is new on the server. It goes on for so long when the
// server is gone, or a record missing.
func (s *Storage) catchUp(ctx context.Context, patience time.Duration) error {
	p := s.patience(patience)
	for {
		if err := s.ready(ctx); err != nil {
			return err
		}
		a, err := s.run(ctx, request{})
		if err == nil {
			err = s.take(a)
		}
		switch {
		case err == nil && a.word != "behind":
			return nil
		case err == nil:
			continue
		case !passing(err):
			return err
		}
		if err := p.wait(ctx, err); err != nil {
			return err
		}
	}
}

// take applies the records of an answer and returns the error that it means.
func (s *Storage) take(a answer) error {
	if err := s.apply(a.from, a.records); err != nil {
		return err
	}
	switch a.word {
	case "hole":
		return &HoleError{Key: s.recordKey(a.number)}
	case "foreign":
		return fmt.Errorf("%w: the key %q holds no number; nothing was changed", ErrNotJournal, s.keys[0])
	case "lost":
		s.mu.Lock()
		defer s.mu.Unlock()
		s.lost = true
		return fmt.Errorf("%w: %d records were read, and the server counts %d, or has others", ErrLogLost, s.known+1, a.number+1)
	}
	return nil
}

// apply folds records, of which the first has the number from, into the state.
// Those that another goroutine has applied meanwhile are passed over.
func (s *Storage) apply(from int64, records []string) error {
	if len(records) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, rec := range records {
		n := from + int64(i)
		if n <= s.known {
			continue
		}
		o, err := s.state.Apply([]byte(rec))
		if err != nil {
			var unsupported *oplog.UnsupportedError
			if errors.As(err, &unsupported) {
				return &UnsupportedError{Key: s.recordKey(n), Err: err}
			}
			return &CorruptError{Key: s.recordKey(n), Err: err}
		}
		s.known, s.last = n, rec
		if s.watched != "" && string(o.Worker) == s.watched {
			o.Worker = nil // it shares memory with the record
			s.outcomes = append(s.outcomes, o)
		}
	}
	return nil
}

// A patience is the time that a call has left, and how long it waits next.
type patience struct {
	until      time.Time
	next, most time.Duration
}

func (s *Storage) patience(d time.Duration) *patience {
	return &patience{until: time.Now().Add(d), next: 5 * time.Millisecond, most: 500 * time.Millisecond}
}

// wait waits a little, longer each time. When there is no
// time left it returns why: the error that made the call wait.
func (p *patience) wait(ctx context.Context, why error) error {
	d := p.next/2 + rand.N(p.next)
	p.next = min(2*p.next, p.most)
	if time.Now().Add(d).After(p.until) {
		return why
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
