package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/gohone/hone/storage"
)

// asNobody runs f without the rights of root on files.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		f()
		return
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with its rights
		err := errors.Join(syscall.Setfsgid(65534), syscall.Setfsuid(65534))
		if err == nil {
			f()
		}
		done <- err
	}()
	must(t, <-done)
}

// F15: each lack of permission has an error of its own.
func TestPermissions(t *testing.T) {
	text, _ := sample(t)
	newFile := func(dirMode, fileMode fs.FileMode) string {
		temp := t.TempDir()
		must(t, errors.Join(os.Chmod(temp, 0o755), os.Chmod(filepath.Dir(temp), 0o755)))
		dir := filepath.Join(temp, "d")
		must(t, os.Mkdir(dir, 0o777))
		path := filepath.Join(dir, "study.log")
		must(t, os.WriteFile(path, text, 0o666))
		must(t, os.Chmod(path, fileMode))
		must(t, os.Chmod(dir, dirMode))
		t.Cleanup(func() { os.Chmod(dir, 0o777) })
		return path
	}
	check := func(name string, err error, says string) {
		t.Helper()
		if !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "journal: ") || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	hidden := newFile(0o000, 0o666)
	unreadable := newFile(0o777, 0o000)
	readable := newFile(0o777, 0o444)
	noNew := newFile(0o555, 0o666)
	asNobody(t, func() {
		_, err := Open(hidden, nil)
		check("folder that cannot be entered", err, hidden)
		_, err = Open(unreadable, nil)
		check("file that cannot be read", err, unreadable)
		_, err = Open(readable, nil)
		check("file that cannot be written", err, "ReadOnly")
		_, err = Open(filepath.Join(filepath.Dir(noNew), "new.log"), nil)
		check("folder without room for a new file", err, "new.log")

		s, err := Open(readable, &Options{ReadOnly: true})
		if err != nil {
			t.Error(err)
		} else {
			s.Close()
		}
		s, err = Open(noNew, nil) // no lock can be made there
		if err != nil {
			t.Error(err)
			return
		}
		defer s.Close()
		_, err = s.CreateStudy(t.Context(), "x", []storage.Direction{storage.Minimize})
		check("folder without room for a lock", err, noNew)
		if ts, err := s.Trials(t.Context(), 0, -1, nil); err != nil || len(ts) != 2 {
			t.Errorf("reading there: %d trials, %v", len(ts), err)
		}
	})
	for _, path := range []string{hidden, unreadable, readable, noNew} {
		os.Chmod(filepath.Dir(path), 0o777)
		os.Chmod(path, 0o666)
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, text) {
			t.Errorf("%s was changed: %v", path, err)
		}
		if names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(names) != 1 {
			t.Errorf("files were made: %v", names)
		}
	}
}

// fill runs trials until the disk is full, then makes room and goes on. It
// returns what is wrong.
func fill(path string, full error, makeRoom func() error) error {
	s, err := Open(path, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	ctx := context.Background()
	study, err := s.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	if err != nil {
		return err
	}
	n := 0
	for ; n < 5000; n++ {
		if _, err = finish(ctx, s, study); err != nil {
			break
		}
	}
	if !errors.Is(err, full) {
		return fmt.Errorf("after %d trials: %v, want %v", n, err, full)
	}
	for range 5 { // it stays full, and each call says so
		if err := s.SetStudyAttr(ctx, study, storage.UserAttr, "k", `"`+strings.Repeat("x", 5000)+`"`); !errors.Is(err, full) {
			return fmt.Errorf("on a full disk: %v", err)
		}
	}
	if text, err := os.ReadFile(path); err != nil || text[len(text)-1] != '\n' {
		return fmt.Errorf("the file ends in %q, %v", text[max(0, len(text)-50):], err)
	}
	if err := makeRoom(); err != nil {
		return err
	}
	// The trial that could not be finished still runs; the next is the next.
	t, err := finish(ctx, s, study)
	if err != nil {
		return fmt.Errorf("when there is room again: %w", err)
	}
	if t.Number < n {
		return fmt.Errorf("the next trial has the number %d after %d", t.Number, n)
	}
	again, err := Open(path, nil)
	if err != nil {
		return err
	}
	defer again.Close()
	ts, err := again.Trials(ctx, study, -1, nil)
	if err != nil {
		return err
	}
	complete := 0
	for i, t := range ts {
		if t.Number != i {
			return fmt.Errorf("trial %d has the number %d", i, t.Number)
		}
		if t.State == storage.Complete && t.Values[0] == float64(i)+0.5 {
			complete++
		}
	}
	if complete != n+1 || n == 0 {
		return fmt.Errorf("%d trials are complete, want %d", complete, n+1)
	}
	return nil
}

// F14: a disk that is really full.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=96k"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 0) })
	filler := filepath.Join(dir, "filler")
	must(t, os.WriteFile(filler, make([]byte, 32<<10), 0o644))
	err := fill(filepath.Join(dir, "study.log"), syscall.ENOSPC, func() error { return os.Remove(filler) })
	if err != nil {
		t.Error(err)
	}
}

// F14: a limit on the size of files, which needs no rights.
func TestFileLimit(t *testing.T) {
	const in = "HONE_TEST_LIMIT"
	if path := os.Getenv(in); path != "" {
		signal.Ignore(syscall.SIGXFSZ)
		var old syscall.Rlimit
		must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old))
		low := old
		low.Cur = 20000
		must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &low))
		err := fill(path, syscall.EFBIG, func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old) })
		must(t, err)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestFileLimit$")
	cmd.Env = append(os.Environ(), in+"="+newPath(t))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
