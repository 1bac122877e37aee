package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/gohone/hone/bench/internal/record"
)

// Curves are drawn through these numbers of trials.
var curveAt = []int{10, 25, 50, 75, 100, 150, 200}

// A picture is what is drawn of a suite.
type picture struct {
	*drawing
	suite *Suite
	after map[int]record.Comparison // by number of trials
	main  int                       // the number of trials that cost and spread are drawn for
}

// A panel is a part of a picture with axes.
type panel struct {
	left, top, right, bottom float64
	x, y                     axis
}

const (
	width      = 940
	panelRoom  = 300 // height of a panel with its title and axis
	labelRoom  = 104 // to the right of curves
	lineHeight = 13.
)

// SVG draws a suite: regret and rank after numbers of trials, cost against
// regret, and regret with its interval. It is empty if there are no results.
func (s *Suite) SVG() string {
	p := &picture{drawing: &drawing{width: width}, suite: s, after: make(map[int]record.Comparison)}
	seen := make(map[string]bool)
	for _, at := range curveAt {
		c := s.compare(at, s.Tasks)
		if len(c.Scores) == 0 {
			continue
		}
		p.after[at] = c
		others := 0
		for _, r := range c.Scores {
			seen[r.Alg] = true
			if !ours(r.Alg) {
				others++
			}
		}
		if at <= 100 && (others > 0 || p.main == 0) {
			p.main = at
		}
	}
	if p.main == 0 {
		return ""
	}
	for alg := range seen {
		p.algs = append(p.algs, alg)
	}
	inOrder(p.algs)
	rows := float64(len(p.after[p.main].Scores)) * (lineHeight + 3)
	second := max(panelRoom, rows+70)
	p.height = int(26 + panelRoom + second + 10)

	p.text(14, 20, "start", "title", fmt.Sprintf("%s: %d tasks", s.Name, len(s.Tasks)))
	p.text(width-14, 20, "end", "soft", "lower is better everywhere")
	half := width / 2.
	p.regret(panel{left: 56, top: 26 + 36, right: half - labelRoom, bottom: 26 + panelRoom - 30})
	p.ranks(panel{left: half + 46, top: 26 + 36, right: width - labelRoom, bottom: 26 + panelRoom - 30})
	p.cost(panel{left: 56, top: 26 + panelRoom + 36, right: half - 14, bottom: 26 + panelRoom + second - 30})
	p.spread(panel{left: half + 108, top: 26 + panelRoom + 36, right: width - 58, bottom: 26 + panelRoom + second - 30})
	return p.String()
}

// frame draws axes with their numbers.
func (p *picture) frame(n *panel, title, below string) {
	p.text(n.left-42, n.top-14, "start", "bold", title)
	for _, v := range n.y.ticks() {
		y := n.y.at(v)
		p.line(n.left, y, n.right, y, "rule")
		p.text(n.left-6, y+4, "end", "soft", number(v, 3))
	}
	p.numbersBelow(n, below)
}

func (p *picture) numbersBelow(n *panel, below string) {
	p.line(n.left, n.bottom, n.right, n.bottom, "axis")
	for _, v := range n.x.ticks() {
		x := n.x.at(v)
		p.line(x, n.bottom, x, n.bottom+4, "axis")
		p.text(x, n.bottom+16, "middle", "soft", number(v, 3))
	}
	p.text((n.left+n.right)/2, n.bottom+29, "middle", "soft", below)
}

// A curve is one optimiser's.
type curve struct {
	alg    string
	points [][2]float64 // trials and value
}

// curves collects a number of each comparison.
func (p *picture) curves(of func(r *record.Score, c *record.Comparison) (float64, bool)) []curve {
	var out []curve
	for _, alg := range p.algs {
		c := curve{alg: alg}
		for _, at := range curveAt {
			comparison := p.after[at]
			for i := range comparison.Scores {
				if r := &comparison.Scores[i]; r.Alg == alg {
					if v, ok := of(r, &comparison); ok {
						c.points = append(c.points, [2]float64{float64(at), v})
					}
				}
			}
		}
		if len(c.points) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// draw draws curves, ours above the others, the first on top, and names them at the
// right.
func (p *picture) draw(n *panel, curves []curve) {
	for _, front := range []bool{false, true} {
		for _, c := range slices.Backward(curves) {
			if ours(c.alg) != front {
				continue
			}
			class := p.class(c.alg)
			if front {
				class += " thick"
			}
			var points [][2]float64
			for _, q := range c.points {
				points = append(points, [2]float64{n.x.at(q[0]), n.y.at(q[1])})
			}
			p.path(points, class)
			for _, q := range points {
				p.dot(q[0], q[1], map[bool]float64{true: 2.6, false: 1.7}[front], p.class(c.alg))
			}
		}
	}
	end := func(c curve) [2]float64 {
		last := c.points[len(c.points)-1]
		return [2]float64{n.x.at(last[0]), n.y.at(last[1])}
	}
	curves = slices.Clone(curves)
	slices.SortStableFunc(curves, func(a, b curve) int { return cmp.Compare(end(a)[1], end(b)[1]) })
	var wish []float64
	for _, c := range curves {
		wish = append(wish, end(c)[1])
	}
	for i, y := range spread(wish, lineHeight, n.top-4, n.bottom) {
		c := curves[i]
		e := end(c)
		p.line(e[0]+4, e[1], n.right+8, y, "lead")
		class := p.class(c.alg)
		if ours(c.alg) {
			class += " bold"
		}
		p.text(n.right+11, y+4, "start", class, Label(c.alg))
	}
}

// span returns the least and the largest value of curves.
func span(curves []curve) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for _, q := range c.points {
			low, high = min(low, q[1]), max(high, q[1])
		}
	}
	return low, high
}

