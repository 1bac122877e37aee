package sampler_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

func TestGP(t *testing.T) {
	// The model begins at four trials.
	samplertest.Options{Trials: 10}.Run(t, func() sampler.Sampler { return new(sampler.GP) })
}

func TestGPSettings(t *testing.T) {
	four := make([]hone.Direction, 5)
	for i := range four {
		four[i] = hone.Minimize
	}
	for want, o := range map[string]*hone.Options{
		"GP.StartupTrials is -1":                       {Sampler: &sampler.GP{StartupTrials: -1}},
		"GP.Projection is -3":                          {Sampler: &sampler.GP{Projection: -3}},
		"GP takes up to 4 objectives, the study has 5": {Sampler: &sampler.GP{}, Directions: four},
	} {
		if _, err := hone.NewStudy(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// gpStudy runs n trials of f in a study and returns them.
func gpStudy(t *testing.T, o *hone.Options, n int, f hone.Objective) []hone.FrozenTrial {
	t.Helper()
	s, err := hone.NewStudy(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.OptimizeContext(context.Background(), f, &hone.OptimizeOptions{Trials: n, Catch: func(error) bool { return true }}); err != nil {
		t.Fatal(err)
	}
	trials, err := s.Trials()
	if err != nil {
		t.Fatal(err)
	}
	return trials
}

// A study that goes on with another sampler, as in another process, has the same
// trials as one that was not interrupted: what was learned is in the trials.
func TestGPResumes(t *testing.T) {
	f := func(tr *hone.Trial) (float64, error) {
		x, k := tr.SuggestFloat("x", -1, 1), tr.SuggestInt("k", 1, 9)
		v := x*x + math.Abs(float64(k)-3)
		if tr.SuggestBool("more") {
			v += tr.SuggestLogFloat("y", 1e-3, 1)
		}
		return v, nil
	}
	whole := gpStudy(t, &hone.Options{Name: "a", Seed: 3, Sampler: new(sampler.GP)}, 26, f)
	st := storage.NewMemory()
	var parts []hone.FrozenTrial
	for range 2 {
		parts = gpStudy(t, &hone.Options{Name: "a", Seed: 3, Sampler: new(sampler.GP), Storage: st, LoadIfExists: true}, 13, f)
	}
	learned := 0
	for i := range whole {
		if !reflect.DeepEqual(whole[i].Params, parts[i].Params) || !reflect.DeepEqual(whole[i].SystemAttrs["hone:gp"], parts[i].SystemAttrs["hone:gp"]) {
			t.Fatalf("trial %d: %v and %v", i, whole[i].Params, parts[i].Params)
		}
		if whole[i].SystemAttrs["hone:gp"] != nil {
			learned++
		}
	}
	if learned < 5 || learned > 24 {
		t.Errorf("learned in %d of 26 trials", learned)
	}
}

// What is learned of places with the same choices is noted and read again too: not
// every trial learns.
func TestGPNotesTallies(t *testing.T) {
	trials := gpStudy(t, &hone.Options{Seed: 3, Sampler: new(sampler.GP)}, 40, func(tr *hone.Trial) (float64, error) {
		sum := tr.SuggestFloat("x", 0, 1)
		for i := range 4 {
			if tr.SuggestCategorical(fmt.Sprint("layer", i), "conv", "pool", "skip") != "conv" {
				sum++
			}
		}
		return sum, nil
	})
	learned := 0
	for _, tr := range trials[12:] {
		if tr.SystemAttrs["hone:gp"] != nil {
			learned++
		}
	}
	if learned < 5 || learned > 24 {
		t.Errorf("learned in %d of the last 28 trials", learned)
	}
}

// gpQuery asks for the next trial of a history.
func gpQuery(h *storage.History, number int) *sampler.Query {
	return &sampler.Query{
		Study: "a", Seed: 1, Directions: []storage.Direction{storage.Minimize}, History: h,
		Trial: &storage.Trial{Number: number, State: storage.Running}, Rand: rand.New(rand.NewPCG(1, uint64(number))),
	}
}

// Of a conditional space GP learns what depends on what: it chooses those
// parameters that the trial will ask for, and no others.
func TestGPLearnsConditions(t *testing.T) {
	kind := distributions.Categorical{Choices: []any{"linear", "forest", "none"}}
	trees, depth, penalty := distributions.Int{Low: 1, High: 100, Log: true}, distributions.Float{Low: 0, High: 1}, distributions.Float{Low: 1e-4, High: 1, Log: true}
	var trials []*storage.Trial
	rng := rand.New(rand.NewPCG(2, 2))
	for n := range 20 {
		tr := &storage.Trial{ID: int64(n), Number: n, State: storage.Complete, Values: []float64{rng.Float64()}}
		add := func(name string, d distributions.Distribution) float64 {
			v := d.FromUnit(rng.Float64())
			tr.Params = append(tr.Params, storage.Param{Name: name, Value: v, Dist: d})
			return v
		}
		switch add("kind", kind) {
		case 0:
			add("penalty", penalty)
		case 1:
			add("trees", trees)
			add("depth", depth)
		}
		trials = append(trials, tr)
	}
	for seed := range uint64(30) {
		q := gpQuery(storage.NewHistory(1, trials...), 20)
		q.Rand = rand.New(rand.NewPCG(seed, 20))
		s := new(sampler.GP)
		out, err := s.SampleJoint(context.Background(), q, q.History.Space())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for name := range out {
			names = append(names, name)
		}
		slices.Sort(names)
		want := [][]string{{"kind", "penalty"}, {"depth", "kind", "trees"}, {"kind"}}[int(out["kind"])]
		if !slices.Equal(names, want) {
			t.Fatalf("chose %v, want %v", out, want)
		}
	}
}

// What was tried in an older range counts in today's.
func TestGPKeepsOldRanges(t *testing.T) {
	trials := gpStudy(t, &hone.Options{Seed: 5, Sampler: new(sampler.GP)}, 24, func(tr *hone.Trial) (float64, error) {
		high := 10.0
		if tr.Number() >= 16 {
			high = 5
		}
		x := tr.SuggestFloat("x", 0, high)
		return math.Abs(x - 4.2), nil
	})
	near := 0
	for _, tr := range trials[16:] {
		if math.Abs(tr.Params["x"].(float64)-4.2) < 0.5 {
			near++
		}
	}
	if near < 4 {
		t.Errorf("%d of 8 trials after the range changed are near the best place of before", near)
	}
}

// Workers do not crowd: what is under way is believed, and where it is planned but
// not yet asked for, it is known.
func TestGPSpreadsWorkers(t *testing.T) {
	d := distributions.Int{Low: 0, High: 9}
	var trials []*storage.Trial
	for n, v := range []float64{0, 9, 5, 3, 7} {
		trials = append(trials, &storage.Trial{ID: int64(n), Number: n, State: storage.Complete, Values: []float64{math.Abs(v - 4)}, Params: []storage.Param{{Name: "k", Value: v, Dist: d}}})
	}
	h := storage.NewHistory(1, trials...)
	var running []*storage.Trial
	chosen := make(map[float64]bool)
	for number := 5; number < 10; number++ {
		q := gpQuery(h, number)
		q.Running = running
		own := &storage.Trial{ID: int64(number), Number: number, State: storage.Running}
		q.SetAttr = func(key string, value any) error {
			text, err := json.Marshal(value)
			own.SystemAttrs = own.SystemAttrs.With(key, string(text))
			return err
		}
		out, err := new(sampler.GP).SampleJoint(context.Background(), q, h.Space())
		if err != nil {
			t.Fatal(err)
		}
		chosen[out["k"]] = true
		if number == 5 { // nobody was there yet to tell of it; it has asked for its parameter
			own.Params = []storage.Param{{Name: "k", Value: out["k"], Dist: d}}
		}
		running = append(running, own)
	}
	if len(chosen) != 5 {
		t.Errorf("five workers chose %d different points", len(chosen))
	}
}

// Notes that make the matrix singular: noise is added, and the log says so.
func TestGPIllConditioned(t *testing.T) {
	d := distributions.Float{Low: 0, High: 1}
	var trials []*storage.Trial
	for n := range 8 {
		trials = append(trials, &storage.Trial{ID: int64(n), Number: n, State: storage.Complete, Values: []float64{float64(n % 3)}, Params: []storage.Param{{Name: "x", Value: float64(n) / 9, Dist: d}}})
	}
	var note map[string]any
	q := gpQuery(storage.NewHistory(1, trials...), 8)
	q.SetAttr = func(key string, value any) error {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, &note)
	}
	if _, err := new(sampler.GP).SampleJoint(context.Background(), q, q.History.Space()); err != nil {
		t.Fatal(err)
	}
	var theta []byte
	for _, v := range []float32{80, 0, -80} { // all points are alike, and there is no noise
		theta = binary.LittleEndian.AppendUint32(theta, math.Float32bits(v))
	}
	note["theta"] = []string{base64.StdEncoding.EncodeToString(theta)}
	text, err := json.Marshal(note)
	if err != nil {
		t.Fatal(err)
	}
	trials[7].SystemAttrs = trials[7].SystemAttrs.With("hone:gp", string(text))
	var log bytes.Buffer
	q = gpQuery(storage.NewHistory(1, trials...), 8)
	q.Logger = slog.New(slog.NewTextHandler(&log, nil))
	out, err := new(sampler.GP).SampleJoint(context.Background(), q, q.History.Space())
	if err != nil || !d.Contains(out["x"]) {
		t.Fatalf("chose %v, error %v", out, err)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "ill-conditioned") {
		t.Errorf("logged %q", log.String())
	}
}

// Results and spaces that no model likes: every trial gets values of its domain.
func TestGPBadInput(t *testing.T) {
	inf := math.Inf(1)
	xy := func(tr *hone.Trial) float64 {
		return tr.SuggestFloat("x", -1, 1) + float64(tr.SuggestInt("k", 0, 5))
	}
	choices := make([]any, 10_000)
	for i := range choices {
		choices[i] = i
	}
	for name, c := range map[string]struct {
		n int
		f hone.Objective
	}{
		"constant": {20, func(tr *hone.Trial) (float64, error) { xy(tr); return 7, nil }},
		"one outlier": {20, func(tr *hone.Trial) (float64, error) {
			if tr.Number() == 6 {
				xy(tr)
				return 1e300, nil
			}
			return xy(tr), nil
		}},
		"infinite": {20, func(tr *hone.Trial) (float64, error) {
			return []float64{xy(tr), inf, -inf}[tr.Number()%3], nil
		}},
		"only infinite":  {12, func(tr *hone.Trial) (float64, error) { xy(tr); return inf, nil }},
		"all fail":       {12, func(tr *hone.Trial) (float64, error) { return 0, fmt.Errorf("no: %v", xy(tr)) }},
		"all infeasible": {16, func(tr *hone.Trial) (float64, error) { v := xy(tr); tr.SetConstraint("c", 3+v); return v, nil }},
		"one constraint infinite": {16, func(tr *hone.Trial) (float64, error) {
			v := xy(tr)
			tr.SetConstraint("c", []float64{inf, -1, -inf}[tr.Number()%3])
			return v, nil
		}},
		"one dimension, two values": {8, func(tr *hone.Trial) (float64, error) { return float64(tr.SuggestInt("k", 0, 1)), nil }},
		"one dimension":             {20, func(tr *hone.Trial) (float64, error) { return tr.SuggestFloat("x", 0, 1e-300), nil }},
		"a thousand dimensions": {7, func(tr *hone.Trial) (float64, error) {
			sum := 0.0
			for i := range 1000 {
				sum += tr.SuggestFloat(fmt.Sprint("x", i), 0, 1)
			}
			return sum, nil
		}},
		"ten thousand categories": {16, func(tr *hone.Trial) (float64, error) {
			v, err := tr.Suggest("c", distributions.Categorical{Choices: choices})
			if err != nil {
				return 0, err
			}
			return math.Abs(float64(v.(int)-5000)) + xy(tr), nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			trials := gpStudy(t, &hone.Options{Seed: 1, Sampler: new(sampler.GP)}, c.n, c.f)
			points := make(map[string]bool)
			for i, tr := range trials {
				for p, d := range tr.Distributions {
					if v, err := d.Internal(tr.Params[p]); err != nil || !d.Contains(v) {
						t.Fatalf("trial %d: %s is %v", i, p, tr.Params[p])
					}
				}
				points[fmt.Sprint(tr.Params)] = true
			}
			if len(trials) != c.n || len(points) < min(c.n, 10) && name != "one dimension, two values" {
				t.Errorf("%d trials at %d points", len(trials), len(points))
			}
		})
	}
	// The same point again and again, and histories of none to three trials.
	d := distributions.Float{Low: 0, High: 1}
	for n := range 30 {
		var trials []*storage.Trial
		for i := range n {
			trials = append(trials, &storage.Trial{ID: int64(i), Number: i, State: storage.Complete, Values: []float64{float64(i % 4)}, Params: []storage.Param{{Name: "x", Value: 0.25, Dist: d}}})
		}
		q := gpQuery(storage.NewHistory(1, trials...), n)
		out, err := new(sampler.GP).SampleJoint(context.Background(), q, q.History.Space())
		if err != nil || n > 0 && !d.Contains(out["x"]) || out["x"] == 0.25 {
			t.Fatalf("after %d trials at 0.25: %v, error %v", n, out, err)
		}
	}
}

// FuzzGP gives GP histories of any kind.
func FuzzGP(f *testing.F) {
	for i := range uint64(12) {
		f.Add(i, uint8(3*i), uint8(i*37))
	}
	f.Fuzz(func(t *testing.T, seed uint64, size, shape uint8) {
		anyHistory(t, new(sampler.GP), seed, int(size)%40, shape)
	})
}

// What succeeds in a small part of the space only is found: as long as nothing has,
// points go everywhere.
func TestGPFindsTheFirstSuccess(t *testing.T) {
	if n := withoutSuccess(t, 2, func() sampler.Sampler { return new(sampler.GP) }, func() float64 { return math.NaN() }); n > 1 {
		t.Errorf("in %d of 30 studies no trial of 80 succeeded where a share of 0.06 to 0.09 does", n)
	}
}

// withoutSuccess returns in how many of 30 studies no trial of 80 was inside a small box
// of the unit cube. Those outside return what fail returns.
func withoutSuccess(t *testing.T, dims int, fresh func() sampler.Sampler, fail func() float64) (missed int) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 77))
		center := make([]float64, dims)
		for j := range center {
			center[j] = rng.Float64()
		}
		found := false
		gpStudy(t, &hone.Options{Seed: seed + 1, Sampler: fresh()}, 80, func(tr *hone.Trial) (float64, error) {
			in := true
			for j, c := range center {
				x := tr.SuggestFloat(fmt.Sprint("x", j), 0, 1)
				in = in && math.Abs(x-c) < math.Pow(0.09, 1/float64(dims))/2
			}
			if in {
				found = true
				tr.Study().Stop()
				return 0, nil
			}
			return fail(), nil
		})
		if !found {
			missed++
		}
	}
	return missed
}

