package storage_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

func TestStates(t *testing.T) {
	for state, want := range map[storage.State]struct {
		number   int
		name     string
		finished bool
	}{
		storage.Running:   {0, "running", false},
		storage.Complete:  {1, "complete", true},
		storage.Pruned:    {2, "pruned", true},
		storage.Failed:    {3, "failed", true},
		storage.Waiting:   {4, "waiting", false},
		storage.State(9):  {9, "state(9)", false},
		storage.State(-1): {-1, "state(-1)", false},
	} {
		if int(state) != want.number || state.String() != want.name || state.Finished() != want.finished {
			t.Errorf("state %d is %q, finished %v; want %+v", state, state, state.Finished(), want)
		}
	}
}

func TestDirections(t *testing.T) {
	for d, want := range map[storage.Direction]struct {
		number int
		name   string
		sign   float64
	}{
		storage.Unset: {0, "unset", 1}, storage.Minimize: {1, "minimize", 1}, storage.Maximize: {2, "maximize", -1}, storage.Direction(7): {7, "direction(7)", 1},
	} {
		if int(d) != want.number || d.String() != want.name || d.Sign() != want.sign {
			t.Errorf("direction %d is %q, sign %v; want %+v", d, d, d.Sign(), want)
		}
	}
	for _, good := range [][]storage.Direction{{storage.Minimize}, {storage.Maximize, storage.Minimize}} {
		if err := storage.CheckDirections(good); err != nil {
			t.Errorf("CheckDirections(%v): %v", good, err)
		}
	}
	for _, bad := range [][]storage.Direction{nil, {}, {storage.Unset}, {storage.Minimize, storage.Unset}, {3}} {
		if storage.CheckDirections(bad) == nil {
			t.Errorf("CheckDirections(%v): no error", bad)
		}
	}
}

// Which trials count, and which hold a place of the budget.
func TestCountsAndHoldsBudget(t *testing.T) {
	lost := storage.Attrs{{Key: storage.AttrLost, Value: `"worker lost"`}}
	leased := storage.Attrs{{Key: "x", Value: "1"}, {Key: storage.AttrLease, Value: `"host-1"`}}
	for _, c := range []struct {
		state         storage.State
		system, user  storage.Attrs
		counts, holds bool
		holder        string
	}{
		{storage.Complete, nil, nil, true, false, ""},
		{storage.Pruned, nil, nil, true, false, ""},
		{storage.Failed, nil, nil, true, false, ""},
		{storage.Failed, lost, nil, false, false, ""},
		{storage.Failed, nil, lost, true, false, ""},
		{storage.Complete, lost, nil, true, false, ""},
		{storage.Complete, leased, nil, true, false, "host-1"},
		{storage.Running, nil, nil, false, false, ""},
		{storage.Running, leased, nil, false, true, "host-1"},
		{storage.Running, nil, leased, false, false, ""},
		{storage.Waiting, leased, nil, false, false, "host-1"},
		{storage.Running, storage.Attrs{{Key: storage.AttrLease, Value: "7"}}, nil, false, true, ""},
		{storage.Running, storage.Attrs{{Key: storage.AttrLease, Value: ""}}, nil, false, true, ""},
		{storage.Running, storage.Attrs{{Key: storage.AttrLease, Value: `"`}}, nil, false, true, ""},
	} {
		trial := storage.Trial{State: c.state, SystemAttrs: c.system, UserAttrs: c.user}
		if trial.Counts() != c.counts || trial.HoldsBudget() != c.holds || trial.Holder() != c.holder {
			t.Errorf("%s with %v: counts %v, holds %v, holder %q; want %v, %v, %q",
				c.state, c.system, trial.Counts(), trial.HoldsBudget(), trial.Holder(), c.counts, c.holds, c.holder)
		}
	}
}

