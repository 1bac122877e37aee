package hone_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/gohone/hone"
)

// dump prints all that a study's random choices decide.
func dump(s *hone.Study) (string, error) {
	trials, err := s.Trials()
	var b strings.Builder
	for _, f := range trials {
		fmt.Fprintln(&b, f.Number, f.State, f.Values, f.Params, f.IntermediateValues)
	}
	return b.String(), err
}

func mixed(t *hone.Trial) (float64, error) {
	x := t.SuggestFloat("x", -5, 5)
	y := t.SuggestLogFloat("y", 1e-4, 1)
	n := t.SuggestInt("n", 1, 10)
	v := x*x + math.Abs(math.Log(y)) + float64(n)
	if t.SuggestCategorical("kind", "a", "b", "c") == "a" {
		v += t.SuggestStepFloat("z", 0, 2, 0.25)
	}
	for step := range 4 {
		t.Report(step, v+float64(3-step))
		if t.ShouldPrune() {
			return 0, hone.ErrPruned
		}
	}
	return v, nil
}

func TestMain(m *testing.M) {
	if os.Getenv("HONE_TEST_DUMP") != "" {
		s, err := hone.NewStudy(&hone.Options{Name: "same", Seed: 42})
		if err == nil {
			err = s.Optimize(mixed, 60)
		}
		text, readErr := dump(s)
		fmt.Print(text)
		if err != nil || readErr != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if spec := os.Getenv("HONE_TEST_KILL"); spec != "" {
		part := strings.Split(spec, "|")
		budget, err := strconv.Atoi(part[2])
		if err == nil {
			err = killWorker(part[0], part[1], budget)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if path := os.Getenv("HONE_TEST_STOP"); path != "" {
		if err := stoppedWorker(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestSameStudyInTwoProcesses uses the default sampler and pruner.
func TestSameStudyInTwoProcesses(t *testing.T) {
	var out [2][]byte
	for i := range out {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "HONE_TEST_DUMP=1")
		var err error
		if out[i], err = cmd.Output(); err != nil {
			t.Fatal(err)
		}
	}
	if len(out[0]) < 1000 || !bytes.Equal(out[0], out[1]) {
		t.Errorf("two processes with one seed differ, or printed too little:\n%.300s\n%.300s", out[0], out[1])
	}
}

func TestWorkersNeverDrawTheSamePoint(t *testing.T) {
	points := make([]map[float64]int, 0, 3)
	for _, workers := range []int{1, 2, 8} {
		s := newStudy(t, &hone.Options{Seed: 3})
		if err := s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{Trials: 2000, Workers: workers}); err != nil {
			t.Fatal(err)
		}
		trials, err := s.Trials()
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[float64]int)
		for _, f := range trials {
			x := f.Params["x"].(float64)
			if other, ok := seen[x]; ok {
				t.Errorf("%d workers: trials %d and %d drew %v", workers, other, f.Number, x)
			}
			seen[x] = f.Number
		}
		points = append(points, seen)
	}
	// Each trial has its own stream, so the number of workers changes nothing.
	for x, number := range points[0] {
		if points[1][x] != number || points[2][x] != number {
			t.Fatalf("trial %d draws %v with one worker only", number, x)
		}
	}
}
