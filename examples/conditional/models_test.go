package main

import (
	"testing"

	"github.com/gohone/hone/examples/internal/cancer"
)

// Each family does well on this data, as in the literature: far better than the
// 62.7 % that are benign.
func TestModels(t *testing.T) {
	data, err := cancer.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		m     model
		least float64
	}{
		"neighbours": {&neighbours{k: 7}, 0.95},
		"tree":       {&tree{depth: 4, leaf: 5}, 0.90},
		"linear":     {&linear{rate: 0.01, epochs: 20, decay: 1e-3}, 0.96},
		"stump":      {&tree{depth: 1, leaf: 1}, 0.87},
	} {
		if got := crossValidate(c.m, data); got < c.least {
			t.Errorf("%s: accuracy %.3f, want %.2f", name, got, c.least)
		}
	}
}
