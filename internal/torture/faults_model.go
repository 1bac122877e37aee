//go:build linux || darwin

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/storagetest"
)

// A tb lets the suites of storagetest report to a run.
type tb struct {
	testing.TB
	r *run
}

func (t tb) Helper()                      {}
func (t tb) Context() context.Context     { return t.r.ctx }
func (t tb) Log(args ...any)              {}
func (t tb) Logf(string, ...any)          {}
func (t tb) Error(args ...any)            { t.r.failf("%s", fmt.Sprint(args...)) }
func (t tb) Errorf(f string, args ...any) { t.r.failf(f, args...) }
func (t tb) Fatal(args ...any)            { t.r.failf("%s", fmt.Sprint(args...)); panic(abort{}) }
func (t tb) Fatalf(f string, args ...any) { t.r.failf(f, args...); panic(abort{}) }
func (t tb) FailNow()                     { panic(abort{}) }
func (t tb) Failed() bool                 { return len(t.r.problems) > 0 }

// F30: the same random calls on this storage and on the memory give the same
// answers, classes of errors and final states.
func metamorphic(r *run) {
	lists := r.times(3, 250)
	o := storagetest.Options{Unordered: r.kind.behind != ""}
	if r.kind.name == "MariaDB" {
		o.TimeResolution = time.Second
	}
	for i := range lists {
		p := r.place()
		st := p.open()
		storagetest.Compare(tb{r: r}, r.seed*1000+uint64(i), r.times(250, 500), storage.NewMemory(), st, o)
		r.must(st.Close())
	}
	r.inject(lists, "lists")
}

// The model of F31: trials are created running or waiting, the oldest waiting one
// is claimed, or a new one is made, and a running one is finished once.
type model struct {
	next     int
	waiting  uint64 // by number
	finished uint64
}

type call struct {
	op     string // enqueue, claim, finish
	number int    // of finish
}

type answer struct {
	number int
	ok     bool
}

var studyModel = porcupine.Model{
	Init: func() any { return model{} },
	Step: func(state, input, output any) (bool, any) {
		m, c, a := state.(model), input.(call), output.(answer)
		switch c.op {
		case "enqueue":
			ok := a.number == m.next
			m.waiting |= 1 << m.next
			m.next++
			return ok, m
		case "claim":
			for i := range m.next {
				if m.waiting>>i&1 == 1 {
					m.waiting &^= 1 << i
					return a.number == i, m
				}
			}
			ok := a.number == m.next
			m.next++
			return ok, m
		}
		first := m.finished>>c.number&1 == 0
		m.finished |= 1 << c.number
		return a.ok == first, m
	},
	DescribeOperation: func(in, out any) string { return fmt.Sprint(in, out) },
}

// F31: histories of concurrent clients are looked at by porcupine.
func linearizable(r *run) {
	histories := r.times(4, 200)
	for h := range histories {
		p := r.place()
		st := p.open()
		study, err := st.CreateStudy(r.ctx, "one", []storage.Direction{storage.Minimize})
		r.must(err)
		const clients, calls = 8, 6 // 48 trials at most, for the bits of the model
		var mu sync.Mutex
		var ops []porcupine.Operation
		var running []storage.Trial
		begin := time.Now()
		var wg sync.WaitGroup
		for c := range clients {
			wg.Go(func() {
				mine := st
				if !r.kind.alone && c%2 == 1 {
					mine = p.open()
					defer mine.Close()
				}
				claimer, ok := storage.AsClaimer(mine)
				if !ok {
					r.failf("it cannot claim")
					return
				}
				random := rand.New(rand.NewPCG(r.seed+uint64(h), uint64(c)))
				for range calls {
					in, out := call{}, answer{}
					var target storage.Trial
					mu.Lock()
					if len(running) > 0 && random.IntN(3) == 0 {
						target = running[random.IntN(len(running))]
						in = call{"finish", target.Number}
					}
					mu.Unlock()
					start := time.Since(begin).Nanoseconds()
					var err error
					switch {
					case in.op == "finish":
						_, err = mine.SetState(r.ctx, target.ID, storage.Complete, []float64{float64(c)})
						out.ok = err == nil
						if errors.Is(err, storage.ErrTrialFinished) {
							err = nil
						}
					case random.IntN(2) == 0:
						in.op = "enqueue"
						var t storage.Trial
						t, err = mine.CreateTrial(r.ctx, study, &storage.Trial{State: storage.Waiting})
						out.number = t.Number
					default:
						in.op = "claim"
						target, _, err = claimer.Claim(r.ctx, study, storage.Claim{Attrs: []storage.Attr{{Key: storage.AttrLease, Value: fmt.Sprintf(`"%d"`, c)}}})
						out.number = target.Number
					}
					end := time.Since(begin).Nanoseconds()
					if err != nil {
						r.failf("%s: %v", in.op, err)
						return
					}
					mu.Lock()
					ops = append(ops, porcupine.Operation{ClientId: c, Input: in, Call: start, Output: out, Return: end})
					if in.op == "claim" {
						running = append(running, target)
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		switch porcupine.CheckOperationsTimeout(studyModel, ops, 20*time.Second) {
		case porcupine.Illegal:
			r.failf("history %d is not linearizable: %+v", h, ops)
		case porcupine.Unknown:
			r.failf("history %d took too long to judge", h)
		}
		r.must(st.Close())
	}
	r.inject(histories, "histories")
}
