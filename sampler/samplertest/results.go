package samplertest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

var (
	inf = math.Inf(1)
	nan = math.NaN()
)

// Failed trials have no value. A study may begin with nothing else.
func failedTrials(e *env) {
	s := e.study(1, minimize)
	for i := range 3 * e.o.Trials {
		t := s.begin(nil)
		if t == nil {
			return
		}
		values := mixed(t)
		switch {
		case i < e.o.Trials, i%3 == 1:
			t.tell(storage.Failed)
		default:
			t.tell(storage.Complete, values...)
		}
	}
}

// Pruned trials have the last report as value, or none, and reports of any
// kind.
func prunedTrials(e *env) {
	for seed := range uint64(2) {
		s := e.study(seed, [][]storage.Direction{minimize, maximize}[seed])
		for i := range 3 * e.o.Trials {
			t := s.begin(nil)
			if t == nil {
				break
			}
			values := mixed(t)
			for step := range i % 4 {
				t.rec.Reports = append(t.rec.Reports, storage.Report{Step: step * step, Value: values[0] + 1/float64(step+1)})
			}
			last, ok := t.rec.LastReport()
			switch {
			case i%5 == 4:
				t.rec.Reports = append(t.rec.Reports, storage.Report{Step: 100, Value: []float64{nan, inf, -inf}[i%3]})
				t.tell(storage.Pruned)
			case i < e.o.Trials && ok: // nothing but pruned trials at first
				t.tell(storage.Pruned, last.Value)
			case i < e.o.Trials:
				t.tell(storage.Pruned)
			default:
				t.tell(storage.Complete, values...)
			}
		}
	}
}

// ±Inf are results.
func infiniteValues(e *env) {
	for seed, directions := range [][]storage.Direction{minimize, maximize} {
		for _, some := range [][]float64{{inf}, {-inf}, {inf, -inf}, {inf, 0, -inf, 1}, {1, 2, 3, 4, inf}} {
			s := e.study(uint64(seed), directions)
			s.what = fmt.Sprintf("values %v among others", some)
			s.optimize(e.o.Trials, func(t *trial) []float64 {
				v := some[t.rec.Number%len(some)]
				if !math.IsInf(v, 0) {
					v += level(t, "p0", few()[0])
				}
				mixed(t)
				return []float64{v}
			})
		}
	}
}

// Values far from all others, up to the largest floats, do no harm.
func outliers(e *env) {
	for seed, wild := range [][]float64{{1e300, -1e300}, {math.MaxFloat64, -math.MaxFloat64}, {5e-324, 0}, {1e9}, {-1e17, 1e-17}} {
		s := e.study(uint64(seed), [][]storage.Direction{minimize, maximize}[seed%2])
		s.what = fmt.Sprintf("values %v among others", wild)
		s.optimize(e.o.Trials, func(t *trial) []float64 {
			v := mixed(t)
			if t.rec.Number%4 == 3 {
				return []float64{wild[t.rec.Number/4%len(wild)]}
			}
			return v
		})
	}
}

// An objective that is the same everywhere teaches nothing: the sampler goes on
// looking.
func constantObjective(e *env) {
	for seed, c := range []float64{0, -3.5, 1e300} {
		s := e.study(uint64(seed), minimize)
		s.optimize(e.o.Trials, func(t *trial) []float64 {
			mixed(t)
			return []float64{c}
		})
		seen := make(map[string]bool)
		for _, t := range s.finished {
			seen[point(t)] = true
		}
		if len(seen) < (len(s.finished)+1)/2 {
			e.Errorf("an objective that is %v everywhere: %d trials ran at %d points only", c, len(s.finished), len(seen))
		}
	}
}

// Several objectives work, or are refused by Validate.
func multiObjective(e *env) {
	for _, directions := range [][]storage.Direction{
		{storage.Minimize, storage.Maximize}, {storage.Maximize, storage.Maximize, storage.Minimize},
	} {
		if v, ok := e.fresh().(sampler.Validator); ok {
			if err := v.Validate(directions); err != nil {
				e.Logf("refuses %d objectives: %v", len(directions), err)
				continue
			}
		}
		s := e.study(1, directions)
		for i := range e.o.Trials + 10 {
			t := s.begin(nil)
			if t == nil {
				break
			}
			first := mixed(t)[0]
			values := []float64{first, level(t, "p0", few()[0]), -first}[:len(directions)]
			switch i % 7 {
			case 4:
				values[i%2] = inf
			case 5:
				t.tell(storage.Failed)
				continue
			case 6:
				t.tell(storage.Pruned)
				continue
			}
			t.tell(storage.Complete, values...)
		}
		for i, d := range kinds() {
			s := e.study(uint64(i), directions)
			s.optimize(12, func(t *trial) []float64 {
				u := level(t, "x", d)
				return []float64{u, 1 - u, u * u}[:len(directions)]
			})
		}
	}
}

