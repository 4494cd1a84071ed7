package testbed_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/signaling/testbed"
)

func TestRedisDiesWithItsDataAndComesBackEmpty(t *testing.T) {
	s := testbed.Redis(t)
	s.Do("SET", "a", "1")
	if got := s.Do("GET", "a"); got != "1" {
		t.Errorf("GET = %q, want 1", got)
	}
	s.Kill()
	client := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1})
	defer client.Close()
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Error("a killed server answers")
	}
	s.Restart()
	if got := s.Do("GET", "a"); got != "" {
		t.Errorf("GET after Restart = %q, want nothing", got)
	}
	s.Restart() // of a running one
	if got := s.Do("PING"); got != "PONG" {
		t.Errorf("PING = %q", got)
	}
}

func TestPausedRedisKeepsConnectionsAndAnswersLater(t *testing.T) {
	s := testbed.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1, ContextTimeoutEnabled: true, DialerRetries: 1})
	defer client.Close()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.Pause()
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := client.Ping(short).Err(); err == nil {
		t.Error("a paused server answers")
	}
	s.Resume()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}

func TestServersEndWithTheTestAndLeaveNothing(t *testing.T) {
	var address, dir string
	t.Run("inner", func(t *testing.T) {
		s := testbed.Redis(t)
		s.Pause() // a stopped one as well
		address = s.Addr()
		s.Resume()
		dir = strings.TrimPrefix(s.Do("CONFIG", "GET", "dir"), "dir\n")
		if _, err := os.Stat(dir); err != nil {
			t.Error(err)
		}
		s.Pause()
	})
	client := redis.NewClient(&redis.Options{Addr: address, MaxRetries: -1, DialTimeout: time.Second})
	defer client.Close()
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Error("the server outlived its test")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Errorf("the folder %s outlived its test", filepath.Base(dir))
	}
}

func TestClusterServesAllSlotsAndReplicasTakeOver(t *testing.T) {
	c := testbed.RedisCluster(t, 1)
	options, err := redis.ParseClusterURL(c.URL())
	if err != nil {
		t.Fatal(err)
	}
	options.ClusterStateReloadInterval = time.Second
	options.DialTimeout = 500 * time.Millisecond
	options.DialerRetries = 1
	client := redis.NewClusterClient(options)
	defer client.Close()
	set := func() bool {
		for _, key := range []string{"{a}x", "{b}x", "{c}x", "{d}x", "{e}x"} {
			if client.Set(t.Context(), key, 1, 0).Err() != nil {
				return false
			}
		}
		return true
	}
	if !set() {
		t.Fatal("a new cluster does not take every key")
	}
	old := c.Now("{a}x")
	if old == nil {
		t.Fatal("a new cluster has no master of a key")
	}
	old.Kill()
	testbed.Until(t, 30*time.Second, "a replica takes over", set)
	if next := c.Now("{a}x"); next == nil || next == old {
		t.Errorf("the master after a kill of the old one: %v", next)
	}
}

func TestSentinelMakesTheReplicaMaster(t *testing.T) {
	set := testbed.Sentinel(t)
	options, err := redis.ParseFailoverURL(set.URL())
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewFailoverClient(options)
	defer client.Close()
	if err := client.Set(t.Context(), "a", 1, 0).Err(); err != nil {
		t.Fatal(err)
	}
	if set.Now() != set.Master {
		t.Error("the sentinels name another master than the first")
	}
	set.Master.Kill()
	testbed.Until(t, 30*time.Second, "a replica becomes master", func() bool {
		return client.Set(t.Context(), "a", 2, 0).Err() == nil
	})
	var next *testbed.RedisServer
	testbed.Until(t, 30*time.Second, "most sentinels say so", func() bool { // the last of them hears of it later
		next = set.Now()
		return next != nil && next != set.Master
	})
	next.Kill()
	next.Restart() // before anybody takes over
	if role := next.Do("ROLE"); !strings.HasPrefix(role, "master") {
		t.Errorf("a master that comes back at once is %s", role)
	}
}
