package report

import (
	"fmt"
	"math"
	"slices"
)

// A place is a rectangle that a label may take.
type place struct{ left, top, right, bottom float64 }

func (a place) overlap(b place) float64 {
	w := min(a.right, b.right) - max(a.left, b.left)
	h := min(a.bottom, b.bottom) - max(a.top, b.top)
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h
}

// outside is how much of a place is outside of another.
func (a place) outside(b place) float64 {
	return (a.right-a.left)*(a.bottom-a.top) - a.overlap(b)
}

// cost draws regret against the time that the optimiser takes for a trial.
func (p *picture) cost(n panel) {
	scores := p.after[p.main].Scores
	n.x = axis{low: math.Inf(1), from: n.left, to: n.right, log: true}
	n.y = axis{low: math.Inf(1), from: n.bottom, to: n.top, log: true}
	for _, r := range scores {
		n.x.low, n.x.high = min(n.x.low, 1000*r.PerTrial), max(n.x.high, 1000*r.PerTrial)
		if r.Mean > 0 {
			n.y.low, n.y.high = min(n.y.low, r.Mean), max(n.y.high, r.Mean)
		}
	}
	if !(n.x.low > 0) || !(n.y.low < math.Inf(1)) {
		return
	}
	n.x.low, n.x.high = n.x.low/1.6, n.x.high*2.5
	n.y.low, n.y.high = n.y.low/1.15, n.y.high*1.15
	p.frame(&n, fmt.Sprintf("cost, and regret after %d trials", p.main), "milliseconds a trial, inside the optimiser")

	inside := place{n.left, n.top - 8, n.right + 10, n.bottom}
	var taken []place
	for _, r := range scores {
		x, y := n.x.at(1000*r.PerTrial), n.y.at(r.Mean)
		taken = append(taken, place{x - 5, y - 5, x + 5, y + 5})
	}
	for _, r := range slices.Backward(scores) {
		radius := 3.6
		if ours(r.Alg) {
			radius = 5
		}
		p.dot(n.x.at(1000*r.PerTrial), n.y.at(r.Mean), radius, p.class(r.Alg))
	}
	for i, r := range scores {
		x, y := n.x.at(1000*r.PerTrial), n.y.at(r.Mean)
		label := Label(r.Alg)
		wide := textWidth(label)
		class := p.class(r.Alg)
		if ours(r.Alg) {
			class, wide = class+" bold", wide*1.15
		}
		var best place
		least := math.Inf(1)
		for _, at := range [][2]float64{ // of the label's middle, from the dot
			{wide/2 + 7, 0}, {-wide/2 - 7, 0}, {0, -13}, {0, 13}, {wide/2 + 6, -11}, {wide/2 + 6, 11}, {-wide/2 - 6, -11}, {-wide/2 - 6, 11},
			{0, -24}, {0, 24}, {wide/2 + 14, -22}, {wide/2 + 14, 22}, {-wide/2 - 14, -22}, {-wide/2 - 14, 22},
		} {
			a := place{x + at[0] - wide/2, y + at[1] - 6, x + at[0] + wide/2, y + at[1] + 6}
			cost := 10*a.outside(inside) + 0.02*(math.Abs(at[0])+4*math.Abs(at[1])-wide/2)
			for j, b := range taken {
				if j != i {
					cost += a.overlap(b)
				}
			}
			if cost < least {
				best, least = a, cost
			}
		}
		taken = append(taken, best)
		p.text((best.left+best.right)/2, best.bottom-2, "middle", class, label)
	}
}
