// Package cancer holds a small data set for the examples: is a tumour malignant?
//
// It is Breast Cancer Wisconsin (Diagnostic): 569 tumours with 30 measurements of
// cell nuclei each, 212 of them malignant. W. Wolberg, O. Mangasarian, N. Street and
// W. Street, UCI Machine Learning Repository, data set 17, 1995,
// doi:10.24432/C5DW2B, licence CC BY 4.0. The file is as scikit-learn ships it: a
// line of counts and names, then the measurements and the class, 1 for benign.
package cancer

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
)

//go:embed wdbc.csv.gz
var file []byte

// A Tumour has its measurements, each scaled to mean 0 and variance 1 over the
// whole set, and whether it is malignant.
type Tumour struct {
	X         []float64
	Malignant bool
}

// Load returns the tumours in an order that is random, but always the same.
func Load() ([]Tumour, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("cancer: %w", err)
	}
	r := csv.NewReader(z)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("cancer: %w", err)
	}
	var all []Tumour
	for _, row := range rows[1:] {
		x := make([]float64, len(row))
		for j, text := range row {
			if x[j], err = strconv.ParseFloat(text, 64); err != nil {
				return nil, fmt.Errorf("cancer: %w", err)
			}
		}
		last := len(x) - 1
		all = append(all, Tumour{X: x[:last], Malignant: x[last] == 0})
	}
	for j := range all[0].X {
		var sum, squares float64
		for _, t := range all {
			sum += t.X[j]
			squares += t.X[j] * t.X[j]
		}
		mean := sum / float64(len(all))
		deviation := math.Sqrt(squares/float64(len(all)) - mean*mean)
		for _, t := range all {
			t.X[j] = (t.X[j] - mean) / deviation
		}
	}
	rand.New(rand.NewPCG(5, 69)).Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	return all, nil
}
