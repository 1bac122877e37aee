package hone_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/honetest"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
)

// faultyStudy is a study of random points on a storage with faults; a call of
// Optimize never waits for long, for there is nobody else.
func faultyStudy(t *testing.T, durable bool, fault honetest.Fault) *hone.Study {
	t.Helper()
	var st storage.Storage = storage.NewMemory()
	if durable {
		j, err := journal.Open(filepath.Join(t.TempDir(), "study.log"), &journal.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { j.Close() })
		st = j
	}
	s, err := hone.NewStudy(&hone.Options{Storage: honetest.Faulty(st, fault), Seed: 1, Sampler: new(sampler.Random)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A call of the storage that fails once ends Optimize with its error; called
// again, it goes on to the budget exactly, and no result of the first call is lost.
func TestResultsOutliveAFault(t *testing.T) {
	for _, durable := range []bool{false, true} {
		for _, method := range []string{"Claim", "SetParam", "SetState", "Trials"} {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprint(method, " durable ", durable, " after ", after), func(t *testing.T) {
					var armed atomic.Bool
					calls := 0
					s := faultyStudy(t, durable, func(m string, _ int) (error, error) {
						if !armed.Load() || m != method {
							return nil, nil
						}
						// Reads are made beside, to look after leases, which try again
						// by themselves: reads fail until the call has ended.
						if calls++; calls < 4 || calls > 4 && m != "Trials" {
							return nil, nil
						}
						if after {
							return nil, honetest.ErrFault
						}
						return honetest.ErrFault, nil
					})
					armed.Store(true)
					brought := make(map[float64]bool)
					o := &hone.OptimizeOptions{TotalTrials: 8}
					run := func() error {
						ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
						defer cancel()
						return s.OptimizeContext(ctx, func(tr *hone.Trial) (float64, error) {
							x := tr.SuggestFloat("x", 0, 1)
							brought[x] = true
							return x, nil
						}, o)
					}
					if err := run(); !errors.Is(err, honetest.ErrFault) {
						t.Fatalf("the fault came back as %v", err)
					}
					armed.Store(false)
					if err := run(); err != nil {
						t.Fatal(err)
					}
					trials, err := s.Trials()
					if err != nil {
						t.Fatal(err)
					}
					counts := 0
					for _, f := range trials {
						if f.State == hone.Complete || f.State == hone.Failed && f.SystemAttrs[storage.AttrLost] == nil {
							counts++
						} else if f.State != hone.Failed {
							t.Errorf("trial %d is %s", f.Number, f.State)
						}
						if f.State == hone.Complete {
							delete(brought, f.Values[0])
						}
					}
					if counts != 8 || len(brought) > 0 {
						t.Errorf("%d trials count, %d results are missing", counts, len(brought))
					}
				})
			}
		}
	}
}

// Whatever fails, and however often, calling Optimize until it succeeds reaches the
// budget exactly.
func TestBudgetOutlivesFaults(t *testing.T) {
	for _, durable := range []bool{false, true} {
		for seed := range uint64(20) {
			var on atomic.Bool
			random := honetest.FailRandomly(seed, 0.05)
			s := faultyStudy(t, durable, func(m string, n int) (error, error) {
				if !on.Load() {
					return nil, nil
				}
				return random(m, n)
			})
			on.Store(true)
			faults := 0
			for {
				err := s.OptimizeContext(context.Background(), parabola, &hone.OptimizeOptions{TotalTrials: 30, Workers: 3})
				if err == nil {
					break
				}
				if faults++; !errors.Is(err, honetest.ErrFault) || faults > 1000 {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
			on.Store(false)
			trials, err := s.Trials()
			if err != nil {
				t.Fatal(err)
			}
			counts := 0
			for i, f := range trials {
				if f.Number != i || f.State == hone.Running || f.State == hone.Waiting {
					t.Errorf("seed %d: place %d has trial %d, %s", seed, i, f.Number, f.State)
				}
				if f.State == hone.Complete || f.State == hone.Failed && f.SystemAttrs[storage.AttrLost] == nil {
					counts++
				}
			}
			if counts != 30 {
				t.Errorf("seed %d, durable %v: %d trials count after %d faults, want 30", seed, durable, counts, faults)
			}
		}
	}
}
