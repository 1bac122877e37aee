package pruner

import (
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"math"
	"strconv"
	"sync"

	"github.com/gohone/hone/storage"
)

// Hyperband divides the trials among brackets of [SuccessiveHalving] that differ
// in how early they begin to stop trials: a hedge against not knowing how much
// the first steps tell. It is Optuna's HyperbandPruner.
//
// With η = ReductionFactor there are B = ⌊log_η(MaxResource/MinResource)⌋+1
// brackets. Bracket b skips b rungs and gets a share ⌈B·η^s/(s+1)⌉, s = B−1−b, of
// the trials. Which bracket a trial belongs to follows from a hash of the study's
// name and the trial's number alone, as in Optuna, so all workers agree on it. The
// sampler, too, sees the trials of one bracket only.
//
// Li et al., "Hyperband: a novel bandit-based approach to hyperparameter
// optimization", J. Mach. Learn. Res. 18 (2018), arXiv:1603.06560.
//
// The zero value is ready to use, by any number of goroutines. A Hyperband serves
// one study.
type Hyperband struct {
	// MinResource is the step of the first rung of bracket 0. 0 means 1.
	MinResource int
	// MaxResource is the highest number of steps that a trial makes. 0 means
	// what the complete trials made: the highest step that one of them
	// reported, plus one. Until there is one nothing is stopped, and all trials
	// belong to bracket 0; if a later one goes further, brackets are drawn anew.
	// (Optuna keeps to the first number that a process comes to know.)
	MaxResource int
	// ReductionFactor is η, at least 2. 0 means 3.
	ReductionFactor int
	// BootstrapCount is the number of trials that must have come to a rung
	// before any goes on from there. It must be 0 unless MaxResource is given.
	BootstrapCount int

	mu       sync.Mutex
	most     int      // number of steps learned
	brackets brackets // made for tableOf steps
	tableOf  int
	reach    digests[*reach]
	cache    digests[*bracketRungs]
}

// Validate returns an error that names the first setting out of range.
func (p *Hyperband) Validate() error {
	if p.ReductionFactor != 0 {
		if err := atLeast(2, "Hyperband.ReductionFactor", p.ReductionFactor); err != nil {
			return err
		}
	}
	if err := cmp.Or(
		atLeast(0, "Hyperband.MinResource", p.MinResource),
		atLeast(0, "Hyperband.MaxResource", p.MaxResource),
		atLeast(0, "Hyperband.BootstrapCount", p.BootstrapCount),
	); err != nil {
		return err
	}
	if least := orDefault(p.MinResource, 1); p.MaxResource != 0 && p.MaxResource < least {
		return fmt.Errorf("pruner: Hyperband.MaxResource is %d, below MinResource, %d", p.MaxResource, least)
	}
	if p.BootstrapCount > 0 && p.MaxResource == 0 {
		return fmt.Errorf("pruner: Hyperband.BootstrapCount is %d while MaxResource is left open; give both or neither", p.BootstrapCount)
	}
	return nil
}

// Bracket returns the bracket of a trial: 0 where there is but one, or as long as
// the resource is unknown.
func (p *Hyperband) Bracket(study string, number int) int {
	return p.table().of(study, number)
}

// Learn takes a finished trial in where MaxResource is left open. It reports
// whether the brackets have changed, so that all trials have to be sorted anew.
func (p *Hyperband) Learn(t *storage.Trial) bool {
	if p.MaxResource != 0 {
		return false
	}
	var r reach
	r.add(t)
	return p.learn(r.steps)
}

// learn takes in that a complete trial made so many steps.
func (p *Hyperband) learn(steps int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if steps <= p.most {
		return false
	}
	before := len(p.tableLocked())
	p.most = steps
	return len(p.tableLocked()) != before
}

// table returns the brackets for the resources that are given or learned.
func (p *Hyperband) table() brackets {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tableLocked()
}

