package samplertest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// What a sampler is handed is read only: history, running trials, the trial
// itself, the space.
func historyUntouched(e *env) {
	s := e.study(1, minimize)
	s.watch = true
	s.optimizeBeside(e.o.Trials+4, 3, mixed)
	s = e.study(2, maximize)
	s.watch, s.lenient = true, e.o.FixedSpace
	s.optimize(e.o.Trials, branches)
}

// objectives whose results a sampler may learn from, for the checks that
// compare two runs.
func objectives(e *env) map[string]func(t *trial) []float64 {
	out := map[string]func(t *trial) []float64{
		"a parameter of each kind": mixed,
		"ties": func(t *trial) []float64 {
			return []float64{float64(int(mixed(t)[0] * 2))}
		},
	}
	if !e.o.FixedSpace {
		out["conditions"] = branches
		out["a range that moves"] = func(t *trial) []float64 {
			n := float64(t.rec.Number % 3)
			return []float64{t.suggest("x", float{Low: n, High: n + 5}) + level(t, "k", integer{Low: 0, High: 5 + t.rec.Number%4})}
		}
	}
	return out
}

// end ends a trial as its number says: most are complete, some not.
func (t *trial) end(values []float64) {
	switch t.rec.Number % 9 {
	case 5:
		t.tell(storage.Failed)
	case 7:
		t.rec.Reports = []storage.Report{{Step: 3, Value: values[0]}}
		t.tell(storage.Pruned, values[0])
	default:
		t.tell(storage.Complete, values...)
	}
}

// A sampler's memory is a cache: one that has served the study so far, one that
// is made anew for every call, and one that served it at another time give the
// same answers, to the last bit.
func repeatable(e *env) {
	for what, objective := range objectives(e) {
		warm, again, cold := e.study(7, minimize), e.study(7, minimize), e.studyWith(7, minimize, e.fresh)
		for range e.o.Trials + 12 {
			var points []string
			for _, s := range []*study{warm, again, cold} {
				t := s.begin(nil)
				if t == nil {
					points = append(points, "exhausted")
					continue
				}
				values := objective(t)
				points = append(points, point(&t.rec)+fmt.Sprint(t.rec.SystemAttrs))
				t.end(values)
			}
			n := warm.number - 1
			if points[0] != points[1] {
				e.Fatalf("%s: trial %d: two samplers that served the same study chose\n%s and\n%s; nothing but the query may matter, no clock, no generator of its own", what, n, points[0], points[1])
			}
			if points[0] != points[2] {
				e.Fatalf("%s: trial %d: the sampler that served the study chose\n%s, fresh ones chose\n%s; a sampler's memory is a cache and may be dropped at any time", what, n, points[0], points[2])
			}
			if points[0] == "exhausted" {
				break
			}
		}
	}
}

// history runs a study with fresh samplers and returns it, finished.
func history(e *env, seed uint64, n int, objective func(t *trial) []float64) *study {
	s := e.studyWith(seed, minimize, e.fresh)
	for range n {
		t := s.begin(nil)
		if t == nil {
			break
		}
		t.end(objective(t))
	}
	return s
}

// fork returns a study with a sampler of its own that goes on from the first n
// trials of s, in the given order.
func (s *study) fork(smp func() sampler.Sampler, order []int) *study {
	f := s.e.studyWith(s.seed, s.directions, smp)
	for _, i := range order {
		f.add(s.finished[i].Clone())
	}
	f.number = s.number
	return f
}

// next lets a study run one more trial and prints what the sampler chose and
// noted.
func (s *study) next(objective func(t *trial) []float64) string {
	t := s.begin(nil)
	if t == nil {
		return "exhausted"
	}
	objective(t)
	s.under = nil
	return point(&t.rec) + fmt.Sprint(t.rec.SystemAttrs, t.err)
}

