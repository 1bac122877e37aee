//go:build linux || darwin

package main

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/open"
)

// canary is the password in URLs, which must not be seen anywhere else.
const canary = "s3cr3t-CANARY"

// A kind is a kind of storage: one column of the table.
type kind struct {
	name   string
	alone  bool   // no other process reaches it
	file   bool   // it is a file
	driver string // of database/sql, "" where there is none
	server string // which database server it needs
	behind string // the kind that a gRPC server has behind it
}

func (k *kind) sql() bool     { return k.driver != "" }
func (k *kind) network() bool { return k.server != "" || k.behind != "" }

var kinds = []*kind{
	{name: "memory", alone: true},
	{name: "journal", file: true},
	{name: "SQLite", file: true, driver: "sqlite"},
	{name: "PostgreSQL", driver: "pgx", server: "PostgreSQL"},
	{name: "MariaDB", driver: "mysql", server: "MariaDB"},
	{name: "Redis", server: "Redis"},
	{name: "gRPC+journal", behind: "journal"},
	{name: "gRPC+PostgreSQL", behind: "PostgreSQL"},
}

func kindNames() []string {
	var out []string
	for _, k := range kinds {
		out = append(out, k.name)
	}
	return out
}

func kindOf(name string) *kind {
	for _, k := range kinds {
		if k.name == name {
			return k
		}
	}
	panic("no kind " + name)
}

// A place is an empty storage of a kind, which several processes open by its URL.
type place struct {
	r    *run
	kind *kind
	url  string
	name string // of the database, schema or prefix; the path of a file
	mem  *storage.Memory
	back *place // behind a gRPC server
	grpc *proc  // the server
	addr string // its address
}

var placeCount atomic.Int64

// place makes an empty place of the run's kind.
func (r *run) place() *place { return r.placeOn(r.kind, "") }

// placeOn makes an empty place on a server, "" for the usual one.
func (r *run) placeOn(k *kind, server string) *place {
	n := placeCount.Add(1)
	p := &place{r: r, kind: k, name: fmt.Sprintf("t%d_%d", time.Now().UnixNano()/1e3%1e9, n)}
	switch {
	case k.alone:
		p.mem = storage.NewMemory()
		return p
	case k.name == "journal":
		p.name = filepath.Join(r.dir, fmt.Sprintf("%d.log", n))
		p.url = "journal:///" + p.name
		return p
	case k.name == "SQLite":
		p.name = filepath.Join(r.dir, fmt.Sprintf("%d.db", n))
		p.url = "sqlite:///" + p.name
		return p
	case k.behind != "":
		p.back = r.placeOn(kindOf(k.behind), server)
		p.addr = freeAddr(r)
		p.url = "grpc://" + p.addr
		p.serve()
		return p
	}
	if server == "" {
		var err error
		server, err = r.servers.url(k.server)
		if err != nil {
			r.skip(err.Error())
		}
	}
	u, err := url.Parse(server)
	r.must(err)
	switch k.name {
	case "PostgreSQL":
		p.exec(server, "CREATE SCHEMA "+p.name)
		u.Scheme, u.User = "postgresql+psycopg2", url.UserPassword(u.User.Username(), canary)
		u.RawQuery = "options=-csearch_path%3D" + p.name
	case "MariaDB":
		p.exec(server, "CREATE DATABASE "+p.name+" CHARACTER SET utf8mb4")
		u.Scheme, u.Path = "mysql+pymysql", "/"+p.name
	case "Redis":
		u.User = url.UserPassword("default", canary)
		u.RawQuery = "prefix=" + p.name
	}
	p.url = u.String()
	r.after(func() { p.drop(server) })
	return p
}

// drop removes what placeOn made, as far as the server is still there.
func (p *place) drop(server string) {
	var text string
	switch p.kind.name {
	case "PostgreSQL":
		text = "DROP SCHEMA " + p.name + " CASCADE"
	case "MariaDB":
		text = "DROP DATABASE " + p.name
	default:
		return
	}
	if db, err := sql.Open(p.kind.driver, dsn(p.kind, server, "")); err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_, _ = db.ExecContext(ctx, text) // a server that was stopped keeps nothing
		db.Close()
	}
}

// dsn is what database/sql wants for a server's URL.
func dsn(k *kind, server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	switch k.driver {
	case "pgx":
		u.Scheme = "postgresql"
		if name != "" {
			u.RawQuery = "options=-csearch_path%3D" + name
		}
		return u.String()
	case "mysql":
		pw, _ := u.User.Password()
		return fmt.Sprintf("%s:%s@tcp(%s)/%s?multiStatements=true", u.User.Username(), pw, u.Host, name)
	}
	return ""
}

// exec runs statements on a server as its owner.
func (p *place) exec(server string, statements ...string) {
	db, err := sql.Open(p.kind.driver, dsn(p.kind, server, ""))
	p.r.must(err)
	defer db.Close()
	for _, text := range statements {
		_, err := db.ExecContext(p.r.ctx, text)
		p.r.must(err)
	}
}

// db opens the tables of a place as anybody could.
func (p *place) db() *sql.DB {
	name := p.name
	if p.kind.driver != "sqlite" {
		u, err := url.Parse(p.url)
		p.r.must(err)
		u.RawQuery = ""
		u.Path = "/hone"
		name = dsn(p.kind, u.String(), p.name)
	}
	db, err := sql.Open(p.kind.driver, name)
	p.r.must(err)
	return db
}

// open opens the place in this process.
func (p *place) open() storage.Storage {
	if p.mem != nil {
		return kept{p.mem}
	}
	st, err := open.Open(p.r.ctx, p.url, &open.Options{Patience: patience})
	p.r.must(err)
	return st
}

// patience is for how long a call is tried again: longer than any outage here.
const patience = 3 * time.Minute

// kept is a memory that Close does not end.
type kept struct{ *storage.Memory }

func (kept) Close() error { return nil }

// serve starts the gRPC server of a place.
func (p *place) serve() {
	p.grpc = p.r.spawn(job{Task: "serve", URL: p.back.url, Listen: p.addr})
	deadline := time.Now().Add(time.Minute)
	for {
		if c, err := net.Dial("tcp", p.addr); err == nil {
			c.Close()
			return
		}
		if !p.grpc.alive() || time.Now().After(deadline) {
			p.r.failf("the gRPC server did not start: %s", p.grpc.errors())
			panic(abort{})
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// through returns the place as it is seen through a proxy.
func (p *place) through(x *proxy) *place {
	q := *p
	u, err := url.Parse(p.url)
	p.r.must(err)
	x.server = u.Host
	u.Host = x.addr()
	q.url = u.String()
	return &q
}

func freeAddr(r *run) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	defer l.Close()
	return l.Addr().String()
}

// scrubbed notes a text in which the password is seen.
func (r *run) scrubbed(where, text string) {
	if i := strings.Index(text, canary); i >= 0 {
		r.failf("%s shows the password: %q", where, text[max(0, i-100):min(len(text), i+len(canary)+20)])
	}
}
