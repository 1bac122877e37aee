package hone_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage"
)

func TestProgressLines(t *testing.T) {
	var b bytes.Buffer
	s := newStudy(t, nil)
	if err := s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{Trials: 20, Progress: &b}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	last := lines[len(lines)-1]
	best, err := s.BestTrial()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"20/20 trials", fmt.Sprintf("best %.6g (trial %d)", best.Values[0], best.Number)} {
		if !strings.Contains(last, want) {
			t.Errorf("last line lacks %q: %s", want, last)
		}
	}
	if strings.ContainsAny(b.String(), "\r\x1b") {
		t.Errorf("control characters for a writer that is no terminal: %q", b.String())
	}
}

// Of a budget the line counts what is left to this call: not what was done before
// it, nor what others do meanwhile.
func TestProgressOfABudget(t *testing.T) {
	mem := storage.NewMemory()
	if err := newStudy(t, &hone.Options{Name: "s", Storage: mem}).Optimize(parabola, 7); err != nil {
		t.Fatal(err)
	}
	load := func() *hone.Study {
		s, err := hone.LoadStudy(context.Background(), mem, "s", nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	other := load()
	for _, c := range []struct {
		name string
		o    hone.OptimizeOptions
		want string
	}{
		{"resumed", hone.OptimizeOptions{TotalTrials: 10}, "3/3 trials"},
		{"with a limit of its own", hone.OptimizeOptions{TotalTrials: 20, Trials: 4}, "4/4 trials"},
		{"with another worker", hone.OptimizeOptions{TotalTrials: 20, Callbacks: []func(*hone.Study, hone.FrozenTrial){
			func(*hone.Study, hone.FrozenTrial) {
				if err := other.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{Trials: 1, TotalTrials: 20}); err != nil {
					t.Error(err)
				}
			},
		}}, "3/3 trials"},
		{"used up", hone.OptimizeOptions{TotalTrials: 20}, "0 trials"},
	} {
		var b bytes.Buffer
		c.o.Progress = &b
		if err := load().OptimizeContext(context.Background(), parabola, &c.o); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(b.String(), c.want+" · ") {
			t.Errorf("%s: %q, not %q", c.name, b.String(), c.want)
		}
	}
}

// The rate is told in the unit that suits it.
func TestProgressPace(t *testing.T) {
	for each, want := range map[time.Duration]string{5 * time.Millisecond: " 200/s", 400 * time.Millisecond: " 2.5/s", 3 * time.Second: " 3s a trial", 1500 * time.Millisecond: " 1.5s a trial", 100 * time.Second: " 1m40s a trial"} {
		synctest.Test(t, func(t *testing.T) {
			var b bytes.Buffer
			err := newStudy(t, nil).OptimizeContext(t.Context(), func(*hone.Trial) (float64, error) {
				time.Sleep(each)
				return 0, nil
			}, &hone.OptimizeOptions{Trials: 8, Progress: &b})
			if err != nil || !strings.Contains(b.String(), want) {
				t.Errorf("%v each: no %q in %q, %v", each, want, b.String(), err)
			}
		})
	}
}

func TestOneLogLineForEachTrial(t *testing.T) {
	logger, out := logs(t)
	s := newStudy(t, &hone.Options{Logger: logger, MetricNames: []string{"loss"}})
	if err := s.Optimize(mixed, 12); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 12 || !strings.Contains(lines[0], "trial=0") || !strings.Contains(lines[0], "params.kind=") || !strings.Contains(lines[0], "loss=") {
		t.Errorf("%d lines:\n%s", len(lines), out)
	}
}
