package main

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// settings are the hyperparameters of a network and of its training.
type settings struct {
	Rate       float64 // learning rate of the first step; it falls to 0 along half a cosine
	Momentum   float64 // share of a step that the next one keeps, in [0, 1)
	L2         float64 // weight of ½‖w‖² in the loss; biases are left out
	Width      int     // units of each hidden layer, at most maxWidth
	Depth      int     // hidden layers, at least 1
	Batch      int     // images in one step
	Activation string  // "relu" or "tanh"
}

// maxWidth and maxRows keep a product on one core: gonum splits one among
// goroutines when the result has 4 or more blocks of 64 × 64, and the study
// already keeps every core busy with a trial of its own.
const (
	maxWidth = 128
	maxRows  = 64
)

// An mlp is a multilayer perceptron with a softmax output. All parameters live
// in one vector, and each layer holds views of it, so that a step of gradient
// descent is a sum of vectors. An mlp is for one goroutine at a time.
type mlp struct {
	layers []layer
	act    activation
	l2     float64

	theta, grad, velocity []float64 // of one length, in the same order
}

// A layer computes act(x·w + b) for a batch x of one image a row.
type layer struct {
	w, dw blas64.General // inputs × outputs, and the gradient of the loss
	b, db []float64      // len outputs
	out   blas64.General // batch × outputs, of the last forward pass
	delta blas64.General // batch × outputs, the loss by the input of the activation
}

// An activation is a function of a unit's input, and its slope as a function of
// the unit's output.
type activation struct {
	value, slope func(float64) float64
}

var activations = map[string]activation{
	"relu": {
		value: func(x float64) float64 { return max(x, 0) },
		slope: func(y float64) float64 {
			if y > 0 {
				return 1
			}
			return 0
		},
	},
	"tanh": {
		value: math.Tanh,
		slope: func(y float64) float64 { return 1 - y*y },
	},
}

// newMLP returns a network from inputs to classes with weights drawn from rng:
// normal with variance 2/fan-in for relu (He et al., "Delving Deep into
// Rectifiers", 2015, arXiv:1502.01852, eq. 10), and 1/fan-in for tanh and the
// output. Biases start at 0.
func newMLP(inputs, classes int, s settings, rng *rand.Rand) *mlp {
	sizes := []int{inputs}
	for range s.Depth {
		sizes = append(sizes, s.Width)
	}
	sizes = append(sizes, classes)

	n := 0
	for i, out := range sizes[1:] {
		n += (sizes[i] + 1) * out
	}
	m := &mlp{
		act: activations[s.Activation], l2: s.L2,
		theta: make([]float64, n), grad: make([]float64, n), velocity: make([]float64, n),
	}
	rows := max(s.Batch, maxRows)
	at := 0
	for i, out := range sizes[1:] {
		in := sizes[i]
		end := at + in*out
		l := layer{
			w:     matrix(in, out, m.theta[at:end]),
			dw:    matrix(in, out, m.grad[at:end]),
			b:     m.theta[end : end+out],
			db:    m.grad[end : end+out],
			out:   matrix(rows, out, make([]float64, rows*out)),
			delta: matrix(rows, out, make([]float64, rows*out)),
		}
		scale := math.Sqrt(1 / float64(in))
		if s.Activation == "relu" && i < s.Depth {
			scale *= math.Sqrt2
		}
		for j := range l.w.Data {
			l.w.Data[j] = scale * rng.NormFloat64()
		}
		m.layers = append(m.layers, l)
		at = end + out
	}
	return m
}

// forward computes the scores of the classes for x, one image a row, and at most
// max(Batch, maxRows) of them. The scores are overwritten by the next call.
func (m *mlp) forward(x blas64.General) blas64.General {
	for i := range m.layers {
		l := &m.layers[i]
		y := rows(l.out, 0, x.Rows)
		for r := range y.Rows {
			copy(row(y, r), l.b)
		}
		gemm(blas.NoTrans, blas.NoTrans, x, l.w, 1, y)
		if i < len(m.layers)-1 {
			for r := range y.Rows {
				for j, v := range row(y, r) {
					y.Data[r*y.Stride+j] = m.act.value(v)
				}
			}
		}
		x = y
	}
	return x
}

