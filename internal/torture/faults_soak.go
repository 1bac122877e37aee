//go:build linux || darwin

package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
)

// F32: a process opens, works and closes over and over; nothing piles up in it.
func soak(r *run) {
	p := r.place()
	q := r.spawn(job{Task: "soak", URL: p.url, Study: "one", PauseMS: r.times(2000, 30*60e3)})
	if q.wait() != nil {
		r.failf("%s", q.errors())
		return
	}
	trials := 0
	if _, err := fmt.Sscan(q.stdout.String(), &trials); err != nil {
		r.failf("it said %q", q.stdout.String())
	}
	r.inject(trials, "trials")
}

// A load is what a process holds.
type load struct {
	goroutines, files int
	heap              uint64
}

func held() load {
	runtime.GC()
	runtime.GC() // for what finalizers let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	l := load{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		if files, err := os.ReadDir(dir); err == nil {
			l.files = len(files)
			break
		}
	}
	return l
}

func keepOn(ctx context.Context, j *job) error {
	const trials = 12
	cycle := func() error {
		var st storage.Storage = storage.NewMemory()
		if j.URL != "" {
			var err error
			if st, err = j.open(ctx); err != nil {
				return err
			}
		}
		defer st.Close()
		s, err := hone.NewStudy(&hone.Options{Name: j.Study, Storage: st, Sampler: &sampler.Random{}})
		if err == nil {
			err = s.OptimizeContext(ctx, plain, &hone.OptimizeOptions{Trials: trials, Workers: 4})
		}
		if err == nil {
			err = hone.DeleteStudy(ctx, st, j.Study)
		}
		return err
	}
	for range 3 {
		if err := cycle(); err != nil {
			return err
		}
	}
	before, cycles := held(), 0
	for end := time.Now().Add(time.Duration(j.PauseMS) * time.Millisecond); cycles < 3 || time.Now().Before(end); cycles++ {
		if err := cycle(); err != nil {
			return err
		}
	}
	after := held()
	for range 100 { // what is closed may take a moment to end
		if after.goroutines <= before.goroutines+2 && after.files <= before.files+2 {
			break
		}
		time.Sleep(50 * time.Millisecond)
		after = held()
	}
	if after.goroutines > before.goroutines+2 || after.files > before.files+2 || after.heap > before.heap+16<<20 {
		return fmt.Errorf("in %d cycles %+v became %+v", cycles, before, after)
	}
	fmt.Println(trials * cycles)
	return nil
}
