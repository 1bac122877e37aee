package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// commitTrials is how many commits one after the other are measured.
const commitTrials = 300

func (p place) commits() string {
	switch p.name {
	case "sqlite":
		return "syncs of the disk"
	case "redis":
		return "serial writes"
	}
	return "serial commits"
}

// commit returns the time of one commit on the server, when one connection makes
// one after the other; with SQLite, of one sync of the disk.
func (p place) commit(ctx context.Context) (time.Duration, error) {
	var commit func() error
	switch p.name {
	case "sqlite":
		f, err := os.Create(filepath.Join(p.dir, "sync"))
		if err != nil {
			return 0, err
		}
		defer f.Close()
		page := make([]byte, 4096)
		commit = func() error {
			if _, err := f.Write(page); err != nil {
				return err
			}
			return f.Sync()
		}
	case "redis":
		c, err := p.redis()
		if err != nil {
			return 0, err
		}
		defer c.Close()
		defer c.Del(ctx, "hone-bench-commits")
		commit = func() error { return c.Incr(ctx, "hone-bench-commits").Err() }
	default:
		db, err := p.db()
		if err != nil {
			return 0, err
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS hone_bench_commits (n INTEGER)"); err != nil {
			return 0, err
		}
		defer db.ExecContext(ctx, "DROP TABLE hone_bench_commits")
		commit = func() error {
			_, err := db.ExecContext(ctx, "INSERT INTO hone_bench_commits VALUES (1)")
			return err
		}
	}
	if err := commit(); err != nil {
		return 0, err
	}
	begin := time.Now()
	for range commitTrials {
		if err := commit(); err != nil {
			return 0, err
		}
	}
	return time.Since(begin) / commitTrials, nil
}

// redis returns a client of the server.
func (p place) redis() (*redis.Client, error) {
	u, _, _ := strings.Cut(p.url, "?")
	o, err := redis.ParseURL(u)
	if err != nil {
		return nil, err
	}
	return redis.NewClient(o), nil
}

// forget deletes the keys that both left.
func (p place) forget(ctx context.Context) {
	c, err := p.redis()
	if err != nil {
		return
	}
	defer c.Close()
	for _, prefix := range []string{studyName, "hone-bench-optuna"} {
		for it := c.Scan(ctx, 0, prefix+":*", 1000).Iterator(); it.Next(ctx); {
			c.Del(ctx, it.Val())
		}
	}
}

// db returns a pool of connections to a server.
func (p place) db() (*sql.DB, error) {
	if p.name == "postgres" {
		return sql.Open("pgx", p.url)
	}
	rest := strings.TrimPrefix(p.url, "mysql://")
	c := mysql.NewConfig()
	user, rest, _ := strings.Cut(rest, "@")
	c.User, c.Passwd, _ = strings.Cut(user, ":")
	c.Net = "tcp"
	c.Addr, c.DBName, _ = strings.Cut(rest, "/")
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}
