package hone

import "slices"

// A queue holds the ids of a study's waiting trials, in order. Trials are taken
// from its front, so a look at the storage asks for the front alone, and for a few
// of the others in turn in case somebody took them out of order: a long queue
// costs a look no more than a short one.
type queue struct {
	ids  []int64
	turn int64 // the last id that had its turn
}

const (
	queueFront = 32 // looked at each time
	queueTurn  = 8  // of the others, each time
)

func (q *queue) len() int { return len(q.ids) }

func (q *queue) has(id int64) bool {
	_, found := slices.BinarySearch(q.ids, id)
	return found
}

func (q *queue) add(id int64) {
	if i, found := slices.BinarySearch(q.ids, id); !found {
		q.ids = slices.Insert(q.ids, i, id)
	}
}

func (q *queue) remove(id int64) {
	switch i, found := slices.BinarySearch(q.ids, id); {
	case !found:
	case i == 0:
		q.ids = q.ids[1:]
	default:
		q.ids = slices.Delete(q.ids, i, i+1)
	}
}

// front returns the ids at the front, which the queue goes on using.
func (q *queue) front() []int64 { return q.ids[:min(queueFront, len(q.ids))] }

// others returns the ids behind the front whose turn it is.
func (q *queue) others() []int64 {
	rest := q.ids[len(q.front()):]
	if len(rest) == 0 {
		return nil
	}
	i, _ := slices.BinarySearch(rest, q.turn+1)
	if i == len(rest) {
		i = 0
	}
	rest = rest[i:min(i+queueTurn, len(rest))]
	q.turn = rest[len(rest)-1]
	return rest
}
