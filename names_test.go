package hone_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
)

// A name for each trial is a mistake that is told once; many names that come back are
// not.
func TestNamesThatNeverComeBackAreTold(t *testing.T) {
	for _, c := range []struct{ trials, each, blocks, want int }{
		{1010, 1, 1010, 1},
		{110, 20, 110, 1},
		{110, 20, 60, 0}, // a large conditional space: most names come back
		{110, 5, 110, 0}, // few names yet
	} {
		var log strings.Builder
		warnings := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		s := newStudy(t, &hone.Options{Sampler: &sampler.Random{}, Logger: warnings, Name: "s"})
		if err := s.OptimizeContext(t.Context(), func(tr *hone.Trial) (float64, error) {
			y := tr.SuggestFloat("y", 0, 1)
			for i := range c.each {
				tr.SuggestFloat(fmt.Sprint("x", tr.Number()%c.blocks*c.each+i), 0, 1)
			}
			return y, nil
		}, &hone.OptimizeOptions{Trials: c.trials, Workers: 3}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(log.String(), "occur in one trial only"); got != c.want {
			t.Errorf("%+v: told %d times, want %d: %.500s", c, got, c.want, log.String())
		}
		if c.want > 0 && !strings.Contains(log.String(), "study=s names=") {
			t.Errorf("it does not name the study: %s", log.String())
		}
	}
}
