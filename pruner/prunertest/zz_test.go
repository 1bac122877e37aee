package prunertest_test
import ("testing";"github.com/gohone/hone/pruner";"github.com/gohone/hone/pruner/prunertest")
func TestZ(t *testing.T){
 for n, f := range map[string]func() pruner.Pruner{
 "Median": func() pruner.Pruner { return &pruner.Median{} },
 "Pct": func() pruner.Pruner { return &pruner.Percentile{Percentile: 25} },
 "SH": func() pruner.Pruner { return &pruner.SuccessiveHalving{} },
 "SH1": func() pruner.Pruner { return &pruner.SuccessiveHalving{MinResource:1} },
 "HB": func() pruner.Pruner { return &pruner.Hyperband{} },
 "HB27": func() pruner.Pruner { return &pruner.Hyperband{MaxResource:27} },
 "Wil": func() pruner.Pruner { return &pruner.Wilcoxon{} },
 "PatM": func() pruner.Pruner { return &pruner.Patient{Pruner:&pruner.Median{}, Patience:2} },
 } { t.Run(n, func(t *testing.T){ prunertest.Run(t, f) }) }
}
