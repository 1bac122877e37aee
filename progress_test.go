package hone

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone/storage"
)

// screen returns what a terminal of one line shows after the text, and the lines
// that scrolled away above it.
func screen(text string) (above []string, line string) {
	var row []rune
	at := 0
	for _, r := range text {
		switch r {
		case '\r':
			at = 0
		case '\n':
			above = append(above, strings.TrimRight(string(row), " "))
			row, at = nil, 0
		default:
			if at == len(row) {
				row = append(row, r)
			} else {
				row[at] = r
			}
			at++
		}
	}
	return above, strings.TrimRight(string(row), " ")
}

// On a terminal the line is drawn over the one before, whatever their lengths, and
// messages stay above it.
func TestProgressOnATerminal(t *testing.T) {
	s, err := NewStudy(nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	p := newProgress(&b, s, &OptimizeOptions{Trials: 3})
	p.terminal, p.every = true, 0
	best := &storage.Trial{State: Complete, Values: []float64{0.03125}, Number: 0}
	s.known.finish(0, best)
	p.trial(best)
	if above, line := screen(b.String()); len(above) != 0 || !strings.HasPrefix(line, "1/3 trials · best 0.03125 (trial 0) · ") || !strings.HasSuffix(line, " left") {
		t.Errorf("after one trial: %q above %q", above, line)
	}
	p.note("trial 1: left behind")
	p.trial(&storage.Trial{State: Failed, Number: 1})
	p.trial(&storage.Trial{State: Pruned, Number: 2})
	p.end()
	above, line := screen(b.String())
	if len(above) != 2 || above[0] != "trial 1: left behind" || line != "" ||
		!strings.HasPrefix(above[1], "3/3 trials · best 0.03125 (trial 0) · 1 pruned · 1 failed · ") || strings.HasSuffix(above[1], "left") {
		t.Errorf("at the end: %q above %q", above, line)
	}
}

func TestProgressLeft(t *testing.T) {
	for _, c := range []struct {
		total, done    int
		timeout, spent time.Duration
		want           time.Duration
		ok             bool
	}{
		{total: 100, done: 25, spent: 5 * time.Second, want: 15 * time.Second, ok: true},
		{total: 100, done: 25, timeout: 8 * time.Second, spent: 5 * time.Second, want: 3 * time.Second, ok: true},
		{total: 100, done: 99, timeout: time.Hour, spent: 99 * time.Second, want: time.Second, ok: true},
		{done: 25, timeout: 8 * time.Second, spent: 9 * time.Second, want: 0, ok: true},
		{done: 25, spent: 5 * time.Second},
		{total: 10, spent: 5 * time.Second},
		{total: 10, done: 10, spent: 5 * time.Second},
	} {
		p := &progress{done: c.done, timeout: c.timeout}
		got, ok := p.left(c.total, float64(c.done)/c.spent.Seconds(), c.spent)
		if ok != c.ok || got.Round(time.Millisecond) != c.want {
			t.Errorf("%+v: %v, %v", c, got, ok)
		}
	}
}
