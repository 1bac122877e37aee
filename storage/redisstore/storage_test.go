package redisstore_test

import (
	"context"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/redisstore"
	"github.com/gohone/hone/storage/storagetest"
)

// connect returns a client of the server that HONE_REDIS names.
func connect(tb testing.TB) *redis.Client {
	tb.Helper()
	url := os.Getenv("HONE_REDIS")
	if url == "" {
		tb.Skip("HONE_REDIS does not name a Redis server, such as redis://127.0.0.1:6379/0")
	}
	o, err := redis.ParseURL(url)
	if err != nil {
		tb.Fatal(err)
	}
	c := redis.NewClient(o)
	tb.Cleanup(func() { c.Close() })
	if err := c.Ping(context.Background()).Err(); err != nil {
		tb.Fatalf("HONE_REDIS: %v", err)
	}
	return c
}

// newPrefix returns a prefix that nobody uses, whose keys the test removes.
func newPrefix(tb testing.TB, c redis.UniversalClient) string {
	tb.Helper()
	prefix := "hone-test-" + storage.NewUUID()
	tb.Cleanup(func() {
		ctx := context.Background()
		var keys []string
		for it := c.Scan(ctx, 0, prefix+":*", 1000).Iterator(); it.Next(ctx); {
			keys = append(keys, it.Val())
		}
		for len(keys) > 0 {
			n := min(len(keys), 1000)
			c.Del(ctx, keys[:n]...)
			keys = keys[n:]
		}
	})
	return prefix
}

func open(tb testing.TB, c redis.UniversalClient, prefix string) *redisstore.Storage {
	tb.Helper()
	st, err := redisstore.New(c, &redisstore.Options{Prefix: prefix})
	if err != nil {
		tb.Fatal(err)
	}
	return st
}

func TestStorage(t *testing.T) {
	c := connect(t)
	prefixes := make(map[storage.Storage]string)
	storagetest.Run(t, storagetest.Options{
		Open: func(tb testing.TB) storage.Storage {
			prefix := newPrefix(tb, c)
			st := open(tb, c, prefix)
			prefixes[st] = prefix
			return st
		},
		Reopen: func(tb testing.TB, st storage.Storage) storage.Storage {
			again := open(tb, c, prefixes[st])
			prefixes[again] = prefixes[st]
			return again
		},
	})
}
