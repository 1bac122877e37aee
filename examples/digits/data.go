package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"gonum.org/v1/gonum/blas/blas64"
)

const (
	side    = 8           // pixels along one side of an image
	pixels  = side * side // inputs of the network
	classes = 10
	ink     = 16 // value of a black pixel in the files; a white one has 0
)

// standard maps the values of pixels such that those of the training file have
// mean 0 and variance 1.
func standard(v int) float64 { return (float64(v) - 4.924) / 6.036 }

var paper = standard(0)

//go:embed train.csv.gz
var trainFile []byte

//go:embed test.csv.gz
var testFile []byte

// images are pictures of digits: one a row, 64 standardised pixels, and the digit
// that each of them shows.
type images struct {
	pixels blas64.General
	class  []int
}

// load reads the embedded files.
func load() (train, test images, err error) {
	if train, err = read(trainFile); err == nil {
		test, err = read(testFile)
	}
	return train, test, err
}

// read takes in a file of one image a line: 64 pixels from 0 to 16, row by row,
// and the digit.
func read(file []byte) (images, error) {
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return images{}, fmt.Errorf("digits: %w", err)
	}
	lines := csv.NewReader(z)
	lines.FieldsPerRecord = pixels + 1
	records, err := lines.ReadAll()
	if err != nil {
		return images{}, fmt.Errorf("digits: %w", err)
	}
	d := images{pixels: matrix(len(records), pixels, make([]float64, len(records)*pixels))}
	for i, record := range records {
		for j, field := range record {
			v, err := strconv.Atoi(field)
			if err != nil {
				return images{}, fmt.Errorf("digits: line %d: %w", i+1, err)
			}
			switch {
			case j < pixels && v >= 0 && v <= ink:
				d.pixels.Data[i*pixels+j] = standard(v)
			case j == pixels && v >= 0 && v < classes:
				d.class = append(d.class, v)
			default:
				return images{}, fmt.Errorf("digits: line %d, field %d: %d is out of range", i+1, j+1, v)
			}
		}
	}
	return d, nil
}

// split parts the training images into those that a trial learns from and those
// that it is judged by: every fifth block of 127 lines. The file goes from writer
// to writer, 30 of them, and a random split would put each hand on both sides.
// With blocks, as in the test file, the judges show hands that are new (but for
// the edges of the blocks).
func split(d images) (learn, judge images) {
	const block, every = 127, 5
	for i, class := range d.class {
		to := &learn
		if i/block%every == every-1 {
			to = &judge
		}
		to.pixels.Data = append(to.pixels.Data, row(d.pixels, i)...)
		to.class = append(to.class, class)
	}
	for _, part := range []*images{&learn, &judge} {
		part.pixels = matrix(len(part.class), pixels, part.pixels.Data)
	}
	return learn, judge
}

// distort copies an image to dst as another hand might have written it: moved by
// up to shift pixels either way, and stretched, turned and slanted by coefficients
// of up to slant.
func distort(dst, image []float64, rng *rand.Rand) {
	const shift, slant = 0.6, 0.15
	u := func(a float64) float64 { return a * (2*rng.Float64() - 1) }
	warp(dst, image, [2][3]float64{
		{1 + u(slant), u(slant), u(shift)},
		{u(slant), 1 + u(slant), u(shift)},
	})
}

// warp fills dst with the image seen through an affine map: the pixel at (x, y),
// counted from the centre, comes from the point a·(x, y, 1), by bilinear
// interpolation. Outside of the image all is paper.
func warp(dst, image []float64, a [2][3]float64) {
	const centre = (side - 1) / 2.0
	at := func(x, y int) float64 {
		if x < 0 || y < 0 || x >= side || y >= side {
			return paper
		}
		return image[y*side+x]
	}
	for i := range dst {
		x, y := float64(i%side)-centre, float64(i/side)-centre
		fromX := a[0][0]*x + a[0][1]*y + a[0][2] + centre
		fromY := a[1][0]*x + a[1][1]*y + a[1][2] + centre
		left, top := math.Floor(fromX), math.Floor(fromY)
		fx, fy := fromX-left, fromY-top
		c, r := int(left), int(top)
		dst[i] = (1-fy)*((1-fx)*at(c, r)+fx*at(c+1, r)) +
			fy*((1-fx)*at(c, r+1)+fx*at(c+1, r+1))
	}
}
