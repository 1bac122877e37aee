package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gohone/hone"
	"github.com/gohone/hone/honetest"
)

func data(t *testing.T) (train, test images) {
	t.Helper()
	train, test, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return train, test
}

// The class counts are those of the data set's own description (optdigits.names).
func TestLoad(t *testing.T) {
	train, test := data(t)
	for _, c := range []struct {
		name string
		d    images
		want [classes]int
	}{
		{"train", train, [classes]int{376, 389, 380, 389, 387, 376, 377, 387, 380, 382}},
		{"test", test, [classes]int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}},
	} {
		var got [classes]int
		for _, class := range c.d.class {
			got[class]++
		}
		if got != c.want {
			t.Errorf("%s: class counts %v, want %v", c.name, got, c.want)
		}
		if d := c.d.pixels; d.Rows != len(c.d.class) || d.Cols != pixels || len(d.Data) != d.Rows*d.Cols {
			t.Errorf("%s: %d × %d pixels in %d numbers for %d classes", c.name, d.Rows, d.Cols, len(d.Data), len(c.d.class))
		}
		if low, high := slices.Min(c.d.pixels.Data), slices.Max(c.d.pixels.Data); low != paper || high != standard(ink) {
			t.Errorf("%s: pixels from %v to %v, want %v to %v", c.name, low, high, paper, standard(ink))
		}
	}
	if m, s := stat.MeanStdDev(train.pixels.Data, nil); math.Abs(m) > 1e-3 || math.Abs(s-1) > 1e-3 {
		t.Errorf("pixels have mean %v and standard deviation %v, want 0 and 1", m, s)
	}
}

func TestReadRejects(t *testing.T) {
	good := strings.Repeat("16,", pixels)
	for _, c := range []struct{ name, line, want string }{
		{"pixel too dark", "17," + good[3:] + "3", "line 2, field 1: 17 is out of range"},
		{"negative pixel", "-1," + good[3:] + "3", "line 2, field 1: -1 is out of range"},
		{"no such digit", good + "10", "line 2, field 65: 10 is out of range"},
		{"no number", good + "three", `parsing "three"`},
		{"short line", good[3:] + "3", "wrong number of fields"},
	} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := io.WriteString(z, good+"3\n"+c.line+"\n"); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := read(b.Bytes()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
	if _, err := read([]byte("no gzip")); !errors.Is(err, gzip.ErrHeader) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("not a gzip file: error %v", err)
	}
}

func TestSplitParts(t *testing.T) {
	train, _ := data(t)
	learn, judge := split(train)
	if got := len(learn.class) + len(judge.class); got != len(train.class) {
		t.Fatalf("parts have %d images, want %d", got, len(train.class))
	}
	if share := float64(len(judge.class)) / float64(len(train.class)); math.Abs(share-0.2) > 0.02 {
		t.Errorf("share kept back %.3f, want about 0.2", share)
	}
	// Putting the parts together by the rule gives every image back in its place.
	from := map[bool]int{}
	for i := range train.class {
		part, back := learn, i/127%5 == 4
		if back {
			part = judge
		}
		at := from[back]
		from[back]++
		if !slices.Equal(row(part.pixels, at), row(train.pixels, i)) || part.class[at] != train.class[i] {
			t.Fatalf("image %d is not where it should be", i)
		}
	}
}

