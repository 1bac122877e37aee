package journal

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// A flusher makes appended records durable, one sync for all who wait for one
// (group commit). Whoever needs the disk and finds no sync under way starts one,
// which covers everything written before; who comes while it runs waits for it
// to end, and the first of those starts the next.
type flusher struct {
	f     *os.File
	off   bool
	syncs atomic.Int64

	mu      sync.Mutex
	ended   sync.Cond // a sync ended
	running bool
	written int64 // end of what was appended by us
	synced  int64 // end of what is known to be on disk
	err     error
}

func (g *flusher) start(f *os.File, off bool) {
	g.f, g.off = f, off
	g.ended.L = &g.mu
}

// wrote notes that records up to offset end are in the file.
func (g *flusher) wrote(end int64) {
	g.mu.Lock()
	g.written = end
	if g.synced > end { // the journal was cut and began anew
		g.synced = 0
	}
	g.mu.Unlock()
}

// failed returns the error of an earlier sync. After one, what the system holds
// of the file and what is on disk may differ for good, and later syncs would
// not tell.
func (g *flusher) failed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// wait returns when everything up to offset end is on disk.
func (g *flusher) wait(end int64) error {
	if g.off {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.synced < end && g.err == nil {
		if g.running {
			g.ended.Wait()
			continue
		}
		g.running = true
		covered := max(g.written, end)
		g.mu.Unlock()
		g.syncs.Add(1)
		err := syncFile(g.f)
		g.mu.Lock()
		g.running = false
		if err != nil {
			g.err = fmt.Errorf("sync %s: %w; what was written since the last sync may be lost, close the storage and open it again", g.f.Name(), err)
		} else {
			g.synced = max(g.synced, covered)
		}
		g.ended.Broadcast()
	}
	return g.err
}

// close makes everything durable.
func (g *flusher) close() error {
	g.mu.Lock()
	end := g.written
	g.mu.Unlock()
	return g.wait(end)
}
