// Package record reads and writes results of optimisers: JSON lines, one for each
// study, in the form that the stored results of other systems have.
package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// At are the numbers of trials after which regret is written down.
var At = []int{10, 25, 50, 75, 100, 150, 200, 300, 400, 600, 800, 1000}

// A Line is the result of one study.
type Line struct {
	Alg     string  `json:"alg"`
	Task    string  `json:"task"`
	Seed    int     `json:"seed"`
	Budget  int     `json:"budget"`
	Seconds float64 `json:"seconds"` // spent inside the optimiser
	// Regret after so many trials: (best so far − optimum) / (median of random
	// points − optimum).
	Regret map[string]float64 `json:"r,omitempty"`
	Error  string             `json:"error,omitempty"` // of a run that broke
}

// Key identifies a run, to skip it when it is there already.
func (l *Line) Key() string {
	return fmt.Sprint(l.Alg, "\x00", l.Task, "\x00", l.Seed, "\x00", l.Budget)
}

// Longest leaves out studies that were run longer as well: of the same optimiser, task
// and seed, the one with the largest budget stays.
func Longest(lines []Line) []Line {
	type study struct {
		alg, task string
		seed      int
	}
	most := make(map[study]int)
	for _, l := range lines {
		s := study{l.Alg, l.Task, l.Seed}
		most[s] = max(most[s], l.Budget)
	}
	var out []Line
	for _, l := range lines {
		if s := (study{l.Alg, l.Task, l.Seed}); l.Budget == most[s] {
			out = append(out, l)
			most[s] = -1 // once
		}
	}
	return out
}

// Set writes down the regrets of a study, given that after each trial.
func (l *Line) Set(regret []float64) {
	l.Regret = make(map[string]float64)
	for _, at := range At {
		if at <= len(regret) {
			// Six digits, as the others have.
			v, err := strconv.ParseFloat(strconv.FormatFloat(regret[at-1], 'g', 6, 64), 64)
			if err == nil {
				l.Regret[strconv.Itoa(at)] = v
			}
		}
	}
}

// Read returns the lines of all files that match a pattern. Lines that are cut off
// at the end of a file, by a run that was stopped, are left out.
func Read(pattern string) ([]Line, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	var out []Line
	for _, path := range paths {
		lines, err := readFile(path)
		if err != nil {
			return nil, err
		}
		out = append(out, lines...)
	}
	return out, nil
}

func readFile(path string) ([]Line, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // read only
	var out []Line
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		var l Line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			if !in.Scan() {
				break
			}
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		out = append(out, l)
	}
	return out, in.Err()
}

// A File takes down results, and knows those that it has.
type File struct {
	f    *os.File // nil: nothing is kept
	done map[string]Line
}

// Open opens a file of results to go on with, or begins one. With the empty path
// results are kept in memory only.
func Open(path string) (*File, error) {
	r := &File{done: make(map[string]Line)}
	if path == "" {
		return r, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	r.f = f
	if err := dropPart(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	lines, err := readFile(path)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	for _, l := range lines {
		r.done[l.Key()] = l
	}
	return r, nil
}

// dropPart takes off the end of a file a line that was cut off, so that it does not
// swallow the next, and leaves the file at its end.
func dropPart(f *os.File) error {
	whole, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	end := int64(bytes.LastIndexByte(whole, '\n') + 1)
	if err := f.Truncate(end); err != nil {
		return err
	}
	_, err = f.Seek(end, io.SeekStart)
	return err
}

// Has returns the result of a run that was made before.
func (r *File) Has(key string) (Line, bool) {
	l, ok := r.done[key]
	return l, ok
}

// Add takes down a result.
func (r *File) Add(l Line) error {
	r.done[l.Key()] = l
	return r.write(l)
}

func (r *File) write(l Line) error {
	if r.f == nil {
		return nil
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = r.f.Write(append(text, '\n'))
	return err
}

// Close closes the file.
func (r *File) Close() error {
	if r.f == nil {
		return nil
	}
	return r.f.Close()
}
