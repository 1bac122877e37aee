// Package optuna lets Optuna's samplers choose in a study of hone's, so that they can
// be measured on problems that only this repository has.
package optuna

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/gohone/hone/bench/internal/child"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

//go:embed optuna.py
var script string

// Names are the samplers that there are.
var Names = []string{"random", "tpe", "tpe-group", "gp", "cma", "nsga2"}

// A Sampler passes on what it is asked to a Python process that has one study of
// Optuna's. It serves one study and is to be closed.
type Sampler struct {
	Python string // with the package optuna
	Name   string // one of Names
	Seed   int

	mu      sync.Mutex
	process *child.Process // nil: none yet
	out     *json.Decoder
	read    int          // trials of the history that are told
	under   map[int]bool // numbers of trials that were begun there and not told
	spent   time.Duration
}

var _ sampler.Sampler = (*Sampler)(nil)

// Spent returns the processor time that Optuna has used since the study began.
func (s *Sampler) Spent() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spent
}

// Close ends the process.
func (s *Sampler) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	return s.process.Close()
}

func (s *Sampler) start(directions []storage.Direction) error {
	args := []string{"-c", script, s.Name, strconv.Itoa(s.Seed)}
	for _, d := range directions {
		if d == storage.Maximize {
			args = append(args, "maximize")
		} else {
			args = append(args, "minimize")
		}
	}
	cmd := exec.Command(s.Python, args...)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	p, err := child.Start(cmd)
	if err != nil {
		return fmt.Errorf("optuna: %w; name a Python that has Optuna", err)
	}
	s.process, s.out, s.under = p, json.NewDecoder(p.Out), make(map[int]bool)
	return nil
}

// Sample implements [sampler.Sampler].
func (s *Sampler) Sample(_ context.Context, q *sampler.Query, name string, d distributions.Distribution) (float64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		if err := s.start(q.Directions); err != nil {
			return 0, err
		}
	}
	for ; s.read < q.History.Len(); s.read++ {
		if err := s.tell(q.History.Trial(s.read)); err != nil {
			return 0, err
		}
	}
	if n := q.Trial.Number; !s.under[n] {
		s.under[n] = true
		if err := s.send(map[string]any{"ask": n}); err != nil {
			return 0, err
		}
	}
	text, err := distributions.Marshal(d)
	if err != nil {
		return 0, err
	}
	if err := s.send(map[string]any{"suggest": q.Trial.Number, "name": name, "distribution": text}); err != nil {
		return 0, err
	}
	var a struct{ Value, CPU float64 }
	if err := s.out.Decode(&a); err != nil {
		return 0, fmt.Errorf("optuna: no value of %s: %w", name, err)
	}
	s.spent = time.Duration(a.CPU * 1e9)
	return a.Value, nil
}

// tell passes on the end of a trial. Pruned trials count as failed: no problem of
// bench prunes with a sampler of Optuna's.
func (s *Sampler) tell(t *storage.Trial) error {
	if !s.under[t.Number] {
		return nil // it never asked for a parameter
	}
	delete(s.under, t.Number)
	m := map[string]any{"tell": t.Number, "values": nil, "constraints": nil}
	if t.State == storage.Complete {
		m["values"] = t.Values
		var c []float64
		for _, v := range t.Constraints() {
			c = append(c, v.Value)
		}
		m["constraints"] = c
	}
	return s.send(m)
}

func (s *Sampler) send(m map[string]any) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if _, err := s.process.In.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("optuna: %w", err)
	}
	return nil
}
