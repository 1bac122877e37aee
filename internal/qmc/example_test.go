package qmc_test

import (
	"fmt"

	"github.com/gohone/hone/internal/qmc"
)

// Worker 1 of 2 takes the odd points; nobody has to tell it what the other did.
func ExampleSobol() {
	for index := uint64(1); index < 8; index += 2 {
		fmt.Println(index, qmc.Sobol(index, 0), qmc.Sobol(index, 1))
	}
	// Output:
	// 1 0.5 0.5
	// 3 0.25 0.75
	// 5 0.875 0.875
	// 7 0.125 0.625
}