// A trial that was pruned without a report, or after NaN, says that its place is bad.
func TestGPPrunedWithoutReport(t *testing.T) {
	for name, report := range map[string]bool{"no report": false, "NaN": true} {
		pruned := 0
		for seed := range uint64(4) {
			for _, tr := range gpStudy(t, &hone.Options{Seed: seed + 1, Sampler: new(sampler.GP)}, 30, func(tr *hone.Trial) (float64, error) {
				x, y := tr.SuggestFloat("x", 0, 1)-0.2, tr.SuggestFloat("y", 0, 1)-0.7
				v := x*x + y*y
				if report {
					tr.Report(1, math.NaN())
				}
				if v > 0.1 { // two thirds of the space
					return 0, hone.ErrPruned
				}
				return v, nil
			}) {
				if tr.State == hone.Pruned {
					pruned++
				}
			}
		}
		if pruned > 50 {
			t.Errorf("%s: %d of 120 trials are where trials are pruned", name, pruned)
		}
	}
}

// A parameter that trials no longer have, as after a change of the program, is left out of
// account after a few trials without it.
func TestGPForgetsWhatIsGone(t *testing.T) {
	for seed := range uint64(3) {
		best := 1.0
		gpStudy(t, &hone.Options{Seed: seed + 1, Sampler: new(sampler.GP)}, 60, func(tr *hone.Trial) (float64, error) {
			if tr.Number() < 20 {
				return 1 + tr.SuggestFloat("old", 0, 1), nil
			}
			x, y := tr.SuggestFloat("x", 0, 1)-0.3, tr.SuggestFloat("y", 0, 1)-0.3
			best = min(best, x*x+y*y)
			return x*x + y*y, nil
		})
		if best > 1e-4 {
			t.Errorf("seed %d: %v after 40 trials with the new parameters", seed+1, best)
		}
		seen := make(map[any]bool)
		trials := gpStudy(t, &hone.Options{Seed: seed + 1, Sampler: new(sampler.GP)}, 24, func(tr *hone.Trial) (float64, error) {
			k := tr.SuggestInt("k", 0, 19)
			if tr.Number() < 4 {
				k += tr.SuggestInt("old", 0, 9)
			}
			return float64(k), nil
		})
		for _, tr := range trials[4:] {
			seen[tr.Params["k"]] = true
		}
		if len(seen) < 19 {
			t.Errorf("seed %d: 20 trials at %d different points", seed+1, len(seen))
		}
	}
}

