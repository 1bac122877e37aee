// Earlystop runs the same study twice on small data: every network is trained to
// the end, and then Hyperband stops those that lag behind. One learns how to report
// on the way, and what that saves.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/examples/internal/cancer"
	"github.com/gohone/hone/pruner"
)

// run tunes a network with a pruner and returns how many epochs were trained.
func run(ctx context.Context, seed uint64, p pruner.Pruner, learn, judge, test []cancer.Tumour) (passes int, err error) {
	begun, nets := time.Now(), make(map[int]*network)
	study, err := hone.NewStudy(&hone.Options{Name: "earlystop", Seed: seed, Pruner: p})
	if err != nil {
		return 0, err
	}
	err = study.OptimizeContext(ctx, func(t *hone.Trial) (float64, error) {
		net := suggest(t)
		nets[t.Number()] = net
		return net.train(t, learn, judge, &passes)
	}, &hone.OptimizeOptions{Trials: 100})
	if err != nil {
		return 0, err
	}
	best, err := study.BestTrial()
	if err != nil {
		return 0, err
	}
	fmt.Printf("%-17T %5d epochs in %4.1f s, best loss %.4f, accuracy on the test set %.3f\n", p, passes, time.Since(begun).Seconds(), best.Values[0], nets[best.Number].accuracy(test))
	return passes, nil
}

func main() {
	seed := flag.Uint64("seed", 2, "seed of the studies")
	flag.Parse()
	data, err := cancer.Load()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var passes [2]int
	for i, p := range []pruner.Pruner{&pruner.Nop{}, &pruner.Hyperband{MaxResource: epochs}} {
		if err == nil {
			passes[i], err = run(ctx, *seed, p, data[:300], data[300:420], data[420:])
		}
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("Hyperband saved %.0f %% of the training\n", 100-100*float64(passes[1])/float64(passes[0]))
}
