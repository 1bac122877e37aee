package hone

import (
	"context"
	"slices"
	"sync"

	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// Workers begin trials one after the other, for each is to see what the one before
// it has begun. Where the storage begins several trials for the price of one
// (storage.GroupClaimer), the worker whose turn it is begins one for each of those
// who wait: they have waited for a look at the storage that is as new as their own
// would have been. Not so with a sampler that wants to see each trial begin.

// A turn is a worker that waits to begin a trial.
type turn struct {
	ctx, from context.Context // see Study.start
	budget    int
	asked     bool
	done      chan struct{} // closed when another worker has begun a trial for it

	trial *Trial
	ok    bool
	err   error
}

// turns is a lock and the line of those who wait for it.
type turns struct {
	lock  chan struct{}        // holds one token
	group storage.GroupClaimer // nil: everybody begins a trial of their own

	mu   sync.Mutex
	line []*turn
}

func newTurns(st storage.Storage, smp sampler.Sampler) *turns {
	q := &turns{lock: make(chan struct{}, 1)}
	_, starts := smp.(sampler.Starter)
	_, ends := smp.(sampler.Exhauster)
	if group, ok := storage.AsGroupClaimer(st); ok && !starts && !ends {
		q.group = group
	}
	return q
}

// take waits for the lock, or until a trial was begun for me, and reports whether
// it holds the lock.
func (q *turns) take(me *turn) bool {
	if q.group == nil {
		q.lock <- struct{}{}
		return true
	}
	select {
	case q.lock <- struct{}{}:
		return true
	default:
	}
	me.done = make(chan struct{})
	q.mu.Lock()
	q.line = append(q.line, me)
	q.mu.Unlock()
	select {
	case q.lock <- struct{}{}:
	case <-me.done:
		return false
	}
	if q.leave(me) {
		return true
	}
	q.give() // both came at once
	return false
}

// give gives the lock back.
func (q *turns) give() { <-q.lock }

// leave takes a worker out of the line and reports whether it was there.
func (q *turns) leave(me *turn) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.line, me)
	if i >= 0 {
		q.line = slices.Delete(q.line, i, i+1)
	}
	return i >= 0
}

// mates returns who waits for a trial within the same budget. None of them leaves the line
// while the lock is held.
func (q *turns) mates(budget int) []*turn {
	if q.group == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	var mates []*turn
	for _, m := range q.line {
		if m.budget == budget {
			mates = append(mates, m)
		}
	}
	return mates
}

// serve lets a worker go on with what was begun for it.
func (q *turns) serve(m *turn) {
	q.leave(m)
	close(m.done)
}
