package pruner_test

import (
	"testing"

	"github.com/gohone/hone/pruner"
	"github.com/gohone/hone/pruner/prunertest"
)

func TestSuite(t *testing.T) {
	low, high := -15.0, 15.0
	for _, c := range []struct {
		name  string
		fresh func() pruner.Pruner
		o     prunertest.Options
	}{
		{"Nop", func() pruner.Pruner { return &pruner.Nop{} }, prunertest.Options{Never: true}},
		{"Median", func() pruner.Pruner { return &pruner.Median{} }, prunertest.Options{}},
		{"Percentile", func() pruner.Pruner { return &pruner.Percentile{} }, prunertest.Options{}},
		{"SuccessiveHalving", func() pruner.Pruner { return &pruner.SuccessiveHalving{} }, prunertest.Options{}},
		{"halving from 1", func() pruner.Pruner { return &pruner.SuccessiveHalving{MinResource: 1, ReductionFactor: 2} }, prunertest.Options{}},
		{"Hyperband", func() pruner.Pruner { return &pruner.Hyperband{} }, prunertest.Options{}},
		{"Hyperband to 27", func() pruner.Pruner { return &pruner.Hyperband{MaxResource: 27} }, prunertest.Options{}},
		{"Threshold", func() pruner.Pruner { return &pruner.Threshold{Lower: &low, Upper: &high} }, prunertest.Options{Alone: true, Bounds: true}},
		{"Patient", func() pruner.Pruner { return &pruner.Patient{Patience: 3} }, prunertest.Options{Alone: true}},
		{"Patient with Median", func() pruner.Pruner { return &pruner.Patient{Patience: 1, Pruner: &pruner.Median{}} }, prunertest.Options{}},
		{"Wilcoxon", func() pruner.Pruner { return &pruner.Wilcoxon{} }, prunertest.Options{}},
	} {
		t.Run(c.name, func(t *testing.T) { c.o.Run(t, c.fresh) })
	}
}
