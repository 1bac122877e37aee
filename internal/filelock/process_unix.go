//go:build unix && !linux

package filelock

import (
	"errors"
	"syscall"
)

// portable: without a boot id the host's name must do.
const portable = true

func bootID() string   { return "-" }
func pidSpace() string { return "-" }

// process reports whether a process lives. When it began is not found out.
func process(pid int) (start string, alive bool) {
	return "", !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
