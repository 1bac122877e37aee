package interop

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/gohone/hone/pruner"
)

// What a pruner saves and what it costs, on the recorded curves in 20 random orders,
// one at a time: the share of epochs that are trained, and the rank of the best
// trial that is left among all 200. docs/choosing.md has the table.
func TestWhatPruningSaves(t *testing.T) {
	text, err := os.ReadFile("testdata/curves.json")
	if err != nil {
		t.Fatal(err)
	}
	var curves [][]*float64
	if err := json.Unmarshal(text, &curves); err != nil {
		t.Fatal(err)
	}
	final := func(i int) float64 {
		if v := curves[i][len(curves[i])-1]; v != nil {
			return *v
		}
		return math.Inf(1)
	}
	ranked := make([]int, len(curves))
	for i := range ranked {
		ranked[i] = i
	}
	slices.SortFunc(ranked, func(a, b int) int {
		if final(a) < final(b) {
			return -1
		}
		return 1
	})
	for _, c := range []struct {
		name  string
		fresh func() pruner.Pruner
		most  float64 // share of epochs
		worst float64 // mean rank
	}{
		{"Nop", func() pruner.Pruner { return &pruner.Nop{} }, 1, 1},
		{"Median", func() pruner.Pruner { return &pruner.Median{} }, 0.25, 2},
		{"Percentile", func() pruner.Pruner { return &pruner.Percentile{} }, 0.2, 4},
		{"SuccessiveHalving", func() pruner.Pruner { return &pruner.SuccessiveHalving{} }, 0.25, 4},
		{"Hyperband", func() pruner.Pruner { return &pruner.Hyperband{} }, 0.4, 2},
		{"Patient{Median, 2}", func() pruner.Pruner { return &pruner.Patient{Pruner: &pruner.Median{}, Patience: 2} }, 0.9, 2},
	} {
		const orders = 20
		share, rank := 0.0, 0.0
		for seed := range uint64(orders) {
			order := rand.New(rand.NewPCG(seed, 1)).Perm(len(curves))
			shuffled := make([][]*float64, len(curves))
			for i, k := range order {
				shuffled[i] = curves[k]
			}
			stopped := judge(t, c.fresh(), shuffled)
			epochs, best := 0, len(curves)
			for i, s := range stopped {
				if s >= 0 {
					epochs += s
					continue
				}
				epochs += len(shuffled[i])
				best = min(best, slices.Index(ranked, order[i])+1)
			}
			share += float64(epochs) / float64(len(curves)*len(curves[0])) / orders
			rank += float64(best) / orders
		}
		t.Logf("%-20s %3.0f %% of the epochs, best trial is number %.1f of 200", c.name, 100*share, rank)
		if share > c.most+1e-9 || rank > c.worst+1e-9 {
			t.Errorf("%s: %.2f of the epochs, rank %.1f; at most %.2f and %.1f were expected", c.name, share, rank, c.most, c.worst)
		}
	}
}
