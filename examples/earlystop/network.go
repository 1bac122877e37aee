package main

import (
	"math"
	"math/rand/v2"

	"github.com/gohone/hone"
	"github.com/gohone/hone/examples/internal/cancer"
)

const epochs = 81

// A network has one hidden layer of tanh units and one logistic output.
type network struct {
	units, inputs     int
	weights, velocity []float64 // of each unit: inputs, bias; then the output's: units, bias
	hidden            []float64
	rng               *rand.Rand

	rate, momentum, decay float64 // of its training
}

// suggest returns the untrained network that a trial asks for.
func suggest(t *hone.Trial) *network {
	net := newNetwork(t.SuggestLogInt("units", 2, 64), uint64(t.Number()))
	net.rate, net.momentum = t.SuggestLogFloat("rate", 1e-4, 1), t.SuggestFloat("momentum", 0, 0.99)
	net.decay = t.SuggestLogFloat("decay", 1e-6, 1)
	return net
}

func newNetwork(units int, seed uint64) *network {
	const inputs = 30
	n := units*(inputs+1) + units + 1
	net := &network{units: units, inputs: inputs, weights: make([]float64, n), velocity: make([]float64, n), hidden: make([]float64, units), rng: rand.New(rand.NewPCG(seed, 1))}
	for i := range net.weights {
		net.weights[i] = net.rng.NormFloat64() / math.Sqrt(inputs)
	}
	return net
}

// forward returns the probability that a tumour is malignant.
func (net *network) forward(x []float64) float64 {
	out := net.weights[net.units*(net.inputs+1):]
	sum := out[net.units]
	for u := range net.units {
		w := net.weights[u*(net.inputs+1):][:net.inputs+1]
		a := w[net.inputs]
		for j, v := range x {
			a += w[j] * v
		}
		net.hidden[u] = math.Tanh(a)
		sum += out[u] * net.hidden[u]
	}
	return 1 / (1 + math.Exp(-sum))
}

// epoch goes once through the tumours in random order: stochastic gradient descent
// with momentum on the cross-entropy and decay·½‖w‖².
func (net *network) epoch(data []cancer.Tumour) {
	first := net.units * (net.inputs + 1) // of the output's weights
	step := func(i int, g float64) {
		net.velocity[i] = net.momentum*net.velocity[i] - net.rate*(1-net.momentum)*(g+net.decay*net.weights[i])
		net.weights[i] += net.velocity[i]
	}
	for _, i := range net.rng.Perm(len(data)) {
		g := net.forward(data[i].X)
		if data[i].Malignant {
			g--
		}
		for u := range net.units {
			back := g * net.weights[first+u] * (1 - net.hidden[u]*net.hidden[u])
			step(first+u, g*net.hidden[u])
			for j, v := range data[i].X {
				step(u*(net.inputs+1)+j, back*v)
			}
			step(u*(net.inputs+1)+net.inputs, back)
		}
		step(first+net.units, g)
	}
}

// train goes through all epochs, unless the trial is stopped before, and returns the
// loss on tumours that were not learned from. It counts the epochs.
func (net *network) train(t *hone.Trial, learn, judge []cancer.Tumour, passes *int) (loss float64, err error) {
	for epoch := range epochs {
		net.epoch(learn)
		*passes++
		loss = net.loss(judge)
		t.Report(epoch+1, loss)
		if t.ShouldPrune() {
			return 0, hone.ErrPruned
		}
	}
	return loss, nil
}

// loss returns the mean cross-entropy.
func (net *network) loss(data []cancer.Tumour) float64 {
	var sum float64
	for _, t := range data {
		p := net.forward(t.X)
		if !t.Malignant {
			p = 1 - p
		}
		sum -= math.Log(math.Max(p, 1e-15))
	}
	return sum / float64(len(data))
}

func (net *network) accuracy(data []cancer.Tumour) float64 {
	right := 0
	for _, t := range data {
		if net.forward(t.X) > 0.5 == t.Malignant {
			right++
		}
	}
	return float64(right) / float64(len(data))
}
