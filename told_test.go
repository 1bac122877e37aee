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
