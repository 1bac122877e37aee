// Package open opens a storage by its URL. It is a module of its own, for it links
// a driver for every kind of storage; programs that need one kind import that
// storage's package instead.
//
//	st, err := open.Open(ctx, "postgresql://user@host/studies", nil)
//
// These are the forms. Those of SQL databases and Redis are the ones that Python
// Optuna takes; what stands behind a + in the scheme names a driver in Python and
// is passed over.
//
//	sqlite:///study.db                           a file; sqlite:////var/study.db for an absolute path
//	sqlite://                                    in the memory of the process
//	postgresql://user:password@host:5432/name    with libpq's parameters: ?sslmode=verify-full
//	mysql://user:password@host:3306/name         and MariaDB; ?ssl_ca=ca.pem or ?tls=true, ?unix_socket=PATH
//	redis://:password@host:6379/0                Optuna's journal on Redis; rediss:// with TLS; ?prefix=NAME
//	journal:///study.log                         Optuna's journal file; journal:////var/study.log for an absolute path
//	grpc://host:13000                            a storage server of hone's or Optuna's; grpcs:// with TLS
//
// In users' names and passwords, @ is written %40, % is written %25, and so on.
// PostgreSQL's password may come from PGPASSWORD or a PGPASSFILE instead, which
// other users of the machine cannot see.
//
// Nothing that stands before an @, and no parameter behind a ?, ever appears in an
// error.
package open

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore"
	"github.com/gohone/hone/storage/journal"
	"github.com/gohone/hone/storage/rdb"
)

// Options are the settings of a storage. The zero value is the recommended one.
type Options struct {
	// ReadOnly opens databases and journal files to look at them; they are
	// neither made nor changed. Redis and gRPC do not have it.
	ReadOnly bool
	// SkipBroken leaves out trials of a database that cannot be read.
	SkipBroken bool
	// LocalTime reads and writes a database's times as Optuna 4 and older do.
	LocalTime bool
	// MaxConns bounds the connections to a database server, or of Redis. 0
	// means 16.
	MaxConns int
	// Patience is for how long a call tries again while the storage is locked
	// or cannot be reached. 0 means a minute; below zero, not at all.
	Patience time.Duration
	// TLS is for grpcs, rediss, and mysql with tls=custom; nil is the usual
	// setting.
	TLS *tls.Config
	// Token is what a gRPC server asks for.
	Token string
	// Logger is told of what is repaired or tried again. nil means nobody is.
	Logger *slog.Logger
}

// A form is how a URL of a scheme is written.
type form struct {
	example string
	open    func(ctx context.Context, a address, o *Options) (storage.Storage, error)
}

var forms = map[string]form{
	"sqlite":     {"sqlite:///study.db", openSQLite},
	"postgresql": {"postgresql://user:password@host:5432/name", openPostgres},
	"postgres":   {"postgresql://user:password@host:5432/name", openPostgres},
	"mysql":      {"mysql://user:password@host:3306/name", openMySQL},
	"mariadb":    {"mysql://user:password@host:3306/name", openMySQL},
	"redis":      {"redis://:password@host:6379/0", openRedis},
	"rediss":     {"rediss://:password@host:6379/0", openRedis},
	"journal":    {"journal:///study.log", openJournal},
	"grpc":       {"grpc://host:13000", openGRPC},
	"grpcs":      {"grpcs://host:13000", openGRPC},
}

// Open opens the storage at a URL. nil options are fine. Tables of a database and
// journal files are made when they are not there; databases themselves are not.
func Open(ctx context.Context, url string, o *Options) (storage.Storage, error) {
	if o == nil {
		o = new(Options)
	}
	scheme, rest, ok := strings.Cut(url, ":")
	base, _, _ := strings.Cut(scheme, "+")
	f, known := forms[strings.ToLower(base)]
	switch {
	case url == "":
		return nil, errors.New("open: the URL is empty; write for example sqlite:///study.db")
	case !ok || strings.ContainsAny(scheme, "/@? "):
		return nil, errors.New("open: the URL has no scheme; write for example sqlite:///study.db for a file")
	case !known:
		return nil, errors.New("open: the URL's scheme is none of sqlite, postgresql, mysql, redis, rediss, journal, grpc and grpcs; write for example sqlite:///study.db")
	}
	wrong := func(err error) error {
		return fmt.Errorf("open %s: %w; write for example %s", redacted(url), err, f.example)
	}
	rest, ok = strings.CutPrefix(rest, "//")
	if !ok {
		return nil, wrong(errors.New("two slashes must follow the colon"))
	}
	a, err := parse(rest)
	if err != nil {
		return nil, wrong(err)
	}
	a.scheme = strings.ToLower(base)
	st, err := f.open(ctx, a, o)
	var bad formError
	switch {
	case errors.As(err, &bad):
		return nil, wrong(bad)
	case err != nil:
		return nil, a.scrub(fmt.Errorf("open %s: %w", redacted(url), err))
	}
	return st, nil
}

// A formError tells of a URL that is not well formed.
type formError string

func (e formError) Error() string { return string(e) }

// redacted returns a URL without what may be secret.
func redacted(url string) string {
	head, rest, _ := strings.Cut(url, ":")
	rest, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return head + ":…"
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest, _, _ = strings.Cut(rest[i+1:], "?")
		return head + "://…@" + rest
	}
	if strings.HasPrefix(head, "sqlite") || strings.HasPrefix(head, "journal") {
		rest, _, _ = strings.Cut(rest, "?")
		return head + "://" + rest
	}
	return head + "://…" // the @ may have been forgotten
}

func (o *Options) rdb() *rdb.Options {
	return &rdb.Options{ReadOnly: o.ReadOnly, SkipBroken: o.SkipBroken, LocalTime: o.LocalTime, Patience: o.Patience, CloseDB: true, Logger: o.Logger}
}

func (o *Options) conns() int {
	if o.MaxConns > 0 {
		return o.MaxConns
	}
	return 16
}

func openJournal(_ context.Context, a address, o *Options) (storage.Storage, error) {
	path, err := a.file()
	if err != nil {
		return nil, err
	}
	if err := a.onlyParams(); err != nil {
		return nil, err
	}
	return journal.Open(path, &journal.Options{ReadOnly: o.ReadOnly, Logger: o.Logger})
}

func openGRPC(ctx context.Context, a address, o *Options) (storage.Storage, error) {
	switch {
	case a.host == "":
		return nil, formError("the host is missing")
	case a.user != "" || a.password != "":
		return nil, formError("a gRPC server knows no users; give a token with Options.Token")
	case a.name != "":
		return nil, formError("nothing follows the port")
	}
	if err := a.onlyParams(); err != nil {
		return nil, err
	}
	c := &grpcstore.Options{Token: o.Token, RetryFor: o.Patience}
	if end, ok := ctx.Deadline(); ok {
		c.DialTimeout = max(time.Until(end), 1)
	}
	if a.scheme == "grpcs" {
		c.TLS = o.TLS
		if c.TLS == nil {
			c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
	}
	return grpcstore.Dial(a.hostPort(13000), c)
}
