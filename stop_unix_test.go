//go:build unix

package hone_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
)

// F4: a process that is stopped for longer than its lease loses its trial, which
// is run again with the same parameters; when it wakes, it learns so, and what it
// brings is not counted.
func TestStoppedProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "study.log")
	st, err := journal.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	s, err := hone.NewStudy(&hone.Options{Name: "stop", Storage: st, Sampler: new(sampler.Random), Lease: stopLease})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "HONE_TEST_STOP="+path)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	out := bufio.NewReader(pipe)
	line, err := out.ReadString('\n')
	first, ok := strings.CutPrefix(strings.TrimSpace(line), "begun ")
	if !ok {
		t.Fatalf("the process says %q, %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := s.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		return t.SuggestFloat("x", 0, 1), nil
	}, &hone.OptimizeOptions{TotalTrials: 1}); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if line, err := out.ReadString('\n'); line != "lease lost: true\n" {
		t.Errorf("the woken process says %q, %v", line, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	trials, err := s.Trials()
	if err != nil || len(trials) != 2 || trials[0].State != hone.Failed || trials[0].SystemAttrs[storage.AttrLost] == nil ||
		trials[1].State != hone.Complete || strconv.FormatFloat(trials[1].Values[0], 'g', -1, 64) != first {
		t.Errorf("it had begun with %s; %+v, %v", first, trials, err)
	}
	if best, err := s.BestValue(); err != nil || best < 0 {
		t.Errorf("best %v, %v: the late result was counted", best, err)
	}
}
