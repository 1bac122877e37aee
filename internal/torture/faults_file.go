//go:build linux || darwin

package main

import (
	"bytes"
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

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/journal"
	"github.com/gohone/hone/storage/open"
)

func (r *run) journalOnly(why string) {
	if r.kind.name != "journal" {
		r.skip(why)
	}
}

// F10
func tornTail(r *run) {
	r.journalOnly("Its log is the engine's own, or there is none; the journal behind a gRPC server is the journal.")
	p := r.place()
	st := p.open()
	study := r.study(st, "one")
	r.must(study.Optimize(plain, 5))
	r.must(st.Close())
	whole, err := os.ReadFile(p.name)
	r.must(err)
	records := bytes.SplitAfter(whole, []byte("\n"))
	records = records[:len(records)-1]
	from := len(whole)
	for _, rec := range records[len(records)-3:] {
		from -= len(rec)
	}
	step := 1
	if r.ci {
		step = 3
	}
	cuts := 0
	for cut := from; cut < len(whole); cut += step {
		r.must(os.WriteFile(p.name, whole[:cut], 0o644))
		st, err := open.Open(r.ctx, p.url, nil)
		if err != nil {
			r.failf("cut at %d: %v", cut, err)
			continue
		}
		study, err := hone.LoadStudy(r.ctx, st, "one", nil)
		r.must(err)
		before, err := study.Trials()
		r.must(err)
		if err := study.Optimize(plain, 1); err != nil {
			r.failf("cut at %d: the next trial: %v", cut, err)
		}
		r.must(st.Close())
		st = p.open()
		study, err = hone.LoadStudy(r.ctx, st, "one", nil)
		r.must(err)
		after, err := study.Trials()
		r.must(err)
		if len(after) != len(before)+1 || after[len(after)-1].State != hone.Complete {
			r.failf("cut at %d: %d trials, and after one more %d", cut, len(before), len(after))
		}
		for i := range 4 { // the records of these were whole
			if after[i].State != hone.Complete {
				r.failf("I2: cut at %d: trial %d is %s", cut, i, after[i].State)
			}
		}
		if cuts%100 == 0 {
			id, err := st.FindStudy(r.ctx, "one")
			r.must(err)
			all, err := st.Trials(r.ctx, id, -1, nil)
			r.must(err)
			r.agrees(p, "one", all)
		}
		r.must(st.Close())
		cuts++
	}
	r.inject(cuts, "cuts")
}

// F11: a lock of Optuna's kind whose owner is gone, and workers who wait for it.
func staleLocks(r *run) {
	r.journalOnly("It has no lock file.")
	for round := range r.times(2, 50) {
		p := r.place()
		r.must(os.WriteFile(p.name, nil, 0o644))
		lock := p.name + ".lock"
		if round%2 == 0 {
			r.must(os.Symlink(p.name, lock))
			old := time.Now().Add(-time.Hour)
			r.must(os.Chtimes(p.name, old, old))
		} else {
			host, err := os.Hostname()
			r.must(err)
			r.must(os.WriteFile(lock, fmt.Appendf(nil, "hone %s %d\n", host, 1<<22-1), 0o644))
		}
		n := r.times(8, 32)
		var procs []*proc
		for range n {
			procs = append(procs, r.spawn(job{Task: "work", URL: p.url, Study: "one", Trials: 4, Workers: 4, Grace: 1000}))
		}
		for _, q := range procs {
			if q.wait() != nil {
				r.failf("a waiter: %s", q.errors())
			}
		}
		r.inject(4*n, "waiters")
		r.check(p, "one", expect{budget: 4 * n})
	}
}

// F12
func unsynced(r *run) {
	switch {
	case r.kind.name == "journal":
		r.skip("Needs a disk that forgets; `TestAcknowledgedIsSynced` and `TestWhatSyncs` of storage/journal replace its calls of the system instead.")
	case r.kind.alone:
		r.skip("It keeps nothing.")
	}
	r.skip("What is synced is the engine's to keep.")
}

// F13
func corruption(r *run) {
	if r.kind.alone || r.kind.behind != "" {
		r.skip("Nothing outside the process that serves it could be changed.")
	}
	p := r.place()
	st := p.open()
	study := r.study(st, "one")
	r.must(study.Optimize(func(t *hone.Trial) (float64, error) {
		t.SetUserAttr("k", map[string]any{"a": 1})
		return t.SuggestFloat("x", 0, 1), nil
	}, 12))
	r.must(st.Close())
	switch {
	case r.kind.file:
		r.changeFile(p)
	case r.kind.sql():
		r.changeRows(p)
	default:
		r.changeRecords(p)
	}
}

