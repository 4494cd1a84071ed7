package faults

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/testbed"
)

// A coordinator is a Redis with servers that take over from one another.
type coordinator interface {
	URL() string
	// master is the server that the workspace's keys are on; nil: none just now.
	master() *testbed.RedisServer
	// all are the servers that hold, or may hold, data.
	all() []*testbed.RedisServer
	// failover asks a replica to take over from a master that is well.
	failover() error
}

// A cluster is a Redis Cluster of three masters and three replicas.
type cluster struct {
	*testbed.Cluster
	key string // of the workspace
}

func (c *cluster) master() *testbed.RedisServer { return c.Now(c.key) }

func (c *cluster) all() []*testbed.RedisServer {
	return append(append([]*testbed.RedisServer{}, c.Masters...), c.Replicas...)
}

func (c *cluster) failover() error {
	m := c.master()
	if m == nil {
		return errNoMaster
	}
	for _, s := range c.all() {
		if follows(s, m) {
			_, err := s.Try("CLUSTER", "FAILOVER")
			return err
		}
	}
	return errNoReplica
}

// A watched is a master with two replicas and three sentinels.
type watched struct{ *testbed.SentinelSet }

func (w *watched) master() *testbed.RedisServer { return w.Now() }

func (w *watched) all() []*testbed.RedisServer {
	return append([]*testbed.RedisServer{w.Master}, w.Replicas...)
}

func (w *watched) failover() error {
	_, err := w.Sentinels[0].Try("SENTINEL", "FAILOVER", testbed.MasterName)
	return err
}

// A single is one server, for which nobody takes over.
type single struct{ *testbed.RedisServer }

func (s single) master() *testbed.RedisServer { return s.RedisServer }

func (s single) all() []*testbed.RedisServer { return []*testbed.RedisServer{s.RedisServer} }

func (single) failover() error { return errNoReplica }

type told string

func (e told) Error() string { return string(e) }

const (
	errNoMaster  = told("there is no master")
	errNoReplica = told("the master has no replica")
)

// follows says whether s is a replica of m that has all its data.
func follows(s, m *testbed.RedisServer) bool {
	role, err := s.Try("ROLE")
	if err != nil {
		return false
	}
	// slave, host, port, connected, offset
	parts := strings.Split(role, "\n")
	return len(parts) >= 4 && parts[0] == "slave" && parts[1]+":"+parts[2] == m.Addr() && parts[3] == "connected"
}

// settled waits until the workspace's master has a replica again, since one
// that dies alone takes all with it, for which nobody can take over. False: it
// has none even now.
func settled(c coordinator, within time.Duration) bool {
	return eventually(within, func() bool {
		m := c.master()
		if m == nil {
			return false
		}
		for _, s := range c.all() {
			if s != m && follows(s, m) {
				return true
			}
		}
		return false
	})
}

// dump is what the servers hold, for failures.
func (h *house) dump() string {
	var b strings.Builder
	for _, s := range h.redis.all() {
		role, err := s.Try("ROLE")
		fmt.Fprintf(&b, "\n%s %v %v", s.Addr(), strings.Fields(role), err)
		if s != h.redis.master() {
			continue
		}
		names, _ := s.Try("KEYS", "*")
		for name := range strings.Lines(names) {
			name = strings.TrimSpace(name)
			text, err := s.Try("HGETALL", name)
			if err != nil {
				text, _ = s.Try("ZRANGE", name, "0", "40", "WITHSCORES")
			}
			if !strings.HasSuffix(name, ":ops") && !strings.HasSuffix(name, ":opsat") {
				fmt.Fprintf(&b, "\n%s: %s", name, strings.Join(strings.Fields(text), " "))
			}
		}
	}
	return b.String()
}

// eventually looks every 20 ms whether a condition holds.
func eventually(within time.Duration, condition func() bool) bool {
	guard := time.NewTimer(within)
	defer guard.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-guard.C:
			return false
		}
	}
	return true
}

// each runs one part for each kind of installation.
func each(t *testing.T, part func(t *testing.T, start func(workspace string) coordinator)) {
	t.Run("Cluster", func(t *testing.T) {
		part(t, func(workspace string) coordinator {
			return &cluster{testbed.RedisCluster(t, 1), "{w:" + workspace + "}"}
		})
	})
	t.Run("Sentinel", func(t *testing.T) {
		part(t, func(string) coordinator { return &watched{testbed.Sentinel(t)} })
	})
}
