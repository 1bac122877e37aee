package prunertest

import (
	"fmt"
	"math"
	"slices"

	"github.com/gohone/hone/storage"
)

var (
	inf = math.Inf(1)
	nan = math.NaN()
)

// Steps may be far apart, and others in every trial.
func sparseSteps(e *env) {
	for _, d := range directions {
		s := e.study(d)
		s.usual(8)
		for i, at := range [][]int{
			{0}, {26}, {5, 7, 26}, {1, 10, 100, 1000}, {1 << 20}, {3, 1 << 30}, {math.MaxInt32 - 1, math.MaxInt32}, {math.MaxInt}, {0, math.MaxInt},
			{2, 4, 8, 16, 32, 64}, {1000, 1001, 1002}, {0, 1, 2}, {1}, {25, 26, 27, 28},
		} {
			s.run(at, loss(uint64(i), d.Sign(), 0.5))
			s.run(at, func(int) float64 { return d.Sign() * -5 })
			s.run(at, func(int) float64 { return d.Sign() * 50 })
			s.usual(1)
		}
	}
	// A study that never knew anything else.
	for _, d := range directions {
		s := e.study(d)
		for i := range 40 {
			s.run([]int{i % 5, 10 + i%7, 100 * (i%3 + 1), 1 << (12 + i%8)}, loss(uint64(i), d.Sign(), float64(i%4)))
		}
	}
}

// NaN may be reported: in some steps, in all, first or last.
func nanReports(e *env) {
	e.oddCurves([]float64{nan})
}

// So may ±Inf, and values at the end of the range.
func infiniteReports(e *env) {
	e.oddCurves([]float64{inf})
	e.oddCurves([]float64{-inf})
	e.oddCurves([]float64{inf, -inf, nan})
	e.oddCurves([]float64{math.MaxFloat64, -math.MaxFloat64})
}

// oddCurves runs trials that report odd values in some places.
func (e *env) oddCurves(odd []float64) {
	e.Helper()
	pick := func(step int) float64 { return odd[step%len(odd)] }
	for _, d := range directions {
		for _, before := range []int{0, 20} {
			s := e.study(d)
			s.usual(before)
			for i := range 12 {
				good := loss(uint64(i), d.Sign(), 0.5)
				for _, c := range []curve{
					pick,
					func(step int) float64 {
						if step < 3 {
							return pick(step)
						}
						return good(step)
					},
					func(step int) float64 {
						if step >= 3 {
							return pick(step)
						}
						return good(step)
					},
					func(step int) float64 {
						if step%2 == i%2 {
							return pick(step)
						}
						return good(step)
					},
					good,
				} {
					s.run(steps(9), c)
				}
			}
		}
	}
}

// oddTrials are trials that a storage written by others may hold.
func oddTrials() []storage.Trial {
	r := func(pairs ...float64) []storage.Report {
		var out []storage.Report
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, storage.Report{Step: int(pairs[i]), Value: pairs[i+1]})
		}
		return out
	}
	complete, pruned, failed := storage.Complete, storage.Pruned, storage.Failed
	return []storage.Trial{
		{State: complete},
		{State: complete, Values: []float64{nan}},
		{State: complete, Values: []float64{1}},
		{State: complete, Values: []float64{1, 2, 3}, Reports: r(0, 1, 1, 1)},
		{State: complete, Reports: r(0, 1, 1, 1)},
		{State: complete, Values: []float64{nan}, Reports: r(0, nan, 1, nan)},
		{State: complete, Values: []float64{inf}, Reports: r(0, inf, 1, -inf)},
		{State: complete, Values: []float64{-1}, Reports: r(-5, 1, 0, 2)},
		{State: complete, Values: []float64{-1}, Reports: r(3, 1, 1<<30, 2)},
		{State: pruned},
		{State: pruned, Values: []float64{nan}},
		{State: pruned, Reports: r(0, nan)},
		{State: pruned, Values: []float64{0.5}, Reports: r(1<<30, 0.5)},
		{State: failed},
		{State: failed, Values: []float64{-100}, Reports: r(0, -100, 5, -100)},
		{State: failed, SystemAttrs: storage.Attrs{{Key: storage.AttrLost, Value: `"x"`}}, Reports: r(0, nan)},
		{State: complete, Values: []float64{-9}, Reports: r(0, -9), SystemAttrs: storage.Attrs{{Key: storage.AttrConstraints, Value: "[1.0, NaN]"}}},
		{State: complete, Values: []float64{-9}, Reports: r(0, -9), SystemAttrs: storage.Attrs{{Key: storage.AttrConstraints, Value: "[1,"}}},
	}
}

// No data makes a pruner panic or fail: not trials without reports, without
// values, with steps that are negative or huge.
func oddData(e *env) {
	for _, d := range directions {
		for _, before := range []int{0, 20} {
			var studies []*study
			for range len(oddTrials()) + 1 {
				s := e.study(d)
				s.usual(before)
				studies = append(studies, s)
			}
			for i, odd := range oddTrials() {
				studies[i].what = fmt.Sprintf("(%s trials with the values %v and the reports %v among others) ", odd.State, odd.Values, odd.Reports)
				for _, s := range []*study{studies[i], studies[len(studies)-1]} { // by itself, and all together
					for range 8 {
						rec := odd.Clone()
						rec.ID, rec.Number = int64(1000+s.number), s.number
						s.add(rec)
					}
				}
			}
			for _, s := range studies {
				for i, odd := range oddTrials() { // these are under way, too
					t := s.begin()
					t.rec = odd.Clone()
					t.rec.State, t.rec.Number, t.rec.ID = storage.Running, s.number-1, int64(1000+s.number-1)
					if i%2 == 0 {
						t.rec.Values = nil
					}
				}
				s.usual(3)
				for _, c := range []curve{func(int) float64 { return nan }, func(int) float64 { return d.Sign() * 1e9 }, func(int) float64 { return -inf }} {
					s.run(steps(5), c)
					s.run([]int{0, 1 << 30, math.MaxInt}, c)
				}
			}
		}
	}
}

// What a pruner noted may come back broken: another program may have written
// under its key.
func oddNotes(e *env) {
	s := e.study(storage.Minimize)
	s.usual(20)
	noted := slices.ContainsFunc(s.finished, func(t *storage.Trial) bool { return len(t.SystemAttrs) > 0 })
	if !noted {
		return // it takes no notes
	}
	for _, text := range []string{"null", "", "{", `"x"`, "[]", "{}", "-1", "NaN", "Infinity", "1e999", "[null]", `{"a": [NaN]}`, "true"} {
		broken := e.study(storage.Minimize)
		broken.what = fmt.Sprintf("(the notes of earlier trials replaced by %q) ", text)
		for i, t := range s.finished {
			rec := t.Clone()
			if i%3 > 0 {
				for k := range rec.SystemAttrs {
					rec.SystemAttrs[k].Value = text
				}
			}
			broken.add(rec)
		}
		open := broken.begin() // one that is under way has them broken, too
		for step := range 5 {
			open.report(step, 0.1)
			for k := range open.rec.SystemAttrs {
				open.rec.SystemAttrs[k].Value = text
			}
		}
		broken.usual(3)
	}
}
