package sampler_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gohone/hone"
	"github.com/gohone/hone/sampler"
	"github.com/gohone/hone/storage/journal"
)

// openCMAES opens the study of TestCMAESInAnotherProcess.
func openCMAES(path string) (*hone.Study, *journal.Storage, error) {
	st, err := journal.Open(path, nil)
	if err != nil {
		return nil, nil, err
	}
	s, err := hone.NewStudy(&hone.Options{Name: "cma", Storage: st, LoadIfExists: true, Seed: 9, Sampler: &sampler.CMAES{}})
	return s, st, err
}

func cmaesObjective(t *hone.Trial) (float64, error) {
	x, y, k := t.SuggestFloat("x", -5, 5), t.SuggestLogFloat("y", 1e-4, 1), t.SuggestInt("k", -8, 8)
	v := 1e4*math.Pow(x-1, 2) + math.Pow(math.Log10(y)+2, 2) + float64(k*k)
	if t.SuggestCategorical("c", "a", "b", "c") != "b" {
		v++
	}
	return v, nil
}

// cmaesNext runs one more trial of the study in a file, and says where.
func cmaesNext(path string) (string, error) {
	s, st, err := openCMAES(path)
	if err != nil {
		return "", err
	}
	var point string
	err = s.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		v, err := cmaesObjective(t)
		point = fmt.Sprint(t.Number(), " ", t.Params())
		return v, err
	}, &hone.OptimizeOptions{Trials: 1})
	if closed := st.Close(); err == nil {
		err = closed
	}
	return point, err
}

// TestCMAESNextPoint is the other process of TestCMAESInAnotherProcess.
func TestCMAESNextPoint(t *testing.T) {
	path := os.Getenv("HONE_TEST_CMAES")
	if path == "" {
		return // this is not such a process
	}
	point, err := cmaesNext(path)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("next: %s\n", point)
}

// Another process that opens a study's file has no state but the trials in it, and
// runs the next trial at the point at which this process does: in the first
// generation, at a generation's end, and after restarts.
func TestCMAESInAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "study.log")
	s, st, err := openCMAES(path)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	ran := 0
	for _, n := range []int{3, 40, 47, 300, 1500} {
		if err := s.Optimize(cmaesObjective, n-ran); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(dir, fmt.Sprintf("copy%d.log", n))
		if err := os.WriteFile(other, raw, 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], "-test.run", "^TestCMAESNextPoint$")
		cmd.Env = append(os.Environ(), "HONE_TEST_CMAES="+other)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("after %d trials: %v\n%s", n, err, out)
		}
		if err := s.Optimize(cmaesObjective, 1); err != nil { // the sampler has served the study all the time
			t.Fatal(err)
		}
		ran = n + 1
		trials, err := s.Trials()
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint("next: ", n, " ", trials[n].Params)
		line, _, _ := bytes.Cut(out, []byte("\n"))
		if got := strings.TrimSpace(string(line)); got != want {
			t.Errorf("after %d trials the other process went on at\n%s, this one at\n%s", n, got, want)
		}
	}
}