func TestWarp(t *testing.T) {
	image := make([]float64, pixels)
	for i := range image {
		image[i] = paper
		if x, y := i%side, i/side; x > 1 && x < 6 && y > 1 && y < 6 {
			image[i] += float64(1+i%7) / 8
		}
	}
	moved := make([]float64, pixels)
	for _, c := range []struct {
		name string
		a    [2][3]float64
		from func(x, y int) (int, int) // where the pixel at (x, y) comes from
	}{
		{"nothing", [2][3]float64{{1, 0, 0}, {0, 1, 0}}, func(x, y int) (int, int) { return x, y }},
		{"to the left", [2][3]float64{{1, 0, 2}, {0, 1, 0}}, func(x, y int) (int, int) { return x + 2, y }},
		{"down", [2][3]float64{{1, 0, 0}, {0, 1, -3}}, func(x, y int) (int, int) { return x, y - 3 }},
		{"a quarter turn", [2][3]float64{{0, 1, 0}, {-1, 0, 0}}, func(x, y int) (int, int) { return y, side - 1 - x }},
		{"out of sight", [2][3]float64{{1, 0, 1e6}, {0, 1, 0}}, func(int, int) (int, int) { return -1, -1 }},
	} {
		warp(moved, image, c.a)
		for i, got := range moved {
			want := paper
			if x, y := c.from(i%side, i/side); x >= 0 && y >= 0 && x < side && y < side {
				want = image[y*side+x]
			}
			if got != want {
				t.Errorf("%s: pixel %d is %v, want %v", c.name, i, got, want)
			}
		}
	}

	// Parts of a pixel keep the ink, and move its centre of mass.
	center := func(p []float64) (mass, x, y float64) {
		for i, v := range p {
			v -= paper
			mass, x, y = mass+v, x+v*float64(i%side), y+v*float64(i/side)
		}
		return mass, x / mass, y / mass
	}
	mass, x, y := center(image)
	for _, d := range [][2]float64{{0.25, 0.6}, {-0.6, 0.125}} {
		warp(moved, image, [2][3]float64{{1, 0, d[0]}, {0, 1, d[1]}})
		m, mx, my := center(moved)
		if math.Abs(m-mass) > 1e-12 || math.Abs(mx-(x-d[0])) > 1e-12 || math.Abs(my-(y-d[1])) > 1e-12 {
			t.Errorf("moved by %v: mass %v at (%v, %v), want %v at (%v, %v)", d, m, mx, my, mass, x-d[0], y-d[1])
		}
	}
}

// Distortions differ from one another, and are small: ink reaches a neighbour, and
// as far as shift and slant add up to at that place.
func TestDistort(t *testing.T) {
	dot := make([]float64, pixels)
	for i := range dot {
		dot[i] = paper
	}
	const at = 3*side + 4
	dot[at]++
	rng := rand.New(rand.NewPCG(3, 3))
	seen := map[string]bool{}
	for range 100 {
		dst := make([]float64, pixels)
		distort(dst, dot, rng)
		for i, v := range dst {
			far := max(math.Abs(float64(i%side-at%side)), math.Abs(float64(i/side-at/side)))
			limit := 1 + 0.6 + 0.15*(math.Abs(float64(i%side)-3.5)+math.Abs(float64(i/side)-3.5))
			if v != paper && far > limit {
				t.Fatalf("ink came %v pixels far, want at most %v", far, limit)
			}
		}
		seen[fmt.Sprint(dst)] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d different images, want 100", len(seen))
	}
}

// The product in pieces agrees with mat's, and never starts a goroutine, which
// would show as an allocation.
func TestGemm(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(r, c int) blas64.General {
		m := matrix(r, c, make([]float64, r*c))
		for i := range m.Data {
			m.Data[i] = rng.NormFloat64()
		}
		return m
	}
	dense := func(a blas64.General) mat.Matrix { return mat.NewDense(a.Rows, a.Cols, a.Data) }
	for _, size := range [][3]int{{1, 10, 64}, {64, 64, 64}, {65, 10, 33}, {130, 70, 128}, {maxWidth, maxWidth, 128}} {
		m, n, k := size[0], size[1], size[2]
		for _, c := range []struct {
			name   string
			ta, tb blas.Transpose
			a, b   blas64.General
		}{
			{"ab", blas.NoTrans, blas.NoTrans, random(m, k), random(k, n)},
			{"aᵀb", blas.Trans, blas.NoTrans, random(k, m), random(k, n)},
			{"abᵀ", blas.NoTrans, blas.Trans, random(m, k), random(n, k)},
		} {
			got, start := random(m, n), 0.5
			before := mat.DenseCopyOf(dense(got))
			gemm(c.ta, c.tb, c.a, c.b, start, got)
			a, b := dense(c.a), dense(c.b)
			if c.ta == blas.Trans {
				a = a.T()
			}
			if c.tb == blas.Trans {
				b = b.T()
			}
			var want mat.Dense
			want.Mul(a, b)
			before.Scale(start, before)
			want.Add(&want, before)
			if !mat.EqualApprox(dense(got), &want, 1e-11) {
				t.Errorf("%s %v: differs from mat.Mul", c.name, size)
			}
			if n := testing.AllocsPerRun(3, func() { gemm(c.ta, c.tb, c.a, c.b, 0, got) }); n != 0 {
				t.Errorf("%s %v: %v allocations, want 0", c.name, size, n)
			}
		}
	}
}

