package rdb

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// A trialBuilder makes trials of the rows of trialRows. Kinds of rows may come in
// any order, and a trial's rows of a kind too.
type trialBuilder struct {
	s     *Storage
	study int64   // 0: any
	ids   []int64 // rising
	last  int     // index of the row before, as a guess
	parts []trialParts
	names map[string]string // one string for each name of this batch

	// columns of a row
	kind, trial, seq int64
	name             sql.RawBytes
	num              any
	text, text2      sql.RawBytes
	dest             []any
}

// trialParts are the rows of one trial.
type trialParts struct {
	here      bool
	err       error
	trial     storage.Trial
	paramSeq  []int64
	values    []storage.Report // Step is the objective
	attrSeq   [2][]int64
	unordered bool
}

func newTrialBuilder(s *Storage, study int64, ids []int64) *trialBuilder {
	b := &trialBuilder{s: s, study: study, ids: ids, parts: make([]trialParts, len(ids)), names: make(map[string]string)}
	b.dest = []any{&b.kind, &b.trial, &b.seq, &b.name, &b.num, &b.text, &b.text2}
	return b
}

// row takes in a row. An error of the row's contents is the trial's; the one
// that is returned is the connection's.
func (b *trialBuilder) row(rows *sql.Rows) error {
	if err := rows.Scan(b.dest...); err != nil {
		return err
	}
	i := b.last
	if i >= len(b.ids) || b.ids[i] != b.trial {
		var ok bool
		if i, ok = slices.BinarySearch(b.ids, b.trial); !ok {
			return nil
		}
		b.last = i
	}
	p := &b.parts[i]
	if err := b.add(p); err != nil && p.err == nil {
		p.err = err
	}
	return nil
}

func (b *trialBuilder) add(p *trialParts) error {
	num, valid, err := toFloat(b.num)
	if err != nil {
		return fmt.Errorf("%s: %w", b.name, err)
	}
	t := &p.trial
	switch b.kind {
	case rowTrial:
		p.here = b.study == 0 || int64(num) == b.study
		t.ID, t.Number = b.trial, int(b.seq)
		if b.seq < 0 {
			return fmt.Errorf("the number is missing or negative")
		}
		if t.State, err = parseState(string(b.name)); err != nil {
			return err
		}
		if t.Started, err = b.s.decodeTime(string(b.text)); err != nil {
			return err
		}
		t.Finished, err = b.s.decodeTime(string(b.text2))
		return err
	case rowParam:
		d, err := b.s.dists.unmarshal(b.text)
		if err != nil {
			return fmt.Errorf("parameter %q: %w", b.name, err)
		}
		if !valid {
			return fmt.Errorf("parameter %q has no value", b.name)
		}
		t.Params = append(t.Params, storage.Param{Name: b.intern(), Value: num, Dist: d})
		p.paramSeq = appendSeq(p, p.paramSeq, b.seq)
	case rowValue, rowReport:
		v, err := decodeFloat(num, valid, string(b.name))
		if err != nil {
			return err
		}
		list := &t.Reports
		if b.kind == rowValue {
			list = &p.values
		}
		if n := len(*list); n > 0 && (*list)[n-1].Step > int(b.seq) {
			p.unordered = true
		}
		*list = append(*list, storage.Report{Step: int(b.seq), Value: v})
	case rowUserAttr, rowSystemAttr:
		if string(b.name) == tokenAttr {
			return nil
		}
		if err := pyjson.Check(b.text); err != nil {
			return fmt.Errorf("attribute %q: %w", b.name, err)
		}
		a, attrs := storage.Attr{Key: b.intern(), Value: string(b.text)}, &t.UserAttrs
		if b.kind == rowSystemAttr {
			attrs = &t.SystemAttrs
		}
		*attrs = append(*attrs, a)
		p.attrSeq[b.kind-rowUserAttr] = appendSeq(p, p.attrSeq[b.kind-rowUserAttr], b.seq)
	}
	return nil
}

// toFloat reads a column that holds a number or NULL. A damaged one of SQLite may
// hold anything.
func toFloat(v any) (float64, bool, error) {
	switch v := v.(type) {
	case nil:
		return 0, false, nil
	case float64:
		return v, true, nil
	case float32:
		return float64(v), true, nil
	case int64:
		return float64(v), true, nil
	case []byte:
		f, err := strconv.ParseFloat(string(v), 64)
		return f, err == nil, err
	case string:
		f, err := strconv.ParseFloat(v, 64)
		return f, err == nil, err
	}
	return 0, false, fmt.Errorf("%v is no number", v)
}

func appendSeq(p *trialParts, seqs []int64, seq int64) []int64 {
	if n := len(seqs); n > 0 && seqs[n-1] > seq {
		p.unordered = true
	}
	return append(seqs, seq)
}

// intern returns the name, sharing memory with the same name of other trials.
func (b *trialBuilder) intern() string {
	if name, ok := b.names[string(b.name)]; ok {
		return name
	}
	name := string(b.name)
	b.names[name] = name
	return name
}

// build returns the trials that are there, in the order of their ids, and how
// many were left out.
func (b *trialBuilder) build() (out []storage.Trial, left int, err error) {
	out = make([]storage.Trial, 0, len(b.ids))
	for i := range b.parts {
		p := &b.parts[i]
		if !p.here {
			continue
		}
		if p.err == nil {
			p.err = p.finish()
		}
		switch {
		case p.err == nil:
			out = append(out, p.trial)
		case b.s.o.SkipBroken:
			b.s.warn("a trial was left out, for it cannot be read", "trial", b.ids[i], "error", p.err)
			left++
		default:
			return nil, 0, broken(b.ids[i], p.err)
		}
	}
	if len(out) == 0 {
		return nil, left, nil
	}
	return out, left, nil
}

// broken is the error for a trial that cannot be read.
func broken(trial int64, err error) error {
	return fmt.Errorf("trial with id %d cannot be read: %w", trial, err)
}

// finish puts the rows in order.
func (p *trialParts) finish() error {
	t := &p.trial
	if p.unordered {
		sortBy(t.Params, p.paramSeq)
		sortBy(t.UserAttrs, p.attrSeq[0])
		sortBy(t.SystemAttrs, p.attrSeq[1])
		byStep := func(a, b storage.Report) int { return cmp.Compare(a.Step, b.Step) }
		slices.SortFunc(t.Reports, byStep)
		slices.SortFunc(p.values, byStep)
	}
	for i, v := range p.values {
		if v.Step != i {
			return fmt.Errorf("the value of objective %d is missing", i)
		}
		t.Values = append(t.Values, v.Value)
	}
	t.Params, t.Reports = slices.Clip(t.Params), slices.Clip(t.Reports)
	t.UserAttrs, t.SystemAttrs = slices.Clip(t.UserAttrs), slices.Clip(t.SystemAttrs)
	return nil
}

// sortBy sorts list by the numbers beside it.
func sortBy[T any](list []T, seqs []int64) {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(seqs[a], seqs[b]) })
	sorted := make([]T, len(list))
	for i, k := range order {
		sorted[i] = list[k]
	}
	copy(list, sorted)
}
