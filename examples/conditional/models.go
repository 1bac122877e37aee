package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"

	"github.com/gohone/hone"
	"github.com/gohone/hone/examples/internal/cancer"
)

// A model learns from tumours and then says whether another one is malignant.
type model interface {
	learn(data []cancer.Tumour)
	malignant(x []float64) bool
}

// crossValidate returns the share of tumours that a model gets right which has
// learned from four fifths of them, none of which it is asked about.
func crossValidate(m model, data []cancer.Tumour) float64 {
	const folds = 5
	right := 0
	for f := range folds {
		var rest, asked []cancer.Tumour
		for i, t := range data {
			if i%folds == f {
				asked = append(asked, t)
			} else {
				rest = append(rest, t)
			}
		}
		m.learn(rest)
		for _, t := range asked {
			if m.malignant(t.X) == t.Malignant {
				right++
			}
		}
	}
	return float64(right) / float64(len(data))
}

// neighbours asks the k nearest tumours, each with a weight of distance^-near.
type neighbours struct {
	k    int
	near float64
	data []cancer.Tumour
}

func (m *neighbours) learn(data []cancer.Tumour) { m.data = data }

func (m *neighbours) malignant(x []float64) bool {
	type vote struct {
		distance  float64
		malignant bool
	}
	votes := make([]vote, len(m.data))
	for i, t := range m.data {
		var d float64
		for j := range x {
			d += (x[j] - t.X[j]) * (x[j] - t.X[j])
		}
		votes[i] = vote{math.Sqrt(d), t.Malignant}
	}
	slices.SortFunc(votes, func(a, b vote) int { return cmp.Compare(a.distance, b.distance) })
	var sum float64
	for _, v := range votes[:m.k] {
		w := math.Pow(v.distance+1e-9, -m.near)
		if !v.malignant {
			w = -w
		}
		sum += w
	}
	return sum > 0
}

// A tree splits at the measurement and value that leave the least Gini impurity, to
// a depth, and into parts of no fewer tumours than leaf.
type tree struct {
	depth, leaf int
	root        *split
}

type split struct {
	measurement int
	at          float64
	low, high   *split // nil in a leaf
	malignant   bool
}

func (m *tree) learn(data []cancer.Tumour) { m.root = grow(slices.Clone(data), m.depth, m.leaf) }

func grow(data []cancer.Tumour, depth, leaf int) *split {
	all := 0
	for _, t := range data {
		if t.Malignant {
			all++
		}
	}
	s, n := &split{malignant: 2*all > len(data)}, len(data)
	if depth == 0 || all == 0 || all == n {
		return s
	}
	// Impurity times size of a part with p of n positive is 2·p·(n−p)/n.
	impurity := func(p, n int) float64 { return 2 * float64(p) * float64(n-p) / float64(n) }
	least, cut := impurity(all, n), 0
	by := func(j int) func(a, b cancer.Tumour) int {
		return func(a, b cancer.Tumour) int { return cmp.Compare(a.X[j], b.X[j]) }
	}
	for j := range data[0].X {
		slices.SortStableFunc(data, by(j))
		p := 0
		for i := 1; i < n; i++ {
			if data[i-1].Malignant {
				p++
			}
			if i < leaf || n-i < leaf || data[i-1].X[j] == data[i].X[j] {
				continue
			}
			if g := impurity(p, i) + impurity(all-p, n-i); g < least-1e-9 {
				least, cut, s.measurement, s.at = g, i, j, (data[i-1].X[j]+data[i].X[j])/2
			}
		}
	}
	if cut > 0 {
		slices.SortStableFunc(data, by(s.measurement))
		s.low, s.high = grow(slices.Clone(data[:cut]), depth-1, leaf), grow(slices.Clone(data[cut:]), depth-1, leaf)
	}
	return s
}

func (m *tree) malignant(x []float64) bool {
	s := m.root
	for s.low != nil {
		if x[s.measurement] < s.at {
			s = s.low
		} else {
			s = s.high
		}
	}
	return s.malignant
}

// linear is logistic regression by stochastic gradient descent, with decay·½‖w‖².
type linear struct {
	rate, decay float64
	epochs      int
	w           []float64 // the last is the bias
}

func (m *linear) score(x []float64) float64 {
	sum := m.w[len(x)]
	for j, v := range x {
		sum += m.w[j] * v
	}
	return sum
}

func (m *linear) learn(data []cancer.Tumour) {
	m.w = make([]float64, len(data[0].X)+1)
	rng := rand.New(rand.NewPCG(1, 1))
	for e := range m.epochs {
		step := m.rate * (1 - float64(e)/float64(m.epochs))
		for _, i := range rng.Perm(len(data)) {
			t := data[i]
			g := 1 / (1 + math.Exp(-m.score(t.X)))
			if t.Malignant {
				g--
			}
			for j, v := range t.X {
				m.w[j] -= step * (g*v + m.decay*m.w[j])
			}
			m.w[len(t.X)] -= step * g
		}
	}
}

func (m *linear) malignant(x []float64) bool { return m.score(x) > 0 }

// report prints the best model of each family.
func report(study *hone.Study) error {
	best := make(map[any]hone.FrozenTrial)
	for t, err := range study.AllTrials() {
		if err != nil {
			return err
		}
		if family := t.Params["family"]; t.State == hone.Complete && (best[family].Values == nil || t.Values[0] > best[family].Values[0]) {
			best[family] = t
		}
	}
	for _, family := range []string{"neighbours", "tree", "linear"} {
		if t := best[family]; t.Values != nil {
			fmt.Printf("%-10s %.4f %v\n", family, t.Values[0], t.Params)
		}
	}
	return nil
}

// interrupted returns a context that ends with Ctrl-C.
func interrupted() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)
	return ctx
}
