package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// Compare makes the same random list of calls on two storages and wants the
// same answers, errors of the same class, and the same final state. Ids may
// differ. Both must be empty; Compare does not close them. seed makes the list:
// a failure names it, and the call. Of o, TimeResolution and Unordered are used.
//
// The calls of [storage.Claimer] are among them if both have them, and of
// [storage.GroupClaimer] if one has them. What the
// contract leaves open is not done.
func Compare(tb testing.TB, seed uint64, ops int, a, b storage.Storage, o Options) {
	tb.Helper()
	if o.TimeResolution == 0 {
		o.TimeResolution = time.Microsecond
	}
	c := &comparison{TB: tb, o: o, ctx: tb.Context(), r: rand.New(rand.NewPCG(seed, 30)), seed: seed, st: [2]storage.Storage{a, b}}
	_, ca := storage.AsClaimer(a)
	_, cb := storage.AsClaimer(b)
	c.claimers = ca && cb
	_, ga := storage.AsGroupClaimer(a)
	_, gb := storage.AsGroupClaimer(b)
	c.groups = ga || gb
	for c.op = range ops {
		c.step()
		if c.op%64 == 63 {
			c.state()
		}
	}
	c.state()
}

// A comparison keeps what both storages were told. Indices into studies and
// trials stand for ids.
type comparison struct {
	testing.TB
	o        Options
	ctx      context.Context
	r        *rand.Rand
	seed     uint64
	st       [2]storage.Storage
	claimers bool
	groups   bool
	op       int
	call     string

	studies []comparedStudy
	trials  []comparedTrial
}

type comparedStudy struct {
	id         [2]int64
	name       string
	objectives int
	deleted    bool
	used       map[string]bool // parameters that some trial has
	returned   bool            // a running trial was moved back to waiting
}

type comparedTrial struct {
	id     [2]int64
	study  int
	state  storage.State
	params map[string]bool
	holder string
}

func (c *comparison) fail(format string, args ...any) {
	c.Helper()
	c.Fatalf("seed %d, call %d, %s: %s", c.seed, c.op, c.call, fmt.Sprintf(format, args...))
}

// class names the kind of an error.
func class(err error) string {
	if err == nil {
		return "success"
	}
	var out []string
	for _, s := range []error{
		storage.ErrDuplicateStudy, storage.ErrStudyNotFound, storage.ErrTrialNotFound, storage.ErrTrialFinished,
		storage.ErrIncompatible, storage.ErrInvalidName, storage.ErrLeaseLost, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, s) {
			out = append(out, s.Error())
		}
	}
	if out == nil {
		return "an error of no class"
	}
	return strings.Join(out, ", ")
}

// both makes a call on both storages. It reports whether both succeeded.
func (c *comparison) both(name string, f func(i int, st storage.Storage) error) bool {
	c.Helper()
	c.call = name
	var errs [2]error
	for i, st := range c.st {
		errs[i] = f(i, st)
	}
	if a, b := class(errs[0]), class(errs[1]); a != b {
		c.fail("one storage has %s, the other %s (%v; %v)", a, b, errs[0], errs[1])
	}
	return errs[0] == nil
}

// sameTrials compares what a call returned. Times that a storage took itself
// may differ a little.
func (c *comparison) sameTrials(a, b storage.Trial) {
	c.Helper()
	d := c.o.diffContent(&b, &a)
	for _, pair := range [][2]time.Time{{a.Started, b.Started}, {a.Finished, b.Finished}} {
		gap := pair[0].Sub(pair[1])
		if pair[0].IsZero() != pair[1].IsZero() || gap.Abs() > time.Minute {
			d = fmt.Sprintf("the times are %v and %v, the other's %v and %v", b.Started, b.Finished, a.Started, a.Finished)
		}
	}
	if d != "" {
		c.fail("the second storage's trial %d differs from the first one's: %s", a.Number, d)
	}
}

// trial returns the index of a trial that may be gone or finished, or the ids of
// none.
func (c *comparison) anyTrial() (int, [2]int64) {
	if len(c.trials) == 0 || c.r.IntN(20) == 0 {
		return -1, [2]int64{-1, -1}
	}
	i := c.r.IntN(len(c.trials))
	if c.r.IntN(2) == 0 { // the later ones, more of which are open
		i = len(c.trials) - 1 - c.r.IntN(min(8, len(c.trials)))
	}
	return i, c.trials[i].id
}

func (c *comparison) anyStudy() (int, [2]int64) {
	if len(c.studies) == 0 || c.r.IntN(30) == 0 {
		return -1, [2]int64{-1, -1}
	}
	i := c.r.IntN(len(c.studies))
	return i, c.studies[i].id
}

