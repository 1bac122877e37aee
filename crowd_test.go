package hone_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
)

// Workers whose trials begin at the same time know what the others have chosen.
func TestWorkersThatBeginTogether(t *testing.T) {
	for name, s := range map[string]sampler.Sampler{"GP": &sampler.GP{}, "TPE": &sampler.TPE{}, "Auto": &sampler.Auto{}} {
		const workers, rounds = 12, 6 // 72 trials, 75 points
		study, err := hone.NewStudy(&hone.Options{Seed: 3, Sampler: s})
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		here, open := 0, make(chan struct{})
		together := func() { // returns when every worker is there
			mu.Lock()
			gate := open
			if here++; here == workers {
				here, open = 0, make(chan struct{})
				close(gate)
			}
			mu.Unlock()
			<-gate
		}
		points := make(map[string]int)
		err = study.OptimizeContext(context.Background(), func(tr *hone.Trial) (float64, error) {
			together()
			a, b, c := tr.SuggestInt("a", 0, 4), tr.SuggestInt("b", 0, 4), tr.SuggestInt("c", 0, 2)
			mu.Lock()
			points[fmt.Sprint(a, b, c)]++
			mu.Unlock()
			together()
			return float64(a + b + c), nil
		}, &hone.OptimizeOptions{Trials: workers * rounds, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		// The first trials know of no parameters yet, and of the first that does, the
		// others may not hear.
		if len(points) < workers*(rounds-1) {
			t.Errorf("%s: %d trials at %d different points", name, workers*rounds, len(points))
		}
	}
}
