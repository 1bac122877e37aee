// Package coco evaluates the functions of COCO, which is a Python package, in a
// process of its own: see coco.py in the folder of bench.
package coco

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/gohone/hone/bench/internal/child"
)

// A Function is one of COCO's, to be minimised.
type Function struct {
	Name         string
	Space        []Param
	Best, Median float64
}

// A Param is a variable from Low to High, both included.
type Param struct {
	Name, Kind string // Kind is "float" or "int"
	Low, High  float64
}

// A Server evaluates functions. It may be used by any number of goroutines.
type Server struct {
	Functions []Function

	mu      sync.Mutex
	process *child.Process
}

// Start starts coco.py with a Python that has coco-experiment and numpy: the
// functions of a suite of COCO's, as bbob or bbob-mixint.
func Start(python, script, suite string, dimension, instance int) (*Server, error) {
	p, err := child.Start(exec.Command(python, script, suite, strconv.Itoa(dimension), strconv.Itoa(instance)))
	if err != nil {
		return nil, fmt.Errorf("coco: %w", err)
	}
	s, err := connect(p)
	if err != nil {
		return nil, fmt.Errorf("coco: %s %s: %w", python, script, err)
	}
	return s, nil
}

// connect reads what functions there are.
func connect(p *child.Process) (*Server, error) {
	s := &Server{process: p}
	head, err := p.Out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(head, &s.Functions)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("list of functions: %w", err), s.Close())
	}
	return s, nil
}

// Eval returns the value of a function at x, of as many numbers as it has parameters.
func (s *Server) Eval(function int, x []float64) (float64, error) {
	line := []byte(strconv.Itoa(function))
	for _, v := range x {
		line = strconv.AppendFloat(append(line, ' '), v, 'g', -1, 64)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.process.In.Write(append(line, '\n')); err != nil {
		return 0, fmt.Errorf("coco: %w", err)
	}
	text, err := s.process.Out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("coco: no answer to %q: %w", line, err)
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return 0, fmt.Errorf("coco: answer to %q: %w", line, err)
	}
	return v, nil
}

// Close ends the process.
func (s *Server) Close() error { return s.process.Close() }
