package sampler

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/bayes"
	"github.com/gohone/hone/storage"
)

// A gpRow is a finished trial and what it noted, nil if nothing.
type gpRow struct {
	tpeRow
	note *gpNote
}

func (r gpRow) compare(o gpRow) int { return byNumber(r.tpeRow, o.tpeRow) }

// A gpView is the history as the engine sees it, at one time, in one layout.
type gpView struct {
	study   *gpStudy
	q       *Query
	layout  *gpLayout
	domains map[string]distributions.Distribution // what the layout was made of
	rows    []gpRow                               // the trials, by number
	points  [][]float64                           // what they are as points
	read    int

	projection int // GP.Projection
}

// sign tells what the hyperparameters belong to.
func (v *gpView) sign() string {
	if v.projection > 0 {
		return fmt.Sprint(v.layout.sign, "/", v.projection)
	}
	return v.layout.sign
}

// view returns the history of the query in a layout of its space, in which some
// domains (own may be nil) are replaced by those that the trial has.
func (c *gpStudy) view(q *Query, own map[string]distributions.Distribution) *gpView {
	n := q.History.Len()
	c.sync(q.History)
	rows := c.rows
	if n < c.read { // an old snapshot
		rows = nil
		for _, r := range c.rows {
			if r.row < n {
				rows = append(rows, r)
			}
		}
	}
	space := q.History.Space()
	domains := space
	if len(own) > 0 {
		domains = make(map[string]distributions.Distribution, len(space))
		for name, d := range space {
			domains[name] = d
		}
		for name, d := range own {
			if _, ok := space[name]; ok {
				domains[name] = d
			}
		}
	}
	v := &gpView{study: c, q: q, domains: domains, read: n}
	if b := c.base; b != nil && own == nil && b.read <= n && reflect.ValueOf(b.domains).Pointer() == reflect.ValueOf(domains).Pointer() {
		v.layout, v.rows, v.points = b.layout, b.rows, b.points
	} else {
		v.layout = newGPLayout(domains)
	}
	if len(v.rows) != len(rows) || v.layout.sign == "" {
		v.encode(rows)
	}
	if own == nil && n == c.read {
		c.base = v
	}
	return v
}

// sync reads the trials that are new.
func (c *gpStudy) sync(h *storage.History) {
	n, trials := h.Len(), h.Trials()
	if n <= c.read {
		return
	}
	sorted := true
	for i := c.read; i < n; i++ {
		if !trials[i].Counts() {
			continue
		}
		r := gpRow{tpeRow{trials[i].Number, i}, readGPNote(trials[i])}
		if last := len(c.rows) - 1; sorted && last >= 0 && c.rows[last].compare(r) > 0 {
			sorted = false
			c.rows = slices.Clone(c.rows) // views share it
		}
		c.rows = append(c.rows, r)
	}
	if !sorted {
		slices.SortFunc(c.rows, gpRow.compare)
	}
	c.read = n
}

// encode makes points of the rows that are new, and looks at how parameters hang
// together.
func (v *gpView) encode(rows []gpRow) {
	columns := make([][]float64, len(v.layout.axes))
	for j := range v.layout.axes {
		columns[j] = v.q.History.Column(v.layout.axes[j].name)
	}
	trials := v.q.History.Trials()
	had := make(map[int][]float64, len(v.points))
	for i, r := range v.rows {
		had[r.row] = v.points[i]
	}
	v.points = make([][]float64, len(rows))
	var complete, ended [][]float64
	for i, r := range rows {
		x := had[r.row]
		if x == nil {
			x = make([]float64, len(columns))
			for j := range x {
				x[j] = v.layout.axes[j].position(columns[j][r.row])
			}
		}
		v.points[i] = x
		if trials[r.row].State == storage.Complete {
			complete = append(complete, x)
		}
	}
	// A pruned trial shows how parameters hang together, unless it may have been pruned
	// before it had all of them.
	sets := parameterSets(complete)
	for i, r := range rows {
		if state := trials[r.row].State; state == storage.Complete || state == storage.Pruned && !sets.cut(v.points[i]) {
			ended = append(ended, v.points[i])
		}
	}
	v.rows = rows
	l := *v.layout // other views share it
	l.group(ended)
	v.layout = &l
}

