//go:build linux || darwin

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
	"github.com/gohone/hone/storage/open"
)

// F14: the size of files is limited, at other bytes each time; when there is space
// again the study goes on and has lost nothing.
func diskFull(r *run) {
	if !r.kind.file {
		r.skip("The disk is the server's.")
	}
	p := r.place()
	acks := filepath.Join(r.dir, "acks*")
	total := 0
	for i := range r.times(12, 500) {
		var size int64
		if fi, err := os.Stat(p.name); err == nil {
			size = fi.Size()
		}
		if fi, err := os.Stat(p.name + "-wal"); err == nil {
			size = max(size, fi.Size())
		}
		q := r.spawn(job{Task: "fill", URL: p.url, Study: "one", Limit: size + 1 + int64(r.rand.IntN(30000)), Acks: filepath.Join(r.dir, fmt.Sprint("acks", i)), Trials: 2000})
		if err := q.wait(); err == nil {
			r.failf("a full disk was not noticed")
		} else if text := q.stderr.String(); !strings.Contains(text, "too large") && !strings.Contains(text, "full") && !strings.Contains(text, "no space") && !strings.Contains(text, "disk I/O") {
			r.failf("a full disk gives: %s", head(text))
		}
		total++
		// There is space again.
		q = r.spawn(job{Task: "work", URL: p.url, Study: "one", Trials: 3, Workers: 1, BeatMS: 50, LostMS: 300, Acks: filepath.Join(r.dir, fmt.Sprint("acks+", i))})
		if q.wait() != nil {
			r.failf("with space again: %s", q.errors())
		}
	}
	r.inject(total, "times full")
	st := p.open()
	id, err := st.FindStudy(r.ctx, "one")
	r.must(err)
	all, err := st.Trials(r.ctx, id, -1, nil)
	r.must(err)
	st.Close()
	for i := range all {
		if all[i].Number != i {
			r.failf("I1: the trial at position %d has the number %d", i, all[i].Number)
		}
	}
	r.checkAcks(all, expect{acks: acks})
	r.agrees(p, "one", all)
}

