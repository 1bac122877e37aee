package sampler

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/storage"
)

// failing returns a query with a history of n trials, of which those fail for which fails
// says so, and a model of all parameters.
func failing(t *testing.T, s *TPE, seed uint64, n int, fails func(x, y, c float64, rng *rand.Rand) bool) (*tpeView, *tpeModel) {
	t.Helper()
	names := []string{"c", "x", "y"}
	domains := []distributions.Distribution{
		distributions.Categorical{Choices: []any{"a", "b", "d"}}, distributions.Float{Low: -1, High: 1}, distributions.Float{Low: 1e-3, High: 1, Log: true},
	}
	rng := rand.New(rand.NewPCG(seed, 5))
	var trials []*storage.Trial
	for i := range n {
		c, u, w := float64(rng.IntN(3)), rng.Float64(), rng.Float64()
		tr := &storage.Trial{Number: i, State: storage.Complete, Values: []float64{rng.Float64()}, Params: []storage.Param{
			{Name: "c", Value: c, Dist: domains[0]}, {Name: "x", Value: domains[1].FromUnit(u), Dist: domains[1]}, {Name: "y", Value: domains[2].FromUnit(w), Dist: domains[2]},
		}}
		if fails(u, w, c, rng) {
			tr.State, tr.Values = storage.Failed, nil
		}
		trials = append(trials, tr)
	}
	rng.Shuffle(n, func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
	q := &Query{
		Study: "s", Seed: seed, Directions: []storage.Direction{storage.Minimize}, History: storage.NewHistory(1, trials...),
		Rand: rand.New(rand.NewPCG(1, 1)), Trial: &storage.Trial{Number: 1000, State: storage.Running},
	}
	r, err := s.rules(1)
	if err != nil {
		t.Fatal(err)
	}
	v := s.view(q, &r)
	m := v.study.model(&r, names, domains)
	if err := v.load(m); err != nil {
		t.Fatal(err)
	}
	return v, m
}

// Failures count against their places where the place makes trials fail, and for nothing
// where they come by chance. Of 50 studies each, some are taken for the other kind.
func TestTPEFailuresTell(t *testing.T) {
	corner := func(x, y, _ float64, _ *rand.Rand) bool { return x+y > 1.2 }
	category := func(_, _, c float64, _ *rand.Rand) bool { return c == 1 }
	ring := func(x, y, _ float64, _ *rand.Rand) bool { return math.Hypot(x-0.5, y-0.5) < 0.3 }
	often := func(x, _, _ float64, rng *rand.Rand) bool { return rng.Float64() < 0.1+0.8*x }
	chance := func(_, _, _ float64, rng *rand.Rand) bool { return rng.IntN(3) == 0 }
	second := func(_, _, _ float64, rng *rand.Rand) bool { return rng.IntN(2) == 0 }
	for _, c := range []struct {
		name        string
		fails       func(x, y, c float64, rng *rand.Rand) bool
		n           int
		least, most int // of 50 studies in which they count
	}{
		{"a corner", corner, 25, 40, 50}, {"a corner", corner, 300, 50, 50},
		{"a category", category, 25, 45, 50}, {"a category", category, 300, 50, 50},
		{"a ring", ring, 100, 40, 50},
		{"more often on one side", often, 60, 40, 50},
		{"a third by chance", chance, 25, 0, 28}, {"a third by chance", chance, 300, 0, 15},
		{"every second by chance", second, 60, 0, 15},
		{"none", func(_, _, _ float64, _ *rand.Rand) bool { return false }, 30, 50, 50},
	} {
		told := 0
		for seed := range uint64(50) {
			v, m := failing(t, new(TPE), seed+1, c.n, c.fails)
			counted := 0
			for _, row := range m.otherRows {
				if v.q.History.Trial(row.row).State == storage.Failed {
					counted++
				}
			}
			tells := v.failuresTell(m)
			if tells {
				told++
			}
			if !tells && counted > 0 {
				t.Fatalf("%s, %d trials, seed %d: failures tell: %v, and %d of them count", c.name, c.n, seed+1, tells, counted)
			}
		}
		if told < c.least || told > c.most {
			t.Errorf("%s, %d trials: failures count in %d of 50 studies, want %d to %d", c.name, c.n, told, c.least, c.most)
		}
	}
	// Without a subset for the others there is one for this, and Optuna leaves all out.
	if v, m := failing(t, &TPE{Others: -1}, 1, 200, corner); !v.failuresTell(m) {
		t.Error("with all of the others, failures do not tell")
	}
	if _, m := failing(t, &TPE{Optuna: true}, 1, 100, corner); len(m.goodRows)+len(m.otherRows) >= 80 {
		t.Error("with Optuna, failures count")
	}
}