// changeFile changes, cuts out and puts in random bytes.
func (r *run) changeFile(p *place) {
	for _, wal := range []string{"-wal", "-shm"} {
		os.Remove(p.name + wal)
	}
	whole, err := os.ReadFile(p.name)
	r.must(err)
	n := r.times(150, 10000)
	refused := 0
	for range n {
		b := bytes.Clone(whole)
		for range 1 + r.rand.IntN(3) {
			at := r.rand.IntN(len(b))
			switch r.rand.IntN(4) {
			case 0:
				b[at] ^= 1 << r.rand.IntN(8)
			case 1:
				b[at] = byte(r.rand.Uint32())
			case 2:
				b = append(b[:at], b[min(len(b), at+1+r.rand.IntN(40)):]...)
			case 3:
				b = append(b[:at:at], append([]byte{byte(r.rand.Uint32()), '\n', '{'}, b[at:]...)...)
			}
			if len(b) == 0 {
				b = []byte{0}
			}
		}
		r.must(os.WriteFile(p.name, b, 0o644))
		if err := r.readAll(p); err != nil {
			refused++
			if !strings.Contains(err.Error(), p.name) && !strings.Contains(err.Error(), "rdb:") && !strings.Contains(err.Error(), "journal:") {
				r.failf("the error does not say where: %v", err)
			}
		}
		for _, wal := range []string{"-wal", "-shm", "-journal"} {
			os.Remove(p.name + wal)
		}
	}
	r.inject(n, "mutations")
	if refused == 0 {
		r.failf("of %d mutations none was noticed", n)
	}
}

// readAll opens a place and reads what is in it; a panic is a violation.
func (r *run) readAll(p *place) (err error) {
	defer func() {
		if v := recover(); v != nil {
			r.failf("reading panicked: %v", v)
		}
	}()
	st, err := open.Open(r.ctx, p.url, &open.Options{Patience: time.Second})
	if err != nil {
		r.scrubbed("an error", err.Error())
		return err
	}
	defer st.Close()
	studies, err := st.Studies(r.ctx)
	for _, s := range studies {
		if err == nil {
			_, err = st.Trials(r.ctx, s.ID, -1, nil)
		}
	}
	if err != nil {
		r.scrubbed("an error", err.Error())
	}
	return err
}

// changeRows writes nonsense into rows: the trial that has it is named.
func (r *run) changeRows(p *place) {
	db := p.db()
	defer db.Close()
	for _, c := range []struct{ change, back string }{
		{"UPDATE trial_user_attributes SET value_json = '{\"a\": ' WHERE trial_id = %d", "UPDATE trial_user_attributes SET value_json = '{\"a\": 1}' WHERE trial_id = %d"},
		{"UPDATE trial_user_attributes SET value_json = NULL WHERE trial_id = %d", "UPDATE trial_user_attributes SET value_json = '{\"a\": 1}' WHERE trial_id = %d"},
		{"UPDATE trial_params SET distribution_json = '{\"name\": \"Nonsense\"}' WHERE trial_id = %d", ""},
		{"UPDATE trial_params SET distribution_json = 'x' WHERE trial_id = %d", ""},
		{"UPDATE trials SET number = -4 WHERE trial_id = %d", "UPDATE trials SET number = 3 WHERE trial_id = %d"},
	} {
		var trial int
		r.must(db.QueryRowContext(r.ctx, "SELECT trial_id FROM trials ORDER BY trial_id LIMIT 1 OFFSET 3").Scan(&trial))
		var dist string
		r.must(db.QueryRowContext(r.ctx, fmt.Sprintf("SELECT distribution_json FROM trial_params WHERE trial_id = %d", trial)).Scan(&dist))
		_, err := db.ExecContext(r.ctx, fmt.Sprintf(c.change, trial))
		r.must(err)
		if err := r.readAll(p); err == nil || !strings.Contains(err.Error(), fmt.Sprint("trial with id ", trial)) {
			r.failf("%s: the error is %v and does not name the trial", c.change, err)
		}
		back := c.back
		if back == "" {
			back = "UPDATE trial_params SET distribution_json = '" + dist + "' WHERE trial_id = %d"
		}
		_, err = db.ExecContext(r.ctx, fmt.Sprintf(back, trial))
		r.must(err)
		r.inject(1, "rows")
	}
	if err := r.readAll(p); err != nil {
		r.failf("after it was put right: %v", err)
	}
}

// changeRecords writes nonsense into records of the log.
func (r *run) changeRecords(p *place) {
	u, err := url.Parse(p.url)
	r.must(err)
	c := redis.NewClient(&redis.Options{Addr: u.Host})
	defer c.Close()
	n, err := c.Get(r.ctx, p.name+":log_number").Int()
	r.must(err)
	for range r.times(100, 3000) {
		key := fmt.Sprintf("%s:log:%d", p.name, r.rand.IntN(n))
		good, err := c.Get(r.ctx, key).Bytes()
		r.must(err)
		b := bytes.Clone(good)
		b[r.rand.IntN(len(b))] = byte(r.rand.Uint32())
		b = b[:1+r.rand.IntN(len(b))]
		r.must(c.Set(r.ctx, key, b, 0).Err())
		if err := r.readAll(p); err != nil && !strings.Contains(err.Error(), "redisstore:") {
			r.failf("the error does not say where: %v", err)
		}
		r.must(c.Set(r.ctx, key, good, 0).Err())
		r.inject(1, "records")
	}
	if err := r.readAll(p); err != nil {
		r.failf("after it was put right: %v", err)
	}
}

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
