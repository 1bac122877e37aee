package qmc

import (
	"slices"
	"sync"
	"sync/atomic"
)

// primes holds the prime numbers found so far, in order. The slice behind the
// pointer never changes; a longer one takes its place.
var (
	primes     atomic.Pointer[[]uint64]
	primesGrow sync.Mutex
)

// prime returns prime number n, counted from 0: 2, 3, 5, 7, …
func prime(n int) uint64 {
	if p := primes.Load(); p != nil && n < len(*p) {
		return (*p)[n]
	}
	primesGrow.Lock()
	defer primesGrow.Unlock()
	limit := 1024
	if p := primes.Load(); p != nil {
		if n < len(*p) {
			return (*p)[n]
		}
		limit = 2 * int((*p)[len(*p)-1])
	}
	for {
		p := sieve(limit)
		if n < len(p) {
			primes.Store(&p)
			return p[n]
		}
		limit *= 2
	}
}

// sieve returns the primes up to limit by the sieve of Eratosthenes.
func sieve(limit int) []uint64 {
	composite := make([]bool, limit+1)
	var p []uint64
	for i := 2; i <= limit; i++ {
		if composite[i] {
			continue
		}
		p = append(p, uint64(i))
		if i > limit/i { // nor is i² an int everywhere
			continue
		}
		for j := i * i; j <= limit; j += i {
			composite[j] = true
		}
	}
	return slices.Clip(p)
}
