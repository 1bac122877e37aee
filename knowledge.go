package hone

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/storage"
)

// knowledge is what this process knows of a study's trials. It follows the
// storage by reading what is new (see storage.Storage.Trials), so a look costs
// what has happened since the last one. Results of this process's own trials are
// put in at once and are not read back.
//
// Order of locks: Study.asking, then knowledge.mu, then Trial.mu.
type knowledge struct {
	study      string
	directions []Direction
	brackets   pruner.Bracketer // nil: one log for all

	mu       sync.Mutex
	log      *storage.Log
	apart    map[int]*storage.Log // by bracket
	after    int64                // largest id read
	unsure   map[int64]struct{}   // may have ended since they were read: others, and what was ours
	waiting  queue
	told     map[int64]struct{}       // put in by tell; to be passed over when they are read
	others   map[int64]*storage.Trial // running elsewhere
	live     map[int64]*Trial         // running here
	telling  map[int64]*telling       // begun elsewhere, and just being told here
	best     *storage.Trial           // best feasible complete trial of one objective
	sawLate  int                      // complete trials since best
	counts   int                      // trials that count towards a budget
	byState  [5]int                   // finished trials by state
	width    int                      // parameters of the last finished trial
	failures int                      // failed trials that count
	warned   bool                     // of a parameter out of an int's range
}

func newKnowledge(study string, directions []Direction, b pruner.Bracketer) *knowledge {
	return &knowledge{
		study:      study,
		directions: directions,
		brackets:   b,
		log:        storage.NewLog(len(directions)),
		apart:      make(map[int]*storage.Log),
		after:      -1,
		unsure:     make(map[int64]struct{}),
		told:       make(map[int64]struct{}),
		others:     make(map[int64]*storage.Trial),
		live:       make(map[int64]*Trial),
		telling:    make(map[int64]*telling),
	}
}

// refresh reads what is new in the storage: trials that were added, and what has
// become of those that were unfinished. Waiting trials that somebody took out of
// order may be noticed later.
func (s *Study) refresh(ctx context.Context) error {
	k := s.known
	k.mu.Lock()
	defer k.mu.Unlock()
	include := slices.Concat(slices.Collect(maps.Keys(k.unsure)), k.waiting.front(), k.waiting.others())
	for {
		front := k.waiting.front()
		last := int64(-1)
		if len(front) > 0 {
			last = front[len(front)-1]
		}
		if err := s.readNew(ctx, include); err != nil {
			return err
		}
		// Where the whole front was taken, more may have been.
		if k.waiting.len() == 0 || k.waiting.ids[0] <= last || last < 0 {
			return nil
		}
		include = k.waiting.front()
	}
}

// refreshAll is refresh with a look at every waiting trial.
func (s *Study) refreshAll(ctx context.Context) error {
	k := s.known
	k.mu.Lock()
	defer k.mu.Unlock()
	return s.readNew(ctx, slices.Concat(slices.Collect(maps.Keys(k.unsure)), k.waiting.ids))
}

// readNew reads the trials that were added, and those named, with the lock of
// what is known held.
func (s *Study) readNew(ctx context.Context, include []int64) error {
	k := s.known
	trials, err := s.storage.Trials(ctx, s.id, k.after, include)
	if err != nil {
		return err
	}
	for _, id := range include { // a server that crashed may have lost some
		if _, ok := k.unsure[id]; !ok {
			continue
		}
		if _, ok := slices.BinarySearchFunc(trials, id, func(t storage.Trial, id int64) int { return cmp.Compare(t.ID, id) }); !ok {
			delete(k.unsure, id)
			delete(k.others, id)
		}
	}
	for i := range trials {
		t := &trials[i]
		k.after = max(k.after, t.ID)
		if _, ok := k.told[t.ID]; ok {
			delete(k.told, t.ID)
			continue
		}
		if _, ok := k.live[t.ID]; ok || k.telling[t.ID] != nil {
			continue
		}
		if t.State == Waiting { // most of them were so before, and keep their place
			delete(k.unsure, t.ID)
			delete(k.others, t.ID)
			k.waiting.add(t.ID)
			continue
		}
		k.forget(t.ID)
		s.warnWide(t)
		c := *t // so that the batch can be freed
		if t.State == Running {
			k.others[t.ID] = &c
			k.unsure[t.ID] = struct{}{}
		} else {
			k.append(&c)
		}
	}
	return nil
}

// drawable returns t without the parameters that no trial here can have, which
// samplers and pruners need not know of.
func drawable(t *storage.Trial) *storage.Trial {
	if !slices.ContainsFunc(t.Params, wide) {
		return t
	}
	c := *t
	c.Params = slices.DeleteFunc(slices.Clone(t.Params), wide)
	return &c
}

