package rdb

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

func TestFloats(t *testing.T) {
	for _, c := range []struct {
		v    float64
		kind string
	}{
		{0, "FINITE"}, {math.Copysign(0, -1), "FINITE"}, {math.Pi, "FINITE"}, {math.MaxFloat64, "FINITE"}, {math.SmallestNonzeroFloat64, "FINITE"},
		{math.Inf(1), "INF_POS"}, {math.Inf(-1), "INF_NEG"}, {math.NaN(), "NAN"},
	} {
		column, kind := encodeFloat(c.v)
		if kind != c.kind || (column == nil) != (kind != "FINITE") {
			t.Errorf("encodeFloat(%v) = %v, %s", c.v, column, kind)
		}
		f, _ := column.(float64)
		if back, err := decodeFloat(f, column != nil, kind); err != nil || math.Float64bits(back) != math.Float64bits(c.v) && c.v == c.v {
			t.Errorf("decodeFloat of %v is %v, %v", c.v, back, err)
		}
	}
	if _, err := decodeFloat(0, false, "FINITE"); err == nil {
		t.Error("a finite NULL was read")
	}
	for _, kind := range []string{"", "finite", "INF"} {
		if _, err := decodeFloat(1, true, kind); err == nil {
			t.Errorf("a value of the kind %q was read", kind)
		}
	}
	for v, want := range map[any]float64{nil: 0, 1.5: 1.5, float32(0.5): 0.5, int64(-3): -3, "2.5": 2.5} {
		if got, valid, err := toFloat(v); got != want || valid != (v != nil) || err != nil {
			t.Errorf("toFloat(%v) = %v, %v, %v", v, got, valid, err)
		}
	}
	for _, v := range []any{"much", []byte("x"), true, time.Now()} {
		if _, _, err := toFloat(v); err == nil {
			t.Errorf("toFloat(%v) is a number", v)
		}
	}
}

func TestStates(t *testing.T) {
	for _, st := range []storage.State{storage.Running, storage.Complete, storage.Pruned, storage.Failed, storage.Waiting} {
		name, err := stateName(st)
		back, err2 := parseState(name)
		if back != st || err != nil || err2 != nil {
			t.Errorf("%v is written %q and read as %v, %v, %v", st, name, back, err, err2)
		}
	}
	for _, st := range []storage.State{-1, 5, 99} {
		if name, err := stateName(st); err == nil {
			t.Errorf("state %d is written %q", st, name)
		}
	}
	for _, name := range []string{"", "running", "FAILED"} {
		if st, err := parseState(name); err == nil {
			t.Errorf("%q is read as %v", name, st)
		}
	}
	for _, d := range []storage.Direction{storage.Minimize, storage.Maximize} {
		if back, err := parseDirection(directionName(d)); back != d || err != nil {
			t.Errorf("%v is read as %v, %v", d, back, err)
		}
	}
	if d, err := parseDirection("NOT_SET"); d != storage.Unset || err != nil {
		t.Errorf("NOT_SET is read as %v, %v", d, err)
	}
	if _, err := parseDirection("UP"); err == nil {
		t.Error("UP is a direction")
	}
}

