package redisstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/redisstore"
	"github.com/gohone/hone/storage/storagetest"
)

// On a cluster everything works when the prefix holds a hash tag; a client that
// does not know that it is one is told.
func TestCluster(t *testing.T) {
	s := newServer(t, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf")
	plain := s.client("")
	ctx := t.Context()
	must(t, plain.Do(ctx, "CLUSTER", "ADDSLOTSRANGE", 0, 16383).Err())
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(plain.ClusterInfo(ctx).Val(), "cluster_state:ok"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the cluster does not come up: %s", plain.ClusterInfo(ctx).Val())
		}
	}
	if _, err := redisstore.New(plain, nil); err == nil || !strings.Contains(err.Error(), "hash tag") {
		t.Errorf("a plain client without a hash tag: %v", err)
	}
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:" + s.port}})
	defer c.Close()
	a, b := open(t, c, "x{hone}"), storage.NewMemory()
	defer a.Close()
	defer b.Close()
	storagetest.Compare(t, 1, 200, a, b, storagetest.Options{TimeResolution: time.Microsecond})
	studies, err := a.Studies(ctx)
	if must(t, err); len(studies) == 0 {
		t.Fatal("no study was made")
	}
	must(t, a.Beat(ctx, studies[0].ID, "w", 1, nil))
	if _, err := a.Beats(ctx, studies[0].ID); err != nil {
		t.Error(err)
	}
}
