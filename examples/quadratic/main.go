// Quadratic finds the lowest point of a parabola: the smallest program with hone.
package main

import (
	"fmt"
	"log"

	"github.com/gohone/hone"
)

func main() {
	study, err := hone.NewStudy(nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := study.Optimize(func(t *hone.Trial) (float64, error) {
		x := t.SuggestFloat("x", -10, 10)
		return (x - 2) * (x - 2), nil
	}, 100); err != nil {
		log.Fatal(err)
	}
	best, err := study.BestTrial()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("x = %.3f gives %.6f (trial %d of 100)\n", best.Params["x"], best.Values[0], best.Number)
}
