package prunertest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/storage"
)

// What a pruner is handed is read only.
func historyUntouched(e *env) {
	for _, d := range directions {
		s := e.study(d)
		s.watch = true
		s.usual(12)
		s.interleaved(20)
	}
}

// interleaved runs n trials, five of them under way at any time, that report in
// turn. Every other one does not listen and goes on to its end. It returns what
// was decided when.
func (s *study) interleaved(n int) []string {
	s.e.Helper()
	var out []string
	begun := 0
	under := func() []*trial { return slices.Clone(s.under) }
	for begun < n || len(s.under) > 0 {
		for begun < n && len(s.under) < 5 {
			s.begin()
			begun++
		}
		for i, t := range under() {
			step := len(t.rec.Reports)
			level := rand.New(rand.NewPCG(2, uint64(t.rec.Number))).Float64()
			value := loss(uint64(t.rec.Number), s.direction.Sign(), level)(step)
			prune := t.report(step, value)
			out = append(out, fmt.Sprint(t.rec.Number, step, prune, t.rec.SystemAttrs))
			switch {
			case prune && t.rec.Number%2 == 0:
				t.tell(storage.Pruned, value)
			case t.rec.Number%8 == 7 && step == 4:
				t.tell(storage.Failed)
			case step == length-1-i:
				t.tell(storage.Complete, value)
			}
		}
	}
	return out
}

// A pruner's memory is a cache: one that has served the study so far, one that
// is made anew for every question, and one that served it at another time give
// the same answers.
func repeatable(e *env) {
	for _, d := range directions {
		want := e.study(d).interleaved(50)
		if got := e.study(d).interleaved(50); !slices.Equal(got, want) {
			k := firstDifference(got, want)
			e.Errorf("%s: two pruners that served the same study decided %q and %q (trial, step, prune, notes); nothing but the query may matter, no clock, no generator of its own", d, want[k], got[k])
		}
		if got := e.studyWith(d, e.fresh).interleaved(50); !slices.Equal(got, want) {
			k := firstDifference(got, want)
			e.Errorf("%s: the pruner that served the study decided %q, fresh ones %q (trial, step, prune, notes); a pruner's memory is a cache and may be dropped at any time", d, want[k], got[k])
		}
	}
}

// firstDifference returns where two lists part; both have something there.
func firstDifference(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b)) - 1
}

// questions returns trials under way, each after some reports, that a study may
// be asked about: good ones, middling ones and bad ones.
func (s *study) questions() []*trial {
	var out []*trial
	for i := range 24 {
		t := s.begin()
		n := 1 + i*5%length
		for step := range n {
			t.rec.Reports = append(t.rec.Reports, storage.Report{Step: step, Value: loss(uint64(i), s.direction.Sign(), float64(i%8)/7)(step)})
		}
		out = append(out, t)
	}
	s.under = nil
	return out
}

// answers asks a study about them and prints what was decided and noted.
func (s *study) answers(trials []*trial) []string {
	s.e.Helper()
	var out []string
	for _, t := range trials {
		c := &trial{s: s, rec: t.rec.Clone()}
		out = append(out, fmt.Sprint(c.rec.Number, len(c.rec.Reports), c.ask(), c.rec.SystemAttrs))
	}
	return out
}

// known returns a study with finished trials, and questions.
func known(e *env, d storage.Direction) (*study, []*trial) {
	s := e.studyWith(d, e.fresh)
	s.usual(10)
	s.interleaved(30)
	return s, s.questions()
}

// fork returns a study with a pruner of its own that knows the given trials.
func (s *study) fork(p func() pruner.Pruner, finished []*storage.Trial) *study {
	f := s.e.studyWith(s.direction, p)
	f.finished = slices.Clone(finished)
	f.number = s.number
	return f
}

