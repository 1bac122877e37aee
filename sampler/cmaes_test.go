package sampler_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/sampler/samplertest"
	"github.com/gohone/hone/storage"
)

func TestCMAES(t *testing.T) {
	samplertest.Run(t, func() sampler.Sampler { return &sampler.CMAES{} })
}

func TestCMAESVariants(t *testing.T) {
	for name, fresh := range map[string]func() sampler.Sampler{
		"separable": func() sampler.Sampler { return &sampler.CMAES{Separable: true, NoActive: true} },
		"rates":     func() sampler.Sampler { return &sampler.CMAES{AdaptRates: true, IPOP: true} },
		"small":     func() sampler.Sampler { return &sampler.CMAES{Population: 2, Sigma: 1, NoWarmStart: true} },
		"no restarts, a start": func() sampler.Sampler {
			return &sampler.CMAES{NoRestarts: true, Start: map[string]any{"x": 2.0, "p0": 0.5, "unknown": "?"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			samplertest.Options{Budget: 150}.Run(t, fresh)
		})
	}
}

// TestCMAESIsAFunctionOfTheHistory: over thousands of trials with several
// workers, restarts, failed and pruned trials and a condition, a sampler that is
// new for a call gives the same answer as the one that served the whole study.
func TestCMAESIsAFunctionOfTheHistory(t *testing.T) {
	for _, c := range []struct {
		name      string
		workers   int
		trials    int
		objective func(t *labTrial) float64
		fresh     func() *sampler.CMAES
	}{
		{"floats", 1, 3000, func(t *labTrial) float64 { return labSphere(t.floats(2)) }, func() *sampler.CMAES { return &sampler.CMAES{} }},
		{"mixed", 7, 2000, labMixed, func() *sampler.CMAES { return &sampler.CMAES{} }},
		{"many workers", 40, 1500, func(t *labTrial) float64 { return labEllipsoid(t.floats(4)) }, func() *sampler.CMAES { return &sampler.CMAES{AdaptRates: true} }},
		{"moving", 5, 1500, func(t *labTrial) float64 {
			x := t.suggest("x", distributions.Float{Low: 0, High: 10})
			return math.Abs(x-4) + math.Abs(t.suggest("y", distributions.Float{Low: x, High: x + 3})-5) + labSphere(t.floats(2))
		}, func() *sampler.CMAES { return &sampler.CMAES{} }},
		{"ipop", 3, 1500, labMixed, func() *sampler.CMAES { return &sampler.CMAES{IPOP: true, Separable: true} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(5, c.workers, one(c.fresh()), c.objective)
			l.outcomes = func(number int) storage.State {
				return []storage.State{storage.Complete, storage.Complete, storage.Complete, storage.Pruned, storage.Failed, storage.Complete, storage.Complete}[number*number%7]
			}
			checked := 0
			l.trace = func(q *sampler.Query, got map[string]float64) {
				if q.Trial.Number > 60 && q.Trial.Number%97 != 0 {
					return
				}
				again := *q
				trial := q.Trial.Clone()
				trial.SystemAttrs = nil // without the note of the call that it repeats
				again.Trial = &trial
				var noted string
				again.SetAttr = func(key string, value any) error {
					noted = fmt.Sprint(key, value)
					return nil
				}
				again.History = shuffled(q.History)
				again.Rand = rand.New(rand.NewPCG(1, 1))
				want, err := c.fresh().SampleJoint(context.Background(), &again, again.History.Space())
				if err != nil {
					t.Fatal(err)
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("trial %d: the warm sampler chose %v, a fresh one with a shuffled history %v", q.Trial.Number, got, want)
				}
				if text, ok := q.Trial.SystemAttrs.Get("hone:cma"); ok != (noted != "") || ok && !strings.Contains(text, strings.TrimPrefix(noted, "hone:cma")) {
					t.Fatalf("trial %d: the warm sampler noted %q, a fresh one %q", q.Trial.Number, text, noted)
				}
				checked++
			}
			l.run(c.trials)
			if checked < 30 {
				t.Errorf("only %d trials were compared", checked)
			}
			if perTrial := float64(l.noted) / float64(c.trials); perTrial > 20 {
				t.Errorf("%.0f bytes of notes a trial", perTrial)
			}
		})
	}
}

// shuffled returns a history with the same trials in another order.
func shuffled(h *storage.History) *storage.History {
	trials := slices.Clone(h.Trials())
	rand.New(rand.NewPCG(3, uint64(h.Len()))).Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
	return storage.NewHistory(1, trials...)
}

// TestCMAESFreshForEachCall: the same for whole studies, parameters that are asked for
// one at a time included.
func TestCMAESFreshForEachCall(t *testing.T) {
	for name, objective := range map[string]func(t *labTrial) float64{
		"mixed": labMixed,
		"moving": func(t *labTrial) float64 {
			x := t.suggest("x", distributions.Float{Low: 0, High: 10})
			k := t.suggest("k", distributions.Int{Low: int(x), High: int(x) + 4})
			return math.Abs(x-4) + math.Abs(t.suggest("y", distributions.Float{Low: x, High: x + 3})-5) + k
		},
	} {
		warm := newLab(3, 4, one(&sampler.CMAES{}), objective).run(250)
		cold := newLab(3, 4, func() sampler.Sampler { return &sampler.CMAES{} }, objective).run(250)
		if !slices.Equal(warm, cold) {
			t.Errorf("%s: with one sampler the values are\n%v, with a fresh one for each call\n%v", name, warm, cold)
		}
	}
}
