package hone_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
)

// The examples set Sampler to a grid or Random, and a Seed, to print the same
// each time. Your program leaves them out.

func Example() {
	study, err := hone.NewStudy(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", -10, 10)
		return (x - 2) * (x - 2), nil
	}, 100)
	if err != nil {
		fmt.Println(err)
		return
	}
	best, err := study.BestValue()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(best < 1)
	// Output: true
}

func ExampleStudy() {
	study, err := hone.NewStudy(&hone.Options{Sampler: new(sampler.Grid)})
	if err != nil {
		fmt.Println(err)
		return
	}
	// A grid ends the study by itself.
	err = study.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		return math.Abs(float64(t.SuggestInt("n", 1, 9)) - math.E), nil
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	params, err := study.BestParams()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(params)
	// Output: map[n:3]
}

func ExampleTrial() {
	study, err := hone.NewStudy(&hone.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		rate := t.SuggestLogFloat("rate", 1e-4, 1)
		layers := t.SuggestInt("layers", 1, 3)
		loss := math.Abs(math.Log10(rate)+2) + float64(layers)
		for epoch := range 10 { // training would go here
			t.Report(epoch, loss+1/float64(epoch+1))
			if t.ShouldPrune() {
				return 0, hone.ErrPruned
			}
		}
		t.SetUserAttr("megabytes", 12*layers)
		return loss, nil
	}, 50)
	if err != nil {
		fmt.Println(err)
		return
	}
	best, err := study.BestTrial()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(best.Params["layers"], best.UserAttrs["megabytes"], len(best.IntermediateValues))
	// Output: 1 12 10
}

func ExampleTrial_SuggestStruct() {
	type config struct {
		Rate  float64 `hone:"lr,low=1e-5,high=0.1,log"`
		Width int     `hone:"width,low=16,high=256,step=16"`
		Act   string  `hone:"activation,choices=relu|tanh"`
	}
	study, err := hone.NewStudy(&hone.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		var c config
		t.SuggestStruct(&c)
		if c.Width%16 != 0 || c.Rate > 0.1 {
			return 0, fmt.Errorf("out of range: %+v", c)
		}
		return c.Rate, nil
	}, 20)
	fmt.Println(err)
	// Output: <nil>
}

func ExampleChoose() {
	type Policy string
	study, err := hone.NewStudy(&hone.Options{Sampler: new(sampler.Grid)})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = study.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		if hone.Choose(t, "policy", Policy("lru"), Policy("lfu")) == "lfu" {
			return 1, nil
		}
		return 2, nil
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(study.BestParams())
	// Output: map[policy:lfu] <nil>
}

func ExamplePick() {
	study, err := hone.NewStudy(&hone.Options{Sampler: new(sampler.Grid)})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = study.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		f := hone.Pick(t, "function", map[string]func(float64) float64{"sine": math.Sin, "cosine": math.Cos})
		return f(0), nil
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(study.BestParams())
	// Output: map[function:sine] <nil>
}

func ExampleOptions() {
	study, err := hone.NewStudy(&hone.Options{
		Name:        "speed and size",
		Directions:  []hone.Direction{hone.Maximize, hone.Minimize},
		MetricNames: []string{"speed", "size"},
		Seed:        1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = study.OptimizeMulti(func(t *hone.Trial) ([]float64, error) {
		n := t.SuggestInt("n", 1, 3)
		return []float64{float64(n), float64(n)}, nil
	}, 30)
	if err != nil {
		fmt.Println(err)
		return
	}
	front, err := study.ParetoFront()
	fmt.Println(len(front) > 0, err)
	// Output: true <nil>
}

func ExampleOptimizeOptions() {
	study, err := hone.NewStudy(&hone.Options{Seed: 1, Sampler: new(sampler.Random)})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = study.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		if t.Number() == 3 {
			return 0, os.ErrDeadlineExceeded
		}
		return t.SuggestFloat("x", 0, 1), nil
	}, &hone.OptimizeOptions{
		TotalTrials:  40, // of the study, whoever makes them
		Workers:      4,
		TrialTimeout: time.Minute,
		Catch:        func(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) },
		Stop:         []hone.StopRule{hone.TargetReached(1e-9)},
	})
	trials, readErr := study.Trials()
	fmt.Println(len(trials), err, readErr)
	// Output: 40 <nil> <nil>
}

func ExampleStudy_Ask() {
	ctx := context.Background()
	study, err := hone.NewStudy(&hone.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 10 {
		t, err := study.Ask(ctx, []hone.Param{
			{Name: "threads", Distribution: distributions.Int{Low: 1, High: 16}},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		threads := t.Params()["threads"].(int)
		if err := study.Tell(ctx, t, 100/float64(threads)); err != nil { // measured elsewhere
			fmt.Println(err)
			return
		}
	}
	best, err := study.BestValue()
	fmt.Println(best < 100, err)
	// Output: true <nil>
}

func ExampleStudy_Enqueue() {
	study, err := hone.NewStudy(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Begin with what is in use today.
	if err := study.Enqueue(map[string]any{"x": 3.0}, nil); err != nil {
		fmt.Println(err)
		return
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) { return t.SuggestFloat("x", 0, 10), nil }, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(study.BestParams())
	// Output: map[x:3] <nil>
}

func ExampleFrozenTrial() {
	study, err := hone.NewStudy(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// What was measured before hone came goes into the study as it is.
	err = study.AddTrial(hone.FrozenTrial{
		State:         hone.Complete,
		Values:        []float64{0.25},
		Params:        map[string]any{"x": 0.5},
		Distributions: map[string]distributions.Distribution{"x": distributions.Float{Low: 0, High: 1}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	best, err := study.BestTrial()
	fmt.Println(best.Number, best.Params, best.Values, err)
	// Output: 0 map[x:0.5] [0.25] <nil>
}

func ExamplePanicError() {
	study, err := hone.NewStudy(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		var results []float64
		return results[t.Number()], nil
	}, 1)
	var p *hone.PanicError
	fmt.Println(errors.As(err, &p), p.Value)
	// Output: true runtime error: index out of range [0] with length 0
}

// A trial prints as one line.
func ExampleFrozenTrial_String() {
	study, err := hone.NewStudy(&hone.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := study.Enqueue(map[string]any{"x": 1.5, "kind": "wide"}, nil); err != nil {
		fmt.Println(err)
		return
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", 0, 4)
		t.SuggestCategorical("kind", "narrow", "wide")
		t.SetConstraint("below 1", x-1)
		return x * x, nil
	}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	trials, err := study.Trials()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(trials[0])
	// Output: trial 0: complete, 2.25, infeasible, map[kind:wide x:1.5]
}
