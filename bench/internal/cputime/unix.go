//go:build unix

// Package cputime tells the processor time of this process.
package cputime

import (
	"syscall"
	"time"
)

// Process returns the processor time that this process has used, the garbage
// collector's included. It is 0 if the system does not tell.
func Process() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
