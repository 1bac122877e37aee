package hone

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/gohone/hone/storage"
)

// LeaseOptions say how the workers of several processes watch over one another,
// on storages that support it. The zero value is the recommended setting.
//
// While it runs, a trial belongs to one worker, who writes a beat now and then.
// Workers watch one another's beats by their own monotonic clock. A worker whose
// beat has not moved for long enough is lost: its trials fail, do not count, and
// are put back into the queue under new numbers. If it was only slow, its trials'
// contexts end with ErrLeaseLost, and what they bring is not counted.
type LeaseOptions struct {
	// Beat is the time between two beats. 0 means 2 s.
	Beat time.Duration
	// Lost is how long a beat may stand still before its worker counts as lost.
	// 0 means 10 s. At least 3 beats are sensible.
	Lost time.Duration
	// MaxRetries is how many times a trial whose worker was lost is tried
	// again. 0 means 3; below zero means never.
	MaxRetries int
}

func (o LeaseOptions) validate() error {
	switch {
	case o.Beat < 0:
		return fmt.Errorf("hone: LeaseOptions.Beat is %v; it must not be negative", o.Beat)
	case o.Lost < 0:
		return fmt.Errorf("hone: LeaseOptions.Lost is %v; it must not be negative", o.Lost)
	}
	o = o.withDefaults()
	if o.Lost <= o.Beat {
		return fmt.Errorf("hone: LeaseOptions.Lost is %v, not above LeaseOptions.Beat, %v; every worker would count as lost", o.Lost, o.Beat)
	}
	return nil
}

func (o LeaseOptions) withDefaults() LeaseOptions {
	if o.Beat == 0 {
		o.Beat = 2 * time.Second
	}
	if o.Lost == 0 {
		o.Lost = 10 * time.Second
	}
	switch {
	case o.MaxRetries == 0:
		o.MaxRetries = 3
	case o.MaxRetries < 0:
		o.MaxRetries = 0
	}
	return o
}

// A leaseKeeper keeps this process's trials alive and looks after the others'.
// It works in a goroutine that lives while the study has trials under way here;
// a call of Optimize that waits for others' trials looks around itself. A nil leaseKeeper does nothing: there is but one
// process.
type leaseKeeper struct {
	study  *Study
	store  storage.Leaser
	o      LeaseOptions
	worker string

	mu     sync.Mutex
	held   int // trials under way here
	stop   chan struct{}
	beaten time.Time // when the last round began
	eyes   int       // how many look around now and then
	looked time.Time // when the last look succeeded, or the first of the eyes opened

	watch sync.Mutex // one look at a time
	seq   int64
	seen  map[string]sighting
	first map[int64]time.Time // by trial of another: when it was first seen
}

// A sighting is when a worker's beat was last seen to move.
type sighting struct {
	seq   int64
	at    time.Time // of this process's monotonic clock
	moved bool      // since it was first seen
}

func newLeaseKeeper(s *Study, store storage.Leaser, o LeaseOptions) *leaseKeeper {
	return &leaseKeeper{
		study:  s,
		store:  store,
		o:      o.withDefaults(),
		worker: s.self,
		seen:   make(map[string]sighting),
	}
}

func (l *leaseKeeper) maxRetries() int {
	if l == nil {
		return LeaseOptions{}.withDefaults().MaxRetries
	}
	return l.o.MaxRetries
}

// hold and drop count what needs beats; the first hold starts the goroutine and
// the last drop ends it.
func (l *leaseKeeper) hold(t *Trial) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t.held = true
	l.held++
	if l.held == 1 {
		l.openEyes()
		l.stop = make(chan struct{})
		go l.keep(l.stop)
	}
}

func (l *leaseKeeper) drop(t *Trial) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !t.held {
		return // an attached trial
	}
	t.held = false
	l.held--
	if l.held == 0 {
		l.eyes--
		close(l.stop)
	}
}

// attend has this process count as one that looks around until done is called.
func (l *leaseKeeper) attend() (done func()) {
	if l == nil {
		return func() {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.openEyes()
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.eyes--
	}
}

// openEyes notes, with mu held, that somebody begins to look around.
func (l *leaseKeeper) openEyes() {
	if l.eyes == 0 {
		l.looked = time.Now()
	}
	l.eyes++
}

// blind notes a look, and returns for how long nobody here could look although
// somebody meant to: this process or its machine stood still, or the storage was
// out of reach. The others may have fared the same, so that time says nothing of
// them.
func (l *leaseKeeper) blind(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	gap := now.Sub(l.looked)
	l.looked = now
	if l.eyes == 0 || gap < l.o.Lost/2 {
		return 0
	}
	return gap
}

// holds reports whether the trial is under this process's lease.
func (l *leaseKeeper) holds(t *Trial) bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return t.held
}

// keep writes beats and looks around. The first beat is due at once: a trial
// whose worker never beat is judged from when it was first seen. A process that
// holds trials now and then, which this goroutine lives no longer than, beats no
// more often than one that always holds some.
func (l *leaseKeeper) keep(stop chan struct{}) {
	l.mu.Lock()
	next := time.NewTimer(l.o.Beat - time.Since(l.beaten))
	l.mu.Unlock()
	defer next.Stop()
	for {
		select {
		case <-stop:
			return
		case <-next.C:
		}
		l.mu.Lock()
		l.beaten = time.Now()
		l.mu.Unlock()
		next.Reset(l.o.Beat)
		ctx, cancel := context.WithTimeout(context.Background(), l.o.Lost)
		if err := l.round(ctx); err != nil && l.study.logger != nil {
			l.study.logger.Warn("hone: lease round failed, the next one tries again", "study", l.study.name, "error", err)
		}
		cancel()
	}
}

