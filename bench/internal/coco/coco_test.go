package coco

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/gohone/hone/bench/internal/child"
)

// fake answers as coco.py does, with the sum of the numbers.
func fake(t *testing.T, head string) (*Server, error) {
	t.Helper()
	return connect(child.Fake(func(lines *bufio.Scanner, out io.Writer) {
		fmt.Fprintln(out, head)
		for lines.Scan() {
			var f int
			var a, b float64
			if _, err := fmt.Sscan(lines.Text(), &f, &a, &b); err != nil {
				fmt.Fprintln(out, "no number")
				continue
			}
			fmt.Fprintln(out, a+b)
		}
	}))
}

func TestServer(t *testing.T) {
	s, err := fake(t, `[{"name": "f", "space": [{"name": "x", "kind": "int", "low": 0, "high": 3}], "best": -1.5, "median": 2}]`)
	if err != nil {
		t.Fatal(err)
	}
	if f := s.Functions; len(f) != 1 || f[0].Name != "f" || f[0].Space[0] != (Param{"x", "int", 0, 3}) || f[0].Best != -1.5 || f[0].Median != 2 {
		t.Errorf("functions %+v", f)
	}
	x := []float64{1. / 3, 1e-9}
	if v, err := s.Eval(0, x); err != nil || v != x[0]+x[1] {
		t.Errorf("value %v, %v", v, err)
	}
	if _, err := s.Eval(0, []float64{1}); err == nil || !strings.Contains(err.Error(), `"0 1"`) {
		t.Errorf("error %v, want one that names the question", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Eval(0, []float64{1, 2}); err == nil {
		t.Error("no error from a process that has ended")
	}
	if _, err := fake(t, "Traceback"); err == nil {
		t.Error("no error for a head that is no JSON")
	}
}

// TestCOCO runs where HONE_COCO names a Python with coco-experiment and numpy. The
// values are those that the COCO project documents: the optima of instance 1 of the
// sphere, 79.48, and of Rastrigin's function, −462.09.
func TestCOCO(t *testing.T) {
	python := os.Getenv("HONE_COCO")
	if python == "" {
		t.Skip("HONE_COCO is not set; .ci/run sets it")
	}
	s, err := Start(python, "../../coco.py", "bbob", 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Functions) != 24 {
		t.Fatalf("%d functions", len(s.Functions))
	}
	for i, want := range map[int]float64{0: 79.48, 2: -462.09} {
		f := s.Functions[i]
		v, err := s.Eval(i, []float64{1, -2, 0.5})
		if err != nil || math.Abs(f.Best-want) > 1e-9 || !(v > f.Best) || !(f.Median > f.Best) {
			t.Errorf("%s: best %v, want %v; median %v; value %v, %v", f.Name, f.Best, want, f.Median, v, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Start(python, "../../coco.py", "no-suite", 3, 1); err == nil {
		t.Error("no error for an unknown suite")
	}
}
