package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/gohone/hone/internal/oplog"
)

const (
	// maxRecord bounds one record, as in a journal file.
	maxRecord = 64 << 20
	// politeTries and politeTime are how often, and for how long, an operation
	// lets others come first before it asks for a turn of its own. A turn makes
	// all others wait; among equals that each win now and then it is not worth
	// it, but a worker on a slow line would never win.
	politeTries = 64
	politeTime  = 250 * time.Millisecond
)

// change runs one operation: it plans on what was read last, which saves a trip,
// appends, and settles. One operation of a handle is under way at a time.
func (s *Storage) change(ctx context.Context, _ bool, plan oplog.Plan, settle oplog.Settle) error {
	select {
	case s.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.writing }()
	p := s.patience(s.o.Patience)
	q := &patience{until: p.until, next: 100 * time.Microsecond, most: 5 * time.Millisecond}
	begin := time.Now()
	for try := 0; ; try++ {
		if err := s.ready(ctx); err != nil {
			return named(err)
		}
		b, err := s.plan(ctx, plan)
		if err != nil {
			return named(err)
		}
		want := try >= politeTries || time.Since(begin) > politeTime
		word, err := s.write(ctx, b, settle, p, want)
		if err != nil || word == "" {
			return named(err)
		}
		busy := fmt.Errorf("others came first %d times: %w", try+1, ErrBusy)
		switch {
		case word == "wait":
			err = q.wait(ctx, busy) // their turn takes a trip or two
		case time.Now().After(p.until):
			err = busy
		}
		if err != nil {
			return named(err)
		}
	}
}

// plan makes the batch of an operation. An operation that fails, or has nothing
// to do, may be so because what was read is old: then it is looked at once more.
func (s *Storage) plan(ctx context.Context, plan oplog.Plan) (*oplog.Batch, error) {
	b, err := s.planOnce(plan)
	if err == nil && b.Len() > 0 {
		return b, nil
	}
	if err := s.catchUp(ctx, s.o.Patience); err != nil {
		return nil, err
	}
	return s.planOnce(plan)
}

func (s *Storage) planOnce(plan oplog.Plan) (*oplog.Batch, error) {
	s.seq++
	worker := s.handle + "-" + strconv.FormatInt(s.seq, 10)
	s.mu.Lock()
	defer s.mu.Unlock()
	b := oplog.NewBatch(s.state, worker, time.Now())
	err := plan(b)
	s.watched, s.outcomes = worker, s.outcomes[:0]
	return b, err
}

// write appends a batch and settles. It returns a word when the operation has to
// be planned anew: why. The same batch is sent until its fate is known.
func (s *Storage) write(ctx context.Context, b *oplog.Batch, settle oplog.Settle, p *patience, want bool) (word string, err error) {
	defer func() {
		s.mu.Lock()
		s.watched = ""
		s.mu.Unlock()
	}()
	r := request{op: s.seq, needs: b.Needs(), want: want, records: make([]string, 0, b.Len())}
	for rec := range b.All() {
		if len(rec) > maxRecord {
			return "", fmt.Errorf("a record would have %d bytes, at most %d are kept", len(rec), maxRecord)
		}
		r.records = append(r.records, string(rec))
	}
	for b.Len() > 0 {
		if err := s.ready(ctx); err != nil {
			return "", err
		}
		a, err := s.run(ctx, r)
		if err == nil {
			err = s.take(a)
		}
		if err == nil && a.word == "written" {
			s.appends.Add(1)
			err = s.apply(a.number+1, r.records)
		}
		if err != nil && !passing(err) {
			return "", err
		}
		if s.settled(b.Len()) {
			break
		}
		switch {
		case err != nil:
			if err := p.wait(ctx, err); err != nil {
				return "", fmt.Errorf("%w: %w", ErrBusy, err)
			}
		case a.word == "wait" || a.word == "disturbed":
			return a.word, nil
		case a.word == "behind":
			if err := s.catchUp(ctx, s.o.Patience); err != nil {
				return "", err
			}
			if r.needs != (oplog.Need{}) && !s.settled(b.Len()) {
				return a.word, nil
			}
		default: // written or done, and not there
			s.mu.Lock()
			defer s.mu.Unlock()
			s.lost = true
			return "", fmt.Errorf("%w: of %d records that were written %d are there", ErrLogLost, b.Len(), len(s.outcomes))
		}
		if s.settled(b.Len()) {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	again, err := settle(s.state, s.outcomes)
	if again && err == nil {
		word = "again"
	}
	return word, err
}

// settled reports whether the outcomes of n records are known.
func (s *Storage) settled(n int) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.outcomes) == n
}
