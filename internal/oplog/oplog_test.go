package oplog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/pyjson"
	"github.com/gohone/hone/storage"
)

// big is the largest integer that a float holds exactly with all below it, or
// what fits an int.
const big = 1 << (strconv.IntSize - 11)

// apply folds lines and returns what became of each.
func apply(t *testing.T, s *State, lines ...string) []Verdict {
	t.Helper()
	var out []Verdict
	for _, l := range lines {
		o, err := s.Apply([]byte(l))
		if err != nil {
			t.Fatalf("Apply(%s): %v", l, err)
		}
		out = append(out, o.Verdict)
	}
	return out
}

const (
	floatText = `"{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": 0.0, \"high\": 1.0, \"log\": false}}"`
	floatLog  = `"{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": 0.5, \"high\": 1.0, \"log\": true}}"`
	floatWide = `"{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": -9.0, \"high\": 1.0, \"log\": false}}"`
	legacy    = `"{\"name\": \"UniformDistribution\", \"attributes\": {\"low\": 0.0, \"high\": 1.0}}"`
	startText = `"datetime_start":"2026-11-23T10:48:34.572108+00:00"`
	endText   = `"datetime_complete":"2026-11-23T10:48:35.000001+00:00"`
)

func param(trial int, name, dist string) string {
	return fmt.Sprintf(`{"op_code":5,"worker_id":"w","trial_id":%d,"param_name":%q,"param_value_internal":0.5,"distribution":%s}`, trial, name, dist)
}

// The table of rejected records in Optuna's replay.
func TestRejected(t *testing.T) {
	s := NewState()
	apply(t, s,
		`{"op_code":0,"worker_id":"w","study_name":"a","directions":[1]}`,
		`{"op_code":4,"worker_id":"w","study_id":0,`+startText+`}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"state":4,"value":null,"values":null}`,
		`{"op_code":4,"worker_id":"w","study_id":0,`+startText+`,"state":1,"value":1.5,"values":null,`+endText+`}`,
		param(0, "x", floatText))
	for _, c := range []struct {
		line string
		want Verdict
	}{
		{`{"op_code":0,"worker_id":"w","study_name":"a","directions":[2]}`, DuplicateStudy},
		{`{"op_code":1,"worker_id":"w","study_id":1}`, NoStudy},
		{`{"op_code":2,"worker_id":"w","study_id":-1,"user_attr":{"k":1}}`, NoStudy},
		{`{"op_code":3,"worker_id":"w","study_id":99999999999999999999,"system_attr":{"k":1}}`, NoStudy},
		{`{"op_code":4,"worker_id":"w","study_id":7,` + startText + `}`, NoStudy},
		{param(9, "x", floatText), NoTrial},
		{`{"op_code":6,"worker_id":"w","trial_id":3,"state":0,"values":null,` + startText + `}`, NoTrial},
		{param(2, "x", floatText), Finished},
		{`{"op_code":6,"worker_id":"w","trial_id":2,"state":0,"values":null,` + startText + `}`, Finished},
		{`{"op_code":7,"worker_id":"w","trial_id":2,"step":0,"intermediate_value":1.0}`, Finished},
		{`{"op_code":8,"worker_id":"w","trial_id":2,"user_attr":{"k":1}}`, Finished},
		{`{"op_code":9,"worker_id":"w","trial_id":2,"system_attr":{"k":1}}`, Finished},
		{param(1, "x", floatLog), Incompatible},
		{param(1, "x", legacy), Incompatible},
		{`{"op_code":6,"worker_id":"w","trial_id":0,"state":0,"values":[3.0],` + startText + `}`, NotWaiting},
		{`{"op_code":10,"worker_id":"w","whatever":[{}]}`, Unknown},
		{`{"op_code":4711}`, Unknown},
	} {
		before := dump(s)
		if got := apply(t, s, c.line)[0]; got != c.want {
			t.Errorf("%s: verdict %d, want %d", c.line, got, c.want)
		}
		if after := dump(s); after != before {
			t.Errorf("%s: the state changed from\n%s\nto\n%s", c.line, before, after)
		}
	}
	if s.Unknown() != 2 || s.Records() != 22 {
		t.Errorf("%d records, %d unknown; want 22 and 2", s.Records(), s.Unknown())
	}
	// A claim: the first record wins, the second does not apply.
	claim := `{"op_code":6,"worker_id":"w","trial_id":1,"state":0,"values":null,` + startText + `}`
	if got := apply(t, s, claim, claim); !slices.Equal(got, []Verdict{Applied, NotWaiting}) {
		t.Errorf("two claims: verdicts %v", got)
	}
	if got := apply(t, s, param(1, "x", floatWide))[0]; got != Applied {
		t.Errorf("another range: verdict %d, want applied", got)
	}
}