// backprop leaves the gradient of the loss in m.grad and returns the loss: the
// mean cross-entropy over the batch, natural logarithm, plus ½·L2·‖w‖².
//
// Rumelhart, Hinton and Williams, "Learning representations by back-propagating
// errors", Nature 323, 1986, doi:10.1038/323533a0.
func (m *mlp) backprop(x blas64.General, class []int) float64 {
	scores := m.forward(x)
	last := len(m.layers) - 1
	delta := rows(m.layers[last].delta, 0, x.Rows)
	loss := 0.0
	for r := range x.Rows {
		p := row(delta, r)
		copy(p, row(scores, r))
		loss -= softmax(p, class[r]) / float64(x.Rows)
		p[class[r]]--
		blas64.Scal(1/float64(x.Rows), vector(p))
	}
	for i := last; i >= 0; i-- {
		l := &m.layers[i]
		in := x
		if i > 0 {
			in = rows(m.layers[i-1].out, 0, x.Rows)
		}
		copy(l.dw.Data, l.w.Data)
		loss += m.l2 / 2 * blas64.Dot(vector(l.w.Data), vector(l.w.Data))
		blas64.Scal(m.l2, vector(l.dw.Data))
		gemm(blas.Trans, blas.NoTrans, in, delta, 1, l.dw)
		clear(l.db)
		for r := range delta.Rows {
			blas64.Axpy(1, vector(row(delta, r)), vector(l.db))
		}
		if i > 0 {
			below := rows(m.layers[i-1].delta, 0, x.Rows)
			gemm(blas.NoTrans, blas.Trans, delta, l.w, 0, below)
			for j, y := range in.Data[:in.Rows*in.Cols] {
				below.Data[j] *= m.act.slope(y)
			}
			delta = below
		}
	}
	return loss
}

// epoch makes one pass over the images of d in an order drawn from rng, each image
// distorted a little, in steps of Batch images: gradient descent with momentum, v ← Momentum·v − rate·∇, θ ← θ + v.
// The rate falls with every step from Rate to 0 along half a cosine (Loshchilov
// and Hutter, "SGDR", 2017, arXiv:1608.03983, eq. 5, without restarts).
func (m *mlp) epoch(d images, s settings, epoch int, rng *rand.Rand) {
	x := matrix(s.Batch, pixels, make([]float64, s.Batch*pixels))
	class := make([]int, s.Batch)
	order := rng.Perm(len(d.class))
	for at := 0; at < len(order); at += s.Batch {
		n := min(s.Batch, len(order)-at)
		for i, from := range order[at : at+n] {
			distort(row(x, i), row(d.pixels, from), rng)
			class[i] = d.class[from]
		}
		m.backprop(rows(x, 0, n), class[:n])
		done := (float64(epoch) + float64(at)/float64(len(order))) / epochs
		blas64.Scal(s.Momentum, vector(m.velocity))
		blas64.Axpy(-s.Rate*(1+math.Cos(math.Pi*done))/2, vector(m.grad), vector(m.velocity))
		blas64.Axpy(1, vector(m.velocity), vector(m.theta))
	}
}

// accuracy returns the share of the images of d that the network names rightly.
func (m *mlp) accuracy(d images) float64 {
	right := 0
	for at := 0; at < len(d.class); at += maxRows {
		n := min(maxRows, len(d.class)-at)
		scores := m.forward(rows(d.pixels, at, n))
		for r := range n {
			if floats.MaxIdx(row(scores, r)) == d.class[at+r] {
				right++
			}
		}
	}
	return float64(right) / float64(len(d.class))
}

// softmax turns scores into probabilities and returns the logarithm of the one
// of class, which is finite where the probability itself would round to 0.
func softmax(scores []float64, class int) float64 {
	sum := floats.LogSumExp(scores)
	log := scores[class] - sum
	for i, v := range scores {
		scores[i] = math.Exp(v - sum)
	}
	return log
}

// gemm computes c ← a·b + beta·c in pieces of maxRows rows of c, each of which
// gonum computes on the calling goroutine. ta and tb transpose a and b.
func gemm(ta, tb blas.Transpose, a, b blas64.General, beta float64, c blas64.General) {
	for at := 0; at < c.Rows; at += maxRows {
		n := min(maxRows, c.Rows-at)
		part := a
		if ta == blas.NoTrans {
			part = rows(a, at, n)
		} else {
			part.Cols, part.Data = n, a.Data[at:]
		}
		blas64.Gemm(ta, tb, 1, part, b, beta, rows(c, at, n))
	}
}

func matrix(r, c int, data []float64) blas64.General {
	return blas64.General{Rows: r, Cols: c, Stride: c, Data: data}
}

func rows(a blas64.General, from, n int) blas64.General {
	return matrix(n, a.Cols, a.Data[from*a.Stride:(from+n)*a.Stride])
}

func row(a blas64.General, i int) []float64 { return a.Data[i*a.Stride : i*a.Stride+a.Cols] }

func vector(x []float64) blas64.Vector { return blas64.Vector{N: len(x), Inc: 1, Data: x} }
