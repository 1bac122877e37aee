//go:build linux || darwin

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// F28: each kind of misbehaviour fails its trial, and the study goes on.
func objectives(r *run) {
	p := r.place()
	st := p.open()
	defer st.Close()
	s := r.study(st, "one")
	release := make(chan struct{})
	defer close(release)
	kinds := []struct {
		name string
		says string // in the error that is kept with the trial
		f    func(*hone.Trial) (float64, error)
	}{
		{"panic", "boom", func(*hone.Trial) (float64, error) { panic("boom") }},
		{"panic with an error", "boom", func(*hone.Trial) (float64, error) { panic(errors.New("boom")) }},
		{"nil map", "nil map", func(*hone.Trial) (float64, error) { count(nil); return 0, nil }},
		{"index", "index out of range", func(*hone.Trial) (float64, error) { var a []float64; i := 3; return a[i], nil }},
		{"Goexit", "Goexit", func(*hone.Trial) (float64, error) { runtime.Goexit(); return 0, nil }},
		{"NaN", "NaN", func(*hone.Trial) (float64, error) { return math.NaN(), nil }},
		{"bounds", "above high", func(t *hone.Trial) (float64, error) { return t.SuggestFloat("y", 2, 1), nil }},
		{"recovered", "above high", func(t *hone.Trial) (float64, error) {
			defer func() { _ = recover() }()
			return t.SuggestFloat("y", 2, 1), nil
		}},
		{"deaf", "left behind", func(*hone.Trial) (float64, error) { <-release; return 0, nil }},
	}
	rounds := r.times(1, 50)
	total := rounds * len(kinds)
	err := s.OptimizeContext(r.ctx, func(t *hone.Trial) (float64, error) {
		if t.Number()%2 == 0 {
			return plain(t)
		}
		return kinds[t.Number()/2%len(kinds)].f(t)
	}, &hone.OptimizeOptions{TotalTrials: 2 * total, Workers: 4, TrialTimeout: 5 * time.Second, Catch: func(error) bool { return true }})
	if err != nil {
		r.failf("the call ended with %v", err)
	}
	for _, t := range r.check(p, "one", expect{budget: 2 * total, plain: true, others: true}) {
		if t.Number%2 == 0 {
			if t.State != storage.Complete {
				r.failf("trial %d, a good one, is %s", t.Number, t.State)
			}
			continue
		}
		k := kinds[t.Number/2%len(kinds)]
		if text, _ := t.SystemAttrs.Get(storage.AttrError); t.State != storage.Failed || !strings.Contains(text, k.says) {
			r.failf("%s: trial %d is %s: %s", k.name, t.Number, t.State, head(text))
		}
	}
	r.inject(total, "faults")
}

func count(m map[string]int) { m["x"]++ }

// bad panics, after a while, where it is asked to.
type bad struct {
	sampler.Random
	where string
	calls atomic.Int64
}

func (b *bad) at(where string) {
	if where == b.where && b.calls.Add(1)%3 == 2 {
		panic("bad " + where)
	}
}

func (b *bad) Sample(ctx context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	b.at("sampler")
	return b.Random.Sample(ctx, q, name, d)
}

type badPruner struct {
	pruner.Nop
	b *bad
}

func (p *badPruner) Prune(ctx context.Context, q *pruner.Query) (bool, error) {
	p.b.at("pruner")
	return false, nil
}

// F29: what the user has plugged in panics. The call ends or goes on, the error
// names the part, and the study stays whole.
func components(r *run) {
	p := r.place()
	st := p.open()
	defer st.Close()
	for round := range r.times(1, 20) {
		for _, where := range []string{"sampler", "pruner", "callback", "stop rule", "Catch", "logger"} {
			b := &bad{where: where}
			name := fmt.Sprint(where, round)
			o := &hone.Options{Name: name, Storage: st, Sampler: b, Pruner: &badPruner{b: b}}
			if where == "logger" {
				o.Logger = slog.New(badHandler{slog.DiscardHandler, b})
			}
			s, err := hone.NewStudy(o)
			r.must(err)
			call := func() (err error) {
				defer func() {
					if v := recover(); v != nil {
						err = fmt.Errorf("a panic reached the caller: %v", v)
						r.failf("%s: %v", where, err)
					}
				}()
				return s.OptimizeContext(r.ctx, func(t *hone.Trial) (float64, error) {
					x := t.SuggestFloat("x", 0, 1)
					t.Report(0, x)
					t.ShouldPrune()
					if where == "Catch" && t.Number() == 1 {
						return 0, errors.New("an error for Catch")
					}
					return x, nil
				}, &hone.OptimizeOptions{
					Trials: 6,
					Catch:  catch(where, b),
					Callbacks: []func(*hone.Study, hone.FrozenTrial){
						func(*hone.Study, hone.FrozenTrial) { b.at("callback") },
					},
					Stop: []hone.StopRule{func(*hone.Study, hone.FrozenTrial) bool { b.at("stop rule"); return false }},
				})
			}
			err = call()
			r.inject(1, "panics")
			if err == nil || !strings.Contains(err.Error(), "bad "+where) {
				r.failf("%s: the error is %v", where, err)
			}
			// The study goes on with a part that works.
			s, err = hone.LoadStudy(r.ctx, st, name, &hone.Options{Sampler: &sampler.Random{}})
			r.must(err)
			if err := s.Optimize(plain, 1); err != nil {
				r.failf("%s: afterwards: %v", where, err)
			}
			trials, err := s.Trials()
			r.must(err)
			for i, t := range trials {
				if t.Number != i || t.State == hone.Running || t.State == hone.Waiting {
					r.failf("%s: trial %d has the number %d and is %s", where, i, t.Number, t.State)
				}
			}
		}
	}
}

func catch(where string, b *bad) func(error) bool {
	if where != "Catch" {
		return nil
	}
	return func(error) bool {
		b.calls.Store(1)
		b.at("Catch")
		return true
	}
}

type badHandler struct {
	slog.Handler
	b *bad
}

func (h badHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h badHandler) Handle(context.Context, slog.Record) error {
	h.b.at("logger")
	return nil
}
