package main

import (
	"math"
	"strings"
	"unicode"
)

// settings are what the study chooses.
type settings struct {
	Bits    int  // features are hashed into 2^Bits places
	Dampen  bool // the weight of a feature is 1 + ln of its count, not the count
	Letters bool // runs of letters within words, rather than runs of words
	Most    int  // the longest run

	Bayes     bool
	Smoothing float64 // of naive Bayes: what is added to every count

	Rate  float64 // of logistic regression: the first step of the descent
	Decay float64 // and the weight of ½‖w‖²
}

// A feature is a place and its weight.
type feature struct {
	place  int32
	weight float32
}

// features returns the hashed runs of a text, by rising place. Weinberger et al.,
// "Feature hashing for large scale multitask learning", 2009, arXiv:0902.2206.
func (s settings) features(text string) []feature {
	counts := make(map[int32]float32)
	mask := int32(1)<<s.Bits - 1
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	for i, word := range words {
		if s.Letters {
			word = " " + word + " "
			for from := range word {
				for n := 2; n <= s.Most && from+n <= len(word); n++ {
					counts[int32(hash(word[from:from+n]))&mask]++
				}
			}
			continue
		}
		run := ""
		for n := 0; n < s.Most && i+n < len(words); n++ {
			run += " " + words[i+n]
			counts[int32(hash(run))&mask]++
		}
	}
	out := make([]feature, 0, len(counts))
	for place, count := range counts {
		if s.Dampen {
			count = float32(1 + math.Log(float64(count)))
		}
		out = append(out, feature{place, count})
	}
	sortByPlace(out) // so that sums come out the same in every run
	return out
}

// normalize scales the weights to a Euclidean norm of 1.
func normalize(x []feature) {
	var sum float64
	for _, f := range x {
		sum += float64(f.weight) * float64(f.weight)
	}
	if sum == 0 {
		return
	}
	scale := float32(1 / math.Sqrt(sum))
	for i := range x {
		x[i].weight *= scale
	}
}
