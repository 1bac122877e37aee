//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// haveLinks: link(2) works on most file systems.
const haveLinks = true

// tryKernel takes the kernel lock if it is free.
func tryKernel(f *os.File) (bool, error) {
	err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// lockKernel waits for the kernel lock.
func lockKernel(f *os.File) error { return flock(f, syscall.LOCK_EX) }

func unlockKernel(f *os.File) error { return flock(f, syscall.LOCK_UN) }

func flock(f *os.File, how int) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var ferr error
	err = conn.Control(func(fd uintptr) { // keeps fd open while we wait
		for {
			if ferr = syscall.Flock(int(fd), how); ferr != syscall.EINTR {
				return
			}
		}
	})
	switch {
	case err != nil:
		return err
	case ferr == nil:
		return nil
	case ferr == syscall.ENOLCK || ferr == syscall.ENOSYS || ferr == syscall.EOPNOTSUPP || ferr == syscall.EINVAL:
		return errNoKernelLock
	}
	return &os.PathError{Op: "flock", Path: f.Name(), Err: ferr}
}

// noLinks reports whether an error of link(2) means that the file system has no
// links, or that we may not make this one.
func noLinks(err error) bool {
	for _, e := range []error{syscall.EPERM, syscall.EACCES, syscall.ENOSYS, syscall.EOPNOTSUPP, syscall.EMLINK, syscall.EXDEV} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