// open reports whether a trial exists and may be changed.
func (c *comparison) open(i int) bool {
	return i >= 0 && !c.studies[c.trials[i].study].deleted && !c.trials[i].state.Finished()
}

// take notes a trial that both storages made.
func (c *comparison) take(study int, made [2]storage.Trial) {
	t := comparedTrial{id: [2]int64{made[0].ID, made[1].ID}, study: study, state: made[0].State, params: make(map[string]bool), holder: made[0].Holder()}
	for _, p := range made[0].Params {
		t.params[p.Name] = true
		c.studies[study].used[p.Name] = true
	}
	c.trials = append(c.trials, t)
}

func (c *comparison) step() {
	c.Helper()
	type action struct {
		weight int
		do     func()
	}
	actions := []action{
		{3, c.createStudy}, {1, c.deleteStudy}, {2, c.findStudy}, {6, c.setStudyAttr},
		{14, c.createTrial}, {14, c.setParam}, {10, c.setReport}, {10, c.setTrialAttr},
		{20, c.setState}, {5, c.readTrial}, {5, c.readTrials}, {2, c.badStudy},
	}
	if c.claimers {
		actions = append(actions, action{12, c.claim}, action{6, c.requeue})
	}
	total := 0
	for _, a := range actions {
		total += a.weight
	}
	k := c.r.IntN(total)
	if len(c.studies) == 0 {
		k = 0
	}
	for _, a := range actions {
		if k < a.weight {
			a.do()
			return
		}
		k -= a.weight
	}
}

func (c *comparison) createStudy() {
	name := oddNames[c.r.IntN(len(oddNames))]
	directions := [][]storage.Direction{{minimize}, {maximize}, {minimize, maximize}}[c.r.IntN(3)]
	var ids [2]int64
	if c.both(fmt.Sprintf("CreateStudy(%q, %v)", name, directions), func(i int, st storage.Storage) (err error) {
		ids[i], err = st.CreateStudy(c.ctx, name, directions)
		return err
	}) {
		c.studies = append(c.studies, comparedStudy{id: ids, name: name, objectives: len(directions), used: make(map[string]bool)})
	}
}

func (c *comparison) badStudy() {
	c.both("CreateStudy without a direction", func(i int, st storage.Storage) error {
		_, err := st.CreateStudy(c.ctx, "no directions", nil)
		return err
	})
}

func (c *comparison) deleteStudy() {
	s, id := c.anyStudy()
	if c.both(fmt.Sprintf("DeleteStudy(study %d)", s), func(i int, st storage.Storage) error { return st.DeleteStudy(c.ctx, id[i]) }) {
		c.studies[s].deleted = true
	}
}

func (c *comparison) findStudy() {
	name := oddNames[c.r.IntN(len(oddNames))]
	var ids [2]int64
	if c.both(fmt.Sprintf("FindStudy(%q)", name), func(i int, st storage.Storage) (err error) {
		ids[i], err = st.FindStudy(c.ctx, name)
		return err
	}) {
		for _, s := range c.studies {
			if !s.deleted && s.name == name && s.id != ids {
				c.fail("found %v, want %v", ids, s.id)
			}
		}
	}
}

func (c *comparison) attr() (storage.AttrKind, string, string) {
	texts := jsonTexts()
	return bothKinds[c.r.IntN(2)], oddNames[c.r.IntN(len(oddNames))], texts[c.r.IntN(len(texts))]
}

func (c *comparison) setStudyAttr() {
	s, id := c.anyStudy()
	kind, key, value := c.attr()
	c.both(fmt.Sprintf("SetStudyAttr(study %d, %s, %q, %s)", s, kindName(kind), key, value), func(i int, st storage.Storage) error {
		return st.SetStudyAttr(c.ctx, id[i], kind, key, value)
	})
}

func (c *comparison) createTrial() {
	s, id := c.anyStudy()
	var template *storage.Trial
	if c.r.IntN(2) == 0 {
		objectives := 1
		if s >= 0 {
			objectives = c.studies[s].objectives
		}
		template = randomTrial(c.r, objectives)
	}
	var made [2]storage.Trial
	name := fmt.Sprintf("CreateTrial(study %d)", s)
	if template != nil {
		name = fmt.Sprintf("CreateTrial(study %d, %s template)", s, template.State)
	}
	if c.both(name, func(i int, st storage.Storage) (err error) {
		made[i], err = st.CreateTrial(c.ctx, id[i], template)
		return err
	}) {
		c.sameTrials(made[0], made[1])
		c.take(s, made)
	}
}

