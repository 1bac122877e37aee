package sampler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

func TestBruteForce(t *testing.T) {
	samplertest.Options{Blind: true, Discrete: true}.Run(t, func() sampler.Sampler { return &sampler.BruteForce{} })
}

// A space tells what a trial asks for next, given what it has; false: nothing.
type space func(have []storage.Param) (storage.Param, bool)

func categories(n int) distributions.Categorical {
	var d distributions.Categorical
	for i := range n {
		d.Choices = append(d.Choices, fmt.Sprint("c", i))
	}
	return d
}

// product is a space without conditions.
func product(sizes ...int) space {
	var params []storage.Param
	for i, n := range sizes {
		p := storage.Param{Name: fmt.Sprint("p", i), Dist: distributions.Int{Low: 0, High: n - 1}}
		if n <= 4 {
			p.Dist = categories(n)
		}
		params = append(params, p)
	}
	return func(have []storage.Param) (storage.Param, bool) {
		if len(have) == len(params) {
			return storage.Param{}, false
		}
		return params[len(have)], true
	}
}

// models is a space with conditions: 1 + 4 + 3·(1 + 5) = 23 leaves.
func models(have []storage.Param) (storage.Param, bool) {
	get := func(i int) int { return int(have[i].Value) }
	switch {
	case len(have) == 0:
		return storage.Param{Name: "model", Dist: categories(3)}, true
	case get(0) == 0:
		return storage.Param{}, false
	case get(0) == 1 && len(have) == 1:
		return storage.Param{Name: "depth", Dist: distributions.Int{Low: 2, High: 8, Step: 2}}, true
	case get(0) == 2 && len(have) == 1:
		return storage.Param{Name: "kernel", Dist: distributions.Int{Low: 0, High: 2}}, true
	case get(0) == 2 && len(have) == 2:
		return storage.Param{Name: "poly", Dist: categories(2)}, true
	case get(0) == 2 && len(have) == 3 && get(2) == 1:
		return storage.Param{Name: "degree", Dist: distributions.Float{Low: 0, High: 1, Step: 0.25}}, true
	}
	return storage.Param{}, false
}

func leaves(s space, have []storage.Param) int {
	p, ok := s(have)
	if !ok {
		return 1
	}
	n, _ := p.Dist.Size()
	total := 0
	for k := range n {
		p.Value = p.Dist.FromUnit((float64(k) + 0.5) / float64(n))
		total += leaves(s, append(slices.Clip(have), p))
	}
	return total
}

// A crew is some workers on one study, who take their turns in random order: one
// turn begins a trial, asks for one parameter, or ends the trial.
type crew struct {
	space   space
	fresh   func() sampler.Sampler
	workers int
	procs   int  // processes, each with a sampler of its own
	wait    bool // exhausted workers wait for those under way, rather than stop
	lose    int  // one turn of so many kills a worker; its trial is run again
	seed    uint64
}

type member struct {
	proc     int
	q        *sampler.Query
	rec      *storage.Trial
	starting bool // its trial is made, and Start is not done with it
	tries    int
	idle     bool
}

