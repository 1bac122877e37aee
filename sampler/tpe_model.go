package sampler

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/parzen"
	"github.com/gohone/hone/storage"
)

// A tpeModel holds the two densities over parameters that are chosen together. It
// remembers the trials that they are made of, so that a query costs what changed.
type tpeModel struct {
	names       []string
	domains     []distributions.Distribution
	dims        []parzen.Dim
	good, other *parzen.Estimator
	under       []int // numbers of trials under way that are in other

	columns   [][]float64 // of the history
	inside    []int8      // by position in the history: 1: the trial has a place in the space, −1: it has none, 0: nobody asked yet
	goodRows  []tpeRow
	otherRows []tpeRow
	keys      []int
	weights   []float64
	places    []tpePlace
	nearly    []tpePlace // see soften
	xs        []float64  // candidates, one after the other
	l, g      []float64  // their densities
	order     []int      // candidates, the best first
}

// A tpePlace is a good trial with its weight.
type tpePlace struct {
	tpeRow
	weight float64
}

// tpeModels bounds the number of models that are kept for a study.
const tpeModels = 1024

// model returns the model of the given parameters.
func (c *tpeStudy) model(r *tpeRules, names []string, domains []distributions.Distribution) *tpeModel {
	key := strings.Join(names, "\x00") // which no name contains
	m := c.models[key]
	if m != nil && slices.EqualFunc(m.domains, domains, distributions.Equal) {
		return m
	}
	m = &tpeModel{names: slices.Clone(names), domains: slices.Clone(domains)}
	for _, d := range domains {
		m.dims = append(m.dims, dimension(d))
	}
	m.good, m.other = parzen.New(m.dims, r.good), parzen.New(m.dims, r.other)
	m.columns = make([][]float64, len(names))
	if len(c.models) >= tpeModels {
		clear(c.models)
	}
	c.models[key] = m
	return m
}

// dimension returns the domain as the estimators have it.
func dimension(d distributions.Distribution) parzen.Dim {
	switch d := d.(type) {
	case distributions.Float:
		if d.Step > 0 {
			return parzen.Grid(d.Low, d.High, d.Step, false)
		}
		return parzen.Range(d.Low, d.High, d.Log)
	case distributions.Int:
		return parzen.Grid(float64(d.Low), float64(d.High), float64(max(d.Step, 1)), d.Log)
	case distributions.Categorical:
		return parzen.Categories(len(d.Choices))
	}
	return parzen.Categories(1)
}

// value returns coordinate j of a point as a value that the domain contains.
func (m *tpeModel) value(j int, x []float64) float64 {
	d := m.domains[j]
	if d.Contains(x[j]) {
		return x[j]
	}
	return d.FromUnit(d.ToUnit(x[j]))
}

// load brings the densities to the state of the query.
func (v *tpeView) load(m *tpeModel) error {
	if err := v.divide(); err != nil {
		return err
	}
	for j, name := range m.names {
		m.columns[j] = v.q.History.Column(name)
	}
	if n := v.read - len(m.inside); n > 0 {
		m.inside = append(m.inside, make([]int8, n)...)
	}
	if err := v.loadGood(m); err != nil {
		return err
	}
	return v.loadOther(m)
}

// holds reports whether a trial has a place in the model's space. It is asked of few of
// many trials, and a model whose domains change with each trial is always new.
func (v *tpeView) holds(m *tpeModel, row int) bool {
	if m.inside[row] == 0 {
		m.inside[row] = -1
		if v.has(m, row) {
			m.inside[row] = 1
		}
	}
	return m.inside[row] > 0
}

// has reports whether a trial has a place in the model's space. One that failed before it
// had all of its parameters does, if it has any of them.
func (v *tpeView) has(m *tpeModel, row int) bool {
	had, lacks := false, false
	for j, c := range m.columns {
		switch {
		case c == nil || c[row] != c[row]:
			lacks = true
		case math.IsNaN(m.dims[j].Unit(c[row])):
			return false
		default:
			had = true
		}
	}
	return had && (!lacks || v.q.History.Trial(row).State == storage.Failed)
}

// point copies a trial's parameters. Those that it lacks are drawn by chance, always the
// same: it would have failed with any.
func (v *tpeView) point(m *tpeModel, row int, x []float64) {
	var rng *rand.Rand
	for j, c := range m.columns {
		if c != nil && c[row] == c[row] {
			x[j] = c[row]
			continue
		}
		if rng == nil {
			rng = rand.New(rand.NewPCG(uint64(v.q.History.Trial(row).Number), 0x6c61636b73)) // "lacks"
		}
		x[j] = m.domains[j].FromUnit(rng.Float64())
	}
}

