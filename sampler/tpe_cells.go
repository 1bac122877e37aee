package sampler

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/gohone/hone/distributions"
)

// tpeCells knows which points of a discrete space were tried. The space is the
// product of all parameters of the study; trials that lack one of them, and those
// outside today's domains, count for nothing.
//
// Integers are known by their values, so that a range that depends on another
// parameter may change with each trial and costs nothing; grids and categories by
// their places, and when one of those changes all trials are looked at again.
type tpeCells struct {
	names   []string
	domains []distributions.Distribution
	sizes   []int
	total   float64 // number of points
	read    int     // trials of the history that are accounted for
	first   map[string]int
	key     []byte    // scratch
	point   []float64 // scratch: a value for each name
}

// cells returns the points of the query's space, nil if not every parameter is
// discrete.
func (v *tpeView) cells() *tpeCells {
	space := v.q.History.Space()
	if len(space) == 0 {
		return nil
	}
	c := v.study.space
	if c == nil || !c.adapt(space) {
		c = &tpeCells{names: sortedNames(space), first: make(map[string]int)}
		c.domains, c.sizes = make([]distributions.Distribution, len(c.names)), make([]int, len(c.names))
		c.set(space)
		v.study.space = c
	}
	if c.total == 0 {
		return nil
	}
	if c.read < v.read {
		columns := make([][]float64, len(c.names))
		for j, name := range c.names {
			columns[j] = v.q.History.Column(name)
		}
		for ; c.read < v.read; c.read++ {
			if c.at(func(j int) float64 { return columns[j][c.read] }, false) {
				if _, ok := c.first[string(c.key)]; !ok {
					c.first[string(c.key)] = c.read
				}
			}
		}
	}
	return c
}

// set takes the domains of the space.
func (c *tpeCells) set(space map[string]distributions.Distribution) {
	c.total = 1
	for j, name := range c.names {
		n, ok := space[name].Size()
		if !ok {
			n = 0
		}
		c.domains[j], c.sizes[j] = space[name], n
		c.total *= float64(n)
	}
}

// adapt takes the domains of the space where what is known of the trials goes on to
// hold, and reports whether it does.
func (c *tpeCells) adapt(space map[string]distributions.Distribution) bool {
	if len(space) != len(c.names) {
		return false
	}
	changed := false
	for j, name := range c.names {
		d, ok := space[name]
		switch {
		case !ok:
			return false
		case distributions.Equal(d, c.domains[j]):
		case isInt(d) && isInt(c.domains[j]):
			changed = true
		default:
			return false
		}
	}
	if changed {
		c.set(space)
	}
	return true
}

func isInt(d distributions.Distribution) bool { _, ok := d.(distributions.Int); return ok }

// at sets c.key to that of a point, and reports whether it has one: whether it lies
// in the space. Of integers the range is asked for if today is true.
func (c *tpeCells) at(value func(j int) float64, today bool) bool {
	c.key = c.key[:0]
	for j, d := range c.domains {
		x := value(j)
		if math.IsNaN(x) {
			return false
		}
		if isInt(d) {
			if x != math.Trunc(x) || today && !d.Contains(x) {
				return false
			}
			c.key = binary.AppendVarint(c.key, int64(x))
			continue
		}
		k := indexOf(d, x)
		if k < 0 {
			return false
		}
		for n := c.sizes[j] - 1; n > 0; n >>= 8 {
			c.key = append(c.key, byte(k))
			k >>= 8
		}
	}
	return true
}

// fill sets c.point to the values of a trial that has some already and gets the
// others from out. It reports whether all of them are known.
func (c *tpeCells) fill(v *tpeView, out map[string]float64) bool {
	c.point = c.point[:0]
	for j, name := range c.names {
		x, ok := out[name]
		if !ok {
			if p, has := v.q.Trial.Param(name); has {
				x = p.Value
			} else if c.sizes[j] == 1 {
				x = valueAt(c.domains[j], 0)
			} else {
				return false
			}
		}
		c.point = append(c.point, x)
	}
	return true
}

// tried reports whether the point of a trial was tried or is under way.
func (c *tpeCells) tried(v *tpeView, out map[string]float64) bool {
	return c.fill(v, out) && c.taken(v)
}

