// Package interop holds tests that run hone and Python Optuna side by side.
//
// They need a Python with optuna, whose path is in HONE_PYTHON. What Optuna
// answered when the tests were written is stored in testdata, so each comparison
// also runs without it.
package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
)

// python returns the interpreter that HONE_PYTHON names, or skips the test.
func python(t *testing.T) string {
	t.Helper()
	path := os.Getenv("HONE_PYTHON")
	if path == "" {
		t.Skip("HONE_PYTHON does not name a Python that has optuna")
	}
	return path
}

// A prunerCase is one study of testdata/pruners.py.
type prunerCase struct {
	Pruner    string
	Args      map[string]any
	Variant   string
	Direction string
	Stopped   []int
	Answers   []string
}

func (c *prunerCase) String() string {
	mode := "stopped"
	if c.Answers != nil {
		mode = "answers"
	}
	return fmt.Sprintf("%s%v/%s/%s/%s", c.Pruner, c.Args, c.Variant, c.Direction, mode)
}

// build makes our pruner from the arguments of Optuna's.
func (c *prunerCase) build(t *testing.T) pruner.Pruner {
	t.Helper()
	used := 0
	number := func(name string) float64 {
		v, ok := c.Args[name]
		if !ok {
			return 0
		}
		used++
		return v.(float64)
	}
	count := func(name string) int { return int(number(name)) }
	bound := func(name string) *float64 {
		if _, ok := c.Args[name]; !ok {
			return nil
		}
		v := number(name)
		return &v
	}
	var p pruner.Pruner
	switch c.Pruner {
	case "Median":
		p = &pruner.Median{StartupTrials: count("n_startup_trials"), WarmupSteps: count("n_warmup_steps"), IntervalSteps: count("interval_steps"), MinTrials: count("n_min_trials")}
	case "Percentile":
		p = &pruner.Percentile{Percentile: number("percentile"), StartupTrials: count("n_startup_trials"), WarmupSteps: count("n_warmup_steps"), IntervalSteps: count("interval_steps"), MinTrials: count("n_min_trials")}
	case "SuccessiveHalving":
		p = &pruner.SuccessiveHalving{MinResource: count("min_resource"), ReductionFactor: count("reduction_factor"), MinEarlyStoppingRate: count("min_early_stopping_rate"), BootstrapCount: count("bootstrap_count")}
	case "Hyperband":
		p = &pruner.Hyperband{MinResource: count("min_resource"), MaxResource: count("max_resource"), ReductionFactor: count("reduction_factor"), BootstrapCount: count("bootstrap_count")}
	case "Threshold":
		p = &pruner.Threshold{Lower: bound("lower"), Upper: bound("upper"), WarmupSteps: count("n_warmup_steps"), IntervalSteps: count("interval_steps")}
	case "Patient":
		patient := &pruner.Patient{Patience: count("patience"), MinDelta: number("min_delta")}
		if c.Args["wrapped"] == "Median" {
			patient.Pruner = &pruner.Median{}
			used++
		}
		p = patient
	case "Wilcoxon":
		p = &pruner.Wilcoxon{PThreshold: number("p_threshold"), StartupSteps: count("n_startup_steps")}
	default:
		t.Fatalf("unknown pruner %q", c.Pruner)
	}
	if used != len(c.Args) {
		t.Fatalf("%s: %d of %d arguments understood", c, used, len(c.Args))
	}
	return p
}

// order returns the steps that a trial reports, in order: the same as in
// pruners.py.
func order(variant string, trial, n int) []int {
	var steps []int
	for s := range n {
		if variant != "sparse" || (7*s+3*trial)%5 < 2 {
			steps = append(steps, s)
		}
	}
	if variant == "shuffled" {
		key := func(s int) int { return (s + 1) * (trial + 3) * 7919 % 101 }
		slices.SortStableFunc(steps, func(a, b int) int { return key(a) - key(b) })
	}
	return steps
}

// run has our pruner judge the curves, as pruners.py has Optuna's.
func (c *prunerCase) run(t *testing.T, curves [][]*float64) (stopped []int, answers []string) {
	t.Helper()
	direction, sign := hone.Minimize, 1.0
	if c.Direction == "maximize" {
		direction, sign = hone.Maximize, -1
	}
	j := judgement{pruner: c.build(t), direction: direction, sign: sign, variant: c.Variant, obey: c.Answers == nil, workers: 4}
	stopped, bits := j.run(t, curves)
	for _, b := range bits {
		answers = append(answers, strconv.FormatUint(b, 16))
	}
	return stopped, answers
}

