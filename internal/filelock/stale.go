package filelock

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A watch follows a lock file that is in the way.
type watch struct {
	seen   fs.FileInfo // the lock file as it was when last looked at; nil: gone
	target time.Time   // for a symbolic link: when what it points to was changed
	since  time.Time   // since when it looks the same
	asked  time.Time   // when its owner was last looked up
	life   string      // why its owner is known to be dead
	jitter time.Duration
}

// askAgain is the time between two looks at the life of a lock's owner, which cost
// two small files.
const askAgain = 20 * time.Millisecond

// look looks at the lock file and returns why it may be broken, or "".
func (w *watch) look(l *Lock) (stale string, err error) {
	now, err := os.Lstat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		w.seen = nil
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if now.Mode().IsRegular() {
		// Opening it makes a network file system look at the server.
		if f, err := os.Open(l.path); err == nil {
			if fi, err := f.Stat(); err == nil {
				now = fi
			}
			f.Close()
		}
	}
	var target time.Time
	if now.Mode()&fs.ModeSymlink != 0 {
		// Optuna's usual lock points to the journal: as long as that is written
		// to, somebody lives. A link that leads nowhere says nothing.
		if fi, err := os.Stat(l.path); err == nil {
			target = fi.ModTime()
		}
	}
	if w.seen == nil || !sameLock(w.seen, now) || !target.Equal(w.target) {
		*w = watch{seen: now, target: target, since: time.Now()}
		// Waiters that count from the same moment should not end together.
		w.jitter = rand.N(l.o.Grace/32 + 1)
	}
	// The owner may die while we wait, so one look is not enough.
	if w.life == "" && (w.asked.IsZero() || time.Since(w.asked) > askAgain) {
		w.asked = time.Now()
		w.life = l.deadOwner(now)
	}
	if w.life != "" {
		return w.life, nil
	}
	if d := time.Since(w.since); d > l.o.Grace+w.jitter {
		return fmt.Sprintf("it had not changed for %s", d.Round(time.Millisecond)), nil
	}
	return "", nil
}

// sameLock reports whether two looks saw the same taking of the lock.
func sameLock(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Mode() == b.Mode()
}

// deadOwner returns a description of the lock's owner if that is a process that
// is known to be dead.
func (l *Lock) deadOwner(lock fs.FileInfo) string {
	if !lock.Mode().IsRegular() || lock.Size() == 0 || lock.Size() > 512 {
		return ""
	}
	text, err := os.ReadFile(l.path)
	if err != nil {
		return ""
	}
	o, ok := parseOwner(string(text))
	if !ok || !o.dead(l.me, l.kernelHeld) {
		return ""
	}
	return fmt.Sprintf("process %d, which held it, is dead", o.pid)
}

// breakLock removes a lock that was left behind.
func (l *Lock) breakLock(judged fs.FileInfo, why string) error {
	err := l.remove(func(fi fs.FileInfo) bool { return sameLock(judged, fi) })
	if errors.Is(err, ErrLost) {
		return nil // another waiter was faster
	}
	if err == nil {
		l.warn(fmt.Sprintf("broke the lock %s: %s", l.path, why))
	}
	return err
}

// remove removes the lock file if it is the one that is meant: it is
// renamed, so that nobody can take it for the lock, looked at once more, and put
// back if it is another. Then, and when it was gone, the error is ErrLost.
func (l *Lock) remove(is func(fs.FileInfo) bool) error {
	aside := fmt.Sprintf("%s%s.rename", l.path, newSuffix())
	if err := os.Rename(l.path, aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return ErrLost
		}
		return err
	}
	now, err := os.Lstat(aside)
	if err == nil && is(now) {
		return os.Remove(aside)
	}
	// Not the one: give it back to its owner. If somebody has taken the lock in
	// between, the owner finds out by Held.
	if os.Link(aside, l.path) != nil {
		if target, err := os.Readlink(aside); err == nil {
			_ = os.Symlink(target, l.path)
		} else {
			// No links here: rename back, unless the place is taken.
			if _, err := os.Lstat(l.path); errors.Is(err, fs.ErrNotExist) && os.Rename(aside, l.path) == nil {
				return ErrLost
			}
		}
	}
	_ = os.Remove(aside)
	return ErrLost
}

// Tidy removes what dead processes of this machine left in the folder, and
// locks that were set aside and not removed. What cannot be removed stays.
func (l *Lock) Tidy() {
	names, _ := filepath.Glob(escapeGlob(filepath.Join(l.dir, "owner.")) + "*")
	for _, name := range names {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(name), "owner."), ".")
		if n, err := strconv.Atoi(pid); err != nil || n == l.me.pid {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		o, ok := parseOwner(string(text))
		if ok && o.dead(l.me, false) || !ok && l.old(name) {
			_ = os.Remove(name)
		}
	}
	names, _ = filepath.Glob(escapeGlob(l.path) + "*.rename")
	for _, name := range names {
		if l.old(name) {
			_ = os.Remove(name)
		}
	}
}

// old reports whether a file is too old to be in use for a moment only.
func (l *Lock) old(name string) bool {
	fi, err := os.Lstat(name)
	return err == nil && time.Since(fi.ModTime()) > 10*l.o.Grace
}

// escapeGlob makes a path match itself alone.
func escapeGlob(path string) string {
	if filepath.Separator == '\\' {
		return path // where \ separates folders, patterns have no escape
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
