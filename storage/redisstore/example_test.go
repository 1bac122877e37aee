package redisstore_test

import (
	"context"
	"fmt"
	"log"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/redisstore"
)

// Every process that runs this, on whatever machine, works on the same study
// until 100 trials are done.
func ExampleNew() {
	client := redis.NewClient(&redis.Options{Addr: "redis.example.org:6379"})
	defer client.Close()
	st, err := redisstore.New(client, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer st.Close()
	study, err := hone.NewStudy(&hone.Options{Name: "parabola", Storage: st, LoadIfExists: true})
	if err != nil {
		log.Fatal(err)
	}
	objective := func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", -10, 10)
		return (x - 2) * (x - 2), nil
	}
	if err := study.OptimizeContext(context.Background(), objective, &hone.OptimizeOptions{TotalTrials: 100}); err != nil {
		log.Fatal(err)
	}
	best, err := study.BestTrial()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(best.Params)
}
