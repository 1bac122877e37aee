package grpcstore_test

import (
	"net"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/grpcstore"
	"github.com/gohone/hone/storage/journal"
	"github.com/gohone/hone/storage/storagetest"
)

// serve starts a server of st on loopback and returns its address.
func serve(tb testing.TB, st storage.Storage, o *grpcstore.ServerOptions) (*grpcstore.Server, string) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := grpcstore.NewServer(st, o)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := server.Serve(l); err != nil {
			tb.Errorf("serve: %v", err)
		}
	})
	tb.Cleanup(func() {
		server.Stop()
		wg.Wait()
	})
	return server, l.Addr().String()
}

func dial(tb testing.TB, target string, o *grpcstore.Options) *grpcstore.Storage {
	tb.Helper()
	st, err := grpcstore.Dial(target, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { st.Close() })
	return st
}

func TestStorage(t *testing.T) {
	for name, back := range map[string]func(testing.TB) storage.Storage{
		"memory": func(testing.TB) storage.Storage { return storage.NewMemory() },
		"journal": func(tb testing.TB) storage.Storage {
			st, err := journal.Open(filepath.Join(tb.TempDir(), "study.log"), nil)
			if err != nil {
				tb.Fatal(err)
			}
			tb.Cleanup(func() { st.Close() })
			return st
		},
	} {
		t.Run(name, func(t *testing.T) {
			targets := make(map[storage.Storage]string)
			var mu sync.Mutex
			open := func(tb testing.TB, target string) storage.Storage {
				st := dial(tb, target, nil)
				mu.Lock()
				defer mu.Unlock()
				targets[st] = target
				return st
			}
			storagetest.Run(t, storagetest.Options{
				Open: func(tb testing.TB) storage.Storage {
					_, target := serve(tb, back(tb), nil)
					return open(tb, target)
				},
				Reopen: func(tb testing.TB, st storage.Storage) storage.Storage {
					mu.Lock()
					target := targets[st]
					mu.Unlock()
					return open(tb, target)
				},
				Unordered: true,
			})
		})
	}
}
