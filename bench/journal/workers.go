package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage/journal"
)

//go:embed peer.py
var script string

// workers measures one worker beside Optuna's and beside the disk, and eight
// workers beside one.
func (o *options) workers() error {
	var one, eight, theirs, disk []time.Duration // of a trial, a trial, a trial, a sync
	syncs, results, version := 0.0, 0.0, ""
	for turn := range o.turns {
		d, err := o.sync(turn)
		if err != nil {
			return err
		}
		disk = append(disk, d)
		t, _, err := study(o.path("one", turn), o.trials, 1)
		if err != nil {
			return err
		}
		one = append(one, t)
		t, n, err := study(o.path("eight", turn), 8*o.trials, 8)
		if err != nil {
			return err
		}
		eight = append(eight, t)
		syncs, results = syncs+float64(n), results+float64(8*o.trials)
		if o.python == "" {
			continue
		}
		if t, version, err = o.optuna(o.path("optuna", turn)); err != nil {
			return err
		}
		theirs = append(theirs, t)
	}
	sync, ours := median(disk), median(one)
	fmt.Printf("one sync of the disk %.3f ms; a trial of 5 floats %.3f ms by one worker, %.3f ms by eight\n", ms(sync), ms(ours), ms(median(eight)))
	if len(theirs) > 0 {
		peer := median(theirs)
		fmt.Printf("Optuna %s: %.3f ms\n", version, ms(peer))
		limit := max(0.2, 1.3*sync.Seconds()/peer.Seconds())
		o.promise("one worker, share of Optuna's time", ours.Seconds()/peer.Seconds(), true, limit)
	}
	o.promise("eight workers, syncs for a result", syncs/results, true, 0.4)
	if sync >= 2*time.Millisecond {
		o.promise("eight workers, times as fast as one", ours.Seconds()/median(eight).Seconds(), false, 3)
	}
	return nil
}

// study runs trials of five floats and returns the time of one and the number of
// syncs.
func study(path string, trials, workers int) (time.Duration, int64, error) {
	st, err := journal.Open(path, nil)
	if err != nil {
		return 0, 0, err
	}
	defer st.Close()
	s, err := hone.NewStudy(&hone.Options{Name: "s", Storage: st, Seed: 1, Sampler: &sampler.Random{}})
	if err != nil {
		return 0, 0, err
	}
	objective := func(t *hone.Trial) (float64, error) {
		sum := 0.0
		for _, name := range []string{"x0", "x1", "x2", "x3", "x4"} {
			x := t.SuggestFloat(name, -5, 5)
			sum += x * x
		}
		return sum, nil
	}
	if err := s.Optimize(objective, 20); err != nil {
		return 0, 0, err
	}
	before, began := st.Stats().Syncs, time.Now()
	if err := s.OptimizeContext(context.Background(), objective, &hone.OptimizeOptions{Trials: trials, Workers: workers}); err != nil {
		return 0, 0, err
	}
	return time.Since(began) / time.Duration(trials), st.Stats().Syncs - before, nil
}

// optuna runs them in Optuna.
func (o *options) optuna(path string) (time.Duration, string, error) {
	cmd := exec.Command(o.python, "-c", script, path, strconv.Itoa(o.trials))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, "", fmt.Errorf("-peer %s: %w; it must be a Python that has Optuna", o.python, err)
	}
	var r struct {
		Seconds float64
		Version string
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return 0, "", fmt.Errorf("the peer printed %q: %w", out, err)
	}
	return time.Duration(r.Seconds / float64(o.trials) * 1e9), r.Version, nil
}

// sync appends what a trial of five floats appends, syncs, and returns how long
// that takes.
func (o *options) sync(turn int) (time.Duration, error) {
	f, err := os.Create(o.path("sync", turn))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	line := make([]byte, 1400)
	began := time.Now()
	for range o.trials {
		if _, err := f.Write(line); err != nil {
			return 0, err
		}
		if err := f.Sync(); err != nil {
			return 0, err
		}
	}
	return time.Since(began) / time.Duration(o.trials), nil
}