// run returns how often each leaf was run to its end.
func (c crew) run(t *testing.T) map[string]int {
	t.Helper()
	rng := rand.New(rand.NewPCG(c.seed, 9))
	ctx := context.Background()
	procs := max(1, c.procs)
	samplers := make([]sampler.Sampler, procs)
	logs := make([]*storage.Log, procs)
	for i := range samplers {
		samplers[i], logs[i] = c.fresh(), storage.NewLog(1)
	}
	members := make([]*member, c.workers)
	for i := range members {
		members[i] = &member{proc: i % procs}
	}
	done := make(map[string]int)
	var queue []*storage.Trial // lost trials, to be run again
	number, stopped := 0, false
	finish := func(rec *storage.Trial) {
		for _, l := range logs {
			l.Append(rec)
		}
	}
	for turn := 0; ; turn++ {
		if turn > 200000 {
			t.Fatalf("no end: %d of %d leaves, %d trials, %d waiting, lose %d, %+v", len(done), turn, number, len(queue), c.lose, *members[0])
		}
		under := 0
		for _, m := range members {
			if m.rec != nil {
				under++
			}
		}
		if under == 0 && (stopped || !slices.ContainsFunc(members, func(m *member) bool { return !m.idle })) {
			return done
		}
		// read returns what is there now.
		read := func(m *member) *sampler.Query {
			q := &sampler.Query{Study: "s", Seed: c.seed, Directions: []storage.Direction{storage.Minimize}, History: logs[m.proc].History(), Rand: rng, Trial: m.rec}
			for _, o := range members {
				if o.rec != nil && o != m {
					c := o.rec.Clone()
					q.Running = append(q.Running, &c)
				}
			}
			slices.SortFunc(q.Running, func(a, b *storage.Trial) int { return a.Number - b.Number })
			return q
		}
		awake := func() {
			for _, o := range members {
				o.idle = false
			}
		}
		discard := func(m *member) {
			m.rec.State = storage.Failed
			m.rec.SystemAttrs = m.rec.SystemAttrs.With(storage.AttrLost, `"discarded"`)
			finish(m.rec)
			m.rec, m.starting = nil, false
		}
		m := members[rng.IntN(len(members))]
		s := samplers[m.proc]
		busy := slices.ContainsFunc(members, func(o *member) bool { return o != m && o.proc == m.proc && o.starting })
		switch {
		case m.rec == nil && !stopped && !busy: // begin
			if x, ok := s.(sampler.Exhauster); ok {
				over, err := x.Exhausted(ctx, read(m))
				if err != nil {
					t.Fatal(err)
				}
				if over && len(queue) == 0 {
					m.idle = true
					if !c.wait {
						stopped = true
					}
					continue
				}
			}
			m.rec = &storage.Trial{Number: number, State: storage.Running}
			number++
			if len(queue) > 0 {
				m.rec.SystemAttrs, queue = queue[0].SystemAttrs, queue[1:]
			}
			m.starting, m.q, m.tries = true, nil, 0
			awake()
		case m.rec != nil && c.lose > 0 && rng.IntN(c.lose) == 0: // its worker is killed
			retry := &storage.Trial{}
			fixed := map[string]any{}
			for _, p := range m.rec.Params {
				fixed[p.Name] = p.Dist.External(p.Value)
			}
			text, err := json.Marshal(fixed)
			if err != nil {
				t.Fatal(err)
			}
			first := strconv.Itoa(m.rec.Number)
			if old, ok := m.rec.SystemAttrs.Get(storage.AttrFailedTrial); ok {
				first = old
			}
			retry.SystemAttrs = storage.Attrs{{Key: storage.AttrFixedParams, Value: string(text)}, {Key: storage.AttrRetry, Value: "1"}, {Key: storage.AttrFailedTrial, Value: first}}
			queue = append(queue, retry)
			discard(m)
			awake()
		case m.starting && m.q == nil: // others may do something before it answers what it has read now
			m.q = read(m)
			m.starting = true
		case m.starting:
			noted := false
			m.q.SetAttr = func(key string, value any) error {
				text, err := json.Marshal(value)
				old, ok := m.rec.SystemAttrs.Get(key)
				noted = noted || !ok || old != string(text)
				m.rec.SystemAttrs = m.rec.SystemAttrs.With(key, string(text))
				return err
			}
			m.tries++
			var err error
			if st, ok := s.(sampler.Starter); ok {
				err = st.Start(ctx, m.q)
			}
			switch {
			case errors.Is(err, sampler.ErrExhausted), errors.Is(err, sampler.ErrContended) && m.tries > 8:
				discard(m)
				awake()
				m.idle = errors.Is(err, sampler.ErrExhausted)
			case errors.Is(err, sampler.ErrContended) || noted:
				m.q = nil
			case err != nil:
				t.Fatal(err)
			default:
				m.starting = false
			}
		case m.rec == nil:
		default:
			p, ok := c.space(m.rec.Params)
			if !ok {
				var key []string
				for _, p := range m.rec.Params {
					key = append(key, fmt.Sprint(p.Name, "=", p.Value))
				}
				done[strings.Join(key, " ")]++
				m.rec.State, m.rec.Values = storage.Complete, []float64{0}
				finish(m.rec)
				m.rec = nil
				awake()
				continue
			}
			value, given := enqueuedValue(t, m.rec, p)
			if !given {
				var err error
				if value, err = s.Sample(ctx, m.q, p.Name, p.Dist); err != nil {
					t.Fatal(err)
				}
			}
			if !p.Dist.Contains(value) {
				t.Fatalf("%v chosen from %v", value, p.Dist)
			}
			p.Value = value
			m.rec.Params = append(slices.Clip(m.rec.Params), p)
		}
	}
}

func enqueuedValue(t *testing.T, rec *storage.Trial, p storage.Param) (float64, bool) {
	t.Helper()
	text, ok := rec.SystemAttrs.Get(storage.AttrFixedParams)
	if !ok {
		return 0, false
	}
	var fixed map[string]any
	if err := json.Unmarshal([]byte(text), &fixed); err != nil {
		t.Fatal(err)
	}
	value, ok := fixed[p.Name]
	if !ok {
		return 0, false
	}
	v, err := p.Dist.Internal(value)
	if err != nil {
		t.Fatal(err)
	}
	return v, true
}

