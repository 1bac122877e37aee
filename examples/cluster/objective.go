package main

import (
	"context"
	"math"
	"time"

	"github.com/gohone/hone"
)

// objective stands for work of about 50 ms.
func objective(t *hone.Trial) (float64, error) {
	x, y := t.SuggestFloat("x", -5, 5), t.SuggestFloat("y", -5, 5)
	select {
	case <-time.After(50 * time.Millisecond):
	case <-t.Context().Done():
		return 0, context.Cause(t.Context())
	}
	return math.Pow(x*x+y-11, 2) + math.Pow(x+y*y-7, 2), nil // Himmelblau's
}