// Python needs exactly six digits of a second on SQLite; MySQL keeps none.
func TestTimes(t *testing.T) {
	at := time.Date(2026, 1, 31, 23, 59, 59, 5_000_999, time.FixedZone("", 9*3600))
	for d, want := range map[Dialect]string{SQLite: "2026-01-31 14:59:59.005000", PostgreSQL: "2026-01-31 14:59:59.005000", MySQL: "2026-01-31 14:59:59"} {
		s := &Storage{d: d, zone: time.UTC}
		if got, err := s.encodeTime(at); got != want || err != nil {
			t.Errorf("%v: %v, %v; want %s", d, got, err, want)
		}
		if back, err := s.decodeTime(want); !back.Equal(s.roundTime(at)) || err != nil {
			t.Errorf("%v: %s is read as %v, %v; want %v", d, want, back, err, s.roundTime(at))
		}
		if got, err := s.encodeTime(time.Time{}); got != nil || err != nil {
			t.Errorf("%v: the zero time is %v, %v", d, got, err)
		}
		for _, year := range []int{-1, 999, 10000} {
			if got, err := s.encodeTime(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
				t.Errorf("%v: the year %d is written %v", d, year, got)
			}
		}
	}
	s := &Storage{d: SQLite, zone: time.UTC}
	for text, want := range map[string]time.Time{
		"":                                 {},
		"2026-01-31 14:59:59":              time.Date(2026, 1, 31, 14, 59, 59, 0, time.UTC), // a beat
		"2026-01-31 14:59:59.000001":       time.Date(2026, 1, 31, 14, 59, 59, 1000, time.UTC),
		"2026-01-31 14:59:59.000001+00:00": time.Date(2026, 1, 31, 14, 59, 59, 1000, time.UTC),
	} {
		if got, err := s.decodeTime(text); !got.Equal(want) || err != nil {
			t.Errorf("%q is read as %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"2026-01-31T14:59:59", "2026-02-30 00:00:00", "now", "2026-01-31 14:59:59+09:00"} {
		if got, err := s.decodeTime(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	tokyo := &Storage{d: SQLite, zone: time.FixedZone("Tokyo", 9*3600)} // Options.LocalTime
	if got, _ := tokyo.encodeTime(at); got != "2026-01-31 23:59:59.005000" {
		t.Errorf("local time is written %v", got)
	}
	if back, _ := tokyo.decodeTime("2026-01-31 23:59:59.005000"); !back.Equal(tokyo.roundTime(at)) || back.Location() != time.UTC {
		t.Errorf("local time is read as %v", back)
	}
}

func TestChecks(t *testing.T) {
	float := distributions.Float{Low: 0, High: 1}
	long := strings.Repeat("é", 300)
	plain, small := &Storage{d: SQLite}, &Storage{d: MySQL, maxText: 1000}
	old, latin := &Storage{d: MySQL, charset: "utf8mb3"}, &Storage{d: MySQL, charset: "latin1"}
	for _, c := range []struct {
		what string
		err  error
		want string // "": none
	}{
		{"a name", plain.checkName("study", "日本 😀"), ""},
		{"an empty name", plain.checkName("parameter", ""), "parameter"},
		{"a name with NUL", plain.checkName("parameter", "a\x00b"), "NUL"},
		{"a name that is no text", plain.checkName("parameter", "a\xffb"), "UTF-8"},
		{"a long name", plain.checkName("parameter", long), "512"},
		{"an emoji in three bytes", old.checkName("parameter", "😀"), "utf8mb4"},
		{"a snowman in three bytes", old.checkName("parameter", "☃"), ""},
		{"a snowman in one byte", latin.checkName("parameter", "☃"), "latin1"},
		{"a parameter", second(plain.checkParam(storage.Param{Name: "x", Value: 1, Dist: float})), ""},
		{"NaN", second(plain.checkParam(storage.Param{Name: "x", Value: math.NaN(), Dist: float})), `"x" is NaN`},
		{"infinity", second(plain.checkParam(storage.Param{Name: "x", Value: math.Inf(1), Dist: float})), "+Inf"},
		{"no distribution", second(plain.checkParam(storage.Param{Name: "x", Value: 1})), "no distribution"},
		{"a distribution", second(small.checkParam(storage.Param{Name: "x", Value: 1, Dist: distributions.Categorical{Choices: []any{strings.Repeat("x", 1000)}}})), "at most 1000"},
		{"an attribute", second(plain.checkAttr(storage.Attr{Key: "k", Value: `{"a":NaN}`})), ""},
		{"an attribute that is no JSON", second(plain.checkAttr(storage.Attr{Key: "k", Value: `{`})), `"k" is no JSON`},
		{"a long attribute", second(small.checkAttr(storage.Attr{Key: "k", Value: `"` + strings.Repeat("x", 999) + `"`})), "1001 bytes"},
		{"an attribute without a name", second(plain.checkAttr(storage.Attr{Value: `1`})), "attribute"},
		{"a step", small.checkStep(math.MaxInt32), ""},
		{"a negative step", plain.checkStep(-1), "not negative"},
	} {
		if (c.err == nil) != (c.want == "") || c.err != nil && !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.what, c.err, c.want)
		}
	}
	if math.MaxInt > math.MaxInt32 {
		step := math.MaxInt32
		step++
		if small.checkStep(step) == nil || plain.checkStep(step) != nil {
			t.Error("servers hold steps of 31 bits, SQLite all")
		}
	}
	if a, err := latin.checkAttr(storage.Attr{Key: "k", Value: `"☃"`}); err != nil || a.Value != `"\u2603"` {
		t.Errorf("in one byte a snowman is written %s, %v", a.Value, err)
	}
	for _, err := range []error{plain.checkName("parameter", ""), latin.checkName("parameter", "☃")} {
		if !errors.Is(err, storage.ErrInvalidName) {
			t.Errorf("%v is no ErrInvalidName", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// A study whose ranges change with every trial does not fill the memory.
func TestDistCache(t *testing.T) {
	var c distCache
	for i := range 3 * distCacheSize {
		text := fmt.Sprintf(`{"name":"IntDistribution","attributes":{"log":false,"step":1,"low":0,"high":%d}}`, i+1)
		d, err := c.unmarshal([]byte(text))
		if want := (distributions.Int{Low: 0, High: i + 1, Step: 1}); err != nil || d != distributions.Distribution(want) {
			t.Fatalf("%s is %v, %v", text, d, err)
		}
		if len(c.dists) > distCacheSize {
			t.Fatalf("%d distributions are kept", len(c.dists))
		}
	}
	if _, err := c.unmarshal([]byte("{}")); err == nil {
		t.Error("{} is a distribution")
	}
}

// A trial's rows may come in any order.
func TestBuild(t *testing.T) {
	row := func(b *trialBuilder, p *trialParts, kind, seq int64, name string, num any, text string) {
		t.Helper()
		b.kind, b.trial, b.seq, b.name, b.num, b.text, b.text2 = kind, 7, seq, []byte(name), num, []byte(text), nil
		if err := b.add(p); err != nil {
			t.Fatal(err)
		}
	}
	const dist = `{"name":"FloatDistribution","attributes":{"low":0.0,"high":1.0,"log":false,"step":null}}`
	b := newTrialBuilder(&Storage{zone: time.UTC}, 3, []int64{5, 7})
	p := &b.parts[1]
	row(b, p, rowSystemAttr, 9, "s2", nil, "2")
	row(b, p, rowSystemAttr, 10, tokenAttr, nil, `"hidden"`)
	row(b, p, rowValue, 1, "INF_NEG", nil, "")
	row(b, p, rowValue, 0, "FINITE", 0.5, "")
	row(b, p, rowReport, 12, "NAN", nil, "")
	row(b, p, rowParam, 30, "y", 0.25, dist)
	row(b, p, rowParam, 20, "x", 0.75, dist)
	row(b, p, rowSystemAttr, 4, "s1", nil, "1")
	row(b, p, rowReport, 2, "FINITE", 1.0, "")
	row(b, p, rowTrial, 4, "COMPLETE", 3.0, "2026-01-31 14:59:59.000001")
	got, left, err := b.build()
	if err != nil || left != 0 || len(got) != 1 {
		t.Fatalf("%d trials, %d left, %v", len(got), left, err)
	}
	tr := got[0]
	if tr.ID != 7 || tr.Number != 4 || tr.Params[0].Name != "x" || tr.Params[1].Name != "y" || tr.Values[0] != 0.5 || !math.IsInf(tr.Values[1], -1) ||
		len(tr.Reports) != 2 || tr.Reports[0].Step != 2 || !math.IsNaN(tr.Reports[1].Value) || len(tr.SystemAttrs) != 2 || tr.SystemAttrs[0].Key != "s1" {
		t.Errorf("the trial is %+v", tr)
	}
	// One of another study is nobody's.
	b = newTrialBuilder(&Storage{zone: time.UTC}, 8, []int64{7})
	row(b, &b.parts[0], rowTrial, 4, "COMPLETE", 3.0, "")
	if got, _, err := b.build(); len(got) != 0 || err != nil {
		t.Errorf("a trial of another study: %+v, %v", got, err)
	}
}

func TestOptions(t *testing.T) {
	if _, err := Open(t.Context(), nil, SQLite, nil); err == nil {
		t.Error("a nil *sql.DB was opened")
	}
	var log strings.Builder
	s := &Storage{o: Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}}
	s.warn("something", "trial", 3)
	(&Storage{}).warn("nobody is told")
	if !strings.Contains(log.String(), "rdb: something") || !strings.Contains(log.String(), "trial=3") {
		t.Errorf("the log is %q", &log)
	}
}
