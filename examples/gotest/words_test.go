package main

import (
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
)

func TestCountWords(t *testing.T) {
	for _, buffer := range []string{"", "16", "100000"} {
		t.Setenv("BUFFER", buffer)
		got, err := countWords(strings.NewReader(" to be\tor not\nto be"))
		if want := map[string]int{"to": 2, "be": 2, "or": 1, "not": 1}; err != nil || !maps.Equal(got, want) {
			t.Errorf("buffer %q: %v, %v", buffer, got, err)
		}
	}
}

// slow is a reader for which every call costs something, as it does with a file.
type slow struct {
	r   io.Reader
	sum int
}

func (s *slow) Read(p []byte) (int, error) {
	for i := range 200 {
		s.sum += i * len(p)
	}
	return s.r.Read(p)
}

func BenchmarkCountWords(b *testing.B) {
	var text strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&text, "word%d ", i*i%7919)
	}
	for b.Loop() {
		if _, err := countWords(&slow{r: strings.NewReader(text.String())}); err != nil {
			b.Fatal(err)
		}
	}
}
