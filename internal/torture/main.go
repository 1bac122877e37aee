//go:build linux || darwin

// Torture runs the fault table of hone's storages: it kills, stops, cuts, fills,
// corrupts and restarts what a study lives on, counts the faults, and looks
// afterwards whether anything was lost or counted twice.
//
//	go -C internal/torture run . [-ci] [-seed N] [-storage NAMES] [-fault NAMES] [-o FILE]
//
// Without -ci each fault is injected often enough for an hour or more; with it,
// for some minutes. HONE_POSTGRES, HONE_MYSQL and HONE_REDIS name servers that may
// be used; faults that end a server, and kinds without a variable, start servers
// of their own where the programs are installed. HONE_PYTHON names a Python that
// has Optuna. The exit status is 1 when an invariant was violated.
//
// Invariants: I1 numbers are 0…N−1; I2 each acknowledged result is there with
// equal bits; I3 no result is counted twice; I4 nothing is left under a lease; I5
// as many trials count as the budget says; I6 Optuna reads the same.
package main

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"time"
)

var faults = []fault{
	{"F1", "kill -9 of a random worker at a random moment", killRandom},
	{"F2", "kill -9 before and after each call, and at the n-th packet", killAtPoint},
	{"F3", "SIGTERM and SIGINT", signals},
	{"F4", "SIGSTOP for two leases, then SIGCONT", freeze},
	{"F5", "database server restarted, fast and at once", restartDatabase},
	{"F6", "connection cut at a random packet, after a commit too", cutPackets},
	{"F7", "latency and resets", latency},
	{"F8", "Redis restarted, with its log and without", restartRedis},
	{"F9", "kill -9 of the gRPC server", killProxy},
	{"F10", "journal torn at every byte of its last records", tornTail},
	{"F11", "stale locks, and waiters", staleLocks},
	{"F12", "unsynced writes lost, doubled, reordered", unsynced},
	{"F13", "bytes changed in what is stored", corruption},
	{"F14", "disk full", diskFull},
	{"F15", "no right to write; file deleted while open", noRight},
	{"F16", "no file descriptors left", noDescriptors},
	{"F17", "workers in other time zones", timeZones},
	{"F18", "64 workers start together on nothing", startTogether},
	{"F19", "64 workers, trials that do nothing", crowd},
	{"F20", "256 goroutines", goroutines},
	{"F21", "Python and Go on one study, half of them killed", mixed},
	{"F22", "enqueued trials, 64 takers", queue},
	{"F23", "deadlocks provoked by an outside connection", deadlocks},
	{"F24", "schema older, newer, foreign, half made", schemas},
	{"F25", "study deleted under 8 workers", deleted},
	{"F26", "a reader ten times a second beside 64 workers", reader},
	{"F27", "a large study: open, resume, suggest", large},
	{"F28", "objective panics, exits its goroutine, ignores its context", objectives},
	{"F29", "callback, sampler, pruner, logger panic", components},
	{"F30", "the same random calls on every storage", metamorphic},
	{"F31", "linearizability of create, claim and finish", linearizable},
	{"F32", "soak: memory, descriptors, goroutines", soak},
}

// A fault is one row of the table.
type fault struct {
	id, name string
	run      func(r *run)
}

func main() {
	if task := os.Getenv(taskVar); task != "" {
		os.Exit(child(task))
	}
	os.Exit(torture())
}

func torture() int {
	var o options
	flag.BoolVar(&o.ci, "ci", false, "inject few faults of each kind: some minutes")
	flag.Uint64Var(&o.seed, "seed", 1, "of everything that is random, except for what the clock decides")
	storages := flag.String("storage", "", "only these, by comma: "+strings.Join(kindNames(), ", "))
	only := flag.String("fault", "", "only these, by comma: F1, F2, …")
	out := flag.String("o", "", "write the table to this file as well")
	jobs := flag.Int("jobs", 3, "faults that are injected at once, each into a storage of its own")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "torture: what is %q? There are only flags\n", flag.Arg(0))
		return 2
	}
	places, err := pick(*storages, kinds, func(k *kind) string { return k.name })
	if err == nil {
		o.faults, err = pick(*only, faults, func(f fault) string { return f.id })
	}
	if err == nil {
		o.dir, err = os.MkdirTemp("", "torture")
	}
	if err == nil {
		err = os.Chmod(o.dir, 0o755) // servers run as users of their own
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		return 2
	}
	defer os.RemoveAll(o.dir)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s := newServers(o.dir)
	defer s.stop()

	if o.ci {
		// Whatever hangs is to be seen, and not to hold CI up.
		defer time.AfterFunc(ciTime, func() {
			fmt.Printf("torture: not over after %v; where it hangs:\n", ciTime)
			pprof.Lookup("goroutine").WriteTo(os.Stdout, 1)
			s.stop()
			os.Exit(1)
		}).Stop()
	}
	begin := time.Now()
	t := newTable(places, o.faults)
	slots := make(chan struct{}, max(1, *jobs))
	var wg sync.WaitGroup
	for _, f := range o.faults {
		for _, k := range places {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				if ctx.Err() == nil {
					t.set(f, k, torment(ctx, &o, s, f, k))
				}
			})
		}
	}
	wg.Wait()
	took := time.Since(begin).Round(time.Second)
	fmt.Println()
	t.write(os.Stdout, &o, took)
	if *out != "" {
		var b strings.Builder
		t.write(&b, &o, took)
		if err := os.WriteFile(*out, []byte(b.String()), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "torture:", err)
			return 1
		}
	}
	if ctx.Err() != nil || t.failures() > 0 {
		return 1
	}
	return 0
}