// A worker may ask with an older snapshot of the history than the pruner has
// seen from another worker: its answer is that of a fresh pruner. (A pruner that
// divides the trials into brackets by what has finished is left out: the brackets
// are the study's then, not the query's.)
func oldSnapshot(e *env) {
	if _, ok := e.fresh().(learner); ok {
		return
	}
	for _, d := range directions {
		s, asked := known(e, d)
		cut := len(s.finished) / 2
		one := e.fresh()
		warm := s.fork(func() pruner.Pruner { return one }, s.finished[:cut])
		var old []*pruner.Query
		for _, t := range asked {
			c := &trial{s: warm, rec: t.rec.Clone()}
			old = append(old, c.query(one))
		}
		warm.finished = slices.Clone(s.finished)
		warm.answers(asked) // it has seen all now
		fresh := s.fork(e.fresh, s.finished[:cut])
		want := fresh.answers(asked)
		for i, t := range asked {
			c := &trial{s: warm, rec: t.rec.Clone()}
			old[i].SetAttr = c.note
			got := fmt.Sprint(c.rec.Number, len(c.rec.Reports), c.decide(one, old[i]), c.rec.SystemAttrs)
			if got != want[i] {
				e.Errorf("%s: asked with a snapshot of %d trials after it had seen %d, the pruner decided %q, a fresh one %q (trial, reports, prune, notes); only the query may matter", d, cut, len(s.finished), got, want[i])
			}
		}
	}
}

// Trials become known in any order: it must not matter.
func shuffledHistory(e *env) {
	for _, d := range directions {
		s, asked := known(e, d)
		want := s.fork(e.fresh, s.finished).answers(asked)
		r := rand.New(rand.NewPCG(9, 9))
		for range 3 {
			shuffled := slices.Clone(s.finished)
			r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if got := s.fork(e.fresh, shuffled).answers(asked); !slices.Equal(got, want) {
				k := firstDifference(got, want)
				e.Errorf("%s: with the same trials in another order the pruner decided %q instead of %q (trial, reports, prune, notes); the order in which trials became known must not matter", d, got[k], want[k])
			}
			// The same for one that took them in bit by bit.
			one := e.fresh()
			warm := s.fork(func() pruner.Pruner { return one }, nil)
			for i, t := range shuffled {
				warm.finished = append(warm.finished, t)
				if i%7 == 3 {
					warm.answers(asked[:3])
				}
			}
			if got := warm.answers(asked); !slices.Equal(got, want) {
				k := firstDifference(got, want)
				e.Errorf("%s: having taken in the same trials bit by bit in another order the pruner decided %q instead of %q (trial, reports, prune, notes)", d, got[k], want[k])
			}
		}
	}
}

// A query without SetAttr is complete.
func nothingToNoteWith(e *env) {
	for _, d := range directions {
		s := e.study(d)
		s.noNotes = true
		s.usual(20)
		s.interleaved(20)
	}
}

// Prune may be called concurrently, and answers as it would one after the other.
func concurrent(e *env) {
	for _, d := range directions {
		s, asked := known(e, d)
		want := s.fork(e.fresh, s.finished).answers(asked)
		one := e.fresh()
		shared := s.fork(func() pruner.Pruner { return one }, s.finished)
		queries := make([]*pruner.Query, len(asked))
		for i, t := range asked {
			queries[i] = (&trial{s: shared, rec: t.rec.Clone()}).query(one)
		}
		var wg sync.WaitGroup
		for range 2 {
			for i, t := range asked {
				wg.Add(1)
				go func() {
					defer wg.Done()
					c := &trial{s: shared, rec: t.rec.Clone()}
					q := *queries[i]
					rec := c.rec.Clone()
					last, _ := rec.LastReport()
					q.Trial, q.SetAttr = &rec, c.note
					q.Rand = rand.New(rand.NewPCG(s.seed, uint64(rec.Number)<<32^uint64(last.Step)))
					got := fmt.Sprint(c.rec.Number, len(c.rec.Reports), c.decide(one, &q), c.rec.SystemAttrs)
					if got != want[i] {
						e.Errorf("%s: asked beside others the pruner decided %q, asked alone %q (trial, reports, prune, notes)", d, got, want[i])
					}
				}()
			}
		}
		wg.Wait()
	}
}

// Which bracket a trial belongs to follows from the study's name and the trial's
// number: all workers must agree on it.
func brackets(e *env) {
	a, ok := e.fresh().(pruner.Bracketer)
	if !ok {
		return
	}
	s := e.study(storage.Minimize)
	s.usual(20)
	b := s.pruner().(pruner.Bracketer)
	if l, ok := a.(learner); ok {
		for _, t := range s.finished {
			l.Learn(t)
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := range 200 {
				for _, name := range []string{studyName, "another", ""} {
					i, j := a.Bracket(name, n), b.Bracket(name, n)
					if i != j || i < 0 {
						e.Errorf("Bracket(%q, %d) is %d with one pruner and %d with another; all workers must agree on it, and none is negative", name, n, i, j)
						return
					}
				}
			}
		}()
	}
	wg.Wait()
}