// A parameter that a trial asks for against all experience is chosen by the model, too.
func TestGPChoosesTheUnexpected(t *testing.T) {
	kind, unit := distributions.Categorical{Choices: []any{"a", "b"}}, distributions.Float{Low: 0, High: 1}
	var trials []*storage.Trial
	for n := range 20 {
		y := (float64(n) + 0.5) / 20
		tr := &storage.Trial{ID: int64(n), Number: n, State: storage.Complete, Values: []float64{math.Abs(y - 0.2)}}
		tr.Params = append(tr.Params, storage.Param{Name: "kind", Value: float64(n % 2), Dist: kind})
		if n%2 == 0 {
			tr.Params = append(tr.Params, storage.Param{Name: "y", Value: y, Dist: unit})
		}
		trials = append(trials, tr)
	}
	near := 0
	for seed := range uint64(20) {
		q := gpQuery(storage.NewHistory(1, trials...), 20)
		q.Rand = rand.New(rand.NewPCG(seed, 20))
		q.Trial.Params = []storage.Param{{Name: "kind", Value: 1, Dist: kind}}
		y, err := new(sampler.GP).Sample(context.Background(), q, "y", unit)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(y-0.2) < 0.2 {
			near++
		}
	}
	if near < 18 {
		t.Errorf("%d of 20 values are near the best place", near)
	}
}

