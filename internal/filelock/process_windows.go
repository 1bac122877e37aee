package filelock

import (
	"strconv"
	"syscall"
)

// portable: without a boot id the host's name must do.
const portable = true

func bootID() string   { return "-" }
func pidSpace() string { return "-" }

const (
	queryLimited = 0x1000
	stillActive  = 259
	accessDenied = syscall.Errno(5)
)

// process reports whether a process lives, and when it began.
func process(pid int) (start string, alive bool) {
	h, err := syscall.OpenProcess(queryLimited, false, uint32(pid))
	if err != nil {
		return "", err == accessDenied
	}
	defer syscall.CloseHandle(h)
	var code uint32
	if syscall.GetExitCodeProcess(h, &code) == nil && code != stillActive {
		return "", false
	}
	var created, exited, kernel, user syscall.Filetime
	if syscall.GetProcessTimes(h, &created, &exited, &kernel, &user) != nil {
		return "", true
	}
	return strconv.FormatInt(created.Nanoseconds(), 10), true
}
