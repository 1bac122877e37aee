package redisstore_test

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/redisstore"
)

// A redisServer is a server of the test's own.
type redisServer struct {
	t    *testing.T
	args []string
	port string
	cmd  *exec.Cmd
}

func newServer(t *testing.T, args ...string) *redisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("there is no redis-server")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	must(t, l.Close())
	s := &redisServer{t: t, port: port, args: append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", ""}, args...)}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *redisServer) start() {
	s.cmd = exec.Command("redis-server", s.args...)
	must(s.t, s.cmd.Start())
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal(err)
		}
	}
}

func (s *redisServer) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func (s *redisServer) client(password string) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + s.port, Password: password})
	s.t.Cleanup(func() { c.Close() })
	return c
}

// F8: a server that keeps its data is killed again and again while workers work;
// they notice nothing but the time.
func TestServerRestarts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes several seconds")
	}
	s := newServer(t, "--appendonly", "yes", "--appendfsync", "always")
	st := open(t, s.client(""), "")
	defer st.Close()
	ctx := t.Context()
	study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	must(t, err)
	const workers = 4
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := make(map[int]float64)
	for w := range workers {
		wg.Go(func() {
			st := open(t, s.client(""), "")
			defer st.Close()
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				tr, ok, err := st.Claim(ctx, study, storage.Claim{Budget: 1 << 30, Attrs: []storage.Attr{{Key: storage.AttrLease, Value: fmt.Sprintf(`"%d"`, w)}}})
				if err != nil || !ok {
					t.Errorf("Claim: %v, %v", ok, err)
					return
				}
				value := float64(w*1e6 + i)
				if ok, err := st.SetState(ctx, tr.ID, storage.Complete, []float64{value}); err != nil || !ok {
					t.Errorf("SetState: %v, %v", ok, err)
					return
				}
				mu.Lock()
				if _, ok := done[tr.Number]; ok {
					t.Errorf("trial %d was given twice", tr.Number)
				}
				done[tr.Number] = value
				mu.Unlock()
			}
		})
	}
	for i := range 6 { // killed each time that some more are done
		for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
			mu.Lock()
			n := len(done)
			mu.Unlock()
			if n >= 15*(i+1) || t.Failed() {
				break
			}
			if time.Now().After(deadline) {
				t.Error("the workers stand still")
				break
			}
		}
		if i < 5 {
			s.kill()
			s.start()
		}
	}
	close(stop)
	wg.Wait()
	ts, err := st.Trials(ctx, study, -1, nil)
	must(t, err)
	if len(ts) != len(done) || len(ts) < 20 {
		t.Errorf("%d trials are there, %d were acknowledged", len(ts), len(done))
	}
	for i := range ts {
		if v, ok := done[i]; !ok || ts[i].State != storage.Complete || ts[i].Values[0] != v {
			t.Errorf("trial %d is %+v; acknowledged was %v, %v", i, ts[i], v, ok)
		}
	}
}

// F8: a server that keeps nothing is restarted: that is an error, and the
// numbers are not used again.
func TestServerForgets(t *testing.T) {
	s := newServer(t, "--appendonly", "no")
	c := s.client("")
	st := open(t, c, "p")
	defer st.Close()
	ctx := t.Context()
	study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	must(t, err)
	s.kill()
	s.start()
	if _, err := st.CreateTrial(ctx, study, nil); !errors.Is(err, redisstore.ErrLogLost) {
		t.Errorf("CreateTrial: %v", err)
	}
	if _, err := st.Trials(ctx, study, -1, nil); !errors.Is(err, redisstore.ErrLogLost) {
		t.Errorf("Trials: %v", err)
	}
	if n := c.DBSize(ctx).Val(); n != 0 {
		t.Errorf("%d keys were made", n)
	}
	again := open(t, c, "p")
	defer again.Close()
	if s, err := again.Studies(ctx); err != nil || len(s) != 0 {
		t.Errorf("a new storage: %v, %v", s, err)
	}
}