func (p *Hyperband) tableLocked() brackets {
	most := orDefault(p.MaxResource, p.most)
	if most != p.tableOf {
		p.brackets, p.tableOf = makeBrackets(orDefault(p.MinResource, 1), most, orDefault(p.ReductionFactor, 3)), most
	}
	return p.brackets
}

// Prune decides by successive halving among the trials of the same bracket. Its
// error is Validate's or that of q.SetAttr.
func (p *Hyperband) Prune(_ context.Context, q *Query) (bool, error) {
	if err := p.Validate(); err != nil {
		return false, err
	}
	if p.MaxResource == 0 {
		p.reach.with(q.History, func() *reach { return new(reach) }, func(r *reach) { p.learn(r.steps) })
	}
	b := p.table()
	if len(b) == 0 {
		return false, nil
	}
	own := b.of(q.Study, q.Trial.Number)
	h := halving{orDefault(p.MinResource, 1), orDefault(p.ReductionFactor, 3), own, p.BootstrapCount}
	among := func(t *storage.Trial) bool { return b.of(q.Study, t.Number) == own }
	fresh := func() *bracketRungs { return &bracketRungs{study: q.Study, brackets: b} }
	var prune bool
	var err error
	decide := func(r *bracketRungs) { prune, err = h.prune(q, r.of(own), among) }
	stale := false
	p.cache.with(q.History, fresh, func(r *bracketRungs) {
		if stale = len(r.brackets) != len(b) || r.study != q.Study; !stale {
			decide(r)
		}
	})
	if stale { // the brackets have changed since
		p.cache.drop(q.History)
		p.cache.with(q.History, fresh, decide)
	}
	return prune, err
}

// brackets are the shares of the brackets.
type brackets []uint64

// makeBrackets computes the shares with the floating-point operations of Optuna,
// rounding included: for 1 to 243 in thirds there are five brackets, not six,
// because log 243 / log 3 comes out below 5.
func makeBrackets(least, most, factor int) brackets {
	if most < least {
		return nil
	}
	n, step := 1, least
	for step <= most/factor {
		step *= factor
		n++
	}
	if step == most { // an exact power, the only case in which rounding decides
		n = int(roundedLog(float64(most)/float64(least))/roundedLog(float64(factor))) + 1
	}
	b := make(brackets, n)
	power := 1.0 // η^s
	for s := range n {
		share := math.Ceil(float64(n) * power / float64(s+1))
		b[n-1-s] = uint64(min(share, 1<<40)) // far above any hash
		power *= float64(factor)
	}
	return b
}

// of returns the bracket of a trial.
func (b brackets) of(study string, number int) int {
	var total uint64
	for _, share := range b {
		total += share
	}
	if total == 0 {
		return 0
	}
	text := make([]byte, 0, 64)
	text = append(append(text, study...), '_')
	text = strconv.AppendInt(text, int64(number), 10)
	n := uint64(crc32.ChecksumIEEE(text)) % total
	for i, share := range b {
		if n < share {
			return i
		}
		n -= share
	}
	return len(b) - 1
}

// reach is the number of steps of the longest complete trial: the highest step
// plus one, for steps are counted from 0.
type reach struct{ steps int }

func (r *reach) add(t *storage.Trial) {
	if last, ok := t.LastReport(); ok && t.State == storage.Complete && last.Step < math.MaxInt {
		r.steps = max(r.steps, last.Step+1)
	}
}

// bracketRungs are the rungs of each bracket. Where a history holds the trials of
// one bracket only, the others stay empty.
type bracketRungs struct {
	study    string
	brackets brackets
	rungs    []*rungs
}

func (r *bracketRungs) add(t *storage.Trial) { r.of(r.brackets.of(r.study, t.Number)).add(t) }

func (r *bracketRungs) of(bracket int) *rungs {
	for len(r.rungs) <= bracket {
		r.rungs = append(r.rungs, new(rungs))
	}
	return r.rungs[bracket]
}
