package samplertest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// suggest returns a parameter's value, as hone.Trial does: the one that it has
// already, an enqueued one, the only one, one that was chosen together with
// others, or one of its own.
func (t *trial) suggest(name string, d distributions.Distribution) float64 {
	t.s.e.Helper()
	if p, ok := t.rec.Param(name); ok {
		return p.Value
	}
	d = t.s.e.o.fit(d)
	v := t.decide(name, d)
	t.rec.Params = append(slices.Clip(t.rec.Params), storage.Param{Name: name, Value: v, Dist: d})
	return v
}

func (t *trial) decide(name string, d distributions.Distribution) float64 {
	t.s.e.Helper()
	if v, ok := t.fixed[name]; ok {
		return v
	}
	if d.Single() {
		return d.FromUnit(0.5)
	}
	t.ask()
	if v, ok := t.joint[name]; ok && d.Contains(v) {
		return v
	}
	return t.sample(name, d)
}

// ask has a JointSampler choose together what it likes to, once in a trial.
func (t *trial) ask() {
	t.s.e.Helper()
	smp, ok := t.s.sampler().(sampler.JointSampler)
	if !ok || t.asked {
		return
	}
	t.asked = true
	rec := t.rec.Clone()
	space := maps.Clone(t.query.History.Space())
	for _, name := range slices.Sorted(maps.Keys(space)) {
		d := space[name]
		if v, ok := t.fixed[name]; ok {
			if _, has := rec.Param(name); !has {
				rec.Params = append(rec.Params, storage.Param{Name: name, Value: v, Dist: d})
			}
		}
		if _, has := rec.Param(name); has || d.Single() {
			delete(space, name)
		}
	}
	if len(space) == 0 {
		return
	}
	*t.query.Trial = rec
	var got map[string]float64
	err := t.s.call("SampleJoint", t.query, space, func() (err error) {
		got, err = smp.SampleJoint(t.s.e.Context(), t.query, space)
		return err
	})
	if err != nil {
		t.fails("SampleJoint", err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		d, ok := space[name]
		if !ok {
			t.s.e.Errorf("%s: SampleJoint chose a value for %q, which is not in the space that it was given", t.s.at(t.rec.Number), name)
		} else if v := got[name]; !d.Contains(v) {
			t.s.e.Errorf("%s: SampleJoint chose %v for %q, which is not in the domain %s", t.s.at(t.rec.Number), v, name, d)
		}
	}
	t.joint = got
}

// sample asks for one value and wants it to lie in the domain.
func (t *trial) sample(name string, d distributions.Distribution) float64 {
	t.s.e.Helper()
	*t.query.Trial = t.rec.Clone()
	var v float64
	err := t.s.call("Sample", t.query, nil, func() (err error) {
		v, err = t.s.sampler().Sample(t.s.e.Context(), t.query, name, d)
		return err
	})
	if err != nil {
		t.fails(fmt.Sprintf("Sample(%q, %s)", name, d), err)
		return d.FromUnit(0.5)
	}
	if !d.Contains(v) {
		t.s.e.Fatalf("%s: Sample chose %v for %q, which is not in the domain %s", t.s.at(t.rec.Number), v, name, d)
	}
	return v
}

// tell ends the trial. What it is told becomes history.
func (t *trial) tell(state storage.State, values ...float64) {
	t.s.under = slices.DeleteFunc(slices.Clone(t.s.under), func(o *trial) bool { return o == t })
	t.rec.State, t.rec.Values = state, values
	t.s.add(t.rec.Clone())
}

// add puts a finished trial into the history.
func (s *study) add(rec storage.Trial) {
	s.finished = append(s.finished, &rec)
	s.log.Append(&rec)
	s.number = max(s.number, rec.Number+1)
}

// optimize runs n trials one after the other, fewer if the sampler runs out of
// points. It returns the values of the first objective.
func (s *study) optimize(n int, objective func(t *trial) []float64) []float64 {
	s.e.Helper()
	var out []float64
	for range n {
		t := s.begin(nil)
		if t == nil {
			break
		}
		values := objective(t)
		if errors.Is(t.err, sampler.ErrExhausted) {
			break
		}
		t.tell(storage.Complete, values...)
		out = append(out, values[0])
	}
	return out
}

// optimizeBeside is optimize with a number of trials under way at any time: the
// one that began first ends first.
func (s *study) optimizeBeside(n, beside int, objective func(t *trial) []float64) {
	s.e.Helper()
	type open struct {
		t      *trial
		values []float64
	}
	var queue []open
	for range n {
		if len(queue) == beside {
			queue[0].t.tell(storage.Complete, queue[0].values...)
			queue = queue[1:]
		}
		t := s.begin(nil)
		if t == nil {
			break
		}
		queue = append(queue, open{t, objective(t)})
	}
	for _, o := range queue {
		o.t.tell(storage.Complete, o.values...)
	}
}

// point prints the parameters of a trial, so that two of the same bits print
// the same.
func point(t *storage.Trial) string {
	var out []string
	for _, p := range t.Params {
		out = append(out, fmt.Sprintf("%s=%v", p.Name, p.Value))
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}

// fit returns the domain that stands for d with a sampler that takes discrete
// ones only, in its stored form.
func (o Options) fit(d distributions.Distribution) distributions.Distribution {
	n, err := distributions.Normalize(d)
	if err != nil {
		panic(fmt.Sprintf("samplertest: the suite's own domain %v: %v", d, err))
	}
	if f, ok := n.(distributions.Float); ok && o.Discrete && f.Step == 0 && !f.Single() {
		if f.Log {
			return distributions.Int{Low: 1, High: 8, Step: 1, Log: true}
		}
		if step := f.High/8 - f.Low/8; step > 0 {
			s, err := distributions.Normalize(distributions.Float{Low: f.Low, High: f.High, Step: step})
			if err == nil && !s.Single() {
				return s
			}
		}
		return distributions.Int{Low: 0, High: 1, Step: 1}
	}
	if _, ok := n.Size(); !ok && o.Discrete { // on 32 bits, where an int does not count so many
		return distributions.Int{Low: 0, High: 1, Step: 1}
	}
	return n
}