// check reports what is wrong with the counts of runs.
func check(t *testing.T, what string, done map[string]int, want, repeats int) {
	t.Helper()
	total := 0
	for _, n := range done {
		total += n
	}
	if len(done) != want || total-len(done) > repeats {
		t.Errorf("%s: %d of %d leaves in %d runs (%d repeats allowed)", what, len(done), want, total, repeats)
	}
}

func newBruteForce() sampler.Sampler { return &sampler.BruteForce{} }

// Each leaf exactly once, whatever the number of workers and the order in which
// they get their turn.
func TestBruteForceProduct(t *testing.T) {
	for _, workers := range []int{1, 2, 5, 16} {
		for seed := range uint64(25) {
			for _, wait := range []bool{false, true} {
				c := crew{space: product(2, 3, 4), fresh: newBruteForce, workers: workers, wait: wait, seed: seed}
				check(t, fmt.Sprintf("%d workers, seed %d, wait %t", workers, seed, wait), c.run(t), 24, 0)
				c.procs = 4
				check(t, fmt.Sprintf("%d workers in 4 processes, seed %d, wait %t", workers, seed, wait), c.run(t), 24, 0)
				if wait {
					for _, c.lose = range []int{5, 10, 50} {
						check(t, fmt.Sprintf("%d workers in 4 processes, seed %d, one turn of %d kills", workers, seed, c.lose), c.run(t), 24, 0)
					}
				}
			}
			if t.Failed() {
				return
			}
		}
	}
}

// In a space with conditions every leaf is run, too, and again exactly once where
// workers wait for one another.
func TestBruteForceConditions(t *testing.T) {
	want := leaves(models, nil)
	for _, workers := range []int{1, 2, 5, 16, 40} {
		for seed := range uint64(25) {
			c := crew{space: models, fresh: newBruteForce, workers: workers, wait: true, seed: seed}
			check(t, fmt.Sprintf("%d workers, seed %d", workers, seed), c.run(t), want, 2*workers*(min(workers, 2)-1))
			c.fresh = sampler.NewPatientBruteForce
			check(t, fmt.Sprintf("%d patient workers, seed %d", workers, seed), c.run(t), want, 0)
			c.lose = 50
			check(t, fmt.Sprintf("%d patient workers, seed %d, some killed", workers, seed), c.run(t), want, 0)
			c.space, c.lose = product(2, 3, 4), 0
			check(t, fmt.Sprintf("%d patient workers, seed %d, product", workers, seed), c.run(t), 24, 0)
			if t.Failed() {
				return
			}
		}
	}
}

// BenchmarkBruteForce is the cost of a trial in a space of about 100,000 leaves:
// of the first 10,000 trials and of the last.
func BenchmarkBruteForce(b *testing.B) {
	for name, s := range map[string]space{
		"wide":  product(100_000),
		"even":  product(10, 100, 100),
		"deep":  product(2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2),
		"pairs": product(50_000, 2),
		"one branch of two": func(have []storage.Param) (storage.Param, bool) {
			if len(have) == 1 && have[0].Value == 0 || len(have) == 2 {
				return storage.Param{}, false
			}
			return storage.Param{Name: fmt.Sprint("p", len(have)), Dist: distributions.Int{Low: 0, High: []int{1, 99_999}[len(have)]}}, true
		},
	} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				size := leaves(s, nil)
				marks := serial(b, s, &sampler.BruteForce{}, size)
				b.ReportMetric(marks[1]/10000, "first-ns/trial")
				b.ReportMetric((marks[len(marks)-1]-marks[len(marks)-2])/10000, "last-ns/trial")
			}
		})
	}
}

