package main

import (
	"strings"
	"testing"
)

func TestPack(t *testing.T) {
	s := settings{window: 15, tries: 32, shortest: 3}
	all := func(n int) []byte { return []byte(strings.Repeat("abcdefgh", n)) }
	if short, long := s.pack(all(10)), s.pack(all(400)); long > short+4 {
		t.Errorf("ten repetitions take %d bytes, four hundred %d", short, long)
	}
	noise := make([]byte, 1000)
	for i := range noise {
		noise[i] = byte(i * i * 31 >> 3)
	}
	if n := s.pack(noise); n < 100 || n > 1010 {
		t.Errorf("1000 bytes of noise take %d", n)
	}
	wide := settings{window: 20, tries: 1000, shortest: 4, lazy: true}
	if a, b := s.pack(input()), wide.pack(input()); b >= a {
		t.Errorf("a longer search finds less: %d bytes, %d before", b, a)
	}
}
