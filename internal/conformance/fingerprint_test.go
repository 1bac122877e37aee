package conformance

import (
	"math"
	"testing"
	"time"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

func TestFingerprint(t *testing.T) {
	make := func() *storage.Trial {
		return &storage.Trial{
			ID: 1, Number: 2, State: storage.Complete, Values: []float64{math.NaN()},
			Params:      []storage.Param{{Name: "x", Value: 0.5, Dist: distributions.Float{Low: 0, High: 1}}},
			Reports:     []storage.Report{{Step: 1, Value: 2}},
			UserAttrs:   storage.Attrs{{Key: "u", Value: "1"}},
			SystemAttrs: storage.Attrs{{Key: "s", Value: "2"}},
			Started:     time.Unix(1, 0), Finished: time.Unix(2, 0),
		}
	}
	want := Fingerprint(make())
	if got := Fingerprint(make()); got != want {
		t.Errorf("two trials that hold the same: %x and %x", got, want)
	}
	seen := map[uint64]string{want: "none"}
	for name, change := range map[string]func(t *storage.Trial){
		"ID":          func(t *storage.Trial) { t.ID = 9 },
		"Number":      func(t *storage.Trial) { t.Number = 9 },
		"State":       func(t *storage.Trial) { t.State = storage.Pruned },
		"value":       func(t *storage.Trial) { t.Values[0] = 1 },
		"values":      func(t *storage.Trial) { t.Values = nil },
		"param name":  func(t *storage.Trial) { t.Params[0].Name = "y" },
		"param value": func(t *storage.Trial) { t.Params[0].Value = 1 },
		"param dist":  func(t *storage.Trial) { t.Params[0].Dist = distributions.Float{Low: 0, High: 2} },
		"params":      func(t *storage.Trial) { t.Params = append(t.Params, t.Params[0]) },
		"step":        func(t *storage.Trial) { t.Reports[0].Step = 9 },
		"report":      func(t *storage.Trial) { t.Reports[0].Value = 9 },
		"user key":    func(t *storage.Trial) { t.UserAttrs[0].Key = "v" },
		"user attr":   func(t *storage.Trial) { t.UserAttrs[0].Value = "9" },
		"system attr": func(t *storage.Trial) { t.SystemAttrs[0].Value = "9" },
		"namespace":   func(t *storage.Trial) { t.UserAttrs, t.SystemAttrs = t.SystemAttrs, t.UserAttrs },
		"Started":     func(t *storage.Trial) { t.Started = time.Unix(3, 0) },
		"Finished":    func(t *storage.Trial) { t.Finished = time.Unix(3, 0) },
	} {
		x := make()
		change(x)
		f := Fingerprint(x)
		if other, ok := seen[f]; ok {
			t.Errorf("a change of %s gives the fingerprint of a change of %s", name, other)
		}
		seen[f] = name
	}
}
