package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/routing"
)

// A redisKind is one of the two that routing runs on.
type redisKind struct {
	prefix string // of its metrics
	client redis.UniversalClient
	stop   func()
}

// realRedis connects to the address, or starts a redis-server of its own in dir
// where that is empty.
func realRedis(ctx context.Context, address, dir string, environ []string) (k redisKind, err error) {
	stop := func() {}
	if address == "" {
		path, err := exec.LookPath("redis-server")
		if err != nil {
			return k, fmt.Errorf("needs redis-server (of the package redis-server) on PATH, or a Redis at --redis-url: %w", err)
		}
		free, err := freeAddress()
		if err != nil {
			return k, err
		}
		_, port, err := net.SplitHostPort(free)
		if err != nil {
			return k, fmt.Errorf("find a free port: %w", err)
		}
		data, err := os.MkdirTemp(dir, "redis-")
		if err != nil {
			return k, fmt.Errorf("make a folder: %w", err)
		}
		c, err := Program{Path: path, Environ: environ}.start(ctx, "--bind", "127.0.0.1", "--port", port, "--dir", data, "--save", "",
			"--appendonly", "no", "--loglevel", "warning")
		if err != nil {
			return k, err
		}
		address, stop = "redis://"+free+"/0", c.close
	}
	client, err := routing.Connect(address)
	if err != nil {
		stop()
		return k, fmt.Errorf("--redis-url: %w", err)
	}
	k = redisKind{client: client, stop: func() {
		_ = client.Close()
		stop()
	}}
	asked, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		if err = client.Ping(asked).Err(); err == nil {
			return k, nil
		}
		if late := wait(asked, 20*time.Millisecond); late != nil {
			k.stop()
			return redisKind{}, fmt.Errorf("needs a Redis that answers at --redis-url, or a redis-server that starts: %w", err)
		}
	}
}

func embeddedRedis(ctx context.Context) redisKind {
	client, stop := routing.Embedded(ctx)
	return redisKind{prefix: "embedded_", client: client, stop: stop}
}

// version is what a Redis says it is.
func (k redisKind) version(ctx context.Context) (string, error) {
	if k.prefix != "" {
		return "embedded", nil
	}
	info, err := k.client.Info(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("ask which Redis it is: %w", err)
	}
	for line := range strings.Lines(info) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "redis_version:"); ok {
			return v, nil
		}
	}
	return "", errors.New("this Redis does not say which version it is")
}
