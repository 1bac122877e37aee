package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/open"
)

// postgres returns the URL of an empty schema of a server, for Go and Python alike.
func postgres(t *testing.T) string {
	t.Helper()
	server := os.Getenv("HONE_POSTGRES")
	if server == "" {
		t.Skip("HONE_POSTGRES is not set to the URL of a PostgreSQL server, as `.ci/servers start DIR` starts one")
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("cluster%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP SCHEMA " + name + " CASCADE"); err != nil {
			t.Log(err)
		}
		db.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Scheme = "postgresql+psycopg2" // what stands behind the + is for Python
	u.RawQuery = "options=-csearch_path%3D" + name
	return u.String()
}

// results returns how many trials of the study count, and how many were lost, and
// wants no other.
func results(t *testing.T, storage string) (counts, lost int, trials []hone.FrozenTrial) {
	t.Helper()
	st, err := open.Open(context.Background(), storage, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	study, err := hone.LoadStudy(context.Background(), st, "cluster", nil)
	if err != nil {
		t.Fatal(err)
	}
	if trials, err = study.Trials(); err != nil {
		t.Fatal(err)
	}
	for i, f := range trials {
		switch {
		case f.Number != i:
			t.Fatalf("place %d has number %d", i, f.Number)
		case f.State == hone.Complete:
			counts++
		case f.State == hone.Failed && f.SystemAttrs["hone:lost"] != nil:
			lost++
		default:
			t.Errorf("trial %d is %s", i, f.State)
		}
	}
	return counts, lost, trials
}

// workersOf returns the processes named worker below one.
func workersOf(pid int) (out []int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil // it has ended
	}
	for _, field := range strings.Fields(string(text)) {
		var child int
		if _, err := fmt.Sscan(field, &child); err != nil {
			return nil
		}
		if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", child)); err == nil && strings.TrimSpace(string(name)) == "worker" {
			out = append(out, child)
		}
		out = append(out, workersOf(child)...)
	}
	return out
}

// Eight workers on PostgreSQL, some of which are killed: the budget is exact.
func TestEightWorkers(t *testing.T) {
	storage := postgres(t)
	cmd := exec.Command("bash", "eight.sh", "-trials", "300")
	cmd.Env = append(os.Environ(), "HONE_STORAGE="+storage)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	var killed int
	var killer sync.WaitGroup
	killer.Go(func() {
		for killed < 3 {
			select {
			case <-ended:
				return
			case <-time.After(150 * time.Millisecond):
			}
			if all := workersOf(cmd.Process.Pid); len(all) == 8 {
				if p, err := os.FindProcess(all[killed]); err == nil && p.Kill() == nil {
					killed++
				}
			}
		}
	})
	err := cmd.Wait()
	close(ended)
	killer.Wait()
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	counts, lost, _ := results(t, storage)
	if counts != 300 {
		t.Errorf("%d trials count, the budget is 300", counts)
	}
	if _, err := os.Stat("/proc/self/task"); err == nil && killed == 0 {
		t.Error("no worker was killed")
	}
	t.Logf("%d workers killed, %d trials lost and run again", killed, lost)
}

// worker builds the program.
func worker(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "worker")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// together runs commands at the same time.
func together(t *testing.T, cmds ...*exec.Cmd) {
	t.Helper()
	var wg sync.WaitGroup
	for _, cmd := range cmds {
		wg.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %v\n%s", cmd.Args, err, out)
			}
		})
	}
	wg.Wait()
}

// Go and Python work on one study.
func TestWithPython(t *testing.T) {
	python := os.Getenv("HONE_PYTHON")
	if python == "" {
		t.Skip("HONE_PYTHON is not set to a Python with optuna and psycopg2")
	}
	storage := postgres(t)
	path := worker(t)
	env := append(os.Environ(), "HONE_STORAGE="+storage, "TZ=UTC")
	first := exec.Command(path, "-trials", "20")
	first.Env = env
	together(t, first)
	var cmds []*exec.Cmd
	for range 2 {
		cmds = append(cmds, exec.Command(path, "-trials", "160"), exec.Command(python, "worker.py", "cluster", "160"))
	}
	for _, cmd := range cmds {
		cmd.Env = env
	}
	together(t, cmds...)
	st, err := open.Open(context.Background(), storage, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	study, err := hone.LoadStudy(context.Background(), st, "cluster", nil)
	if err != nil {
		t.Fatal(err)
	}
	trials, err := study.Trials()
	if err != nil {
		t.Fatal(err)
	}
	complete := 0
	for i, f := range trials {
		if f.Number != i {
			t.Fatalf("place %d has number %d", i, f.Number)
		}
		if f.State == hone.Complete {
			complete++
		}
	}
	if complete < 160 || complete > 160+4 {
		t.Errorf("%d complete trials; the budget is 160, and two workers know nothing of it", complete)
	}
}

// The Slurm script runs as Slurm would run it, with an array of three.
func TestSlurmScript(t *testing.T) {
	path := worker(t)
	storage := "sqlite:///" + filepath.Join(t.TempDir(), "study.db")
	var cmds []*exec.Cmd
	for i := range 3 {
		cmd := exec.Command("bash", "array.slurm")
		cmd.Env = append(os.Environ(), "HONE_STORAGE="+storage, "WORKER="+path, "TRIALS=30", fmt.Sprint("SLURM_ARRAY_TASK_ID=", i), "SLURM_ARRAY_JOB_ID=7")
		cmds = append(cmds, cmd)
	}
	together(t, cmds...)
	if counts, lost, _ := results(t, storage); counts != 30 || lost != 0 {
		t.Errorf("%d trials count, %d lost; the budget is 30", counts, lost)
	}
	cmd := exec.Command("bash", "array.slurm")
	cmd.Env = append(os.Environ(), "HONE_STORAGE=")
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "say where the study is") {
		t.Errorf("without a storage: %v, %s", err, out)
	}
}

// The manifests are what Kubernetes and Compose read: the Job fulfils Kubernetes'
// schema, and in both every name that is used is defined.
func TestManifests(t *testing.T) {
	python := os.Getenv("HONE_PYTHON")
	if python == "" {
		t.Skip("HONE_PYTHON is not set to a Python with kubernetes-validate")
	}
	if out, err := exec.Command(python, "manifests.py").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A runner that is told to end leaves nothing under way.
func TestRunnerEnds(t *testing.T) {
	storage := "sqlite:///" + filepath.Join(t.TempDir(), "study.db")
	cmd := exec.Command("bash", "eight.sh", "-trials", "1000000")
	cmd.Env = append(os.Environ(), "HONE_STORAGE="+storage)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		st, err := open.Open(context.Background(), storage, nil)
		if err != nil {
			t.Fatal(err)
		}
		sums, err := hone.StudySummaries(context.Background(), st)
		if err != nil {
			t.Fatal(err)
		}
		st.Close()
		if len(sums) == 1 && sums[0].Trials > 20 {
			break
		}
		if time.Since(begin) > 2*time.Minute {
			t.Fatal("there are no trials")
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 143 {
		t.Errorf("the runner ended with %v", err)
	}
	st, err := open.Open(context.Background(), storage, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	study, err := hone.LoadStudy(context.Background(), st, "cluster", nil)
	if err != nil {
		t.Fatal(err)
	}
	trials, err := study.Trials()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range trials {
		if f.State == hone.Running {
			t.Errorf("trial %d is still running", f.Number)
		}
	}
}