// taken reports whether c.point was tried or is under way.
func (c *tpeCells) taken(v *tpeView) bool {
	if !c.at(func(j int) float64 { return c.point[j] }, true) {
		return false
	}
	if row, ok := c.first[string(c.key)]; ok && row < v.read {
		return true
	}
	if len(v.q.Running) == 0 {
		return false
	}
	own := string(c.key)
	for _, r := range v.under() {
		if c.at(func(j int) float64 {
			if x := r.value(c.names[j]); !math.IsNaN(x) || c.sizes[j] > 1 {
				return x
			}
			return valueAt(c.domains[j], 0)
		}, true) && string(c.key) == own {
			return true
		}
	}
	return false
}

const (
	tpeSmall      = 512 // a space of so many points is looked at as a whole
	tpeNeighbours = 256 // points near the best candidates that are looked at
)

// move changes out, a point that was tried, into one that was not, as long as
// there is one: the best of all in a small space, else the best candidate of the
// model, else the best of some points that differ from the best candidates in one
// coordinate, else the next in the order of points. The model may be nil.
func (c *tpeCells) move(v *tpeView, out map[string]float64, space map[string]distributions.Distribution, m *tpeModel) {
	if !c.fill(v, out) {
		return
	}
	var free []int // the coordinates that may change
	size := 1.0
	for j, name := range c.names {
		if _, ok := space[name]; ok && c.sizes[j] > 1 {
			free = append(free, j)
			size *= float64(c.sizes[j])
		}
	}
	if m != nil {
		if err := v.load(m); err != nil {
			return
		}
		done := c.moveByModel(v, m, free, size)
		v.unload(m)
		if done {
			c.keep(out, free)
			return
		}
	}
	// In the order of points, from a random one on.
	for _, j := range free {
		if m == nil {
			c.point[j] = valueAt(c.domains[j], v.q.Rand.IntN(c.sizes[j]))
		}
	}
	for n := 0.0; n < size; n++ {
		if !c.taken(v) {
			c.keep(out, free)
			return
		}
		for _, j := range free {
			k := indexOf(c.domains[j], c.point[j]) + 1
			if k < c.sizes[j] {
				c.point[j] = valueAt(c.domains[j], k)
				break
			}
			c.point[j] = valueAt(c.domains[j], 0)
		}
	}
}

// keep copies c.point to out.
func (c *tpeCells) keep(out map[string]float64, free []int) {
	for _, j := range free {
		out[c.names[j]] = c.point[j]
	}
}

// moveByModel sets c.point to an untried point that the model thinks well of, and
// reports whether it found one.
func (c *tpeCells) moveByModel(v *tpeView, m *tpeModel, free []int, size float64) bool {
	// Where the model's coordinates are among those of the points.
	var at []int
	for _, name := range m.names {
		j, ok := slices.BinarySearch(c.names, name)
		if !ok {
			return false
		}
		at = append(at, j)
	}
	d := len(at)
	put := func(x []float64) {
		for k, j := range at {
			c.point[j] = m.value(k, x)
		}
	}
	if len(at) == len(free) && size <= tpeSmall {
		m.xs = m.xs[:0]
		for n := range int(size) {
			for _, j := range at {
				c.point[j] = valueAt(c.domains[j], n%c.sizes[j])
				n /= c.sizes[j]
			}
			c.offer(v, m, at)
		}
	} else {
		for _, i := range m.ranking() {
			if put(m.xs[i*d : i*d+d]); !c.taken(v) {
				return true
			}
		}
		seeds := slices.Clone(m.xs)
		ranking := slices.Clone(m.order)
		m.xs = m.xs[:0]
		for n := range tpeNeighbours {
			i := ranking[n*len(ranking)/tpeNeighbours/4]
			put(seeds[i*d : i*d+d])
			k := v.q.Rand.IntN(d)
			c.point[at[k]] = valueAt(c.domains[at[k]], v.q.Rand.IntN(c.sizes[at[k]]))
			c.offer(v, m, at)
		}
	}
	if len(m.xs) == 0 {
		return false
	}
	put(m.score())
	return true
}

// offer makes c.point a candidate of the model if it was not tried.
func (c *tpeCells) offer(v *tpeView, m *tpeModel, at []int) {
	if c.taken(v) {
		return
	}
	for _, j := range at {
		m.xs = append(m.xs, c.point[j])
	}
}
