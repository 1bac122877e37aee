package sampler_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// bowl has its minimum, 0, at x = 2, y = −1.
func bowl(t *hone.Trial) (float64, error) {
	x, y := t.SuggestFloat("x", -5, 5), t.SuggestFloat("y", -5, 5)
	return (x-2)*(x-2) + (y+1)*(y+1), nil
}

// best runs n trials of the bowl and returns the best value.
func best(s sampler.Sampler, n int) float64 {
	study, err := hone.NewStudy(&hone.Options{Sampler: s, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	if err := study.Optimize(bowl, n); err != nil {
		log.Fatal(err)
	}
	v, err := study.BestValue()
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// The default: nothing needs to be chosen.
func ExampleAuto() {
	fmt.Println(best(&sampler.Auto{}, 100) < best(&sampler.Random{}, 100))
	// Output: true
}

func ExampleRandom() {
	fmt.Println(best(&sampler.Random{}, 1000) < 1)
	// Output: true
}

// Every combination is tried once, and then the study ends.
func ExampleGrid() {
	study, err := hone.NewStudy(&hone.Options{Sampler: &sampler.Grid{}})
	if err != nil {
		log.Fatal(err)
	}
	err = study.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		threads := t.SuggestStepInt("threads", 2, 8, 2)
		if t.SuggestBool("pinned") {
			return 100 / float64(threads), nil
		}
		return 120 / float64(threads), nil
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	trials, err := study.Trials()
	if err != nil {
		log.Fatal(err)
	}
	params, err := study.BestParams()
	fmt.Println(len(trials), "trials, the best:", params, err)
	// Output: 8 trials, the best: map[pinned:true threads:8] <nil>
}

// Of the same number of trials CMAES makes more than chance does.
func ExampleCMAES() {
	fmt.Println(best(&sampler.CMAES{}, 300) < 1e-6)
	// Output: true
}

// Each parameter on its own costs less and misses what holds between them.
func ExampleTPEDecomposition() {
	fmt.Println(best(&sampler.TPE{Decomposition: sampler.TPEUnivariate}, 100) < 1)
	// Output: true
}

// middle is a sampler of one's own: it looks in the middle half of each domain.
type middle struct{}

func (middle) Sample(_ context.Context, q *sampler.Query, _ string, d distributions.Distribution) (float64, error) {
	return d.FromUnit(0.25 + q.Rand.Float64()/2), nil
}

func ExampleSampler() {
	fmt.Println(best(middle{}, 100) < 1)
	// Output: true
}

// A sampler is handed data, and so is tried with a literal.
func ExampleQuery() {
	q := &sampler.Query{
		Study:      "by hand",
		Directions: []storage.Direction{storage.Minimize},
		Trial:      &storage.Trial{Number: 3},
		History:    storage.NewHistory(1),
		Rand:       rand.New(rand.NewPCG(1, 3)),
	}
	d := distributions.Int{Low: 1, High: 9, Step: 1}
	v, err := middle{}.Sample(context.Background(), q, "n", d)
	fmt.Println(3 <= v && v <= 7, err)
	// Output: true <nil>
}

// diagonal gives all parameters the same place in their domains.
type diagonal struct{ middle }

func (diagonal) SampleJoint(_ context.Context, q *sampler.Query, space map[string]distributions.Distribution) (map[string]float64, error) {
	u := q.Rand.Float64()
	values := make(map[string]float64, len(space))
	for name, d := range space {
		values[name] = d.FromUnit(u)
	}
	return values, nil
}

// In the first trial nothing is known of the space; from the second on its
// parameters are chosen together.
func ExampleJointSampler() {
	var s sampler.JointSampler = diagonal{}
	study, err := hone.NewStudy(&hone.Options{Sampler: s})
	if err != nil {
		log.Fatal(err)
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		x, y := t.SuggestFloat("x", 0, 1), t.SuggestFloat("y", 0, 1)
		fmt.Println(x == y)
		return x, nil
	}, 3)
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// false
	// true
	// true
}

// thrice begins three trials and no more, and wants a minimum.
type thrice struct{ middle }

func (thrice) Validate(directions []storage.Direction) error {
	if len(directions) != 1 || directions[0] != storage.Minimize {
		return errors.New("thrice: it can only minimise one objective")
	}
	return nil
}

func (thrice) Start(_ context.Context, q *sampler.Query) error {
	if q.SetAttr == nil {
		return nil
	}
	return q.SetAttr("hone:thrice", q.Trial.Number)
}

func (thrice) Exhausted(_ context.Context, q *sampler.Query) (bool, error) {
	return q.History.Len()+len(q.Running) >= 3, nil
}

func (thrice) NoRepeats() bool { return false }

func ExampleValidator() {
	var s sampler.Validator = thrice{}
	_, err := hone.NewStudy(&hone.Options{Sampler: thrice{}, Direction: hone.Maximize})
	fmt.Println(err, s.Validate([]storage.Direction{storage.Minimize}))
	// Output: hone: thrice: it can only minimise one objective <nil>
}

// What Start notes with a trial is there for later queries, in other processes too.
func ExampleStarter() {
	var _ sampler.Starter = thrice{}
	study, err := hone.NewStudy(&hone.Options{Sampler: thrice{}})
	if err != nil {
		log.Fatal(err)
	}
	if err := study.Optimize(bowl, 2); err != nil {
		log.Fatal(err)
	}
	for t, err := range study.AllTrials() {
		fmt.Println(t.SystemAttrs["hone:thrice"], err)
	}
	// Output:
	// 0 <nil>
	// 1 <nil>
}

// A sampler that has nothing left to try ends the study.
func ExampleExhauster() {
	var _ sampler.Exhauster = thrice{}
	study, err := hone.NewStudy(&hone.Options{Sampler: thrice{}})
	if err != nil {
		log.Fatal(err)
	}
	if err := study.OptimizeContext(context.Background(), bowl, nil); err != nil {
		log.Fatal(err)
	}
	trials, err := study.Trials()
	fmt.Println(len(trials), err)
	// Output: 3 <nil>
}

// Which samplers leave out what was tried, where all is discrete?
func ExampleNoRepeater() {
	for _, s := range []sampler.Sampler{&sampler.TPE{}, &sampler.Grid{}, thrice{}} {
		n, ok := s.(sampler.NoRepeater)
		fmt.Printf("%T %v\n", s, ok && n.NoRepeats())
	}
	// Output:
	// *sampler.TPE true
	// *sampler.Grid true
	// sampler_test.thrice false
}
