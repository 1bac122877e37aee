package pruner

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gohone/hone/storage"
)

var nan, inf = math.NaN(), math.Inf(1)

// curve is a trial that reported its values at steps 0, 1, 2, ….
func curve(number int, state storage.State, values ...float64) *storage.Trial {
	t := &storage.Trial{Number: number, State: state}
	for s, v := range values {
		t.Reports = append(t.Reports, storage.Report{Step: s, Value: v})
	}
	if state == storage.Complete {
		t.Values = []float64{0}
		if n := len(values); n > 0 {
			t.Values[0] = values[n-1]
		}
	}
	return t
}

func prune(t *testing.T, p Pruner, q *Query) bool {
	t.Helper()
	if q.History == nil {
		q.History = storage.NewHistory(1)
	}
	got, err := p.Prune(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func f(v float64) *float64 { return &v }

// all makes one pruner of each kind, with settings that let it act early.
func all() map[string]Pruner {
	return map[string]Pruner{
		"Nop":               &Nop{},
		"Median":            &Median{StartupTrials: 1},
		"Percentile":        &Percentile{StartupTrials: 1},
		"SuccessiveHalving": &SuccessiveHalving{MinResource: 1, ReductionFactor: 2},
		"halving, auto":     &SuccessiveHalving{},
		"Hyperband":         &Hyperband{MaxResource: 30},
		"Hyperband, auto":   &Hyperband{},
		"Threshold":         &Threshold{Upper: f(0.9)},
		"Patient":           &Patient{Pruner: &Median{StartupTrials: 1}, Patience: 1},
		"Patient alone":     &Patient{Patience: 2},
		"Wilcoxon":          &Wilcoxon{PThreshold: 0.4},
	}
}

func TestMedianRule(t *testing.T) {
	done := storage.NewHistory(1, curve(0, storage.Complete, 1, 1), curve(1, storage.Complete, 2, 2), curve(2, storage.Complete, 3, nan), curve(3, storage.Pruned, 0, 0), curve(4, storage.Failed, 0, 0))
	lack := storage.NewHistory(1, curve(0, storage.Complete, 1), curve(1, storage.Complete))
	odd := storage.NewHistory(1, curve(0, storage.Complete, 1), curve(1, storage.Complete, 2), curve(2, storage.Complete, inf))
	for _, c := range []struct {
		name string
		p    Pruner
		h    *storage.History
		own  []float64
		min  bool
		max  bool
	}{
		{"better than the median of 1, 2, 3", &Median{StartupTrials: 3}, done, []float64{1.9}, false, true},
		{"at the median", &Median{StartupTrials: 3}, done, []float64{2}, false, false},
		{"worse", &Median{StartupTrials: 3}, done, []float64{2.1}, true, false},
		{"median of 1, 2, NaN at step 1", &Median{StartupTrials: 3}, done, []float64{9, 1.6}, true, false},
		{"own best so far counts", &Median{StartupTrials: 3}, done, []float64{1, 9}, false, false},
		{"too few complete trials", &Median{}, done, []float64{9}, false, false},
		{"startup of 4", &Median{StartupTrials: 4}, done, []float64{9}, false, false},
		{"no history at all", &Median{StartupTrials: 1}, storage.NewHistory(1), []float64{9}, false, false},
		{"only NaN reported", &Median{StartupTrials: 1}, done, []float64{nan, nan}, true, true},
		{"NaN passed over", &Median{StartupTrials: 1}, done, []float64{nan, 1.5}, false, false},
		{"a step that nobody reported", &Median{StartupTrials: 1}, done, []float64{9, 9, 9}, false, false},
		{"MinTrials counts reports at the step, NaN too", &Median{StartupTrials: 1, MinTrials: 3}, done, []float64{9, 9}, true, false},
		{"too few reports at the step", &Median{StartupTrials: 1, MinTrials: 4}, done, []float64{9, 9}, false, false},
		{"a complete trial without reports", &Median{StartupTrials: 2}, lack, []float64{1.5}, true, false},
		{"warm-up", &Median{StartupTrials: 1, WarmupSteps: 1}, done, []float64{9}, false, false},
		{"after warm-up", &Median{StartupTrials: 1, WarmupSteps: 1}, done, []float64{9, 9}, true, false},
		{"infinity beside the median", &Median{StartupTrials: 1}, odd, []float64{2.5}, true, false},
		{"infinite value of its own", &Median{StartupTrials: 1}, odd, []float64{inf}, true, false},
		{"quartile 1.5 of 1, 2, 3", &Percentile{StartupTrials: 1}, done, []float64{1.6}, true, true},
		{"quartile of maximise is 2.5", &Percentile{StartupTrials: 1}, done, []float64{2.5}, true, false},
		{"the best must be at the top", &Percentile{StartupTrials: 1, Percentile: 1e-9}, done, []float64{1.01}, true, true},
		{"100 per cent go on", &Percentile{StartupTrials: 1, Percentile: 100}, done, []float64{3}, false, false},
		{"but not what is worse than all", &Percentile{StartupTrials: 1, Percentile: 100}, done, []float64{3.1}, true, false},
		{"infinity above the median", &Median{StartupTrials: 1}, storage.NewHistory(1, curve(0, storage.Complete, 1), curve(1, storage.Complete, inf)), []float64{5}, false, true},
	} {
		for d, want := range map[storage.Direction]bool{storage.Minimize: c.min, storage.Maximize: c.max} {
			q := &Query{Direction: d, Trial: curve(9, storage.Running, c.own...), History: c.h}
			if got := prune(t, c.p, q); got != want {
				t.Errorf("%s, %s: %t, want %t", c.name, d, got, want)
			}
		}
	}
}

// Reports at 0, 3, 4, 9, 10: which one is the first of its interval.
func TestDue(t *testing.T) {
	steps := []int{0, 3, 4, 9, 10}
	for _, c := range []struct {
		warmup, interval int
		want             []bool
	}{
		{0, 1, []bool{true, true, true, true, true}},
		{0, 3, []bool{true, true, false, true, false}},
		{0, 5, []bool{true, false, false, true, true}},
		{0, 100, []bool{true, false, false, false, false}},
		{4, 1, []bool{false, false, true, true, true}},
		{4, 6, []bool{false, false, true, false, true}},
		{1, 8, []bool{false, true, false, true, false}},
		{11, 1, []bool{false, false, false, false, false}},
	} {
		var reports []storage.Report
		for i, s := range steps {
			reports = append(reports, storage.Report{Step: s})
			if got := due(reports, c.warmup, c.interval); got != c.want[i] {
				t.Errorf("warm-up %d, interval %d, step %d: %t, want %t", c.warmup, c.interval, s, got, c.want[i])
			}
		}
	}
	if due(nil, 0, 1) {
		t.Error("a trial without reports is due")
	}
}

func TestThresholdRule(t *testing.T) {
	for _, c := range []struct {
		p    *Threshold
		own  []float64
		want bool
	}{
		{&Threshold{Upper: f(1)}, []float64{1}, false},
		{&Threshold{Upper: f(1)}, []float64{1.1}, true},
		{&Threshold{Upper: f(1)}, []float64{9, 1}, false},
		{&Threshold{Upper: f(1)}, []float64{-inf}, false},
		{&Threshold{Lower: f(0)}, []float64{inf}, false},
		{&Threshold{Lower: f(0)}, []float64{-1e-300}, true},
		{&Threshold{Lower: f(0), Upper: f(0)}, []float64{0}, false},
		{&Threshold{Lower: f(-inf), Upper: f(inf)}, []float64{-inf}, false},
		{&Threshold{Upper: f(1)}, []float64{nan}, true},
		{&Threshold{Upper: f(1), WarmupSteps: 1}, []float64{nan}, false},
		{&Threshold{Upper: f(1), WarmupSteps: 1}, []float64{nan, 2}, true},
		{&Threshold{Upper: f(1), IntervalSteps: 2}, []float64{0, 2}, false},
	} {
		q := &Query{Trial: curve(0, storage.Running, c.own...)}
		if got := prune(t, c.p, q); got != c.want {
			t.Errorf("%+v of %v: %t, want %t", *c.p, c.own, got, c.want)
		}
	}
}

func TestPatientRule(t *testing.T) {
	for _, c := range []struct {
		p    *Patient
		own  []float64
		want bool
	}{
		{&Patient{}, []float64{1}, false},
		{&Patient{}, []float64{1, 1}, false},
		{&Patient{}, []float64{1, 2}, true},
		{&Patient{}, []float64{1, nan}, false}, // a NaN alone says nothing
		{&Patient{}, []float64{nan, 1}, false},
		{&Patient{Patience: 1}, []float64{1, 2}, false},
		{&Patient{Patience: 1}, []float64{1, 2, 2}, true},
		{&Patient{Patience: 1}, []float64{1, 2, nan}, true},
		{&Patient{Patience: 1}, []float64{1, 1, 3}, false},
		{&Patient{Patience: 1}, []float64{3, 1, 2, 3}, true},
		{&Patient{Patience: 1, MinDelta: 1}, []float64{1, 2, 2}, false},
		{&Patient{Patience: 1, MinDelta: 1}, []float64{1, 2.1, 2.1}, true},
		{&Patient{Pruner: &Nop{}}, []float64{1, 2}, false},
		{&Patient{Pruner: &Threshold{Upper: f(5)}}, []float64{1, 9}, true},
		{&Patient{Pruner: &Threshold{Upper: f(5)}}, []float64{9, 8}, false},
	} {
		q := &Query{Direction: storage.Minimize, Trial: curve(0, storage.Running, c.own...)}
		if got := prune(t, c.p, q); got != c.want {
			t.Errorf("patience %d, delta %v, of %v: %t, want %t", c.p.Patience, c.p.MinDelta, c.own, got, c.want)
		}
		if c.p.Pruner != nil {
			continue
		}
		mirrored := slices.Clone(c.own)
		for i := range mirrored {
			mirrored[i] = -mirrored[i]
		}
		q = &Query{Direction: storage.Maximize, Trial: curve(0, storage.Running, mirrored...)}
		if got := prune(t, c.p, q); got != c.want {
			t.Errorf("maximise, patience %d, delta %v, of %v: %t, want %t", c.p.Patience, c.p.MinDelta, mirrored, got, c.want)
		}
	}
}

func TestWilcoxonRule(t *testing.T) {
	incumbent := curve(3, storage.Complete, 1, 2, 3, 4, 5, 6)
	incumbent.Values = []float64{3.5}
	same := curve(4, storage.Complete, 0, 0, 0, 0, 0, 0)
	same.Values = []float64{3.5} // equal, but of a higher number
	worse := curve(1, storage.Complete, 0, 0, 0, 0, 0, 0)
	worse.Values = []float64{9}
	infeasible := curve(0, storage.Complete, 0, 0, 0, 0, 0, 0)
	infeasible.Values = []float64{1}
	infeasible.SystemAttrs = storage.Attrs{{Key: storage.AttrConstraintPrefix + "c", Value: "0.5"}}
	h := storage.NewHistory(1, worse, same, infeasible, incumbent)
	broken := curve(0, storage.Complete, 1, inf, 3, 4)
	broken.Values = []float64{1}
	silent := curve(0, storage.Complete)
	for _, c := range []struct {
		name string
		p    *Wilcoxon
		h    *storage.History
		own  []float64
		want bool
	}{
		{"worse on four of four (p = 1/16)", &Wilcoxon{}, h, []float64{5, 5, 5, 5}, true},
		{"worse on three of three (p = 1/8)", &Wilcoxon{}, h, []float64{5, 5.5, 5}, false},
		{"the same at a laxer threshold", &Wilcoxon{PThreshold: 0.2}, h, []float64{9.1, 9.2, 9.3}, true},
		{"better on all", &Wilcoxon{}, h, []float64{0, 1, 2, 3}, false},
		{"too few shared steps", &Wilcoxon{StartupSteps: 5}, h, []float64{9, 9, 9, 9}, false},
		{"one step is never enough", &Wilcoxon{PThreshold: 1, StartupSteps: 1}, h, []float64{9}, false},
		{"worse on four of four, but with the better mean so far", &Wilcoxon{}, h, []float64{1.1, 2.2, 3.3, 4.4}, false},
		{"NaN of its own", &Wilcoxon{}, h, []float64{9, 9, 9, 9, nan}, false},
		{"infinity of the best", &Wilcoxon{}, storage.NewHistory(1, broken), []float64{9, 9, 9, 9}, false},
		{"the best has no reports", &Wilcoxon{}, storage.NewHistory(1, silent), []float64{9, 9, 9, 9}, false},
		{"no best trial", &Wilcoxon{}, storage.NewHistory(1), []float64{9, 9, 9, 9}, false},
		{"only infeasible ones", &Wilcoxon{}, storage.NewHistory(1, infeasible), []float64{9, 9, 9, 9}, false},
		{"steps that the best lacks are passed over", &Wilcoxon{}, h, []float64{9, 9, 9, 9, 9, 9, 9, 9}, true},
	} {
		q := &Query{Direction: storage.Minimize, Trial: curve(9, storage.Running, c.own...), History: c.h}
		if got := prune(t, c.p, q); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
	// To maximise, the incumbent is the worst of the above.
	q := &Query{Direction: storage.Maximize, Trial: curve(9, storage.Running, -1, -2, -3, -4, -5), History: h}
	if !prune(t, &Wilcoxon{}, q) {
		t.Error("maximise: a trial below the best on five of five goes on")
	}
}

// Rungs at 1, 2, 4, …; the trial's decisions and what it notes.
func TestHalvingRule(t *testing.T) {
	at := func(number int, values ...float64) *storage.Trial {
		tr := curve(number, storage.Pruned)
		for k, v := range values {
			tr.SystemAttrs = append(tr.SystemAttrs, storage.Attr{Key: rungPrefix + strconv.Itoa(k), Value: strconv.FormatFloat(v, 'g', -1, 64)})
		}
		return tr
	}
	finished := storage.NewHistory(1, at(0, 1, 1), at(1, 2, 2), at(2, 3))
	odd := at(3, 5)
	odd.SystemAttrs = append(odd.SystemAttrs, storage.Attrs{{Key: rungPrefix + "x", Value: "1"}, {Key: rungPrefix + "99999999", Value: "1"}, {Key: rungPrefix + "-1", Value: "1"}, {Key: rungPrefix + "1", Value: "NaN"}, {Key: rungPrefix + "2", Value: `"text"`}}...)
	infinite := storage.NewHistory(1, at(0, 1), &storage.Trial{Number: 1, State: storage.Failed, SystemAttrs: storage.Attrs{{Key: rungPrefix + "0", Value: "Infinity"}}}, odd)
	for _, c := range []struct {
		name    string
		p       *SuccessiveHalving
		h       *storage.History
		running []*storage.Trial
		own     *storage.Trial
		want    bool
		notes   string
	}{
		{"below the first rung", &SuccessiveHalving{MinResource: 2, ReductionFactor: 2}, finished, nil, curve(9, storage.Running, 9, 9), false, ""},
		{"second of four", &SuccessiveHalving{MinResource: 1, ReductionFactor: 2}, finished, nil, curve(9, storage.Running, 9, 1.5), false, "0=1.5"},
		{"third of four", &SuccessiveHalving{MinResource: 1, ReductionFactor: 2}, finished, nil, curve(9, storage.Running, 9, 2.5), true, "0=2.5"},
		{"equal to the second", &SuccessiveHalving{MinResource: 1, ReductionFactor: 2}, finished, nil, curve(9, storage.Running, 9, 2), false, "0=2"},
		{"a running trial counts", &SuccessiveHalving{MinResource: 1, ReductionFactor: 2}, finished, []*storage.Trial{at(5, 1.4)}, curve(9, storage.Running, 9, 1.5), true, "0=1.5"},
		{"two running trials, five and one", &SuccessiveHalving{MinResource: 1, ReductionFactor: 2}, finished, []*storage.Trial{at(5, 1.4), at(6, 7)}, curve(9, storage.Running, 9, 1.5), false, "0=1.5"},
		{"the best of fewer than η goes on", &SuccessiveHalving{MinResource: 1, ReductionFactor: 9}, finished, nil, curve(9, storage.Running, 9, 0.5), false, "0=0.5"},
		{"but no other", &SuccessiveHalving{MinResource: 1, ReductionFactor: 9}, finished, nil, curve(9, storage.Running, 9, 1.5), true, "0=1.5"},
		{"two rungs in one report", &SuccessiveHalving{MinResource: 1, ReductionFactor: 2}, finished, nil, curve(9, storage.Running, 9, 9, 1.5), true, "0=1.5 1=1.5"},
		{"three of them", &SuccessiveHalving{MinResource: 1, ReductionFactor: 2}, finished, nil, curve(9, storage.Running, 9, 9, 9, 9, 0.5), false, "0=0.5 1=0.5 2=0.5"},
		{"NaN at a rung", &SuccessiveHalving{MinResource: 1, ReductionFactor: 2}, finished, nil, curve(9, storage.Running, 9, nan), true, ""},
		{"NaN below the first", &SuccessiveHalving{MinResource: 2, ReductionFactor: 2}, finished, nil, curve(9, storage.Running, nan), false, ""},
		{"bootstrap of 3 is over", &SuccessiveHalving{MinResource: 1, ReductionFactor: 2, BootstrapCount: 3}, finished, nil, curve(9, storage.Running, 9, 0), false, "0=0"},
		{"bootstrap of 4 is not", &SuccessiveHalving{MinResource: 1, ReductionFactor: 2, BootstrapCount: 4}, finished, nil, curve(9, storage.Running, 9, 0), true, "0=0"},
		{"a rate of 1 skips step 1", &SuccessiveHalving{MinResource: 1, ReductionFactor: 2, MinEarlyStoppingRate: 1}, finished, nil, curve(9, storage.Running, 9, 9), false, ""},
		{"no resource known", &SuccessiveHalving{}, finished, nil, curve(9, storage.Running, 9, 9, 9, 9), false, ""},
		{"resource from complete trials", &SuccessiveHalving{}, storage.NewHistory(1, curve(0, storage.Complete, 1, 1, 1)), nil, curve(9, storage.Running, 9, 9), false, "0=9"},
		{"infinities have their place, nonsense has none", &SuccessiveHalving{MinResource: 1, ReductionFactor: 3}, infinite, nil, curve(9, storage.Running, 9, 4), true, "0=4"},
		{"infinite value of its own", &SuccessiveHalving{MinResource: 1, ReductionFactor: 3}, infinite, nil, curve(9, storage.Running, 9, -inf), false, "0=-Inf"},
	} {
		var notes []string
		q := &Query{Direction: storage.Minimize, Trial: c.own, Running: c.running, History: c.h, SetAttr: func(key string, value any) error {
			notes = append(notes, fmt.Sprintf("%s=%v", strings.TrimPrefix(key, rungPrefix), value))
			return nil
		}}
		if got := prune(t, c.p, q); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
		if got := strings.Join(notes, " "); got != c.notes {
			t.Errorf("%s: noted %q, want %q", c.name, got, c.notes)
		}
	}
	p := &SuccessiveHalving{MinResource: 1, ReductionFactor: 2}
	q := &Query{Direction: storage.Maximize, Trial: curve(9, storage.Running, 9, 2.5), History: finished}
	if prune(t, p, q) {
		t.Error("maximise: the second of four was stopped")
	}
	q.Trial = curve(9, storage.Running, 9, 1.5)
	if !prune(t, p, q) {
		t.Error("maximise: the third of four goes on")
	}
	broken := errors.New("disk full")
	q.SetAttr = func(string, any) error { return broken }
	if _, err := p.Prune(context.Background(), q); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of SetAttr", err)
	}
}

func TestBadSettings(t *testing.T) {
	for want, p := range map[string]Pruner{
		"Median.StartupTrials is -1":                              &Median{StartupTrials: -1},
		"Median.WarmupSteps is -1":                                &Median{WarmupSteps: -1},
		"Median.IntervalSteps is -3":                              &Median{IntervalSteps: -3},
		"Median.MinTrials is -1":                                  &Median{MinTrials: -1},
		"Percentile.Percentile is 101":                            &Percentile{Percentile: 101},
		"Percentile.Percentile is -0.5":                           &Percentile{Percentile: -0.5},
		"Percentile.Percentile is NaN":                            &Percentile{Percentile: nan},
		"Percentile.MinTrials is -2":                              &Percentile{MinTrials: -2},
		"SuccessiveHalving.ReductionFactor is 1":                  &SuccessiveHalving{ReductionFactor: 1},
		"SuccessiveHalving.MinResource is -1":                     &SuccessiveHalving{MinResource: -1},
		"SuccessiveHalving.MinEarlyStoppingRate is -1":            &SuccessiveHalving{MinEarlyStoppingRate: -1},
		"SuccessiveHalving.BootstrapCount is -1":                  &SuccessiveHalving{BootstrapCount: -1},
		"SuccessiveHalving.BootstrapCount is 3 while MinResource": &SuccessiveHalving{BootstrapCount: 3},
		"Hyperband.ReductionFactor is -3":                         &Hyperband{ReductionFactor: -3},
		"Hyperband.MinResource is -1":                             &Hyperband{MinResource: -1},
		"Hyperband.MaxResource is -1":                             &Hyperband{MaxResource: -1},
		"Hyperband.MaxResource is 3, below MinResource, 9":        &Hyperband{MinResource: 9, MaxResource: 3},
		"Hyperband.BootstrapCount is 1 while MaxResource":         &Hyperband{BootstrapCount: 1},
		"Threshold.Lower and Threshold.Upper are both nil":        &Threshold{},
		"Threshold.Lower is 2, above Threshold.Upper, 1":          &Threshold{Lower: f(2), Upper: f(1)},
		"Threshold.Upper is NaN":                                  &Threshold{Upper: f(nan)},
		"Threshold.IntervalSteps is -1":                           &Threshold{Upper: f(1), IntervalSteps: -1},
		"Patient.Patience is -1":                                  &Patient{Patience: -1},
		"Patient.MinDelta is -1":                                  &Patient{MinDelta: -1},
		"Patient.MinDelta is NaN":                                 &Patient{MinDelta: nan},
		"Patient.Pruner: pruner: Hyperband.MaxResource is -1":     &Patient{Pruner: &Hyperband{MaxResource: -1}},
		"Wilcoxon.PThreshold is 1.5":                              &Wilcoxon{PThreshold: 1.5},
		"Wilcoxon.PThreshold is NaN":                              &Wilcoxon{PThreshold: nan},
		"Wilcoxon.StartupSteps is -1; it must be at least 0":      &Wilcoxon{StartupSteps: -1},
	} {
		err := p.(Validator).Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%T: error %v, want %q", p, err, want)
		}
		_, pruneErr := p.Prune(context.Background(), &Query{Trial: curve(0, storage.Running, 1, 2, 3), History: storage.NewHistory(1)})
		if pruneErr == nil || err != nil && pruneErr.Error() != err.Error() {
			t.Errorf("%T: Prune fails with %v, Validate with %v", p, pruneErr, err)
		}
	}
	for name, p := range all() {
		if v, ok := p.(Validator); ok {
			if err := v.Validate(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, p := range []Validator{&Median{}, &Percentile{}, &SuccessiveHalving{}, &Hyperband{}, &Patient{}, &Wilcoxon{}} {
		if err := p.Validate(); err != nil {
			t.Errorf("zero %T: %v", p, err)
		}
	}
}

// randomStudy is a study in which everything occurs: NaN, infinities, sparse and
// no reports, all states, rung values.
func randomStudy(rng *rand.Rand, n int) []*storage.Trial {
	var trials []*storage.Trial
	for number := range n {
		tr := &storage.Trial{Number: number, State: []storage.State{storage.Complete, storage.Complete, storage.Pruned, storage.Failed}[rng.IntN(4)]}
		for step := range rng.IntN(30) {
			if rng.IntN(4) == 0 {
				continue
			}
			v := float64(rng.IntN(50)) / 25
			switch rng.IntN(60) {
			case 0:
				v = nan
			case 1:
				v = inf
			case 2:
				v = -inf
			}
			tr.Reports = append(tr.Reports, storage.Report{Step: step, Value: v})
		}
		if tr.State == storage.Complete {
			tr.Values = []float64{rng.Float64()}
		}
		for k := range rng.IntN(4) {
			tr.SystemAttrs = append(tr.SystemAttrs, storage.Attr{Key: rungPrefix + strconv.Itoa(k), Value: strconv.FormatFloat(rng.Float64(), 'g', -1, 64)})
		}
		trials = append(trials, tr)
	}
	return trials
}

// A pruner's memory is a cache: one that has served a growing study answers as
// one that has just been made, whatever the order in which trials became known.
func TestMemoryIsACache(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	trials := randomStudy(rng, 120)
	warm := all()
	log := storage.NewLog(1)
	var snapshots []*storage.History
	for i, tr := range trials {
		log.Append(tr)
		h := log.History()
		snapshots = append(snapshots, h)
		own := trials[(i*31+7)%len(trials)]
		running := trials[i+1 : min(i+4, len(trials))]
		shuffled := slices.Clone(trials[:i+1])
		rng.Shuffle(len(shuffled), func(a, b int) { shuffled[a], shuffled[b] = shuffled[b], shuffled[a] })
		for _, d := range []storage.Direction{storage.Minimize, storage.Maximize} {
			q := &Query{Study: "s", Direction: d, Trial: own, Running: running, History: h}
			if len(own.Reports) == 0 {
				continue
			}
			for name, fresh := range all() {
				got, want := prune(t, warm[name], q), prune(t, fresh, q)
				if got != want {
					t.Fatalf("%s, %d trials, %s: warm %t, fresh %t", name, i+1, d, got, want)
				}
				again := *q
				again.History = storage.NewHistory(1, shuffled...)
				if got := prune(t, all()[name], &again); got != want {
					t.Fatalf("%s, %d trials, %s: %t in another order, was %t", name, i+1, d, got, want)
				}
			}
		}
	}
	// A snapshot from before is answered as it was, later trials notwithstanding.
	for name, p := range warm {
		if name == "Hyperband, auto" {
			continue // what it learned on the way stays learned
		}
		for i := 10; i < len(snapshots); i += 17 {
			own := trials[(i*31+7)%len(trials)]
			if len(own.Reports) == 0 {
				continue
			}
			q := &Query{Study: "s", Direction: storage.Minimize, Trial: own, History: snapshots[i]}
			if got, want := prune(t, p, q), prune(t, all()[name], q); got != want {
				t.Errorf("%s, snapshot of %d trials: warm %t, fresh %t", name, i+1, got, want)
			}
		}
	}
}

// Any number of goroutines, over the snapshots of a growing log.
func TestConcurrent(t *testing.T) {
	trials := randomStudy(rand.New(rand.NewPCG(4, 4)), 200)
	log := storage.NewLog(1)
	pruners := all()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < len(trials); i += 4 {
				log.Append(trials[i])
				own := trials[(i*13)%len(trials)]
				if len(own.Reports) == 0 {
					continue
				}
				for name, p := range pruners {
					q := &Query{Study: "s", Direction: storage.Minimize, Trial: own, Running: trials[:3], History: log.History()}
					if _, err := p.Prune(context.Background(), q); err != nil {
						t.Errorf("%s: %v", name, err)
					}
					if b, ok := p.(Bracketer); ok {
						b.Bracket("s", own.Number)
					}
				}
			}
		}()
	}
	wg.Wait()
}

// A pruner that judges many studies does not keep all of them.
func TestForgets(t *testing.T) {
	p := &Median{StartupTrials: 1}
	for range 3 * maxLogs {
		prune(t, p, &Query{Direction: storage.Minimize, Trial: curve(1, storage.Running, 2), History: storage.NewHistory(1, curve(0, storage.Complete, 1))})
	}
	if n := len(p.rule.cache.byLog); n > maxLogs {
		t.Errorf("%d logs are remembered", n)
	}
}
