package journal_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/journal"
)

// A program that keeps its study in a file goes on where it stopped when it is
// run again, and may run many times at once.
func Example() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	for run := 1; run <= 2; run++ {
		trials, err := tune(filepath.Join(dir, "study.log"))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("after run %d: %d trials\n", run, trials)
	}
	// Output:
	// after run 1: 10 trials
	// after run 2: 20 trials
}

func tune(path string) (trials int, err error) {
	st, err := journal.Open(path, nil)
	if err != nil {
		return 0, err
	}
	defer st.Close()
	study, err := hone.NewStudy(&hone.Options{Name: "parabola", Storage: st, LoadIfExists: true})
	if err != nil {
		return 0, err
	}
	err = study.Optimize(func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", -10, 10)
		return (x - 2) * (x - 2), nil
	}, 10)
	if err != nil {
		return 0, err
	}
	all, err := study.Trials()
	return len(all), err
}