func (v *tpeView) loadGood(m *tpeModel) error {
	m.places = m.places[:0]
	for _, row := range v.good {
		if v.holds(m, row.row) {
			m.places = append(m.places, tpePlace{tpeRow: row, weight: 1})
		}
	}
	n := len(m.places)
	several := len(v.q.Directions) > 1
	if v.r.ranked && !several {
		// ln(n+½) − ln(rank), as in CMA-ES, and a little for the last ones;
		// they sum to n, as equal weights would.
		sum := 0.0
		for i := range m.places {
			m.places[i].weight = math.Log((float64(n)+0.5)/float64(i+1)) + 0.1
			sum += m.places[i].weight
		}
		for i := range m.places {
			m.places[i].weight *= float64(n) / sum
		}
	}
	slices.SortFunc(m.places, func(a, b tpePlace) int { return byNumber(a.tpeRow, b.tpeRow) })
	m.goodRows, m.keys, m.weights = m.goodRows[:0], m.keys[:0], m.weights[:0]
	for _, p := range m.places {
		if k := len(m.keys); k > 0 && m.keys[k-1] == p.number {
			continue // two trials of one number: the first stands
		}
		m.goodRows = append(m.goodRows, p.tpeRow)
		m.keys = append(m.keys, p.number)
		m.weights = append(m.weights, p.weight)
	}
	m.good.Set(m.keys, func(i int, x []float64) { v.point(m, m.goodRows[i].row, x) })
	if !v.r.ranked && !several {
		w, err := v.weigh(len(m.keys))
		if err != nil {
			return err
		}
		m.weights = append(m.weights[:0], w...)
	}
	m.good.SetWeights(m.weights)
	return nil
}

// weigh calls the weight function.
func (v *tpeView) weigh(n int) ([]float64, error) {
	if n == 0 {
		return nil, nil
	}
	w := v.r.weights(n)
	if len(w) != n {
		return nil, fmt.Errorf("sampler: TPE.Weights(%d) returned %d weights, it must return one for each trial", n, len(w))
	}
	sum := 0.0
	for i, x := range w {
		if !(x >= 0) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("sampler: TPE.Weights(%d)[%d] is %v, weights must be finite and not negative", n, i, x)
		}
		sum += x
	}
	if !(sum > 0) || math.IsInf(sum, 0) {
		return nil, fmt.Errorf("sampler: TPE.Weights(%d) sum to %v, which must be finite and above 0", n, sum)
	}
	return w, nil
}

func (v *tpeView) loadOther(m *tpeModel) error {
	// Finished and running trials merge by number.
	m.otherRows, m.keys, m.under = m.otherRows[:0], m.keys[:0], m.under[:0]
	var running []tpeRunning
	if v.r.liar {
		running = v.under()
	}
	add := func(row tpeRow) {
		if k := len(m.keys); k > 0 && m.keys[k-1] == row.number {
			return
		}
		m.otherRows = append(m.otherRows, row)
		m.keys = append(m.keys, row.number)
	}
	addRunning := func(i int) {
		if r := &running[i]; m.hasRunning(r) {
			n := len(m.keys)
			if add(tpeRow{r.trial.Number, -1 - i}); len(m.keys) > n {
				m.under = append(m.under, r.trial.Number)
			}
		}
	}
	told := v.failuresTell(m)
	next := 0
	for _, row := range v.other {
		if !told && v.q.History.Trial(row.row).State == storage.Failed {
			continue
		}
		for next < len(running) && running[next].trial.Number < row.number {
			addRunning(next)
			next++
		}
		if v.holds(m, row.row) {
			add(row)
		}
	}
	for ; next < len(running); next++ {
		addRunning(next)
	}
	m.other.Set(m.keys, func(i int, x []float64) {
		row := m.otherRows[i].row
		if row >= 0 {
			v.point(m, row, x)
			return
		}
		for j, name := range m.names {
			x[j] = running[-1-row].value(name)
		}
	})
	w, err := v.weigh(len(m.keys))
	if err != nil {
		return err
	}
	if w != nil {
		if v.r.soft > 0 && len(v.q.Directions) == 1 {
			w = v.soften(m, w)
		}
		m.other.SetWeights(w)
	}
	return nil
}

