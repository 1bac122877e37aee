package main

import (
	"testing"

	"github.com/gohone/hone/examples/internal/cancer"
)

// The gradient lowers the loss from epoch to epoch, to what such networks reach.
func TestNetworkLearns(t *testing.T) {
	data, err := cancer.Load()
	if err != nil {
		t.Fatal(err)
	}
	net := newNetwork(8, 1)
	net.rate, net.momentum, net.decay = 0.02, 0.5, 1e-4
	before := net.loss(data[:400])
	for range 20 {
		net.epoch(data[:400])
	}
	if after := net.loss(data[:400]); after > before/5 {
		t.Errorf("loss %v before, %v after", before, after)
	}
	if a := net.accuracy(data[400:]); a < 0.94 {
		t.Errorf("accuracy %v on new tumours", a)
	}
}
