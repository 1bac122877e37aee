package sampler

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/gohone/hone/storage"
)

// How a search is found again from a study's trials.
//
// A search is a chain of steps. Step 0 is its beginning; each later step tells a
// generation of finished trials to the distribution. The trial for which a step was made carries
// a record of it: the space (as a hash), the number of the step, and
// the numbers of the trials that were told (of step 0: that the distribution was
// fitted to). Thus results that come late or in another order change nothing
// that was done before.
//
// When two workers make the same step at once, there are two records of it; the one of
// the trial of the lower number counts. The trial that carries the other one was
// drawn from a distribution that is not in the chain. It will be taken for
// a stranger's, like a trial that another sampler chose.
//
// Whether a trial is a sample of the distribution to which it is told shows when
// its draw is repeated, for which the study's seed and its number are enough. The
// repetition also gives what its parameters do not show: where within its
// cell an integer lay, and beyond which bound a float.
//
// A step can be seen by a query if the trial with the record is in the history or
// under way, and all told trials are in the history. The nodes below are a cache
// of chains, checked against each query.

const cmaAttr = "hone:cma"

// A cmaStep names a step of the searches in one space.
type cmaStep struct {
	sign string
	step int
}

// A cmaRecord says that a step was made.
type cmaRecord struct {
	cmaStep
	number int    // of the trial that carries it
	pos    int    // of that trial in the history, −1 while it is under way
	told   string // numbers, as in "3-7,9"
}

// A cmaStudy caches what is known of a study.
type cmaStudy struct {
	log     *storage.Log
	read    int         // trials of the history that were taken in
	at      map[int]int // position by number
	records map[cmaStep][]cmaRecord
	space   *cmaSpace
	domains map[string]*cmaDomains
	tips    []*cmaNode // nodes that have their state, latest use first
	ranked  []int      // positions of trials that can be learnt from, best first
	usable  []int      // how many of these there are, by position of the last
}

// A cmaNode is a step that was made again. It does not change.
type cmaNode struct {
	parent *cmaNode
	record cmaRecord
	state  *cmaState // nil when it was dropped from the cache
	maxPos int       // highest position of the history that the chain up to here depends on
	loose  []int     // carriers of records that were under way
	seen   int       // length of the history for which untold was made
	untold []int     // positions of trials of the present run that were not told
}

// sync takes in the trials that are new in the history.
func (c *cmaStudy) sync(h *storage.History) {
	if h.Len() <= c.read {
		return
	}
	for pos, t := range h.Trials()[c.read:] {
		pos += c.read
		if _, twice := c.at[t.Number]; !twice {
			c.at[t.Number] = pos
		}
		for i := range t.Params {
			p := &t.Params[i]
			if c.domains[p.Name] == nil {
				c.domains[p.Name] = new(cmaDomains)
			}
			c.domains[p.Name].note(p.Dist, pos)
		}
		for _, r := range parseCMARecords(t) {
			r.pos = pos
			c.records[r.cmaStep] = append(c.records[r.cmaStep], r)
			c.tips = slices.DeleteFunc(c.tips, func(n *cmaNode) bool { return n.disputed(&r) })
		}
	}
	c.read = h.Len()
}

// disputed reports whether a record of a step of the chain precedes the one that was used.
func (n *cmaNode) disputed(r *cmaRecord) bool {
	if r.sign != n.record.sign || r.step > n.record.step {
		return false
	}
	for n.record.step > r.step {
		n = n.parent
	}
	return r.number < n.record.number || r.number == n.record.number && r.told != n.record.told
}

// parseCMARecords reads a trial's note: the space's hash, the number of a step, and
// the told trials of this and of the steps that follow it.
func parseCMARecords(t *storage.Trial) []cmaRecord {
	text, _ := t.SystemAttrs.Get(cmaAttr)
	text, ok := strings.CutPrefix(text, `"`)
	fields := strings.Fields(strings.TrimSuffix(text, `"`))
	if !ok || len(fields) < 3 {
		return nil
	}
	step, err := strconv.Atoi(fields[1])
	if err != nil || step < 0 || step > 1<<30 {
		return nil
	}
	out := make([]cmaRecord, len(fields)-2)
	for i, told := range fields[2:] {
		out[i] = cmaRecord{cmaStep: cmaStep{fields[0], step + i}, number: t.Number, pos: -1, told: told}
	}
	return out
}

// positions returns where in the first n trials of the history the told ones are. It
// reports false if one is not there, or the text is not in order.
func (c *cmaStudy) positions(told string, n int) (out []int, ok bool) {
	if told == nobody {
		return nil, true
	}
	next := 0
	for part := range strings.SplitSeq(told, ",") {
		first, last, span := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		to := from
		if err == nil && span {
			to, err = strconv.Atoi(last)
		}
		if err != nil || from < next || to < from {
			return nil, false
		}
		for ; from <= to; from++ { // ends at the first number that is not there
			pos, ok := c.at[from]
			if !ok || pos >= n {
				return nil, false
			}
			out = append(out, pos)
		}
		next = to + 1
	}
	return out, true
}

// nobody stands for no trials.
const nobody = "-"

// ranges writes rising numbers in the form that positions reads.
func ranges(numbers []int) string {
	if len(numbers) == 0 {
		return nobody
	}
	var b []byte
	for i := 0; i < len(numbers); {
		k := i
		for k+1 < len(numbers) && numbers[k+1] == numbers[k]+1 {
			k++
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(numbers[i]), 10)
		if k > i {
			b = append(b, '-')
			b = strconv.AppendInt(b, int64(numbers[k]), 10)
		}
		i = k + 1
	}
	return string(b)
}