// serial has one worker go through a space and returns the time after every 10,000
// trials, in nanoseconds. It fails unless the space is exhausted after size trials.
func serial(tb testing.TB, s space, smp sampler.Sampler, size int) []float64 {
	ctx := tb.Context()
	log := storage.NewLog(1)
	rng := rand.New(rand.NewPCG(1, 1))
	begun := time.Now()
	marks := []float64{0}
	seen := make(map[string]bool, size)
	for number := 0; ; number++ {
		if number%10000 == 0 && number > 0 {
			marks = append(marks, float64(time.Since(begun).Nanoseconds()))
		}
		q := &sampler.Query{Study: "s", Seed: 1, History: log.History(), Rand: rng}
		over, err := smp.(sampler.Exhauster).Exhausted(ctx, q)
		if err != nil {
			tb.Fatal(err)
		}
		if over {
			if number != size || len(seen) != size {
				tb.Fatalf("exhausted after %d trials on %d of %d leaves", number, len(seen), size)
			}
			return marks
		}
		q.Trial = &storage.Trial{Number: number, State: storage.Running}
		q.SetAttr = func(key string, value any) error {
			text, err := json.Marshal(value)
			q.Trial.SystemAttrs = q.Trial.SystemAttrs.With(key, string(text))
			return err
		}
		if err := smp.(sampler.Starter).Start(ctx, q); err != nil {
			tb.Fatal(err)
		}
		for {
			p, ok := s(q.Trial.Params)
			if !ok {
				break
			}
			if p.Value, err = smp.Sample(ctx, q, p.Name, p.Dist); err != nil {
				tb.Fatal(err)
			}
			q.Trial.Params = append(q.Trial.Params, p)
		}
		var key []byte
		for _, p := range q.Trial.Params {
			key = fmt.Appendf(key, "%v ", p.Value)
		}
		seen[string(key)] = true
		q.Trial.State, q.Trial.Values = storage.Complete, []float64{0}
		log.Append(q.Trial)
	}
}

// Larger spaces are gone through to the end: even ones, wide ones, deep ones, and
// one in which half of the digits lead to a branch that is long done.
func TestBruteForceLarge(t *testing.T) {
	lopsided := func(have []storage.Param) (storage.Param, bool) {
		if len(have) == 1 && have[0].Value == 0 || len(have) == 2 {
			return storage.Param{}, false
		}
		return storage.Param{Name: fmt.Sprint("p", len(have)), Dist: distributions.Int{Low: 0, High: []int{1, 4999}[len(have)]}}, true
	}
	for name, s := range map[string]space{"wide": product(5000), "even": product(10, 20, 25), "deep": product(2, 2, 2, 2, 2, 2, 2, 2, 2, 2), "lopsided": lopsided} {
		t.Run(name, func(t *testing.T) { serial(t, s, &sampler.BruteForce{}, leaves(s, nil)) })
	}
}

// What cannot be enumerated is an error that names the parameter; a domain that
// changes, or enqueued values outside of it, are none.
func TestBruteForceOddInput(t *testing.T) {
	q := &sampler.Query{Study: "s", History: storage.NewHistory(1), Trial: &storage.Trial{}, Rand: rand.New(rand.NewPCG(1, 1))}
	_, err := newBruteForce().Sample(t.Context(), q, "lr", distributions.Float{Low: 0, High: 1})
	if err == nil || !strings.Contains(err.Error(), `"lr" has the domain Float(0, 1)`) {
		t.Errorf("a continuous domain: %v", err)
	}
	// The order of parameters changes from trial to trial: there would be no end.
	// One that changes for good, as when the program does, is none.
	orders := func(at func(number int) bool) error {
		smp, log := newBruteForce(), storage.NewLog(1)
		a, b := storage.Param{Name: "a", Dist: distributions.Int{Low: 0, High: 4}}, storage.Param{Name: "b", Dist: distributions.Int{Low: 0, High: 4}}
		for number := range 20 {
			q := query(number)
			q.History = log.History()
			if err := smp.(sampler.Starter).Start(t.Context(), q); err != nil {
				return err
			}
			params := []storage.Param{a, b}
			if at(number) {
				params = []storage.Param{b, a}
			}
			log.Append(runTrial(t, smp, log.History(), nil, number, 1, params...))
		}
		return nil
	}
	if err := orders(func(number int) bool { return number%2 == 1 }); err == nil || !strings.Contains(err.Error(), "ask in the same order in every trial") {
		t.Errorf("an order that changes all the time: %v", err)
	}
	if err := orders(func(number int) bool { return number >= 9 }); err != nil {
		t.Errorf("an order that changed once: %v", err)
	}
	// The range widens in the middle: the values that it adds are tried, those
	// that were tried are not.
	smp := newBruteForce()
	log := storage.NewLog(1)
	seen := make(map[float64]int)
	for number := range 10 {
		high := 4
		if number >= 3 {
			high = 9
		}
		tr := runTrial(t, smp, log.History(), nil, number, 1, storage.Param{Name: "n", Dist: distributions.Int{Low: 0, High: high}})
		seen[tr.Params[0].Value]++
		log.Append(tr)
	}
	if len(seen) < 9 { // one trial may pick before it knows that the range has widened
		t.Errorf("10 trials reach %d of 10 values: %v", len(seen), seen)
	}
}
