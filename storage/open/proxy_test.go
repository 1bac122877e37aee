package open_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"
)

// A proxy stands before a server and cuts connections.
type proxy struct {
	tb     testing.TB
	l      net.Listener
	server string

	mu      sync.Mutex
	conns   map[net.Conn]bool
	packets int
	cut     func(packet int, answer bool) bool // whether to cut instead of passing on
	last    func(sent []byte) bool             // whether the client dies when it has sent this
	refuse  bool
}

// behindProxy returns the place as it is seen through a proxy.
func behindProxy(t *testing.T, p place) (place, *proxy) {
	t.Helper()
	u := must(url.Parse(p.url))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	x := &proxy{tb: t, l: l, server: u.Host, conns: make(map[net.Conn]bool)}
	t.Cleanup(func() {
		l.Close()
		x.cutAll()
	})
	go x.serve()
	u.Host = l.Addr().String()
	p.url = u.String()
	return p, x
}

func (x *proxy) serve() {
	for {
		client, err := x.l.Accept()
		if err != nil {
			return
		}
		x.mu.Lock()
		refuse := x.refuse
		x.mu.Unlock()
		if refuse {
			client.Close()
			continue
		}
		server, err := net.Dial("tcp", x.server)
		if err != nil {
			client.Close()
			continue
		}
		x.mu.Lock()
		x.conns[client], x.conns[server] = true, true
		x.mu.Unlock()
		go x.pass(client, server, false)
		go x.pass(server, client, true)
	}
}

// pass carries what one end says to the other.
func (x *proxy) pass(from, to net.Conn, answer bool) {
	defer func() {
		x.mu.Lock()
		delete(x.conns, from)
		x.mu.Unlock()
		from.Close()
		to.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			x.mu.Lock()
			x.packets++
			cut := x.cut != nil && x.cut(x.packets, answer)
			x.mu.Unlock()
			if cut {
				switch {
				case rand.IntN(2) == 0:
				case answer && n > 1:
					to.Write(buf[:n/2]) // in the middle of an answer
				case !answer: // the server works it off when the client has given it up
					from.Close()
					time.Sleep(50 * time.Millisecond)
					to.Write(buf[:n])
				}
				return
			}
			x.mu.Lock()
			dies := !answer && x.last != nil && x.last(buf[:n])
			x.mu.Unlock()
			if dies {
				from.Close() // the answer may be quick
			}
			if _, err := to.Write(buf[:n]); err != nil || dies {
				return
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				var op *net.OpError
				if !errors.As(err, &op) {
					x.tb.Logf("proxy: %v", err)
				}
			}
			return
		}
	}
}

func (x *proxy) set(f func(x *proxy)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f(x)
}

// cutAll cuts all connections.
func (x *proxy) cutAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for c := range x.conns {
		c.Close()
	}
}

// outage cuts all connections and refuses new ones for a while.
func (x *proxy) outage(d time.Duration) {
	x.set(func(x *proxy) { x.refuse = true })
	x.cutAll()
	time.Sleep(d)
	x.set(func(x *proxy) { x.refuse = false })
}