// A cmaView is what one query can see of a study's searches in one space.
type cmaView struct {
	*cmaStudy
	s       *CMAES
	q       *Query
	space   *cmaSpace
	n       int // length of the history
	running []cmaRecord
}

func (c *cmaStudy) view(s *CMAES, q *Query, space *cmaSpace) *cmaView {
	v := &cmaView{cmaStudy: c, s: s, q: q, space: space, n: q.History.Len()}
	for _, t := range append(slices.Clip(q.Running), q.Trial) {
		for _, r := range parseCMARecords(t) {
			if r.sign == space.sign {
				v.running = append(v.running, r)
			}
		}
	}
	return v
}

// record returns the record of a step that counts, and the positions of the told trials.
func (v *cmaView) record(step int) (best cmaRecord, told []int, ok bool) {
	look := func(r *cmaRecord) {
		if ok && best.number <= r.number {
			return
		}
		if p, valid := v.positions(r.told, v.n); valid {
			best, told, ok = *r, p, true
		}
	}
	list := v.records[cmaStep{v.space.sign, step}]
	for i := range list {
		if list[i].pos < v.n {
			look(&list[i])
		}
	}
	for i := range v.running {
		if v.running[i].step == step {
			look(&v.running[i])
		}
	}
	return best, told, ok
}

// holds reports whether the query sees all that a cached chain depends on, and nothing
// that speaks against it.
func (v *cmaView) holds(n *cmaNode) bool {
	if n.record.sign != v.space.sign || n.maxPos >= v.n {
		return false
	}
	for _, number := range n.loose {
		if pos, ok := v.at[number]; ok && pos < v.n {
			continue
		}
		if !slices.ContainsFunc(v.running, func(r cmaRecord) bool { return r.number == number }) {
			return false
		}
	}
	for i := range v.running {
		r := &v.running[i]
		if n.disputed(r) {
			if _, valid := v.positions(r.told, v.n); valid {
				return false
			}
		}
	}
	return true
}

// current returns the node of the last step that the query sees, nil if there is none.
func (v *cmaView) current() *cmaNode {
	var n *cmaNode
	for _, tip := range v.tips {
		if (n == nil || tip.record.step > n.record.step) && v.holds(tip) {
			n = tip
		}
	}
	if n != nil {
		v.keep(n)
	}
	made := false
	for {
		step := 0
		if n != nil {
			step = n.record.step + 1
		}
		r, told, ok := v.record(step)
		if !ok {
			break
		}
		// What was made here and is not kept may be changed in place.
		n = v.make(n, r, told, made)
		made = true
	}
	if made {
		v.keep(n)
	}
	return n
}

// keep puts a node, which has its state, first in the cache. A node that was made
// without the latest history is not kept: records that it does not know may
// speak against it.
func (v *cmaView) keep(n *cmaNode) {
	const most = 6
	if v.n < v.read {
		return
	}
	if i := slices.Index(v.tips, n); i >= 0 {
		v.tips = slices.Delete(v.tips, i, i+1)
	}
	v.tips = slices.Insert(v.tips, 0, n)
	for len(v.tips) > most {
		last := len(v.tips) - 1
		v.tips[last].state, v.tips[last].untold = nil, nil
		v.tips = v.tips[:last]
	}
}

// make makes a step. With inPlace it takes the parent's state over.
func (v *cmaView) make(parent *cmaNode, r cmaRecord, told []int, inPlace bool) *cmaNode {
	n := &cmaNode{parent: parent, record: r, maxPos: -1, seen: v.n}
	var loose []int
	if parent == nil {
		n.state = v.begin(r.number, told)
	} else {
		n.maxPos = parent.maxPos
		loose = parent.loose
		n.state = parent.state
		if inPlace {
			parent.state = nil
		} else {
			n.state = parent.state.clone()
		}
		v.tell(n.state, r, told)
	}
	for _, number := range append(slices.Clone(loose), r.number) {
		if pos, ok := v.at[number]; ok && pos < v.n {
			n.maxPos = max(n.maxPos, pos)
		} else {
			n.loose = append(n.loose, number)
		}
	}
	for _, pos := range told {
		n.maxPos = max(n.maxPos, pos)
	}
	n.untold = v.without(v.untold(parent, n.state.since), told)
	return n
}

// untold returns the positions of the trials that the query sees from number since on and that
// were not told up to a node.
func (v *cmaView) untold(n *cmaNode, since int) []int {
	var out []int
	trials := v.q.History.Trials()
	from := 0
	if n != nil {
		from = n.seen
		for _, pos := range n.untold {
			if pos < v.n && trials[pos].Number >= since {
				out = append(out, pos)
			}
		}
	}
	for pos := from; pos < v.n; pos++ {
		if number := trials[pos].Number; number >= since && v.at[number] == pos {
			out = append(out, pos)
		}
	}
	return out
}

// without removes told positions.
func (v *cmaView) without(positions, told []int) []int {
	sorted := slices.Sorted(slices.Values(told))
	return slices.DeleteFunc(positions, func(pos int) bool {
		_, found := slices.BinarySearch(sorted, pos)
		return found
	})
}

// byNumber sorts positions by the numbers of their trials.
func (v *cmaView) byNumber(positions []int) []int {
	trials := v.q.History.Trials()
	slices.SortFunc(positions, func(a, b int) int { return cmp.Compare(trials[a].Number, trials[b].Number) })
	return positions
}
