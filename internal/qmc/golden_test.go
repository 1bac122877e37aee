package qmc

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"
)

// readJSON reads a file of testdata, all of which golden.py has written from
// SciPy.
func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestSobolEqualsSciPy(t *testing.T) {
	var want struct {
		First [][]float64
		Far   map[string][]float64 // scaled by 2^30
	}
	readJSON(t, "sobol.json", &want)
	for i, point := range want.First {
		for j, x := range point {
			if got := Sobol(uint64(i), j); got != x {
				t.Errorf("point %d, dimension %d: got %v, want %v", i, j, got, x)
			}
		}
	}
	for index, point := range want.Far {
		i, err := strconv.ParseUint(index, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if len(point) != Dimensions {
			t.Fatalf("golden point %d has %d dimensions", i, len(point))
		}
		for j, x := range point {
			if got := Sobol(i, j) * (1 << 30); got != x {
				t.Errorf("point %d, dimension %d: got %v, want %v", i, j, got, x)
			}
		}
	}
}

func TestHaltonEqualsSciPy(t *testing.T) {
	var want struct {
		First [][]float64
		Far   map[string][]float64
	}
	readJSON(t, "halton.json", &want)
	check := func(i uint64, point []float64) {
		for j, x := range point {
			// SciPy adds one rounded term for each digit: a few units in the
			// last place of 1.
			if got := Halton(i, j); got-x > 1e-15 || x-got > 1e-15 {
				t.Errorf("point %d, dimension %d: got %v, want %v", i, j, got, x)
			}
		}
	}
	for i, point := range want.First {
		check(uint64(i), point)
	}
	for index, point := range want.Far {
		i, err := strconv.ParseUint(index, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		check(i, point)
	}
}

// The first points that every text book prints.
func TestFirstPoints(t *testing.T) {
	sobol := [][]float64{{0, 0, 0}, {1. / 2, 1. / 2, 1. / 2}, {3. / 4, 1. / 4, 1. / 4}, {1. / 4, 3. / 4, 3. / 4}}
	halton := [][]float64{{0, 0, 0}, {1. / 2, 1. / 3, 1. / 5}, {1. / 4, 2. / 3, 2. / 5}, {3. / 4, 1. / 9, 3. / 5}}
	for i := range sobol {
		for j := range sobol[i] {
			if got := Sobol(uint64(i), j); got != sobol[i][j] {
				t.Errorf("Sobol(%d, %d) = %v, want %v", i, j, got, sobol[i][j])
			}
			if got := Halton(uint64(i), j); got != halton[i][j] {
				t.Errorf("Halton(%d, %d) = %v, want %v", i, j, got, halton[i][j])
			}
		}
	}
}
