package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gohone/hone"
	"github.com/gohone/hone/honetest"
)

// epochs is how often logistic regression goes through the comments.
const epochs = 12

// A classifier scores each part by a linear function of the features.
type classifier struct {
	s      settings
	bias   []float64
	weight [][]float32 // part × place
	data   [][]feature // what logistic regression still has to learn from
	part   []int
}

// fit makes a classifier for a number of parts: naive Bayes is ready at once,
// logistic regression learns while it is judged.
func fit(s settings, learn []comment, parts int) *classifier {
	c := &classifier{s: s, bias: make([]float64, parts), weight: make([][]float32, parts)}
	for k := range parts {
		c.weight[k] = make([]float32, 1<<s.Bits)
	}
	for _, l := range learn {
		x := s.features(l.text)
		c.part = append(c.part, l.part)
		if !s.Bayes {
			normalize(x)
			c.data = append(c.data, x)
			continue
		}
		c.bias[l.part]++
		for _, f := range x {
			c.weight[l.part][f.place] += f.weight
		}
	}
	if s.Bayes {
		for k := range parts { // logarithms of smoothed frequencies
			total := s.Smoothing * float64(len(c.weight[k]))
			for _, w := range c.weight[k] {
				total += float64(w)
			}
			for i, w := range c.weight[k] {
				c.weight[k][i] = float32(math.Log((float64(w) + s.Smoothing) / total))
			}
			c.bias[k] = math.Log((c.bias[k] + 1) / float64(len(learn)+parts))
		}
	}
	return c
}

// epoch goes once through the comments in random order: stochastic gradient descent
// on the cross-entropy, with a step that falls to 0 over the epochs.
func (c *classifier) epoch(e int, rng *rand.Rand) {
	step := c.s.Rate * (1 - float64(e)/epochs)
	p := make([]float64, len(c.bias))
	for _, i := range rng.Perm(len(c.data)) {
		x := c.data[i]
		softmax(c.scores(x, p))
		for k := range p {
			if k == c.part[i] {
				p[k]--
			}
			g := float32(step * p[k])
			for _, f := range x {
				c.weight[k][f.place] -= g * f.weight
			}
			c.bias[k] -= step * p[k]
		}
	}
	shrink := float32(math.Exp(-step * c.s.Decay * float64(len(c.data))))
	for _, w := range c.weight {
		for j := range w {
			w[j] *= shrink
		}
	}
}

// scores sets p to the score of each part and returns it.
func (c *classifier) scores(x []feature, p []float64) []float64 {
	for k, w := range c.weight {
		sum := 0.0
		for _, f := range x {
			sum += float64(w[f.place]) * float64(f.weight)
		}
		p[k] = c.bias[k] + sum
	}
	return p
}

func softmax(p []float64) {
	top, sum := slices.Max(p), 0.0
	for k := range p {
		p[k] = math.Exp(p[k] - top)
		sum += p[k]
	}
	for k := range p {
		p[k] /= sum
	}
}

// accuracy returns the share of comments whose part has the highest score.
func (c *classifier) accuracy(of []comment) float64 {
	right, p := 0, make([]float64, len(c.bias))
	for _, m := range of {
		x := c.s.features(m.text)
		if !c.s.Bayes {
			normalize(x)
		}
		c.scores(x, p)
		if slices.Index(p, slices.Max(p)) == m.part {
			right++
		}
	}
	return float64(right) / float64(len(of))
}

// validate returns the accuracy on comments that were not learned from. Logistic
// regression reports it after each epoch, so that hopeless rates are given up.
func (c *classifier) validate(t *hone.Trial, judge []comment) (accuracy float64, err error) {
	if c.s.Bayes {
		return c.accuracy(judge), nil
	}
	rng := rand.New(rand.NewPCG(1, uint64(t.Number())))
	for e := range epochs {
		if err := context.Cause(t.Context()); err != nil {
			return 0, err
		}
		c.epoch(e, rng)
		accuracy = c.accuracy(judge)
		t.Report(e, accuracy)
		if t.ShouldPrune() {
			return 0, hone.ErrPruned
		}
	}
	return accuracy, nil
}

// report trains with the best settings and with plain ones on everything but the
// test set, and prints how well each does there.
func report(study *hone.Study, learn, test []comment, parts int) error {
	best, err := study.BestTrial()
	if err != nil {
		return err
	}
	fmt.Printf("best of the judged: %.3f, trial %d: %v\n", best.Values[0], best.Number, best.Params)
	plain := settings{Bits: 18, Most: 1, Bayes: true, Smoothing: 1}
	count := make([]int, parts)
	for _, m := range test {
		count[m.part]++
	}
	fmt.Printf("accuracy on packages never seen: the largest part %.3f, untuned naive Bayes %.3f, tuned %.3f\n",
		float64(slices.Max(count))/float64(len(test)), train(plain, learn, parts).accuracy(test), train(suggest(honetest.FixedTrial(best.Params)), learn, parts).accuracy(test))
	return nil
}

// train is fit with all epochs.
func train(s settings, learn []comment, parts int) *classifier {
	c := fit(s, learn, parts)
	rng := rand.New(rand.NewPCG(1, 1))
	for e := range epochs {
		if !s.Bayes {
			c.epoch(e, rng)
		}
	}
	return c
}

func sortByPlace(x []feature) {
	slices.SortFunc(x, func(a, b feature) int { return cmp.Compare(a.place, b.place) })
}