// oddTrials returns finished trials that a storage written by others may hold.
func oddTrials(e *env) map[string]storage.Trial {
	p := func(name string, v float64, d domain) storage.Param {
		return storage.Param{Name: name, Value: v, Dist: e.o.fit(d)}
	}
	usual := func() []storage.Param {
		var out []storage.Param
		for i, d := range few() {
			out = append(out, p(fmt.Sprint("p", i), e.o.fit(d).FromUnit(0.6), d))
		}
		return out
	}
	all := func(v float64) []storage.Param {
		out := usual()
		for i := range out {
			out[i].Value = v
		}
		return out
	}
	swapped := usual()
	for i := range swapped {
		swapped[i].Dist = swapped[(i+1)%len(swapped)].Dist
	}
	attr := func(kv ...string) storage.Attrs {
		var as storage.Attrs
		for i := 0; i < len(kv); i += 2 {
			as = as.With(kv[i], kv[i+1])
		}
		return as
	}
	complete, pruned, failed := storage.Complete, storage.Pruned, storage.Failed
	return map[string]storage.Trial{
		"complete with NaN":              {State: complete, Values: []float64{nan}, Params: usual()},
		"complete without a value":       {State: complete, Params: usual()},
		"complete with values too many":  {State: complete, Values: []float64{1, 2, 3}, Params: usual()},
		"pruned with NaN reports":        {State: pruned, Values: []float64{nan}, Params: usual(), Reports: []storage.Report{{Step: 0, Value: nan}, {Step: 1 << 30, Value: nan}}},
		"failed with a value":            {State: failed, Values: []float64{-100}, Params: usual()},
		"without parameters":             {State: complete, Values: []float64{0.5}},
		"with unknown parameters":        {State: complete, Values: []float64{0.5}, Params: []storage.Param{p("else", 0.5, float{Low: 0, High: 1})}},
		"values that are NaN":            {State: complete, Values: []float64{-1}, Params: all(nan)},
		"values that are +Inf":           {State: complete, Values: []float64{-1}, Params: all(inf)},
		"values that are -Inf":           {State: complete, Values: []float64{-1}, Params: all(-inf)},
		"values far below the domain":    {State: complete, Values: []float64{-1}, Params: all(-1e300)},
		"values above the domain":        {State: complete, Values: []float64{-1}, Params: all(1e6)},
		"values between those of a grid": {State: complete, Values: []float64{-1}, Params: all(0.7)},
		"values that are negative":       {State: complete, Values: []float64{-1}, Params: all(-1)},
		"parameters of other kinds":      {State: complete, Values: []float64{-1}, Params: swapped},
		"a parameter twice":              {State: complete, Values: []float64{-1}, Params: append(usual(), usual()...)},
		"constraints":                    {State: complete, Values: []float64{-1}, Params: usual(), SystemAttrs: attr(storage.AttrConstraints, "[-1.0, 0.5]")},
		"constraints that are NaN":       {State: complete, Values: []float64{-1}, Params: usual(), SystemAttrs: attr(storage.AttrConstraints, "[NaN, Infinity]")},
		"constraints that are infinite":  {State: complete, Values: []float64{-1}, Params: usual(), SystemAttrs: attr(storage.AttrConstraintPrefix+"c", "-Infinity", storage.AttrConstraintPrefix+"d", "Infinity")},
		"constraints that are no JSON":   {State: complete, Values: []float64{-1}, Params: usual(), SystemAttrs: attr(storage.AttrConstraints, "[1,", storage.AttrConstraintPrefix+"c", `"x"`)},
		"constraints that are null":      {State: complete, Values: []float64{-1}, Params: usual(), SystemAttrs: attr(storage.AttrConstraints, "null")},
		"fixed parameters of no sense":   {State: complete, Values: []float64{-1}, Params: usual(), SystemAttrs: attr(storage.AttrFixedParams, `[1, {"p0": "x"}]`)},
		"lost":                           {State: failed, Params: usual()[:2], SystemAttrs: attr(storage.AttrLost, `"worker lost"`)},
	}
}

// No data makes a sampler panic or leave the domain: not NaN, not what lies
// outside, not what does not fit.
func oddData(e *env) {
	odd := oddTrials(e)
	var names []string
	for name := range odd {
		names = append(names, name)
	}
	slices.Sort(names)
	run := func(what string, usual int, these []string, times int) {
		s := e.study(1, minimize)
		s.what = fmt.Sprintf("after %d usual trials and %d × trials %s", usual, times, what)
		s.lenient = e.o.FixedSpace // parameters come and go in these trials
		s.optimize(usual, mixed)
		for i := range times {
			for _, name := range these {
				rec := odd[name]
				rec.ID, rec.Number = int64(s.number+i%2), s.number+i%2 // numbers with gaps
				s.add(rec)
			}
		}
		s.optimize(3, mixed)
		if t := s.begin(nil); t != nil { // and one that asks for something new
			level(t, "new", float{Low: 0, High: 1})
			mixed(t)
		}
	}
	for _, name := range names {
		run(name, e.o.Trials, []string{name}, 2)
		run(name, 0, []string{name}, e.o.Trials)
	}
	run("of all odd kinds", e.o.Trials, names, 1)
	run("of all odd kinds", 0, names, 1)
}

// What a sampler noted may come back broken: another program may have written
// under its key.
func oddNotes(e *env) {
	s := e.study(1, minimize)
	s.optimize(e.o.Trials, mixed)
	keys := make(map[string]bool)
	for _, t := range s.finished {
		for _, a := range t.SystemAttrs {
			keys[a.Key] = true
			if !json.Valid([]byte(a.Value)) {
				e.Errorf("trial %d: the note %q is not JSON: %s", t.Number, a.Key, a.Value)
			}
		}
	}
	if len(keys) == 0 {
		return // it takes no notes
	}
	for _, text := range []string{"null", "", "{", `"x"`, "[]", "{}", "-1", "NaN", "1e999", "99999999999999999999", "[null]", `{"a": [NaN]}`, "[1,2", `""`, "true"} {
		broken := e.study(1, minimize)
		for i, t := range s.finished {
			rec := t.Clone()
			if i%3 > 0 || i > e.o.Trials/2 {
				for k := range rec.SystemAttrs {
					rec.SystemAttrs[k].Value = text
				}
			}
			broken.add(rec)
		}
		broken.what = fmt.Sprintf("the notes of earlier trials replaced by %q", text)
		broken.optimize(3, mixed)
	}
}