func order(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// A worker may ask with an older snapshot of the history than the sampler has
// seen from another worker: its answer is that of a fresh sampler.
func oldSnapshot(e *env) {
	for what, objective := range objectives(e) {
		s := history(e, 8, e.o.Trials+6, objective)
		n := len(s.finished)
		cut := max(0, n-8)
		one := e.fresh()
		warm := s.fork(func() sampler.Sampler { return one }, order(cut))
		old := warm.log.History()
		warm.next(objective)
		for i := cut; i < n; i++ {
			warm.add(s.finished[i].Clone())
		}
		warm.number = s.number
		warm.next(objective) // it has seen all now
		warm.number, warm.snapshot = s.number, old
		got := warm.next(objective)
		want := s.fork(e.fresh, order(cut)).next(objective)
		if got != want {
			e.Errorf("%s: asked with a snapshot of %d trials after it had seen %d, the sampler chose\n%s, a fresh one chose\n%s; only the query may matter", what, cut, n, got, want)
		}
	}
}

// Trials become known in any order. The answer depends on what the history
// holds and on the trials' numbers, not on that order.
func shuffledHistory(e *env) {
	for what, objective := range objectives(e) {
		s := history(e, 9, e.o.Trials+12, objective)
		n := len(s.finished)
		want := s.fork(e.fresh, order(n)).next(objective)
		r := rand.New(rand.NewPCG(9, 9))
		reversed := order(n)
		slices.Reverse(reversed)
		for i, perm := range [][]int{reversed, r.Perm(n), r.Perm(n)} {
			if got := s.fork(e.fresh, perm).next(objective); got != want {
				e.Errorf("%s: with the same trials in another order the sampler chose\n%s instead of\n%s; the order in which trials became known must not matter", what, got, want)
			}
			// The same for one that took them in bit by bit.
			one := e.fresh()
			warm := s.fork(func() sampler.Sampler { return one }, nil)
			for k, at := range perm {
				warm.add(s.finished[at].Clone())
				if k%5 == i {
					warm.number = s.number
					warm.next(objective)
				}
			}
			warm.number = s.number
			if got := warm.next(objective); got != want {
				e.Errorf("%s: having taken in the same trials bit by bit in another order the sampler chose\n%s instead of\n%s", what, got, want)
			}
		}
	}
}

// Studies of different seeds take different ways.
func seedMatters(e *env) {
	if e.o.Blind {
		return
	}
	a, b := e.study(1, minimize), e.study(2, minimize)
	a.optimize(e.o.Trials, mixed)
	b.optimize(e.o.Trials, mixed)
	same := 0
	n := min(len(a.finished), len(b.finished))
	for i := range n {
		if point(a.finished[i]) == point(b.finished[i]) {
			same++
		}
	}
	if n > 0 && same == n {
		e.Errorf("two studies of different seeds ran the same %d trials; randomness comes from Query.Rand", n)
	}
}

// Any number of trials may be under way: they do not all try the same point.
func running(e *env) {
	s := e.study(11, minimize)
	s.optimize(e.o.Trials, mixed)
	for range 2 {
		seen := make(map[string]int)
		var under []*trial
		for range 8 {
			t := s.begin(nil)
			if t == nil {
				break
			}
			mixed(t)
			if n, ok := seen[point(&t.rec)]; ok {
				e.Errorf("trials %d and %d, both under way, run at the same point %s", n, t.rec.Number, point(&t.rec))
			}
			seen[point(&t.rec)] = t.rec.Number
			under = append(under, t)
		}
		// They end in another order.
		for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(len(under)) {
			under[i].tell(storage.Complete, mixed(under[i])...)
		}
	}
	e.study(12, minimize).optimizeBeside(e.o.Trials+8, 5, mixed)
	s = e.study(13, minimize)
	s.lenient = e.o.FixedSpace
	s.optimizeBeside(e.o.Trials+8, 5, branches)
}

// Running trials may have no parameters yet, or odd ones.
func runningOddly(e *env) {
	for _, finished := range []int{0, 1, e.o.Trials} {
		s := e.study(14, minimize)
		s.lenient = e.o.FixedSpace
		s.optimize(finished, mixed)
		if t := s.begin(nil); t != nil { // has none
			level(t, "other", float{Low: 0, High: 1})
		}
		s.begin(nil)
		odd := oddTrials(e)
		var names []string
		for name := range odd {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			rec := odd[name]
			rec.State, rec.Values = storage.Running, nil
			rec.ID, rec.Number = int64(1000+s.number), s.number
			s.number++
			s.under = append(s.under, &trial{s: s, rec: rec})
		}
		for range 3 {
			if t := s.begin(nil); t != nil {
				t.tell(storage.Complete, mixed(t)...)
			}
		}
	}
}

// A query without SetAttr and Logger is complete.
func nothingToNoteWith(e *env) {
	s := e.study(15, minimize)
	s.noNotes = true
	s.optimize(e.o.Trials+4, mixed)
}

// Sample and SampleJoint may be called concurrently, and answer as they would
// one after the other.
func concurrent(e *env) {
	s := history(e, 16, e.o.Trials+6, mixed)
	one := e.fresh()
	var trials []*trial // all begun, none has parameters
	for range 8 {
		if t := s.begin(nil); t != nil {
			trials = append(trials, t)
		}
	}
	wants := make([]string, len(trials))
	ask := func(t *trial, smp func() sampler.Sampler) string {
		own := *s // a study of this goroutine's own, over the same history
		own.sampler, own.under = smp, nil
		c := &trial{s: &own, rec: t.rec.Clone(), rand: rand.New(rand.NewPCG(s.seed, uint64(t.rec.Number)))}
		q := *t.query
		rec := c.rec.Clone()
		q.Trial, q.Rand, q.SetAttr = &rec, c.rand, c.note
		c.query = &q
		mixed(c)
		return point(&c.rec) + fmt.Sprint(c.rec.SystemAttrs)
	}
	for i, t := range trials {
		wants[i] = ask(t, e.fresh)
	}
	var wg sync.WaitGroup
	for range 2 {
		for i, t := range trials {
			wg.Add(1)
			go func() {
				defer wg.Done()
				got := ask(t, func() sampler.Sampler { return one })
				if got != wants[i] {
					e.Errorf("trial %d: asked beside others the sampler chose\n%s, asked alone\n%s", t.rec.Number, got, wants[i])
				}
			}()
		}
	}
	wg.Wait()
}
