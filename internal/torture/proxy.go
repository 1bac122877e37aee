//go:build linux || darwin

package main

import (
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// A proxy stands before a server and does to its connections what networks do.
type proxy struct {
	l      net.Listener
	server string

	mu      sync.Mutex
	conns   map[net.Conn]bool
	packets int
	// each is asked for every packet, of which answer says that it comes from the
	// server: how long to hold it, and whether to cut the connection instead of
	// passing it on.
	each func(packet int, answer bool) (time.Duration, bool)
}

// proxy starts a proxy, which place.through points at a server.
func (r *run) proxy() *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	x := &proxy{l: l, conns: make(map[net.Conn]bool)}
	r.after(func() {
		l.Close()
		x.cutAll()
	})
	go x.serve()
	return x
}

func (x *proxy) addr() string { return x.l.Addr().String() }

func (x *proxy) serve() {
	for {
		client, err := x.l.Accept()
		if err != nil {
			return
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
			var hold time.Duration
			cut := false
			if x.each != nil {
				hold, cut = x.each(x.packets, answer)
			}
			x.mu.Unlock()
			time.Sleep(hold)
			if cut {
				if answer && n > 1 && rand.IntN(2) == 0 {
					_, _ = to.Write(buf[:n/2]) // in the middle of an answer
				}
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (x *proxy) set(each func(packet int, answer bool) (time.Duration, bool)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.each = each
}

// cutAll cuts all connections.
func (x *proxy) cutAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for c := range x.conns {
		c.Close()
	}
}