// The gradient agrees with central differences of the loss, along every parameter.
func TestBackprop(t *testing.T) {
	const inputs, outputs, batch = 5, 4, 70 // more rows than one piece of a product
	for _, act := range []string{"relu", "tanh"} {
		for depth := 1; depth <= 3; depth++ {
			t.Run(fmt.Sprint(act, depth), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(7, uint64(depth)))
				m := newMLP(inputs, outputs, settings{Width: 6, Depth: depth, Batch: batch, L2: 0.1, Activation: act}, rng)
				for i := range m.theta { // biases too
					m.theta[i] += 0.1 * rng.NormFloat64()
				}
				x := matrix(batch, inputs, make([]float64, batch*inputs))
				for i := range x.Data {
					x.Data[i] = rng.NormFloat64()
				}
				class := make([]int, batch)
				for i := range class {
					class[i] = rng.IntN(outputs)
				}
				m.backprop(x, class)
				got := slices.Clone(m.grad)
				if m.backprop(x, class); !slices.Equal(m.grad, got) {
					t.Error("the gradient of a second pass differs")
				}
				const h = 1e-6
				for i, v := range m.theta {
					m.theta[i] = v + h
					up := m.backprop(x, class)
					m.theta[i] = v - h
					down := m.backprop(x, class)
					m.theta[i] = v
					if want := (up - down) / (2 * h); math.Abs(got[i]-want) > 1e-7*(1+math.Abs(want)) {
						t.Errorf("parameter %d: gradient %v, difference %v", i, got[i], want)
					}
				}
			})
		}
	}
}

// With all images in one step, an epoch changes the parameters by the velocity
// v ← Momentum·v − rate·∇, and the rate falls along half a cosine.
func TestEpochStep(t *testing.T) {
	train, _ := data(t)
	d := images{rows(train.pixels, 0, 50), train.class[:50]}
	s := settings{Rate: 0.3, Momentum: 0.7, L2: 1e-3, Width: 8, Depth: 2, Batch: 50, Activation: "tanh"}
	rng := rand.New(rand.NewPCG(5, 5))
	m := newMLP(pixels, classes, s, rng)
	v := make([]float64, len(m.theta))
	for epoch := range epochs {
		before := slices.Clone(m.theta)
		m.epoch(d, s, epoch, rng)
		rate := s.Rate * math.Pow(math.Cos(math.Pi/2*float64(epoch)/epochs), 2)
		for i := range v {
			v[i] = s.Momentum*v[i] - rate*m.grad[i]
			if got := m.theta[i] - before[i]; math.Abs(got-v[i]) > 1e-12 {
				t.Fatalf("epoch %d: parameter %d moved by %v, want %v", epoch, i, got, v[i])
			}
		}
	}
}

// Scores far apart leave a finite loss, and probabilities that sum to 1.
func TestSoftmax(t *testing.T) {
	p := []float64{0, 1000, -1000}
	if got := softmax(p, 2); got != -2000 {
		t.Errorf("log of the probability %v, want -2000", got)
	}
	if !slices.Equal(p, []float64{0, 1, 0}) {
		t.Errorf("probabilities %v, want 0 1 0", p)
	}
	p = []float64{math.Log(1), math.Log(2), math.Log(5)}
	got := softmax(p, 1)
	if math.Abs(got-math.Log(0.25)) > 1e-15 || math.Abs(p[0]-0.125) > 1e-15 || math.Abs(p[2]-0.625) > 1e-15 {
		t.Errorf("log %v, probabilities %v; want log(1/4) and 1/8 1/4 5/8", got, p)
	}
}

// A plain network learns the digits, and the same stream gives the same network
// bit for bit.
func TestTraining(t *testing.T) {
	train, _ := data(t)
	learn, judge := split(train)
	fit := func() *mlp {
		rng := rand.New(rand.NewPCG(1, 1))
		s := settings{Rate: 0.1, Momentum: 0.8, L2: 1e-4, Width: 24, Depth: 1, Batch: 32, Activation: "relu"}
		m := newMLP(pixels, classes, s, rng)
		if got := m.accuracy(judge); got > 0.3 {
			t.Errorf("accuracy %.3f before training, want a guess", got)
		}
		for epoch := range 4 {
			m.epoch(learn, s, epoch, rng)
		}
		return m
	}
	a, b := fit(), fit()
	if got := a.accuracy(judge); got < 0.92 {
		t.Errorf("accuracy %.3f after 4 epochs, want 0.92", got)
	}
	if !slices.Equal(a.theta, b.theta) {
		t.Error("two runs with one stream differ")
	}
}

