package filelock

import (
	"os"
	"syscall"
	"unsafe"
)

var (
	kernel32     = syscall.NewLazyDLL("kernel32.dll")
	lockFileEx   = kernel32.NewProc("LockFileEx")
	unlockFileEx = kernel32.NewProc("UnlockFileEx")
)

const (
	lockExclusive  = 2
	lockNoWait     = 1
	lockViolation  = syscall.Errno(33)
	errorIOPending = syscall.Errno(997)
)

func tryKernel(f *os.File) (bool, error) {
	err := lockFile(f, lockExclusive|lockNoWait)
	if err == lockViolation || err == errorIOPending {
		return false, nil
	}
	return err == nil, err
}

func lockKernel(f *os.File) error { return lockFile(f, lockExclusive) }

func lockFile(f *os.File, flags uintptr) error {
	var at syscall.Overlapped
	r, _, err := lockFileEx.Call(f.Fd(), flags, 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	if r != 0 {
		return nil
	}
	return err
}

func unlockKernel(f *os.File) error {
	var at syscall.Overlapped
	r, _, err := unlockFileEx.Call(f.Fd(), 0, 1, 0, uintptr(unsafe.Pointer(&at)))
	if r != 0 {
		return nil
	}
	return err
}

// haveLinks: a link cannot be removed here while another name of the file is
// open, so lock files are created.
const haveLinks = false

func noLinks(error) bool { return true }
