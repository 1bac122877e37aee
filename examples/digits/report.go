package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/gohone/hone"
	"github.com/gohone/hone/honetest"
)

// report prints what the study found, trains the best settings once more on all
// images and judges them by the test images, and draws the study's history.
func report(w io.Writer, study *hone.Study, all, test images) error {
	best, err := study.BestTrial()
	if err != nil {
		return err
	}
	trials, err := study.Trials()
	if err != nil {
		return err
	}
	pruned := 0
	for _, t := range trials {
		if t.State == hone.Pruned {
			pruned++
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "best of %d trials: number %d, accuracy %.2f %% on the images kept back\n", len(trials), best.Number, 100*best.Values[0])
	for _, name := range slices.Sorted(maps.Keys(best.Params)) {
		fmt.Fprintf(&b, "  %-10s %v\n", name, best.Params[name])
	}
	fmt.Fprintf(&b, "pruned: %d of %d trials (%.0f %%)\n", pruned, len(trials), 100*float64(pruned)/float64(len(trials)))

	// The trial's values, given out once more, make its settings.
	s := suggest(honetest.FixedTrial(best.Params))
	rng := rand.New(rand.NewPCG(uint64(best.Number), study.Seed()))
	net := newMLP(pixels, classes, s, rng)
	for epoch := range epochs {
		net.epoch(all, s, epoch, rng)
	}
	fmt.Fprintf(&b, "trained on all %d images: accuracy %.2f %% on the %d test images\n", len(all.class), 100*net.accuracy(test), len(test.class))

	path, err := writeHistory(trials)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "history: %s · seed %d\n", path, study.Seed())
	_, err = w.Write(b.Bytes())
	return err
}
