package open_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/rdb"
)

// place is a database that several processes open: a file or a server's.
type place struct {
	server
	name string
}

func (p place) open(tb testing.TB) *rdb.Storage {
	if p.dialect == rdb.SQLite {
		return openSQLite(tb, p.name, nil)
	}
	return p.server.open(tb, p.name, nil)
}

// places runs a test on an empty database of each kind.
func places(t *testing.T, test func(t *testing.T, p place)) {
	t.Run("SQLite", func(t *testing.T) {
		test(t, place{server{name: "SQLite", dialect: rdb.SQLite}, filepath.Join(t.TempDir(), "studies.db")})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s := postgres(t)
		test(t, place{s, s.create(t, "")})
	})
	t.Run("MySQL", func(t *testing.T) {
		s := mariadb(t)
		test(t, place{s, s.create(t, "CHARACTER SET utf8mb4")})
	})
}

func intEnv(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// TestMain runs a worker's part when a test has started this program again.
func TestMain(m *testing.M) {
	if task := os.Getenv("HONE_TEST_TASK"); task != "" {
		if err := work(task); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// again starts this program as another process that does a task.
func (p place) again(ctx context.Context, task string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "HONE_TEST_TASK="+task, "HONE_TEST_DIALECT="+fmt.Sprint(int(p.dialect)), "HONE_TEST_URL="+p.url, "HONE_TEST_NAME="+p.name)
	cmd.Env = append(cmd.Env, args...)
	return cmd
}

func work(task string) error {
	p := place{server{dialect: rdb.Dialect(intEnv("HONE_TEST_DIALECT", 0)), url: os.Getenv("HONE_TEST_URL")}, os.Getenv("HONE_TEST_NAME")}
	ctx := context.Background()
	db, dialect, err := p.pool()
	if err != nil {
		return err
	}
	st, err := rdb.Open(ctx, db, dialect, &rdb.Options{CloseDB: true})
	if err != nil {
		return err
	}
	defer st.Close()
	switch task {
	case "start":
		study, err := hone.NewStudy(&hone.Options{Name: "one", Storage: st, LoadIfExists: true})
		if err != nil {
			return err
		}
		return study.Optimize(func(t *hone.Trial) (float64, error) { return t.SuggestFloat("x", 0, 1), nil }, 1)
	case "acks":
		return workWithAcks(ctx, st)
	case "optimize":
		study, err := hone.NewStudy(&hone.Options{Name: "one", Storage: st, LoadIfExists: true, Sampler: &sampler.Random{}})
		if err != nil {
			return err
		}
		params := intEnv("HONE_TEST_PARAMS", 0)
		return study.OptimizeContext(ctx, func(t *hone.Trial) (float64, error) {
			sum := 0.0
			for i := range params {
				sum += t.SuggestFloat(fmt.Sprint("x", i), 0, 1)
			}
			return sum, nil
		}, &hone.OptimizeOptions{TotalTrials: intEnv("HONE_TEST_TRIALS", 100), Workers: intEnv("HONE_TEST_WORKERS", 1)})
	}
	return fmt.Errorf("there is no task %q", task)
}

// TestManyProcesses lets processes of several workers each share a budget of
// trials that do nothing. HONE_TEST_TRIALS, HONE_TEST_PROCESSES and
// HONE_TEST_WORKERS make it larger.
func TestManyProcesses(t *testing.T) {
	trials, processes, workers := intEnv("HONE_TEST_TRIALS", 300), intEnv("HONE_TEST_PROCESSES", 4), intEnv("HONE_TEST_WORKERS", 4)
	places(t, func(t *testing.T, p place) {
		st := p.open(t)
		defer st.Close()
		begin := time.Now()
		var wg sync.WaitGroup
		for range processes {
			cmd := p.again(t.Context(), "optimize", fmt.Sprint("HONE_TEST_TRIALS=", trials), fmt.Sprint("HONE_TEST_WORKERS=", workers))
			wg.Add(1)
			go func() {
				defer wg.Done()
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("a process failed: %v\n%s", err, out)
				}
			}()
		}
		wg.Wait()
		t.Logf("%d trials in %v: %.0f a second", trials, time.Since(begin), float64(trials)/time.Since(begin).Seconds())
		checkStudy(t, st, "one", trials)
	})
}

// BenchmarkWorker is one worker whose trials have five parameters. HONE_POSTGRES
// and HONE_MYSQL add the servers.
func BenchmarkWorker(b *testing.B) {
	run := func(b *testing.B, p place) {
		st := p.open(b)
		defer st.Close()
		study, err := hone.NewStudy(&hone.Options{Storage: st, Sampler: &sampler.Random{}})
		if err != nil {
			b.Fatal(err)
		}
		b.ResetTimer()
		if err := study.Optimize(func(t *hone.Trial) (float64, error) {
			sum := 0.0
			for i := range 5 {
				sum += t.SuggestFloat(fmt.Sprint("x", i), 0, 1)
			}
			return sum, nil
		}, b.N); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("SQLite", func(b *testing.B) {
		run(b, place{server{name: "SQLite", dialect: rdb.SQLite}, filepath.Join(b.TempDir(), "studies.db")})
	})
	b.Run("PostgreSQL", func(b *testing.B) { s := postgres(b); run(b, place{s, s.create(b, "")}) })
	b.Run("MySQL", func(b *testing.B) { s := mariadb(b); run(b, place{s, s.create(b, "")}) })
	b.Run("sync", func(b *testing.B) { // of the disk, to compare with
		f := must(os.Create(filepath.Join(b.TempDir(), "f")))
		defer f.Close()
		page := make([]byte, 4096)
		for b.Loop() {
			must(f.Write(page))
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// checkStudy wants numbers without a gap, and a budget that was met exactly.
func checkStudy(t *testing.T, st storage.Storage, name string, budget int) {
	t.Helper()
	id, err := st.FindStudy(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	all, err := st.Trials(t.Context(), id, -1, nil)
	if err != nil {
		t.Fatal(err)
	}
	counts := 0
	for i := range all {
		if all[i].Number != i {
			t.Fatalf("the trial at position %d has the number %d", i, all[i].Number)
		}
		if all[i].Counts() {
			counts++
		} else if all[i].State != storage.Failed {
			t.Errorf("trial %d is %s", i, all[i].State)
		}
	}
	if counts != budget {
		t.Errorf("%d trials count, the budget was %d", counts, budget)
	}
}
