package grpcstore

import (
	"sync"

	"github.com/gohone/hone/distributions"
)

// dists keeps distributions by their text.
type dists struct {
	mu    sync.Mutex
	known map[string]distributions.Distribution
}

// maxDists bounds what is kept, for a study whose ranges change with every trial.
const maxDists = 4096

func (d *dists) parse(text string) (distributions.Distribution, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if dist, ok := d.known[text]; ok {
		return dist, nil
	}
	dist, err := distributions.Unmarshal(text)
	if err != nil {
		return nil, err
	}
	if d.known == nil || len(d.known) >= maxDists {
		d.known = make(map[string]distributions.Distribution)
	}
	d.known[text] = dist
	return dist, nil
}