func (c *comparison) setParam() {
	t, id := c.anyTrial()
	dists := []distributions.Distribution{unit, logFloat, stepFloat, plainInt, logInt, stepInt, categories}
	k := c.r.IntN(len(dists))
	p := storage.Param{Name: fmt.Sprintf("p%d", k), Value: dists[k].FromUnit(c.r.Float64()), Dist: dists[k]}
	if t >= 0 && c.studies[c.trials[t].study].used[p.Name] && c.r.IntN(4) == 0 {
		p.Dist = distributions.Categorical{Choices: []any{"another kind"}} // refused
	} else if c.open(t) && c.trials[t].params[p.Name] {
		return // what a second call does is not defined
	}
	if c.both(fmt.Sprintf("SetParam(trial %d, %q, %v, %v)", t, p.Name, p.Value, p.Dist), func(i int, st storage.Storage) error {
		return st.SetParam(c.ctx, id[i], p)
	}) {
		c.trials[t].params[p.Name] = true
		c.studies[c.trials[t].study].used[p.Name] = true
	}
}

func (c *comparison) setReport() {
	t, id := c.anyTrial()
	step, value := c.r.IntN(12)*c.r.IntN(12), reported[c.r.IntN(len(reported))]
	if c.open(t) && c.r.IntN(20) == 0 {
		step = -1 - c.r.IntN(3)
	}
	c.both(fmt.Sprintf("SetReport(trial %d, %d, %v)", t, step, value), func(i int, st storage.Storage) error {
		return st.SetReport(c.ctx, id[i], step, value)
	})
}

func (c *comparison) setTrialAttr() {
	t, id := c.anyTrial()
	kind, key, value := c.attr()
	c.both(fmt.Sprintf("SetTrialAttr(trial %d, %s, %q, %s)", t, kindName(kind), key, value), func(i int, st storage.Storage) error {
		return st.SetTrialAttr(c.ctx, id[i], kind, key, value)
	})
}

func (c *comparison) setState() {
	t, id := c.anyTrial()
	state := []storage.State{storage.Running, storage.Complete, storage.Pruned, storage.Failed, storage.Running, storage.Waiting}[c.r.IntN(6)]
	var v []float64
	if state == storage.Complete {
		objectives := 1
		if t >= 0 {
			objectives = c.studies[c.trials[t].study].objectives
		}
		for range objectives {
			v = append(v, extended[c.r.IntN(len(extended))])
		}
		if c.open(t) && c.r.IntN(10) == 0 {
			v[0] = nan
		}
	}
	if c.open(t) && state == storage.Waiting && c.trials[t].state == storage.Waiting {
		return // not defined
	}
	var won [2]bool
	if c.both(fmt.Sprintf("SetState(trial %d, %s, %v)", t, state, v), func(i int, st storage.Storage) (err error) {
		won[i], err = st.SetState(c.ctx, id[i], state, v)
		return err
	}) {
		if won[0] != won[1] {
			c.fail("one storage reports %v, the other %v", won[0], won[1])
		}
		if state == storage.Waiting {
			c.studies[c.trials[t].study].returned = true
		}
		c.trials[t].state = state
	}
}

func (c *comparison) readTrial() {
	t, id := c.anyTrial()
	var got [2]storage.Trial
	if c.both(fmt.Sprintf("Trial(trial %d)", t), func(i int, st storage.Storage) (err error) {
		got[i], err = st.Trial(c.ctx, id[i])
		return err
	}) {
		c.sameTrials(got[0], got[1])
	}
}

// readTrials asks for what is above one trial, and for some by id.
func (c *comparison) readTrials() {
	s, id := c.anyStudy()
	after := [2]int64{-1, -1}
	if c.r.IntN(3) > 0 {
		_, after = c.anyTrial()
	}
	var include [2][]int64
	for range c.r.IntN(4) {
		_, one := c.anyTrial()
		include[0], include[1] = append(include[0], one[0]), append(include[1], one[1])
	}
	c.compareTrials(fmt.Sprintf("Trials(study %d)", s), s, id, after, include)
}

func (c *comparison) compareTrials(name string, study int, id, after [2]int64, include [2][]int64) {
	c.Helper()
	var got [2][]storage.Trial
	if !c.both(name, func(i int, st storage.Storage) (err error) {
		got[i], err = st.Trials(c.ctx, id[i], after[i], include[i])
		return err
	}) {
		return
	}
	if len(got[0]) != len(got[1]) {
		c.fail("study %d: one storage returns %d trials, the other %d", study, len(got[0]), len(got[1]))
	}
	for k := range got[0] {
		a, b := got[0][k], got[1][k]
		ids := [2]int64{a.ID, b.ID}
		if !slices.ContainsFunc(c.trials, func(t comparedTrial) bool { return t.id == ids }) {
			c.fail("study %d: position %d holds the ids %v, which are not of one trial", study, k, ids)
		}
		c.sameTrials(a, b)
	}
}

