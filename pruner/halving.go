package pruner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gohone/hone/internal/orderstat"
	"github.com/gohone/hone/storage"
)

// SuccessiveHalving stops all but the best 1/ReductionFactor of the trials at
// each rung, without waiting for the others: a trial goes on if it is among the
// best of those that have come to the rung so far. It is Optuna's
// SuccessiveHalvingPruner, the asynchronous algorithm ASHA.
//
// Steps are the resource. Rung k lies at step
// MinResource·ReductionFactor^(MinEarlyStoppingRate+k); a trial comes to it with
// its first report at or above that step, and is stopped there if the report is
// NaN. The values at the rungs are kept with the trials under Optuna's keys
// (completed_rung_0, …), so workers in Go and in Python judge by the same ones.
//
// Li et al., "A system for massively parallel hyperparameter tuning", MLSys 2020,
// arXiv:1810.05934.
//
// The zero value is ready to use, by any number of goroutines.
type SuccessiveHalving struct {
	// MinResource is the step of the first rung. 0 means a hundredth of the
	// highest step of any complete trial, at least 1; until there is such a
	// trial nothing is stopped. (Optuna keeps to the first such number that a
	// process comes to know, we to the highest step known.)
	MinResource int
	// ReductionFactor is at least 2. 0 means 4.
	ReductionFactor int
	// MinEarlyStoppingRate skips so many rungs at the beginning.
	MinEarlyStoppingRate int
	// BootstrapCount is the number of trials that must have come to a rung
	// before any goes on from there: the first ones are stopped. It must be 0
	// unless MinResource is given.
	BootstrapCount int

	cache digests[*rungs]
}

// Validate returns an error that names the first setting out of range.
func (p *SuccessiveHalving) Validate() error {
	if p.ReductionFactor != 0 {
		if err := atLeast(2, "SuccessiveHalving.ReductionFactor", p.ReductionFactor); err != nil {
			return err
		}
	}
	if err := cmp.Or(
		atLeast(0, "SuccessiveHalving.MinResource", p.MinResource),
		atLeast(0, "SuccessiveHalving.MinEarlyStoppingRate", p.MinEarlyStoppingRate),
		atLeast(0, "SuccessiveHalving.BootstrapCount", p.BootstrapCount),
	); err != nil {
		return err
	}
	if p.BootstrapCount > 0 && p.MinResource == 0 {
		return fmt.Errorf("pruner: SuccessiveHalving.BootstrapCount is %d while MinResource is left open; give both or neither", p.BootstrapCount)
	}
	return nil
}

// Prune decides by the rule above. Its error is Validate's or that of q.SetAttr.
func (p *SuccessiveHalving) Prune(_ context.Context, q *Query) (bool, error) {
	if err := p.Validate(); err != nil {
		return false, err
	}
	var prune bool
	var err error
	p.cache.with(q.History, func() *rungs { return new(rungs) }, func(r *rungs) {
		minResource := p.MinResource
		if minResource == 0 {
			if r.complete == 0 {
				return
			}
			minResource = max(r.lastStep/100, 1)
		}
		h := halving{minResource, orDefault(p.ReductionFactor, 4), p.MinEarlyStoppingRate, p.BootstrapCount}
		prune, err = h.prune(q, r, nil)
	})
	return prune, err
}

// halving is the rule itself.
type halving struct {
	minResource, factor, rate, bootstrap int
}

// prune decides on q.Trial. r holds the finished trials; of q.Running those take
// part that among lets pass (nil: all).
func (h halving) prune(q *Query, r *rungs, among func(*storage.Trial) bool) (bool, error) {
	last, ok := q.Trial.LastReport()
	if !ok {
		return false, nil
	}
	for k := completedRungs(q.Trial); ; k++ {
		step, ok := h.step(k)
		if !ok || last.Step < step {
			return false, nil
		}
		if math.IsNaN(last.Value) {
			return true, nil
		}
		key := rungPrefix + strconv.Itoa(k)
		if q.SetAttr != nil {
			if err := q.SetAttr(key, last.Value); err != nil {
				return false, fmt.Errorf("pruner: note the value at rung %d: %w", k, err)
			}
		}
		reached, ahead := 1, 0 // trials at this rung, this one included; better ones
		if k < len(r.values) {
			reached += r.values[k].Len()
			if q.Direction == storage.Maximize {
				ahead += r.values[k].Above(last.Value)
			} else {
				ahead += r.values[k].Below(last.Value)
			}
		}
		for _, t := range q.Running {
			if among != nil && !among(t) {
				continue
			}
			if v, ok := rungValue(t, key); ok {
				reached++
				if better(q.Direction, v, last.Value) {
					ahead++
				}
			}
		}
		if reached <= h.bootstrap {
			return true, nil
		}
		// The best ⌊n/η⌋ go on, at least one, and whoever equals the last of
		// them.
		if ahead >= max(reached/h.factor, 1) {
			return true, nil
		}
	}
}

// step returns the step of rung k; ok is false where an int cannot hold it.
func (h halving) step(k int) (step int, ok bool) {
	step = h.minResource
	for range h.rate + k {
		if step > math.MaxInt/h.factor {
			return 0, false
		}
		step *= h.factor
	}
	return step, true
}

// rungPrefix begins the keys of the attributes that hold the values at rungs. It
// is Optuna's.
const rungPrefix = "completed_rung_"

// completedRungs returns how many rungs, from 0 without a gap, the trial has a
// value at.
func completedRungs(t *storage.Trial) int {
	for k := 0; ; k++ {
		if _, ok := t.SystemAttrs.Get(rungPrefix + strconv.Itoa(k)); !ok {
			return k
		}
	}
}

// rungValue returns the trial's value at the rung of that key.
func rungValue(t *storage.Trial, key string) (float64, bool) {
	text, ok := t.SystemAttrs.Get(key)
	if !ok {
		return 0, false
	}
	return parseNumber(text)
}

// parseNumber reads a JSON number, or Infinity or -Infinity as Python writes
// them. NaN has no place in an order and is refused.
func parseNumber(text string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || math.IsNaN(v) {
		return 0, false
	}
	return v, true
}

// rungs are the values of finished trials at each rung.
type rungs struct {
	values   []*orderstat.Multiset
	complete int // complete trials that have reported
	lastStep int // the highest step of any of them
}

// maxRungs is more than any trial has: steps grow by a factor of at least 2.
const maxRungs = 64

func (r *rungs) add(t *storage.Trial) {
	if last, ok := t.LastReport(); ok && t.State == storage.Complete {
		r.complete++
		r.lastStep = max(r.lastStep, last.Step)
	}
	for _, a := range t.SystemAttrs {
		digits, ok := strings.CutPrefix(a.Key, rungPrefix)
		if !ok {
			continue
		}
		k, err := strconv.Atoi(digits)
		if err != nil || k < 0 || k >= maxRungs {
			continue
		}
		v, ok := parseNumber(a.Value)
		if !ok {
			continue
		}
		for len(r.values) <= k {
			r.values = append(r.values, new(orderstat.Multiset))
		}
		r.values[k].Insert(v)
	}
}