// dump prints all that a state holds.
func dump(s *State) string {
	var b strings.Builder
	for _, st := range s.Studies() {
		fmt.Fprintf(&b, "%+v\n", st)
		ts, _ := s.Trials(st.ID, -1, nil)
		for _, t := range ts {
			fmt.Fprintf(&b, "\t%+v\n", t)
		}
		counted, held, _ := s.Spent(st.ID)
		fmt.Fprintf(&b, "\t%d %d\n", counted, held)
	}
	return b.String()
}

// The first trial in the order of creation decides what a parameter must be
// compatible with, not the first record.
func TestFirstTrialDecides(t *testing.T) {
	s := NewState()
	template := func(dist string) string {
		return `{"op_code":4,"worker_id":"w","study_id":0,` + startText + `,"state":0,"value":null,"values":null,"distributions":{"x":` + dist +
			`},"params":{"x":0.5},"user_attrs":{},"system_attrs":{},"intermediate_values":{}}`
	}
	got := apply(t, s,
		`{"op_code":0,"worker_id":"w","study_name":"a","directions":[1]}`,
		`{"op_code":4,"worker_id":"w","study_id":0,`+startText+`}`, // 0
		template(floatText),      // 1: the first that has x
		template(legacy),         // 2: templates are not checked
		param(0, "x", floatLog),  // refused by 1
		param(0, "x", floatWide), // now 0 is the first
		`{"op_code":4,"worker_id":"w","study_id":0,`+startText+`}`, // 3
		param(3, "x", legacy),
		param(3, "x", floatText))
	want := []Verdict{Applied, Applied, Applied, Applied, Incompatible, Applied, Applied, Incompatible, Applied}
	if !slices.Equal(got, want) {
		t.Errorf("verdicts %v, want %v", got, want)
	}

	s = NewState()
	got = apply(t, s,
		`{"op_code":0,"worker_id":"w","study_name":"a","directions":[1]}`,
		template(legacy),
		`{"op_code":4,"worker_id":"w","study_id":0,`+startText+`}`,
		param(1, "x", floatText),
		param(1, "x", legacy))
	want = []Verdict{Applied, Applied, Applied, Incompatible, Applied}
	if !slices.Equal(got, want) {
		t.Errorf("after an old class: verdicts %v, want %v", got, want)
	}
}

// Ids count on after a study is deleted; its trials are gone.
func TestDeletedStudy(t *testing.T) {
	s := NewState()
	got := apply(t, s,
		`{"op_code":0,"worker_id":"w","study_name":"a","directions":[1]}`,
		`{"op_code":4,"worker_id":"w","study_id":0,`+startText+`}`,
		`{"op_code":1,"worker_id":"w","study_id":0}`,
		`{"op_code":1,"worker_id":"w","study_id":0}`,
		`{"op_code":8,"worker_id":"w","trial_id":0,"user_attr":{"k":1}}`,
		`{"op_code":0,"worker_id":"w","study_name":"a","directions":[2,1]}`,
		`{"op_code":4,"worker_id":"w","study_id":1,`+startText+`}`)
	if want := []Verdict{Applied, Applied, Applied, NoStudy, NoTrial, Applied, Applied}; !slices.Equal(got, want) {
		t.Errorf("verdicts %v, want %v", got, want)
	}
	if _, err := s.Trial(0); !errors.Is(err, storage.ErrTrialNotFound) {
		t.Errorf("a trial of a deleted study: %v", err)
	}
	if _, err := s.Study(0); !errors.Is(err, storage.ErrStudyNotFound) {
		t.Errorf("a deleted study: %v", err)
	}
	if id, err := s.FindStudy("a"); id != 1 || err != nil {
		t.Errorf("FindStudy = %d, %v, want 1", id, err)
	}
	if tr, err := s.Trial(1); err != nil || tr.Number != 0 || tr.ID != 1 {
		t.Errorf("the new study's trial is %+v, %v", tr, err)
	}
}

