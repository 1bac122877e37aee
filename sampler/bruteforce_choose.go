package sampler

import (
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/qmc"
	"github.com/gohone/hone/storage"
)

// pick finds a free combination for a trial: its own, which is that of path noted
// and after it, or where nothing is noted, that of its digits; or else another one.
// path holds the values that lead to it; what comes after them is unknown and
// follows from the digits. moved tells that it is not its own, and ok is false if
// none is free.
func (t *tree) pick(d digits, noted []float64, fixed map[string]any) (path []float64, moved, ok bool) {
	n := t.root
	for n.cur != nil {
		q := n.cur
		k := d.next(q.size)
		if at := len(path); !moved && at < len(noted) {
			if i := q.index(noted[at]); i >= 0 {
				k = i
			}
		}
		if value, ok := fixed[q.name]; ok {
			v, err := q.domain.Internal(value)
			if err != nil || q.index(v) < 0 {
				return nil, false, true
			}
			d.took(q.index(v))
			path = append(path, v)
			if n = q.child[v]; n == nil {
				return path, moved, true
			}
			continue
		}
		free, ok := q.free(k, !t.warm && !t.patient)
		if !ok && !t.patient {
			free, ok = q.opening(k)
		}
		if !ok {
			return nil, false, false
		}
		moved = moved || free != k
		d.took(free)
		path = append(path, q.at(free))
		n = q.child[q.at(free)]
		if n == nil {
			return path, moved, true
		}
	}
	if len(path) > 0 && !n.free && (n.open == 0 || t.patient) {
		return nil, false, false // everything with the enqueued values was tried, or is under way
	}
	return path, moved, true
}

// free returns the first place from k on, going round, at or below which there is
// a slot. With cold, place k is also good if a trial is under way there that may
// ask for more.
func (q *question) free(k int64, cold bool) (int64, bool) {
	if c := q.child[q.at(k)]; cold && c != nil && c.open > 0 {
		return k, true
	}
	if q.slots <= 0 {
		return 0, false
	}
	// Places that are full only because of trials under way are gone through one
	// by one: there are no more of them than such trials.
	start, round := k, false
	for {
		k = q.after(k)
		if k >= q.size {
			if round {
				return 0, false
			}
			k, round = 0, true
			continue
		}
		if round && k >= start {
			return 0, false
		}
		if c := q.child[q.at(k)]; c == nil || c.slots() > 0 {
			return k, true
		}
		k++
	}
}

// opening returns the first place from k on, going round, that leads to a trial
// under way which may ask for more.
func (q *question) opening(k int64) (int64, bool) {
	found, nearest := int64(0), q.size
	if q.node.open == 0 {
		return 0, false
	}
	for v, c := range q.child {
		if i := q.index(v); i >= 0 && c.open > 0 {
			if distance := (i - k + q.size) % q.size; distance < nearest {
				found, nearest = i, distance
			}
		}
	}
	return found, nearest < q.size
}

// after returns the first place from k on that is not full.
func (q *question) after(k int64) int64 {
	end := k
	for {
		next, ok := q.full[end]
		if !ok {
			break
		}
		end = next
	}
	for k != end { // shorten the way for the next time
		next := q.full[k]
		q.full[k] = end
		k = next
	}
	return end
}

// fill notes that nothing is left at a place and below.
func (q *question) fill(k int64) {
	if _, ok := q.full[k]; !ok {
		q.full[k] = k + 1
	}
}

// free returns an untried value for a trial that asks otherwise than was foreseen,
// or own if there is none.
func (t *tree) free(trial *storage.Trial, name string, d distributions.Distribution, own float64) float64 {
	n := t.root
	for _, p := range trial.Params {
		if !countable(p) {
			continue
		}
		var next *node
		for _, q := range n.asked {
			if q.name == p.Name {
				next = q.child[p.Value]
			}
		}
		if next == nil {
			return own
		}
		n = next
	}
	for _, q := range n.asked {
		if q.name != name || !sameDomain(q.domain, d) || q.index(own) < 0 {
			continue
		}
		if k, ok := q.free(q.index(own), false); ok {
			return q.at(k)
		}
	}
	return own
}

// digits are a trial's number, read as digits in the sizes of its parameters' domains,
// the first parameter's the lowest; each is shuffled by a permutation of its own
// for the values before it. So the trials 0 to n−1 of n combinations run one each.
type digits struct {
	rest, key uint64
}

func newDigits(q *Query, number int) digits {
	const bruteSeed = 0x6272757465666f72 // apart from other uses of the study's seed
	return digits{rest: uint64(number), key: qmc.Hash(q.Seed, bruteSeed)}
}

// next returns the place of the value that the number leads to.
func (d *digits) next(size int64) int64 {
	k := d.rest % uint64(size)
	d.rest /= uint64(size)
	return int64(qmc.Permute(k, uint64(size), d.key))
}

// took tells which place was taken.
func (d *digits) took(k int64) { d.key = qmc.Hash(d.key, uint64(k)) }

// skip goes on to the next parameter, over one whose value is given.
func (d *digits) skip(q *question, v float64) {
	d.next(q.size)
	d.took(q.index(v))
}

// then appends a name to a hashed sequence of names.
func then(names uint64, name string) uint64 {
	for i := range len(name) {
		names = (names ^ uint64(name[i])) * 0x100000001b3 // FNV-1a
	}
	return qmc.Hash(names, uint64(len(name)))
}
