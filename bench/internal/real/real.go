// Package real evaluates trials of real models in a Python process: see real.py in
// the folder of bench.
package real

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"sync"

	"github.com/gohone/hone/bench/internal/child"
	"github.com/gohone/hone/distributions"
)

// A Task is what a study minimises: the best value that is known and the median of
// random points.
type Task struct {
	Name         string
	Best, Median float64
}

// ErrFailed is the error of a trial that failed over there.
var ErrFailed = errors.New("the trial failed")

// A Server runs trials, one at a time. It may be used by any number of goroutines.
type Server struct {
	Tasks []Task

	mu      sync.Mutex
	process *child.Process
	out     *json.Decoder
}

// Start starts real.py with a Python that has scikit-learn.
func Start(python, script string) (*Server, error) {
	p, err := child.Start(exec.Command(python, script))
	if err != nil {
		return nil, fmt.Errorf("real: %w", err)
	}
	s, err := connect(p)
	if err != nil {
		return nil, fmt.Errorf("real: %s %s: %w", python, script, err)
	}
	return s, nil
}

// connect reads what tasks there are.
func connect(p *child.Process) (*Server, error) {
	s := &Server{process: p, out: json.NewDecoder(p.Out)}
	if err := s.out.Decode(&s.Tasks); err != nil {
		return nil, errors.Join(fmt.Errorf("list of tasks: %w", err), s.Close())
	}
	return s, nil
}

// A line is what real.py says: which parameter it needs, or how the trial ended.
type line struct {
	Suggest, Distribution, Failed string
	Value                         *float64
}

// Run runs a trial of a task, whose parameters are asked of suggest in internal
// representation. Its error is ErrFailed, wrapped, if the trial failed, else that of
// suggest or of the process, which is of no use then.
func (s *Server) Run(task int, suggest func(name string, d distributions.Distribution) (float64, error)) (float64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.send(strconv.Itoa(task)); err != nil {
		return 0, err
	}
	for {
		var a line
		if err := s.out.Decode(&a); err != nil {
			return 0, fmt.Errorf("real: no answer in task %d: %w", task, err)
		}
		switch {
		case a.Value != nil:
			return *a.Value, nil
		case a.Suggest == "":
			return 0, fmt.Errorf("%w: %s", ErrFailed, a.Failed)
		}
		d, err := distributions.Unmarshal(a.Distribution)
		if err != nil {
			return 0, fmt.Errorf("real: parameter %q: %w", a.Suggest, err)
		}
		x, err := suggest(a.Suggest, d)
		if err != nil {
			return 0, err
		}
		if err := s.send(strconv.FormatFloat(x, 'g', -1, 64)); err != nil {
			return 0, err
		}
	}
}

func (s *Server) send(text string) error {
	if _, err := io.WriteString(s.process.In, text+"\n"); err != nil {
		return fmt.Errorf("real: %w", err)
	}
	return nil
}

// Close ends the process.
func (s *Server) Close() error { return s.process.Close() }