func wide(p storage.Param) bool {
	_, ok := p.Dist.(distributions.WideInt)
	return ok
}

// warnWide tells once that there are such parameters.
func (s *Study) warnWide(t *storage.Trial) {
	if s.logger == nil || s.known.warned {
		return
	}
	if i := slices.IndexFunc(t.Params, wide); i >= 0 {
		s.known.warned = true
		s.logger.Warn("hone: samplers do not see a parameter whose range does not fit an int",
			"study", s.name, "trial", t.Number, "parameter", t.Params[i].Name, "domain", t.Params[i].Dist.String())
	}
}

// manyNames is from how many parameter names on it is asked whether they come back,
// and manyTrials after how many trials.
const (
	manyNames  = 1000
	manyTrials = 100
)

// warnNames tells once that names of parameters do not come back, as when they hold
// the trial's number. No sampler can learn then.
func (s *Study) warnNames(h *storage.History) {
	n := int64(len(h.Space()))
	if s.logger == nil || h.Len() < manyTrials || n <= max(s.names.Load(), manyNames) {
		return
	}
	trials := make(map[string]int, n)
	for _, t := range h.Trials() {
		for i := range t.Params {
			trials[t.Params[i].Name]++
		}
	}
	once, example := 0, ""
	for name, seen := range trials {
		if seen == 1 {
			once++
			example = max(example, name)
		}
	}
	if 2*once <= len(trials) {
		s.names.Store(2 * n) // look again then
		return
	}
	if s.names.Swap(math.MaxInt64) != math.MaxInt64 { // workers come at the same time
		s.logger.Warn("hone: most names of parameters occur in one trial only, so no sampler can learn; a name must be the same in every trial",
			"study", s.name, "names", len(trials), "once", once, "example", example)
	}
}

// forget drops what was known of an unfinished trial.
func (k *knowledge) forget(id int64) {
	delete(k.unsure, id)
	delete(k.others, id)
	k.waiting.remove(id)
}

// followed tells of an error of refresh.
func (s *Study) followed(err error) error {
	if errors.Is(err, ErrStudyNotFound) {
		return fmt.Errorf("hone: study %q was deleted while this program worked on it: %w", s.name, err)
	}
	return fmt.Errorf("hone: study %q: %w", s.name, err)
}

// append takes a finished trial in, with the lock held.
func (k *knowledge) append(t *storage.Trial) {
	k.width = len(t.Params)
	shown := drawable(t)
	k.log.Append(shown)
	if k.brackets != nil {
		b := k.brackets.Bracket(k.study, t.Number)
		if k.apart[b] == nil {
			k.apart[b] = storage.NewLog(len(k.directions))
		}
		k.apart[b].Append(shown)
		if l, ok := k.brackets.(pruner.Learner); ok && l.Learn(t) {
			k.sortAgain()
		}
	}
	k.byState[t.State]++
	if t.Counts() {
		k.counts++
		if t.State == Failed {
			k.failures++
		}
	}
	if len(k.directions) == 1 && t.State == Complete {
		k.sawLate++
		if betterTrial(t, k.best, k.directions[0]) {
			k.best, k.sawLate = t, 0
		}
	}
}

// whyNone tells what became of the trials of a study none of which is complete, with
// the lock held.
func (k *knowledge) whyNone() string {
	text := ""
	if n := k.byState[Pruned]; n > 0 {
		text += fmt.Sprintf(", %d pruned", n)
	}
	if n := k.byState[Failed]; n > 0 {
		text += fmt.Sprintf(", %d failed", n)
	}
	trials := k.log.History().Trials()
	for i := len(trials) - 1; i >= 0; i-- {
		if why, ok := trials[i].SystemAttrs.Get(storage.AttrError); ok {
			trial := fmt.Sprintf("trial %d: ", trials[i].Number)
			return text + "; " + trial + strings.TrimPrefix(fmt.Sprint(decodeAttr(why)), "hone: "+trial)
		}
	}
	return text
}

// sortAgain puts every trial into the bracket that it has now.
func (k *knowledge) sortAgain() {
	clear(k.apart)
	for _, t := range k.log.History().Trials() {
		b := k.brackets.Bracket(k.study, t.Number)
		if k.apart[b] == nil {
			k.apart[b] = storage.NewLog(len(k.directions))
		}
		k.apart[b].Append(t)
	}
}

// begin takes a trial in that this process works on.
func (k *knowledge) begin(t *Trial) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.live[t.rec.ID] = t
	if t.rec.ID == k.after+1 { // nothing lies between: it need not be read
		k.after = t.rec.ID
	}
	k.forget(t.rec.ID)
}

// A telling is the results of one trial that are being written by this process,
// which has it under way in as many copies: attached ones.
type telling struct {
	copies int
	known  bool // one of them was taken, and is in the log
}

