package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gohone/hone"
)

// The picture, in pixels: its size, and the edges of the plot in it.
const (
	svgWidth, svgHeight      = 760, 420
	svgLeft, svgRight        = 70, 740
	svgTop, svgBottom        = 60, 370
	svgBlue, svgGrey, svgRed = "#1f77b4", "#9a9a9a", "#d62728"
)

// accuracyTicks are where the picture may begin, end and have lines, in %.
var accuracyTicks = []float64{0, 50, 80, 90, 95, 98, 99, 99.5, 99.9}

// height is where an accuracy stands on its axis. The axis is logarithmic in the
// error, for the step from 98 % to 99 % is as hard as the one from 80 % to 90 %.
func height(accuracy float64) float64 {
	return -math.Log(1 - min(max(accuracy, 0), 0.999))
}

// historySVG draws what the trials reached, in order of their numbers: a dot for
// each that is complete, a ring for the last report of each that was pruned, and
// the best so far as a line.
func historySVG(trials []hone.FrozenTrial) []byte {
	low, high := math.Inf(1), math.Inf(-1)
	for _, t := range trials {
		if v, ok := t.Value(); ok {
			low, high = min(low, v), max(high, v)
		}
	}
	first, last := 0, len(accuracyTicks)-1
	for first < last-1 && accuracyTicks[first+1] <= 100*low {
		first++
	}
	for last > first+1 && accuracyTicks[last-1] >= 100*high {
		last--
	}
	bottom, top := height(accuracyTicks[first]/100), height(accuracyTicks[last]/100)
	x := func(number int) float64 {
		return svgLeft + 10 + (svgRight-svgLeft-20)*float64(number)/float64(max(len(trials)-1, 1))
	}
	y := func(accuracy float64) float64 {
		return svgBottom - (svgBottom-svgTop)*(height(accuracy)-bottom)/(top-bottom)
	}

	var b bytes.Buffer
	put := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	put(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %d" font-family="sans-serif" font-size="13">`, svgWidth, svgHeight)
	put(`<rect width="100%%" height="100%%" fill="white"/>`)
	put(`<text x="%d" y="24" font-size="16">Accuracy on images that the trial did not learn from</text>`, svgLeft)
	for _, tick := range accuracyTicks[first : last+1] {
		at := y(tick / 100)
		put(`<path d="M%d %.1fH%d" stroke="#e4e4e4"/>`, svgLeft, at, svgRight)
		put(`<text x="%d" y="%.1f" text-anchor="end">%g %%</text>`, svgLeft-8, at+4.5, tick)
	}
	for number := 0; number < len(trials); number += tickStep(len(trials)) {
		put(`<text x="%.1f" y="%d" text-anchor="middle">%d</text>`, x(number), svgBottom+20, number)
	}
	put(`<text x="%d" y="%d" text-anchor="middle">trial</text>`, (svgLeft+svgRight)/2, svgBottom+40)

	var line bytes.Buffer
	best, complete, pruned := math.Inf(-1), 0, 0
	for _, t := range trials {
		v, ok := t.Value()
		switch {
		case ok && t.State == hone.Pruned:
			pruned++
			put(`<circle cx="%.1f" cy="%.1f" r="3" fill="none" stroke="%s"/>`, x(t.Number), y(v), svgGrey)
		case ok && t.State == hone.Complete:
			complete++
			put(`<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"/>`, x(t.Number), y(v), svgBlue)
			if line.Len() == 0 {
				fmt.Fprintf(&line, "M%.1f %.1f", x(t.Number), y(v))
			}
			best = max(best, v)
			fmt.Fprintf(&line, "H%.1fV%.1f", x(t.Number), y(best))
		}
	}
	if line.Len() > 0 {
		put(`<path d="%sH%d" fill="none" stroke="%s" stroke-width="1.5"/>`, line.Bytes(), svgRight, svgRed)
	}
	put(`<circle cx="%d" cy="44" r="3.5" fill="%s"/><text x="%d" y="48">complete (%d)</text>`, svgLeft+6, svgBlue, svgLeft+16, complete)
	put(`<circle cx="%d" cy="44" r="3" fill="none" stroke="%s"/><text x="%d" y="48">pruned, last report (%d)</text>`, svgLeft+136, svgGrey, svgLeft+146, pruned)
	put(`<path d="M%d 44h20" stroke="%s" stroke-width="1.5"/><text x="%d" y="48">best so far</text>`, svgLeft+320, svgRed, svgLeft+346)
	put(`</svg>`)
	return b.Bytes()
}

// tickStep returns 1, 2 or 5 times a power of ten such that n trials get at most
// a dozen ticks.
func tickStep(n int) int {
	for step := 1; ; step *= 10 {
		for _, k := range []int{1, 2, 5} {
			if n <= 12*k*step {
				return k * step
			}
		}
	}
}

// writeHistory writes the picture beside this file or, when the program no longer
// stands beside its source, in the current folder. It returns the path.
func writeHistory(trials []hone.FrozenTrial) (string, error) {
	path := "history.svg"
	if _, source, _, ok := runtime.Caller(0); ok {
		if _, err := os.Stat(source); err == nil {
			path = filepath.Join(filepath.Dir(source), path)
		}
	}
	return path, os.WriteFile(path, historySVG(trials), 0o644)
}