// A trial that failed, or was pruned, before it had all its parameters says that its place
// is bad: it is not proposed again and again.
func TestGPEndsHalfWay(t *testing.T) {
	for name, err := range map[string]error{"failed": fmt.Errorf("half way"), "pruned": hone.ErrPruned} {
		for seed := range uint64(6) {
			best, ended := 1.0, 0
			gpStudy(t, &hone.Options{Seed: seed + 1, Sampler: new(sampler.GP)}, 50, func(tr *hone.Trial) (float64, error) {
				x := tr.SuggestFloat("x", -1, 1)
				if x < 0.1 {
					ended++
					return 0, err
				}
				y, k, c := tr.SuggestFloat("y", -1, 1), tr.SuggestInt("k", 0, 8), tr.SuggestCategorical("c", "a", "b", "d")
				v := (x-0.3)*(x-0.3) + y*y + float64((k-3)*(k-3))/20
				if c != "b" {
					v += 0.3
				}
				best = min(best, v)
				return v, nil
			})
			if best > 1e-3 || ended > 18 {
				t.Errorf("%s, seed %d: %d of 50 trials ended half way, the best is %v", name, seed+1, ended, best)
			}
		}
	}
}

// Failures by chance cost no more than their trials.
func TestGPFailuresByChance(t *testing.T) {
	sum := 0.0
	for seed := range uint64(5) {
		best := 1.0
		rng := rand.New(rand.NewPCG(seed, 3))
		gpStudy(t, &hone.Options{Seed: seed + 1, Sampler: new(sampler.GP)}, 60, func(tr *hone.Trial) (float64, error) {
			v := 0.0
			for j := range 4 {
				x := tr.SuggestFloat(fmt.Sprint("x", j), 0, 1)
				v += (x - 0.3 - 0.1*float64(j)) * (x - 0.3 - 0.1*float64(j))
			}
			if rng.IntN(3) == 0 {
				return 0, errors.New("by chance")
			}
			best = min(best, v)
			return v, nil
		})
		sum += math.Log10(best)
	}
	if mean := sum / 5; mean > -4 {
		t.Errorf("the best is 10^%.1f on average", mean)
	}
}

// A trial may fail because a constraint is violated. The constraint tells by how much.
func TestGPFailsWhereForbidden(t *testing.T) {
	for seed := range uint64(3) {
		best, failed := 1.0, 0
		gpStudy(t, &hone.Options{Seed: seed + 1, Sampler: new(sampler.GP)}, 60, func(tr *hone.Trial) (float64, error) {
			v, r := 0.0, 0.0 // least where r is 0.04
			for j := range 4 {
				x := tr.SuggestFloat(fmt.Sprint("x", j), 0, 1) - 0.2 - 0.25*float64(j%3)
				v += x * x
				r += (x - 0.1) * (x - 0.1)
			}
			tr.SetConstraint("r", r-0.03)
			if r > 0.03 {
				failed++
				return 0, errors.New("not worth the time")
			}
			best = min(best, v)
			return v, nil
		})
		if least := math.Pow(0.2-math.Sqrt(0.03), 2); failed > 35 || best > least+1e-4 {
			t.Errorf("seed %d: %d of 60 trials failed, the best is %v, %v can be had", seed+1, failed, best, least)
		}
	}
}