// tell notes that the result of a trial that was begun elsewhere is being written,
// so that it is not read meanwhile as well. finishAttached has to follow if it
// reports true. It leaves alone what was begun here, and what has ended already, as
// is known: its result will be refused.
func (k *knowledge) tell(id int64) (attached bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.live[id]; ok {
		return false
	}
	if w := k.telling[id]; w != nil {
		w.copies++
		return true
	}
	_, told := k.told[id]
	_, unsure := k.unsure[id]
	if told || id <= k.after && !unsure && !k.waiting.has(id) { // it may have been taken since
		return false
	}
	k.telling[id] = &telling{copies: 1}
	return true
}

// finishAttached is finish after tell.
func (k *knowledge) finishAttached(id int64, rec *storage.Trial) {
	k.mu.Lock()
	defer k.mu.Unlock()
	w := k.telling[id]
	if rec != nil {
		w.known = true
		k.take(rec)
	}
	if w.copies--; w.copies > 0 {
		return
	}
	delete(k.telling, id)
	if !w.known {
		k.unsure[id] = struct{}{}
	}
}

// finish takes in the result of a trial of this process. rec is nil when the
// trial was ended elsewhere, and then it will be read, unless it was before.
func (k *knowledge) finish(id int64, rec *storage.Trial) {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, here := k.live[id]
	delete(k.live, id)
	if rec != nil {
		k.take(rec)
	} else if here {
		k.unsure[id] = struct{}{}
	}
}

// take puts a result of this process in, with the lock held.
func (k *knowledge) take(rec *storage.Trial) {
	k.forget(rec.ID)
	if rec.ID > k.after {
		k.told[rec.ID] = struct{}{}
	}
	k.append(rec)
}

// history returns what is finished, of the trial's bracket if there are such.
func (k *knowledge) history(number int) *storage.History {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.historyLocked(number)
}

func (k *knowledge) historyLocked(number int) *storage.History {
	if k.brackets == nil || number < 0 {
		return k.log.History()
	}
	b := k.brackets.Bracket(k.study, number)
	if k.apart[b] == nil {
		k.apart[b] = storage.NewLog(len(k.directions))
	}
	return k.apart[b].History()
}

// around returns the history for a trial and the other trials under way, by
// rising number.
func (k *knowledge) around(number int) (*storage.History, []*storage.Trial) {
	k.mu.Lock()
	defer k.mu.Unlock()
	h := k.historyLocked(number)
	n := len(k.others) + len(k.live)
	if n == 0 || n == 1 && number >= 0 && len(k.others) == 0 {
		return h, nil
	}
	running := make([]*storage.Trial, 0, n)
	for _, t := range k.others {
		running = append(running, drawable(t))
	}
	for _, t := range k.live {
		if t.rec.Number != number {
			c := t.snapshot()
			running = append(running, drawable(&c))
		}
	}
	if k.brackets != nil && number >= 0 {
		b := k.brackets.Bracket(k.study, number)
		running = slices.DeleteFunc(running, func(t *storage.Trial) bool { return k.brackets.Bracket(k.study, t.Number) != b })
	}
	slices.SortFunc(running, func(a, b *storage.Trial) int { return cmp.Compare(a.Number, b.Number) })
	return h, running
}

// unfinished tells how many trials wait, are run here by Optimize, and run
// elsewhere under a lease.
func (k *knowledge) unfinished() (waiting, here, leased int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, t := range k.others {
		if t.HoldsBudget() {
			leased++
		}
	}
	for _, t := range k.live {
		if !t.asked {
			here++
		}
	}
	return k.waiting.len(), here, leased
}

// oldestWaiting returns the ids of waiting trials, in order.
func (k *knowledge) oldestWaiting() []int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.waiting.ids)
}

// betterTrial reports whether t is complete, feasible, and better than best (nil:
// than nothing). Of equals the one of the lower number is better.
func betterTrial(t, best *storage.Trial, d Direction) bool {
	if t.State != Complete || len(t.Values) != 1 || t.Values[0] != t.Values[0] || !t.Feasible() {
		return false
	}
	if best == nil {
		return true
	}
	a, b := d.Sign()*t.Values[0], d.Sign()*best.Values[0]
	return a < b || a == b && t.Number < best.Number
}

// liveTrials returns the trials under way here that carry this process's lease.
func (k *knowledge) liveTrials() []*Trial {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.SortedFunc(maps.Values(k.live), func(a, b *Trial) int { return cmp.Compare(a.rec.ID, b.rec.ID) })
}

// leasedElsewhere returns the running trials that other workers hold.
func (k *knowledge) leasedElsewhere() []*storage.Trial {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []*storage.Trial
	for _, t := range k.others {
		if t.HoldsBudget() {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *storage.Trial) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// params returns how many parameters the last finished trial had.
func (k *knowledge) params() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.width
}
