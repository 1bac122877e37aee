package grpcstore_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore"
)

// One process has the storage; any number of others, on any machines, reach it
// through the server. Here both are one process, and the storage is memory.
func Example() {
	server := grpcstore.NewServer(storage.NewMemory(), nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()

	st, err := grpcstore.Dial(l.Addr().String(), nil)
	if err != nil {
		log.Fatal(err)
	}
	study, err := hone.NewStudy(&hone.Options{Name: "parabola", Storage: st, LoadIfExists: true})
	if err != nil {
		log.Fatal(err)
	}
	err = study.OptimizeContext(context.Background(), func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", -10, 10)
		return (x - 2) * (x - 2), nil
	}, &hone.OptimizeOptions{TotalTrials: 10})
	if err != nil {
		log.Fatal(err)
	}
	trials, err := study.Trials()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(trials), "trials")

	if err := st.Close(); err != nil {
		log.Fatal(err)
	}
	server.Stop()
	fmt.Println(<-served)
	// Output:
	// 10 trials
	// <nil>
}
