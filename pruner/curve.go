package pruner

import (
	"fmt"
	"math"
	"sync"

	"github.com/gohone/hone/storage"
)

// better reports whether a is strictly better than b. NaN is neither better nor
// worse than anything.
func better(d storage.Direction, a, b float64) bool {
	if d == storage.Maximize {
		return a > b
	}
	return a < b
}

// best returns the best of the reported values, passing NaN over. It is NaN if
// nothing else was reported.
func best(d storage.Direction, reports []storage.Report) float64 {
	out := math.NaN()
	for _, r := range reports {
		if math.IsNaN(out) || better(d, r.Value, out) {
			out = r.Value
		}
	}
	return out
}

// due reports whether the trial's last report is the first one of its interval.
// Intervals of so many steps begin at warmup; before it nothing is due.
func due(reports []storage.Report, warmup, interval int) bool {
	n := len(reports)
	if n == 0 || reports[n-1].Step < warmup {
		return false
	}
	step := reports[n-1].Step
	start := (step-warmup)/interval*interval + warmup
	return n == 1 || reports[n-2].Step < start
}

// atLeast returns an error that names the setting if it is below low.
func atLeast(low int, setting string, value int) error {
	if value < low {
		return fmt.Errorf("pruner: %s is %d; it must be at least %d", setting, value, low)
	}
	return nil
}

// orDefault returns v, or def if v is 0.
func orDefault(v, def int) int {
	if v == 0 {
		return def
	}
	return v
}

// A digest is something computed from a history trial by trial. add takes in one
// more finished trial.
type digest interface{ add(t *storage.Trial) }

// digests keeps one digest for each log, so that a decision costs what has
// finished since the last one. It is a cache: what it gives depends on the
// history alone.
type digests[D digest] struct {
	mu    sync.Mutex
	byLog map[*storage.Log]*digested[D]
}

type digested[D digest] struct {
	d    D
	seen int // trials taken in
}

// maxLogs bounds how many logs a pruner remembers. A study has one log, or one
// for each bracket.
const maxLogs = 64

// with calls use with the digest of exactly the trials of h; fresh makes an
// empty one. use must not keep it.
func (c *digests[D]) with(h *storage.History, fresh func() D, use func(D)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byLog[h.Log()]
	switch {
	case e == nil:
		if c.byLog == nil || len(c.byLog) >= maxLogs {
			c.byLog = make(map[*storage.Log]*digested[D])
		}
		e = &digested[D]{d: fresh()}
		c.byLog[h.Log()] = e
	case e.seen > h.Len():
		// Another worker has a later snapshot and was faster. This one is
		// answered from its own trials.
		e = &digested[D]{d: fresh()}
	}
	if e.seen < h.Len() {
		for _, t := range h.Trials()[e.seen:] {
			e.d.add(t)
		}
		e.seen = h.Len()
	}
	use(e.d)
}

// drop forgets the digest of h's log.
func (c *digests[D]) drop(h *storage.History) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byLog, h.Log())
}
