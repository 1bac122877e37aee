package open

import (
	"context"
	"crypto/tls"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gohone/hone/storage"
	"github.com/gohone/hone/storage/redisstore"
)

func openRedis(_ context.Context, a address, o *Options) (storage.Storage, error) {
	if err := a.onlyParams("prefix", "db"); err != nil {
		return nil, err
	}
	c := &redis.Options{Addr: a.hostPort(6379), Username: a.user, Password: a.password, PoolSize: o.conns(), DialTimeout: connectTimeout}
	number := a.name
	if db := a.params.Get("db"); db != "" {
		number = db
	}
	if number != "" {
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 {
			return nil, formError("what follows the slash is not the number of a database")
		}
		c.DB = n
	}
	if a.scheme == "rediss" {
		c.TLSConfig = o.TLS
		if c.TLSConfig == nil {
			c.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: a.host}
		}
	}
	patience := o.Patience
	switch {
	case patience == 0:
		patience = time.Minute
	case patience < 0: // not at all
		patience = 1
	}
	quietRedis()
	client := redis.NewClient(c)
	st, err := redisstore.New(client, &redisstore.Options{Prefix: a.params.Get("prefix"), Patience: patience, CloseClient: true})
	if err != nil {
		client.Close()
		return nil, err
	}
	return st, nil
}

// quietRedis keeps the driver from writing to the standard error, once for the
// process: its logger is a global of the driver's.
var quietRedis = sync.OnceFunc(func() { redis.SetLogger(noLog{}) })

type noLog struct{}

func (noLog) Printf(context.Context, string, ...any) {}
