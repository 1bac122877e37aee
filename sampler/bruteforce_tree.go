package sampler

import (
	"fmt"
	"math"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// A tree holds what a study has tried: at each node stands what trials asked for
// next, and below it a node for each value that was tried. Every node knows how
// many values below it nobody has tried (its slots), so a trial finds one in time
// proportional to its number of parameters.
//
// Trials under way are put in for the time of one question and taken out again.
type tree struct {
	root  *node
	fixed map[string]any
	// patient never sends a trial to where another one is under way.
	patient bool
	read    int  // trials of the history that are accounted for
	warm    bool // one of them has come to its end
	// What followed on each sequence of names, hashed, in finished trials.
	follow map[uint64]*sequel

	disorder error // trials ask now for this and now for that, after the same values

	log     []func() // undoes what was done for trials under way, in order
	spoiled bool     // something was done that cannot be undone
}

// A sequel is what came after a sequence of names.
type sequel struct {
	end  bool // trials asked for nothing more
	next storage.Param
	last int  // the highest trial that asked for it
	many bool // different names came, or a name and the end
}

// A node is a point of time in a trial: the values chosen so far.
type node struct {
	from  *question // what led here; nil at the root
	value float64
	asked []*question // more than one only if trials went on differently
	cur   *question   // what the trial of the highest number asked
	open  int         // trials under way here or below that may ask for more
	free  bool        // only a lost trial was here
	turns int         // how often trials went back to what they had asked before
}

// A question is a parameter at a node.
type question struct {
	node   *node
	name   string
	domain distributions.Distribution
	only   *float64 // the one value, of a parameter that is fixed
	size   int64
	number int // the highest trial that asked
	child  map[float64]*node
	slots  int64 // values without a node, and the slots below the nodes
	// full leads from the place of a value below which nothing is left to the
	// next place that may have something: a disjoint-set forest.
	full map[int64]int64
}

func newTree(fixed map[string]any) *tree {
	return &tree{root: &node{}, fixed: fixed, follow: make(map[uint64]*sequel)}
}

// known reports whether anything at all is in the tree.
func (t *tree) known() bool { return t.root.cur != nil || t.root.open > 0 || len(t.follow) > 0 }

// slots returns how many untried values are known at the node and below.
func (n *node) slots() int64 {
	switch {
	case n.cur != nil:
		return n.cur.slots
	case n.free:
		return 1
	}
	return 0
}

// countable reports whether a parameter is one of finitely many values: others, of
// another sampler's trials, are passed over.
func countable(p storage.Param) bool {
	if p.Dist == nil || math.IsNaN(p.Value) {
		return false
	}
	_, ok := p.Dist.Size()
	return ok
}

// index returns the place of a value, −1 if it is none of the domain's.
func (q *question) index(v float64) int64 {
	if q.only != nil {
		if v == *q.only {
			return 0
		}
		return -1
	}
	return int64(indexOf(q.domain, v))
}

// at returns the value at a place.
func (q *question) at(k int64) float64 {
	if q.only != nil {
		return *q.only
	}
	return valueAt(q.domain, int(k))
}

// add changes the slots at a question and at all nodes above that count them.
func (q *question) add(delta int64, temporary bool) {
	for delta != 0 {
		q.slots += delta
		n := q.node
		if n.cur != q || n.from == nil {
			return
		}
		k := n.from.index(n.value)
		if k < 0 {
			return
		}
		if _, full := n.from.full[k]; full && !temporary && q.slots > 0 {
			n.from.refill() // something is left there again
		}
		q = n.from
	}
}

// refill finds out where nothing is left.
func (q *question) refill() {
	q.full = make(map[int64]int64)
	for v, c := range q.child {
		if k := q.index(v); k >= 0 && c.slots() == 0 {
			q.full[k] = k + 1
		}
	}
}

// ask returns the question that a trial asks at a node, which it makes or brings
// up to date. The trial of the highest number knows best.
func (t *tree) ask(n *node, p storage.Param, number int, temporary bool) *question {
	for _, q := range n.asked {
		if q.name != p.Name {
			continue
		}
		if number > q.number {
			if !sameDomain(q.domain, p.Dist) || n.cur.number < number && n.cur != q {
				if !temporary && n.cur != q {
					t.turned(n, q)
				}
				t.spoiled = t.spoiled || temporary
				t.renew(q, p.Dist, temporary)
				t.prefer(n, q, number, temporary)
			} else if temporary {
				old := q.number
				t.log = append(t.log, func() { q.number = old })
			}
			q.number = number
		}
		return q
	}
	q := &question{node: n, name: p.Name, number: number, child: make(map[float64]*node)}
	n.asked = append(n.asked, q)
	t.renew(q, p.Dist, temporary)
	n.claim(t, temporary)
	if n.cur != nil {
		t.spoiled = t.spoiled || temporary
		t.prefer(n, q, number, temporary)
		return q
	}
	n.cur = q
	q.count(temporary)
	if temporary {
		t.log = append(t.log, func() {
			q.add(-q.slots, true)
			n.cur, n.asked = nil, nil
		})
	}
	return q
}

// maxTurns is how often trials may go back to a question at one node. A program that
// was changed goes on otherwise once, and with its predecessor still running a few
// times.
const maxTurns = 5

// turned takes in that trials went back to asking q at a node. A tree in which that
// happens again and again has no end.
func (t *tree) turned(n *node, q *question) {
	if n.turns++; n.turns >= maxTurns && t.disorder == nil {
		t.disorder = fmt.Errorf("sampler: BruteForce: trials ask now for %q and now for %q after the same values; ask in the same order in every trial (a range over a map has none)", n.cur.name, q.name)
	}
}

// count has the nodes above count the slots of a question that has become its
// node's.
func (q *question) count(temporary bool) {
	slots := q.slots
	q.slots = 0
	q.add(slots, temporary)
}

// prefer makes q the node's question if its trial has the highest number.
func (t *tree) prefer(n *node, q *question, number int, temporary bool) {
	if n.cur == q || number <= n.cur.number {
		return
	}
	slots := n.cur.slots
	n.cur.add(-slots, temporary)
	n.cur.slots = slots // it keeps them; those above do not count them any more
	n.cur = q
	q.count(temporary)
}

// renew gives a question a domain and counts its slots.
func (t *tree) renew(q *question, d distributions.Distribution, temporary bool) {
	n, _ := d.Size()
	q.domain, q.size, q.only = d, int64(n), nil
	if value, ok := t.fixed[q.name]; ok {
		if v, err := d.Internal(value); err == nil {
			q.only, q.size = &v, 1
		}
	}
	slots := q.size
	for v, c := range q.child {
		if q.index(v) >= 0 {
			slots += c.slots() - 1
		}
	}
	q.refill()
	q.add(slots-q.slots, temporary)
}

// sameDomain is distributions.Equal without its cost for categories, which do not
// change within a study.
func sameDomain(a, b distributions.Distribution) bool {
	ca, ok := a.(distributions.Categorical)
	if !ok {
		return distributions.Equal(a, b)
	}
	cb, ok := b.(distributions.Categorical)
	return ok && len(ca.Choices) == len(cb.Choices)
}

// enter returns the node below a question for a value, which it makes if need be.
func (t *tree) enter(q *question, v float64, temporary bool) *node {
	if c := q.child[v]; c != nil {
		c.claim(t, temporary)
		return c
	}
	c := &node{from: q, value: v}
	q.child[v] = c
	counted := q.index(v) >= 0
	if counted {
		q.add(-1, temporary)
	}
	if temporary {
		t.log = append(t.log, func() {
			delete(q.child, v)
			if counted {
				q.add(1, true)
			}
		})
	}
	return c
}

// claim takes the slot that a node has by itself where only a lost trial was.
func (n *node) claim(t *tree, temporary bool) {
	if !n.free {
		return
	}
	n.free = false
	counted := n.from.index(n.value) >= 0
	if counted {
		n.from.add(-1, temporary)
	}
	if temporary {
		t.log = append(t.log, func() {
			n.free = true
			if counted {
				n.from.add(1, true)
			}
		})
	}
}

// lost takes in what a trial asked for that is to be tried again: it shows the way,
// but the slots remain.
func (t *tree) lost(trial *storage.Trial) {
	n := t.root
	for _, p := range trial.Params {
		if !countable(p) {
			continue
		}
		q := t.ask(n, p, trial.Number, false)
		c := q.child[p.Value]
		if c == nil {
			c = &node{from: q, value: p.Value, free: true}
			q.child[p.Value] = c
		}
		n = c
	}
}

// finished takes a trial of the history in. One that failed before it asked for
// anything has tried nothing.
func (t *tree) finished(trial *storage.Trial) {
	if !trial.Counts() {
		t.lost(trial)
		return
	}
	if trial.State == storage.Failed && len(trial.Params) == 0 {
		return
	}
	n, names := t.root, uint64(0)
	for _, p := range trial.Params {
		if countable(p) {
			n = t.enter(t.ask(n, p, trial.Number, false), p.Value, false)
			t.learn(names, p, trial.Number)
			names = then(names, p.Name)
		}
	}
	if trial.State != storage.Failed {
		t.learn(names, storage.Param{}, trial.Number)
		t.warm = true
	}
	for ; n.from != nil && n.slots() == 0; n = n.from.node {
		if k := n.from.index(n.value); k >= 0 {
			n.from.fill(k)
		}
	}
}

// learn takes in what followed on a sequence of names; a parameter without a name
// stands for the end.
func (t *tree) learn(names uint64, p storage.Param, number int) {
	s := t.follow[names]
	if s == nil {
		s = &sequel{last: -1}
		t.follow[names] = s
	}
	if p.Name == "" {
		s.end = true
	} else {
		s.many = s.many || s.next.Name != "" && s.next.Name != p.Name
		if number > s.last {
			s.next, s.last = p, number
		}
	}
	s.many = s.many || s.end && s.next.Name != ""
}

// running puts a trial under way in, as far as it is known where it will go: by
// what it has, by what was noted or enqueued for it, or else by its number.
func (t *tree) running(trial *storage.Trial, d digits) {
	n, names, at := t.root, uint64(0), 0
	plan := noted(trial)
	for _, p := range trial.Params {
		if !countable(p) {
			continue
		}
		if at < len(plan) && plan[at] != p.Value {
			plan = nil
		}
		q := t.ask(n, p, trial.Number, true)
		d.skip(q, p.Value)
		n = t.enter(q, p.Value, true)
		names = then(names, p.Name)
		at++
	}
	fixed := enqueued(trial)
	for {
		after := t.follow[names]
		if n.cur == nil && after != nil && !after.many && !after.end && !t.patient {
			t.ask(n, after.next, trial.Number, true) // so it went whenever it came to this
		}
		if n.cur == nil {
			if after == nil || !after.end {
				n.opened(1)
				t.log = append(t.log, func() { n.opened(-1) })
			}
			return
		}
		q := n.cur
		v := q.at(d.next(q.size))
		if at < len(plan) {
			v = plan[at]
		}
		if value, ok := fixed[q.name]; ok {
			if w, err := q.domain.Internal(value); err == nil {
				v = w
			}
		}
		if q.index(v) < 0 {
			return
		}
		d.took(q.index(v))
		n = t.enter(q, v, true)
		names = then(names, q.name)
		at++
	}
}

// opened counts trials under way that may ask for more.
func (n *node) opened(delta int) {
	for {
		n.open += delta
		if n.from == nil {
			return
		}
		n = n.from.node
	}
}

// undo takes the trials under way out. It reports whether the tree may be kept.
func (t *tree) undo() bool {
	if t.spoiled {
		return false
	}
	for i := len(t.log) - 1; i >= 0; i-- {
		t.log[i]()
	}
	t.log = t.log[:0]
	return true
}