// gpSets are different sets of coordinates that points have, a point for each.
type gpSets [][]float64

// parameterSets returns the sets of the points, none if there are very many.
func parameterSets(points [][]float64) (sets gpSets) {
	const most = 64
	for _, x := range points {
		if !slices.ContainsFunc(sets, func(o []float64) bool { return within(x, o) && within(o, x) }) {
			if len(sets) == most {
				return nil
			}
			sets = append(sets, x)
		}
	}
	return sets
}

// within reports whether o has all coordinates that x has.
func within(x, o []float64) bool {
	for j := range x {
		if math.IsNaN(o[j]) && !math.IsNaN(x[j]) {
			return false
		}
	}
	return true
}

// cut reports whether the coordinates of a point are fewer than those of a set, and not
// those of another.
func (s gpSets) cut(x []float64) bool {
	cut := false
	for _, o := range s {
		if within(x, o) {
			if within(o, x) {
				return false
			}
			cut = true
		}
	}
	return cut
}

// problem says what is known, for the engine.
func (v *gpView) problem() *bayes.Problem {
	q, l := v.q, v.layout
	p := &bayes.Problem{Space: &l.space}
	whole := make([]bool, len(l.axes)) // coordinates that every point has
	for j := range whole {
		whole[j] = true
	}
	for _, g := range l.space.Groups {
		for _, j := range g.Dims {
			whole[j] = false
		}
	}
	trials := q.History.Trials()
	var rows []gpRow
	for i, r := range v.rows {
		points := v.points[i : i+1]
		if trials[r.row].State != storage.Complete {
			points = l.completed(points[0], whole, r.number)
		}
		p.Points = append(p.Points, points...)
		for range points {
			rows = append(rows, r)
		}
	}
	for k := range q.Directions {
		p.Values = append(p.Values, v.values(rows, k))
	}
	names := slices.Clone(q.History.ConstraintNames())
	slices.Sort(names)
	for _, name := range names {
		column := q.History.Constraint(name)
		if column == nil {
			continue
		}
		limit := make([]float64, len(rows))
		any := false
		for i, r := range rows {
			limit[i] = column[r.row]
			any = any || limit[i] == limit[i]
			if math.IsNaN(limit[i]) && trials[r.row].State != storage.Failed && !hasConstraint(trials[r.row], name) {
				limit[i] = 0 // a trial without the constraint keeps it
			}
		}
		if any {
			p.Limits = append(p.Limits, limit)
		}
	}
	for _, r := range runningTrials(q) {
		x := make([]float64, len(l.axes))
		plan := gpPlan(r.trial)
		some := false
		for j := range x {
			x[j] = math.NaN()
			name := l.axes[j].name
			if param, ok := r.trial.Param(name); ok {
				x[j] = l.axes[j].position(param.Value)
			} else if value, ok := plan[name]; ok {
				x[j] = l.axes[j].position(value)
			} else if value, ok := r.plan[name]; ok {
				x[j] = l.axes[j].position(value)
			}
			some = some || x[j] == x[j]
		}
		if some {
			p.Pending = append(p.Pending, x)
		}
	}
	for _, param := range q.Trial.Params {
		j, ok := l.index[param.Name]
		if !ok {
			continue
		}
		x := l.axes[j].position(param.Value)
		if math.IsNaN(x) {
			continue
		}
		if p.Kept == nil {
			p.Kept, p.Base = make([]bool, len(l.axes)), make([]float64, len(l.axes))
		}
		p.Kept[j], p.Base[j] = true, x
	}
	p.Former, p.FormerAt = v.fits(len(p.Points))
	return p
}

// completed returns the points that the failed or pruned trial of that number stands for.
// Where it ended before it had all its parameters the others are drawn by chance, three
// times, always the same: with whichever values it would have ended so. There are none
// for a trial without parameters.
func (l *gpLayout) completed(x []float64, whole []bool, number int) [][]float64 {
	had, lacks := false, false
	for j := range x {
		had = had || !math.IsNaN(x[j])
		lacks = lacks || whole[j] && math.IsNaN(x[j])
	}
	switch {
	case !lacks:
		return [][]float64{x}
	case !had:
		return nil
	}
	const times = 3 // with one, the model takes long to learn that the others do not matter

	rng := rand.New(rand.NewPCG(uint64(number), 0x6c61636b73)) // "lacks"
	points := make([][]float64, times)
	for i := range points {
		points[i] = slices.Clone(x)
		for j := range x {
			if u := rng.Float64(); whole[j] && math.IsNaN(x[j]) {
				points[i][j] = l.axes[j].position(l.axes[j].domain.FromUnit(u))
			}
		}
	}
	return points
}

