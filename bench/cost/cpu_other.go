//go:build !unix

package main

import "time"

var began = time.Now()

// cpuTime returns the time since the program began, where the system does not say
// how much of it was the program's.
func cpuTime() time.Duration { return time.Since(began) }
