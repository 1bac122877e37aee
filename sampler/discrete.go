package sampler

import (
	"math"

	"github.com/gohone/hone/distributions"
)

// valueAt returns value number k of a domain whose Size is finite and above k,
// in rising order; for categories it is k itself.
func valueAt(d distributions.Distribution, k int) float64 {
	switch d := d.(type) {
	case distributions.Int:
		return float64(d.Low) + float64(k)*float64(max(d.Step, 1))
	case distributions.Float:
		if d.Step == 0 {
			return d.Low
		}
		// The domain knows its grid to the last digit; cell centres lead there.
		n, _ := d.Size()
		return d.FromUnit((float64(k) + 0.5) / float64(n))
	}
	return float64(k)
}

// indexOf returns the number of the value in a domain whose Size is finite, −1 if
// the domain does not contain it.
func indexOf(d distributions.Distribution, v float64) int {
	if !d.Contains(v) {
		return -1
	}
	switch d := d.(type) {
	case distributions.Int:
		return int((v - float64(d.Low)) / float64(max(d.Step, 1)))
	case distributions.Float:
		if d.Step == 0 {
			return 0
		}
		return int(math.Round((v - d.Low) / d.Step))
	}
	return int(v)
}