// What no Python reader takes is an error, and leaves the state alone.
func TestMalformed(t *testing.T) {
	s := NewState()
	apply(t, s,
		`{"op_code":0,"worker_id":"w","study_name":"a","directions":[1]}`,
		`{"op_code":4,"worker_id":"w","study_id":0,`+startText+`}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"state":4}`)
	before := dump(s)
	syntax := 0
	for _, line := range []string{
		``, `nonsense`, `{`, `{"op_code":0`, `{"op_code":0}{}`, "{\"op_code\":0,\"x\":\"\xff\"}", "\x00\x00\x00", // no JSON
		`[]`, `[1]`, `{}`, `{"op_code":"0"}`, `{"op_code":0.5}`, `{"op_code":null}`,
		`{"op_code":0,"worker_id":"w","directions":[1]}`,
		`{"op_code":0,"worker_id":"w","study_name":7,"directions":[1]}`,
		`{"op_code":0,"worker_id":"w","study_name":"b"}`,
		`{"op_code":0,"worker_id":"w","study_name":"b","directions":[3]}`,
		`{"op_code":0,"worker_id":"w","study_name":"b","directions":1}`,
		`{"op_code":1,"worker_id":"w"}`,
		`{"op_code":2,"worker_id":"w","study_id":0}`,
		`{"op_code":2,"worker_id":"w","study_id":0,"user_attr":{}}`,
		`{"op_code":2,"worker_id":"w","study_id":0,"user_attr":{"a":1,"b":2}}`,
		`{"op_code":3,"worker_id":"w","study_id":0,"system_attr":[1]}`,
		`{"op_code":3,"worker_id":"w","study_id":0,"user_attr":{"a":1}}`,
		`{"op_code":4,"worker_id":"w","study_id":0}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":7}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"soon"}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"2026-13-01T00:00:00.000000+00:00"}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"state":9}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"datetime_complete":null}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"value":1.0,"values":[1.0]}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"values":["x"]}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"params":{"x":1}}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"params":{"x":1},"distributions":{}}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"params":{"x":1},"distributions":{"x":"{}"}}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"user_attrs":[]}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"intermediate_values":{"x":1}}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"intermediate_values":{"1":"x"}}`,
		`{"op_code":5,"worker_id":"w"}`,
		`{"op_code":5,"worker_id":"w","trial_id":0}`,
		`{"op_code":5,"worker_id":"w","trial_id":0,"param_name":"x","param_value_internal":1}`,
		`{"op_code":5,"worker_id":"w","trial_id":0,"param_name":"x","param_value_internal":1,"distribution":"{}"}`,
		`{"op_code":5,"worker_id":"w","trial_id":0,"param_name":"x","param_value_internal":1,"distribution":{}}`,
		`{"op_code":5,"worker_id":"w","trial_id":0,"param_name":"x","distribution":` + floatText + `}`,
		`{"op_code":6,"worker_id":"w","trial_id":0,"values":null}`,
		`{"op_code":6,"worker_id":"w","trial_id":0,"state":1,` + endText + `}`,
		`{"op_code":6,"worker_id":"w","trial_id":0,"state":1,"values":null}`,
		`{"op_code":6,"worker_id":"w","trial_id":1,"state":0,"values":null}`,
		`{"op_code":7,"worker_id":"w","trial_id":0,"step":1}`,
		`{"op_code":7,"worker_id":"w","trial_id":0,"step":1.5,"intermediate_value":1}`,
		`{"op_code":8,"worker_id":"w","trial_id":0,"user_attr":{"a":1,"b":2}}`,
		`{"op_code":9,"worker_id":"w","trial_id":0}`,
	} {
		_, err := s.Apply([]byte(line))
		if err == nil {
			t.Errorf("%s: no error", line)
		}
		if se := new(pyjson.SyntaxError); errors.As(err, &se) {
			syntax++
			if utf8.ValidString(line) && json.Valid([]byte(line)) {
				t.Errorf("%s: %v, but it is JSON", line, err)
			}
		}
		if after := dump(s); after != before {
			t.Fatalf("%s: the state changed to\n%s", line, after)
		}
	}
	if syntax != 7 {
		t.Errorf("%d of the lines are no JSON, want 7", syntax)
	}
}