// judge runs trials one at a time.
func judge(t *testing.T, p pruner.Pruner, curves [][]*float64) (stopped []int) {
	t.Helper()
	j := judgement{pruner: p, direction: hone.Minimize, sign: 1, variant: "dense", obey: true, workers: 1}
	stopped, _ = j.run(t, curves)
	return stopped
}

// A judgement is a study whose trials report recorded curves.
type judgement struct {
	pruner    pruner.Pruner
	direction hone.Direction
	sign      float64
	variant   string // of the order of steps
	obey      bool   // trials stop when they should
	workers   int    // trials under way at any time
}

// run returns after how many reports each trial was stopped, −1 if it was not, and
// its answers as binary numbers.
func (j judgement) run(t *testing.T, curves [][]*float64) (stopped []int, bits []uint64) {
	t.Helper()
	study, err := hone.NewStudy(&hone.Options{Name: "curves", Direction: j.direction, Sampler: &sampler.Random{}, Pruner: j.pruner, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	bits, stopped = make([]uint64, len(curves)), make([]int, len(curves))
	type slot struct {
		trial *hone.Trial
		steps []int
		done  int
	}
	slots, started, open := make([]*slot, j.workers), 0, 0
	for started < len(curves) || open > 0 {
		for i := range slots {
			if slots[i] == nil {
				if started == len(curves) {
					continue
				}
				trial, err := study.Ask(ctx, nil)
				if err != nil {
					t.Fatal(err)
				}
				slots[i] = &slot{trial: trial, steps: order(j.variant, started, len(curves[started]))}
				stopped[started] = -1
				started++
				open++
			}
			s := slots[i]
			number := s.trial.Number()
			value := math.NaN()
			if v := curves[number][s.steps[s.done]]; v != nil {
				value = j.sign * *v
			}
			s.trial.Report(s.steps[s.done], value)
			s.done++
			prune := s.trial.ShouldPrune()
			bits[number] *= 2
			if prune {
				bits[number]++
			}
			switch {
			case prune && j.obey:
				stopped[number] = s.done
				err = study.TellPruned(ctx, s.trial)
			case s.done < len(s.steps):
				continue
			case math.IsNaN(value):
				err = study.TellFailed(ctx, s.trial)
			default:
				err = study.Tell(ctx, s.trial, value)
			}
			if err != nil {
				t.Fatal(err)
			}
			slots[i] = nil
			open--
		}
	}
	return stopped, bits
}

func comparePruners(t *testing.T, data []byte) {
	var cases []*prunerCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/curves.json")
	if err != nil {
		t.Fatal(err)
	}
	var curves [][]*float64 // nil: NaN
	if err := json.Unmarshal(text, &curves); err != nil {
		t.Fatal(err)
	}
	if len(curves) != 200 || len(cases) < 90 {
		t.Fatalf("%d curves, %d cases", len(curves), len(cases))
	}
	for _, c := range cases {
		t.Run(c.String(), func(t *testing.T) {
			stopped, answers := c.run(t, curves)
			for i := range curves {
				if c.Answers == nil && stopped[i] != c.Stopped[i] {
					t.Errorf("trial %d: stopped after %d reports, Optuna's after %d", i, stopped[i], c.Stopped[i])
				}
				if c.Answers != nil && answers[i] != c.Answers[i] {
					t.Errorf("trial %d: answers %s, Optuna's %s", i, answers[i], c.Answers[i])
				}
				if t.Failed() {
					break // what follows depends on it
				}
			}
		})
	}
}

// Our pruners decide as Optuna's did on 200 recorded learning curves.
func TestPrunersAsRecorded(t *testing.T) {
	data, err := os.ReadFile("testdata/pruners.json")
	if err != nil {
		t.Fatal(err)
	}
	comparePruners(t, data)
}

// The same beside the Optuna that is installed.
func TestPrunersBesideOptuna(t *testing.T) {
	cmd := exec.Command(python(t), "testdata/pruners.py")
	cmd.Stderr = os.Stderr
	live, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	comparePruners(t, live)
	stored, err := os.ReadFile("testdata/pruners.json")
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal(live, &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(stored, &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Log("this Optuna decides otherwise than the one whose decisions are stored")
	}
}
