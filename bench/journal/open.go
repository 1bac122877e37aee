package main

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/distributions"
	"github.com/gohone/hone/internal/oplog"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
)

// open measures the opening of a study of 28,000 trials, and the first trial after
// it.
func (o *options) open() error {
	path := o.path("big", 0)
	if err := bigJournal(path); err != nil {
		return err
	}
	fi, err := os.Stat(path)
	if err != nil {
		return err
	}
	var opened, trial []time.Duration
	for range o.turns {
		began := time.Now()
		st, err := journal.Open(path, nil)
		if err != nil {
			return err
		}
		s, err := hone.LoadStudy(context.Background(), st, "big", &hone.Options{Sampler: &sampler.Random{}})
		if err != nil {
			return err
		}
		if _, err := s.BestTrial(); err != nil {
			return err
		}
		opened = append(opened, time.Since(began))
		began = time.Now()
		if err := s.Optimize(func(t *hone.Trial) (float64, error) { return t.SuggestFloat("parameter_0", 0, 1), nil }, 20); err != nil {
			return err
		}
		trial = append(trial, time.Since(began)/20)
		if err := st.Close(); err != nil {
			return err
		}
	}
	fmt.Printf("a journal of %d trials, %.0f MB; a trial after it was opened takes %.3f ms\n", bigTrials, float64(fi.Size())/1e6, ms(median(trial)))
	o.promise("opened and its best trial known, seconds", median(opened).Seconds(), true, 2)
	return nil
}

const bigTrials = 28_000

// bigJournal writes a journal as Optuna writes it.
func bigJournal(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	worker := storage.NewUUID() + "-140707388986048"
	line := func(out []byte, err error) {
		if err != nil {
			panic(err) // there is nothing in it that could not be written
		}
		w.Write(append(out, '\n'))
	}
	now := time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC)
	line(oplog.AppendCreateStudy(nil, worker, "big", []storage.Direction{storage.Minimize}))
	for i := range bigTrials {
		now = now.Add(time.Second)
		line(oplog.AppendCreateTrial(nil, worker, 0, nil, now))
		for p := range 15 {
			v := math.Sqrt(float64(i*15 + p + 2))
			line(oplog.AppendParam(nil, worker, int64(i), storage.Param{
				Name: fmt.Sprintf("parameter_%d", p), Value: v - math.Floor(v), Dist: distributions.Float{Low: 0, High: 1},
			}))
		}
		line(oplog.AppendState(nil, worker, int64(i), storage.Complete, []float64{math.Sqrt(float64(i))}, now))
	}
	return w.Flush()
}