// ciTime is several times what CI's share takes.
const ciTime = 20 * time.Minute

// pick returns those whose names are in a list, all for an empty one.
func pick[T any](list string, all []T, name func(T) string) ([]T, error) {
	if list == "" {
		return all, nil
	}
	var out []T
next:
	for _, want := range strings.Split(list, ",") {
		for _, x := range all {
			if strings.EqualFold(name(x), strings.TrimSpace(want)) {
				out = append(out, x)
				continue next
			}
		}
		return nil, fmt.Errorf("there is no %q", want)
	}
	return out, nil
}

type options struct {
	ci     bool
	seed   uint64
	dir    string
	faults []fault
}

// A run is one fault on one storage.
type run struct {
	*options
	ctx     context.Context
	servers *servers
	kind    *kind
	fault   fault
	dir     string
	rand    *rand.Rand

	mu       sync.Mutex
	injected int
	unit     string // of what was injected
	skipped  string // why there is nothing to do
	problems []string
	cleanup  []func()
}

// abort ends a run that cannot go on.
type abort struct{}

func torment(ctx context.Context, o *options, s *servers, f fault, k *kind) *run {
	h := fnv.New64a()
	fmt.Fprint(h, f.id, k.name)
	r := &run{options: o, ctx: ctx, servers: s, kind: k, fault: f, rand: rand.New(rand.NewPCG(o.seed, h.Sum64()))}
	r.dir = filepath.Join(o.dir, fmt.Sprintf("%s-%s", f.id, strings.ReplaceAll(k.name, " ", "")))
	begin := time.Now()
	func() {
		defer func() {
			for i := len(r.cleanup) - 1; i >= 0; i-- {
				r.cleanup[i]()
			}
			if p := recover(); p != nil {
				if _, ok := p.(abort); !ok {
					r.failf("the torture itself panicked: %v\n%s", p, debug.Stack())
				}
			}
		}()
		r.must(os.MkdirAll(r.dir, 0o777))
		r.must(os.Chmod(r.dir, 0o777))
		f.run(r)
	}()
	os.RemoveAll(r.dir)
	state := "ok"
	if r.skipped != "" {
		state = "— " + r.skipped
	} else if len(r.problems) > 0 {
		state = "FAILED"
	}
	fmt.Printf("%-4s %-18s %6d %-10s %5.1f s  %s\n", f.id, k.name, r.injected, r.unit, time.Since(begin).Seconds(), state)
	for _, p := range r.problems {
		fmt.Printf("     %s\n", strings.ReplaceAll(p, "\n", "\n     "))
	}
	return r
}

// failf notes that an invariant was violated.
func (r *run) failf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.problems) < 10 {
		r.problems = append(r.problems, fmt.Sprintf(format, args...))
	}
}

// must ends the run when what it needs cannot be had.
func (r *run) must(err error) {
	if err != nil {
		r.failf("%v\n%s", err, caller())
		panic(abort{})
	}
}

// skip says why the fault does not exist on this storage.
func (r *run) skip(why string) {
	r.skipped = why
	panic(abort{})
}

// inject counts faults.
func (r *run) inject(n int, unit string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.injected += n
	r.unit = unit
}

// times is how often something is done: in CI, or at full length.
func (r *run) times(ci, full int) int {
	if r.ci {
		return ci
	}
	return full
}

func (r *run) after(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanup = append(r.cleanup, f)
}

// caller names the places that lead here.
func caller() string {
	var out []string
	for _, line := range strings.Split(string(debug.Stack()), "\n") {
		if strings.Contains(line, "internal/torture/") && !strings.Contains(line, "main.go") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return strings.Join(out, "\n")
}
