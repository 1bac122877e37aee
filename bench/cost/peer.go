package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

//go:embed peer.py
var script string

// peerSampler returns the peers' counterpart of a sampler, "" if there is none.
func peerSampler(name string) string {
	return map[string]string{"random": "RandomSampler", "tpe": "TPESampler", "tpe-optuna": "TPESampler", "cma": "CmaEsSampler"}[name]
}

// peer runs the study in the peer's library and returns its processor time.
func (o *options) peer(j job) (time.Duration, error) {
	cmd := exec.Command(o.python, "-c", script, o.library, peerSampler(j.sampler), strconv.Itoa(j.trials), strconv.Itoa(j.dims))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("-peer %s: %w; it must be a Python with the packages %s and cmaes", o.python, err, o.library)
	}
	var r struct{ CPU, Best float64 }
	if err := json.Unmarshal(out, &r); err != nil {
		return 0, fmt.Errorf("the peer printed %q: %w", out, err)
	}
	fmt.Printf("%s %s n=%d d=%d cpu=%.3f best=%.4g\n", o.library, peerSampler(j.sampler), j.trials, j.dims, r.CPU, r.Best)
	return time.Duration(r.CPU * 1e9), nil
}
