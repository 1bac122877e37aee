package main

import (
	"slices"
	"testing"
)

var toy = []comment{
	{"Encrypt seals the plaintext with the key.", 0}, {"Decrypt opens the ciphertext with the key.", 0}, {"Sign makes a signature with the private key.", 0},
	{"Dial connects to the address.", 1}, {"Listen waits for connections on the address.", 1}, {"Accept returns the next connection of the listener.", 1},
}

// Both classifiers, on words and on letters, tell the comments apart that they
// learned from, and new ones of the same words.
func TestClassifiers(t *testing.T) {
	fresh := []comment{{"The key opens a signature.", 0}, {"The next address connects.", 1}}
	for _, letters := range []bool{false, true} {
		for _, bayes := range []bool{false, true} {
			s := settings{Bits: 14, Dampen: true, Letters: letters, Most: 3, Bayes: bayes, Smoothing: 0.1, Rate: 1, Decay: 1e-6}
			c := train(s, toy, 2)
			if a, b := c.accuracy(toy), c.accuracy(fresh); a != 1 || b != 1 {
				t.Errorf("letters %t, bayes %t: accuracy %v on what was learned, %v on new comments", letters, bayes, a, b)
			}
		}
	}
}

func TestFeatures(t *testing.T) {
	weight := func(s settings, text string) (n int, total float32) {
		x := s.features(text)
		if !slices.IsSortedFunc(x, func(a, b feature) int { return int(a.place - b.place) }) {
			t.Errorf("features of %q are not in order", text)
		}
		for _, f := range x {
			total += f.weight
		}
		return len(x), total
	}
	if n, total := weight(settings{Bits: 18, Most: 2}, "a Key, a KEY"); n != 4 || total != 7 { // a ×2, key ×2, a key ×2, key a
		t.Errorf("words: %d features of weight %v", n, total)
	}
	if n, total := weight(settings{Bits: 18, Most: 3, Letters: true}, "abc"); n != 7 || total != 7 { // _a ab bc c_ _ab abc bc_
		t.Errorf("letters: %d features of weight %v", n, total)
	}
}

// The library is split by package: no set has comments of another's.
func TestLoad(t *testing.T) {
	learn, judge, test, parts, err := load(goroot())
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) < 8 || len(learn) < 1000 || len(judge) < 300 || len(test) < 200 {
		t.Errorf("%d parts, %d to learn from, %d to judge by, %d to test on", len(parts), len(learn), len(judge), len(test))
	}
	if _, _, _, _, err := load(t.TempDir()); err == nil {
		t.Error("an empty folder passes for a Go installation")
	}
}
