package routing

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	redisTimeout = 500 * time.Millisecond
	fastForward  = 5 * time.Second
)

// Embedded starts a Redis inside the process, without a port, and a client of
// it. It keeps nothing over a restart: routing rebuilds itself from the record.
// stop closes the client and then the server, and waits; it may be called twice.
func Embedded(ctx context.Context) (client redis.UniversalClient, stop func()) {
	silence()
	server := miniredis.NewMiniRedis()
	ranked := sync.OnceFunc(func() { server.Server().SetPreHook(newRanks(server.Server()).hook) })
	var mu sync.Mutex // the client dials in the background, also while it is closed
	closed := false
	opt := &redis.Options{
		Addr: "127.0.0.1:0", // never dialled; a name would be looked up
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			if closed {
				return nil, net.ErrClosed
			}
			conn, err := server.Dial() // the first starts the server
			if err == nil {
				ranked()
			}
			return conn, err
		},
	}
	tune(opt)
	c := redis.NewClient(opt)
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { forward(ctx, server) }) // ended and awaited by stop
	var once sync.Once
	return c, func() {
		once.Do(func() {
			cancel()
			done.Wait()
			_ = c.Close()
			mu.Lock()
			defer mu.Unlock()
			closed = true
			server.Close()
		})
	}
}

// forward lets key TTLs run down, which the embedded server does not do by
// itself. Nothing of ours depends on them.
func forward(ctx context.Context, server *miniredis.Miniredis) {
	tick := time.NewTicker(fastForward)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-tick.C:
			now := time.Now()
			server.FastForward(now.Sub(last))
			last = now
		case <-ctx.Done():
			return
		}
	}
}

// Connect makes a client for redis://, rediss:// or unix:// URLs. With the
// parameter master_name it asks Sentinels, with addr (once per further node) it
// talks to a Cluster. It does not wait for the server: commands fail within
// 500 ms while it is away, and succeed again by themselves. Commands are never
// repeated by the client, since a script that timed out may have run.
func Connect(rawURL string) (redis.UniversalClient, error) {
	silence()
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("parse redis url: not a URL") // the error would quote the password
	}
	switch q := u.Query(); {
	case q.Has("master_name"):
		opt, err := redis.ParseFailoverURL(rawURL)
		if err != nil {
			return nil, fmt.Errorf("parse redis sentinel url: %w", err)
		}
		opt.ContextTimeoutEnabled, opt.MaxRetries, opt.DisableIdentity = true, -1, true
		opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout = redisTimeout, redisTimeout, redisTimeout
		opt.DialerRetries, opt.PoolSize, opt.PipelinePoolSize = 1, poolSize(), -1
		return redis.NewFailoverClient(opt), nil
	case q.Has("addr"):
		opt, err := redis.ParseClusterURL(rawURL)
		if err != nil {
			return nil, fmt.Errorf("parse redis cluster url: %w", err)
		}
		opt.ContextTimeoutEnabled, opt.MaxRetries, opt.DisableIdentity = true, -1, true
		opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout = redisTimeout, redisTimeout, redisTimeout
		opt.DialerRetries, opt.PoolSize, opt.PipelinePoolSize = 1, poolSize(), -1
		opt.ClusterStateReloadInterval = 2 * time.Second
		return redis.NewClusterClient(opt), nil
	}
	opt, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, fmt.Errorf("parse redis url: %w", err)
	}
	tune(opt)
	return redis.NewClient(opt), nil
}

// The client library prints every failed dial; here an outage is logged once.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

var silence = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

func tune(opt *redis.Options) {
	opt.ContextTimeoutEnabled, opt.MaxRetries, opt.DisableIdentity = true, -1, true
	opt.DialTimeout, opt.ReadTimeout, opt.WriteTimeout = redisTimeout, redisTimeout, redisTimeout
	opt.DialerRetries, opt.PoolSize, opt.PipelinePoolSize = 1, poolSize(), -1
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

func poolSize() int { return 10 * runtime.GOMAXPROCS(0) }
