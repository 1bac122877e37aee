package open_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gohone/hone"
	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore"
	"github.com/gohone/hone/storage/open"
)

const canary = "s3cr3t-CANARY"

// use creates a study and runs a trial.
func use(t *testing.T, st storage.Storage) {
	t.Helper()
	study, err := hone.NewStudy(&hone.Options{Name: "used", Storage: st, LoadIfExists: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := study.Optimize(func(t *hone.Trial) (float64, error) { return t.SuggestFloat("x", 0, 1), nil }, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := study.BestValue(); err != nil {
		t.Fatal(err)
	}
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("sub", 0o777); err != nil {
		t.Fatal(err)
	}
	odd := "sub/a b?c#d%41é.db"
	for url, file := range map[string]string{
		"sqlite:///study.db":                       "study.db",
		"sqlite:///sub/study.db":                   "sub/study.db",
		"sqlite:////" + dir[1:] + "/absolute.db":   "absolute.db",
		"sqlite+pysqlite:///driver.db":             "driver.db",
		"SQLite:///upper.db":                       "upper.db",
		"sqlite:///timeout.db?timeout=10":          "timeout.db",
		"sqlite:///sub/a b%41c.db":                 "sub/a b%41c.db", // SQLAlchemy leaves the path as it is
		"sqlite://":                                "",
		"sqlite:///:memory:":                       "",
		"journal:///study.log":                     "study.log",
		"journal:////" + dir[1:] + "/absolute.log": "absolute.log",
	} {
		st, err := open.Open(t.Context(), url, nil)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		use(t, st)
		if err := st.Close(); err != nil {
			t.Errorf("%s: Close: %v", url, err)
		}
		if file != "" {
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: %v", url, err)
			}
		}
	}
	if _, err := os.Stat(odd); err == nil {
		t.Errorf("%s was made", odd)
	}
	// To look at it only.
	st, err := open.Open(t.Context(), "sqlite:///study.db", &open.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if _, err := st.FindStudy(t.Context(), "used"); err != nil {
		t.Error(err)
	}
	if _, err := st.CreateStudy(t.Context(), "x", []storage.Direction{storage.Minimize}); err == nil {
		t.Error("a storage that is for reading only made a study")
	}
}

// The URLs that `.ci/servers` makes, and Python's forms of them.
func TestOpenServers(t *testing.T) {
	for _, c := range []struct{ env, scheme string }{
		{"HONE_POSTGRES", "postgresql"}, {"HONE_POSTGRES", "postgres"}, {"HONE_POSTGRES", "postgresql+psycopg2"},
		{"HONE_MYSQL", "mysql"}, {"HONE_MYSQL", "mysql+pymysql"}, {"HONE_MYSQL", "mariadb"}, {"HONE_REDIS", "redis"},
	} {
		t.Run(c.scheme, func(t *testing.T) {
			text := fromEnv(t, c.env, "a server")
			switch c.env {
			case "HONE_POSTGRES":
				s := postgres(t)
				text += "?search_path=" + s.create(t, "")
			case "HONE_MYSQL":
				s := mariadb(t)
				u := must(url.Parse(text))
				u.Path = "/" + s.create(t, "")
				text = u.String() + "?charset=utf8mb4"
			case "HONE_REDIS":
				text += fmt.Sprintf("?prefix=open%d", time.Now().UnixNano())
			}
			_, rest, _ := strings.Cut(text, ":")
			st, err := open.Open(t.Context(), c.scheme+":"+rest, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer st.Close()
			use(t, st)
		})
	}
}

func TestOpenGRPC(t *testing.T) {
	memory := storage.NewMemory()
	server := grpcstore.NewServer(memory, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	defer server.Stop()
	st, err := open.Open(t.Context(), "grpc://"+l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	use(t, st)
}

// A wrong URL gets an error that shows the right form and none of the secrets.
func TestBadURLs(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("text.db", strings.Repeat("this is no database\n", 100))
	closed := must(net.Listen("tcp", "127.0.0.1:0"))
	addr := closed.Addr().String()
	closed.Close()
	for _, c := range []struct{ url, want string }{
		{"", "sqlite:///study.db"},
		{"study.db", "has no scheme"},
		{"C:\\study.db", "scheme is none of"},
		{"ftp://host/x", "scheme is none of"},
		{canary + "://host/x", "scheme is none of"},
		{"://x", "scheme is none of"},
		{"sqlite:x", "sqlite:///study.db"},
		{"sqlite:/x", "open sqlite:…: two slashes"},
		{"mysql:user:" + canary + "@host/db", "two slashes"},
		{"postgresql:/user:" + canary + "@host/db", "two slashes"},
		{"redis:" + canary, "two slashes"},
		{"mysql:user:" + canary + "@host/db?to=a://b", "two slashes"},
		{"sqlite://x", "three slashes"},
		{"sqlite://x/y.db", "three slashes"},
		{"sqlite:///", ""}, // in memory
		{"sqlite:///.", "folder"},
		{"sqlite:////", "folder"},
		{"sqlite:///missing/study.db", `no folder "missing"`},
		{"sqlite:///text.db", "not a database"},
		{"sqlite:///a\x00b", "NUL"},
		{"sqlite:///study.db?mode=ro", "not known"},
		{"journal:", "two slashes"},
		{"journal://study.log", "three slashes"},
		{"journal:///", "missing"},
		{"journal:///.", "folder"},
		{"journal:///text.db", "journal"},
		{"postgresql://user:" + canary + "@[::1/db", "brackets"},
		{"postgresql://user:" + canary + "@[nonsense]:1/db", "IPv6"},
		{"postgresql://user:" + canary + "@[::1]5432/db", "colon"},
		{"postgresql://user:" + canary + "@::1:5432/db", "brackets"},
		{"postgresql://user:" + canary + "@" + addr + "/db", "refused"},
		{"postgresql://user:" + canary + "@host:port/db", "port"},
		{"postgresql://user:" + canary + "@host:0/db", "port"},
		{"postgresql://user:" + canary + "@host:99999/db", "port"},
		{"postgresql://user:" + canary, "@ must follow"}, // the host was forgotten
		{"postgresql://user:" + canary + "%zz@host/db", "%25"},
		{"postgresql://user:%@host/db", "%25"},
		{"postgresql://user:" + canary + "@x@host/db", "%40"},
		{"postgresql://" + canary + "@user:x@host/db", "%40"},
		{"postgresql://user:" + canary + "@" + addr + "/db?sslmode=" + canary, "sslmode"},
		{"postgresql://user:" + canary + "@" + addr + "/db?%zz", "parameters"},
		{"postgresql://" + addr + "/db?user=u&password=" + canary, "refused"},
		{"mysql+pymysql://user:" + canary + "@" + addr + "/db", "refused"},
		{"mysql://user:" + canary + "@" + addr, "name of the database"},
		{"mysql://user:" + canary + "@" + addr + "/", "name of the database"},
		{"mysql://user:" + canary + "@" + addr + "/db?password=" + canary, "not known"},
		{"mysql://user:" + canary + "@" + addr + "/db?charset=latin1", "utf8mb4"},
		{"mysql://user:" + canary + "@" + addr + "/db?tls=" + canary, "tls"},
		{"mysql://user:" + canary + "@" + addr + "/db?ssl_ca=missing.pem", "missing.pem"},
		{"mysql://user:" + canary + "@" + addr + "/db?ssl_ca=text.db", "PEM"},
		{"redis://:" + canary + "@" + addr + "/0", "refused"},
		{"redis://:" + canary + "@" + addr + "/zero", "number"},
		{"redis://:" + canary + "@" + addr + "/-1", "number"},
		{"grpc://", "host"},
		{"grpc://user:" + canary + "@" + addr, "Token"},
		{"grpc://" + addr + "/x", "port"},
		{"grpc://" + addr + "?token=" + canary, "not known"},
	} {
		var log bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		st, err := open.Open(ctx, c.url, &open.Options{Patience: -1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		cancel()
		if st != nil {
			st.Close()
		}
		if c.want == "" {
			if err != nil {
				t.Errorf("Open(%q): %v", c.url, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("Open(%q): no error", c.url)
			continue
		}
		if !strings.Contains(err.Error(), c.want) {
			t.Errorf("Open(%q): the error is %q, want one that says %q", c.url, err, c.want)
		}
		noCanary(t, c.url, fmt.Sprintf("%v %+v %#v %q", err, err, err, err)+log.String())
	}
	left, err := filepath.Glob("*")
	if err != nil || len(left) != 1 {
		t.Errorf("URLs that were refused left the files %v", left)
	}
}

func noCanary(t *testing.T, url, text string) {
	t.Helper()
	for _, part := range []string{canary, canary[2:], "CANARY"} {
		if strings.Contains(text, part) {
			t.Errorf("Open(%q) tells the password: %s", url, text)
			return
		}
	}
}

// A password may hold any character but an @ as it is, and every character as %XX.
func TestOddPasswords(t *testing.T) {
	const password = `a:/?#%@ é'"\` + canary
	user, host, name := asked(t, password)
	for _, written := range []string{url.QueryEscape(password), strings.ReplaceAll(url.PathEscape(password), "@", "%40"), strings.NewReplacer("%", "%25", "@", "%40").Replace(password)} {
		text := "postgresql://" + user + ":" + strings.ReplaceAll(written, "+", "%20") + "@" + host + "?search_path=" + name
		st, err := open.Open(t.Context(), text, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		use(t, st)
		st.Close()
	}
}

// asked makes a role that PostgreSQL asks for a password, with a schema of its
// own, and returns them with the server's host and database.
func asked(t *testing.T, password string) (user, host, schema string) {
	t.Helper()
	s := postgres(t)
	admin := s.connect(t, "")
	defer admin.Close()
	var rules int
	ok(t, admin.QueryRow("SELECT count(*) FROM pg_hba_file_rules WHERE '+hone_passwords' = ANY(user_name)").Scan(&rules))
	if rules == 0 {
		t.Skip("the server asks nobody for a password; that of `.ci/servers start DIR` asks members of hone_passwords")
	}
	user = fmt.Sprintf("role%d", time.Now().UnixNano())
	for _, text := range []string{
		"DO $$ BEGIN CREATE ROLE hone_passwords; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
		"CREATE ROLE " + user + " LOGIN PASSWORD '" + strings.ReplaceAll(password, "'", "''") + "' IN ROLE hone_passwords",
	} {
		_, err := admin.Exec(text)
		ok(t, err)
	}
	t.Cleanup(func() {
		admin := s.connect(t, "")
		defer admin.Close()
		if _, err := admin.Exec("DROP ROLE " + user); err != nil {
			t.Log(err)
		}
	})
	u := must(url.Parse(s.url))
	return user, u.Host + u.Path, s.create(t, "AUTHORIZATION "+user)
}

// Wrong passwords, and databases that do not exist.
func TestRefused(t *testing.T) {
	check := func(t *testing.T, url, want string) {
		t.Helper()
		_, err := open.Open(t.Context(), url, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): the error is %v, want one that says %q", url, err, want)
			return
		}
		noCanary(t, url, fmt.Sprintf("%v %#v", err, err))
	}
	t.Run("PostgreSQL", func(t *testing.T) {
		u := must(url.Parse(fromEnv(t, "HONE_POSTGRES", "a PostgreSQL server")))
		u.User = url.UserPassword(u.User.Username(), canary)
		u.Path = "/no_such_database"
		check(t, u.String(), "no_such_database")
		u.User, u.Path = url.UserPassword("nobody", canary), "/hone"
		check(t, u.String(), "nobody")
	})
	t.Run("PostgreSQL, password", func(t *testing.T) {
		user, host, _ := asked(t, canary+"right")
		check(t, "postgresql://"+user+":"+canary+"wrong@"+host, "password authentication failed")
		check(t, "postgresql://"+user+"@"+host, "password")
	})
	t.Run("MySQL", func(t *testing.T) {
		u := must(url.Parse(fromEnv(t, "HONE_MYSQL", "a MySQL or MariaDB server")))
		user := u.User
		u.Path = "/no_such_database"
		check(t, u.String(), "no_such_database")
		u.User = url.UserPassword(user.Username(), canary)
		check(t, u.String(), "denied")
	})
	t.Run("Redis", func(t *testing.T) {
		u := must(url.Parse(fromEnv(t, "HONE_REDIS", "a Redis server")))
		u.User = url.UserPassword("nobody", canary)
		check(t, u.String(), "WRONGPASS")
	})
}