func TestTimes(t *testing.T) {
	local := time.FixedZone("", 5*3600)
	old := time.Local
	time.Local = local
	defer func() { time.Local = old }()
	want := time.Date(2026, 11, 30, 23, 59, 8, 120000000, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-11-30T23:59:08.120000+00:00": want,
		"2026-11-30T23:59:08.12Z":          want,
		"2026-12-01T00:59:08.120000+01:00": want,
		"2026-11-30T23:59:08.120000":       want.Add(-5 * time.Hour), // as Optuna ≤ 4 wrote: local
		"2026-11-30 23:59:08.120000":       want.Add(-5 * time.Hour),
		"2026-11-30T23:59":                 want.Add(-5*time.Hour - 8120*time.Millisecond),
		"2026-11-08T23:59:08.000001+00:00": time.Date(2026, 11, 8, 23, 59, 8, 1000, time.UTC),
		"2024-02-29T00:00:00.000000+00:00": time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
	} {
		got, err := parseTime("f", []byte(`"`+text+`"`))
		if err != nil || !got.Equal(want) {
			t.Errorf("%s is %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{`""`, `"2026-02-29T00:00:00.000000+00:00"`, `"2026-11-08T24:00:00.000000+00:00"`, `"x"`, `7`, `"2026-11-08T23:59:08.0000a1+00:00"`} {
		if got, err := parseTime("f", []byte(text)); err == nil {
			t.Errorf("%s was read as %v", text, got)
		}
	}
}

// What the Append functions write comes back from Apply.
func TestRoundTrip(t *testing.T) {
	now := time.Date(2026, 11, 23, 1, 2, 3, 4005000, time.UTC)
	inf := math.Inf(1)
	template := &storage.Trial{
		State:  storage.Pruned,
		Values: []float64{inf, -0.5},
		Params: []storage.Param{
			{Name: "z", Value: 5e-324, Dist: distributions.Float{Low: 0, High: 1}},
			{Name: "é\"\n\x01日本", Value: 2, Dist: distributions.Categorical{Choices: []any{nil, true, 2.0}}},
			{Name: "i", Value: big, Dist: distributions.Int{Low: 0, High: big, Step: 1}},
		},
		Reports:     []storage.Report{{Step: 0, Value: math.NaN()}, {Step: 7, Value: -inf}},
		UserAttrs:   storage.Attrs{{Key: "a", Value: `{"b": [1, 2.0, NaN]}`}, {Key: "", Value: "null"}},
		SystemAttrs: storage.Attrs{{Key: "hone:lease", Value: `"w1"`}},
		Started:     now.Add(-time.Hour),
		Finished:    now,
	}
	var lines [][]byte
	add := func(line []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(line, "\n\r") || !slices.Equal(line, bytes.ToValidUTF8(line, nil)) {
			t.Errorf("the record %q holds what it must not", line)
		}
		lines = append(lines, line)
	}
	add(AppendCreateStudy(nil, "w", "s\u2028\\", []storage.Direction{storage.Minimize, storage.Maximize}))
	add(AppendStudyAttr(nil, "w", 0, storage.UserAttr, "k", `"ü"`))
	add(AppendStudyAttr(nil, "w", 0, storage.SystemAttr, "k", "[\n1 ]"))
	add(AppendCreateTrial(nil, "w", 0, template, now))
	add(AppendCreateTrial(nil, "w", 0, nil, now))
	add(AppendParam(nil, "w", 1, storage.Param{Name: "z", Value: inf, Dist: distributions.Float{Low: 0, High: 2}}))
	add(AppendReport(nil, "w", 1, 3, math.Copysign(0, -1)))
	add(AppendTrialAttr(nil, "w", 1, storage.UserAttr, "u", "1e400"))
	add(AppendTrialAttr(nil, "w", 1, storage.SystemAttr, "u", "1180591620717411303424"))
	add(AppendState(nil, "w", 1, storage.Waiting, nil, now))
	add(AppendState(nil, "w", 1, storage.Running, nil, now.Add(time.Second)))
	add(AppendState(nil, "w", 1, storage.Complete, []float64{1, 2}, now.Add(time.Minute)))
	add(AppendDeleteStudy(nil, "w", 5), nil)

	s := NewState()
	for i, line := range lines {
		o, err := s.Apply(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if string(o.Worker) != "w" || (o.Verdict != Applied) != (i == len(lines)-1) {
			t.Errorf("%s: outcome %+v", line, o)
		}
	}
	st, err := s.Study(0)
	if err != nil || st.Name != "s\u2028\\" || len(st.Directions) != 2 || st.Directions[1] != storage.Maximize {
		t.Errorf("the study is %+v, %v", st, err)
	}
	if v, _ := st.UserAttrs.Get("k"); v != `"\u00fc"` {
		t.Errorf("user attribute k is %s", v)
	}
	if v, _ := st.SystemAttrs.Get("k"); v != `[1]` {
		t.Errorf("system attribute k is %s", v)
	}
	want := template.Clone()
	want.UserAttrs[0].Value = `{"b":[1,2.0,NaN]}`
	got, _ := s.Trial(0)
	if fmt.Sprint(got) != fmt.Sprint(want) || !reflect.DeepEqual(got.Params, want.Params) {
		t.Errorf("the template came back as\n%+v, want\n%+v", got, want)
	}
	got, _ = s.Trial(1)
	if got.ID != 1 || got.Number != 1 || got.State != storage.Complete || !slices.Equal(got.Values, []float64{1, 2}) ||
		!got.Started.Equal(now.Add(time.Second)) || !got.Finished.Equal(now.Add(time.Minute)) ||
		len(got.Params) != 1 || got.Params[0].Value != inf || len(got.Reports) != 1 || got.Reports[0].Step != 3 || !math.Signbit(got.Reports[0].Value) {
		t.Errorf("the second trial is %+v", got)
	}
	if v, _ := got.SystemAttrs.Get("u"); v != "1180591620717411303424" {
		t.Errorf("the large integer came back as %s", v)
	}
}

// What would stop every Python reader is refused before it is written.
func TestRefused(t *testing.T) {
	now := time.Now()
	cat := distributions.Categorical{Choices: []any{"a", "b"}}
	p := func(name string, v float64, d distributions.Distribution) error {
		dst := []byte("kept")
		out, err := AppendParam(dst, "w", 0, storage.Param{Name: name, Value: v, Dist: d})
		if err != nil && string(out) != "kept" {
			t.Errorf("after %v the buffer holds %q", err, out)
		}
		if err != nil {
			_, err2 := AppendCreateTrial(nil, "w", 0, &storage.Trial{Params: []storage.Param{{Name: name, Value: v, Dist: d}}}, now)
			if err2 == nil {
				t.Errorf("a template takes what a parameter refuses: %v", err)
			}
		}
		return err
	}
	tmpl := func(tr storage.Trial) error {
		_, err := AppendCreateTrial(nil, "w", 0, &tr, now)
		return err
	}
	attr := func(key, value string) error {
		_, err := AppendTrialAttr(nil, "w", 0, storage.UserAttr, key, value)
		return err
	}
	study := func(name string, d ...storage.Direction) error {
		_, err := AppendCreateStudy(nil, "w", name, d)
		return err
	}
	state := func(s storage.State, v ...float64) error {
		_, err := AppendState(nil, "w", 0, s, v, now)
		return err
	}
	report := func(step int) error {
		_, err := AppendReport(nil, "w", 0, step, 1)
		return err
	}
	for name, err := range map[string]error{
		"category 2 of 2":         p("x", 2, cat),
		"category −1":             p("x", -1, cat),
		"category NaN":            p("x", math.NaN(), cat),
		"integer NaN":             p("x", math.NaN(), distributions.Int{Low: 0, High: 1, Step: 1}),
		"integer Inf":             p("x", math.Inf(1), distributions.Int{Low: 0, High: 1, Step: 1}),
		"no distribution":         p("x", 0, nil),
		"bad distribution":        p("x", 0, distributions.Float{Low: 2, High: 1}),
		"parameter not UTF-8":     p("\xff", 0, distributions.Float{Low: 0, High: 1}),
		"attribute key not UTF-8": attr("\xff", "1"),
		"attribute no JSON":       attr("k", "{"),
		"attribute empty":         attr("k", ""),
		"attribute not UTF-8":     attr("k", "\"\xff\""),
		"study name not UTF-8":    study("\xff", storage.Minimize),
		"no directions":           study("x"),
		"direction unset":         study("x", storage.Unset),
		"value NaN":               state(storage.Complete, math.NaN()),
		"state 9":                 state(9),
		"negative step":           report(-1),
		"template: value NaN":     tmpl(storage.Trial{Values: []float64{math.NaN()}}),
		"template: state 9":       tmpl(storage.Trial{State: 9}),
		"template: negative step": tmpl(storage.Trial{Reports: []storage.Report{{Step: -1}}}),
		"template: year 12026":    tmpl(storage.Trial{Started: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)}),
		"template: attr not JSON": tmpl(storage.Trial{UserAttrs: storage.Attrs{{Key: "k", Value: "x"}}}),
		"template: key not UTF-8": tmpl(storage.Trial{SystemAttrs: storage.Attrs{{Key: "\xff", Value: "1"}}}),
	} {
		if err == nil {
			t.Errorf("%s was not refused", name)
		}
	}
	if err := attr("\xff", "1"); !errors.Is(err, storage.ErrInvalidName) {
		t.Errorf("a key that is not UTF-8 gives %v", err)
	}
}

// Views must not change under whoever holds them.
func TestViewsDoNotChange(t *testing.T) {
	s := NewState()
	apply(t, s,
		`{"op_code":0,"worker_id":"w","study_name":"a","directions":[1]}`,
		`{"op_code":3,"worker_id":"w","study_id":0,"system_attr":{"k":1}}`,
		`{"op_code":4,"worker_id":"w","study_id":0,`+startText+`}`)
	var views []storage.Trial
	var studies []storage.Study
	var printed []string
	for i := range 200 { // more attributes than a list without an index has
		tr, _ := s.Trial(0)
		st, _ := s.Study(0)
		views, studies = append(views, tr), append(studies, st)
		printed = append(printed, fmt.Sprintf("%+v %+v", tr, st))
		apply(t, s,
			param(0, fmt.Sprintf("p%d", i%7), floatText),
			param(0, fmt.Sprintf("p%d", i%3), floatWide),
			fmt.Sprintf(`{"op_code":7,"worker_id":"w","trial_id":0,"step":%d,"intermediate_value":%d}`, (i*13)%17, i),
			fmt.Sprintf(`{"op_code":8,"worker_id":"w","trial_id":0,"user_attr":{"k%d":%d}}`, i%90, i),
			fmt.Sprintf(`{"op_code":9,"worker_id":"w","trial_id":0,"system_attr":{"k%d":%d}}`, i%5, i),
			fmt.Sprintf(`{"op_code":2,"worker_id":"w","study_id":0,"user_attr":{"k%d":%d}}`, i%5, i),
			fmt.Sprintf(`{"op_code":3,"worker_id":"w","study_id":0,"system_attr":{"k":%d}}`, i),
			`{"op_code":6,"worker_id":"w","trial_id":0,"state":4,"values":[`+fmt.Sprint(i)+`]}`)
		// Whoever holds a view may append to it without reaching the state.
		_ = append(tr.Params, storage.Param{Name: "mine"})
		_ = append(tr.Reports, storage.Report{Step: -1})
		_ = append(tr.UserAttrs, storage.Attr{Key: "mine"})
	}
	for i := range views {
		if got := fmt.Sprintf("%+v %+v", views[i], studies[i]); got != printed[i] {
			t.Errorf("view %d became\n%s, was\n%s", i, got, printed[i])
		}
	}
	if strings.Contains(dump(s), "mine") {
		t.Error("an append to a view reached the state")
	}
}

// Long lists of attributes keep their order, and cost what they are worth.
func TestManyAttrs(t *testing.T) {
	const n = 20000
	s := NewState()
	apply(t, s, `{"op_code":0,"worker_id":"w","study_name":"a","directions":[1]}`, `{"op_code":4,"worker_id":"w","study_id":0,`+startText+`}`)
	for i := range n + 50 {
		apply(t, s,
			fmt.Sprintf(`{"op_code":3,"worker_id":"w","study_id":0,"system_attr":{"k%d":%d}}`, i%n, i),
			fmt.Sprintf(`{"op_code":8,"worker_id":"w","trial_id":0,"user_attr":{"k%d":%d}}`, i%n, i))
	}
	st, _ := s.Study(0)
	tr, _ := s.Trial(0)
	for _, attrs := range []storage.Attrs{st.SystemAttrs, tr.UserAttrs} {
		if len(attrs) != n {
			t.Fatalf("%d attributes, want %d", len(attrs), n)
		}
		for i, a := range attrs {
			want := i
			if i < 50 {
				want += n
			}
			if a.Key != fmt.Sprint("k", i) || a.Value != fmt.Sprint(want) {
				t.Fatalf("attribute %d is %+v", i, a)
			}
		}
	}
}

// The counts that budgets are judged by equal those of a full count.
func TestSpent(t *testing.T) {
	s := NewState()
	apply(t, s, `{"op_code":0,"worker_id":"w","study_name":"a","directions":[1]}`)
	rng := []string{
		`{"op_code":4,"worker_id":"w","study_id":0,` + startText + `}`,
		`{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null,"state":4}`,
		`{"op_code":4,"worker_id":"w","study_id":0,` + startText + `,"state":0,"system_attrs":{"hone:lease":"w1"}}`,
		`{"op_code":9,"worker_id":"w","trial_id":%d,"system_attr":{"hone:lease":"w2"}}`,
		`{"op_code":9,"worker_id":"w","trial_id":%d,"system_attr":{"hone:lost":"gone"}}`,
		`{"op_code":6,"worker_id":"w","trial_id":%d,"state":0,"values":null,` + startText + `}`,
		`{"op_code":6,"worker_id":"w","trial_id":%d,"state":4,"values":null}`,
		`{"op_code":6,"worker_id":"w","trial_id":%d,"state":1,"values":[1],` + endText + `}`,
		`{"op_code":6,"worker_id":"w","trial_id":%d,"state":3,"values":null,` + endText + `}`,
	}
	x := uint32(1)
	for i := range 2000 {
		x = x*1664525 + 1013904223
		line := rng[int(x>>16)%len(rng)]
		if strings.Contains(line, "%d") {
			line = fmt.Sprintf(line, int(x>>8)%(i/4+1))
		}
		apply(t, s, line)
		ts, _ := s.Trials(0, -1, nil)
		counts, held, oldest := 0, 0, int64(-1)
		var holders []string
		for _, tr := range ts {
			if tr.Counts() {
				counts++
			}
			if tr.HoldsBudget() {
				held++
				holders = append(holders, tr.Holder())
			}
			if tr.State == storage.Waiting && oldest < 0 {
				oldest = tr.ID
			}
		}
		if c, h, _ := s.Spent(0); c != counts || h != held {
			t.Fatalf("after %d records: %d counted and %d held, want %d and %d", i, c, h, counts, held)
		}
		if tr, ok, _ := s.Waiting(0); ok != (oldest >= 0) || ok && tr.ID != oldest {
			t.Fatalf("after %d records: the oldest waiting trial is %d (%v), want %d", i, tr.ID, ok, oldest)
		}
		got, _ := s.Holders(0)
		slices.Sort(got)
		slices.Sort(holders)
		if !slices.Equal(got, slices.Compact(holders)) {
			t.Fatalf("after %d records: holders %v, want %v", i, got, holders)
		}
	}
}

// bigLog is the records of trials with 20 parameters as Optuna writes them.
func bigLog(trials int) []byte {
	var b bytes.Buffer
	worker := storage.NewUUID() + "-140707388986048"
	line := func(out []byte, err error) {
		if err != nil {
			panic(err)
		}
		b.Write(out)
		b.WriteByte('\n')
	}
	now := time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC)
	line(AppendCreateStudy(nil, worker, "big", []storage.Direction{storage.Minimize}))
	for i := range trials {
		now = now.Add(time.Second)
		line(AppendCreateTrial(nil, worker, 0, nil, now))
		for p := range 20 {
			v := math.Sqrt(float64(i*20 + p + 2))
			line(AppendParam(nil, worker, int64(i), storage.Param{
				Name: fmt.Sprintf("x%d", p), Value: v - math.Floor(v), Dist: distributions.Float{Low: 0, High: 1},
			}))
		}
		line(AppendState(nil, worker, int64(i), storage.Complete, []float64{math.Sqrt(float64(i))}, now))
	}
	return b.Bytes()
}

func BenchmarkApply(b *testing.B) {
	log := bigLog(1000)
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		s := NewState()
		for rest := log; len(rest) > 0; {
			n := bytes.IndexByte(rest, '\n')
			if _, err := s.Apply(rest[:n]); err != nil {
				b.Fatal(err)
			}
			rest = rest[n+1:]
		}
	}
}
