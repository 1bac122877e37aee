//go:build !unix

// Package cputime tells the processor time of this process.
package cputime

import "time"

var began = time.Now()

// Process returns the time since the program began, where the system does not say
// how much of it was the program's.
func Process() time.Duration { return time.Since(began) }