// soften makes the division less sharp: for g good trials, of the soft·g complete
// ones that come next the k-th keeps k/(soft·g) of its weight, and the rest share
// what these lose. A trial that is nearly good says little against a place, the
// less so under noise. It returns w or, changed, a copy of it.
func (v *tpeView) soften(m *tpeModel, w []float64) []float64 {
	m.nearly = m.nearly[:0]
	good, last := len(v.good), v.r.soft*float64(len(m.goodRows))
	for _, e := range v.study.entries {
		k := float64(len(m.nearly) + 1)
		if e.class != tpeComplete || k >= last {
			break
		}
		if e.row >= v.read {
			continue
		}
		if good > 0 { // they stand first
			good--
		} else if v.holds(m, e.row) {
			m.nearly = append(m.nearly, tpePlace{e.tpeRow, k / last})
		}
	}
	if len(m.nearly) == 0 {
		return w
	}
	slices.SortFunc(m.nearly, func(a, b tpePlace) int { return byNumber(a.tpeRow, b.tpeRow) })
	m.weights = append(m.weights[:0], w...)
	before, after := 0.0, 0.0
	next := 0
	for i, row := range m.otherRows {
		for next < len(m.nearly) && byNumber(m.nearly[next].tpeRow, row) < 0 {
			next++
		}
		before += w[i]
		if next < len(m.nearly) && m.nearly[next].tpeRow == row {
			m.weights[i] *= m.nearly[next].weight
		}
		after += m.weights[i]
	}
	if !(after > 0) {
		return w
	}
	for i := range m.weights {
		m.weights[i] *= before / after
	}
	return m.weights
}

func (m *tpeModel) hasRunning(r *tpeRunning) bool {
	for j, name := range m.names {
		if math.IsNaN(m.dims[j].Unit(r.value(name))) {
			return false
		}
	}
	return true
}

// unload takes out the trials under way: by the next query they may be elsewhere.
func (v *tpeView) unload(m *tpeModel) {
	for _, number := range m.under {
		m.other.Remove(number)
	}
	m.under = m.under[:0]
}

// propose draws candidates from the density of good trials, and returns the one
// where its ratio to that of the others is largest: the first of several. It is
// valid until the next call.
func (m *tpeModel) propose(rng *rand.Rand, r *tpeRules) []float64 {
	d, c := len(m.dims), r.candidates
	m.xs = slices.Grow(m.xs[:0], c*d)[:c*d]
	for i := range c {
		x := m.xs[i*d : i*d+d]
		if r.crossover == 0 {
			m.good.Sample(rng, x)
			continue
		}
		k := m.good.Kernel(rng)
		for j := range x {
			from := k
			if rng.Float64() < r.crossover {
				from = m.good.Kernel(rng)
			}
			x[j] = m.good.Draw(rng, from, j)
		}
	}
	return m.score()
}

// score ranks the points in m.xs and returns the best.
func (m *tpeModel) score() []float64 {
	d := len(m.dims)
	c := len(m.xs) / d
	m.l, m.g = slices.Grow(m.l[:0], c)[:c], slices.Grow(m.g[:0], c)[:c]
	m.good.LogDensities(m.l, m.xs)
	m.other.LogDensities(m.g, m.xs)
	m.order = m.order[:0]
	best := 0
	for i := range m.l {
		m.l[i] -= m.g[i]
		if m.l[i] > m.l[best] || math.IsNaN(m.l[best]) {
			best = i
		}
	}
	return m.xs[best*d : best*d+d]
}

// ranking returns the candidates' positions, the best first.
func (m *tpeModel) ranking() []int {
	m.order = m.order[:0]
	for i := range m.l {
		m.order = append(m.order, i)
	}
	slices.SortStableFunc(m.order, func(a, b int) int { return cmp.Compare(m.l[b], m.l[a]) })
	return m.order
}

// choose chooses all parameters of the space that belong to a group.
func (v *tpeView) choose(space map[string]distributions.Distribution, cells *tpeCells) (map[string]float64, error) {
	out := make(map[string]float64, len(space))
	groups := v.study.groups(space, v.r.spaces)
	var last *tpeModel
	for _, names := range groups {
		domains := make([]distributions.Distribution, len(names))
		for i, name := range names {
			domains[i] = space[name]
		}
		m := v.study.model(v.r, names, domains)
		if err := v.load(m); err != nil {
			return nil, err
		}
		x := m.propose(v.q.Rand, v.r)
		for j, name := range names {
			out[name] = m.value(j, x)
		}
		v.unload(m)
		last = m
	}
	if cells != nil && last != nil && cells.tried(v, out) {
		cells.move(v, out, space, last)
	}
	return out, nil
}
