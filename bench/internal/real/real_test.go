package real

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/gohone/hone/bench/internal/child"
	"github.com/gohone/hone/distributions"
)

// fake asks for x in each trial, and then says what answer makes of it.
func fake(t *testing.T, head, distribution string, answer func(x string) string) (*Server, error) {
	t.Helper()
	return connect(child.Fake(func(lines *bufio.Scanner, out io.Writer) {
		fmt.Fprintln(out, head)
		for lines.Scan() {
			fmt.Fprintf(out, "{\"suggest\": \"x\", \"distribution\": %q}\n", distribution)
			if lines.Scan() {
				fmt.Fprintln(out, answer(lines.Text()))
			}
		}
	}))
}

const float = `{"name": "FloatDistribution", "attributes": {"low": 0, "high": 1, "log": false, "step": null}}`

func TestServer(t *testing.T) {
	s, err := fake(t, `[{"name": "f", "best": -1.5, "median": 2}]`, float, func(x string) string {
		if x == "0" {
			return `{"failed": "too small"}`
		}
		return `{"value": ` + x + `}`
	})
	if err != nil {
		t.Fatal(err)
	}
	if f := s.Tasks; len(f) != 1 || f[0] != (Task{"f", -1.5, 2}) {
		t.Errorf("tasks %+v", f)
	}
	suggest := func(x float64) func(string, distributions.Distribution) (float64, error) {
		return func(name string, d distributions.Distribution) (float64, error) {
			if name != "x" || !distributions.Equal(d, distributions.Float{High: 1}) {
				t.Errorf("asked for %s of %v", name, d)
			}
			return x, nil
		}
	}
	for range 2 {
		if v, err := s.Run(0, suggest(1./3)); err != nil || v != 1./3 {
			t.Errorf("value %v, %v", v, err)
		}
		if _, err := s.Run(0, suggest(0)); !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "too small") {
			t.Errorf("error %v, want ErrFailed with its reason", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Run(0, suggest(1)); err == nil || errors.Is(err, ErrFailed) {
		t.Errorf("error %v from a process that has ended", err)
	}
}

func TestServerBadAnswers(t *testing.T) {
	if _, err := fake(t, "Traceback", float, nil); err == nil || !strings.Contains(err.Error(), "list of tasks") {
		t.Errorf("error %v for a head that is no JSON", err)
	}
	for _, c := range []struct{ distribution, answer, want string }{
		{"{}", "", `parameter "x"`},
		{float, "Traceback", "no answer"},
	} {
		s, err := fake(t, "[]", c.distribution, func(string) string { return c.answer })
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Run(0, func(string, distributions.Distribution) (float64, error) { return 0, nil })
		if err == nil || errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A value depends on the parameters alone, and what scikit-learn refuses is a trial
// that failed. It runs where HONE_COCO names a Python with scikit-learn.
func TestReal(t *testing.T) {
	python := os.Getenv("HONE_COCO")
	if python == "" {
		t.Skip("HONE_COCO is not set; .ci/run sets it")
	}
	s, err := Start(python, "../../real.py")
	if err != nil {
		t.Fatal(err)
	}
	middle := func(_ string, d distributions.Distribution) (float64, error) { return d.FromUnit(0.5), nil }
	var values [2][]float64
	for round := range values {
		for i, task := range s.Tasks {
			v, err := s.Run(i, middle)
			if err != nil && !errors.Is(err, ErrFailed) {
				t.Fatalf("%s: %v", task.Name, err)
			}
			values[round] = append(values[round], v)
			if !(task.Best < task.Median) {
				t.Errorf("%s: best %v, median %v", task.Name, task.Best, task.Median)
			}
		}
	}
	for i, v := range values[0] {
		if v != values[1][i] {
			t.Errorf("%s: %v, then %v", s.Tasks[i].Name, v, values[1][i])
		}
	}
	for i, task := range s.Tasks {
		if task.Name != "logistic" {
			continue
		}
		// The first choices are lbfgs and l1.
		if _, err := s.Run(i, func(_ string, d distributions.Distribution) (float64, error) { return d.FromUnit(0), nil }); !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "lbfgs") {
			t.Errorf("lbfgs with l1: error %v", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
