package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/gohone/hone"
)

// settings are the flags of a compressor of the family of Lempel and Ziv (1977).
type settings struct {
	window   int  // how far back it looks: 2^window bytes
	tries    int  // how many earlier places it compares
	shortest int  // bytes that are worth a reference
	lazy     bool // look whether a reference one byte later would be longer
}

// isPacker parses the flags. It reports whether they say that this process is the
// compressor, which has then done its work.
func isPacker() bool {
	var s settings
	pack := flag.Bool("pack", false, "be the program that is tuned")
	flag.IntVar(&s.window, "window", 15, "look back 2^`n` bytes")
	flag.IntVar(&s.tries, "tries", 32, "compare `n` earlier places")
	flag.IntVar(&s.shortest, "shortest", 3, "refer to runs of `n` bytes or more")
	flag.BoolVar(&s.lazy, "lazy", false, "wait a byte for a longer run")
	flag.Parse()
	if *pack {
		fmt.Printf("packed to %d bytes\n", s.pack(input()))
	}
	return *pack
}

// input is text with a structure, and stretches on which a search that does not
// know when to stop takes for ever: a table of numbers, blanks, and repetitions.
func input() []byte {
	var b strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&b, "%6d  %x  %s\n", i, i*i, strconv.Itoa(i%97)+strings.Repeat(" ", i%50))
		if i%1000 == 0 {
			b.WriteString(strings.Repeat("0", 20000))
		}
	}
	return []byte(b.String())
}

// pack returns how many bytes the data takes when its literals, lengths and
// distances are coded at their entropy.
func (s *settings) pack(data []byte) int {
	if s.shortest < 3 || s.window < 1 || s.tries < 1 {
		log.Fatalf("flags out of range: %+v", *s)
	}
	head, previous := make(map[[3]byte]int), make([]int, len(data))
	enter := func(i int) {
		if i+3 <= len(data) {
			key := [3]byte(data[i:])
			previous[i] = -1
			if at, ok := head[key]; ok {
				previous[i] = at
			}
			head[key] = i
		}
	}
	longest := func(i int) (length, distance int) {
		if i+3 > len(data) {
			return 0, 0
		}
		at, ok := head[[3]byte(data[i:])]
		for tries := s.tries; ok && at >= 0 && i-at <= 1<<s.window && tries > 0; tries-- {
			n := 0
			for i+n < len(data) && data[at+n] == data[i+n] && n < 1<<12 {
				n++
			}
			if n > length {
				length, distance = n, i-at
			}
			at = previous[at]
		}
		return length, distance
	}
	symbols, extra := make(map[int]int), 0.0
	emit := func(kind, value int) { // the number of bits is coded, the bits follow
		bits := int(math.Log2(float64(value)))
		symbols[kind*256+bits]++
		extra += float64(bits)
	}
	for i := 0; i < len(data); {
		length, distance := longest(i)
		enter(i)
		if s.lazy && length >= s.shortest && i+1 < len(data) {
			if next, _ := longest(i + 1); next > length {
				length = 0
			}
		}
		if length < s.shortest {
			symbols[int(data[i])]++
			i++
			continue
		}
		emit(1, length)
		emit(2, distance)
		for k := 1; k < length; k++ {
			enter(i + k)
		}
		i += length
	}
	total, bits := 0, extra
	for _, n := range symbols {
		total += n
	}
	for _, n := range symbols {
		bits -= float64(n) * math.Log2(float64(n)/float64(total))
	}
	return int(math.Ceil(bits / 8))
}

// asItComes returns 20 times what the program takes without being told anything,
// which is long enough on a machine that is busy with other things, too.
func asItComes(ctx context.Context) (time.Duration, error) {
	begun := time.Now()
	if err := exec.CommandContext(ctx, os.Args[0], "-pack").Run(); err != nil {
		return 0, fmt.Errorf("run the program as it comes: %w", err)
	}
	return max(20*time.Since(begun), time.Second/2), nil
}

func report(study *hone.Study) {
	best, err := study.BestTrial()
	if err != nil {
		log.Fatal(err)
	}
	killed := 0
	for t, err := range study.AllTrials() {
		if err != nil {
			log.Fatal(err)
		}
		if t.State == hone.Failed {
			killed++
		}
	}
	plain := settings{window: 15, tries: 32, shortest: 3}
	fmt.Printf("%d bytes are packed to %d as the program comes and to %.0f with %v; %d runs were killed\n",
		len(input()), plain.pack(input()), best.Values[0], best.Params, killed)
}
