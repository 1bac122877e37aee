package grpcstore

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore/internal/honepb"
	"github.com/gohone/hone/storage/grpcstore/internal/optunapb"
)

// timeLayout is how times go over the wire: local to the server's process, with
// microseconds, without a zone.
const timeLayout = "2006-01-02 15:04:05.000000"

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(timeLayout)
}

func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation("2006-01-02 15:04:05.999999999", s, time.Local)
	if err != nil {
		return time.Time{}, fmt.Errorf("time %q is not of the form %q", s, timeLayout)
	}
	return t, nil
}

// Directions of the protocol are numbered from 0, hone's and the journal's from 1.

func encodeDirections(ds []storage.Direction) []optunapb.StudyDirection {
	out := make([]optunapb.StudyDirection, len(ds))
	for i, d := range ds {
		if d == storage.Maximize {
			out[i] = optunapb.StudyDirection_MAXIMIZE
		}
	}
	return out
}

func decodeDirections(ds []optunapb.StudyDirection) []storage.Direction {
	out := make([]storage.Direction, len(ds))
	for i, d := range ds {
		out[i] = storage.Maximize // what Optuna takes unknown numbers for
		if d == optunapb.StudyDirection_MINIMIZE {
			out[i] = storage.Minimize
		}
	}
	return out
}

// States have the same numbers on both sides.

func decodeState(s optunapb.TrialState) (storage.State, error) {
	if _, ok := optunapb.TrialState_name[int32(s)]; !ok {
		return 0, fmt.Errorf("state %d does not exist", s)
	}
	return storage.State(s), nil
}

func encodeAttrs(attrs storage.Attrs) map[string]string {
	out := make(map[string]string, len(attrs))
	for _, a := range attrs {
		out[a.Key] = a.Value
	}
	return out
}

// decodeAttrs sorts by key, for a map has no order.
func decodeAttrs(m map[string]string) storage.Attrs {
	if len(m) == 0 {
		return nil
	}
	out := make(storage.Attrs, 0, len(m))
	for k, v := range m {
		out = append(out, storage.Attr{Key: k, Value: v})
	}
	slices.SortFunc(out, func(a, b storage.Attr) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

func encodeAttrList(attrs []storage.Attr) []*honepb.Attr {
	out := make([]*honepb.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = &honepb.Attr{Key: a.Key, Value: a.Value}
	}
	return out
}

func decodeAttrList(attrs []*honepb.Attr) []storage.Attr {
	out := make([]storage.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = storage.Attr{Key: a.GetKey(), Value: a.GetValue()}
	}
	return out
}

func encodeStudy(s storage.Study) *optunapb.Study {
	return &optunapb.Study{
		StudyId:          s.ID,
		StudyName:        s.Name,
		Directions:       encodeDirections(s.Directions),
		UserAttributes:   encodeAttrs(s.UserAttrs),
		SystemAttributes: encodeAttrs(s.SystemAttrs),
	}
}

func encodeTrial(t *storage.Trial) (*optunapb.Trial, error) {
	out := &optunapb.Trial{
		TrialId:          t.ID,
		Number:           int64(t.Number),
		State:            optunapb.TrialState(t.State),
		Values:           t.Values,
		DatetimeStart:    formatTime(t.Started),
		DatetimeComplete: formatTime(t.Finished),
		UserAttributes:   encodeAttrs(t.UserAttrs),
		SystemAttributes: encodeAttrs(t.SystemAttrs),
	}
	if len(t.Params) > 0 {
		out.Params = make(map[string]float64, len(t.Params))
		out.Distributions = make(map[string]string, len(t.Params))
	}
	for _, p := range t.Params {
		text, err := distributions.Marshal(p.Dist)
		if err != nil {
			return nil, fmt.Errorf("trial %d: parameter %q: %w", t.Number, p.Name, err)
		}
		out.Params[p.Name], out.Distributions[p.Name] = p.Value, text
	}
	if len(t.Reports) > 0 {
		out.IntermediateValues = make(map[int64]float64, len(t.Reports))
	}
	for _, r := range t.Reports {
		out.IntermediateValues[int64(r.Step)] = r.Value
	}
	return out, nil
}

// A decoder turns trials of the wire into storage's. It keeps the distributions
// that it has seen, for all trials of a study carry the same few texts.
type decoder struct {
	dists dists
}

func (d *decoder) trial(p *optunapb.Trial) (storage.Trial, error) {
	state, err := decodeState(p.GetState())
	if err != nil {
		return storage.Trial{}, fmt.Errorf("trial %d: %w", p.GetNumber(), err)
	}
	t := storage.Trial{
		ID:          p.GetTrialId(),
		Number:      int(p.GetNumber()),
		State:       state,
		UserAttrs:   decodeAttrs(p.GetUserAttributes()),
		SystemAttrs: decodeAttrs(p.GetSystemAttributes()),
	}
	if len(p.GetValues()) > 0 {
		t.Values = p.GetValues()
	}
	if t.Started, err = parseTime(p.GetDatetimeStart()); err == nil {
		t.Finished, err = parseTime(p.GetDatetimeComplete())
	}
	if err != nil {
		return t, fmt.Errorf("trial %d: %w", t.Number, err)
	}
	for name, v := range p.GetParams() {
		text, ok := p.GetDistributions()[name]
		if !ok {
			return t, fmt.Errorf("trial %d: parameter %q has no distribution", t.Number, name)
		}
		dist, err := d.dists.parse(text)
		if err != nil {
			return t, fmt.Errorf("trial %d: parameter %q: %w", t.Number, name, err)
		}
		t.Params = append(t.Params, storage.Param{Name: name, Value: v, Dist: dist})
	}
	slices.SortFunc(t.Params, func(a, b storage.Param) int { return cmp.Compare(a.Name, b.Name) })
	for step, v := range p.GetIntermediateValues() {
		if step < 0 || int64(int(step)) != step {
			return t, fmt.Errorf("trial %d: report at step %d", t.Number, step)
		}
		t.Reports = append(t.Reports, storage.Report{Step: int(step), Value: v})
	}
	slices.SortFunc(t.Reports, func(a, b storage.Report) int { return cmp.Compare(a.Step, b.Step) })
	return t, nil
}
