//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package filelock

import "os"

// haveLinks: not known here.
const haveLinks = false

func tryKernel(*os.File) (bool, error) { return false, errNoKernelLock }
func lockKernel(*os.File) error        { return errNoKernelLock }
func unlockKernel(*os.File) error      { return nil }
func noLinks(error) bool               { return true }