var fixed = map[string]any{
	"rate": 0.1, "momentum": 0.5, "l2": 1e-4, "width": 16, "depth": 1, "batch": 64, "activation": "tanh",
}

func TestObjective(t *testing.T) {
	train, _ := data(t)
	learn, judge := split(train)
	small := func(d images) images { return images{rows(d.pixels, 0, 256), d.class[:256]} }
	trial := honetest.FixedTrial(fixed)
	got, err := objective(trial, small(learn), small(judge))
	if err != nil {
		t.Fatal(err)
	}
	trials, err := trial.Study().Trials()
	if err != nil {
		t.Fatal(err)
	}
	reports := trials[0].IntermediateValues
	if len(reports) != epochs || reports[epochs-1] != got {
		t.Errorf("%d reports, the last %v, want %d and %v", len(reports), reports[epochs-1], epochs, got)
	}
	if got < 0.7 {
		t.Errorf("accuracy %.3f from 256 images, want 0.7", got)
	}
}

// An interrupt ends the program's run at the end of an epoch.
func TestTuneInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tune(ctx, 3, 2, 1, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestHistorySVG(t *testing.T) {
	trials := []hone.FrozenTrial{
		{Number: 0, State: hone.Failed},
		{Number: 1, State: hone.Complete, Values: []float64{0.9}},
		{Number: 2, State: hone.Pruned, Values: []float64{0.5}},
		{Number: 3, State: hone.Complete, Values: []float64{0.8}},
		{Number: 4, State: hone.Complete, Values: []float64{1}},
		{Number: 5, State: hone.Pruned},
		{Number: 6, State: hone.Running},
	}
	for n := range len(trials) + 1 {
		type shape struct {
			XMLName xml.Name
			CX      float64 `xml:"cx,attr"`
			CY      float64 `xml:"cy,attr"`
			D       string  `xml:"d,attr"`
			Fill    string  `xml:"fill,attr"`
		}
		var picture struct {
			Shapes []shape `xml:",any"`
		}
		svg := historySVG(trials[:n])
		if err := xml.Unmarshal(svg, &picture); err != nil {
			t.Fatalf("%d trials: %v", n, err)
		}
		if strings.Contains(string(svg), "NaN") || strings.Contains(string(svg), "Inf") {
			t.Errorf("%d trials: a coordinate is not finite:\n%s", n, svg)
		}
		dots, rings, top := 0, 0, math.Inf(1)
		for _, s := range picture.Shapes {
			if s.XMLName.Local != "circle" || s.CY < svgTop { // the legend stands above
				continue
			}
			if s.CX < svgLeft || s.CX > svgRight || s.CY > svgBottom {
				t.Errorf("%d trials: a mark at (%v, %v) is outside the plot", n, s.CX, s.CY)
			}
			if s.Fill == "none" {
				rings++
			} else {
				dots++
				top = min(top, s.CY)
			}
		}
		for _, s := range picture.Shapes {
			if s.XMLName.Local != "path" || s.Fill != "none" || strings.Contains(s.D, "h") {
				continue
			}
			from, last := math.Inf(1), 0.0
			for _, part := range strings.Split(s.D, "V")[1:] {
				if _, err := fmt.Sscanf(part, "%g", &last); err != nil || last > from {
					t.Errorf("%d trials: the line %q goes down (%v)", n, s.D, err)
				}
				from = last
			}
			if last != top {
				t.Errorf("%d trials: the line ends at %v, want %v", n, last, top)
			}
			top = math.NaN() // seen
		}
		if dots > 0 && !math.IsNaN(top) {
			t.Errorf("%d trials: no line", n)
		}
		wantDots, wantRings := 0, 0
		for _, trial := range trials[:n] {
			if trial.State == hone.Complete {
				wantDots++
			} else if trial.State == hone.Pruned && trial.Values != nil {
				wantRings++
			}
		}
		if dots != wantDots || rings != wantRings {
			t.Errorf("%d trials: %d dots and %d rings, want %d and %d", n, dots, rings, wantDots, wantRings)
		}
	}
}