// fillDisk works until the disk is full.
func fillDisk(ctx context.Context, j *job) error {
	signal.Ignore(syscall.SIGXFSZ)
	acks, err := os.OpenFile(j.Acks, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	old.Cur = uint64(j.Limit)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	j.Workers, j.BeatMS, j.LostMS = 1, 50, 300
	return j.workOn(ctx, acks)
}

// F15
func noRight(r *run) {
	r.shared()
	p := r.place()
	st := p.open()
	r.must(r.study(st, "one").Optimize(plain, 3))
	r.must(st.Close())
	switch {
	case r.kind.file:
		r.must(os.Chmod(p.name, 0o444))
		r.must(os.Chmod(r.dir, 0o555))
		r.denied(p.url, "permission denied", "readonly", "read-only", "unable to open")
		r.must(os.Chmod(r.dir, 0o777))
		r.must(os.Chmod(p.name, 0o666))
	case r.kind.behind != "":
		r.skip("The right is the server's, which see.")
	case r.kind.name == "PostgreSQL":
		r.denied(p.url+"%20-cdefault_transaction_read_only%3Don", "read-only")
	case r.kind.name == "MariaDB":
		server, err := r.servers.mine("MariaDB")
		if err != nil {
			r.skip(err.Error())
		}
		server.inUse.Lock()
		r.after(server.inUse.Unlock)
		p = r.placeOn(r.kind, server.url)
		st := p.open()
		r.must(r.study(st, "one").Optimize(plain, 3))
		r.must(st.Close())
		rootAt := strings.Replace(server.url, "hone:"+canary, "root:", 1)
		p.exec(rootAt, "CREATE USER reader@localhost IDENTIFIED BY '"+canary+"'", "GRANT SELECT ON *.* TO reader@localhost")
		r.after(func() { p.exec(rootAt, "DROP USER reader@localhost") })
		r.denied(strings.Replace(p.url, "//hone:", "//reader:", 1), "denied")
	case r.kind.name == "Redis":
		u, err := url.Parse(p.url)
		r.must(err)
		c := redis.NewClient(&redis.Options{Addr: u.Host})
		defer c.Close()
		user := "reader" + p.name
		r.must(c.Do(r.ctx, "ACL", "SETUSER", user, "on", ">"+canary, "~*", "+@read", "+@connection").Err())
		defer c.Do(r.ctx, "ACL", "DELUSER", user)
		u.User = url.UserPassword(user, canary)
		r.denied(u.String(), "NOPERM", "no permissions")
	}
	if r.kind.name == "journal" {
		st := p.open()
		defer st.Close()
		study := r.study(st, "one")
		r.must(os.Remove(p.name))
		if err := study.Optimize(plain, 1); !errors.Is(err, journal.ErrReplaced) {
			r.failf("after the file was deleted while open: %v", err)
		}
		r.inject(1, "denials")
	}
}

// denied has a process without rights try, and wants one of the words in its error.
func (r *run) denied(url string, words ...string) {
	q := r.spawn(job{Task: "denied", URL: url, Study: "one", Trials: 1, Workers: 1, PatienceMS: 500})
	if q.wait() == nil {
		r.failf("a process without the right to write wrote")
	}
	ok := false
	for _, w := range words {
		ok = ok || strings.Contains(q.stderr.String(), w)
	}
	if !ok {
		r.failf("without the right to write the error is %s", q.errors())
	}
	r.inject(1, "denials")
}

// denied is work by somebody who owns nothing.
func denied(ctx context.Context, j *job) error {
	if os.Getuid() == 0 && !strings.Contains(j.URL, "@") {
		if err := syscall.Setgid(65534); err != nil {
			return err
		}
		if err := syscall.Setuid(65534); err != nil {
			return err
		}
	}
	return j.workOn(ctx, nil)
}

// F16
func noDescriptors(r *run) {
	r.shared()
	p := r.place()
	q := r.spawn(job{Task: "starve", URL: p.url, Study: "one", Trials: 5, Workers: 1})
	if q.wait() != nil {
		r.failf("%s", q.errors())
	}
	r.inject(1, "starvations")
}

// starve opens a storage while no file can be opened: that is an error that says
// so, and when files can be opened again it works.
func starve(ctx context.Context, j *job) error {
	var files []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		if files = append(files, f); len(files) == 50 {
			low := syscall.Rlimit{Cur: 60, Max: 60}
			if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
				return err
			}
			low.Cur = uint64(files[len(files)-1].Fd()) + 3
			if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
				return err
			}
		}
	}
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	st, err := open.Open(short, j.URL, &open.Options{Patience: 500 * time.Millisecond})
	if err == nil {
		_, err = st.Studies(short)
		st.Close()
	}
	cancel()
	if err == nil || !strings.Contains(err.Error(), "too many open files") && !strings.Contains(err.Error(), "unable to open") && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("without descriptors: %w", err)
	}
	for _, f := range files {
		f.Close()
	}
	return j.workOn(ctx, nil)
}

// F17: no clock is compared with another's, so zones do no harm; times are UTC.
// Jumps are the matter of tests with a clock of their own (lease_test.go).
func timeZones(r *run) {
	r.shared()
	zones := []string{"UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"}
	if r.kind.behind != "" {
		r.skip("Optuna's protocol has times without a zone: server and clients must use one.")
	}
	p := r.place()
	c := r.crew(p, 4, job{Budget: r.times(60, 1000), Workers: 1, PauseMS: 30, BeatMS: 200, LostMS: 20e3})
	begin := time.Now()
	c.work(nil, func(slot int) []string { return []string{"TZ=" + zones[slot%len(zones)]} })
	r.inject(4, "workers")
	for _, t := range r.check(p, "one", expect{budget: c.job.Budget, acks: c.acks()}) {
		if t.State == storage.Complete && (t.Started.Before(begin.Add(-5*time.Second)) || t.Finished.After(time.Now().Add(5*time.Second)) || t.Finished.Before(t.Started.Add(-time.Second))) {
			r.failf("trial %d ran from %v to %v", t.Number, t.Started, t.Finished)
		}
		if _, lost := t.SystemAttrs.Get(storage.AttrLost); lost {
			r.failf("trial %d was given up", t.Number)
		}
	}
}