func (c *comparison) claim() {
	s, id := c.anyStudy()
	if s >= 0 && c.studies[s].returned {
		return // which of those that wait is the oldest is not defined then
	}
	k := storage.Claim{}
	if c.r.IntN(2) == 0 {
		k.Budget = 1 + c.r.IntN(12)
	}
	if c.r.IntN(3) > 0 {
		k.Attrs = lease(fmt.Sprint("w", c.r.IntN(3)))
	}
	n := 1
	if c.groups {
		n += c.r.IntN(3)
	}
	var won [2][]storage.Trial
	if !c.both(fmt.Sprintf("Claim(study %d, %+v), %d times at most", s, k, n), func(i int, st storage.Storage) (err error) {
		won[i], err = c.claimTogether(st, id[i], k, n)
		return err
	}) {
		return
	}
	// A group may be smaller than it could be.
	for i := range won {
		for len(won[i]) > 0 && len(won[i]) < len(won[1-i]) {
			t, ok, err := c.st[i].(storage.Claimer).Claim(c.ctx, id[i], k)
			if err != nil || !ok {
				c.fail("one storage started %d trials and then reports %v, %v; the other started %d", len(won[i]), ok, err, len(won[1-i]))
			}
			won[i] = append(won[i], t)
		}
	}
	if len(won[0]) != len(won[1]) {
		c.fail("one storage started %d trials, the other %d", len(won[0]), len(won[1]))
	}
	for i := range won[0] {
		c.claimed(s, [2]storage.Trial{won[0][i], won[1][i]})
	}
}

// claimTogether starts up to n trials in one step, or one in storages that cannot.
func (c *comparison) claimTogether(st storage.Storage, study int64, k storage.Claim, n int) ([]storage.Trial, error) {
	if group, ok := storage.AsGroupClaimer(st); ok && n > 1 {
		return group.ClaimGroup(c.ctx, study, k, n)
	}
	t, ok, err := st.(storage.Claimer).Claim(c.ctx, study, k)
	if err != nil || !ok {
		return nil, err
	}
	return []storage.Trial{t}, nil
}

func (c *comparison) claimed(s int, got [2]storage.Trial) {
	c.sameTrials(got[0], got[1])
	ids := [2]int64{got[0].ID, got[1].ID}
	for i := range c.trials {
		t := &c.trials[i]
		if t.id[0] == ids[0] || t.id[1] == ids[1] {
			if t.id != ids {
				c.fail("the storages claimed different trials, ids %v", ids)
			}
			t.state, t.holder = storage.Running, got[0].Holder()
			return
		}
	}
	c.take(s, got)
}

func (c *comparison) requeue() {
	t, id := c.anyTrial()
	holder := ""
	if t >= 0 && c.r.IntN(4) > 0 {
		holder = c.trials[t].holder
	}
	var retry *storage.Trial
	if c.r.IntN(2) == 0 {
		retry = &storage.Trial{State: storage.Waiting, UserAttrs: storage.Attrs{{Key: "retry", Value: fmt.Sprint(c.op)}}}
	}
	var won [2]bool
	if !c.both(fmt.Sprintf("Requeue(trial %d, %q)", t, holder), func(i int, st storage.Storage) (err error) {
		won[i], err = st.(storage.Claimer).Requeue(c.ctx, id[i], holder, lost, retry)
		return err
	}) {
		return
	}
	if won[0] != won[1] {
		c.fail("one storage reports %v, the other %v", won[0], won[1])
	}
	if !won[0] {
		return
	}
	c.trials[t].state = storage.Failed
	if retry == nil {
		return
	}
	// The retry is the newest trial of the study.
	s := c.trials[t].study
	var made [2]storage.Trial
	c.both("Trials after Requeue", func(i int, st storage.Storage) error {
		all, err := st.Trials(c.ctx, c.studies[s].id[i], -1, nil)
		if err == nil && len(all) > 0 {
			made[i] = all[len(all)-1]
		}
		return err
	})
	c.sameTrials(made[0], made[1])
	c.take(s, made)
}

// state compares all that the storages hold.
func (c *comparison) state() {
	c.Helper()
	var all [2][]storage.Study
	c.both("Studies", func(i int, st storage.Storage) (err error) {
		all[i], err = st.Studies(c.ctx)
		return err
	})
	if len(all[0]) != len(all[1]) {
		c.fail("one storage has %d studies, the other %d", len(all[0]), len(all[1]))
	}
	for k := range all[0] {
		if d := c.o.diffStudyContent(&all[1][k], &all[0][k]); d != "" {
			c.fail("the second storage's study %q differs from the first one's: %s", all[0][k].Name, d)
		}
	}
	for s, study := range c.studies {
		c.compareTrials(fmt.Sprintf("the final state of study %d", s), s, study.id, [2]int64{-1, -1}, [2][]int64{})
	}
}