// A server that is full, or refuses the password, or is not there, says so; the
// password is in no error.
func TestServerRefuses(t *testing.T) {
	const canary = "c4n4ry-p4ssw0rd"
	s := newServer(t, "--requirepass", canary+"-right", "--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
	clean := func(err error) {
		t.Helper()
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("the error is %v", err)
		}
	}
	_, err := redisstore.New(s.client(canary+"-wrong"), nil)
	if clean(err); !strings.Contains(fmt.Sprint(err), "WRONGPASS") {
		t.Errorf("with a wrong password: %v", err)
	}
	_, err = redisstore.New(s.client(""), nil)
	if clean(err); !strings.Contains(fmt.Sprint(err), "NOAUTH") {
		t.Errorf("without a password: %v", err)
	}
	st := open(t, s.client(canary+"-right"), "")
	defer st.Close()
	ctx := t.Context()
	study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	must(t, err)
	big := `"` + strings.Repeat("a", 100_000) + `"`
	kept := 0
	for ; kept < 100 && err == nil; kept++ {
		err = st.SetStudyAttr(ctx, study, storage.UserAttr, fmt.Sprint(kept), big)
	}
	if clean(err); !strings.Contains(fmt.Sprint(err), "memory") {
		t.Errorf("with the memory full: %v", err)
	}
	if s, err := st.Study(ctx, study); err != nil || len(s.UserAttrs) != kept-1 {
		t.Errorf("%d attributes, %v; want %d", len(s.UserAttrs), err, kept-1)
	}
	s.kill()
	_, err = redisstore.New(s.client(canary), nil)
	clean(err)
}

func TestOptions(t *testing.T) {
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}})
	defer cluster.Close()
	for _, prefix := range []string{"", "p", "{", "{}", "}{"} {
		if _, err := redisstore.New(cluster, &redisstore.Options{Prefix: prefix}); err == nil || !strings.Contains(err.Error(), "hash tag") {
			t.Errorf("a cluster with the prefix %q: %v", prefix, err)
		}
	}
	if _, err := redisstore.New(cluster, &redisstore.Options{Prefix: "x{hone}"}); err == nil || strings.Contains(err.Error(), "hash tag") {
		t.Errorf("a cluster that is not there, with a good prefix: %v", err)
	}
	if _, err := redisstore.New(nil, nil); err == nil {
		t.Error("a nil client was taken")
	}
	if _, err := redisstore.New(cluster, &redisstore.Options{Prefix: "{a}", Patience: -1}); err == nil || !strings.Contains(err.Error(), "Patience") {
		t.Errorf("a negative Patience: %v", err)
	}
}

// Close leaves the client open unless told otherwise, and nothing of the handle
// behind.
func TestClose(t *testing.T) {
	c := connect(t)
	ctx := t.Context()
	prefix := newPrefix(t, c)
	st := open(t, c, prefix)
	study, err := st.CreateStudy(ctx, "s", []storage.Direction{storage.Minimize})
	must(t, err)
	_, _, err = st.Claim(ctx, study, storage.Claim{Attrs: []storage.Attr{{Key: storage.AttrLease, Value: `"w 1"`}}})
	must(t, err)
	must(t, st.Beat(ctx, study, "w 1", 3, nil))
	if b, err := st.Beats(ctx, study); err != nil || b["w 1"] != 3 {
		t.Errorf("%v, %v", b, err)
	}
	if ttl := c.TTL(ctx, fmt.Sprintf("%s:hone:beat:%d:w 1", prefix, study)).Val(); ttl < time.Minute {
		t.Errorf("the beat lasts %v", ttl)
	}
	for range 2 {
		must(t, st.Close())
	}
	if keys, err := c.Keys(ctx, prefix+":hone:*").Result(); err != nil || len(keys) != 0 {
		t.Errorf("%q were left, %v", keys, err)
	}
	if _, err := st.Study(ctx, study); !errors.Is(err, redisstore.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := st.SetStudyAttr(ctx, study, storage.UserAttr, "k", "1"); !errors.Is(err, redisstore.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	must(t, c.Ping(ctx).Err())
	own := redis.NewClient(c.Options())
	st, err = redisstore.New(own, &redisstore.Options{Prefix: prefix, CloseClient: true})
	must(t, err)
	must(t, st.Close())
	if err := own.Ping(ctx).Err(); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("the client after Close: %v", err)
	}
}
