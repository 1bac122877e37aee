package storage_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gohone/hone/storage"
)

// Attrs against a map and a list of keys, and against themselves: whoever holds
// earlier ones sees no change.
func TestAttrs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		var as storage.Attrs
		var order []string
		values := make(map[string]string)
		type held struct{ now, then storage.Attrs }
		var earlier []held
		for range 60 {
			key, value := fmt.Sprint("k", r.IntN(20)), fmt.Sprint(r.IntN(1000))
			earlier = append(earlier, held{as, slices.Clone(as)})
			as = as.With(key, value)
			if _, ok := values[key]; !ok {
				order = append(order, key)
			}
			values[key] = value
		}
		if len(as) != len(order) {
			t.Fatalf("%d attributes, want %d", len(as), len(order))
		}
		for i, key := range order {
			if as[i].Key != key {
				t.Errorf("position %d holds %q, want %q, as the keys were first set in the order %v", i, as[i].Key, key, order)
			}
			if got, ok := as.Get(key); !ok || got != values[key] {
				t.Errorf("Get(%q) = %q, %v, want %q", key, got, ok, values[key])
			}
		}
		if got, ok := as.Get("none"); ok || got != "" {
			t.Errorf("Get of a key that is not set = %q, %v", got, ok)
		}
		for i, h := range earlier {
			if !slices.Equal(h.now, h.then) {
				t.Fatalf("the attributes after %d calls were %v and have become %v", i, h.then, h.now)
			}
		}
	}
}
