package pruner

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/gohone/hone/storage"
)

// grow runs a study of n trials of the given number of steps through a pruner,
// which is asked at every step and whose advice every trial ignores, so that the
// history is as large as it can be. It calls mark with the number of trials and
// of decisions made so far.
func grow(tb testing.TB, p Pruner, n, steps int, mark func(trials, decisions int)) {
	rng := rand.New(rand.NewPCG(1, 1))
	log := storage.NewLog(1)
	decisions := 0
	for number := range n {
		tr := &storage.Trial{Number: number, State: storage.Running}
		q := &Query{Study: "s", Direction: storage.Minimize, Trial: tr, SetAttr: func(key string, value any) error {
			tr.SystemAttrs = tr.SystemAttrs.With(key, strconv.FormatFloat(value.(float64), 'g', -1, 64))
			return nil
		}}
		level := rng.Float64()
		for step := range steps {
			tr.Reports = append(tr.Reports, storage.Report{Step: step, Value: level + 0.1*rng.Float64()})
			q.History = log.History()
			if _, err := p.Prune(tb.Context(), q); err != nil {
				tb.Fatal(err)
			}
			decisions++
		}
		tr.State, tr.Values = storage.Complete, []float64{level}
		log.Append(tr)
		mark(number+1, decisions)
	}
}

// BenchmarkDecision is the cost of one decision, the taking in of what has
// finished included, in studies of 100, 1,000 and 10,000 trials of 100 steps: a
// cost of O(log n) makes the last at most twice the first.
func BenchmarkDecision(b *testing.B) {
	for _, name := range []string{"Median", "Percentile", "SuccessiveHalving", "halving, auto", "Hyperband", "Hyperband, auto", "Threshold", "Patient", "Wilcoxon"} {
		for _, n := range []int{100, 1000, 10000} {
			b.Run(fmt.Sprintf("%s/trials=%d", name, n), func(b *testing.B) {
				for range b.N {
					total := 0
					grow(b, all()[name], n, 100, func(_, d int) { total = d })
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(total), "ns/decision")
				}
			})
		}
	}
}
