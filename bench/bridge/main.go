// Bridge lets another program use hone's samplers over pipes, one JSON value a
// line. It reads first
//
//	{"space": [...], "seed": n, "budget": n, "sampler": NAME}
//
// where the space lists parameters as {"name": "x", "kind": "float", "low": 0,
// "high": 1, "log": true}, {"kind": "int", …} or {"kind": "cat", "choices": [...]}.
// It then answers each {"ask": 1} with the parameters of a new trial, and takes the
// result of the trial that was asked for last as {"value": y}; a value that is null
// means that the trial failed. Everything is minimised. The program ends when its
// input does.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gohone/hone"
	"github.com/gohone/hone/bench/internal/samplers"
	"github.com/gohone/hone/distributions"
)

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bridge:", err)
		os.Exit(1)
	}
}

// A header is the first line.
type header struct {
	Space   []param
	Seed    int
	Sampler string
}

type param struct {
	Name, Kind string
	Low, High  float64
	Log        bool
	Choices    []any
}

// A request is any further line.
type request struct {
	Ask   int
	Value *float64
}

func (p *param) domain() (distributions.Distribution, error) {
	switch p.Kind {
	case "float":
		return distributions.Float{Low: p.Low, High: p.High, Log: p.Log}, nil
	case "int":
		return distributions.Int{Low: int(p.Low), High: int(p.High), Step: 1, Log: p.Log}, nil
	case "cat":
		return distributions.Categorical{Choices: p.Choices}, nil
	}
	return nil, fmt.Errorf("parameter %q: unknown kind %q", p.Name, p.Kind)
}

func serve(r io.Reader, w io.Writer) error {
	in, out := json.NewDecoder(bufio.NewReader(r)), bufio.NewWriter(w)
	var h header
	if err := in.Decode(&h); err != nil {
		return fmt.Errorf("first line: %w", err)
	}
	smp, err := samplers.New(h.Sampler)
	if err != nil {
		return err
	}
	study, err := hone.NewStudy(&hone.Options{Seed: uint64(h.Seed) + 1, Sampler: smp})
	if err != nil {
		return err
	}
	params := make([]hone.Param, len(h.Space))
	for i := range h.Space {
		d, err := h.Space[i].domain()
		if err != nil {
			return err
		}
		params[i] = hone.Param{Name: h.Space[i].Name, Distribution: d}
	}
	ctx := context.Background()
	var trial *hone.Trial
	for {
		var q request
		if err := in.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if q.Ask == 0 {
			if trial == nil {
				return errors.New("a value without a trial")
			}
			if q.Value == nil {
				err = study.TellFailed(ctx, trial)
			} else {
				err = study.Tell(ctx, trial, *q.Value)
			}
			if err != nil {
				return err
			}
			trial = nil
			continue
		}
		if trial, err = study.Ask(ctx, params); err != nil {
			return err
		}
		text, err := json.Marshal(trial.Params())
		if err != nil {
			return err
		}
		if _, err := out.Write(append(text, '\n')); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
}
