package open_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/open"
)

// A program that takes its storage from the command line. With another URL the
// study is in PostgreSQL, MySQL, Redis, a journal file, or behind a gRPC server.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "open")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	url := "sqlite:///" + filepath.ToSlash(filepath.Join(dir, "study.db"))

	ctx := context.Background()
	st, err := open.Open(ctx, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	study, err := hone.NewStudy(&hone.Options{Name: "parabola", Storage: st, LoadIfExists: true})
	if err != nil {
		log.Fatal(err)
	}
	err = study.OptimizeContext(ctx, func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", -10, 10)
		return (x - 2) * (x - 2), nil
	}, &hone.OptimizeOptions{TotalTrials: 10, Workers: 2})
	if err != nil {
		log.Fatal(err)
	}
	trials, err := study.Trials()
	fmt.Println(len(trials), err)
	// Output: 10 <nil>
}
