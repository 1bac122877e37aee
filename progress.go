package hone

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gohone/hone/storage"
)

// progress shows how a call of Optimize gets on. A nil progress shows nothing.
//
// On a terminal it is one line that is drawn anew, at most ten times a second;
// elsewhere a plain line at most every two seconds, and one at the end.
type progress struct {
	w        io.Writer
	study    *Study
	total    int           // trials of this call; 0: unknown
	budget   int           // trials of the study; 0: none
	timeout  time.Duration // 0: none
	terminal bool
	every    time.Duration
	begun    time.Time

	mu     sync.Mutex
	done   int // trials of this call
	counts [5]int
	drawn  time.Time
	width  int  // of the line on the terminal
	dirty  bool // something is not shown yet
}

func newProgress(w io.Writer, s *Study, o *OptimizeOptions) *progress {
	p := &progress{w: w, study: s, total: o.Trials, budget: o.TotalTrials, timeout: o.Timeout, begun: time.Now(), every: 2 * time.Second}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb" {
			p.terminal, p.every = true, 100*time.Millisecond
		}
	}
	p.drawn = p.begun
	return p
}

// trial takes note of a trial that ended.
func (p *progress) trial(rec *storage.Trial) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.counts[rec.State]++
	p.dirty = true
	if now := time.Now(); now.Sub(p.drawn) >= p.every {
		p.draw(now)
	}
}

// note shows a message of its own.
func (p *progress) note(msg string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
	}
	fmt.Fprintln(p.w, msg)
	p.width, p.dirty = 0, true
}

// end shows the last state.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dirty || p.done == 0 {
		p.draw(time.Now())
	}
	if p.terminal {
		fmt.Fprintln(p.w)
	}
}

func (p *progress) draw(now time.Time) {
	line := p.line(now.Sub(p.begun))
	p.drawn, p.dirty = now, false
	if !p.terminal {
		fmt.Fprintln(p.w, line)
		return
	}
	pad := max(0, p.width-len([]rune(line)))
	p.width = len([]rune(line))
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", pad))
}

// line is the text, such as
//
//	37/100 trials · best 0.0312 (trial 29) · 4 pruned · 12.3/s · 5s left
func (p *progress) line(spent time.Duration) string {
	parts := []string{fmt.Sprintf("%d trials", p.done)}
	total := p.expected()
	if total > 0 {
		parts[0] = fmt.Sprintf("%d/%d trials", p.done, total)
	}
	if best, number := p.study.bestSoFar(); number >= 0 {
		parts = append(parts, fmt.Sprintf("best %.6g (trial %d)", best, number))
	}
	if n := p.counts[Pruned]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d pruned", n))
	}
	if n := p.counts[Failed]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", n))
	}
	rate := float64(p.done) / max(spent.Seconds(), 1e-9)
	if p.done > 0 {
		parts = append(parts, pace(rate))
	}
	if left, ok := p.left(total, rate, spent); ok {
		parts = append(parts, left.Round(time.Second).String()+" left")
	}
	return strings.Join(parts, " · ")
}

// expected is how many trials this call will have made in the end, 0 if nobody can
// tell. Of a budget it is what others have not used up.
func (p *progress) expected() int {
	if p.budget == 0 {
		return p.total
	}
	p.study.known.mu.Lock()
	left := max(0, p.budget-p.study.known.counts)
	p.study.known.mu.Unlock()
	if p.total > 0 {
		return min(p.total, p.done+left)
	}
	return p.done + left
}

// pace is the rate per second in words that suit it.
func pace(rate float64) string {
	switch {
	case rate >= 100:
		return fmt.Sprintf("%.0f/s", rate)
	case rate >= 1:
		return fmt.Sprintf("%.3g/s", rate)
	}
	each := time.Duration(float64(time.Second) / rate)
	if each < 10*time.Second {
		return each.Round(100*time.Millisecond).String() + " a trial"
	}
	return each.Round(time.Second).String() + " a trial"
}

// left estimates the time to the nearer of the two ends.
func (p *progress) left(total int, rate float64, spent time.Duration) (time.Duration, bool) {
	left, ok := time.Duration(0), false
	if total > 0 && p.done > 0 && p.done < total {
		left, ok = time.Duration(float64(total-p.done)/rate*float64(time.Second)), true
	}
	if p.timeout > 0 {
		if t := max(0, p.timeout-spent); !ok || t < left {
			left, ok = t, true
		}
	}
	return left, ok
}