func TestParamAndLastReport(t *testing.T) {
	x := storage.Param{Name: "x", Value: 0.5, Dist: distributions.Float{Low: 0, High: 1}}
	trial := storage.Trial{Params: []storage.Param{x}}
	if p, ok := trial.Param("x"); !ok || p != x {
		t.Errorf("Param(x) = %v, %v", p, ok)
	}
	if p, ok := trial.Param("y"); ok || p != (storage.Param{}) {
		t.Errorf("Param(y) = %v, %v", p, ok)
	}
	if r, ok := trial.LastReport(); ok || r != (storage.Report{}) {
		t.Errorf("LastReport without reports = %v, %v", r, ok)
	}
	trial.Reports = []storage.Report{{Step: 2, Value: 9}, {Step: 7, Value: 3}}
	if r, ok := trial.LastReport(); !ok || r != trial.Reports[1] {
		t.Errorf("LastReport = %v, %v", r, ok)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	make := func() storage.Trial {
		return storage.Trial{
			ID: 1, Number: 2, State: storage.Complete, Values: []float64{3},
			Params:    []storage.Param{{Name: "x", Value: 4, Dist: distributions.Float{Low: 0, High: 9}}},
			Reports:   []storage.Report{{Step: 5, Value: 6}},
			UserAttrs: storage.Attrs{{Key: "u", Value: "7"}}, SystemAttrs: storage.Attrs{{Key: "s", Value: "8"}},
			Started: time.Unix(9, 0), Finished: time.Unix(10, 0),
		}
	}
	a := make()
	b := a.Clone()
	a.Values[0], a.Params[0].Value, a.Reports[0].Value, a.UserAttrs[0].Value, a.SystemAttrs[0].Value = -1, -1, -1, "-1", "-1"
	want := make()
	if b.ID != 1 || b.Number != 2 || b.State != want.State || b.Values[0] != 3 || b.Params[0] != want.Params[0] || b.Reports[0] != want.Reports[0] ||
		b.UserAttrs[0] != want.UserAttrs[0] || b.SystemAttrs[0] != want.SystemAttrs[0] || !b.Started.Equal(want.Started) || !b.Finished.Equal(want.Finished) {
		t.Errorf("Clone = %+v, want %+v", b, want)
	}
	empty := storage.Trial{}
	if c := empty.Clone(); c.Values != nil || c.Params != nil || c.Reports != nil || c.UserAttrs != nil {
		t.Errorf("Clone of an empty trial = %+v", c)
	}
}

func TestFillTimes(t *testing.T) {
	now, s, f := time.Unix(100, 0), time.Unix(1, 0), time.Unix(2, 0)
	var zero time.Time
	for _, c := range []struct {
		state            storage.State
		started          time.Time
		finished         time.Time
		wantStart, wantF time.Time
	}{
		{storage.Waiting, zero, zero, zero, zero},
		{storage.Running, zero, zero, now, zero},
		{storage.Running, s, zero, s, zero},
		{storage.Complete, zero, zero, now, now},
		{storage.Failed, s, zero, s, now},
		{storage.Pruned, s, f, s, f},
		{storage.Complete, zero, f, now, f},
	} {
		trial := storage.Trial{State: c.state, Started: c.started, Finished: c.finished}
		trial.FillTimes(now)
		if !trial.Started.Equal(c.wantStart) || !trial.Finished.Equal(c.wantF) {
			t.Errorf("FillTimes of a %s trial with %v, %v: %v, %v; want %v, %v", c.state, c.started, c.finished, trial.Started, trial.Finished, c.wantStart, c.wantF)
		}
	}
}

// WithReport against a map, and earlier slices against themselves.
func TestWithReport(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		var reports []storage.Report
		model := make(map[int]float64)
		type held struct{ now, then []storage.Report }
		var earlier []held
		for range 1 + r.IntN(30) {
			step, value := r.IntN(15), float64(r.IntN(1000))
			if r.IntN(3) == 0 {
				step = 15 + len(earlier) // in order
			}
			// As a storage does: what it hands out is clipped, what it keeps is not.
			earlier = append(earlier, held{slices.Clip(reports), slices.Clone(reports)})
			reports = storage.WithReport(reports, step, value)
			model[step] = value
		}
		if len(reports) != len(model) {
			t.Fatalf("%d reports, want %d", len(reports), len(model))
		}
		for i, x := range reports {
			if i > 0 && reports[i-1].Step >= x.Step {
				t.Fatalf("steps do not rise: %v", reports)
			}
			if v, ok := model[x.Step]; !ok || v != x.Value {
				t.Errorf("step %d holds %v, want %v", x.Step, x.Value, v)
			}
		}
		for _, h := range earlier {
			if !slices.Equal(h.now, h.then) {
				t.Fatalf("reports that were %v have become %v", h.then, h.now)
			}
		}
	}
}

func TestStudyNamesAreUUIDs(t *testing.T) {
	form := regexp.MustCompile(`^no-name-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := make(map[string]bool)
	for range 1000 {
		name := storage.NewStudyName()
		if !form.MatchString(name) {
			t.Fatalf("%q is not no-name- and a version 4 UUID (RFC 9562, section 5.4)", name)
		}
		if seen[name] {
			t.Fatalf("%q twice", name)
		}
		seen[name] = true
	}
}

func TestCheckName(t *testing.T) {
	for _, good := range []string{"x", strings.Repeat("n", 512), "日本語", "🎛️", "a b", "\n\t\x01", "'; DROP TABLE trials;--", "__proto__", " ", "\u2028", "\ufffd"} {
		if err := storage.CheckName("parameter", good); err != nil {
			t.Errorf("CheckName(%.20q): %v", good, err)
		}
	}
	for _, c := range []struct{ bad, says string }{
		{"", "empty"}, {strings.Repeat("n", 513), "513 bytes"}, {strings.Repeat("ü", 257), "514 bytes"}, {"a\x00b", "NUL"}, {"a\xffb", "UTF-8"}, {"\xed\xa0\xbd", "UTF-8"},
	} {
		err := storage.CheckName("parameter", c.bad)
		if !errors.Is(err, storage.ErrInvalidName) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "parameter") {
			t.Errorf("CheckName(%.20q): %v, want ErrInvalidName that says %q", c.bad, err, c.says)
		}
		if err != nil && len(err.Error()) > 200 {
			t.Errorf("CheckName(%.20q): the message has %d bytes", c.bad, len(err.Error()))
		}
	}
}

func TestCheckValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, good := range [][]float64{nil, {}, {0}, {inf, -inf}, {math.MaxFloat64, 5e-324}} {
		if err := storage.CheckValues(good); err != nil {
			t.Errorf("CheckValues(%v): %v", good, err)
		}
	}
	for _, bad := range [][]float64{{nan}, {1, nan}, {inf, 2, nan}} {
		if err := storage.CheckValues(bad); err == nil {
			t.Errorf("CheckValues(%v): no error", bad)
		}
	}
}
