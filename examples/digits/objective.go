package main

import (
	"math/rand/v2"

	"github.com/gohone/hone"
)

const epochs = 30 // passes over the images that a network learns from

func suggest(t *hone.Trial) settings {
	return settings{
		Rate:       t.SuggestLogFloat("rate", 0.01, 1),
		Momentum:   t.SuggestFloat("momentum", 0, 0.98),
		L2:         t.SuggestLogFloat("l2", 1e-6, 1e-2),
		Width:      t.SuggestLogInt("width", 16, maxWidth),
		Depth:      t.SuggestInt("depth", 1, 3),
		Batch:      t.SuggestLogInt("batch", 16, 128),
		Activation: t.SuggestCategorical("activation", "relu", "tanh"),
	}
}

// objective trains one network and returns its accuracy on images that it has not
// seen.
func objective(t *hone.Trial, learn, judge images) (accuracy float64, err error) {
	s, rng := suggest(t), rand.New(rand.NewPCG(uint64(t.Number()), t.Study().Seed()))
	net := newMLP(pixels, classes, s, rng)
	for epoch := range epochs {
		net.epoch(learn, s, epoch, rng)
		accuracy = net.accuracy(judge)
		t.Report(epoch, accuracy)
		if t.ShouldPrune() {
			return 0, hone.ErrPruned
		}
		if err := t.Context().Err(); err != nil {
			return 0, err // Ctrl-C
		}
	}
	return accuracy, nil
}