// look gives up trials of lost workers, for a call that waits for them.
func (l *leaseKeeper) look(ctx context.Context) {
	if l == nil {
		return
	}
	l.watch.Lock()
	defer l.watch.Unlock()
	if err := l.reap(ctx); err != nil && ctx.Err() == nil && l.study.logger != nil {
		l.study.logger.Warn("hone: looking for lost workers failed, the next look tries again", "study", l.study.name, "error", err)
	}
}

// doubts reports whether somebody holds a trial who has not been seen to live.
func (l *leaseKeeper) doubts() bool {
	if l == nil {
		return false
	}
	l.watch.Lock()
	defer l.watch.Unlock()
	for _, rec := range l.study.known.leasedElsewhere() {
		if !l.seen[rec.Holder()].moved {
			return true
		}
	}
	return false
}

// round is one beat: tell that we live, see whether our trials are still ours,
// and give up those of workers that are gone.
func (l *leaseKeeper) round(ctx context.Context) error {
	l.watch.Lock()
	defer l.watch.Unlock()
	mine := l.study.known.liveTrials()
	ids := make([]int64, 0, len(mine))
	for _, t := range mine {
		ids = append(ids, t.rec.ID)
	}
	l.seq++
	beatErr := l.store.Beat(ctx, l.study.id, l.worker, l.seq, ids)
	return errors.Join(beatErr, l.checkMine(ctx, mine, ids), l.reap(ctx))
}

// checkMine ends the context of trials that somebody else has finished.
func (l *leaseKeeper) checkMine(ctx context.Context, mine []*Trial, ids []int64) error {
	if len(mine) == 0 {
		return nil
	}
	const none = 1<<63 - 1 // no trial is above this id: only those asked for
	recs, err := l.store.Trials(ctx, l.study.id, none, ids)
	if err != nil {
		if errors.Is(err, ErrStudyNotFound) {
			for _, t := range mine {
				l.lose(t, fmt.Errorf("hone: trial %d: %w: %w", t.rec.Number, ErrLeaseLost, err))
			}
		}
		return err
	}
	state := make(map[int64]storage.State, len(recs))
	for i := range recs {
		state[recs[i].ID] = recs[i].State
	}
	for _, t := range mine {
		if st, ok := state[t.rec.ID]; ok && st == Running {
			continue
		}
		l.lose(t, fmt.Errorf("hone: trial %d: %w: it was ended by another worker", t.rec.Number, ErrLeaseLost))
	}
	return nil
}

// lose parts with a trial that somebody else has ended: its context ends, and
// telling it is refused. One that is being told just now is left to that.
func (l *leaseKeeper) lose(t *Trial, cause error) {
	if t.open() != nil {
		return
	}
	t.elsewhere.Store(true)
	t.abort(cause)
	if _, ok := t.close(); !ok {
		return
	}
	l.study.known.finish(t.rec.ID, nil)
	l.drop(t)
}

// reap gives up the trials of workers whose beat has stood still for too long.
func (l *leaseKeeper) reap(ctx context.Context) error {
	if err := l.study.refresh(ctx); err != nil {
		return err
	}
	others := l.study.known.leasedElsewhere()
	if len(others) == 0 {
		l.blind(time.Now())
		return nil
	}
	beats, err := l.store.Beats(ctx, l.study.id)
	if err != nil {
		return err
	}
	now := time.Now()
	if gap := l.blind(now); gap > 0 {
		for what, seen := range l.seen {
			seen.at = seen.at.Add(gap)
			l.seen[what] = seen
		}
		for id, at := range l.first {
			l.first[id] = at.Add(gap)
		}
	}
	// A worker that comes back begins a trial before it beats again, maybe: nobody
	// loses a trial that has not been seen for as long as that takes.
	first := make(map[int64]time.Time, len(others))
	for _, rec := range others {
		first[rec.ID] = now
		if at, ok := l.first[rec.ID]; ok {
			first[rec.ID] = at
		}
	}
	l.first = first
	var failed error
	for _, rec := range others {
		holder, what, seq := rec.Holder(), rec.Holder(), beats[rec.Holder()]
		if holder == l.worker {
			// Ours, and nobody here works on it: the answer to the claim was
			// lost on the way. If it is still so later, it is nobody's.
			what, seq = "trial "+strconv.FormatInt(rec.ID, 10), 0
		}
		seen, known := l.seen[what]
		if !known || seq != seen.seq {
			l.seen[what] = sighting{seq, now, known}
			continue
		}
		if now.Sub(seen.at) < l.o.Lost || now.Sub(first[rec.ID]) < l.o.Lost {
			continue
		}
		done, err := l.study.giveUp(ctx, rec, fmt.Sprintf("its worker %s was lost", holder), true, true)
		failed = errors.Join(failed, err)
		if done && l.study.logger != nil {
			l.study.logger.Warn("hone: trial of a lost worker was put back into the queue", "study", l.study.name, "trial", rec.Number, "worker", holder)
		}
	}
	return failed
}