func (p *picture) trials(curves []curve, n *panel) axis {
	a := axis{low: math.Inf(1), high: math.Inf(-1), from: n.left + 6, to: n.right - 6, log: true}
	for _, c := range curves {
		for _, q := range c.points {
			a.low, a.high = min(a.low, q[0]), max(a.high, q[0])
		}
	}
	for _, at := range At {
		if v := float64(at); v >= a.low && v <= a.high {
			a.marks = append(a.marks, v)
		}
	}
	if a.low == a.high {
		a.low, a.high = a.low/2, a.high*2
	}
	return a
}

func (p *picture) regret(n panel) {
	curves := p.curves(func(r *record.Score, _ *record.Comparison) (float64, bool) { return r.Mean, r.Mean > 0 })
	if len(curves) == 0 {
		return
	}
	low, high := span(curves)
	n.x = p.trials(curves, &n)
	n.y = axis{low: low / 1.1, high: high * 1.1, from: n.bottom, to: n.top, log: true}
	p.frame(&n, "mean normalised regret", "trials")
	p.draw(&n, curves)
}

// ranks draws those optimisers that have results wherever the others have, for a rank
// among fewer is another rank.
func (p *picture) ranks(n panel) {
	var always []string
	for i, alg := range p.algs {
		there := true
		for at, c := range p.after {
			if at <= p.main && !slices.ContainsFunc(c.Scores, func(r record.Score) bool { return r.Alg == p.algs[i] }) {
				there = false
			}
		}
		if there {
			always = append(always, alg)
		}
	}
	among := make(map[int]map[string]float64)
	for at := range p.after {
		if at <= p.main {
			among[at] = make(map[string]float64)
			only := slices.DeleteFunc(slices.Clone(p.suite.Lines), func(l record.Line) bool { return !slices.Contains(always, l.Alg) })
			for _, r := range record.Means(only, at, p.suite.Base, p.suite.Tasks).Scores {
				among[at][r.Alg] = r.Rank
			}
		}
	}
	curves := p.curves(func(r *record.Score, c *record.Comparison) (float64, bool) {
		v, ok := among[c.At][r.Alg]
		return v, ok
	})
	if len(curves) == 0 {
		return
	}
	low, high := span(curves)
	n.x = p.trials(curves, &n)
	n.y = axis{low: math.Floor(low), high: max(math.Ceil(high), math.Floor(low)+1), from: n.bottom, to: n.top}
	p.frame(&n, fmt.Sprintf("mean rank over the tasks, of %d", len(curves)), "trials")
	p.draw(&n, curves)
}

func (p *picture) spread(n panel) {
	scores := p.after[p.main].Scores
	low, high := math.Inf(1), 0.0
	for _, r := range scores {
		if r.Low > 0 {
			low = min(low, r.Low)
		}
		high = max(high, r.High)
	}
	if high == 0 { // everybody is at the optimum
		high = 1
	}
	if !(low < high) {
		low = high / 10
	}
	n.x = axis{low: low / 1.1, high: high * 1.1, from: n.left, to: n.right, log: true}
	p.text(n.left-104, n.top-14, "start", "bold", fmt.Sprintf("regret after %d trials, with 95 %% intervals over seeds", p.main))
	for _, v := range n.x.ticks() {
		p.line(n.x.at(v), n.top-4, n.x.at(v), n.bottom, "rule")
	}
	p.numbersBelow(&n, "mean normalised regret")
	step := (n.bottom - n.top) / float64(len(scores))
	for i, r := range scores {
		y := n.top + (float64(i)+0.5)*step
		class, weight := p.class(r.Alg), ""
		if ours(r.Alg) {
			weight = " bold"
		}
		p.text(n.left-8, y+4, "end", class+weight, Label(r.Alg))
		p.line(n.x.at(r.Low), y, n.x.at(r.High), y, class+" bar")
		p.dot(n.x.at(r.Mean), y, 3.2, class)
		p.text(n.right+8, y+4, "start", class+weight, fmt.Sprintf("%.4f", r.Mean))
	}
}
