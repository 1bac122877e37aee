package hone_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
)

// An objective is a function; what it needs beside the trial it closes over.
func ExampleObjective() {
	speed := map[string]float64{"lru": 30, "lfu": 42, "arc": 40} // what would be measured
	objective := func(t *hone.Trial) (float64, error) {
		policy := t.SuggestCategorical("policy", "lru", "lfu", "arc")
		v, ok := speed[policy]
		if !ok {
			return 0, errors.New("no measurement of " + policy)
		}
		return v, nil
	}
	study, err := hone.NewStudy(&hone.Options{Direction: hone.Maximize})
	if err != nil {
		log.Fatal(err)
	}
	if err := study.Optimize(objective, 10); err != nil {
		log.Fatal(err)
	}
	fmt.Println(study.BestParams())
	// Output: map[policy:lfu] <nil>
}

// Fast is good and small is good: what is left are the settings that none beats in
// both.
func ExampleMultiObjective() {
	var objective hone.MultiObjective = func(t *hone.Trial) ([]float64, error) {
		threads := float64(t.SuggestInt("threads", 1, 4))
		seconds, megabytes := 12/threads, 100*threads
		if threads == 3 {
			seconds = 20 // it divides the work badly
		}
		return []float64{seconds, megabytes}, nil
	}
	study, err := hone.NewStudy(&hone.Options{
		Directions: []hone.Direction{hone.Minimize, hone.Minimize},
		Sampler:    &sampler.Grid{Values: map[string][]any{"threads": {1, 2, 3, 4}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := study.OptimizeMultiContext(context.Background(), objective, nil); err != nil {
		log.Fatal(err)
	}
	front, err := study.ParetoFront()
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range front {
		fmt.Println(t.Params["threads"], t.Values)
	}
	// Unordered output:
	// 1 [12 100]
	// 2 [6 200]
	// 4 [3 400]
}

func ExampleDirection() {
	study, err := hone.NewStudy(&hone.Options{Direction: hone.Maximize})
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range study.Directions() {
		fmt.Println(d, d == hone.Maximize)
	}
	// Output: maximize true
}

func ExampleState() {
	study, err := hone.NewStudy(nil)
	if err != nil {
		log.Fatal(err)
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		if t.Number() < 2 {
			return 0, hone.ErrPruned
		}
		return 1, nil
	}, 5)
	if err != nil {
		log.Fatal(err)
	}
	count := make(map[hone.State]int)
	for t, err := range study.AllTrials() {
		if err != nil {
			log.Fatal(err)
		}
		count[t.State]++
	}
	fmt.Println(count[hone.Complete], "complete,", count[hone.Pruned], "pruned")
	// Output: 3 complete, 2 pruned
}

// A rule is asked after each trial. TargetReached, NoImprovement and MaxFailures
// make the usual ones.
func ExampleStopRule() {
	var enough hone.StopRule = func(_ *hone.Study, t hone.FrozenTrial) bool {
		return t.Number >= 4
	}
	study, err := hone.NewStudy(nil)
	if err != nil {
		log.Fatal(err)
	}
	err = study.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		return t.SuggestFloat("x", 0, 1), nil
	}, &hone.OptimizeOptions{Stop: []hone.StopRule{enough, hone.NoImprovement(50)}})
	if err != nil {
		log.Fatal(err)
	}
	trials, err := study.Trials()
	fmt.Println(len(trials), err)
	// Output: 5 <nil>
}

// A loop of one's own asks for values and tells results.
func ExampleParam() {
	ctx := context.Background()
	space := []hone.Param{
		{Name: "threads", Distribution: distributions.Int{Low: 2, High: 8, Step: 2}},
		{Name: "policy", Distribution: distributions.Categorical{Choices: []any{"lru", "lfu"}}},
	}
	study, err := hone.NewStudy(nil)
	if err != nil {
		log.Fatal(err)
	}
	t, err := study.Ask(ctx, space)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(t.Params()), study.Tell(ctx, t, 12.5))
	// Output: 2 <nil>
}

// Every process may put the same trial into the queue; it is there once.
func ExampleEnqueueOptions() {
	study, err := hone.NewStudy(nil)
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		err := study.Enqueue(map[string]any{"x": 0.5}, &hone.EnqueueOptions{
			UserAttrs:    map[string]any{"why": "in use today"},
			SkipIfExists: true,
		})
		if err != nil {
			log.Fatal(err)
		}
	}
	trials, err := study.Trials()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(trials), trials[0].State, trials[0].UserAttrs["why"])
	// Output: 1 waiting in use today
}

// Last month's study had another range for x, and no y.
func ExampleWarmStartOptions() {
	old, err := hone.NewStudy(&hone.Options{Sampler: &sampler.Grid{Values: map[string][]any{"x": {1.0, 2.0, 8.0}}}})
	if err != nil {
		log.Fatal(err)
	}
	err = old.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		return -t.SuggestFloat("x", 0, 10), nil
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	study, err := hone.NewStudy(nil)
	if err != nil {
		log.Fatal(err)
	}
	n, err := study.WarmStart(old, &hone.WarmStartOptions{
		Trials: 2,
		Space: []hone.Param{
			{Name: "x", Distribution: distributions.Float{Low: 0, High: 5}},
			{Name: "y", Distribution: distributions.Float{Low: 0, High: 1}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	var xs []float64
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		x, y := t.SuggestFloat("x", 0, 5), t.SuggestFloat("y", 0, 1)
		xs = append(xs, x)
		return y - x, nil
	}, n)
	fmt.Println(xs, err)
	// Output: [5 2] <nil>
}

// Trials of a day, on machines that now and then are cut off for minutes: a worker
// counts as lost only after half an hour.
func ExampleLeaseOptions() {
	dir, err := os.MkdirTemp("", "hone")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	st, err := journal.Open(filepath.Join(dir, "study.log"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	study, err := hone.NewStudy(&hone.Options{
		Name:    "long",
		Storage: st,
		Lease:   hone.LeaseOptions{Beat: time.Minute, Lost: 30 * time.Minute, MaxRetries: 1},
	})
	if err != nil {
		log.Fatal(err)
	}
	err = study.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		return t.SuggestFloat("x", 0, 1), nil
	}, &hone.OptimizeOptions{TotalTrials: 3})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleStudySummary() {
	ctx := context.Background()
	mem := storage.NewMemory()
	for _, name := range []string{"a", "b"} {
		study, err := hone.NewStudy(&hone.Options{Name: name, Storage: mem})
		if err == nil {
			err = study.Optimize(func(*hone.Trial) (float64, error) { return 1, nil }, 3)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	summaries, err := hone.StudySummaries(ctx, mem)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range summaries {
		fmt.Println(s.Name, s.Trials, s.ByState[hone.Complete], s.Best.Values[0])
	}
	// Output:
	// a 3 3 1
	// b 3 3 1
}
