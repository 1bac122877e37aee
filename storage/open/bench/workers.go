package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/open"
)

// A process is another one of this program.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// start runs a task with settings NAME=VALUE and waits until it is ready.
func start(ctx context.Context, task string, p place, settings ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &process{cmd: exec.CommandContext(ctx, self)}
	c.cmd.Env = append(append(os.Environ(), "HONE_BENCH_TASK="+task, "HONE_BENCH_URL="+p.url, "HONE_BENCH_STUDY="+studyName), settings...)
	c.cmd.Stderr = &c.stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if line, err := c.out.ReadString('\n'); err != nil || line != "ready\n" {
		c.in.Close()
		return nil, fmt.Errorf("a process says %q: %w\n%s", line, errors.Join(err, c.cmd.Wait()), c.stderr.String())
	}
	return c, nil
}

// end returns what the process says at its end.
func (c *process) end() (string, error) {
	out, err := io.ReadAll(c.out)
	if err := errors.Join(err, c.cmd.Wait()); err != nil {
		return "", fmt.Errorf("a process: %w\n%s", err, c.stderr.String())
	}
	return string(out), nil
}

// studyName is this run's own, for others may use the server.
var studyName = cmp.Or(os.Getenv("HONE_BENCH_STUDY"), fmt.Sprint("hone-bench-", time.Now().UnixNano()))

// child is what a process does.
func child(task string) error {
	setting := func(name string) int {
		n, _ := strconv.Atoi(os.Getenv(name))
		return n
	}
	ctx := context.Background()
	if task == "resume" {
		return resumeChild(ctx)
	}
	st, err := open.Open(ctx, os.Getenv("HONE_BENCH_URL"), nil)
	if err != nil {
		return err
	}
	defer st.Close()
	study, err := hone.LoadStudy(ctx, st, studyName, &hone.Options{Sampler: &sampler.Random{}})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	params := setting("HONE_BENCH_PARAMS")
	names := make([]string, params)
	for i := range names {
		names[i] = fmt.Sprint("x", i)
	}
	var done atomic.Int64
	err = study.OptimizeContext(ctx, func(t *hone.Trial) (float64, error) {
		sum := 0.0
		for _, name := range names {
			sum += t.SuggestFloat(name, 0, 1)
		}
		done.Add(1)
		return sum, nil
	}, &hone.OptimizeOptions{TotalTrials: setting("HONE_BENCH_TRIALS"), Workers: setting("HONE_BENCH_WORKERS")})
	fmt.Println(done.Load())
	return err
}

// ours runs trials in processes of several workers. It returns the time of each
// trial and the smallest share of a process, 1 being an equal one.
func (o options) ours(ctx context.Context, p place, processes, workers int) (perTrial time.Duration, least float64, err error) {
	st, err := open.Open(ctx, p.url, nil)
	if err != nil {
		return 0, 0, err
	}
	defer st.Close()
	id, err := st.CreateStudy(ctx, studyName, []storage.Direction{storage.Minimize})
	if err != nil {
		return 0, 0, err
	}
	defer hone.DeleteStudy(ctx, st, studyName)
	var all []*process
	for range processes {
		c, err := start(ctx, "work", p, fmt.Sprint("HONE_BENCH_TRIALS=", o.trials), fmt.Sprint("HONE_BENCH_WORKERS=", workers), fmt.Sprint("HONE_BENCH_PARAMS=", o.params))
		if err != nil {
			return 0, 0, err
		}
		defer c.cmd.Process.Kill()
		all = append(all, c)
	}
	begin := time.Now()
	for _, c := range all {
		if _, err := io.WriteString(c.in, "go\n"); err != nil {
			return 0, 0, err
		}
	}
	var counts []int
	for _, c := range all {
		out, err := c.end()
		if err != nil {
			return 0, 0, err
		}
		n, err := strconv.Atoi(strings.TrimSpace(out))
		if err != nil {
			return 0, 0, err
		}
		counts = append(counts, n)
	}
	took := time.Since(begin)
	trials, err := st.Trials(ctx, id, -1, nil)
	if err != nil {
		return 0, 0, err
	}
	finished := 0
	for i := range trials {
		t := &trials[i]
		switch {
		case t.Number != i:
			return 0, 0, fmt.Errorf("the trial at position %d has the number %d", i, t.Number)
		case t.State == storage.Complete:
			finished++
		default: // one that was taken for lost and run again
			fmt.Printf("%-9s trial %d is %s, from %s to %s, with %v\n", p.name, i, t.State, t.Started.Format(time.TimeOnly), t.Finished.Format(time.TimeOnly), t.SystemAttrs)
		}
	}
	if finished != o.trials {
		return 0, 0, fmt.Errorf("%d trials are complete, the budget was %d", finished, o.trials)
	}
	return took / time.Duration(o.trials), float64(slices.Min(counts)) * float64(processes) / float64(o.trials), nil
}

// one compares the wall time of a trial of one worker.
func (o options) one(ctx context.Context, p place) error {
	var our, peer, commit time.Duration
	for range o.rounds {
		d, _, err := o.ours(ctx, p, 1, 1)
		if err != nil {
			return err
		}
		our = shorter(our, d)
		if d, err = p.commit(ctx); err != nil {
			return err
		}
		commit = shorter(commit, d)
		if o.python == "" {
			continue
		}
		if d, err = o.peer(ctx, p, 1); err != nil {
			return err
		}
		peer = shorter(peer, d)
	}
	fmt.Printf("%-9s %d floats, one worker: hone %s a trial, %s %s, ratio %.2f", p.name, o.params, ms(our), p.commits(), ms(commit), float64(our)/float64(commit))
	if peer > 0 {
		fmt.Printf("; Optuna %s, ratio %.3f", ms(peer), float64(our)/float64(peer))
	}
	fmt.Println()
	return nil
}

// many compares the throughput of many workers.
func (o options) many(ctx context.Context, p place) error {
	commit, err := p.commit(ctx)
	if err != nil {
		return err
	}
	our, least, err := o.ours(ctx, p, o.processes, o.workers)
	if err != nil {
		return err
	}
	again, err := p.commit(ctx)
	if err != nil {
		return err
	}
	commit = (commit + again) / 2
	fmt.Printf("%-9s %d trials by %d processes of %d workers: hone %.0f a second, %s %.0f a second, ratio %.2f; budget exact, least share of a process %.2f",
		p.name, o.trials, o.processes, o.workers, rate(our), p.commits(), rate(commit), rate(our)/rate(commit), least)
	if o.python != "" {
		peer, err := o.peer(ctx, p, o.processes)
		if err != nil {
			return err
		}
		fmt.Printf("; Optuna %.1f a second with %d processes (%d trials), ratio %.1f", rate(peer), o.processes, o.peerTrials, rate(our)/rate(peer))
	}
	fmt.Println()
	return nil
}

func shorter(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

func rate(d time.Duration) float64 { return 1 / d.Seconds() }

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }
