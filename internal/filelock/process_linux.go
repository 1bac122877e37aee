package filelock

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// portable: a machine is told by its boot id, or not at all.
const portable = false

func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if id := strings.TrimSpace(string(b)); err == nil && id != "" {
		return id
	}
	return "-"
}

func pidSpace() string {
	link, err := os.Readlink("/proc/self/ns/pid")
	if err != nil || strings.ContainsAny(link, " \n") {
		return "-"
	}
	return link
}

// process reports whether a process lives, and its start time in a form that
// can be compared ("" where it cannot be found out).
func process(pid int) (start string, alive bool) {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return "", false
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", true
	}
	// The second field, in parentheses, is the name, which may hold anything.
	_, rest, ok := strings.Cut(string(b[max(0, strings.LastIndexByte(string(b), ')')):]), ") ")
	f := strings.Fields(rest)
	if !ok || len(f) < 20 {
		return "", true
	}
	if f[0] == "Z" || f[0] == "X" { // killed, and not yet waited for
		return "", false
	}
	return f[19], true // field 22: starttime
}
