package sampler_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/sampler"
)

// curveSteps is the number of steps of a whole trial.
const curveSteps = 16

// curves are ways in which an objective with the value f at last is reported on the way
// to there.
var curves = []struct {
	name   string
	report func(step, f, x float64, rng *rand.Rand) float64
}{
	{"alike", func(step, f, _ float64, _ *rand.Rand) float64 { return f + 0.3*math.Exp(-step/4) }},
	{"better ones fall more slowly", func(step, f, _ float64, _ *rand.Rand) float64 { return f + max(1.5-f, 0.1)*math.Exp(-step/4) }},
	{"noise", func(step, f, _ float64, rng *rand.Rand) float64 {
		return f + 0.3*math.Exp(-step/4) + 0.05*rng.NormFloat64()
	}},
	{"from a thousand", func(step, f, x float64, _ *rand.Rand) float64 { return f + 1000*(0.2+x)*math.Exp(-step) }},
}

// curveStudy returns the least value of complete trials of a bowl, with so many whole
// trials' steps in all.
func curveStudy(tb testing.TB, seed uint64, smp sampler.Sampler, p pruner.Pruner, dims, whole int, report func(step, f, x float64, rng *rand.Rand) float64) float64 {
	tb.Helper()
	study, err := hone.NewStudy(&hone.Options{Seed: seed, Sampler: smp, Pruner: p})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, best := context.Background(), math.Inf(1)
	for steps := 0; steps < whole*curveSteps; {
		tr, err := study.Ask(ctx, nil)
		if err != nil {
			tb.Fatal(err)
		}
		first, f := 0.0, 0.0
		for j := range dims {
			x := tr.SuggestFloat(fmt.Sprint("x", j), 0, 1)
			if j == 0 {
				first = x
			}
			c := 0.2 + 0.25*float64(j%3)
			f += (x - c) * (x - c) * (1 + 3*float64(j%2))
		}
		rng := rand.New(rand.NewPCG(uint64(tr.Number()), seed))
		cut := false
		for s := 1; s <= curveSteps && !cut; s++ {
			steps++
			tr.Report(s, report(float64(s), f, first, rng))
			cut = s < curveSteps && tr.ShouldPrune()
		}
		if cut {
			err = study.TellPruned(ctx, tr)
		} else {
			best = min(best, f)
			err = study.Tell(ctx, tr, f)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	return best
}

// Pruned trials help the model, however their curves run.
func TestGPLearnsFromPruned(t *testing.T) {
	for _, c := range curves[:2] {
		sum := 0.0
		for seed := range uint64(5) {
			sum += math.Log10(curveStudy(t, seed+1, new(sampler.GP), &pruner.SuccessiveHalving{}, 3, 30, c.report) + 1e-12)
		}
		if mean := sum / 5; mean > -5 {
			t.Errorf("%s: the best is 10^%.1f on average", c.name, mean)
		}
	}
}

// BenchmarkGPPruned measures the best value that the steps of 60 whole trials lead to,
// as a mean logarithm over 12 seeds.
func BenchmarkGPPruned(b *testing.B) {
	for _, c := range curves {
		for _, p := range []struct {
			name  string
			fresh func() pruner.Pruner
		}{
			{"Nop", func() pruner.Pruner { return &pruner.Nop{} }},
			{"Median", func() pruner.Pruner { return &pruner.Median{} }},
			{"SuccessiveHalving", func() pruner.Pruner { return &pruner.SuccessiveHalving{} }},
			{"Hyperband", func() pruner.Pruner { return &pruner.Hyperband{} }},
		} {
			for _, s := range []struct {
				name  string
				fresh func() sampler.Sampler
			}{
				{"GP", func() sampler.Sampler { return new(sampler.GP) }},
				{"TPE", func() sampler.Sampler { return new(sampler.TPE) }},
			} {
				b.Run(c.name+"/"+p.name+"/"+s.name, func(b *testing.B) {
					const seeds = 12
					sum := 0.0
					for range b.N {
						sum = 0
						for seed := range uint64(seeds) {
							sum += math.Log10(curveStudy(b, seed+1, s.fresh(), p.fresh(), 3, 60, c.report) + 1e-12)
						}
					}
					b.ReportMetric(sum/seeds, "log10(best)")
				})
			}
		}
	}
}
