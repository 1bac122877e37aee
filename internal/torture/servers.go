//go:build linux || darwin

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"sync"
	"syscall"
	"time"

	"database/sql"

	"github.com/redis/go-redis/v9"
)

// servers are the database servers that a torture uses: those that the environment
// names, and those that it has started.
type servers struct {
	dir string
	mu  sync.Mutex
	own map[string]*server // by kind and purpose
}

func newServers(dir string) *servers { return &servers{dir: dir, own: make(map[string]*server)} }

var serverVars = map[string]string{"PostgreSQL": "HONE_POSTGRES", "MariaDB": "HONE_MYSQL", "Redis": "HONE_REDIS"}

// url returns the URL of a server of a kind.
func (s *servers) url(kind string) (string, error) {
	if url := os.Getenv(serverVars[kind]); url != "" {
		return url, nil
	}
	own, err := s.started(kind, "for all")
	if err != nil {
		return "", fmt.Errorf("%s is not set, and no server can be started: %w", serverVars[kind], err)
	}
	return own.url, nil
}

// mine returns a server that may be stopped by who holds its lock.
func (s *servers) mine(kind string) (*server, error) { return s.started(kind, "to stop") }

// started returns a server of a kind for a purpose, and starts it the first time.
func (s *servers) started(kind, purpose string) (*server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if own := s.own[kind+purpose]; own != nil {
		return own, nil
	}
	own, err := newServer(kind, s.dir)
	if err == nil {
		s.own[kind+purpose] = own
	}
	return own, err
}

func (s *servers) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, own := range s.own {
		own.stop(false)
	}
}

// A server is a database server of the torture's own.
type server struct {
	inUse     sync.Mutex // by somebody who restarts it
	kind, url string
	command   func() *exec.Cmd // in the foreground
	cmd       *exec.Cmd
	up        func(ctx context.Context) error
	// How to stop: in good order, or without a pause.
	soft, hard os.Signal
}

// newServer makes a server in a folder below dir.
func newServer(kind, dir string, args ...string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir, err = os.MkdirTemp(dir, kind)
	if err != nil {
		return nil, err
	}
	s := &server{kind: kind, soft: syscall.SIGTERM, hard: syscall.SIGKILL}
	switch kind {
	case "PostgreSQL":
		err = s.postgres(dir, port)
	case "MariaDB":
		err = s.mariadb(dir, port)
	case "Redis":
		err = s.redis(dir, port, args)
	}
	if err != nil {
		return nil, err
	}
	return s, s.start()
}

func (s *server) postgres(dir string, port int) error {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	sort.Strings(found)
	bin := ""
	if path, err := exec.LookPath("postgres"); err == nil {
		bin = filepath.Dir(path)
	} else if len(found) > 0 {
		bin = found[len(found)-1]
	} else {
		return errors.New("there is no PostgreSQL")
	}
	data := filepath.Join(dir, "data")
	owner, err := ownerOf(dir, "postgres")
	if err != nil {
		return err
	}
	init := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "hone", "--auth=trust", "-E", "UTF8", "--locale=C", "-N")
	init.SysProcAttr, init.Dir = owner(), dir
	if out, err := init.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	s.command = func() *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(port), "-k", dir,
			"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", "-c", "deadlock_timeout=20ms")
		cmd.SysProcAttr, cmd.Dir = owner(), dir
		return cmd
	}
	// Fast and immediate shutdown, in PostgreSQL's words.
	s.soft, s.hard = syscall.SIGINT, syscall.SIGQUIT
	s.url = fmt.Sprintf("postgresql://hone@127.0.0.1:%d/hone", port)
	first := fmt.Sprintf("postgresql://hone@127.0.0.1:%d/postgres", port)
	made := false
	s.up = func(ctx context.Context) error {
		if made {
			return ping(ctx, "pgx", s.url, "SELECT 1")
		}
		if err := ping(ctx, "pgx", first, "CREATE DATABASE hone"); err != nil {
			return err
		}
		made = true
		return nil
	}
	return nil
}

func (s *server) mariadb(dir string, port int) error {
	daemon, err := exec.LookPath("mariadbd")
	if err != nil {
		daemon = "/usr/sbin/mariadbd"
	}
	install, err := exec.LookPath("mariadb-install-db")
	if err != nil {
		return errors.New("there is no MariaDB")
	}
	data := filepath.Join(dir, "data")
	owner, err := ownerOf(dir, "mysql")
	if err != nil {
		return err
	}
	init := exec.Command(install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
	init.SysProcAttr, init.Dir = owner(), dir
	if out, err := init.CombinedOutput(); err != nil {
		return fmt.Errorf("make a database: %w: %s", err, out)
	}
	s.command = func() *exec.Cmd {
		cmd := exec.Command(daemon, "--no-defaults", "--datadir="+data, "--port="+strconv.Itoa(port), "--bind-address=127.0.0.1",
			"--socket="+filepath.Join(dir, "sock"), "--pid-file="+filepath.Join(dir, "pid"), "--max-connections=200")
		cmd.SysProcAttr, cmd.Dir = owner(), dir
		return cmd
	}
	s.url = fmt.Sprintf("mysql://hone:%s@127.0.0.1:%d/hone", canary, port)
	made := false
	s.up = func(ctx context.Context) error {
		if made {
			return ping(ctx, "mysql", fmt.Sprintf("hone:%s@tcp(127.0.0.1:%d)/hone", canary, port), "SELECT 1")
		}
		err := ping(ctx, "mysql", fmt.Sprintf("root@tcp(127.0.0.1:%d)/?multiStatements=true", port), fmt.Sprintf(
			"CREATE DATABASE hone; CREATE USER hone@'%%' IDENTIFIED BY '%[1]s', hone@localhost IDENTIFIED BY '%[1]s'; GRANT ALL ON *.* TO hone@'%%', hone@localhost", canary))
		made = made || err == nil
		return err
	}
	return nil
}

func (s *server) redis(dir string, port int, args []string) error {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return errors.New("there is no redis-server")
	}
	if args == nil {
		args = []string{"--appendonly", "yes", "--appendfsync", "always"}
	}
	s.command = func() *exec.Cmd {
		return exec.Command(path, append([]string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", ""}, args...)...)
	}
	s.url = fmt.Sprintf("redis://127.0.0.1:%d/0", port)
	s.up = func(ctx context.Context) error {
		c := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", port)})
		defer c.Close()
		return c.Ping(ctx).Err()
	}
	return nil
}

func ping(ctx context.Context, driver, dsn, text string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, text)
	return err
}

// ownerOf gives a folder to the user that a server runs as, for it refuses to be
// root, and returns what makes a process that user's.
func ownerOf(dir, name string) (func() *syscall.SysProcAttr, error) {
	own := func() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
	if os.Getuid() != 0 {
		return own, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, err
	}
	return func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}, nil
}

// start starts the server and waits until it answers.
func (s *server) start() error {
	s.cmd = s.command()
	if err := s.cmd.Start(); err != nil {
		return err
	}
	deadline := time.Now().Add(2 * time.Minute)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		err := s.up(ctx)
		cancel()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			s.stop(true)
			return fmt.Errorf("%s does not start: %w", s.kind, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// stop stops it in good order, or at once.
func (s *server) stop(hard bool) {
	how := s.soft
	if hard {
		how = s.hard
	}
	_ = s.cmd.Process.Signal(how)
	_ = s.cmd.Wait() // it was told to end
}
