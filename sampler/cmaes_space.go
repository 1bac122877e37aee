package sampler

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"reflect"
	"slices"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/cma"
	"github.com/gohone/hone/storage"
)

// A cmaSpace lays a study's parameters out for the search: numeric ones as
// coordinates of [0, 1], with cells where they are discrete, and categorical ones
// beside them. Its axes are in the order of the names.
type cmaSpace struct {
	from     map[string]distributions.Distribution // what it was made of
	sign     string                                // stands for names and domains
	axes     []cmaAxis
	index    map[string]int // axis by name
	numeric  []int          // axis by coordinate
	sizes    []int          // categories by categorical variable
	discrete bool           // some coordinate has cells
	moving   int            // number of axes that move
}

type cmaAxis struct {
	name   string
	domain distributions.Distribution
	cat    bool
	at     int // coordinate, or number of the categorical variable
	// cells is the number of equal cells of a discrete coordinate, 0 for a
	// continuous one, and −1 for an integer's cells on a logarithmic scale, whose
	// ends are ln(v ± ½) from logLow on, divided by logWidth.
	cells            float64
	logLow, logWidth float64
	// moving says that trials have had many different domains: then a
	// coordinate is the place in a trial's own domain, and continuous.
	moving bool
}

// joint returns the layout of the query's space.
func (c *cmaStudy) joint(q *Query) *cmaSpace {
	space, n := q.History.Space(), q.History.Len()
	moving := 0
	for _, d := range c.domains {
		if d.moves(n) {
			moving++
		}
	}
	// A log replaces its map when a domain changes, and never changes a map.
	if c.space == nil || c.space.moving != moving || reflect.ValueOf(c.space.from).Pointer() != reflect.ValueOf(space).Pointer() {
		c.space = newCMASpace(space, func(name string) bool { return c.domains[name] != nil && c.domains[name].moves(n) })
		c.space.moving = moving
	}
	return c.space
}

// cmaDomains are the first few different domains that a parameter has had.
type cmaDomains struct {
	seen  []distributions.Distribution
	moved int // position of the trial that brought the last of them
}

// A parameter moves when it has had this many domains: more than one who adjusts a range now
// and then gives it.
const cmaMoving = 6

// moves reports whether the parameter moves in the first n trials of a history.
func (d *cmaDomains) moves(n int) bool { return len(d.seen) == cmaMoving && d.moved < n }

// note takes in a domain from the trial at a position.
func (d *cmaDomains) note(domain distributions.Distribution, pos int) {
	if len(d.seen) == cmaMoving || domain == nil {
		return
	}
	for _, s := range d.seen {
		if distributions.Equal(s, domain) {
			return
		}
	}
	d.seen, d.moved = append(d.seen, domain), pos
}

func newCMASpace(space map[string]distributions.Distribution, moving func(name string) bool) *cmaSpace {
	j := &cmaSpace{from: space, index: make(map[string]int)}
	sign := fnv.New32a()
	for _, name := range slices.Sorted(maps.Keys(space)) {
		d := space[name]
		if d == nil || d.Single() {
			continue
		}
		a := cmaAxis{name: name, domain: d}
		size, countable := d.Size()
		_, a.cat = d.(distributions.Categorical)
		if a.moving = !a.cat && moving(name); a.moving {
			fmt.Fprintf(sign, "%q;", name)
		} else {
			fmt.Fprintf(sign, "%q %v;", name, d)
		}
		if a.cat {
			a.at = len(j.sizes)
			j.sizes = append(j.sizes, size)
		} else {
			a.at = len(j.numeric)
			j.numeric = append(j.numeric, len(j.axes))
			if countable && !a.moving {
				a.cells = float64(size)
				j.discrete = true
			}
			if i, ok := d.(distributions.Int); ok && i.Log && !a.moving {
				a.cells = -1
				a.logLow = math.Log(float64(i.Low) - 0.5)
				a.logWidth = math.Log(float64(i.High)+0.5) - a.logLow
				j.discrete = true
			}
		}
		j.index[name] = len(j.axes)
		j.axes = append(j.axes, a)
	}
	j.sign = fmt.Sprintf("%08x", sign.Sum32())
	return j
}