func hasConstraint(t *storage.Trial, name string) bool {
	return slices.ContainsFunc(t.Constraints(), func(c storage.Constraint) bool { return c.Name == name })
}

// gpAttr notes with a trial what was learned when it was chosen, and what was
// chosen while others were under way.
const gpAttr = "hone:gp"

// A gpNote is what the attribute holds.
type gpNote struct {
	// At is the number of trials from which the fits were learned, Sign the
	// layout that they belong to.
	At   int    `json:"at,omitempty"`
	Sign string `json:"sign,omitempty"`
	// Fits has, for each output, the warp and the hyperparameters, 32-bit floats in
	// little-endian order, in base 64.
	Warps []uint8  `json:"warps,omitempty"`
	Theta []string `json:"theta,omitempty"`
	// Plan is what was chosen.
	Plan map[string]float64 `json:"plan,omitempty"`
}

// note tells other queries what was learned and, if some are under way, what was
// chosen.
func (v *gpView) note(fits []bayes.Fit, points int, chosen map[string]float64) error {
	var n gpNote
	if len(v.q.Running) > 0 {
		n.Plan = chosen
	}
	if fits != nil {
		n.At, n.Sign = points, v.sign()
		for _, f := range fits {
			n.Warps = append(n.Warps, uint8(f.Warp))
			b := make([]byte, 0, 4*len(f.Theta))
			for _, t := range f.Theta {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(t))
			}
			n.Theta = append(n.Theta, base64.StdEncoding.EncodeToString(b))
		}
	}
	if v.q.SetAttr == nil || n.At == 0 && len(n.Plan) == 0 {
		return nil
	}
	return v.q.SetAttr(gpAttr, n)
}

// fits returns the fits that were learned from most trials, up to a number of
// them, and how many those were.
func (v *gpView) fits(most int) ([]bayes.Fit, int) {
	var best *gpNote
	sign := v.sign()
	look := func(n *gpNote) {
		if n != nil && n.At > 0 && n.At <= most && n.Sign == sign && (best == nil || n.At > best.At) {
			best = n
		}
	}
	for i := len(v.rows) - 1; i >= 0; i-- {
		look(v.rows[i].note)
	}
	for _, t := range v.q.Running {
		if v.q.Trial == nil || t.Number != v.q.Trial.Number {
			look(readGPNote(t))
		}
	}
	if best == nil {
		return nil, 0
	}
	fits := make([]bayes.Fit, len(best.Theta))
	for k, text := range best.Theta {
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(best.Warps) != len(best.Theta) || best.Warps[k] > uint8(bayes.Level) {
			return nil, 0
		}
		fits[k].Warp = bayes.Warp(best.Warps[k])
		for ; len(b) >= 4; b = b[4:] {
			t := math.Float32frombits(binary.LittleEndian.Uint32(b))
			if !(t >= -100 && t <= 100) {
				return nil, 0
			}
			fits[k].Theta = append(fits[k].Theta, t)
		}
		if len(fits[k].Theta) != v.layout.space.Hyperparameters() {
			return nil, 0
		}
	}
	return fits, best.At
}

// readGPNote reads what a trial noted. What cannot be read says nothing.
func readGPNote(t *storage.Trial) *gpNote {
	text, ok := t.SystemAttrs.Get(gpAttr)
	if !ok {
		return nil
	}
	n := new(gpNote)
	if json.Unmarshal([]byte(text), n) != nil {
		return nil
	}
	return n
}

// gpPlan returns what was chosen for a trial that is under way.
func gpPlan(t *storage.Trial) map[string]float64 {
	if n := readGPNote(t); n != nil {
		return n.Plan
	}
	return nil
}
