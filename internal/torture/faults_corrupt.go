//go:build linux || darwin

package main

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage/open"
)

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