// cell is cma.Options.Cell.
func (j *cmaSpace) cell(at int, v float64) (lo, hi float64, ok bool) {
	a := &j.axes[j.numeric[at]]
	if a.cells == 0 {
		return 0, 0, false
	}
	lo, hi = a.cell(a.domain.FromUnit(v))
	return lo, hi, true
}

// cell returns the ends of a value's cell on a discrete axis.
func (a *cmaAxis) cell(value float64) (lo, hi float64) {
	last := false
	if a.cells < 0 {
		lo, hi = (math.Log(value-0.5)-a.logLow)/a.logWidth, (math.Log(value+0.5)-a.logLow)/a.logWidth
		last = value >= a.domain.FromUnit(1)
	} else {
		k := math.Floor(a.domain.ToUnit(value) * a.cells)
		lo, hi = k/a.cells, (k+1)/a.cells
		last = k >= a.cells-1
	}
	if value <= a.domain.FromUnit(0) {
		lo = math.Inf(-1)
	}
	if last {
		hi = math.Inf(1)
	}
	return lo, hi
}

// value returns what a drawn solution means for an axis, in a domain of it.
func (a *cmaAxis) value(s *cma.Solution, d distributions.Distribution) float64 {
	switch {
	case a.cat:
		return float64(s.C[a.at])
	case a.cells != 0:
		return d.FromUnit(s.X[a.at])
	}
	return d.FromUnit(cma.Fold(s.X[a.at]))
}

// in returns the domain in which the axis reads a trial's parameter.
func (a *cmaAxis) in(p *storage.Param) distributions.Distribution {
	if a.moving && p.Dist != nil {
		return p.Dist
	}
	return a.domain
}

// read makes the solution of a trial that is drawn, as that trial's
// parameters say: where it has the value that was drawn, or none, the draw
// stands. It reports whether all that the trial has was drawn so; then the trial
// is a sample of the distribution. Otherwise, coordinates are the possible ones
// nearest to the mean.
func (j *cmaSpace) read(drawn *cma.Solution, t *storage.Trial, mean []float64) (own bool) {
	own = len(t.Params) > 0
	for i := range t.Params {
		p := &t.Params[i]
		k, ok := j.index[p.Name]
		if !ok {
			continue
		}
		a := &j.axes[k]
		if a.value(drawn, a.in(p)) == p.Value {
			continue
		}
		own = false
		switch {
		case p.Value != p.Value || math.IsInf(p.Value, 0):
		case a.cat:
			if p.Value >= 0 && p.Value < float64(j.sizes[a.at]) {
				drawn.C[a.at] = int(p.Value)
			}
		case a.cells != 0:
			lo, hi := a.cell(a.domain.FromUnit(a.domain.ToUnit(p.Value)))
			drawn.X[a.at] = inside(mean[a.at], lo, hi)
		default:
			drawn.X[a.at] = cma.Unfold(a.in(p).ToUnit(p.Value), mean[a.at])
		}
	}
	return own
}

// inside returns the point of a cell that is nearest to x, a little within.
func inside(x, lo, hi float64) float64 {
	if !math.IsInf(lo, 0) && !math.IsInf(hi, 0) {
		margin := (hi - lo) / 1024
		return min(max(x, lo+margin), hi-margin)
	}
	const margin = 1e-6
	return min(max(x, lo+margin), hi-margin)
}

// point returns the place of a trial in the unit cube, NaN for what it lacks.
func (j *cmaSpace) point(t *storage.Trial) []float64 {
	x := make([]float64, len(j.numeric))
	for i := range x {
		x[i] = math.NaN()
	}
	for i := range t.Params {
		p := &t.Params[i]
		if k, ok := j.index[p.Name]; ok && !j.axes[k].cat {
			x[j.axes[k].at] = j.axes[k].in(p).ToUnit(p.Value)
		}
	}
	return x
}
