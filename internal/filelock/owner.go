package filelock

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
)

// An owner is who holds a lock, as its file says: "hone HOST PID START BOOT
// SPACE". START is when the process began, BOOT names the run of the machine,
// SPACE the number space of its processes (a container has its own); each is
// "-" where the system does not tell.
type owner struct {
	host  string
	pid   int
	start string
	boot  string
	space string
}

// self returns who we are.
func self() owner {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "-"
	}
	pid := os.Getpid()
	o := owner{host: strings.Join(strings.Fields(host), "_"), pid: pid, start: "-", boot: bootID(), space: pidSpace()}
	if start, alive := process(pid); alive && start != "" {
		o.start = start
	}
	return o
}

func (o owner) String() string {
	return fmt.Sprintf("hone %s %d %s %s %s\n", o.host, o.pid, o.start, o.boot, o.space)
}

// parseOwner reads the contents of a lock file. It reports false for the locks
// of others.
func parseOwner(text string) (owner, bool) {
	f := strings.Fields(text)
	if len(f) != 6 || f[0] != "hone" || !strings.HasSuffix(text, "\n") {
		return owner{}, false
	}
	pid, err := strconv.Atoi(f[2])
	if err != nil || pid <= 0 {
		return owner{}, false
	}
	return owner{host: f[1], pid: pid, start: f[3], boot: f[4], space: f[5]}, true
}

// dead reports whether o certainly does not live any more. me is who asks;
// kernel says that me holds the kernel lock, which o held when it took its lock.
func (o owner) dead(me owner, kernel bool) bool {
	if o.host != me.host || o.boot != me.boot || me.boot == "-" && !portable {
		// Another machine, or this one before it was started again, which we
		// cannot tell from a clone of this machine.
		return false
	}
	if o.space != me.space {
		return kernel // we cannot see its processes, but the kernel could
	}
	start, alive := process(o.pid)
	return !alive || start != "" && o.start != "-" && start != o.start
}

// newSuffix returns a name that no other process picks.
func newSuffix() string {
	return fmt.Sprintf("%d-%016x", os.Getpid(), rand.Uint64())
}
