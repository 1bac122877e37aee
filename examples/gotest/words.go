package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"

	"github.com/gohone/hone"
)

// Sizes that the program has unless its environment says otherwise.
const (
	defaultBuffer   = 4096
	defaultCapacity = 1
)

// countWords is the program that is tuned: it counts the words of a text.
func countWords(r io.Reader) (map[string]int, error) {
	counts := make(map[string]int, size("CAPACITY", defaultCapacity))
	in := bufio.NewReaderSize(r, size("BUFFER", defaultBuffer))
	var word []byte
	for {
		c, err := in.ReadByte()
		if err == nil && c > ' ' {
			word = append(word, c)
			continue
		}
		if len(word) > 0 {
			counts[string(word)]++
			word = word[:0]
		}
		if err == io.EOF {
			return counts, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// size returns a number from the environment.
func size(name string, without int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return without
}

// rounds is how often each setting is measured.
const rounds = 7

var perOperation = regexp.MustCompile(`([0-9.]+) ns/op`)

// measure runs the benchmark a few times in an environment and returns the mean time
// of an operation in nanoseconds. Each time is reported as a step of its own, so that
// the pruner can compare it with the best setting's.
func measure(t *hone.Trial, binary string, gogc, buffer, capacity int) (mean float64, err error) {
	env := append(os.Environ(), fmt.Sprint("GOGC=", gogc), fmt.Sprint("BUFFER=", buffer), fmt.Sprint("CAPACITY=", capacity))
	for round := range rounds {
		cmd := exec.CommandContext(t.Context(), binary, "-test.run", "^$", "-test.bench", "CountWords", "-test.benchtime", "10ms")
		cmd.Env = env
		out, err := cmd.Output()
		if err != nil {
			return 0, err
		}
		found := perOperation.FindSubmatch(out)
		if found == nil {
			return 0, fmt.Errorf("no time in the output of the benchmark: %s", out)
		}
		time, err := strconv.ParseFloat(string(found[1]), 64)
		if err != nil {
			return 0, err
		}
		mean += time / rounds
		t.Report(round, time)
		if t.ShouldPrune() {
			return 0, hone.ErrPruned
		}
	}
	return mean, nil
}

func report(study *hone.Study) error {
	trials, err := study.Trials()
	if err != nil {
		return err
	}
	best, err := study.BestTrial()
	if err != nil {
		return err
	}
	fmt.Printf("%.0f ns/op as it comes, %.0f with %v\n", trials[0].Values[0], best.Values[0], best.Params)
	return nil
}
