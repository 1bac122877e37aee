package open

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/rdb"
)

// connectTimeout is how long a server may take to answer.
const connectTimeout = 10 * time.Second

// idle is how long a connection may lie idle; firewalls forget those that lie
// longer.
const idle = 4 * time.Minute

func openSQLite(ctx context.Context, a address, o *Options) (storage.Storage, error) {
	// Python's own settings do not concern us.
	if err := a.onlyParams("timeout", "check_same_thread", "isolation_level"); err != nil {
		return nil, err
	}
	if a.host == "" && (a.name == "" || a.name == ":memory:") {
		return openDB(ctx, "sqlite", ":memory:", rdb.SQLite, 1, o)
	}
	path, err := a.file()
	if err != nil {
		return nil, err
	}
	// As a file: URL, the name may hold any character.
	dsn := (&url.URL{Scheme: "file", Opaque: url.PathEscape(path)}).String()
	if o.ReadOnly {
		dsn += "?mode=ro"
	}
	return openDB(ctx, "sqlite", dsn, rdb.SQLite, o.conns(), o)
}

func openDB(ctx context.Context, driver, dsn string, d rdb.Dialect, conns int, o *Options) (storage.Storage, error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	return openPool(ctx, db, d, conns, o)
}

// openPool sets up a pool of connections and opens the storage.
func openPool(ctx context.Context, db *sql.DB, d rdb.Dialect, conns int, o *Options) (storage.Storage, error) {
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	if d != rdb.SQLite {
		db.SetConnMaxIdleTime(idle)
	}
	return rdb.Open(ctx, db, d, o.rdb()) // which closes db when it fails, too
}

func openPostgres(ctx context.Context, a address, o *Options) (storage.Storage, error) {
	// To libpq, as to pgx, a + is no blank.
	u := url.URL{Scheme: "postgresql", Path: "/" + a.name, RawQuery: strings.ReplaceAll(a.params.Encode(), "+", "%20")}
	if a.host != "" || a.port != 0 {
		u.Host = a.hostPort(5432)
	}
	if a.password != "" {
		u.User = url.UserPassword(a.user, a.password)
	} else if a.user != "" {
		u.User = url.User(a.user)
	}
	c, err := pgx.ParseConfig(u.String())
	if err != nil {
		if cause := errors.Unwrap(err); cause != nil { // without the URL
			err = cause
		}
		return nil, err
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	if _, ok := c.RuntimeParams["application_name"]; !ok {
		c.RuntimeParams["application_name"] = "hone"
	}
	return openPool(ctx, stdlib.OpenDB(*c, stdlib.OptionAfterConnect(settlePlans)), rdb.PostgreSQL, o.conns(), o)
}

// settlePlans has a connection of PostgreSQL plan each statement once, and by index.
// Otherwise plans that were made while the tables were empty, and read them whole, go
// on being used while the tables grow: until the server has analysed them, which may
// take a minute, and each trial costs what the study holds. Where a setting is not
// known, things are only slower.
func settlePlans(ctx context.Context, c *pgx.Conn) error {
	_, err := c.PgConn().Exec(ctx, "SET enable_seqscan = off; SET jit = off; SET plan_cache_mode = force_generic_plan").ReadAll()
	if c.IsClosed() {
		return err
	}
	return nil
}

func openMySQL(ctx context.Context, a address, o *Options) (storage.Storage, error) {
	if err := a.onlyParams("charset", "unix_socket", "ssl_ca", "ssl_cert", "ssl_key", "tls"); err != nil {
		return nil, err
	}
	if a.name == "" {
		return nil, formError("the name of the database is missing")
	}
	if cs := a.params.Get("charset"); cs != "" && !strings.HasPrefix(cs, "utf8") {
		return nil, formError("the charset is not utf8mb4")
	}
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName = a.user, a.password, a.name
	c.Net, c.Addr = "tcp", a.hostPort(3306)
	if path := a.params.Get("unix_socket"); path != "" {
		c.Net, c.Addr = "unix", path
	}
	c.Timeout = connectTimeout
	c.InterpolateParams, c.MultiStatements = true, true // a call is one round trip
	c.Logger = silent{}
	if err := mysqlTLS(c, a, o); err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return openPool(ctx, sql.OpenDB(connector), rdb.MySQL, o.conns(), o)
}

// mysqlTLS sets up transport security as the parameters say: PyMySQL's ssl_ca,
// ssl_cert and ssl_key, which name files, or the Go driver's tls.
func mysqlTLS(c *mysql.Config, a address, o *Options) error {
	ca, cert, key := a.params.Get("ssl_ca"), a.params.Get("ssl_cert"), a.params.Get("ssl_key")
	switch how := a.params.Get("tls"); how {
	case "", "false":
	case "true", "skip-verify", "preferred":
		c.TLSConfig = how
	case "custom":
		if o.TLS == nil {
			return formError("tls=custom needs Options.TLS")
		}
		c.TLS = o.TLS.Clone()
	default:
		return formError("tls is none of true, false, preferred, skip-verify, custom")
	}
	if ca == "" && cert == "" && key == "" {
		return nil
	}
	c.TLS = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: a.host}
	if ca != "" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return fmt.Errorf("ssl_ca: %w", err)
		}
		c.TLS.RootCAs = x509.NewCertPool()
		if !c.TLS.RootCAs.AppendCertsFromPEM(text) {
			return errors.New("ssl_ca: the file holds no certificate in PEM form")
		}
	}
	if cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return fmt.Errorf("ssl_cert, ssl_key: %w", err)
		}
		c.TLS.Certificates = []tls.Certificate{pair}
	}
	return nil
}

// silent keeps the driver from writing to the standard error.
type silent struct{}

func (silent) Print(...any) {}
